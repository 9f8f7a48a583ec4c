"""Self-healing in PostgreSQL: what a decision must know, and the steps that were taken. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.diagnostics.remedies.model import Action, Attempt, Why
from laddverk.kernel.ids import SessionId, SiteId, StationId, new_id
from laddverk.platform.database import Transaction

LOCK: Final = "SELECT pg_advisory_xact_lock(7230501)"  # one decision at a time: waves are counted across incidents
BEGIN: Final = "INSERT INTO remedy_setting (began_at) VALUES ($1) ON CONFLICT DO NOTHING"
SETTING: Final = "SELECT began_at, switched_off_at, switched_off_by, switched_off_why FROM remedy_setting"
MEET: Final = "INSERT INTO remedy_model (vendor, model, began_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
MODEL: Final = "SELECT began_at, excluded_at FROM remedy_model WHERE vendor = $1 AND model = $2"

# Problems of one charger that no person has taken, that nothing hides and that no larger problem explains; those that
# may be looked at again. What is dangerous at any outlet of it holds for all: a restart is of the whole charger.
DUE: Final = """
SELECT incident.id AS incident_id, incident.family, incident.severity, incident.station_id, incident.site_id,
       incident.evse_number, coalesce(incident.raised_at, incident.since) AS opened_at,
       station.vendor, station.model, station.firmware, station.connected_at IS NOT NULL AS connected, station.quirks,
       greatest(station.connected_at, station.booted_at) AS came_at,
       EXISTS (SELECT FROM finding WHERE finding.incident_id = incident.id AND finding.severity = 0)
       OR EXISTS (SELECT FROM finding WHERE finding.station_id = station.id AND finding.cleared_at IS NULL
                    AND (finding.severity = 0 OR finding.family = ANY($3))) AS is_safety,
       (SELECT session.id FROM finding
        JOIN session ON session.station_id = finding.station_id AND session.evse_number = finding.evse_number
        WHERE finding.incident_id = incident.id AND finding.detector = 'D14' AND finding.cleared_at IS NULL
          AND session.ended_at IS NULL AND session.started_at <= finding.raised_at
        ORDER BY session.started_at LIMIT 1) AS zombie_id
FROM incident JOIN station ON station.id = incident.station_id
LEFT JOIN remedy_hold AS hold ON hold.incident_id = incident.id
WHERE incident.state = 'new' AND incident.hidden_by = '' AND incident.parent_id IS NULL
  AND incident.scope IN ('charger', 'firmware')
  AND NOT EXISTS (SELECT FROM incident AS wide WHERE wide.stations @> ARRAY[incident.station_id]
                    AND wide.scope IN ('site', 'network', 'carrier', 'backend') AND wide.quiet_since IS NULL
                    AND wide.state IN ('new', 'acknowledged', 'in_work', 'verifying'))
  AND incident.quiet_since IS NULL AND cardinality(incident.stations) = 1 AND station.retired_at IS NULL
  AND (hold.incident_id IS NULL OR hold.until_at <= $1)
ORDER BY incident.severity, incident.since, incident.id LIMIT $2 FOR UPDATE OF incident SKIP LOCKED
"""
ATTEMPTS: Final = """
SELECT action, decided_at AS at, state, dry FROM remedy WHERE incident_id = $1 AND dry = $2 ORDER BY number
"""
RESETS: Final = """
SELECT decided_at FROM remedy
WHERE station_id = $1 AND dry = $2 AND action IN ('reset_soft', 'reset_hard') AND decided_at > $3
UNION ALL
SELECT created_at FROM command
WHERE station_id = $1 AND created_at > $3 AND state NOT IN ('refused', 'expired')
  AND (kind = 'reset' OR kind = 'raw_call' AND command->>'action' = 'Reset')
  AND NOT EXISTS (SELECT FROM remedy WHERE remedy.command_id = command.id)
