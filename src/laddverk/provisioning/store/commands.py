"""Commands that have their outcome, as this room needs them to go on; and facts of their stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CommandId, StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform.database import Transaction
from laddverk.provisioning.model import StationTraits


class FinishedCommand(Struct, frozen=True, kw_only=True):
    """A command with its outcome."""

    id: CommandId
    station_id: StationId
    kind: str
    command: AnyCommand
    state: str
    outcome: str | None
    requested_by: str
    answered_at: datetime | None
    detail: dict[str, Any]


FINISHED = """
SELECT id, station_id, kind, command, state, outcome, requested_by, answered_at, detail FROM command
WHERE id = ANY($1) ORDER BY answered_at NULLS LAST, id
"""


async def finished(tx: Transaction, command_ids: Sequence[UUID]) -> list[FinishedCommand]:
    """Return these commands in the order in which they were answered."""
    return await tx.fetch(FinishedCommand, FINISHED, list(command_ids))


TRAITS = """
SELECT id AS station_id, site_id, vendor, model, protocol FROM station
WHERE id = ANY($1) AND retired_at IS NULL ORDER BY id
"""


async def traits(tx: Transaction, station_ids: Sequence[StationId]) -> list[StationTraits]:
    """Return what decides which templates are meant for these stations; those that are retired are left out."""
    return await tx.fetch(StationTraits, TRAITS, list(station_ids))


ALL_TRAITS = """
SELECT id AS station_id, site_id, vendor, model, protocol FROM station
WHERE retired_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
"""


async def all_traits(tx: Transaction, after: StationId | None, limit: int) -> list[StationTraits]:
    """Return the stations after one, by id, a batch at a time."""
    return await tx.fetch(StationTraits, ALL_TRAITS, after, limit)


class NamedValue(Struct, frozen=True):
    """A variable's name and value."""

    variable: str
    value: str | None


SAYING = """
SELECT variable, value FROM station_variable
WHERE station_id = $1 AND attribute = 'Actual' AND variable = ANY($2) AND value IS NOT NULL
"""


async def saying(tx: Transaction, station_id: StationId, names: Sequence[str]) -> dict[str, str | None]:
    """Return the values of variables with these names, whatever their component."""
    rows = await tx.fetch(NamedValue, SAYING, station_id, list(names))
    return {row.variable: row.value for row in rows}


class ToldKey(Struct, frozen=True):
    """A configuration key of 1.6, and when it was last told."""

    variable: str
    reported_at: datetime


KEYS_TOLD = "SELECT variable, reported_at FROM station_variable WHERE station_id = $1 AND component = ''"


async def keys_told(tx: Transaction, station_id: StationId) -> list[ToldKey]:
    """Return the configuration keys that a 1.6 station has told of."""
    return await tx.fetch(ToldKey, KEYS_TOLD, station_id)


OPEN_EVSE_RESETS = """
SELECT DISTINCT station_id, (command->>'evse_number')::int AS evse_number FROM command
WHERE station_id = ANY($1) AND finished_at IS NULL AND kind = 'reset' AND command->>'evse_number' IS NOT NULL
"""


class EvseReset(Struct, frozen=True):
    """An EVSE that was asked to restart."""

    station_id: StationId
    evse_number: int


async def open_evse_resets(tx: Transaction, station_ids: Sequence[StationId]) -> set[EvseReset]:
    """Return which EVSEs of these stations are asked to restart and have not been seen to."""
    return set(await tx.fetch(EvseReset, OPEN_EVSE_RESETS, list(station_ids)))


KEEP_PROFILE = """
INSERT INTO network_profile (station_id, slot, url, security_profile, message_timeout_s, interface, ocpp_version, apn,
                             set_at, set_by, command_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (station_id, slot) DO UPDATE
SET url = excluded.url, security_profile = excluded.security_profile, interface = excluded.interface,
    message_timeout_s = excluded.message_timeout_s, ocpp_version = excluded.ocpp_version, apn = excluded.apn,
    set_at = excluded.set_at, set_by = excluded.set_by, command_id = excluded.command_id
WHERE excluded.set_at >= network_profile.set_at
"""


async def keep_profile(tx: Transaction, done: FinishedCommand, now: datetime) -> None:
    """Note the network profile that a charger took."""
    wanted: Any = done.command
    await tx.execute(
        KEEP_PROFILE,
        done.station_id,
        wanted.slot,
        wanted.url,
        wanted.security_profile,
        wanted.message_timeout_s,
        wanted.interface,
        wanted.ocpp_version,
        wanted.apn,
        done.answered_at or now,
        done.requested_by,
        done.id,
    )
