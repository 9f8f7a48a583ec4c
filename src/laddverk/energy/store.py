"""Charging profiles in PostgreSQL: what we have set and what chargers say. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.energy.composite import from_outside
from laddverk.energy.model import Condition, Feed, Placed, Running
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Composite, Profile, Schedule
from laddverk.platform.database import Transaction

THERE: Final = ("wanted", "installed", "leaving")


class Addressee(Struct, frozen=True):
    """What must be known of a station before a profile is sent to it."""

    id: StationId
    protocol: str | None
    vendor: str
    model: str
    firmware: str
    quirks: dict[str, Any]


LOCK_STATION = """
-- Locked, so that two people do not give out the same number of a profile.
SELECT id, protocol, vendor, model, firmware, quirks FROM station
WHERE id = $1 AND ($2::uuid[] IS NULL OR site_id = ANY($2)) FOR NO KEY UPDATE
"""


async def lock_station(tx: Transaction, station_id: StationId, site_ids: Any) -> Addressee | None:
    """Return a station that may be seen, locked; None when there is none."""
    return await tx.fetch_one(Addressee, LOCK_STATION, station_id, None if site_ids is None else list(site_ids))


class _Variable(Struct, frozen=True):
    variable: str
    value: str | None


ALLOWANCES = """
SELECT lower(variable) AS variable, value FROM station_variable
WHERE station_id = $1 AND attribute = 'Actual'
  AND ((component = '' AND lower(variable) IN ('chargingscheduleallowedchargingrateunit', 'chargeprofilemaxstacklevel',
                                               'chargingschedulemaxperiods', 'maxchargingprofilesinstalled'))
       OR (component = 'SmartChargingCtrlr' AND lower(variable) IN ('rateunit', 'profilestacklevel',
                                                                    'periodsperschedule', 'entries',
                                                                    'supportsdynamicprofiles',
                                                                    'supportsfeature[dynamicprofiles]')))
"""


async def allowances(tx: Transaction, station_id: UUID) -> dict[str, str | None]:
    """Return what a station said of its smart charging, by lower-case names."""
    return {row.variable: row.value for row in await tx.fetch(_Variable, ALLOWANCES, station_id)}


class _Outlet(Struct, frozen=True):
    power_type: str
    current_max_a: int
    power_max_w: int


FEED = """
SELECT power_type, current_max_a, power_max_w FROM connector
WHERE station_id = $1 AND evse_number > 0 AND connector_number > 0 AND ($2 = 0 OR evse_number = $2)
ORDER BY power_max_w DESC, connector_number LIMIT 1
"""
PHASES: Final = {"ac1": 1, "ac3": 3, "dc": 0}


async def feed(tx: Transaction, station_id: UUID, evse_number: int) -> Feed | None:
    """Return what supplies an outlet (0: the strongest one); None when there is no such outlet."""
    found = await tx.fetch_one(_Outlet, FEED, station_id, evse_number)
    if found is None:
        return None
    return Feed(PHASES.get(found.power_type, 3), float(found.current_max_a), float(found.power_max_w))


class RunningSession(Struct, frozen=True):
    """A session that runs at an outlet."""

    id: UUID
    number: int
    transaction_key: str
    started_at: datetime
    priority: bool

    @property
    def running(self) -> Running:
        """The session as profiles see it."""
        return Running(self.transaction_key, self.started_at, self.priority)


RUNNING = """
SELECT session.id, session.number, session.transaction_key, session.started_at,
       coalesce(charging_priority.active, false) AS priority
FROM session LEFT JOIN charging_priority
  ON charging_priority.station_id = session.station_id AND charging_priority.transaction_key = session.transaction_key
WHERE session.station_id = $1 AND session.evse_number = $2 AND session.ended_at IS NULL
ORDER BY session.started_at DESC LIMIT 1
"""


async def running(tx: Transaction, station_id: UUID, evse_number: int) -> RunningSession | None:
    """Return the session that runs at an outlet."""
    return await tx.fetch_one(RunningSession, RUNNING, station_id, evse_number)


class KeptProfile(Struct, frozen=True, kw_only=True):
    """A profile of ours, as it is kept."""

    profile_id: int
    evse_number: int
    profile: Profile
    condition: Condition
    limit_now: float | None
    created_at: datetime
    requested_by: str = ""


PROFILES_THERE = """
SELECT profile_id, evse_number, profile, condition, limit_now, created_at, requested_by FROM charging_profile
WHERE station_id = $1 AND condition = ANY($2) ORDER BY profile_id
"""


async def profiles_there(tx: Transaction, station_id: UUID, conditions: Sequence[str] = THERE) -> list[KeptProfile]:
    """Return the profiles of a station that are in one of these conditions."""
    return await tx.fetch(KeptProfile, PROFILES_THERE, station_id, list(conditions))


NEXT_ID = "SELECT coalesce(max(profile_id), 0) + 1 FROM charging_profile WHERE station_id = $1"


async def next_id(tx: Transaction, station_id: UUID) -> int:
    """Return a number that no profile of this station ever had. The station is locked."""
    return int(await tx.value(NEXT_ID, station_id))


SAVE = """
INSERT INTO charging_profile AS kept (station_id, profile_id, evse_number, purpose, stack_level, profile,
    transaction_key, condition, requested_by, reason, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'wanted', $8, $9, $10, $10)
