"""A station as one: for policies that count stations, which are out of order when no outlet can charge. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import structs

from laddverk.diagnostics.uptime.counting import is_down
from laddverk.diagnostics.uptime.gathering import Course
from laddverk.diagnostics.uptime.model import Interval, Policy


def as_one(policy: Policy, courses: Sequence[Course]) -> Course:
    """Return the outlets of one station as one course, kept under the first of them: at least one.

    At any time it is what the best of its outlets is: one that `policy` counts as in order where there is one. Whatever
    excuses an outlet excuses the station: without it that outlet would have been in order. Its power is the highest.
    """
    ordered = sorted(courses, key=lambda one: one.outlet.evse_number)
    cuts = sorted({cut for one in ordered for each in one.intervals for cut in (each.start, each.end)})
    found: list[Interval] = []
    places = [0] * len(ordered)
    for start, end in pairwise(cuts):
        there: list[Interval] = []
        for index, one in enumerate(ordered):
            while places[index] < len(one.intervals) and one.intervals[places[index]].end <= start:
                places[index] += 1
            if places[index] < len(one.intervals) and one.intervals[places[index]].start <= start:
                there.append(one.intervals[places[index]])
        if there:
            best = next((each for each in there if not is_down(policy, each)), there[0])
            _add(found, structs.replace(best, start=start, end=end))
    first = ordered[0]
    power_max_w = max(one.outlet.power_max_w for one in ordered)
    return structs.replace(
        first, outlet=structs.replace(first.outlet, power_max_w=power_max_w), intervals=tuple(found),
        exempt=tuple(each for one in ordered for each in one.exempt),
    )  # fmt: skip


def _add(found: list[Interval], one: Interval) -> None:
    """Add a stretch, as part of the one before it when they touch and are the same."""
    if found and structs.replace(found[-1], start=one.start, end=one.end) == one and found[-1].end == one.start:
        found[-1] = structs.replace(found[-1], end=one.end)
    else:
        found.append(one)
