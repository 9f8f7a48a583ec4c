"""What the page of one station's diagnosis shows: findings, inputs and its curves. SQL only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import Evidence
from laddverk.platform.database import Transaction

FINDINGS: Final = """
SELECT id, detector, evse_number, family, severity, confidence, since, raised_at, last_at, times, evidence, cleared_at,
       incident_id
FROM finding WHERE station_id = $1 AND (cleared_at IS NULL OR cleared_at > $2)
ORDER BY cleared_at IS NOT NULL, severity, raised_at DESC LIMIT $3
"""

WATCHED: Final = "SELECT observable, heard_at FROM station_watch WHERE station_id = $1"

INBOX: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM observation WHERE station_id = $1 LIMIT 1000) AS waiting) AS waiting,
       (SELECT coalesce(sum(dropped), 0)::bigint FROM observation_lost WHERE at > $2) AS dropped,
       (SELECT max(heard_at) FROM station_watch) AS heard_at
"""

OF_SESSIONS_SHOWN: Final = """
    SELECT s.started_at AS at, percentile_cont({quantile}) WITHIN GROUP (ORDER BY p.{column}) AS value
    FROM session AS s JOIN sample AS p ON p.station_id = s.station_id AND p.transaction_key = s.transaction_key
    WHERE s.station_id = {station} AND {place} AND s.started_at >= {since} AND s.started_at < {until}
      AND p.{column} IS NOT NULL
    GROUP BY s.id, s.started_at ORDER BY s.started_at DESC LIMIT {limit}
"""
"""One value for each session: what it reached, or, of the voltage, its middle."""

MIDDLE_SHOWN: Final = "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM ({sessions}) AS each"

PEERS_SHOWN: Final = """
-- The middle of up to thirty chargers of the same model, each by its own sessions of that time.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY middle) FROM (
    SELECT ({middle}) AS middle
    FROM station AS own JOIN station AS peer ON peer.vendor = own.vendor AND peer.model = own.model
         AND peer.id <> own.id AND peer.retired_at IS NULL
    WHERE own.id = $1 AND own.model <> '' ORDER BY peer.id LIMIT 30) AS peers WHERE middle IS NOT NULL
"""

SESSIONS_DRAWN: Final = 1_000
SESSIONS_OF_USUAL: Final = 200
SESSIONS_OF_PEER: Final = 20

MEASURED: Final = {
    "power": ("power_w", 0.9),
    "voltage": ("voltage_l1_v", 0.5),
    "temperature": ("temperature_c", 0.9),
    "current": ("current_l1_a", 0.9),
}
"""What can be drawn: its column, and which quantile stands for a session. Never what somebody typed."""


class FindingRow(Struct, frozen=True, kw_only=True):
    """A finding on its station's page."""

    id: UUID
    detector: str
    evse_number: int
    family: str
    severity: int
    confidence: float
    since: datetime
    raised_at: datetime
    last_at: datetime
    times: int
    evidence: tuple[Evidence, ...]
    cleared_at: datetime | None
    incident_id: UUID | None


class Watched(Struct, frozen=True):
    """What a station lets us see, and when it was last heard."""

    observable: dict[str, dict[str, datetime]]
    heard_at: datetime


class Inbox(Struct, frozen=True):
    """What waits to be heard, what had to be dropped, and when anything was heard last."""

    waiting: int
    dropped: int
    heard_at: datetime | None


class Curve(Struct, frozen=True, kw_only=True):
    """What an outlet's meter said, session by session, its own usual before, and its peers' now."""

    at: tuple[datetime, ...]
    values: tuple[float, ...]
    usual: float | None
    peers: float | None


async def findings(tx: Transaction, station_id: UUID, since: datetime, limit: int = 50) -> list[FindingRow]:
    """Return what is held against a station, the open ones first, and what was cleared since then."""
    return await tx.fetch(FindingRow, FINDINGS, station_id, since, limit)


async def watched(tx: Transaction, station_id: UUID) -> Watched | None:
    """Return what the station lets us see; None when it was never heard."""
    return await tx.fetch_one(Watched, WATCHED, station_id)


async def inbox(tx: Transaction, station_id: UUID, since: datetime) -> Inbox:
    """Return how the inbox stands."""
    found = await tx.fetch_one(Inbox, INBOX, station_id, since)
    assert found is not None
    return found


async def curve(
    tx: Transaction, station_id: UUID, evse_number: int, what: str, since: datetime, until: datetime, usual: datetime
) -> Curve:
    """Return the curve of one measured quantity (a key of `MEASURED`); its usual is of the time from `usual` on."""
    column, quantile = MEASURED[what]

    def of(station: str, place: str, since: str, until: str, limit: int) -> str:
        return OF_SESSIONS_SHOWN.format(
            column=column, quantile=quantile, station=station, place=place, since=since, until=until, limit=limit
        )

    own = of("$1", "s.evse_number = $2", "$3", "$4", SESSIONS_DRAWN)
    before = MIDDLE_SHOWN.format(sessions=of("$1", "s.evse_number = $2", "$3", "$4", SESSIONS_OF_USUAL))
    middle = MIDDLE_SHOWN.format(sessions=of("peer.id", "true", "$2", "$3", SESSIONS_OF_PEER))
    rows: list[Any] = await tx.rows(own, station_id, evse_number, since, until)
    return Curve(
        at=tuple(row["at"] for row in reversed(rows)),
        values=tuple(float(row["value"]) for row in reversed(rows)),
        usual=await tx.value(before, station_id, evse_number, usual, since),
        peers=await tx.value(PEERS_SHOWN.format(middle=middle), station_id, since, until),
    )
