"""Security alarms that staff have to be told, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class Untold(Struct, frozen=True, kw_only=True):
    """An alarm that nobody was told of."""

    id: UUID
    station_id: UUID | None
    station_name: str | None
    kind: str
    tech_info: str
    source: str
    at: datetime
    told_lately: bool
    """The same was told since the moment that was asked about."""


UNTOLD = """
SELECT e.id, e.station_id, s.name AS station_name, e.kind, e.tech_info, e.source, e.at,
       EXISTS (SELECT FROM security_event t
               WHERE t.station_id IS NOT DISTINCT FROM e.station_id AND t.kind = e.kind AND t.told_at > $1
                 AND (e.source = 'charger' OR t.tech_info = e.tech_info)) AS told_lately
FROM security_event e LEFT JOIN station s ON s.id = e.station_id
WHERE e.critical AND e.told_at IS NULL ORDER BY e.received_at, e.id LIMIT $2 FOR UPDATE OF e SKIP LOCKED
"""


async def untold(tx: Transaction, lately: datetime, limit: int) -> list[Untold]:
    """Return alarms that nobody was told of, the oldest first, locked."""
    return await tx.fetch(Untold, UNTOLD, lately, limit)


TOLD = "UPDATE security_event SET told_at = $2 WHERE id = ANY($1)"


async def set_told(tx: Transaction, event_ids: Sequence[UUID], now: datetime) -> None:
    """Note that alarms were told, or that there was nobody to tell."""
    await tx.execute(TOLD, list(event_ids), now)
