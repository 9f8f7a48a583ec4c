"""What screens read of monitors, events, alarms and streams."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.provisioning.model import SEVERE_MAX
from laddverk.stations.queries import Sites, as_list, like_text


class MonitorRow(Struct, frozen=True, kw_only=True):
    """A monitor of a station."""

    monitor_id: int
    component: str
    variable: str
    kind: str
    value: float
    severity: int | None
    transaction: bool
    notification: str
    set_by: str
    told_at: datetime
    unit: str | None
    stream_id: int | None


MONITORS = """
SELECT m.*, v.unit, e.stream_id FROM station_monitor m
LEFT JOIN station_variable v ON v.station_id = m.station_id AND v.component = m.component
    AND v.variable = m.variable AND v.attribute = 'Actual'
LEFT JOIN LATERAL (SELECT stream_id FROM event_stream e WHERE e.station_id = m.station_id
    AND e.monitor_id = m.monitor_id AND e.closed_at IS NULL LIMIT 1) AS e ON true
WHERE m.station_id = $1 AND ($2 = '' OR concat_ws(' ', m.component, m.variable, m.kind) ILIKE '%' || $2 || '%')
ORDER BY m.component, m.variable, m.kind, m.monitor_id LIMIT $3
"""


async def monitors(tx: Transaction, station_id: UUID, search: str = "", limit: int = 500) -> list[MonitorRow]:
    """Return the monitors of a station."""
    return await tx.fetch(MonitorRow, MONITORS, station_id, like_text(search), limit)


class Setting(Struct, frozen=True, kw_only=True):
    """What a charger was told about telling: the base set, and the level."""

    base: str | None = None
    base_at: datetime | None = None
    level: int | None = None
    level_at: datetime | None = None


SETTING = "SELECT base, base_at, level, level_at FROM station_monitoring WHERE station_id = $1"


async def setting(tx: Transaction, station_id: UUID) -> Setting:
    """Return what a station was told; nothing when nobody told it anything."""
    return await tx.fetch_one(Setting, SETTING, station_id) or Setting()


class EventRow(Struct, frozen=True, kw_only=True):
    """Something that a monitor noticed."""

    at: datetime
    received_at: datetime
    said_at: datetime | None
    content_key: str
    event_id: int
    trigger: str
    component: str
    variable: str
    value: str
    notification: str
    monitor_id: int | None
    severity: int | None
    cause: int | None
    tech_code: str | None
    tech_info: str | None
    cleared: bool
    transaction_key: str | None
    cleared_at: datetime | None = None
    """When a later event took back what this one alerts of."""


EVENTS = """
SELECT e.*, CASE WHEN e.alarm_key IS NOT NULL AND NOT e.cleared THEN (
    SELECT min(c.at) FROM station_event c WHERE c.station_id = e.station_id AND c.alarm_key = e.alarm_key AND c.cleared
      AND (c.at, c.event_id) > (e.at, e.event_id)) END AS cleared_at
FROM station_event e
WHERE e.station_id = $1 AND e.at < $2 AND ($3::int IS NULL OR coalesce(e.severity, 0) <= $3)
  AND ($4 = '' OR e.trigger = $4)
  AND ($5 = '' OR concat_ws(' ', e.component, e.variable, e.tech_code, e.tech_info) ILIKE '%' || $5 || '%')
ORDER BY e.at DESC, e.event_id DESC LIMIT $6
"""


async def events(
    tx: Transaction,
    station_id: UUID,
    before: datetime,
    *,
    severity_max: int | None = None,
    trigger: str = "",
    search: str = "",
    limit: int = 50,
) -> list[EventRow]:
    """Return events of a station before an instant, newest first; those whose severity nobody knows always too."""
    return await tx.fetch(EventRow, EVENTS, station_id, before, severity_max, trigger, like_text(search), limit)


class AlarmRow(Struct, frozen=True, kw_only=True):
    """Something that alerts, or did."""

    station_id: UUID
    alarm_key: str
    station_name: str
    site_id: UUID
    site_name: str
    component: str
    variable: str
    monitor_id: int | None
    tech_code: str | None
    tech_info: str | None
    severity: int | None
    value: str
    raised_at: datetime
    last_at: datetime
    cleared_at: datetime | None
    seen_at: datetime | None
    """When somebody said to deal with it."""
    seen_by: str
    seen_note: str


_ALARMS_NARROWED = """
FROM station_alarm a JOIN station ON station.id = a.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($2::uuid IS NULL OR a.station_id = $2)
  AND ($3 OR a.cleared_at IS NULL) AND ($4::int IS NULL OR coalesce(a.severity, 0) <= $4)
  AND ($5 = '' OR concat_ws(' ', station.name, site.name, a.component, a.variable, a.tech_code, a.tech_info)
       ILIKE '%' || $5 || '%')
  AND station.retired_at IS NULL AND (NOT $6 OR a.seen_at IS NULL)
