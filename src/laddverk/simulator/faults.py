"""What goes wrong with chargers, and how often: lost links, reboots, broken parts, stuck cables. Seeded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from msgspec import Struct

from laddverk.simulator.connection import Link
from laddverk.simulator.model import VendorData

SECONDS_PER_DAY: Final = 86_400.0


class Failure(Struct, frozen=True):
    """An error as hardware reports it: the word of OCPP 1.6, the vendor's own code, and words for people."""

    error_code: str
    vendor_error_code: str
    info: str


FAILURES: Final = (
    Failure("GroundFailure", "E-17", "Residual current above 30 mA"),
    Failure("HighTemperature", "E-31", "Temperature of the contactor 91 C"),
    Failure("ConnectorLockFailure", "E-08", "Cable lock does not close"),
    Failure("PowerMeterFailure", "E-22", "Meter does not answer"),
    Failure("EVCommunicationError", "E-03", "Control pilot: no valid state"),
    Failure("OverVoltage", "E-41", "L2 262 V"),
)


class Blow(Struct, frozen=True):
    """One fault as it strikes: what, when, for how long, with a random for the details."""

    link: Link
    lasts_s: float
    random: Random
    at: datetime


class Fault(Struct, frozen=True):
    """Something that can go wrong: how often per charger and day, how long it lasts, and how it is done."""

    name: str
    per_day: float
    lasts_s: tuple[float, float]
    strike: Callable[[Blow], None]


def _lose_link(blow: Blow) -> None:
    blow.link.lose(blow.lasts_s)


def _reboot(blow: Blow) -> None:
    """Power fails for a moment: the socket is gone at once, the transactions live on in the charger's memory."""
    blow.link.charger.restart("PowerUp")
    blow.link.lose(blow.lasts_s)


def _break(blow: Blow) -> None:
    failure = blow.random.choice(FAILURES)
    number = blow.random.choice(list(blow.link.charger.outlets))
    blow.link.charger.fail(number, blow.at, failure.error_code, failure.vendor_error_code, failure.info)


def _stick(blow: Blow) -> None:
    for outlet in blow.link.charger.outlets.values():
        outlet.stuck = outlet.car is not None


def _chatter(blow: Blow) -> None:
    charger = blow.link.charger
    telemetry = '{"fanRpm":2140,"doorOpen":false}'
    charger.say(VendorData(at=blow.at, vendor_id=charger.hardware.vendor, message_id="Telemetry", data=telemetry))


FAULTS: Final = (
    Fault("link lost", 0.5, (20.0, 300.0), _lose_link),
    Fault("reboot", 0.08, (20.0, 60.0), _reboot),
    Fault("broken part", 0.1, (300.0, 5400.0), _break),
    Fault("stuck cable", 0.05, (600.0, 3600.0), _stick),
    Fault("vendor data", 0.5, (0.0, 0.0), _chatter),
)


class Misfortune:
    """Strikes links at random, and mends what it broke when the time has come."""

    def __init__(self, random: Random, *, intensity: float = 1.0) -> None:
        self._random = random
        self._intensity = intensity
        self._broken: list[tuple[datetime, Link]] = []

    def pass_by(self, link: Link, seconds: float, at: datetime) -> str | None:
        """Let `seconds` pass for one charger; return the name of the fault that struck it, if one did."""
        for fault in FAULTS:
            if self._random.random() < fault.per_day * self._intensity * seconds / SECONDS_PER_DAY:
                lasts_s = self._random.uniform(*fault.lasts_s)
                fault.strike(Blow(link, lasts_s, self._random, at))
                if fault.strike in (_break, _stick):
                    self._broken.append((at + timedelta(seconds=lasts_s), link))
                return fault.name
        return None

    def mend_due(self, at: datetime) -> list[Link]:
        """Mend what has been broken long enough; return the chargers concerned."""
        due = [link for until, link in self._broken if until <= at]
        self._broken = [(until, link) for until, link in self._broken if until > at]
        for link in due:
            for number, outlet in link.charger.outlets.items():
                outlet.stuck = False
                if outlet.error_code is not None:
                    link.charger.mend(number, at)
        return due
