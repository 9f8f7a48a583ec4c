"""What the fold reads and writes: all messages and readings of some sessions, and the rows they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import SessionId, StationId
from laddverk.kernel.money import VatTotal
from laddverk.platform.database import Transaction
from laddverk.sessions.model import OpenRow, StoredEvent, StoredSample
from laddverk.tariffs.model import PriceLine, Tariff

EVENTS_OF: Final = """
SELECT e.station_id, e.transaction_key, e.content_key, e.kind, e.at, e.received_at, e.said_at, e.detail
FROM unnest($1::uuid[], $2::text[]) AS given (station_id, transaction_key)
JOIN session_event AS e USING (station_id, transaction_key)
"""

SAMPLES_OF: Final = """
-- Readings that name the session, and those that name none but were taken at its EVSE while it ran (quirk 65).
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[])
        AS given (session_id, station_id, transaction_key, evse_number, started_at, ended_at)
)
SELECT given.session_id, p.at, p.received_at, p.said_at, p.context, p.energy_wh, p.power_w, p.soc_percent
FROM given JOIN sample AS p ON p.station_id = given.station_id AND p.transaction_key = given.transaction_key
UNION ALL
SELECT given.session_id, p.at, p.received_at, p.said_at, p.context, p.energy_wh, p.power_w, p.soc_percent
FROM given JOIN sample AS p ON p.station_id = given.station_id AND p.transaction_key = ''
     AND p.at >= given.started_at AND p.at <= coalesce(given.ended_at, 'infinity')
     AND p.evse_number = given.evse_number
"""

SURROUNDINGS: Final = """
-- What a session is judged by: the power of its connector as staff entered it, its site's time zone, what was decided.
SELECT s.id, site.timezone, coalesce(connector.power_max_w, station.power_max_w) AS power_max_w,
       s.version, s.approved_version, s.settlement, s.charging_ended_at, s.doubts, s.tariff_version_id,
       coalesce((s.tariff ->> 'free')::boolean, false) AS free,
       EXISTS (SELECT FROM session_settled WHERE session_settled.session_id = s.id) AS settled
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS given (id, evse_number, connector_number)
JOIN session AS s ON s.id = given.id
JOIN station ON station.id = s.station_id
JOIN site ON site.id = station.site_id
LEFT JOIN connector ON connector.station_id = s.station_id AND connector.evse_number = given.evse_number
     AND connector.connector_number = given.connector_number AND NOT connector.found_by_itself
"""

SAVE: Final = """
UPDATE session AS s SET
    evse_number = f.evse_number, connector_number = f.connector_number, token_uid = f.token_uid,
    token_id = f.token_id, driver_id = f.driver_id,
    start_request_id = f.start_request_id, payment_id = f.payment_id, settlement = f.settlement,
    started_at = f.started_at, ended_at = f.ended_at, charging_ended_at = f.charging_ended_at,
    said_start_at = f.said_start_at, said_end_at = f.said_end_at,
    register_start_wh = f.register_start_wh, register_end_wh = f.register_end_wh, energy_wh = f.energy_wh,
    power_w = f.power_w, soc_percent = f.soc_percent, sampled_at = f.sampled_at,
    charging_state = f.charging_state, state_at = f.state_at,
    stop_reason = f.stop_reason, stop_token_uid = f.stop_token_uid, doubts = f.doubts,
    tariff_version_id = CASE WHEN f.rechosen THEN f.tariff_version_id ELSE s.tariff_version_id END,
    tariff = CASE WHEN f.rechosen THEN f.tariff ELSE s.tariff END, timezone = f.timezone, version = f.version,
    price_minor = CASE WHEN f.unpriced THEN NULL ELSE s.price_minor END,
    vat_minor = CASE WHEN f.unpriced THEN NULL ELSE s.vat_minor END,
    vat_percent = CASE WHEN f.unpriced THEN NULL ELSE s.vat_percent END,
    vat = CASE WHEN f.unpriced THEN NULL ELSE s.vat END,
    currency = CASE WHEN f.unpriced THEN NULL ELSE s.currency END,
    price_lines = CASE WHEN f.unpriced THEN NULL ELSE s.price_lines END,
    priced_at = CASE WHEN f.unpriced THEN NULL ELSE s.priced_at END,
    access_hash = coalesce(s.access_hash, request.access_hash)
