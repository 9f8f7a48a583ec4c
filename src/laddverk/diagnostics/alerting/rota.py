"""Who is on call: turns of days with a hand-over at a local time, and swaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from laddverk.diagnostics.alerting.model import Person, Step, Swap


def on_call(step: Step, swaps: Iterable[Swap], now: datetime, zone: ZoneInfo) -> UUID | None:
    """Return who is on call on a level; None where it has nobody. The newest swap that holds wins."""
    holding = [swap for swap in swaps if swap.level == step.level and swap.from_at <= now < swap.until_at]
    if holding:
        return max(holding, key=lambda swap: (swap.from_at, swap.id)).person_id
    if not step.people:
        return None
    return step.people[_turn(step, now, zone) % len(step.people)]


def next_handover(step: Step, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the next of a level takes over, by the plan."""
    first = step.starts_on + timedelta(days=(_turn(step, now, zone) + 1) * step.days_each)
    return datetime.combine(first, step.handover_time, zone).astimezone(UTC)


def wakes_at(person: Person, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when somebody may be told of what can wait: now, or at the end of their quiet hours."""
    if person.quiet_from is None or person.quiet_until is None or person.quiet_from == person.quiet_until:
        return now
    local = now.astimezone(zone)
    if not _is_between(local.time(), person.quiet_from, person.quiet_until):
        return now
    ends = datetime.combine(local.date(), person.quiet_until, zone)
    return (ends if ends > local else ends + timedelta(days=1)).astimezone(UTC)


def _turn(step: Step, now: datetime, zone: ZoneInfo) -> int:
    """Return the how-manieth turn it is; days begin at the hand-over, whatever the clock does in between."""
    local = now.astimezone(zone)
    day = local.date() if local.time() >= step.handover_time else local.date() - timedelta(days=1)
    return (day - step.starts_on).days // step.days_each


def _is_between(at: time, first: time, last: time) -> bool:
    return first <= at < last if first < last else at >= first or at < last
