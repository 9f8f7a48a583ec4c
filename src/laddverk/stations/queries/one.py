"""What one station has and did: connectors, happenings, values, commands, odd reports. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import like_text


class ConnectorRow(Struct, frozen=True, kw_only=True):
    """A connector on its station's page."""

    evse_number: int
    connector_number: int
    code: str
    public_evse_id: str
    plug: str
    power_type: str
    power_max_w: int
    current_max_a: int
    status: str
    status_since: datetime | None
    error_code: str | None
    vendor_error_code: str | None
    error_info: str | None
    found_by_itself: bool


CONNECTORS = """
SELECT * FROM connector WHERE station_id = $1 AND evse_number > 0 AND connector_number > 0
ORDER BY evse_number, connector_number
"""


async def connectors(tx: Transaction, station_id: UUID) -> list[ConnectorRow]:
    """Return the connectors of a station."""
    return await tx.fetch(ConnectorRow, CONNECTORS, station_id)


class Happening(Struct, frozen=True, kw_only=True):
    """One thing that happened to a station. What the fields hold depends on `kind`."""

    at: datetime
    kind: str
    """state, connected, disconnected, command or change."""
    evse_number: int | None = None
    word: str
    """The status, the close reason, the command's kind or the audit action."""
    detail: str = ""
    who: str = ""
    state: str = ""
    """Of a command: what became of it."""


# Each source is cut to the newest by its own index before they are merged.
HAPPENINGS = """
SELECT * FROM (
    (SELECT started_at AS at, 'state' AS kind, evse_number, status AS word,
            concat_ws(' · ', error_code, vendor_error_code, info) AS detail, '' AS who, '' AS state
     FROM connector_state WHERE station_id = $1 AND started_at < $2 AND same_since = started_at
     ORDER BY started_at DESC LIMIT $3)
    UNION ALL
    (SELECT connected_at, 'connected', NULL, protocol, '', '', ''
     FROM station_connection WHERE station_id = $1 AND connected_at < $2 ORDER BY connected_at DESC LIMIT $3)
    UNION ALL
    (SELECT disconnected_at, 'disconnected', NULL, coalesce(close_reason, ''), coalesce(close_code::text, ''), '', ''
     FROM station_connection WHERE station_id = $1 AND disconnected_at < $2 ORDER BY disconnected_at DESC LIMIT $3)
    UNION ALL
    (SELECT created_at, 'command', (command->>'evse_number')::int, kind, reason, requested_by, state
     FROM command WHERE station_id = $1 AND created_at < $2 ORDER BY created_at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'change', NULL, action, reason, actor_name, ''
     FROM audit_log WHERE object_id = $1 AND at < $2 ORDER BY at DESC LIMIT $3)
) AS happened
ORDER BY at DESC LIMIT $3
"""


async def happenings(tx: Transaction, station_id: UUID, before: datetime, limit: int = 40) -> list[Happening]:
    """Return what happened to a station before an instant, newest first: states, connections, commands, changes."""
    return await tx.fetch(Happening, HAPPENINGS, station_id, before, limit)


class VariableRow(Struct, frozen=True, kw_only=True):
    """A configuration key or variable as the charger last told it."""

    component: str
    variable: str
    attribute: str
    value: str | None
    mutability: str
    unit: str | None
    data_type: str | None
    reported_at: datetime


VARIABLES = """
SELECT * FROM station_variable
WHERE station_id = $1 AND ($2 = '' OR concat_ws(' ', component, variable, value) ILIKE '%' || $2 || '%')
ORDER BY component, variable, attribute LIMIT $3
"""


async def variables(tx: Transaction, station_id: UUID, search: str = "", limit: int = 1000) -> list[VariableRow]:
    """Return the variables of a station."""
    return await tx.fetch(VariableRow, VARIABLES, station_id, like_text(search), limit)


class CommandRow(Struct, frozen=True, kw_only=True):
    """A command and what became of it."""

    id: UUID
    station_id: UUID
    kind: str
    command: dict[str, Any]
    state: str
    requested_by: str
    reason: str
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    detail: dict[str, Any]


COMMANDS = "SELECT * FROM command WHERE station_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
COMMAND = "SELECT * FROM command WHERE id = $1"


async def commands(tx: Transaction, station_id: UUID, limit: int = 20) -> list[CommandRow]:
    """Return the latest commands to a station."""
    return await tx.fetch(CommandRow, COMMANDS, station_id, limit)


async def command(tx: Transaction, command_id: UUID) -> CommandRow | None:
    """Return one command."""
    return await tx.fetch_one(CommandRow, COMMAND, command_id)


class ReportRow(Struct, frozen=True, kw_only=True):
    """Something a charger reported that no room acts on, or a fault that was tolerated."""

    received_at: datetime
    said_at: datetime | None
    kind: str
    payload: Any


REPORTS = "SELECT * FROM station_report WHERE station_id = $1 ORDER BY received_at DESC LIMIT $2"


async def reports(tx: Transaction, station_id: UUID, limit: int = 50) -> list[ReportRow]:
    """Return the latest odd reports of a station."""
    return await tx.fetch(ReportRow, REPORTS, station_id, limit)
