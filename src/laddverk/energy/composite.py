"""The composite schedule: what all profiles of an outlet allow together, at any instant. Pure.

OCPP 1.6 section 3.13.3 and 2.x K01: of the profiles of one purpose the one with the highest stack level counts, as
long as it has a limit at that instant; a profile of the session stands before the default one, and a priority profile
before both; of the purposes that remain, the lowest limit holds. What local generation gives is added to what the grid
connection allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from laddverk.energy.model import COMPOSITE_S_MAX, PERIODS_MAX, Feed, Placed, Running, Step
from laddverk.energy.rules import DAY_S, WEEK_S, to_unit
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule

TX_PURPOSES: Final = (Purpose.PRIORITY, Purpose.TX, Purpose.TX_DEFAULT)
"""What limits the session itself: the first of these that says something counts."""
GRID_PURPOSES: Final = (Purpose.EXTERNAL, Purpose.STATION_MAX)
SAME_A: Final = 0.05  # limits closer than this are the same: 1.6 writes tenths
DIFFERS_FOR: Final = timedelta(minutes=2)  # chargers compute in minutes, and their clocks are a little off


def composite(
    placed: Sequence[Placed], evse_number: int, start: datetime, duration_s: int, feed: Feed, running: Running | None
) -> list[Step]:
    """Return the limits of an outlet (0: the whole charger) from `start` on, a step for each change.

    `placed` are the profiles of the charger. At most a week and `PERIODS_MAX` steps.
    """
    end = start + timedelta(seconds=min(max(duration_s, 1), COMPOSITE_S_MAX))
    relevant = [one for one in placed if one.evse_number in (0, evse_number) or evse_number == 0]
    steps: list[Step] = []
    for at in _edges(relevant, start, end, running):
        step = limit_at(relevant, evse_number, at, feed, running)
        if not steps or not _same(steps[-1], step):
            steps.append(step)
        if len(steps) == PERIODS_MAX:
            break
    return steps


def _same(one: Step, other: Step) -> bool:
    if one.limit_a is None or other.limit_a is None:
        return one.limit_a is other.limit_a and one.why is other.why
    return abs(one.limit_a - other.limit_a) < SAME_A and one.why is other.why


def limit_at(placed: Sequence[Placed], evse_number: int, at: datetime, feed: Feed, running: Running | None) -> Step:
    """Return what an outlet may draw at an instant, per phase, and whose limit that is."""
    by_purpose = {purpose: _highest(placed, purpose, evse_number, at, feed, running) for purpose in Purpose}
    whole = [one for one in placed if one.evse_number == 0]
    grid = [(limit, purpose) for purpose in GRID_PURPOSES if (limit := by_purpose[purpose]) is not None]
    grid += [
        (limit, purpose)
        for purpose in GRID_PURPOSES
        if (limit := _highest(whole, purpose, 0, at, feed, running)) is not None
    ]
    candidates = []
    if grid:
        lowest, whose = min(grid, key=lambda each: each[0])
        candidates.append((lowest + (by_purpose[Purpose.LOCAL_GENERATION] or 0.0), whose))
    if evse_number:
        own = next(((limit, each) for each in TX_PURPOSES if (limit := by_purpose[each]) is not None), None)
        candidates += [own] if own else []
    if not candidates:
        return Step(at, None)
    limit_a, why = min(candidates, key=lambda each: each[0])
    return Step(at, limit_a, why)


def _highest(
    placed: Sequence[Placed], purpose: Purpose, evse_number: int, at: datetime, feed: Feed, running: Running | None
) -> float | None:
    """Return the limit of the highest profile of a purpose that has one now.

    On one level an outlet's own profile stands before that of the whole charger, and the newer before the older.
    """
    if purpose is Purpose.PRIORITY and (running is None or not running.priority):
        return None
    if purpose is Purpose.TX and running is None:
        return None
    found = [one for one in placed if one.profile.purpose is purpose and _is_meant(one, evse_number, running)]
    found.sort(key=lambda one: (one.profile.stack_level, one.evse_number, one.since, one.profile.id), reverse=True)
    return next((limit for one in found if (limit := _limit(one, at, feed, running)) is not None), None)


def _is_meant(one: Placed, evse_number: int, running: Running | None) -> bool:
    if one.evse_number not in (0, evse_number):
        return False
    key = one.profile.transaction_key
    return one.profile.purpose is not Purpose.TX or (running is not None and key == running.transaction_key)


def _limit(one: Placed, at: datetime, feed: Feed, running: Running | None) -> float | None:
    """Return the amperes that a profile allows at an instant; None when it says nothing then."""
    profile = one.profile
    if (profile.valid_from and at < profile.valid_from) or (profile.valid_until and at >= profile.valid_until):
        return None
    for schedule in profile.schedules[:1]:  # several are offers to a car (ISO 15118), of which we know no choice
        found = _period(one, schedule, at, running)
        if found is None:
            return None
        limit = one.limit_now if profile.kind is ProfileKind.DYNAMIC and one.limit_now is not None else found.limit
        return None if limit is None else to_unit(limit, schedule.unit, RateUnit.AMPERE, found, feed)
    return None


def _period(one: Placed, schedule: Schedule, at: datetime, running: Running | None) -> Period | None:
    """Return the period that holds at an instant: the last one that has begun, within the schedule's duration."""
    begun = _begin(one, schedule, at, running)
    if begun is None:
        return None
    gone_s = (at - begun).total_seconds()
    if gone_s < 0 or (schedule.duration_s is not None and gone_s >= schedule.duration_s):
        return None
    return next((period for period in reversed(schedule.periods) if period.start_s <= gone_s), None)


