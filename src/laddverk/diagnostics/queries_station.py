"""What the page of one station's diagnosis shows: findings, inputs, its timeline and its curves. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
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

TIMELINE: Final = """
-- Everything that happened to a charger; each source is cut to the newest by its own index before they are merged.
SELECT * FROM (
    (SELECT started_at AS at, 'state' AS kind, evse_number, status AS word,
            concat_ws(' · ', error_code, vendor_error_code, info) AS detail, '' AS who, '' AS state, NULL::uuid AS id
     FROM connector_state WHERE station_id = $1 AND started_at < $2 AND same_since = started_at AND 'state' = ANY($4)
     ORDER BY started_at DESC LIMIT $3)
    UNION ALL
    (SELECT began_at, 'outcome', evse_number, outcome, array_to_string(error_codes, ' · '), '', why::text, session_id
     FROM session_outcome WHERE station_id = $1 AND began_at < $2 AND 'outcome' = ANY($4)
     ORDER BY began_at DESC LIMIT $3)
    UNION ALL
    (SELECT connected_at, 'connected', NULL, protocol, '', '', '', NULL FROM station_connection
     WHERE station_id = $1 AND connected_at < $2 AND 'link' = ANY($4) ORDER BY connected_at DESC LIMIT $3)
    UNION ALL
    (SELECT disconnected_at, 'disconnected', NULL, coalesce(close_reason, ''), coalesce(close_code::text, ''), '', '',
            NULL
     FROM station_connection WHERE station_id = $1 AND disconnected_at < $2 AND 'link' = ANY($4)
     ORDER BY disconnected_at DESC LIMIT $3)
    UNION ALL
    (SELECT received_at, 'boot', NULL, coalesce(payload ->> 'reason', ''), coalesce(payload ->> 'firmware', ''), '',
            '', NULL
     FROM station_report WHERE station_id = $1 AND received_at < $2 AND kind = 'BootNotification' AND 'boot' = ANY($4)
     ORDER BY received_at DESC LIMIT $3)
    UNION ALL
    (SELECT created_at, 'command', (command ->> 'evse_number')::int, kind, reason, requested_by, state, id
     FROM command WHERE station_id = $1 AND created_at < $2 AND 'command' = ANY($4)
     ORDER BY created_at DESC LIMIT $3)
    UNION ALL
    (SELECT raised_at, 'raised', evse_number, detector, family, '', '', incident_id FROM finding
     WHERE station_id = $1 AND raised_at < $2 AND 'finding' = ANY($4) ORDER BY raised_at DESC LIMIT $3)
    UNION ALL
    (SELECT cleared_at, 'cleared', evse_number, detector, family, '', '', incident_id FROM finding
     WHERE station_id = $1 AND cleared_at < $2 AND 'finding' = ANY($4) ORDER BY cleared_at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'variable', NULL, concat_ws('.', nullif(component, ''), variable),
            coalesce(value, ''), changed_by, cause, NULL
     FROM station_variable_change AS c WHERE station_id = $1 AND at < $2 AND 'change' = ANY($4)
       AND EXISTS (SELECT FROM station_variable_change AS e WHERE e.station_id = c.station_id
                   AND e.component = c.component AND e.variable = c.variable AND e.attribute = c.attribute
                   AND e.at < c.at)
     ORDER BY at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'change', NULL, action, reason, actor_name, '', NULL FROM audit_log
     WHERE object_id = $1 AND at < $2 AND action <> 'command.requested' AND 'change' = ANY($4)
     ORDER BY at DESC LIMIT $3)
) AS happened ORDER BY at DESC LIMIT $3
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

KINDS: Final = ("state", "outcome", "link", "boot", "command", "finding", "change")


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


class HappeningRow(Struct, frozen=True, kw_only=True):
    """One thing that happened to a station. What the fields hold depends on `kind`."""

    at: datetime
    kind: str
    evse_number: int | None
    word: str
    detail: str
    who: str
    state: str
    id: UUID | None


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


async def timeline(
    tx: Transaction, station_id: UUID, before: datetime, kinds: Sequence[str] = KINDS, limit: int = 60
) -> list[HappeningRow]:
    """Return everything that happened to a station before an instant, newest first."""
    return await tx.fetch(HappeningRow, TIMELINE, station_id, before, limit, list(kinds))


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
