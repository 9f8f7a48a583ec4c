"""What chargers tell about energy: profiles, limits of others, needs and plans of cars. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.platform.database import Transaction

REPORTED_MAX: Final = 300  # profiles of one station that are kept as told; chargers hold some dozens
SOURCES_MAX: Final = 40  # limits from outside of one station; there are four sources in the standard

KEEP_REPORTED = """
INSERT INTO reported_profile AS kept (station_id, evse_number, source, profile_id, profile, request_id, reported_at)
SELECT $1, $2, $3, $4, $5, $6, $7
WHERE (SELECT count(*) FROM reported_profile WHERE station_id = $1) < $8
ON CONFLICT (station_id, evse_number, source, profile_id) DO UPDATE
SET profile = excluded.profile, request_id = excluded.request_id, reported_at = excluded.reported_at
WHERE excluded.reported_at >= kept.reported_at
"""
FORGET_REPORTED = "DELETE FROM reported_profile WHERE station_id = $1 AND request_id <> $2 AND reported_at <= $3"
READ = """
INSERT INTO profile_read (station_id, read_at) VALUES ($1, $2)
ON CONFLICT (station_id) DO UPDATE SET read_at = greatest(profile_read.read_at, excluded.read_at)
"""
ASKED_FOR_ALL = """
-- Whether a report answers a request for everything: only then what it lacks is gone.
SELECT count(*) > 0 FROM command
WHERE station_id = $1 AND kind = $2 AND (command->>'request_id')::bigint = $3
  AND NOT jsonb_strip_nulls(command) ?| ARRAY['evse_number', 'purpose', 'stack_level', 'is_default', 'control',
                                              'control_id', 'state', 'priority']
  AND coalesce(jsonb_array_length(command->'profile_ids'), 0) = 0
  AND coalesce(jsonb_array_length(command->'sources'), 0) = 0
  AND coalesce(jsonb_array_length(command->'message_ids'), 0) = 0
"""
RECONCILE_THERE = """
UPDATE charging_profile c SET condition = 'installed', word = 'reported', previous = NULL, changed_at = $2
FROM reported_profile r
WHERE c.station_id = $1 AND c.condition IN ('wanted', 'refused') AND r.station_id = c.station_id
  AND r.evse_number = c.evse_number AND r.profile_id = c.profile_id AND r.source = 'CSO' AND c.changed_at < $2
"""
RECONCILE_GONE = """
UPDATE charging_profile c SET condition = 'gone', word = 'not reported', changed_at = $2
WHERE c.station_id = $1 AND c.condition IN ('installed', 'leaving') AND c.changed_at < $2
  AND NOT EXISTS (SELECT FROM reported_profile r
                  WHERE r.station_id = c.station_id AND r.evse_number = c.evse_number AND r.profile_id = c.profile_id)
"""


async def keep_reported(tx: Transaction, report: facts.ProfilesReported) -> None:
    """Keep the profiles of one part of a report."""
    for profile in report.profiles:
        await tx.execute(
            KEEP_REPORTED, report.station_id, report.evse_number, report.source[:20], profile.id, profile,
            report.request_id, report.received_at, REPORTED_MAX,
        )  # fmt: skip


async def asked_for_all(tx: Transaction, station_id: StationId, kind: str, request_id: int) -> bool:
    """Return whether a request was for everything."""
    return bool(await tx.value(ASKED_FOR_ALL, station_id, kind, request_id))


async def complete(tx: Transaction, station_id: UUID, request_id: int, at: datetime) -> None:
    """A whole reading is there: forget what it lacks, and bring what we believe into line with it."""
    await tx.execute(FORGET_REPORTED, station_id, request_id, at)
    await tx.execute(READ, station_id, at)
    await tx.execute(RECONCILE_THERE, station_id, at)
    await tx.execute(RECONCILE_GONE, station_id, at)


SET_LIMIT = """
INSERT INTO outside_limit AS kept
    (station_id, evse_number, source, grid_critical, local_generation, schedules, set_at)
SELECT $1, $2, $3, $4, $5, $6, $7
WHERE (SELECT count(*) FROM outside_limit WHERE station_id = $1) < $8
ON CONFLICT (station_id, evse_number, source) DO UPDATE
SET grid_critical = excluded.grid_critical, local_generation = excluded.local_generation,
    schedules = excluded.schedules, set_at = excluded.set_at, cleared_at = NULL
WHERE excluded.set_at >= kept.set_at
"""
CLEAR_LIMIT = """
UPDATE outside_limit SET cleared_at = $4
WHERE station_id = $1 AND ($2 = 0 OR evse_number = $2) AND source = $3 AND cleared_at IS NULL AND set_at <= $4
"""


async def set_limit(tx: Transaction, limit: facts.LimitReported) -> None:
    """Keep a limit of somebody else."""
    await tx.execute(
        SET_LIMIT, limit.station_id, limit.evse_number, limit.source[:20], limit.grid_critical, limit.local_generation,
        list(limit.schedules), limit.received_at, SOURCES_MAX,
    )  # fmt: skip


async def clear_limit(tx: Transaction, cleared: facts.LimitCleared) -> None:
    """A limit of somebody else is gone; without an EVSE at all of them."""
    await tx.execute(CLEAR_LIMIT, cleared.station_id, cleared.evse_number, cleared.source[:20], cleared.received_at)


KEEP_NEED = """
INSERT INTO ev_need (station_id, evse_number, received_at, transaction_key, transfer, departure_at, energy_wh,
    current_max_a, power_max_w, soc_percent, control_mode, detail, answered)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (station_id, evse_number, received_at) DO NOTHING