FROM jsonb_to_recordset($1::jsonb) AS f (
    id uuid, evse_number int, connector_number int, token_uid text, token_id uuid, driver_id uuid,
    start_request_id uuid, payment_id uuid, settlement text, started_at timestamptz, ended_at timestamptz,
    charging_ended_at timestamptz, said_start_at timestamptz, said_end_at timestamptz, register_start_wh bigint,
    register_end_wh bigint, energy_wh bigint, power_w int, soc_percent int, sampled_at timestamptz,
    charging_state text, state_at timestamptz, stop_reason text, stop_token_uid text, doubts text[],
    tariff_version_id uuid, tariff jsonb, timezone text, version int, rechosen boolean, unpriced boolean)
LEFT JOIN start_request AS request ON request.id = f.start_request_id
     AND (request.session_id IS NULL OR request.session_id = f.id)
WHERE s.id = f.id
"""

DOUBT: Final = """
UPDATE session SET doubts = doubts || $2::text WHERE id = ANY($1::uuid[]) AND NOT $2 = ANY(doubts)
"""

UNPRICED: Final = """
-- Closed sessions that have no price yet, locked; one that another worker holds is that worker's.
SELECT id, station_id, evse_number, transaction_key, version, started_at, ended_at, charging_ended_at, energy_wh,
       settlement, payment_id, driver_id, tariff, timezone, connector_number, reserved_from, reservation_expired
FROM session WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL AND priced_at IS NULL AND tariff IS NOT NULL
ORDER BY id FOR NO KEY UPDATE
"""

CLOSED: Final = """
-- Closed sessions, priced or not.
SELECT id, station_id, evse_number, transaction_key, version, started_at, ended_at, charging_ended_at, energy_wh,
       settlement, payment_id, driver_id, coalesce(tariff, '{}') AS tariff, timezone, connector_number,
       reserved_from, reservation_expired
FROM session WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL ORDER BY ended_at, id
"""

WAITING_FOR_SPOT: Final = """
-- Closed sessions that wait for the exchange's prices, the oldest first.
SELECT id FROM session
WHERE ended_at IS NOT NULL AND priced_at IS NULL AND jsonb_path_exists(tariff, '$.components[*].spot.area')
ORDER BY ended_at LIMIT $1
"""

SAVE_PRICES: Final = """
UPDATE session AS s SET price_minor = f.price_minor, vat_minor = f.vat_minor, vat_percent = f.vat_percent,
    vat = f.vat, currency = f.currency, price_lines = f.price_lines, priced_at = f.priced_at
FROM jsonb_to_recordset($1::jsonb) AS f (id uuid, price_minor bigint, vat_minor bigint, vat_percent numeric,
    vat jsonb, currency text, price_lines jsonb, priced_at timestamptz)
