"""Which chargers stand in the town of the bench of diagnosis, with which faults, from when: drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.car import Supply
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES, Mode
from laddverk.simulator.physics.town import Fault, Resident, Town, Wire
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm

SINCE = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)  # the clocks change on 29 March
ZONE = ZoneInfo("Europe/Stockholm")
WARM_UP_DAYS = 12.0  # chargers are healthy so long: baselines need it
ONSET_DAYS = 4.0  # within so many days after that faults begin
HEARTBEAT_S = 10_800
DC_150KW = Supply(0, 400.0, 150_000)
SITE_SIZE = 3


@dataclass
class Placed:
    """One charger as it is to stand in the town."""

    identity: str
    site: int
    mode: Mode | None
    dc: bool
    number: int
    fault: Fault | None = None


def placed(
    seed: int, modes: Sequence[Mode], *, healthy_each: int = 1, warm_up_days: float = WARM_UP_DAYS
) -> list[Placed]:
    """Return the chargers of a world: those of each mode, and healthy ones among them."""
    within_h = 24 * min(ONSET_DAYS, warm_up_days)
    found: list[Placed] = []
    site, filled = 0, 0
    for mode in modes:
        hours = 24 * warm_up_days + round(Random(f"{seed} {mode.name}").uniform(0, within_h))
        onset = SINCE + timedelta(hours=hours)
        alone = mode.stations > 1 and not mode.by_firmware
        if filled and (alone or filled >= SITE_SIZE):
            site, filled = site + 1, 0
        for number in range(mode.stations):
            found.append(_placed(seed, site, mode, number, len(found), onset))
            filled += 1
        if alone or filled >= SITE_SIZE:
            for _ in range(healthy_each):
                found.append(_placed(seed, site, None, 0, len(found), onset, dc=mode.power == "dc"))
            site, filled = site + 1, 0
    return found


def _placed(
    seed: int, site: int, mode: Mode | None, number: int, place: int, onset: datetime, *, dc: bool = False
) -> Placed:
    name = mode.name if mode else "healthy"
    fault = Fault(mode=mode, onset=onset + timedelta(hours=number)) if mode else None
    return Placed(f"S{seed}-{place:03}-{name}"[:40], site, mode, mode.power == "dc" if mode else dc, place, fault)


def box_of(one: Placed, weather: Weather, seed: int) -> Box:
    """Return the charger itself. Every other one speaks 2.0.1."""
    hardware = Hardware(
        one.identity,
        Protocol.V16 if (one.number + seed) % 2 else Protocol.V201,
        vendor="Laddbygg",
        model="Snabb 150" if one.dc else "Stolpe 22",
        serial=f"LB{one.number:06}",
        outlets=(DC_150KW if one.dc else THREE_PHASE_22KW,),
    )
    return Box(hardware, weather, Random(f"box {seed} {one.identity}"))


def town_of(plan: Sequence[Placed], wire: Wire, seed: int, days: float, *, faulty: bool) -> Town:
    """Return the town that a plan makes."""
    weather = Weather(seed)
    residents = [
        Resident(
            box=box_of(one, weather, seed),
            site=one.site,
            rhythm=Rhythm.FAST if one.dc else Rhythm.PUBLIC,
            per_day=6.0 if one.dc else 4.0,
            fault=one.fault if faulty else None,
        )
        for one in plan
    ]
    until = SINCE + timedelta(days=days)
    return Town(residents, wire, weather, seed=seed, since=SINCE, until=until, zone=ZONE)


def app_token(card: str) -> str:
    """Return the token that the owner of a card starts with from a telephone."""
    return f"AP{card[2:]}"


SOME = (
    "contact_heating", "lock_wear", "handshake_ageing", "modem_dying", "cooling_clog", "silent_no_energy",
    "phase_loss", "module_loss", "stuck_finishing", "heat_and_modem",
)  # fmt: skip
"""Modes of every shape and of both kinds of chargers: a run of a few minutes."""


def chosen(names: str) -> list[Mode]:
    """Return the modes of a list with commas; `all` are all, `some` those of a short run."""
    if names == "all":
        return list(MODES.values())
    return [MODES[name] for name in (SOME if names == "some" else names.split(","))]