"""


async def keep_need(tx: Transaction, need: facts.NeedsReported, transaction_key: str | None, answered: str) -> None:
    """Keep what a car needs, and what we answered."""
    await tx.execute(
        KEEP_NEED, need.station_id, need.evse_number, need.received_at, transaction_key, need.transfer[:40],
        need.departure_at, need.energy_wh, need.current_max_a, need.power_max_w, need.soc_percent,
        need.control_mode, need.detail, answered,
    )  # fmt: skip


class WaitingNeed(Struct, frozen=True):
    """Needs that were answered with "Processing": a schedule must follow."""

    station_id: StationId
    evse_number: int
    received_at: datetime
    departure_at: datetime | None


WAITING_NEEDS = """
SELECT ev_need.station_id, ev_need.evse_number, ev_need.received_at, ev_need.departure_at
FROM ev_need
WHERE ev_need.answered = 'Processing' AND ev_need.received_at > $1
  AND EXISTS (SELECT FROM session WHERE session.station_id = ev_need.station_id
              AND session.evse_number = ev_need.evse_number AND session.ended_at IS NULL)
ORDER BY ev_need.received_at LIMIT 200 FOR UPDATE OF ev_need SKIP LOCKED
"""
NEED_ANSWERED = """
UPDATE ev_need SET answered = $4, transaction_key = $5 WHERE station_id = $1 AND evse_number = $2 AND received_at = $3
"""


async def waiting_needs(tx: Transaction, since: datetime) -> list[WaitingNeed]:
    """Return needs that wait for their schedule and have a session by now, locked."""
    return await tx.fetch(WaitingNeed, WAITING_NEEDS, since)


async def need_answered(tx: Transaction, need: WaitingNeed, word: str, transaction_key: str) -> None:
    """A schedule follows for these needs."""
    await tx.execute(NEED_ANSWERED, need.station_id, need.evse_number, need.received_at, word, transaction_key)


KEEP_PLAN = """
INSERT INTO ev_plan (station_id, evse_number, received_at, starts_at, schedule, fits)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (station_id, evse_number, received_at) DO NOTHING
"""
PRIORITY = """
INSERT INTO charging_priority AS kept (station_id, transaction_key, active, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (station_id, transaction_key) DO UPDATE SET active = excluded.active, changed_at = excluded.changed_at
WHERE excluded.changed_at >= kept.changed_at
"""


async def keep_plan(tx: Transaction, plan: facts.EvScheduleReported, fits: bool) -> None:
    """Keep how a car means to charge, and whether that is within the limits."""
    await tx.execute(
        KEEP_PLAN, plan.station_id, plan.evse_number, plan.received_at, plan.starts_at, plan.schedule, fits
    )


async def keep_priority(tx: Transaction, station_id: UUID, key: str, active: bool, at: datetime) -> None:
    """A session charges first, or no longer."""
    await tx.execute(PRIORITY, station_id, key[:100], active, at)


class _Dynamic(Struct, frozen=True):
    profile_id: int
    limit: float | None


DYNAMIC = """
-- A change that is on its way counts where it is lower: asking lifts no limit that the charger has not said yes to.
SELECT kept.profile_id, least(
    coalesce(kept.limit_now, (kept.profile #>> '{schedules,0,periods,0,limit}')::double precision), told.limit
) AS limit
FROM charging_profile AS kept LEFT JOIN LATERAL (
    SELECT (command->'update'->>'limit')::double precision AS limit FROM command
    WHERE command.station_id = kept.station_id AND command.kind = 'update_dynamic_limit'
      AND command.created_at >= kept.created_at AND (command->>'profile_id')::int = kept.profile_id
      AND command.state <> 'refused'
    ORDER BY command.created_at DESC LIMIT 1
) AS told ON true
WHERE kept.station_id = $1 AND kept.profile_id = ANY($2) AND kept.condition IN ('wanted', 'installed')
  AND kept.profile->>'kind' = 'Dynamic' AND coalesce((kept.profile->>'valid_until')::timestamptz > $3, true)
"""


async def dynamic_limits(
    tx: Transaction, station_id: UUID, profile_ids: Sequence[int], now: datetime
) -> dict[int, float | None]:
    """Return the present limits of dynamic profiles by their number; one that is none of ours, or over, is missing."""
    found = await tx.fetch(_Dynamic, DYNAMIC, station_id, list(profile_ids), now)
    return {row.profile_id: row.limit for row in found}


DROP_NEEDS = "DELETE FROM ev_need WHERE received_at < $1"
DROP_PLANS = "DELETE FROM ev_plan WHERE received_at < $1"
DROP_EVENTS = "DELETE FROM der_event WHERE received_at < $1"
DROP_PROFILES = "DELETE FROM charging_profile WHERE condition IN ('gone', 'refused') AND changed_at < $1"


async def drop_old(tx: Transaction, before: datetime) -> None:
    """Delete what cars and grids told before `before`. Numbers of profiles are not kept free for ever."""
    for statement in (DROP_NEEDS, DROP_PLANS, DROP_EVENTS, DROP_PROFILES):
        await tx.execute(statement, before)


KEEP_CONTROL = """
INSERT INTO der_control AS kept (station_id, control_id, control, is_default, body, condition, superseded, reported_at,
    changed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
WHERE (SELECT count(*) FROM der_control WHERE station_id = $1) < $10
ON CONFLICT (station_id, control_id) DO UPDATE
SET control = excluded.control, is_default = excluded.is_default, body = excluded.body,
    condition = excluded.condition, superseded = excluded.superseded,
    reported_at = coalesce(excluded.reported_at, kept.reported_at), word = '', changed_at = excluded.changed_at
"""
CONTROLS_MAX: Final = 300  # of one station; a report part holds 24 of each kind


async def keep_control(
    tx: Transaction, station_id: UUID, control: facts.DerControl, condition: str, reported_at: datetime | None,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a control: one that we want, or one that the charger says it has."""
    await tx.execute(
        KEEP_CONTROL, station_id, control.id[:36], control.control[:40], control.is_default, control.body, condition,
        control.is_superseded, reported_at, now, CONTROLS_MAX,
    )  # fmt: skip


CONTROL_CONDITION = """
UPDATE der_control SET condition = $3, word = $4, changed_at = $5 WHERE station_id = $1 AND control_id = $2
"""
SUPERSEDED = "UPDATE der_control SET superseded = true, changed_at = $3 WHERE station_id = $1 AND control_id = ANY($2)"
CONTROLS_LEFT = """
UPDATE der_control SET condition = 'gone', running = false, word = $5, changed_at = $6
WHERE station_id = $1 AND condition <> 'gone' AND is_default = $2 AND ($3::text IS NULL OR control = $3)
  AND ($4::text IS NULL OR control_id = $4)
"""
CONTROLS_UNREPORTED = """
UPDATE der_control SET condition = 'gone', running = false, word = 'not reported', changed_at = $2
WHERE station_id = $1 AND condition IN ('installed', 'leaving') AND (reported_at IS NULL OR reported_at < $3)
"""
SWITCHED = """
UPDATE der_control SET running = $3, condition = CASE WHEN $3 THEN 'installed' ELSE condition END, changed_at = $4
WHERE station_id = $1 AND control_id = $2
"""


async def control_condition(
    tx: Transaction, station_id: UUID, control_id: str, condition: str, word: str, now: datetime
) -> None:
    """What became of a control that was sent."""
    await tx.execute(CONTROL_CONDITION, station_id, control_id, condition, word, now)


async def superseded(tx: Transaction, station_id: UUID, control_ids: Sequence[str], now: datetime) -> None:
    """Other controls stand before these."""
    await tx.execute(SUPERSEDED, station_id, list(control_ids), now)


async def controls_left(
    tx: Transaction, station_id: UUID, is_default: bool, control: str | None, control_id: str | None, word: str,
    now: datetime,
) -> None:  # fmt: skip
    """Controls are gone."""
    await tx.execute(CONTROLS_LEFT, station_id, is_default, control, control_id, word, now)


async def controls_unreported(tx: Transaction, station_id: UUID, since: datetime, now: datetime) -> None:
    """A whole reading, begun at `since`, did not name these."""
    await tx.execute(CONTROLS_UNREPORTED, station_id, now, since)


async def switched(tx: Transaction, station_id: UUID, control_id: str, running: bool, now: datetime) -> None:
    """A control for a time began or ended."""
    await tx.execute(SWITCHED, station_id, control_id, running, now)


KEEP_EVENT = """
INSERT INTO der_event (station_id, at, content_key, kind, control, detail, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (station_id, at, content_key) DO NOTHING
"""


async def keep_event(
    tx: Transaction, fact: facts.Fact, kind: str, control: str, detail: dict[str, Any], content_key: str
) -> None:
    """Keep an alarm, a start or a stop, once."""
    await tx.execute(KEEP_EVENT, fact.station_id, fact.at, content_key, kind, control[:40], detail, fact.received_at)


ASKED_AT = """
SELECT created_at FROM command
WHERE station_id = $1 AND kind = 'read_der_controls' AND (command->>'request_id')::bigint = $2
  AND NOT jsonb_strip_nulls(command) ?| ARRAY['is_default', 'control', 'control_id']
ORDER BY created_at DESC LIMIT 1
"""


async def asked_at(tx: Transaction, station_id: UUID, request_id: int) -> datetime | None:
    """Return when a charger was asked for all its controls under this number; None when it was not."""
    found: datetime | None = await tx.value(ASKED_AT, station_id, request_id)
    return found
