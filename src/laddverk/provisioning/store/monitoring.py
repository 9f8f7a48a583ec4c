"""Monitors, events and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import EventNotified, Monitor
from laddverk.platform.database import Transaction


class KeptMonitor(Struct, frozen=True):
    """A monitor of a station, who asked for it, and when the charger told."""

    station_id: StationId
    monitor: Monitor
    told_at: datetime
    set_by: str = ""


KEEP_MONITORS = """
INSERT INTO station_monitor AS kept (station_id, monitor_id, component, variable, kind, value, severity, transaction,
                                     notification, told_at, set_by)
SELECT given.* FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::int2[],
                           $8::bool[], $9::text[], $10::timestamptz[], $11::text[]) AS given
    (station_id, monitor_id, component, variable, kind, value, severity, transaction, notification, told_at, set_by)
WHERE (SELECT count(*) FROM station_monitor m WHERE m.station_id = given.station_id) < $12
   OR EXISTS (SELECT FROM station_monitor m
              WHERE m.station_id = given.station_id AND m.monitor_id = given.monitor_id)
ON CONFLICT (station_id, monitor_id) DO UPDATE
SET component = excluded.component, variable = excluded.variable, kind = excluded.kind, value = excluded.value,
    severity = excluded.severity, transaction = excluded.transaction, notification = excluded.notification,
    told_at = excluded.told_at,
    set_by = CASE WHEN excluded.set_by <> '' OR excluded.variable <> kept.variable THEN excluded.set_by
                  ELSE kept.set_by END
WHERE excluded.told_at >= kept.told_at
"""


SEVERITY_OF_EVENTS = """
UPDATE station_event e SET severity = g.severity
FROM unnest($1::uuid[], $2::bigint[], $3::int2[]) AS g (station_id, monitor_id, severity)
WHERE e.station_id = g.station_id AND e.monitor_id = g.monitor_id AND e.severity IS NULL AND g.severity IS NOT NULL
"""
SEVERITY_OF_ALARMS = """
UPDATE station_alarm a SET severity = g.severity
FROM unnest($1::uuid[], $2::bigint[], $3::int2[]) AS g (station_id, monitor_id, severity)
WHERE a.station_id = g.station_id AND a.monitor_id = g.monitor_id AND a.severity IS NULL AND g.severity IS NOT NULL
"""


# Events take the lock of their stations shared and monitors take it alone. Without it an event that is kept at the
# same moment as its monitor sees no monitor, the monitor sees no event, and the alarm never gets a severity.
WAIT_FOR_EVENTS = """
SELECT pg_advisory_xact_lock($2, hashtext(s::text)) FROM (SELECT DISTINCT unnest($1::uuid[]) AS s ORDER BY 1) stations
"""
WAIT_FOR_MONITORS = """
SELECT pg_advisory_xact_lock_shared($2, hashtext(s::text))
FROM (SELECT DISTINCT unnest($1::uuid[]) AS s ORDER BY 1) stations
"""
MONITORS_LOCK: Final = 0x6D6F6E  # the first of the two numbers of an advisory lock; the second is the station's


async def keep_monitors(tx: Transaction, monitors: Sequence[KeptMonitor], monitors_max: int) -> None:
    """Keep monitors as last told; each (station, number) at most once. A station with too many keeps those it has.

    What they noticed before we knew them gets their severity: a charger may alert before it has answered us.
    """
    await tx.execute(WAIT_FOR_EVENTS, [one.station_id for one in monitors], MONITORS_LOCK)
    await tx.execute(
        KEEP_MONITORS,
        [one.station_id for one in monitors],
        [one.monitor.monitor_id for one in monitors],
        [one.monitor.component for one in monitors],
        [one.monitor.variable for one in monitors],
        [one.monitor.kind for one in monitors],
        [one.monitor.value for one in monitors],
        [one.monitor.severity for one in monitors],
        [one.monitor.transaction for one in monitors],
        [one.monitor.notification for one in monitors],
        [one.told_at for one in monitors],
        [one.set_by for one in monitors],
        monitors_max,
    )
    severe = (
        [one.station_id for one in monitors],
        [one.monitor.monitor_id for one in monitors],
        [one.monitor.severity for one in monitors],
    )
    await tx.execute(SEVERITY_OF_EVENTS, *severe)
    await tx.execute(SEVERITY_OF_ALARMS, *severe)


DROP_MONITORS = "DELETE FROM station_monitor WHERE station_id = $1 AND monitor_id = ANY($2) AND told_at <= $3"
DROP_UNTOLD = "DELETE FROM station_monitor WHERE station_id = $1 AND told_at < $2"


async def drop_monitors(tx: Transaction, station_id: StationId, monitor_ids: Sequence[int], at: datetime) -> None:
    """Forget monitors that are gone since `at`."""
    await tx.execute(DROP_MONITORS, station_id, list(monitor_ids), at)


async def drop_untold(tx: Transaction, station_id: StationId, since: datetime) -> None:
    """Forget monitors of which the charger has not told since a report of all of them was asked for."""
    await tx.execute(DROP_UNTOLD, station_id, since)


SEVERITIES = """
SELECT m.station_id, m.monitor_id, m.severity FROM station_monitor m
JOIN unnest($1::uuid[], $2::bigint[]) AS g (station_id, monitor_id) USING (station_id, monitor_id)
WHERE m.severity IS NOT NULL
"""


class Severity(Struct, frozen=True):
    """How severe the events of a monitor are."""

    station_id: StationId
    monitor_id: int
    severity: int


async def severities(tx: Transaction, monitors: Sequence[tuple[StationId, int]]) -> dict[tuple[StationId, int], int]:
    """Return how severe the events of these monitors are, as far as the monitors are known.

    Monitors that become known later wait until this transaction ends, and then tell their severity themselves.
    """
    await tx.execute(WAIT_FOR_MONITORS, [one for one, _ in monitors], MONITORS_LOCK)
    rows = await tx.fetch(Severity, SEVERITIES, [one for one, _ in monitors], [number for _, number in monitors])
    return {(row.station_id, row.monitor_id): row.severity for row in rows}


class KeptEvent(Struct, frozen=True):
    """An event as it is kept: its digest, how severe it is, and to which alarm it belongs."""

    event: EventNotified
    content_key: str
    severity: int | None
    alarm_key: str | None


KEEP_EVENTS = """
INSERT INTO station_event (station_id, at, content_key, received_at, said_at, event_id, trigger, component, variable,
    value, notification, monitor_id, severity, cause, tech_code, tech_info, cleared, transaction_key, alarm_key)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::int2[], $14::bigint[],
    $15::text[], $16::text[], $17::bool[], $18::text[], $19::text[])