WHERE s.id = f.id
"""


class Span(Struct, frozen=True):
    """Which readings belong to a session."""

    session_id: SessionId
    station_id: StationId
    transaction_key: str
    evse_number: int
    connector_number: int
    started_at: datetime
    ended_at: datetime | None


class Surroundings(Struct, frozen=True):
    """What a session is judged by, and what was decided about it before."""

    id: SessionId
    timezone: str
    power_max_w: int
    version: int
    approved_version: int | None
    settlement: str
    charging_ended_at: datetime | None
    doubts: frozenset[str]
    tariff_version_id: UUID | None
    free: bool
    settled: bool


class SavedRow(Struct, frozen=True, kw_only=True):
    """What `save` writes of a session."""

    id: SessionId
    evse_number: int
    connector_number: int
    token_uid: str | None
    token_id: UUID | None
    driver_id: UUID | None
    start_request_id: UUID | None
    payment_id: UUID | None
    settlement: str
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    said_start_at: datetime | None
    said_end_at: datetime | None
    register_start_wh: int | None
    register_end_wh: int | None
    energy_wh: int
    power_w: int | None
    soc_percent: int | None
    sampled_at: datetime | None
    charging_state: str | None
    state_at: datetime | None
    stop_reason: str | None
    stop_token_uid: str | None
    doubts: tuple[str, ...]
    tariff_version_id: UUID | None
    tariff: Tariff | None
    timezone: str
    version: int
    rechosen: bool
    unpriced: bool


class Unpriced(Struct, frozen=True):
    """A closed session that waits for its price."""

    id: SessionId
    station_id: StationId
    evse_number: int
    connector_number: int
    transaction_key: str
    version: int
    started_at: datetime
    ended_at: datetime
    charging_ended_at: datetime | None
    energy_wh: int
    settlement: str
    payment_id: UUID | None
    driver_id: UUID | None
    tariff: Tariff
    timezone: str
    reserved_from: datetime | None = None
    """Since when the outlet was kept for it."""
    reservation_expired: bool = False
    """It is nothing but a reservation that nobody came for."""


class SavedPrice(Struct, frozen=True, kw_only=True):
    """What `save_prices` writes."""

    id: SessionId
    price_minor: int
    vat_minor: int
    vat_percent: Decimal
    vat: tuple[VatTotal, ...] | None
    """Where there are several rates."""
    currency: str
    price_lines: tuple[PriceLine, ...]
    priced_at: datetime


async def events_of(tx: Transaction, rows: Sequence[OpenRow]) -> dict[tuple[StationId, str], list[StoredEvent]]:
    """Return all messages of each session in `rows`, by station and transaction key."""
    found: dict[tuple[StationId, str], list[StoredEvent]] = {}
    stations, keys = [row.station_id for row in rows], [row.transaction_key for row in rows]
    for event in await tx.fetch(StoredEvent, EVENTS_OF, stations, keys):
        found.setdefault((event.station_id, event.transaction_key), []).append(event)
    return found


async def samples_of(tx: Transaction, spans: Sequence[Span]) -> dict[SessionId, list[StoredSample]]:
    """Return the readings of each session."""
    found: dict[SessionId, list[StoredSample]] = {}
    samples = await tx.fetch(
        StoredSample,
        SAMPLES_OF,
        [span.session_id for span in spans],
        [span.station_id for span in spans],
        [span.transaction_key for span in spans],
        [span.evse_number for span in spans],
        [span.started_at for span in spans],
        [span.ended_at for span in spans],
    )
    for sample in samples:
        found.setdefault(sample.session_id, []).append(sample)
    return found


async def surroundings_of(tx: Transaction, spans: Sequence[Span]) -> dict[SessionId, Surroundings]:
    """Return what each session is judged by."""
    found = await tx.fetch(
        Surroundings,
        SURROUNDINGS,
        [span.session_id for span in spans],
        [span.evse_number for span in spans],
        [span.connector_number for span in spans],
    )
    return {row.id: row for row in found}


async def save(tx: Transaction, rows: Sequence[SavedRow]) -> None:
    """Write folded rows."""
    if rows:
        await tx.execute(SAVE, rows)


async def doubt(tx: Transaction, ids: Sequence[SessionId], word: str) -> None:
    """Add a doubt to sessions that are otherwise left as they are."""
    if ids:
        await tx.execute(DOUBT, list(ids), word)


async def unpriced(tx: Transaction, ids: Sequence[SessionId]) -> list[Unpriced]:
    """Return those of `ids` that are closed, have a tariff and no price, locked."""
    return await tx.fetch(Unpriced, UNPRICED, list(ids))


async def closed(tx: Transaction, session_ids: Sequence[SessionId]) -> list[Unpriced]:
    """Return closed sessions as pricing needs them, whether they have a price or not, in the order of their ends."""
    return await tx.fetch(Unpriced, CLOSED, list(session_ids))


async def waiting_for_spot(tx: Transaction, limit: int) -> list[SessionId]:
    """Return closed sessions that have no price yet, and whose tariff follows the exchange."""
    return [SessionId(row["id"]) for row in await tx.rows(WAITING_FOR_SPOT, limit)]


async def save_prices(tx: Transaction, prices: Sequence[SavedPrice]) -> None:
    """Write prices."""
    if prices:
        await tx.execute(SAVE_PRICES, prices)
