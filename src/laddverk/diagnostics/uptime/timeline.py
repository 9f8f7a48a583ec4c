"""The timeline of one outlet: from facts that overlap and contradict each other to one thing at a time. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from laddverk.diagnostics.uptime.model import Facts, Interval, Reason, Said, Span, State
from laddverk.ocpp.facts import Status

IN_USE: Final = frozenset(
    {Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.OCCUPIED, Status.PREPARING, Status.FINISHING}
)  # fmt: skip
FREE: Final = frozenset({Status.AVAILABLE, Status.RESERVED})
NEVER: Final = "nothing"


def timeline(facts: Facts, start: datetime, end: datetime, now: datetime) -> tuple[Interval, ...]:
    """Return what the outlet was from `start` to `end`, without gaps, as far as it was in service and `now` is past.

    In this order: our own order to be out of order and the charger's word that it is; not being connected; a fault it
    reports; a fault it does not report (`silent`); less than it should; in use; idle. A stretch that was going on at
    `start` or `end` is cut there.
    """
    start = max(start, facts.in_service.start)
    end = min(end, now, facts.in_service.end or now)
    if start >= end:
        return ()
    tracks = _Tracks(facts)
    cuts = sorted({start, end, *(cut for cut in tracks.cuts() if start < cut < end)})
    found: list[Interval] = []
    for begin, until in pairwise(cuts):
        state, why = tracks.state_at(begin)
        one = Interval(
            start=begin, end=until, state=state, why=why,
            planned=tracks.planned.covers(begin), closed=tracks.closed.covers(begin),
        )  # fmt: skip
        if found and _is_same(found[-1], one):
            one = Interval(
                start=found.pop().start, end=until, state=state, why=why, planned=one.planned, closed=one.closed
            )
        found.append(one)
    return tuple(found)


def _is_same(one: Interval, other: Interval) -> bool:
    return (one.state, one.why, one.planned, one.closed) == (other.state, other.why, other.planned, other.closed)


class Cover:
    """Spans put together: whether an instant is in one of them. The end is outside."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = merged(spans)
        self._starts = [one.start for one in self.spans]

    def covers(self, at: datetime) -> bool:
        """Return whether `at` is in one of the spans."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return False
        end = self.spans[index].end
        return end is None or at < end

    def cuts(self) -> Iterable[datetime]:
        """Return where spans begin and end."""
        for one in self.spans:
            yield one.start
            if one.end is not None:
                yield one.end


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time as spans that neither overlap nor touch, in order; those that are empty fall away."""
    found: list[Span] = []
    for one in sorted((one for one in spans if one.end is None or one.end > one.start), key=lambda one: one.start):
        last = found[-1] if found else None
        if last is not None and (last.end is None or one.start <= last.end):
            end = None if last.end is None or one.end is None else max(last.end, one.end)
            found[-1] = Span(last.start, end)
        else:
            found.append(one)
    return tuple(found)


class Words:
    """What one connector said, in order: its last word at an instant. A word holds until the next."""

    def __init__(self, said: Sequence[Said]) -> None:
        self._said = sorted(said, key=lambda one: one.span.start)
        self._starts = [one.span.start for one in self._said]

    def at(self, at: datetime) -> Said | None:
        """Return the last word before or at that instant; None when there was none."""
        index = bisect_right(self._starts, at) - 1
        return self._said[index] if index >= 0 else None

    def cuts(self) -> Iterable[datetime]:
        """Return when it said something."""
        return self._starts


class _Tracks:
    """The facts of one outlet, each kind by itself, to be asked about an instant."""

    def __init__(self, facts: Facts) -> None:
        numbers = sorted({one.connector_number for one in facts.said})
        own = [number for number in numbers if number > 0] or numbers
        self.connectors = [Words([one for one in facts.said if one.connector_number == number]) for number in own]
        self.station = Words(facts.station_said)
        self.linked = Cover(facts.linked)
        self.ordered = Cover(facts.ordered)
        self.silent = Cover(facts.silent)
        self.degraded = {word: Cover(spans) for word, spans in _by_word(facts.degraded).items()}
        self.planned = Cover(facts.planned)
        self.closed = Cover(facts.closed)
        self.proven = Cover(facts.proven)

    def cuts(self) -> Iterable[datetime]:
        """Return every instant at which something may change."""
        for one in (self.linked, self.ordered, self.silent, self.planned, self.closed, self.proven):
            yield from one.cuts()
        for words in (*self.connectors, self.station):
            yield from words.cuts()
        for cover in self.degraded.values():
            yield from cover.cuts()

    def state_at(self, at: datetime) -> tuple[State, str]:
        """Return what the outlet was then, and why."""
        last = [words.at(at) for words in self.connectors]
        station = self.station.at(at)
        is_shut = _all_are(last, Status.UNAVAILABLE) or (station is not None and station.status is Status.UNAVAILABLE)
        if is_shut and self.ordered.covers(at):
            return State.DOWN_ORDERED, ""
        if not self.linked.covers(at):
            return (State.UP_USE, "proven") if self.proven.covers(at) else (State.UNKNOWN, "")
        return self._said_at(at, [one for one in last if one is not None], station, is_shut)

    def _said_at(self, at: datetime, last: Sequence[Said], station: Said | None, is_shut: bool) -> tuple[State, str]:
        faulted = [one for one in last if one.status is Status.FAULTED]
        if station is not None and station.status is Status.FAULTED:
            return State.DOWN_FAULT, station.error_code or ""
        if faulted and len(faulted) == len(last):
            return State.DOWN_FAULT, faulted[0].error_code or ""
        if is_shut:
            return State.DOWN_FAULT, "unavailable"
        if not any(one.status in IN_USE or one.status in FREE for one in last):
            return State.UNKNOWN, NEVER
        if self.silent.covers(at):
            return State.SILENT, ""
        for word, cover in sorted(self.degraded.items()):
            if cover.covers(at):
                return State.DEGRADED, word
        if any(one.status not in IN_USE and one.status not in FREE for one in last):
            return State.DEGRADED, "connector"
        return (State.UP_USE if any(one.status in IN_USE for one in last) else State.UP_IDLE), ""


def _all_are(last: Sequence[Said | None], status: Status) -> bool:
    return bool(last) and all(one is not None and one.status is status for one in last)


def _by_word(reasons: Iterable[Reason]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for one in reasons:
        found.setdefault(one.word, []).append(one.span)
    return found