ON CONFLICT (station_id, at, content_key) DO NOTHING
RETURNING station_id, alarm_key
"""


class Alerted(Struct, frozen=True, order=True):
    """Something that alerts, or does no more."""

    station_id: StationId
    alarm_key: str | None


async def keep_events(tx: Transaction, kept: Sequence[KeptEvent]) -> list[Alerted]:
    """Keep events that are new, and return of which stations and alarms they are."""
    events = [one.event for one in kept]
    return await tx.fetch(
        Alerted,
        KEEP_EVENTS,
        [event.station_id for event in events],
        [event.at for event in events],
        [one.content_key for one in kept],
        [event.received_at for event in events],
        [event.said_at for event in events],
        [event.event_id for event in events],
        [event.trigger for event in events],
        [event.component for event in events],
        [event.variable for event in events],
        [event.value for event in events],
        [event.notification for event in events],
        [event.monitor_id for event in events],
        [one.severity for one in kept],
        [event.cause for event in events],
        [event.tech_code for event in events],
        [event.tech_info for event in events],
        [event.cleared for event in events],
        [event.transaction_key for event in events],
        [one.alarm_key for one in kept],
    )


RETELL_ALARMS = """
-- An alarm is raised by the first event after it was last cleared, and is as its newest event says.
INSERT INTO station_alarm AS kept (station_id, alarm_key, component, variable, monitor_id, tech_code, tech_info,
                                   severity, value, raised_at, last_at, cleared_at)
SELECT t.station_id, t.alarm_key, newest.component, newest.variable, newest.monitor_id,
       coalesce(newest.tech_code, told.tech_code), coalesce(newest.tech_info, told.tech_info),
       coalesce(newest.severity, told.severity), newest.value, coalesce(told.raised_at, newest.at), newest.at,
       CASE WHEN newest.cleared THEN newest.at END
