"""The fold: one session row from all its messages and readings. Pure, and blind to the order they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from laddverk.sessions import rules
from laddverk.sessions.model import Detail, Doubt, Folded, Kind, Metered, Reading, StoredEvent, StoredSample

AT_BEGIN: Final = "Transaction.Begin"
AT_END: Final = "Transaction.End"
ENERGY_DOUBTS: Final = frozenset({Doubt.NO_READINGS, Doubt.MORE_THAN_POSSIBLE})
"""Judged when a session has ended: while it runs its readings only touch the row, and the next may settle it."""
NOT_CHARGING: Final = frozenset({"suspended_ev", "suspended_evse", "ev_connected", "idle"})


def fold(events: Sequence[StoredEvent], samples: Sequence[StoredSample], power_max_w: int) -> Folded:
    """Return what `events` (at least one) and `samples` of one session say together."""
    ordered = _in_order(events)
    start = next((event for event in ordered if event.kind is Kind.STARTED), None)
    end = _end_of(ordered)
    evse_number, connector_number, started_at, ended_at = span(ordered)
    readings = _first_told(samples)
    measured = _metered(start, end, readings, started_at, ended_at, power_max_w)
    payer_event = _payer_event(ordered)
    state = _latest_state(ordered)
    latest = _latest(readings)
    return Folded(
        evse_number=evse_number,
        connector_number=connector_number,
        token_uid=payer_event.detail.token_uid if payer_event else None,
        payer=payer_event.detail.payer if payer_event else None,
        started_at=started_at,
        said_start_at=start.said_at if start else None,
        ended_at=ended_at,
        said_end_at=end.said_at if end else None,
        charging_ended_at=_charging_end(measured, ordered, started_at, ended_at),
        register_start_wh=measured.register_start_wh,
        register_end_wh=measured.register_end_wh,
        energy_wh=measured.energy_wh,
        power_w=None if end else _rounded(_last_value(readings, "power_w")),
        soc_percent=_rounded(_last_value(readings, "soc_percent")),
        sampled_at=latest.at if latest else None,
        charging_state=None if end or state is None else state.detail.charging_state,
        state_at=state.at if state else None,
        stop_reason=end.detail.reason if end else None,
        stop_token_uid=end.detail.token_uid if end else None,
        doubts=_doubts(start, end, measured),
        curve=measured.curve,
        remote_start_id=next((number for e in ordered if (number := e.detail.remote_start_id) is not None), None),
        told_at=max(event.received_at for event in ordered),
    )


def _end_of(ordered: Sequence[StoredEvent]) -> StoredEvent | None:
    """The first end the charger told; only without one, what we concluded from the next session."""
    told = (event for event in ordered if event.kind is Kind.ENDED)
    concluded = (event for event in ordered if event.kind is Kind.SUPERSEDED)
    return next(told, None) or next(concluded, None)


def _payer_event(ordered: Sequence[StoredEvent]) -> StoredEvent | None:
    """Who pays is who was asked for by a start request, else the first token shown (a later one may be to stop)."""
    shown = [
        event for event in ordered if event.kind in (Kind.STARTED, Kind.UPDATED) and event.detail.payer is not None
    ]
    asked = (event for event in shown if event.detail.payer and event.detail.payer.start_request_id is not None)
    return next(asked, None) or next(iter(shown), None)


def span(events: Sequence[StoredEvent]) -> tuple[int, int, datetime, datetime | None]:
    """Return the EVSE and connector of a session, when it started and when it ended, as its messages say."""
    ordered = _in_order(events)
    start = next((event for event in ordered if event.kind is Kind.STARTED), None)
    end = _end_of(ordered)
    started_at = start.at if start else ordered[0].at
    ended_at = max(end.at, started_at) if end else None
    return _said(ordered, "evse_number", 0), _said(ordered, "connector_number", 1), started_at, ended_at


def _in_order(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return sorted(events, key=lambda event: (event.at, event.kind, event.content_key))


def _said(ordered: Sequence[StoredEvent], field: str, otherwise: int) -> int:
    values = (getattr(event.detail, field) for event in ordered)
    return next((value for value in values if value is not None), otherwise)


def _latest_state(ordered: Sequence[StoredEvent]) -> StoredEvent | None:
    """Return the event that began the state of last: chargers of 2.x say it again in each of their events."""
    first: StoredEvent | None = None
    for event in reversed(ordered):
        state = event.detail.charging_state
        if first is not None and state not in (None, first.detail.charging_state):
            break
        first = event if state is not None else first
    return first


def _first_told(samples: Iterable[StoredSample]) -> list[StoredSample]:
    """Samples in time order; of copies that were corrected by different clock offsets, the one received first."""
    by_word: dict[tuple[datetime, str], StoredSample] = {}
    for sample in sorted(samples, key=lambda sample: (sample.received_at, sample.at)):
        by_word.setdefault((sample.said_at or sample.at, sample.context), sample)
    return sorted(by_word.values(), key=lambda sample: (sample.at, sample.context))


def _latest(readings: Sequence[StoredSample]) -> StoredSample | None:
    return readings[-1] if readings else None


def _last_value(readings: Sequence[StoredSample], field: str) -> float | None:
    values = (getattr(sample, field) for sample in reversed(readings))
    return next((value for value in values if value is not None), None)


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _metered(
    start: StoredEvent | None,
    end: StoredEvent | None,
    samples: Sequence[StoredSample],
    started_at: datetime,
    ended_at: datetime | None,
    power_max_w: int,
) -> Metered:
    """Boundary registers come with the messages (1.6) or as samples of their own context (2.x).

    Readings are taken into the session's time. After an end that carries its register they say nothing about it.
    """
    first = _boundary(start.detail if start else None, started_at) or _of_context(samples, AT_BEGIN, started_at)
    last = None
    if ended_at is not None:
        last = _boundary(end.detail if end else None, ended_at) or _of_context(samples, AT_END, ended_at, last=True)
    between = [
        Reading(max(sample.at, started_at) if ended_at is None else min(max(sample.at, started_at), ended_at), wh)
        for sample in samples
        if (wh := sample.energy_wh) is not None and not (last is not None and sample.at > last.at)
    ]
    return rules.session_energy(first, between, last, power_max_w)


def _boundary(detail: Detail | None, at: datetime) -> Reading | None:
    return None if detail is None or detail.register_wh is None else Reading(at, detail.register_wh)


def _of_context(samples: Sequence[StoredSample], context: str, at: datetime, *, last: bool = False) -> Reading | None:
    found = [sample.energy_wh for sample in samples if sample.context == context and sample.energy_wh is not None]
    return Reading(at, found[-1 if last else 0]) if found else None


def _charging_end(
    measured: Metered, ordered: Sequence[StoredEvent], started_at: datetime, ended_at: datetime | None
) -> datetime | None:
    """The meter says in which stretch charging ended; the charger's word says when within it, if it said so."""
    if ended_at is None:
        return None
    by_meter = rules.charging_end(measured.curve, started_at, ended_at)
    before = max((point.at for point in measured.curve if point.at < by_meter), default=started_at)
    stopped_at: datetime | None = None
    for event in ordered:
        state = event.detail.charging_state
        if state is not None and before <= event.at <= by_meter and event.at > started_at:
            stopped_at = (stopped_at or event.at) if state in NOT_CHARGING else None
    return stopped_at or by_meter


def _doubts(start: StoredEvent | None, end: StoredEvent | None, measured: Metered) -> frozenset[Doubt]:
    found = set(measured.doubts)
    if start is None:
        found.add(Doubt.NO_START)
    for event in (start, end):
        if event is not None and (doubt := rules.clock_doubt(event.at, event.said_at, offline=event.detail.offline)):
            found.add(doubt)
    if end is None:
        return frozenset(found - ENERGY_DOUBTS)
    if end.kind is Kind.SUPERSEDED:
        found.add(Doubt.NO_END)
    if start is not None and end.at < start.at:
        found.add(Doubt.END_BEFORE_START)
    if measured.curve and measured.curve[-1].at < end.at:
        found.add(Doubt.ESTIMATED_END if len(measured.curve) > 1 else Doubt.NO_READINGS)
    return frozenset(found)
