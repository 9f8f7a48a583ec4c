"""What is usual in place of what nobody said of a charge: when its car leaves, how much it needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.energy.planning_ahead.forecasting import Interval, Source, Stays, stay
from laddverk.energy.planning_ahead.knowing import HOUR, drawn_of, hour_of_week, stays_of
from laddverk.energy.planning_ahead.store import Past

ONE_MINUTE: Final = timedelta(minutes=1)
NEVER: Final = stays_of([])


class Came(Struct, frozen=True):
    """A charge that runs: whose it is, since when, and what it has had."""

    who: str
    """Empty: nobody knows."""
    started_at: datetime
    energy_wh: int


class Guess(Struct, frozen=True, kw_only=True):
    """When a car leaves and what it takes in all, as is usual; None with `Source.NOTHING`: nothing to go by."""

    departs_at: datetime | None
    departs_by: Source
    energy_wh: int | None
    energy_by: Source


class Span(Struct, frozen=True):
    """Between which instants something is expected, eight times of ten."""

    since: datetime
    until: datetime


class Usual(Struct, frozen=True, kw_only=True):
    """What a driver's charges and everybody's were like at a site, the oldest first."""

    own: Stays
    everybody: Stays
    own_drawn: Stays
    """Their hours are those until each drew no more."""
    everybody_drawn: Stays


def usual(who: str, past: Sequence[Past]) -> Usual:
    """Return what is usual of a driver (empty: nobody knows who), and there. `past` is the newest first.

    Some milliseconds for a site's two thousand: to be made once, and on a thread.
    """
    return usual_of((who,), past)[who]


def usual_of(drivers: Iterable[str], past: Sequence[Past]) -> dict[str, Usual]:
    """Return the same of several drivers, by who they are; what everybody does there is made once for them all."""
    ended = [each for each in reversed(past) if each.ended_at is not None]
    everybody, everybody_drawn = stays_of(ended), drawn_of(ended)
    own: dict[str, list[Past]] = {who: [] for who in drivers}
    for each in ended:
        if each.who and each.who in own:
            own[each.who].append(each)
    return {
        who: Usual(
            own=stays_of(mine), everybody=everybody, own_drawn=drawn_of(mine), everybody_drawn=everybody_drawn
        )
        for who, mine in own.items()
    }  # fmt: skip


def guessed(came: Came, known: Usual, now: datetime) -> Guess:
    """Return the middle of what is usual, by the driver's own past or else everybody's there.

    A car that has stayed longer, or taken more, than ever before has nothing to go by.
    """
    hours, energy = _stay(came, known.own, known.everybody, now)
    departs_at = (came.started_at + timedelta(hours=hours.middle)).replace(second=0, microsecond=0)
    energy_wh = round(energy.middle * 1000)
    leaves = hours.source is not Source.NOTHING and departs_at > now + ONE_MINUTE
    takes = energy.source is not Source.NOTHING and energy_wh > came.energy_wh
    return Guess(
        departs_at=departs_at if leaves else None,
        departs_by=hours.source if leaves else Source.NOTHING,
        energy_wh=energy_wh if takes else None,
        energy_by=energy.source if takes else Source.NOTHING,
    )


def done_between(came: Came, known: Usual, now: datetime) -> Span | None:
    """Return when such a car is usually done drawing, by how long it took before; None: nothing to go by.

    Where it takes longer than ever with this driver, everybody's charges there are gone by.
    """
    for own in (known.own_drawn, NEVER):
        hours, _energy = _stay(came, own, known.everybody_drawn, now)
        if hours.source is not Source.NOTHING:
            since, until = (came.started_at + timedelta(hours=each) for each in (hours.low, hours.high))
            if until > now + ONE_MINUTE:
                return Span(since, until)
    return None


def _stay(came: Came, own: Stays, everybody: Stays, now: datetime) -> tuple[Interval, Interval]:
    so_far = (now - came.started_at) / HOUR, came.energy_wh / 1000
    return stay(own, everybody, hour_of_week(came.started_at), so_far=so_far)
