"""What a policy makes of a timeline: minutes that count, minutes out of order, minutes excused. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from laddverk.diagnostics.uptime.model import NOTHING, Count, Exempt, Interval, Outage, Policy, Span, State
from laddverk.diagnostics.uptime.timeline import Cover, merged


def count(
    policy: Policy, intervals: Sequence[Interval], exempt: Iterable[Exempt], start: datetime, end: datetime
) -> Count:
    """Return what `policy` makes of `intervals` between `start` and `end`.

    `intervals` may begin before `start`: a grace is used up where the stretch began, not where the period does.
    An exclusion counts as far as it lies on an outage, and no minute twice; what it excuses is part of `outage` too.
    """
    excuses = Cover(one.span for one in exempt if one.reason in policy.excluded_reasons)
    eligible = NOTHING
    outages: list[Outage] = []
    last = intervals[-1].end if intervals else end
    for one, down_from in _with_grace(policy, intervals):
        if one.closed and policy.closed == "outside":
            continue
        eligible += _overlap(one.start, one.end, start, end)
        begin, until = max(down_from, start), min(one.end, end)
        if begin < until:
            all_excused = (one.closed and policy.closed == "excluded") or (one.planned and policy.planned == "excluded")
            excused = until - begin if all_excused else _covered(excuses.spans, begin, until)
            is_over = one.end <= end and one.end < last
            _add(
                outages, Outage(start=begin, end=until, state=one.state, is_over=is_over, excluded=excused, why=one.why)
            )
    if policy.period_minutes is not None:
        eligible = min(eligible, timedelta(minutes=policy.period_minutes))
    return Count(
        policy=policy.name, version=policy.version, eligible=eligible,
        outage=sum((one.lasted for one in outages), NOTHING), excluded=sum((one.excluded for one in outages), NOTHING),
        outages=tuple(outages),
    )  # fmt: skip


def _add(outages: list[Outage], one: Outage) -> None:
    """Add an outage, as part of the one before it when they touch."""
    if outages and outages[-1].end == one.start:
        excluded = outages[-1].excluded + one.excluded
        outages[-1] = structs.replace(outages[-1], end=one.end, excluded=excluded, is_over=one.is_over)
    else:
        outages.append(one)


def _with_grace(policy: Policy, intervals: Sequence[Interval]) -> Iterable[tuple[Interval, datetime]]:
    """Return each interval and from when on it counts as out of order; its end when it does not."""
    stretch_state: State | None = None
    stretch_start: datetime | None = None
    previous_end: datetime | None = None
    for one in intervals:
        if one.state is not stretch_state or previous_end != one.start or stretch_start is None:
            stretch_state, stretch_start = one.state, one.start
        previous_end = one.end
        if not is_down(policy, one):
            yield one, one.end
        else:
            grace = timedelta(minutes=policy.grace_minutes.get(one.state.value, 0))
            yield one, min(max(one.start, stretch_start + grace), one.end)


def is_down(policy: Policy, one: Interval) -> bool:
    """Return whether the policy counts this as out of order."""
    if one.planned and policy.planned == "up":
        return False
    return one.state.value in policy.down or f"{one.state.value}:{one.why}" in policy.down


def by_state(intervals: Iterable[Interval], start: datetime, end: datetime) -> dict[State, timedelta]:
    """Return how long it was each thing, as it is shown, between `start` and `end`; all of them, in order."""
    found = dict.fromkeys(State, NOTHING)
    for one in intervals:
        found[one.shown] += _overlap(one.start, one.end, start, end)
    return found


def together(policy: Policy, counts: Sequence[Count]) -> Count:
    """Return the figure of many outlets: of all their time, or as if each counted the same, as the policy says.

    For the mean, the time is scaled so that each outlet has as much as the longest of them.
    """
    counts = [one for one in counts if one.eligible]
    most = max((one.eligible for one in counts), default=NOTHING)
    eligible = outage = excluded = NOTHING
    for one in counts:
        scale = most / one.eligible if policy.weighting == "mean" else 1.0
        eligible += one.eligible * scale if scale != 1.0 else one.eligible
        outage += one.outage * scale if scale != 1.0 else one.outage
        excluded += one.excluded * scale if scale != 1.0 else one.excluded
    return Count(policy=policy.name, version=policy.version, eligible=eligible, outage=outage, excluded=excluded)


def _overlap(start: datetime, end: datetime, first: datetime, last: datetime) -> timedelta:
    return max(min(end, last) - max(start, first), NOTHING)


def _covered(spans: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    return sum((_overlap(one.start, one.end or end, start, end) for one in merged(spans)), NOTHING)
