"""What a subscription is on each day, what a month of it costs, and who uses the energy it includes. Pure.

A subscription is a timeline of pieces. Every change is a cut in it: the days before stay as they are, so no order of
changes can make money appear or vanish; the fee and the included energy are sums over days of whatever the timeline
is in the end.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.ids import PlanVersionId, SessionId
from laddverk.subscriptions.model import FeePart, Kind, Piece, State, Terms, Timeline, Use

DAY: Final = timedelta(days=1)
FAR: Final = date.max
"""Later than every day: the end of what goes on."""


def month_of(day: date) -> date:
    """Return the first day of the month that `day` is in."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """Return the first day of the month after that of `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later; the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# The timeline


def begun(version_id: PlanVersionId, day: date, trial_days: int) -> Timeline:
    """Return a subscription that begins on `day`, first on trial for so many days."""
    starts = day + timedelta(days=trial_days)
    return joined((Piece(day, starts, Kind.TRIAL, version_id), Piece(starts, None, Kind.ACTIVE, version_id)))


def joined(pieces: Sequence[Piece]) -> Timeline:
    """Return `pieces` in order, without empty ones, and with those that say the same made one."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: each.from_day):
        if end(piece) <= piece.from_day:
            continue
        last = found[-1] if found else None
        if last is not None and (last.kind, last.version_id, end(last)) == (
            piece.kind,
            piece.version_id,
            piece.from_day,
        ):
            found[-1] = replace(last, until_day=piece.until_day)
        else:
            found.append(piece)
    return tuple(found)


def end(piece: Piece) -> date:
    """Return the first day that a piece does not count on."""
    return piece.until_day or FAR


def altered(timeline: Timeline, since: date, until: date | None, change: Callable[[Piece], Piece]) -> Timeline:
    """Return the timeline with `change` made to the days from `since` until `until` (exclusive)."""
    stop = until or FAR
    pieces: list[Piece] = []
    for piece in timeline:
        first, last = max(piece.from_day, since), min(end(piece), stop)
        if first >= last:
            pieces.append(piece)
            continue
        inside = replace(piece, from_day=first, until_day=None if last == FAR else last)
        pieces += [replace(piece, until_day=first), change(inside)]
        if last != FAR:
            pieces.append(replace(piece, from_day=last))
    return joined(pieces)


def changed(timeline: Timeline, day: date, version_id: PlanVersionId) -> Timeline:
    """Return the timeline with another version of a plan from `day` on."""
    return altered(timeline, day, None, lambda piece: replace(piece, version_id=version_id))


def paused(timeline: Timeline, since: date, until: date) -> Timeline:
    """Return the timeline with what is active between the days paused."""
    return altered(
        timeline, since, until, lambda piece: replace(piece, kind=Kind.PAUSED) if piece.kind is Kind.ACTIVE else piece
    )


def resumed(timeline: Timeline, day: date) -> Timeline:
    """Return the timeline with nothing paused from `day` on."""
    return altered(
        timeline, day, None, lambda piece: replace(piece, kind=Kind.ACTIVE) if piece.kind is Kind.PAUSED else piece
    )


def ended(timeline: Timeline, day: date) -> Timeline:
    """Return the timeline with nothing from `day` on."""
    kept = [piece for piece in timeline if piece.from_day < day]
    return joined([replace(piece, until_day=min(end(piece), day)) for piece in kept])


def continued(timeline: Timeline) -> Timeline:
    """Return the timeline without its end: the last piece goes on, active after a trial or a pause."""
    if not timeline or timeline[-1].until_day is None:
        return timeline
    last = timeline[-1]
    if last.kind is Kind.ACTIVE:
        return (*timeline[:-1], replace(last, until_day=None))
    assert last.until_day is not None
    return (*timeline, Piece(last.until_day, None, Kind.ACTIVE, last.version_id))


def piece_on(timeline: Timeline, day: date) -> Piece | None:
    """Return the piece that counts on `day`; None before the first and after the last."""
    return next((piece for piece in timeline if piece.from_day <= day < end(piece)), None)


def state_on(timeline: Timeline, day: date) -> State:
    """Return how a subscription stands on `day`."""
    piece = piece_on(timeline, day)
    if piece is not None:
        return State(piece.kind.value)
    return State.COMING if timeline and day < timeline[0].from_day else State.ENDED


def coming(timeline: Timeline, day: date) -> Piece | None:
    """Return the next piece after that of `day`; None when nothing is to change."""
    return next((piece for piece in timeline if piece.from_day > day), None)


def paused_days(timeline: Timeline, since: date, until: date) -> int:
    """Return on how many days between these it is paused."""
    return sum(_days(piece, since, until) for piece in timeline if piece.kind is Kind.PAUSED)


def earliest_end(
    today: date, signed_on: date, bound_until: date | None, notice_days: int, *, on_trial: bool, regrets_until: date
) -> date:
    """Return the first day without a subscription that is cancelled today.

    Who is on trial, or within the days in which a consumer may regret (lag 2005:59 2 kap 10 §), is free at once:
    tomorrow. Anybody else after the notice, and not while bound.
    """
    tomorrow = today + DAY
    if on_trial or today < regrets_until:
        return max(tomorrow, signed_on)
    return max(tomorrow, today + timedelta(days=notice_days), bound_until or tomorrow)


# What a month costs


def _days(piece: Piece, since: date, until: date) -> int:
    return max(0, (min(end(piece), until) - max(piece.from_day, since)).days)


def exact_fee(timeline: Timeline, month: date, terms: Mapping[PlanVersionId, Terms]) -> list[tuple[Piece, Fraction]]:
    """Return the active pieces of a month, cut to it, with what each costs exactly, in minor units."""
    first, last = month_of(month), next_month(month)
    days = (last - first).days
    found: list[tuple[Piece, Fraction]] = []
    for piece in timeline:
        counted = _days(piece, first, last)
        if counted and piece.kind is Kind.ACTIVE:
            cut = replace(piece, from_day=max(piece.from_day, first), until_day=min(end(piece), last))
            found.append((cut, Fraction(terms[piece.version_id].fee_minor * counted, days)))
    return found


def fee_of(timeline: Timeline, month: date, terms: Mapping[PlanVersionId, Terms]) -> tuple[FeePart, ...]:
    """Return the fee of a month in its parts: to the day, rounded half up once, the parts add up to it."""
    exact = exact_fee(timeline, month, terms)
    shares = shared_minor([amount for _, amount in exact])
    return tuple(
        FeePart(piece.from_day, end(piece), piece.version_id, share)
        for (piece, _), share in zip(exact, shares, strict=True)
    )


def shared_minor(amounts: Sequence[Fraction]) -> list[int]:
    """Return whole minor units for exact amounts (zero or more) that sum to their sum, rounded half up once.

    Each is rounded down, and what is left goes to those that lost most by it; the earlier one when equal.
    """
    total = int(sum(amounts, Fraction(0)) + Fraction(1, 2))
    shares = [int(amount) for amount in amounts]
    losers = sorted(range(len(amounts)), key=lambda index: shares[index] - amounts[index])
    for index in losers[: total - sum(shares)]:
        shares[index] += 1
    return shares


# What is included


def quota_wh(timeline: Timeline, month: date, terms: Mapping[PlanVersionId, Terms]) -> int:
    """Return the energy that is included in a month: to the day, also on trial, rounded down to the Wh."""
    first, last = month_of(month), next_month(month)
    days = (last - first).days
    exact = sum(
        (
            Fraction(terms[piece.version_id].included_wh * _days(piece, first, last), days)
            for piece in timeline
            if piece.kind is not Kind.PAUSED
        ),
        Fraction(0),
    )
    return int(exact)


def shared_out(quota: int, uses: Sequence[Use], settled: frozenset[SessionId]) -> dict[SessionId, int]:
    """Return how much of `quota` each session takes, in Wh, in the order in which they ended.

    Sessions whose money has moved keep what they took. What was voided takes nothing.
    """
    shares = {use.session_id: use.used_wh for use in uses if use.session_id in settled}
    left = max(0, quota - sum(shares.values()))
    for use in sorted(uses, key=lambda each: (each.ended_at, each.session_id)):
        if use.session_id not in settled:
            shares[use.session_id] = 0 if use.voided else min(use.energy_wh, left)
            left -= shares[use.session_id]
    return shares