def _begin(one: Placed, schedule: Schedule, at: datetime, running: Running | None) -> datetime | None:
    """Return from when the seconds of a schedule count at an instant."""
    match one.profile.kind:
        case ProfileKind.RELATIVE:
            return running.started_at if running else None
        case ProfileKind.RECURRING:
            first = schedule.starts_at
            if first is None:
                return None
            cycle = timedelta(seconds=_cycle_s(one))
            return first + cycle * ((at - first) // cycle)
        case _:
            return schedule.starts_at or one.profile.valid_from or one.since


def _cycle_s(one: Placed) -> int:
    return WEEK_S if one.profile.recurrency == "Weekly" else DAY_S


def _edges(placed: Iterable[Placed], start: datetime, end: datetime, running: Running | None) -> list[datetime]:
    """Return the instants between `start` and `end` at which anything may change, with `start` itself."""
    found = {start}
    for one in placed:
        found.update(at for at in (one.profile.valid_from, one.profile.valid_until) if at is not None)
        for schedule in one.profile.schedules[:1]:
            for begun in _begins(one, schedule, start, end, running):
                found.update(begun + timedelta(seconds=period.start_s) for period in schedule.periods)
                if schedule.duration_s is not None:
                    found.add(begun + timedelta(seconds=schedule.duration_s))
    return sorted(at for at in found if start <= at < end)


def _begins(
    one: Placed, schedule: Schedule, start: datetime, end: datetime, running: Running | None
) -> Iterator[datetime]:
    begun = _begin(one, schedule, start, running)
    while begun is not None and begun < end:
        yield begun
        if one.profile.kind is not ProfileKind.RECURRING:
            return
        begun += timedelta(seconds=_cycle_s(one))


def from_outside(schedule: Schedule) -> Profile:
    """Return a limit that somebody else set as the profile that it is in the charger."""
    return Profile(id=0, purpose=Purpose.EXTERNAL, kind=ProfileKind.ABSOLUTE, schedules=(schedule,))


# Comparing with what the charger says.


def told_steps(schedule: Schedule, starts_at: datetime, feed: Feed) -> list[Step]:
    """Return a charger's own composite schedule as steps."""
    return [
        Step(
            starts_at + timedelta(seconds=period.start_s),
            None if period.limit is None else to_unit(period.limit, schedule.unit, RateUnit.AMPERE, period, feed),
        )
        for period in schedule.periods
    ]


def value_at(steps: Sequence[Step], at: datetime) -> float | None:
    """Return the limit that steps give at an instant; None before the first one, and where there is none."""
    return next((step.limit_a for step in reversed(steps) if step.at <= at), None)


def differences(ours: Sequence[Step], theirs: Sequence[Step], feed: Feed, until: datetime) -> list[datetime]:
    """Return when the charger allows something else than we compute, by more than a tenth of an ampere and for minutes.

    A limit at or above what the outlet can give anyway is none. Only times that both speak of are compared.
    """
    if not ours or not theirs:
        return []
    since = max(ours[0].at, theirs[0].at)
    edges = sorted({since, *(step.at for step in (*ours, *theirs) if since <= step.at < until)})

    def effective(steps: Sequence[Step], at: datetime) -> float:
        value = value_at(steps, at)
        return feed.current_max_a if value is None else min(value, feed.current_max_a)

    found: list[datetime] = []
    for at, later in pairwise([*edges, until]):
        if abs(effective(ours, at) - effective(theirs, at)) > 2 * SAME_A and later - at >= DIFFERS_FOR:
            found.append(at)
    return found
