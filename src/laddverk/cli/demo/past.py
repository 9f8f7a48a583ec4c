"""Invents the past of a network: what its chargers would have told in three months. Pure, from a fixed seed.

The facts are the ones that chargers state, so that they can go the same way as those that come over a socket. Times are
historical: a fact was received a moment after it happened.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.cli.demo.people import LOST_CARDS, Person, cards_at
from laddverk.cli.demo.places import Stand
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import (
    EnergySampled,
    Fact,
    Sample,
    SessionEnded,
    SessionStarted,
    Status,
    StatusReported,
    TokenPresented,
)
from laddverk.simulator import garage, places
from laddverk.simulator.car import Supply, charge, draw
from laddverk.simulator.faults import FAILURES

ZONE: Final = ZoneInfo("Europe/Stockholm")
STEP: Final = timedelta(minutes=10)
READ_EVERY_STEPS: Final = 6
READINGS_MAX: Final = 6  # of one past session: enough for its curve and every change of price
FAILURES_PER_OUTLET_DAY: Final = 0.006
UNKNOWN_CARD_SHARE: Final = 0.015
ORPHAN_SHARE: Final = 0.0015
HEARD_AFTER: Final = timedelta(seconds=1)
TURN: Final = timedelta(minutes=4)  # until the next car takes the cable


class Outlet(Struct):
    """One outlet in the past, with its meter."""

    stand: Stand
    station_id: StationId
    number: int
    supply: Supply
    register_wh: float
    random: Random

    def at(self, at: datetime) -> dict[str, datetime | StationId]:
        """Return what every fact of this outlet begins with."""
        return {"station_id": self.station_id, "at": at, "said_at": at, "received_at": at + HEARD_AFTER}


def outlets(stands: Sequence[tuple[Stand, StationId]], random: Random) -> list[Outlet]:
    """Return the outlets of `stands`, their meters as after some years."""
    return [
        Outlet(stand, station_id, number, supply, random.uniform(2e6, 4e7), Random(random.getrandbits(64)))
        for stand, station_id in stands
        for number, supply in enumerate(stand.kind.outlets, start=1)
    ]


def told(outlet: Outlet, people: list[Person], since: datetime, until: datetime) -> Iterator[Fact]:
    """Yield everything an outlet told between two instants, session after session; none is open at the end."""
    cards = cards_at(people, outlet.stand.spot)
    rhythm, random = outlet.stand.spot.rhythm, outlet.random
    at = since
    yield _status(outlet, at, Status.AVAILABLE)
    while at < until:
        chance = places.arrivals_per_hour(rhythm, at, ZONE)
        if random.random() < FAILURES_PER_OUTLET_DAY / 24:
            lasts = timedelta(minutes=random.uniform(8, 900))
            yield from _failure(outlet, at, min(at + lasts, until))
            at += lasts
        elif random.random() < chance:
            arrived = at + timedelta(minutes=random.uniform(0, 55))
            leaves = arrived + timedelta(hours=places.stay_h(rhythm, random))
            if leaves + TURN >= until:
                return
            at = yield from _visit(outlet, random.choice(cards), arrived, leaves)
        else:
            at += timedelta(hours=1)


def _visit(outlet: Outlet, card: str, arrived: datetime, leaves: datetime) -> Generator[Fact, None, datetime]:
    """Yield what one car makes a charger tell; returns when the next one may come."""
    random = outlet.random
    key = str(UUID(int=random.getrandbits(128), version=4))
    if random.random() < UNKNOWN_CARD_SHARE:
        unknown = random.choice((*LOST_CARDS, *(f"04{random.getrandbits(48):012X}" for _ in range(6))))
        yield TokenPresented(**outlet.at(arrived), token_uid=unknown, token_type="ISO14443")  # type: ignore[arg-type]  # noqa: S106
        return arrived + TURN
    yield _status(outlet, arrived, Status.PREPARING)
    yield TokenPresented(**outlet.at(arrived), token_uid=card, token_type="ISO14443")  # type: ignore[arg-type]  # noqa: S106
    started = arrived + timedelta(seconds=random.randint(4, 40))
    whose: dict[str, Any] = {
        **outlet.at(started),
        "transaction_key": key,
        "evse_number": outlet.number,
        "connector_number": 1,
    }
    if random.random() < ORPHAN_SHARE:  # the charger has lost its start: a 1.6 charger then knows no number of ours
        if outlet.stand.kind.protocol.is_16:
            whose |= {"transaction_key": None, "transaction_number": random.randint(5_000_000, 9_000_000)}
    else:
        register_wh = int(outlet.register_wh)
        yield SessionStarted(**whose, content_key="0", token_uid=card, register_wh=register_wh)
        yield _status(outlet, started, Status.CHARGING)
    readings, ended = _charged(outlet, started, leaves)
    for place, (at, reading) in enumerate(readings, start=1):
        yield EnergySampled(
            **{**whose, **outlet.at(at)}, content_key=str(place), sample=reading
        )  # fmt: skip
    yield SessionEnded(
        **{**whose, **outlet.at(ended)},
        content_key=str(len(readings) + 1),
        register_wh=int(outlet.register_wh),
        reason="EVDisconnected",
    )
    yield _status(outlet, ended, Status.AVAILABLE)
    return ended + TURN


def _charged(outlet: Outlet, started: datetime, leaves: datetime) -> tuple[list[tuple[datetime, Sample]], datetime]:
    """Fill a car that has just arrived; return the readings, and when it left."""
    car = garage.arriving(outlet.random, dc=outlet.supply.phases == 0)
    impatient = places.HABITS[outlet.stand.spot.rhythm].goes_when_full
    readings: list[tuple[datetime, Sample]] = []
    at, step = started, STEP / 5 if impatient else STEP
    power_before_w = -1
    count = 0
    while at < leaves:
        taken = draw(car, outlet.supply)
        changed = (taken.power_w == 0) != (power_before_w == 0) and count > 0
        if changed or (taken.power_w and count % READ_EVERY_STEPS == READ_EVERY_STEPS - 1):
            readings.append((at, _sample(outlet, taken.power_w, taken.current_a, taken.phases)))
        if taken.power_w == 0:
            return _thinned(readings), at + step if impatient else leaves
        power_before_w = taken.power_w
        outlet.register_wh += charge(car, taken, min(step, leaves - at).total_seconds())
        at += step
        count += 1
    return _thinned(readings), leaves


def _thinned(readings: list[tuple[datetime, Sample]]) -> list[tuple[datetime, Sample]]:
    """Return at most `READINGS_MAX` of `readings`, the last among them."""
    if len(readings) <= READINGS_MAX:
        return readings
    every = -(-len(readings) // READINGS_MAX)
    return [*readings[:-1:every], readings[-1]]


def _sample(outlet: Outlet, power_w: int, current_a: float, phases: int) -> Sample:
    currents = [current_a if phase < phases else None for phase in range(3)]
    return Sample(
        energy_wh=int(outlet.register_wh),
        power_w=power_w,
        current_l1_a=currents[0] if phases else current_a,
        current_l2_a=currents[1],
        current_l3_a=currents[2],
    )


def _status(outlet: Outlet, at: datetime, status: Status) -> StatusReported:
    return StatusReported(
        **outlet.at(at), evse_number=outlet.number, connector_number=1, status=status  # type: ignore[arg-type]
    )  # fmt: skip


def _failure(outlet: Outlet, at: datetime, mended: datetime) -> Iterator[Fact]:
    failure = outlet.random.choice(FAILURES)
    yield StatusReported(
        **outlet.at(at),  # type: ignore[arg-type]
        evse_number=outlet.number,
        connector_number=1,
        status=Status.FAULTED,
        error_code=failure.error_code,
        vendor_error_code=failure.vendor_error_code,
        vendor_id=outlet.stand.kind.vendor,
        info=failure.info,
    )
    yield _status(outlet, mended, Status.AVAILABLE)
