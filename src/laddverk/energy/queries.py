"""What screens read about current: profiles, limits, needs, grid functions. SQL alone; nothing is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.model import Condition
from laddverk.ocpp.facts import Composite, Profile, Schedule
from laddverk.platform.database import Transaction

ROWS_MAX: Final = 100  # of one station; beyond it a screen tells nobody anything


class ProfileRow(Struct, frozen=True, kw_only=True):
    """A profile of ours, and whether the charger says that it has it."""

    profile_id: int
    evse_number: int
    purpose: str
    stack_level: int
    profile: Profile
    condition: Condition
    word: str
    limit_now: float | None
    requested_by: str
    reason: str
    created_at: datetime
    changed_at: datetime
    reported: bool


PROFILES = """
SELECT c.*, EXISTS (SELECT FROM reported_profile r WHERE r.station_id = c.station_id AND r.profile_id = c.profile_id
                    AND r.evse_number = c.evse_number AND r.source = 'CSO') AS reported
FROM charging_profile c
WHERE c.station_id = $1
  AND (c.condition NOT IN ('gone', 'refused') OR c.changed_at > $2::timestamptz - interval '1 day')
ORDER BY c.condition IN ('gone', 'refused'), c.evse_number, c.purpose, c.stack_level DESC, c.profile_id DESC LIMIT $3
"""


async def profiles(tx: Transaction, station_id: UUID, now: datetime) -> list[ProfileRow]:
    """Return our profiles of a station: those that are there, and what went or was refused within a day."""
    return await tx.fetch(ProfileRow, PROFILES, station_id, now, ROWS_MAX)


class ReportedRow(Struct, frozen=True, kw_only=True):
    """A profile that the charger says it has, and that is none of ours."""

    evse_number: int
    source: str
    profile_id: int
    profile: Profile
    reported_at: datetime


FOREIGN = """
SELECT r.evse_number, r.source, r.profile_id, r.profile, r.reported_at FROM reported_profile r
WHERE r.station_id = $1 AND NOT EXISTS (
    SELECT FROM charging_profile c WHERE c.station_id = r.station_id AND c.profile_id = r.profile_id
      AND c.evse_number = r.evse_number AND r.source = 'CSO' AND c.condition <> 'gone')
ORDER BY r.evse_number, r.source, r.profile_id LIMIT $2
"""
READ_AT = "SELECT read_at FROM profile_read WHERE station_id = $1"


async def foreign(tx: Transaction, station_id: UUID) -> list[ReportedRow]:
    """Return profiles that a charger reports and that we did not set."""
    return await tx.fetch(ReportedRow, FOREIGN, station_id, ROWS_MAX)


async def read_at(tx: Transaction, station_id: UUID) -> datetime | None:
    """Return when a charger last told all its profiles."""
    found: datetime | None = await tx.value(READ_AT, station_id)
    return found


class CompositeRow(Struct, frozen=True):
    """What a charger made of all its profiles."""

    evse_number: int
    composite: Composite
    told_at: datetime


COMPOSITES = "SELECT evse_number, composite, told_at FROM composite_told WHERE station_id = $1 ORDER BY evse_number"


async def composites(tx: Transaction, station_id: UUID) -> dict[int, CompositeRow]:
    """Return a charger's own composite schedules by EVSE."""
    return {row.evse_number: row for row in await tx.fetch(CompositeRow, COMPOSITES, station_id)}


class LimitRow(Struct, frozen=True, kw_only=True):
    """A limit of somebody else."""

    evse_number: int
    source: str
    grid_critical: bool | None
    local_generation: bool | None
    schedules: list[Schedule]
    set_at: datetime
    cleared_at: datetime | None


LIMITS = """
SELECT * FROM outside_limit WHERE station_id = $1
ORDER BY cleared_at IS NOT NULL, coalesce(cleared_at, set_at) DESC LIMIT $2
"""


async def limits(tx: Transaction, station_id: UUID) -> list[LimitRow]:
    """Return limits of others, those that hold first."""
    return await tx.fetch(LimitRow, LIMITS, station_id, 20)


class NeedRow(Struct, frozen=True, kw_only=True):
    """What a car said that it needs."""

    evse_number: int
    received_at: datetime
    transfer: str
    departure_at: datetime | None
    energy_wh: int | None
    current_max_a: float | None
    power_max_w: int | None
    soc_percent: int | None
    answered: str


NEEDS = "SELECT * FROM ev_need WHERE station_id = $1 ORDER BY received_at DESC LIMIT 5"


async def needs(tx: Transaction, station_id: UUID) -> list[NeedRow]:
    """Return the latest needs of cars."""
    return await tx.fetch(NeedRow, NEEDS, station_id)


class PlanRow(Struct, frozen=True, kw_only=True):
    """How a car means to charge."""

    evse_number: int
    received_at: datetime
    schedule: Schedule
    fits: bool


PLANS = "SELECT * FROM ev_plan WHERE station_id = $1 ORDER BY received_at DESC LIMIT 5"


async def plans(tx: Transaction, station_id: UUID) -> list[PlanRow]:
    """Return the latest plans of cars."""
    return await tx.fetch(PlanRow, PLANS, station_id)


class ControlRow(Struct, frozen=True, kw_only=True):
    """A grid function of a charger that feeds back."""

    control_id: str
    control: str
    is_default: bool
    body: dict[str, Any]
    condition: Condition
    superseded: bool
    running: bool
    word: str
    changed_at: datetime


CONTROLS = """
SELECT * FROM der_control
WHERE station_id = $1 AND (condition <> 'gone' OR changed_at > $2::timestamptz - interval '1 day')
ORDER BY condition = 'gone', control, is_default DESC, control_id LIMIT $3
"""


async def controls(tx: Transaction, station_id: UUID, now: datetime) -> list[ControlRow]:
    """Return the grid functions of a charger."""
    return await tx.fetch(ControlRow, CONTROLS, station_id, now, ROWS_MAX)


class EventRow(Struct, frozen=True, kw_only=True):
    """An alarm of the grid, or the start or stop of a grid function."""

    at: datetime
    kind: str
    control: str
    detail: dict[str, Any]


EVENTS = "SELECT at, kind, control, detail FROM der_event WHERE station_id = $1 ORDER BY at DESC, content_key LIMIT 20"


async def events(tx: Transaction, station_id: UUID) -> list[EventRow]:
    """Return the latest events of the grid at a charger."""
    return await tx.fetch(EventRow, EVENTS, station_id)
