"""What one station has and said: connectors, values, commands, odd reports. SQL and nothing else."""

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
