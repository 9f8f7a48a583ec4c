"""What limits a circuit at an instant: its fuse less the margin, the hours people typed, signals from outside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits.model import Circuit, CircuitId, LimitFrom, PerPhase, Signal, Tree, Window

MINUTE: Final = timedelta(minutes=1)
LOOKED_AHEAD: Final = timedelta(days=8)  # a window comes back within a week
DAY: Final = timedelta(days=1)
SPANS_MAX: Final = 500  # of one circuit: quarters of five days


class Holding(Struct, frozen=True, kw_only=True):
    """What limits a circuit now, and until when that is so."""

    limit_a: PerPhase
    source: LimitFrom | None = None
    """Whose limit is lower than the fuse; None: the fuse itself, less the margin."""
    until: datetime | None = None
    """When it changes at the earliest, as far as is known within a week; None: nothing is about to change."""


def holding(circuit: Circuit, signals: Iterable[Signal], at: datetime, zone: ZoneInfo) -> Holding:
    """Return what limits `circuit` at `at`: on each phase the lowest of all that holds."""
    begun: list[tuple[PerPhase, LimitFrom, datetime]] = []
    changes: list[datetime] = []
    for signal in signals:
        if signal.circuit_id != circuit.id or signal.ends_at <= at:
            continue
        if signal.starts_at <= at:
            begun.append((signal.limit_a, signal.source, signal.ends_at))
        else:
            changes.append(signal.starts_at)
    for window in circuit.windows:
        for starts_at, ends_at in _times(window, at, zone):
            if starts_at <= at < ends_at:
                begun.append((window.limit_a, LimitFrom.SCHEDULE, ends_at))
            elif at < starts_at:
                changes.append(starts_at)
    limit_a, source = circuit.usable_a, None
    for lower, by, ends_at in begun:
        changes.append(ends_at)
        tightened = lowest(limit_a, lower)
        if tightened != limit_a:
            limit_a, source = tightened, by
    return Holding(limit_a=limit_a, source=source, until=min(changes, default=None))


def holdings(tree: Tree, signals: Sequence[Signal], at: datetime, zone: ZoneInfo) -> Mapping[CircuitId, Holding]:
    """Return what limits each circuit of `tree` at `at`."""
    return {circuit.id: holding(circuit, signals, at, zone) for circuit in tree.circuits}


def lowest(one: PerPhase, other: PerPhase) -> PerPhase:
    """Return the lower of two limits on each phase."""
    return min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2])


def _times(window: Window, at: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return when a window holds from the day before `at` to the end of the week after it, as instants.

    Local wall times: on the night the clocks change an hour is longer or shorter, as on the clock on the wall.
    """
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    found = []
    for offset in range(-1, LOOKED_AHEAD.days):
        day = today + offset * DAY
        if day.isoweekday() not in window.days:
            continue
        starts = day + window.starts_minute * MINUTE
        ends = day + window.ends_minute * MINUTE + (DAY if window.ends_minute <= window.starts_minute else DAY * 0)
        found.append(
            (starts.replace(tzinfo=zone).astimezone(at.tzinfo), ends.replace(tzinfo=zone).astimezone(at.tzinfo))
        )
    return found


class Span(Struct, frozen=True, kw_only=True):
    """What limits a circuit from one instant to another."""

    starts_at: datetime
    ends_at: datetime
    holding: Holding


def ahead(circuit: Circuit, signals: Sequence[Signal], at: datetime, until: datetime, zone: ZoneInfo) -> list[Span]:
    """Return what limits `circuit` from `at` until `until`, one span after another; equal neighbours are one."""
    found: list[Span] = []
    while at < until and len(found) < SPANS_MAX:
        held = holding(circuit, signals, at, zone)
        ends_at = min(until, held.until or until)
        before = found[-1] if found else None
        if before is not None and (before.holding.limit_a, before.holding.source) == (held.limit_a, held.source):
            found[-1] = Span(starts_at=before.starts_at, ends_at=ends_at, holding=before.holding)
        else:
            found.append(Span(starts_at=at, ends_at=ends_at, holding=held))
        at = ends_at
    return found
