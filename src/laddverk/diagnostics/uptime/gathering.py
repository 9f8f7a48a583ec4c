"""Reads the facts of many outlets and makes their timelines: one reading for a month of a site, then pure work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.diagnostics.uptime import store
from laddverk.diagnostics.uptime.hours import closed_spans, midnight
from laddverk.diagnostics.uptime.model import Exempt, Facts, Interval, Reason, Said, Span
from laddverk.diagnostics.uptime.store import HoursRow, OrderRow, OutletRow, SaidRow, SpanRow
from laddverk.diagnostics.uptime.timeline import timeline
from laddverk.platform.database import Transaction

Row = TypeVar("Row", SaidRow, SpanRow, OrderRow)

LOOK_BACK: Final = timedelta(days=8)  # a repeat looks back a week, and a grace of at most a day is used up before


class Course(Struct, frozen=True, kw_only=True):
    """One outlet, what it was, and which of it is excused. The timeline begins a week early."""

    outlet: OutletRow
    intervals: tuple[Interval, ...]
    exempt: tuple[Exempt, ...]

    @property
    def zone(self) -> ZoneInfo:
        """Its local time."""
        return ZoneInfo(self.outlet.timezone)


async def courses(
    tx: Transaction, stations: Sequence[UUID], start: datetime, end: datetime, now: datetime
) -> list[Course]:
    """Return the outlets of `stations` that were ever in service, with their timelines from a week before `start`."""
    since = start - LOOK_BACK
    outlets = [one for one in await store.outlets(tx, stations) if one.first_at is not None]
    said = _by_station(await store.said(tx, stations, since, end))
    links = _by_station(await store.links(tx, stations, since, end))
    orders = _by_station(await store.orders(tx, stations, end))
    spans = {
        kind: _by_station(await store.spans(tx, kind, stations, since, end))
        for kind in (store.FOUND, store.PLANNED, store.PROVEN, store.EXEMPT)
    }
    hours: dict[UUID, list[HoursRow]] = defaultdict(list)
    for row in await store.hours(tx, {one.site_id for one in outlets}):
        hours[row.site_id].append(row)
    found = []
    for outlet in outlets:
        station = outlet.station_id
        facts = facts_of(
            outlet, said[station], links[station], orders[station], spans[store.FOUND][station],
            spans[store.PLANNED][station], spans[store.PROVEN][station],
            _closed(outlet, hours[outlet.site_id], since, end),
        )  # fmt: skip
        exempt = [Exempt(_span(one), one.word) for one in _of(outlet, spans[store.EXEMPT][station])]
        found.append(
            Course(outlet=outlet, intervals=timeline(facts, since, end, now), exempt=tuple(exempt)),
        )
    return found


def facts_of(
    outlet: OutletRow,
    said: Iterable[SaidRow],
    links: Iterable[SpanRow],
    orders: Iterable[OrderRow],
    found: Iterable[SpanRow],
    planned: Iterable[SpanRow],
    proven: Iterable[SpanRow],
    closed: tuple[Span, ...],
) -> Facts:
    """Return the facts of one outlet from the rows of its station. It must have been connected once."""
    if outlet.first_at is None:
        raise ValueError("an outlet that never connected has no timeline")
    words: dict[bool, list[Said]] = {True: [], False: []}
    for row in said:
        if row.evse_number in (0, outlet.evse_number):
            words[row.evse_number == 0].append(
                Said(
                    connector_number=row.connector_number, span=Span(row.started_at, row.ended_at), status=row.status,
                    error_code=row.error_code,
                )
            )  # fmt: skip
    findings = list(_of(outlet, found))
    return Facts(
        in_service=Span(outlet.first_at, outlet.retired_at),
        said=tuple(words[False]),
        station_said=tuple(words[True]),
        linked=tuple(_span(one) for one in links),
        ordered=ordered_spans(one for one in orders if one.evse_number in (None, 0, outlet.evse_number)),
        silent=tuple(_span(one) for one in findings if one.word == "silent"),
        degraded=tuple(Reason(_span(one), one.word) for one in findings if one.word != "silent"),
        planned=tuple(_span(one) for one in _of(outlet, planned)),
        proven=tuple(_span(one) for one in _of(outlet, proven)),
        closed=closed,
    )


def ordered_spans(orders: Iterable[OrderRow]) -> tuple[Span, ...]:
    """Return when an outlet was to be out of order: from such an order of ours to the next one to be in order."""
    spans: list[Span] = []
    since: datetime | None = None
    for one in orders:
        if one.operative and since is not None:
            spans.append(Span(since, one.at))
            since = None
        elif not one.operative and since is None:
            since = one.at
    return (*spans, Span(since)) if since is not None else tuple(spans)


def _closed(outlet: OutletRow, hours: Sequence[HoursRow], start: datetime, end: datetime) -> tuple[Span, ...]:
    zone = ZoneInfo(outlet.timezone)
    spans: list[Span] = []
    for number, row in enumerate(hours):
        since = midnight(row.valid_from, zone)
        until = midnight(hours[number + 1].valid_from, zone) if number + 1 < len(hours) else end
        if since < end and until > start:
            spans += closed_spans(row.openings, zone, max(since, start), min(until, end))
    return tuple(spans)


def _of(outlet: OutletRow, rows: Iterable[SpanRow]) -> Iterable[SpanRow]:
    return (one for one in rows if one.evse_number in (None, outlet.evse_number))


def _span(row: SpanRow) -> Span:
    return Span(row.from_at, row.until_at)


def _by_station(rows: Iterable[Row]) -> Mapping[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.station_id].append(row)
    return found
