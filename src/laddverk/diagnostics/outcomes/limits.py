"""What limits of ours allowed, read from the profiles that chargers were sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.ocpp.facts import Profile, ProfileKind, Purpose, RateUnit, Schedule

VOLTS: Final = 230.0  # of a phase, by which watts become amperes
PHASES: Final = 3  # where a limit in watts does not say
REPEATS: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
OURS: Final = frozenset({Purpose.STATION_MAX, Purpose.TX_DEFAULT, Purpose.TX, Purpose.EXTERNAL})


class Order(Struct, frozen=True, kw_only=True):
    """A profile that a charger took, or (None) the word that there are none any more; and since when."""

    at: datetime
    evse_number: int
    profile: Profile | None


def lowest_a(orders: Sequence[Order], evse_number: int, began_at: datetime, ended_at: datetime) -> float | None:
    """Return the lowest limit in amperes that held an outlet at any time in a span; None when none did."""
    standing: dict[tuple[int, int], Order] = {}
    found: list[float] = []
    for order in sorted(orders, key=_at):
        if order.evse_number not in (0, evse_number):
            continue
        if order.profile is None:
            _end(standing, order.at, began_at, ended_at, found)
            standing.clear()
        else:
            place = (order.evse_number, order.profile.id)
            older = standing.pop(place, None)
            if older is not None:
                _end({place: older}, order.at, began_at, ended_at, found)
            standing[place] = order
    _end(standing, ended_at, began_at, ended_at, found)
    return min(found, default=None)


def _at(order: Order) -> datetime:
    return order.at


def _end(
    standing: dict[tuple[int, int], Order], until: datetime, began_at: datetime, ended_at: datetime, found: list[float]
) -> None:
    for order in standing.values():
        start, end = max(order.at, began_at), min(until, ended_at)
        if start <= end and order.profile is not None:
            held = held_a(order.profile, start, end)
            if held is not None:
                found.append(held)


def held_a(profile: Profile, began_at: datetime, ended_at: datetime) -> float | None:
    """Return the lowest limit in amperes a phase that `profile` sets between two instants; None for none."""
    if profile.purpose not in OURS or profile.kind is ProfileKind.DYNAMIC:
        return None
    if profile.valid_from is not None and profile.valid_from > ended_at:
        return None
    if profile.valid_until is not None and profile.valid_until <= began_at:
        return None
    return min((limit for schedule in profile.schedules for limit in _limits(profile, schedule, began_at, ended_at)),
               default=None)  # fmt: skip


def _limits(profile: Profile, schedule: Schedule, began_at: datetime, ended_at: datetime) -> Iterator[float]:
    base = schedule.starts_at or profile.valid_from or began_at
    every = REPEATS.get(profile.recurrency or "") if profile.kind is ProfileKind.RECURRING else None
    if every is not None and base <= began_at:
        base += every * ((began_at - base) // every)
    for place, period in enumerate(schedule.periods):
        starts = base + timedelta(seconds=period.start_s)
        later = schedule.periods[place + 1].start_s if place + 1 < len(schedule.periods) else schedule.duration_s
        ends = base + timedelta(seconds=later) if later is not None else None
        if starts <= ended_at and (ends is None or ends > began_at) and period.limit is not None and period.limit >= 0:
            yield _amperes(period.limit, schedule.unit, period.phases)


def _amperes(limit: float, unit: RateUnit, phases: int | None) -> float:
    return limit if unit is RateUnit.AMPERE else round(limit / (VOLTS * (phases or PHASES)), 2)
