"""What is known of a site's cars, made ready for the plan: habits, forecasts, what has been taken. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from laddverk.energy.circuits.model import Place, Tree
from laddverk.energy.planning_ahead.building import Car
from laddverk.energy.planning_ahead.calibrating import Ended, widening_of
from laddverk.energy.planning_ahead.capacity_tariffs import Metered
from laddverk.energy.planning_ahead.forecasting import Interval, Source, Stays, stay, told
from laddverk.energy.planning_ahead.model import STEP_MINUTES
from laddverk.energy.planning_ahead.store import Open, Past

STEP: Final = timedelta(minutes=STEP_MINUTES)
HOUR: Final = timedelta(hours=1)
ALL_THAT_FITS_KWH: Final = 500.0  # more than any car's battery: nothing is known of it


def cars_of(
    tree: Tree,
    running: Sequence[Open],
    past: Sequence[Past],
    now: datetime,
    widening: Mapping[Source, tuple[float, float]] | None = None,
) -> list[Car]:
    """Return the cars that are plugged in: what they or their drivers said, else what they and others used to do.

    `widening` is by the source of the forecast (`calibrating.widenings`).
    """
    ended = [each for each in reversed(past) if each.ended_at is not None]
    by_who: dict[str, list[Past]] = defaultdict(list)
    for each in ended:
        by_who[each.who].append(each)
    everybody = stays_of(ended)
    places: dict[tuple[object, int], Place] = {place.key: place for place in tree.places}
    found = []
    for one in running:
        place = places.get((one.station_id, one.evse_number))
        if place is None:
            continue
        so_far = (now - one.started_at) / HOUR, one.energy_wh / 1000
        own = stays_of(by_who[one.who]) if one.who else stays_of([])
        hours, energy = stay(
            own, everybody, hour_of_week(one.started_at), widening_of(own, widening or {}), so_far=so_far
        )  # fmt: skip
        found.append(
            Car(
                place=place,
                comes_at=one.started_at,
                hours=_until(one) or hours,
                energy_kwh=_asked(one) or _known(energy),
                attained_wh=float(one.energy_wh),
                phases_seen=1 if one.is_on_one_phase else None,
            )
        )
    return found


def taken(past: Sequence[Past], begins_at: datetime, ends_at: datetime, other_w: Sequence[float] = ()) -> Metered:
    """Return what was taken by steps: each session's energy spread evenly over the time in which it drew, and the rest.

    `other_w` is what was measured besides, below 0 where sun flowed out; empty: nothing is known of it. Real peaks
    were higher: no peak is taken to be paid for that was not.
    """
    steps = int((ends_at - begins_at) / STEP)
    energy_wh = np.zeros(steps)
    for each in past:
        first, last = (each.started_at - begins_at) / STEP, (each.drew_until - begins_at) / STEP
        if last <= max(first, 0) or first >= steps:
            continue
        edges = np.clip([first, *range(int(np.ceil(first)), int(np.floor(last)) + 1), last], 0, steps)
        for left, right in pairwise(edges):
            if right > left:
                energy_wh[min(int(left), steps - 1)] += each.energy_wh * (right - left) / (last - first)
    if len(other_w):
        energy_wh = np.maximum(0.0, energy_wh + np.array(other_w)[:steps] * (STEP / HOUR))
    return Metered(begins_at=begins_at, step_minutes=STEP_MINUTES, energy_wh=tuple(int(each) for each in energy_wh))


def hour_of_week(at: datetime) -> float:
    """In UTC: habits move by an hour twice a year, and forget it in some weeks."""
    return at.weekday() * 24 + at.hour + at.minute / 60


def stays_of(ended: Sequence[Past]) -> Stays:
    """Return sessions that are over as arrays, in the order given: the oldest first."""
    return Stays(
        np.array([hour_of_week(each.started_at) for each in ended], dtype=np.float64),
        np.array([hours_of(each) for each in ended], dtype=np.float64),
        np.array([each.energy_wh / 1000 for each in ended], dtype=np.float64),
    )


def drawn_of(ended: Sequence[Past]) -> Stays:
    """Return the same with the hours until each drew no more."""
    hours = np.array([(each.drew_until - each.started_at) / HOUR for each in ended], dtype=np.float64)
    stays = stays_of(ended)
    return Stays(stays.hour_of_week, hours, stays.energy_kwh)


def ended_of(past: Sequence[Past]) -> list[Ended]:
    """Return the sessions that are over, for the widening of intervals."""
    return [
        Ended(
            each.who, each.started_at, each.ended_at, hour_of_week(each.started_at), hours_of(each),
            each.energy_wh / 1000,
        )
        for each in past
        if each.ended_at is not None
    ]  # fmt: skip


def used(past: Sequence[Past]) -> Counter[Hashable]:
    """Return how many sessions each outlet had."""
    return Counter((each.station_id, each.evse_number) for each in past)


def hours_of(each: Past) -> float:
    """Return how long a session was."""
    return ((each.ended_at or each.drew_until) - each.started_at) / HOUR


def _until(each: Open) -> Interval | None:
    if each.departure_at is None or each.departure_at <= each.started_at:
        return None
    return told((each.departure_at - each.started_at) / HOUR)


def _asked(each: Open) -> Interval | None:
    """What was asked for of the whole session, which has had more where its readings came late."""
    return told(max(each.asked_wh, each.energy_wh) / 1000) if each.asked_wh else None


def _known(energy: Interval) -> Interval:
    """Where nothing is known of a car, it may want all that fits."""
    if energy.source is not Source.NOTHING:
        return energy
    return Interval(low=energy.low, middle=ALL_THAT_FITS_KWH, high=ALL_THAT_FITS_KWH, source=Source.NOTHING)