ON CONFLICT (station_id, profile_id) DO UPDATE
SET previous = CASE WHEN kept.condition = 'installed' THEN kept.profile ELSE kept.previous END,
    profile = excluded.profile, transaction_key = excluded.transaction_key, condition = 'wanted', word = '',
    limit_now = NULL, limit_at = NULL, requested_by = excluded.requested_by, reason = excluded.reason,
    created_at = excluded.created_at, changed_at = excluded.changed_at
"""


async def save(
    tx: Transaction, station_id: UUID, evse_number: int, profile: Profile, by: str, reason: str, now: datetime
) -> None:
    """Keep a profile that is on its way; one with the same number is replaced, and remembered until that is certain."""
    await tx.execute(
        SAVE, station_id, profile.id, evse_number, profile.purpose.value, profile.stack_level, profile,
        profile.transaction_key, by, reason, now,
    )  # fmt: skip


ARRIVED = """
UPDATE charging_profile SET condition = 'installed', word = $3, previous = NULL, changed_at = $4
WHERE station_id = $1 AND profile_id = $2 AND condition IN ('wanted', 'refused')
"""
REFUSED = """
-- The charger keeps what it had.
UPDATE charging_profile
SET condition = CASE WHEN previous IS NULL THEN 'refused' ELSE 'installed' END, profile = coalesce(previous, profile),
    previous = NULL, word = $3, changed_at = $4
WHERE station_id = $1 AND profile_id = $2 AND condition = 'wanted'
"""
NOTED = "UPDATE charging_profile SET word = $3, changed_at = $4 WHERE station_id = $1 AND profile_id = $2"


async def arrived(tx: Transaction, station_id: UUID, profile_id: int, word: str, now: datetime) -> None:
    """The charger took a profile."""
    await tx.execute(ARRIVED, station_id, profile_id, word, now)


async def refused(tx: Transaction, station_id: UUID, profile_id: int, word: str, now: datetime) -> None:
    """The charger did not take a profile."""
    await tx.execute(REFUSED, station_id, profile_id, word, now)


async def noted(tx: Transaction, station_id: UUID, profile_id: int, word: str, now: datetime) -> None:
    """Nobody knows whether the charger took it: the next reading tells."""
    await tx.execute(NOTED, station_id, profile_id, word, now)


STARTED_WITH = """
-- The session that a start became names its profile; 1.6 calls it by its number.
UPDATE charging_profile
SET condition = CASE WHEN session.ended_at IS NULL THEN 'installed' ELSE 'gone' END, word = 'Accepted',
    previous = NULL, changed_at = $4, transaction_key = session.transaction_key,
    profile = charging_profile.profile
              || jsonb_build_object('transaction_key', session.transaction_key, 'transaction_number', session.number)
FROM start_request JOIN session ON session.id = start_request.session_id
WHERE start_request.command_id = $3 AND charging_profile.station_id = $1 AND charging_profile.profile_id = $2
  AND charging_profile.condition = 'wanted' AND session.station_id = $1
"""


async def started_with(tx: Transaction, station_id: UUID, profile_id: int, command_id: UUID, now: datetime) -> None:
    """A session started with this profile, by this command: it is the session's from now on."""
    await tx.execute(STARTED_WITH, station_id, profile_id, command_id, now)