"""
ALARMS = (
    """
SELECT a.*, station.name AS station_name, station.site_id, site.name AS site_name
"""
    + _ALARMS_NARROWED
    + """
ORDER BY a.cleared_at IS NOT NULL, a.seen_at IS NOT NULL, coalesce(a.severity, 0), a.last_at DESC, a.station_id,
         a.alarm_key
LIMIT $7 OFFSET $8
"""
)
COUNT_ALARMS = "SELECT count(*)" + _ALARMS_NARROWED


class AlarmFilter(Struct, frozen=True, kw_only=True):
    """What a list of alarms is narrowed to. An alarm whose severity nobody knows counts as the most severe."""

    station_id: UUID | None = None
    with_cleared: bool = False
    severity_max: int | None = None
    search: str = ""
    only_unseen: bool = False


async def alarms(
    tx: Transaction, sites: Sites, wanted: AlarmFilter, *, limit: int = 50, offset: int = 0
) -> list[AlarmRow]:
    """Return a page of alarms, those that stand and that nobody has seen first, the most severe of them first."""
    return await tx.fetch(AlarmRow, ALARMS, *_narrowing(sites, wanted), limit, offset)


async def count_alarms(tx: Transaction, sites: Sites, wanted: AlarmFilter) -> int:
    """Return how many alarms `wanted` leaves."""
    return int(await tx.value(COUNT_ALARMS, *_narrowing(sites, wanted)))


async def count_severe(tx: Transaction, sites: Sites) -> int:
    """Return how many severe alarms stand that nobody has seen."""
    return await count_alarms(tx, sites, AlarmFilter(severity_max=SEVERE_MAX, only_unseen=True))


def _narrowing(sites: Sites, wanted: AlarmFilter) -> tuple[object, ...]:
    return (
        as_list(sites), wanted.station_id, wanted.with_cleared, wanted.severity_max, like_text(wanted.search),
        wanted.only_unseen,
    )  # fmt: skip


class StreamRow(Struct, frozen=True, kw_only=True):
    """A stream with its newest values, oldest first."""

    stream_id: int
    monitor_id: int
    component: str | None
    variable: str | None
    unit: str | None
    interval_s: int | None
    values_max: int | None
    opened_at: datetime
    closed_at: datetime | None
    pending: int
    last_at: datetime | None
    last_value: str | None
    values: list[str]

    @property
    def numbers(self) -> list[float]:
        """The values that are numbers, for a curve."""
        return [number for number in map(_number, self.values) if number is not None]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


class StreamPoint(Struct, frozen=True):
    """One value of a stream."""

    at: datetime
    value: str

    @property
    def number(self) -> float | None:
        """The value, if it is a number."""
        return _number(self.value)


STREAM_POINTS = """
SELECT p.at, p.value FROM (
    SELECT at, value FROM stream_value WHERE station_id = $1 AND stream_id = $2 ORDER BY at DESC LIMIT $3
) AS p ORDER BY p.at
"""


async def stream_points(tx: Transaction, station_id: UUID, stream_id: int, limit: int = 720) -> list[StreamPoint]:
    """Return the newest values of a stream, oldest first."""
    return await tx.fetch(StreamPoint, STREAM_POINTS, station_id, stream_id, limit)


STREAMS = """
SELECT s.*, m.component, m.variable, v.unit, coalesce(n.values, '{}') AS values
FROM event_stream s
LEFT JOIN station_monitor m ON m.station_id = s.station_id AND m.monitor_id = s.monitor_id
LEFT JOIN station_variable v ON v.station_id = m.station_id AND v.component = m.component
    AND v.variable = m.variable AND v.attribute = 'Actual'
LEFT JOIN LATERAL (
    SELECT array_agg(value ORDER BY at) AS values FROM (
        SELECT at, value FROM stream_value x WHERE x.station_id = s.station_id AND x.stream_id = s.stream_id
        ORDER BY at DESC LIMIT $2) AS newest
) AS n ON true
WHERE s.station_id = $1 AND (s.closed_at IS NULL OR s.closed_at > $3)
ORDER BY s.closed_at IS NOT NULL, s.stream_id LIMIT 100
"""


async def streams(tx: Transaction, station_id: UUID, closed_after: datetime, values: int = 60) -> list[StreamRow]:
    """Return the streams of a station that are open, or were closed after an instant."""
    return await tx.fetch(StreamRow, STREAMS, station_id, values, closed_after)