FROM unnest($1::uuid[], $2::text[]) AS t (station_id, alarm_key)
CROSS JOIN LATERAL (
    SELECT * FROM station_event e WHERE e.station_id = t.station_id AND e.alarm_key = t.alarm_key
    ORDER BY at DESC, event_id DESC, content_key DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
    SELECT at, event_id FROM station_event e
    WHERE e.station_id = t.station_id AND e.alarm_key = t.alarm_key AND cleared
      AND (e.at, e.event_id) < (newest.at, newest.event_id)
    ORDER BY at DESC, event_id DESC LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT min(at) AS raised_at, max(tech_code) AS tech_code, max(tech_info) AS tech_info, min(severity) AS severity
    FROM station_event e
    WHERE e.station_id = t.station_id AND e.alarm_key = t.alarm_key AND NOT cleared
      AND (before.at IS NULL OR (e.at, e.event_id) > (before.at, before.event_id))
) AS told ON true
ON CONFLICT (station_id, alarm_key) DO UPDATE
SET tech_code = excluded.tech_code, tech_info = excluded.tech_info, severity = excluded.severity,
    value = excluded.value, raised_at = excluded.raised_at, last_at = excluded.last_at,
    cleared_at = excluded.cleared_at,
    seen_at = CASE WHEN kept.raised_at = excluded.raised_at
                    AND coalesce(excluded.severity, 0) >= coalesce(kept.severity, 0) THEN kept.seen_at END
"""


async def retell_alarms(tx: Transaction, alerted: Sequence[Alerted]) -> None:
    """Make these alarms what their events say."""
    await tx.execute(RETELL_ALARMS, [one.station_id for one in alerted], [one.alarm_key for one in alerted])


SEE_ALARM = """
UPDATE station_alarm SET seen_at = $3, seen_by = $4, seen_note = $5
WHERE station_id = $1 AND alarm_key = $2 AND cleared_at IS NULL AND seen_at IS NULL
"""


async def see_alarm(
    tx: Transaction, station_id: StationId, alarm_key: str, now: datetime, *, by: str, note: str
) -> bool:
    """Note who deals with an alarm. Return False when it does not stand, or somebody has seen it before."""
    return await tx.execute(SEE_ALARM, station_id, alarm_key, now, by, note) > 0


ALARM_STANDS = "SELECT cleared_at IS NULL FROM station_alarm WHERE station_id = $1 AND alarm_key = $2"


async def alarm_stands(tx: Transaction, station_id: StationId, alarm_key: str) -> bool | None:
    """Return whether an alarm stands; None when there is no such."""
    stands: bool | None = await tx.value(ALARM_STANDS, station_id, alarm_key)
    return stands


SET_BASE = """
INSERT INTO station_monitoring (station_id, base, base_at) VALUES ($1, $2, $3)
ON CONFLICT (station_id) DO UPDATE SET base = excluded.base, base_at = excluded.base_at
"""
SET_LEVEL = """
INSERT INTO station_monitoring (station_id, level, level_at) VALUES ($1, $2, $3)
ON CONFLICT (station_id) DO UPDATE SET level = excluded.level, level_at = excluded.level_at
"""


async def set_base(tx: Transaction, station_id: StationId, base: str, at: datetime) -> None:
    """Note which built-in monitors a charger keeps active."""
    await tx.execute(SET_BASE, station_id, base, at)


async def set_level(tx: Transaction, station_id: StationId, level: int, at: datetime) -> None:
    """Note from which severity on a charger tells."""
    await tx.execute(SET_LEVEL, station_id, level, at)


DROP_EVENTS = """
DELETE FROM station_event e USING (
    SELECT station_id, at, content_key, row_number() OVER (PARTITION BY station_id ORDER BY at DESC) AS place
    FROM station_event
) AS ranked
WHERE (ranked.place > $2 OR ranked.at < $1)
  AND e.station_id = ranked.station_id AND e.at = ranked.at AND e.content_key = ranked.content_key
"""
DROP_ALARMS = """
DELETE FROM station_alarm a USING (
    SELECT station_id, alarm_key, row_number() OVER (PARTITION BY station_id ORDER BY last_at DESC) AS place
    FROM station_alarm
) AS ranked
WHERE (a.cleared_at < $1 OR ranked.place > $2)
  AND a.station_id = ranked.station_id AND a.alarm_key = ranked.alarm_key
"""


async def drop_old(tx: Transaction, since: datetime, events_max: int, alarms_max: int) -> None:
    """Drop events and ended alarms before `since`, and what a station has of them beyond so many, the oldest first."""
    await tx.execute(DROP_EVENTS, since, events_max)
    await tx.execute(DROP_ALARMS, since, alarms_max)