LEAVING = """
UPDATE charging_profile SET condition = 'leaving', changed_at = $6
WHERE station_id = $1 AND condition IN ('wanted', 'installed') AND ($2::int IS NULL OR profile_id = $2)
  AND ($3::int IS NULL OR evse_number = $3) AND ($4::text IS NULL OR purpose = $4)
  AND ($5::int IS NULL OR stack_level = $5)
"""
STAYED = """
UPDATE charging_profile SET condition = 'installed', word = $6, changed_at = $7
WHERE station_id = $1 AND condition = 'leaving' AND ($2::int IS NULL OR profile_id = $2)
  AND ($3::int IS NULL OR evse_number = $3) AND ($4::text IS NULL OR purpose = $4)
  AND ($5::int IS NULL OR stack_level = $5)
"""
LEFT = """
UPDATE charging_profile SET condition = 'gone', word = $6, changed_at = $7
WHERE station_id = $1 AND condition IN ('wanted', 'installed', 'leaving') AND ($2::int IS NULL OR profile_id = $2)
  AND ($3::int IS NULL OR evse_number = $3) AND ($4::text IS NULL OR purpose = $4)
  AND ($5::int IS NULL OR stack_level = $5)
"""


class Which(Struct, frozen=True, kw_only=True):
    """Which profiles are meant; what is None does not matter."""

    profile_id: int | None = None
    evse_number: int | None = None
    purpose: str | None = None
    stack_level: int | None = None


async def leaving(tx: Transaction, station_id: UUID, which: Which, now: datetime) -> None:
    """Profiles are on their way out."""
    await tx.execute(LEAVING, station_id, *msgspec.structs.astuple(which), now)


async def stayed(tx: Transaction, station_id: UUID, which: Which, word: str, now: datetime) -> None:
    """The charger kept them after all."""
    await tx.execute(STAYED, station_id, *msgspec.structs.astuple(which), word, now)


async def left(tx: Transaction, station_id: UUID, which: Which, word: str, now: datetime) -> int:
    """Profiles are gone; return how many."""
    return await tx.execute(LEFT, station_id, *msgspec.structs.astuple(which), word, now)


ENDED = """
UPDATE charging_profile SET condition = 'gone', word = 'session ended', changed_at = $2
FROM session
WHERE session.id = ANY($1) AND charging_profile.station_id = session.station_id
  AND charging_profile.transaction_key = session.transaction_key AND charging_profile.purpose = 'TxProfile'
  AND charging_profile.condition IN ('wanted', 'installed', 'leaving')
RETURNING charging_profile.station_id
"""
OVER = """
UPDATE charging_profile SET condition = 'gone', word = 'over', changed_at = $1
WHERE condition IN ('wanted', 'installed', 'leaving') AND (profile->>'valid_until')::timestamptz < $1
RETURNING station_id
"""


async def ended(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """The profiles of sessions that ended are gone, as the standard has it; return their stations."""
    return await tx.values(ENDED, list(session_ids), now)


async def over(tx: Transaction, now: datetime) -> list[UUID]:
    """Profiles whose time is over are gone; return their stations."""
    return await tx.values(OVER, now)


LIMIT_TOLD = """
UPDATE charging_profile SET limit_now = $3, limit_at = $4, changed_at = $4
WHERE station_id = $1 AND profile_id = $2 AND condition IN ('wanted', 'installed')
"""


async def limit_told(tx: Transaction, station_id: UUID, profile_id: int, limit: float | None, now: datetime) -> None:
    """A dynamic profile has a new limit."""
    await tx.execute(LIMIT_TOLD, station_id, profile_id, limit, now)


COMPOSITE = """
INSERT INTO composite_told (station_id, evse_number, composite, told_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (station_id, evse_number) DO UPDATE SET composite = excluded.composite, told_at = excluded.told_at
"""


async def keep_composite(tx: Transaction, station_id: UUID, composite: Composite, now: datetime) -> None:
    """Keep what a charger made of all its profiles."""
    await tx.execute(COMPOSITE, station_id, composite.evse_number, composite, now)


class _Limit(Struct, frozen=True):
    evse_number: int
    schedules: list[Schedule]
    set_at: datetime


LIMITS_NOW = """
SELECT evse_number, schedules, set_at FROM outside_limit
WHERE station_id = $1 AND cleared_at IS NULL AND NOT coalesce(local_generation, false)
"""


async def placed(tx: Transaction, station_id: UUID) -> list[Placed]:
    """Return all that we believe to limit a station: our profiles in it, and what others told it."""
    own = [
        Placed(one.profile, one.evse_number, one.created_at, one.limit_now)
        for one in await profiles_there(tx, station_id, ("installed", "leaving"))
    ]
    outside = await tx.fetch(_Limit, LIMITS_NOW, station_id)
    return own + [
        Placed(from_outside(schedule), one.evse_number, one.set_at) for one in outside for schedule in one.schedules
    ]
