"""What screens read of alerting. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class AlertRow(Struct, frozen=True, kw_only=True):
    """A message in a list."""

    id: UUID
    incident_id: UUID | None
    number: int | None
    person_name: str | None
    webhook_url: str | None
    channel: str
    level: int
    what: str
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    error: str
    attempts: int
    acknowledged_at: datetime | None


_LIST: Final = """
SELECT alert.*, incident.number, person.name AS person_name, webhook.url AS webhook_url FROM alert
LEFT JOIN incident ON incident.id = alert.incident_id
LEFT JOIN on_call_person AS person ON person.id = alert.person_id
LEFT JOIN alert_webhook AS webhook ON webhook.id = alert.webhook_id
"""
NEWEST: Final = _LIST + " ORDER BY alert.created_at DESC, alert.id DESC LIMIT $1 OFFSET $2"
COUNT: Final = "SELECT count(*) FROM alert"
OF_INCIDENT: Final = _LIST + " WHERE alert.incident_id = $1 ORDER BY alert.created_at DESC, alert.id DESC LIMIT 50"


async def alerts(tx: Transaction, *, limit: int, offset: int = 0) -> list[AlertRow]:
    """Return the newest messages."""
    return await tx.fetch(AlertRow, NEWEST, limit, offset)


async def count_alerts(tx: Transaction) -> int:
    """Return how many messages there were."""
    return int(await tx.value(COUNT))


async def of_incident(tx: Transaction, incident_id: UUID) -> list[AlertRow]:
    """Return who was told of an incident."""
    return await tx.fetch(AlertRow, OF_INCIDENT, incident_id)