"""
# What is going on at any outlet of the station; also what the charger says though no session of ours is open, and
# what people have ordered of it: the last order for the outlet, and that for the whole charger.
BUSY: Final = """
SELECT (SELECT count(*) FROM session WHERE station_id = $1 AND ended_at IS NULL)::int AS sessions,
       (SELECT count(*) FROM connector WHERE station_id = $1
          AND status IN ('charging', 'suspended_ev', 'suspended_evse'))::int AS charging,
       (SELECT count(*) FROM start_request WHERE station_id = $1 AND session_id IS NULL AND cancelled_at IS NULL
          AND expires_at > $2)::int
     + (SELECT count(*) FROM authorisation WHERE station_id = $1 AND received_at > $2::timestamptz - $3::interval)::int
     + (SELECT count(*) FROM connector WHERE station_id = $1 AND status IN ('preparing', 'occupied')
          AND status_since > $2::timestamptz - $4::interval)::int
     + (SELECT count(*) FROM reservation WHERE station_id = $1 AND state IN ('asked', 'held')
          AND expires_at > $2)::int AS starts,
       (SELECT count(*) FROM firmware_update WHERE station_id = $1
          AND state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting'))::int
     + (SELECT count(*) FROM command WHERE station_id = $1 AND finished_at IS NULL
          AND NOT EXISTS (SELECT FROM remedy WHERE remedy.command_id = command.id))::int AS in_hand,
       (SELECT count(*) FROM (
          SELECT DISTINCT ON (coalesce((command->>'evse_number')::int, 0)) command->>'operative' AS operative
          FROM command WHERE station_id = $1 AND kind = 'change_availability'
            AND ($5::int = 0 OR coalesce((command->>'evse_number')::int, 0) IN (0, $5::int))
          ORDER BY coalesce((command->>'evse_number')::int, 0), created_at DESC) AS last
        WHERE operative = 'false')::int AS ordered_out,
       (SELECT count(*) FROM command WHERE station_id = $1 AND kind IN ('set_profile', 'update_dynamic_limit')
          AND state <> 'refused')::int AS limits_ours
"""
# Messages that came long after they were made: the charger is telling what it had kept.
QUEUED: Final = """
SELECT max(event.received_at) FROM session
JOIN session_event AS event ON event.station_id = session.station_id
     AND event.transaction_key = session.transaction_key
WHERE session.station_id = $1 AND session.started_at > $2::timestamptz - interval '7 days'
  AND event.received_at > $2::timestamptz - interval '10 minutes'
  AND event.received_at - event.at > interval '2 minutes'
"""
# How many usually come in this hour of the day.
USUAL: Final = """
SELECT count(*)::float8 / 28 FROM session_outcome
WHERE station_id = $1 AND began_at > $2::timestamptz - interval '28 days'
  AND extract(hour FROM began_at) = extract(hour FROM $2::timestamptz)
"""
WAVE: Final = """
SELECT (SELECT count(*) FROM station WHERE retired_at IS NULL)::int AS stations,
       count(DISTINCT remedy.station_id) FILTER (WHERE station.site_id = $2)::int AS of_site,
       count(DISTINCT remedy.station_id)::int AS of_fleet
FROM remedy JOIN station ON station.id = remedy.station_id
WHERE remedy.station_id <> $1 AND remedy.dry = $3 AND remedy.decided_at > $4 AND remedy.action <> 'work_order'
"""
# Of the last tries whose outcome is known: how many cured. Too few of many: it is dropped for that model.
RATES: Final = """
SELECT action, count(*)::int AS tries, count(*) FILTER (WHERE verdict = 'cured')::int AS cured FROM remedy
WHERE NOT dry AND verdict <> '' AND vendor = $1 AND model = $2 AND firmware = $3 AND family = $4 GROUP BY action
"""
WRITE: Final = """
INSERT INTO remedy (id, incident_id, number, station_id, evse_number, family, vendor, model, firmware, action, why, dry,
                    decided_at, command_id, state, finished_at)
SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
FROM remedy WHERE incident_id = $2
"""
HOLD: Final = """
INSERT INTO remedy_hold (incident_id, until_at, why, decided_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (incident_id) DO UPDATE SET until_at = excluded.until_at, why = excluded.why,
                                        decided_at = excluded.decided_at
"""
FORGET_HOLDS: Final = "DELETE FROM remedy_hold WHERE NOT EXISTS (SELECT FROM incident WHERE id = incident_id)"
FOLLOW: Final = """
UPDATE remedy SET state = command.state, word = left(coalesce(command.outcome, ''), 200),
                  finished_at = coalesce(command.finished_at, $2)
FROM command WHERE command.id = remedy.command_id AND command.id = ANY($1)
RETURNING remedy.incident_id
"""


class Due(Struct, frozen=True):
    """An incident that self-healing may look at, with its station."""

    incident_id: IncidentId
    family: Family
    severity: Severity
    station_id: StationId
    site_id: SiteId
    evse_number: int
    opened_at: datetime
    vendor: str
    model: str
    firmware: str
    connected: bool
    quirks: dict[str, Any]
    came_at: datetime | None
    is_safety: bool
    zombie_id: SessionId | None
    """A session that a detector calls none: open since before it was found, at that outlet."""


class Setting(Struct, frozen=True):
    """What people allow at all."""

    began_at: datetime
    switched_off_at: datetime | None
    switched_off_by: str
    switched_off_why: str


class ModelSetting(Struct, frozen=True):
    """What people allow for one model."""

    began_at: datetime
    excluded_at: datetime | None


class Busy(Struct, frozen=True):
    """What is going on at a station."""

    sessions: int
    charging: int
    starts: int
    in_hand: int
    ordered_out: int
    limits_ours: int
    """Limits that we have sent to the charger: by load management, or by people."""


class Wave(Struct, frozen=True):
    """How many other chargers were reached lately."""

    stations: int
    of_site: int
    of_fleet: int


class Rate(Struct, frozen=True):
    """How often a step was tried, and how often it cured."""

    action: Action
    tries: int
    cured: int


async def lock(tx: Transaction) -> None:
    """Let no other decision be made until this transaction ends."""
    await tx.execute(LOCK)


async def setting(tx: Transaction, now: datetime) -> Setting:
    """Return what people allow; the first call is the first day of self-healing."""
    await tx.execute(BEGIN, now)
    found = await tx.fetch_one(Setting, SETTING)
    assert found is not None
    return found


async def model_setting(tx: Transaction, vendor: str, model: str, now: datetime) -> ModelSetting:
    """Return what people allow for a model; the first call is its first day."""
    await tx.execute(MEET, vendor, model, now)
    found = await tx.fetch_one(ModelSetting, MODEL, vendor, model)
    assert found is not None
    return found


async def due(tx: Transaction, now: datetime, most: int, dangerous: Collection[Family]) -> list[Due]:
    """Return at most `most` incidents that may be looked at now, the worst first; their rows are locked."""
    return await tx.fetch(Due, DUE, now, most, sorted(dangerous))


async def attempts(tx: Transaction, incident_id: IncidentId, *, dry: bool) -> tuple[Attempt, ...]:
    """Return the steps of an incident, oldest first: those of a dry run, or the real ones."""
    return tuple(await tx.fetch(Attempt, ATTEMPTS, incident_id, dry))


async def resets(tx: Transaction, station_id: StationId, since: datetime, *, dry: bool) -> tuple[datetime, ...]:
    """Return when this station was started again: by self-healing (or would have been), or by people."""
    return tuple(await tx.values(RESETS, station_id, dry, since))


async def busy(
    tx: Transaction, station_id: StationId, evse_number: int, now: datetime, shown: timedelta, plugged: timedelta
) -> Busy:
    """Return what is going on; a token counts for `shown`, a plugged car without a session for `plugged`."""
    found = await tx.fetch_one(Busy, BUSY, station_id, now, shown, plugged, evse_number)
    assert found is not None
    return found


async def queued_at(tx: Transaction, station_id: StationId, now: datetime) -> datetime | None:
    """Return when the last message came that the charger had kept while it was offline."""
    found: datetime | None = await tx.value(QUEUED, station_id, now)
    return found


async def usual(tx: Transaction, station_id: StationId, now: datetime) -> float:
    """Return how many attempts a day usually begin in this hour."""
    return float(await tx.value(USUAL, station_id, now))


async def wave(tx: Transaction, station_id: StationId, site_id: SiteId, since: datetime, *, dry: bool) -> Wave:
    """Return how many other chargers were reached since `since`."""
    found = await tx.fetch_one(Wave, WAVE, station_id, site_id, dry, since)
    assert found is not None
    return found


async def rates(tx: Transaction, one: Due) -> list[Rate]:
    """Return what each step has done for this family at this version of this model."""
    return await tx.fetch(Rate, RATES, one.vendor, one.model, one.firmware, one.family)


async def write(
    tx: Transaction, one: Due, action: Action, why: Why, now: datetime, *, dry: bool, command_id: UUID | None
) -> None:
    """Keep a step that is taken now; one without a command is done at once."""
    state = "dry" if dry else "queued" if command_id else "confirmed"
    await tx.execute(
        WRITE, new_id(), one.incident_id, one.station_id, one.evse_number, one.family, one.vendor, one.model,
        one.firmware, action, msgspec.to_builtins(why), dry, now, command_id, state, None if command_id else now,
    )  # fmt: skip


async def hold(tx: Transaction, incident_id: IncidentId, until: datetime | None, why: Why, now: datetime) -> None:
    """Keep why nothing is done now, and until when."""
    await tx.execute(HOLD, incident_id, until, msgspec.to_builtins(why), now)


async def forget_holds(tx: Transaction) -> None:
    """Forget what was held of incidents that are no more."""
    await tx.execute(FORGET_HOLDS)


async def follow(tx: Transaction, command_ids: Sequence[UUID], now: datetime) -> list[IncidentId]:
    """Take over what became of commands; return the incidents whose steps they were."""
    return [IncidentId(one) for one in await tx.values(FOLLOW, list(command_ids), now)]
