"""From the times of cases to figures. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from uuid import UUID

from laddverk.support.promising.hours import Hours, between
from laddverk.support.reporting.model import CaseTimes, Times


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least `share` of all do not exceed; None for none."""
    if not values:
        return None
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def ratio(part: int, whole: int) -> float | None:
    """Return a share, or None of nothing."""
    return part / whole if whole else None


def times_of(cases: Sequence[CaseTimes], hours: Mapping[UUID, Hours], desk: Hours, now: datetime) -> Times:
    """Return how soon cases were answered and solved. `hours` are those of each promise, `desk` where there is none."""
    answered = [one for one in cases if one.is_drivers and one.answered_at is not None]
    closed = [one for one in cases if one.closed_at is not None]
    promised = [
        one for one in cases if one.answer_due_at is not None and _is_decided(one.answered_at, one.answer_due_at, now)
    ]
    to_solve = [one for one in cases if one.solve_due_at is not None and _is_solved_or_late(one, now)]

    def working(one: CaseTimes) -> Hours:
        return hours.get(one.promise_id, desk) if one.promise_id is not None else desk

    answers = _seconds(answered, lambda one: one.answered_at)
    solutions = _seconds(closed, lambda one: one.closed_at)
    answer_work = [float(between(working(one), one.created_at, one.answered_at or now)) for one in answered]
    solve_work = [
        max(0.0, float(between(working(one), one.created_at, one.closed_at or now) - one.paused_s)) for one in closed
    ]
    return Times(
        opened=len(cases), closed=len(closed), answer_median_s=quantile(answers, 0.5),
        answer_p90_s=quantile(answers, 0.9), answer_work_s=quantile(answer_work, 0.5),
        solve_median_s=quantile(solutions, 0.5), solve_p90_s=quantile(solutions, 0.9),
        solve_work_s=quantile(solve_work, 0.5),
        answers_kept=sum(_in_time(one.answered_at, one.answer_due_at) for one in promised),
        answers_promised=len(promised),
        solutions_kept=sum(_in_time(one.closed_at, one.solve_due_at) for one in to_solve),
        solutions_promised=len(to_solve),
    )  # fmt: skip


def _seconds(cases: Sequence[CaseTimes], end: Callable[[CaseTimes], datetime | None]) -> list[float]:
    return [(at - one.created_at).total_seconds() for one in cases if (at := end(one)) is not None]


def _is_decided(done_at: datetime | None, due_at: datetime, now: datetime) -> bool:
    return done_at is not None or due_at < now


def _is_solved_or_late(one: CaseTimes, now: datetime) -> bool:
    assert one.solve_due_at is not None
    if one.closed_at is not None:
        return True
    return one.solve_due_at < (one.paused_at or now)


def _in_time(done_at: datetime | None, due_at: datetime | None) -> bool:
    return done_at is not None and due_at is not None and done_at <= due_at
