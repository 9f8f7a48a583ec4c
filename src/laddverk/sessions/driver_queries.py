"""What a driver's pages ask: outlets by the code on their sticker, and a driver's own sessions. Reads only."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId, PaymentId, SessionId, SiteId, StationId
from laddverk.kernel.money import VatTotal, vat_of
from laddverk.platform.database import Transaction


class Outlet(Struct, frozen=True):
    """One outlet as a driver who stands before it needs to know it."""

    code: str
    public_evse_id: str
    station_id: StationId
    station_name: str
    evse_number: int
    connector_number: int
    plug: str
    power_type: str
    power_max_w: int
    status: str
    connected: bool
    site_id: SiteId
    site_name: str
    address: str
    municipality: str
    timezone: str
    session_id: SessionId | None
    """The session that is open on its EVSE."""


class SitePlace(Struct, frozen=True):
    """A site on the drivers' map."""

    id: SiteId
    name: str
    address: str
    municipality: str
    latitude: float | None
    longitude: float | None
    outlets: int
    free: int
    power_max_w: int
    first_code: str


class DriverSession(Struct, frozen=True):
    """One session in a driver's history."""

    id: SessionId
    station_name: str
    site_name: str
    address: str
    code: str | None
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    charging_state: str | None
    stop_reason: str | None
    settlement: str
    price_minor: int | None
    vat_minor: int | None
    vat_percent: Decimal | None
    vat: tuple[VatTotal, ...] | None
    """Where there are several rates."""
    currency: str | None
    price_lines: list[dict[str, Any]] | None
    payment_id: PaymentId | None
    driver_id: DriverId | None
    timezone: str
    invoice_id: UUID | None = None

    @property
    def vat_parts(self) -> tuple[VatTotal, ...]:
        """What was sold at each VAT rate; nothing before it is priced."""
        if self.price_minor is None or self.vat_minor is None or self.vat_percent is None:
            return ()
        return vat_of(self.vat, self.price_minor, self.vat_minor, self.vat_percent)


class CurvePoint(Struct, frozen=True):
    """One instant of a session's curve."""

    at: datetime
    power_w: int | None
    energy_wh: int | None


OUTLET_COLUMNS = """
SELECT c.code, c.public_evse_id, c.station_id, st.name AS station_name, c.evse_number, c.connector_number, c.plug,
       c.power_type, c.power_max_w, c.status, st.connected_at IS NOT NULL AS connected, si.id AS site_id,
       si.name AS site_name, si.address, si.municipality, si.timezone,
       (SELECT s.id FROM session s WHERE s.station_id = c.station_id AND s.evse_number = c.evse_number
        AND s.ended_at IS NULL ORDER BY s.started_at DESC LIMIT 1) AS session_id
FROM connector c
JOIN station st ON st.id = c.station_id AND st.retired_at IS NULL
JOIN site si ON si.id = st.site_id AND si.retired_at IS NULL
"""

OUTLET_BY_CODE = OUTLET_COLUMNS + "WHERE c.code = upper($1)"

OUTLET_AT = OUTLET_COLUMNS + "WHERE c.station_id = $1 AND c.evse_number = $2 AND c.connector_number = $3"

OUTLETS_OF_SITE = OUTLET_COLUMNS + "WHERE si.id = $1 ORDER BY st.name, c.evse_number, c.connector_number"

PLACES = """
SELECT si.id, si.name, si.address, si.municipality, si.latitude, si.longitude, count(*)::int AS outlets,
       (count(*) FILTER (WHERE c.status = 'available' AND st.connected_at IS NOT NULL))::int AS free,
       max(c.power_max_w) AS power_max_w, min(c.code) AS first_code
FROM site si
JOIN station st ON st.site_id = si.id AND st.retired_at IS NULL
JOIN connector c ON c.station_id = st.id
WHERE si.retired_at IS NULL
GROUP BY si.id ORDER BY si.municipality, si.name
"""

SESSION_COLUMNS = """
SELECT s.id, st.name AS station_name, si.name AS site_name, si.address, c.code, s.started_at, s.ended_at,
       s.charging_ended_at, s.energy_wh, s.power_w, s.charging_state, s.stop_reason, s.settlement, s.price_minor,
       s.vat_minor, s.vat_percent, s.vat, s.currency, s.price_lines, s.payment_id, s.driver_id, s.timezone
FROM session s
JOIN station st ON st.id = s.station_id
JOIN site si ON si.id = st.site_id
LEFT JOIN connector c ON c.station_id = s.station_id AND c.evse_number = s.evse_number
     AND c.connector_number = s.connector_number
"""

SESSIONS_OF_DRIVER = (
    SESSION_COLUMNS
    + """
WHERE s.driver_id = $1 AND ($2::timestamptz IS NULL OR s.started_at < $2)
ORDER BY s.started_at DESC LIMIT $3
"""
)

SESSION_BY_ID = SESSION_COLUMNS + "WHERE s.id = $1"

CURVE = """
SELECT at, power_w, energy_wh FROM sample
WHERE station_id = (SELECT station_id FROM session WHERE id = $1)
  AND transaction_key = (SELECT transaction_key FROM session WHERE id = $1)
ORDER BY at LIMIT 2000
"""

COUNT_POINTS = """
SELECT count(*) FROM sample
JOIN session ON session.station_id = sample.station_id AND session.transaction_key = sample.transaction_key
WHERE session.id = $1 AND sample.power_w IS NOT NULL
"""

TOTALS_OF_DRIVER = """
-- Currencies are never added to each other (failure mode 42).
SELECT coalesce(sum(sessions), 0)::int AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
       coalesce(jsonb_object_agg(currency, price_minor) FILTER (WHERE price_minor IS NOT NULL), '{}') AS prices_minor
FROM (
    SELECT currency, count(*) AS sessions, sum(energy_wh) AS energy_wh, sum(price_minor)::bigint AS price_minor
    FROM session WHERE driver_id = $1 AND started_at >= $2 AND NOT reservation_expired GROUP BY currency
) AS by_currency
"""


class Totals(Struct, frozen=True):
    """A driver's sum since an instant."""

    sessions: int
    energy_wh: int
    prices_minor: dict[str, int]
    """By currency."""


async def outlet(tx: Transaction, code: str) -> Outlet | None:
    """Return the outlet with the sticker code `code` (in any case), or None."""
    return await tx.fetch_one(Outlet, OUTLET_BY_CODE, code)


async def outlet_at(tx: Transaction, station_id: UUID, evse_number: int, connector_number: int) -> Outlet | None:
    """Return the outlet at a place of a station, or None."""
    return await tx.fetch_one(Outlet, OUTLET_AT, station_id, evse_number, connector_number)


async def outlets_of(tx: Transaction, site_id: SiteId) -> list[Outlet]:
    """Return all outlets of a site."""
    return await tx.fetch(Outlet, OUTLETS_OF_SITE, site_id)


async def places(tx: Transaction) -> list[SitePlace]:
    """Return all sites that have an outlet, with how many are free now."""
    return await tx.fetch(SitePlace, PLACES)


async def sessions_of(
    tx: Transaction, driver_id: UUID, *, before: datetime | None = None, limit: int = 50
) -> list[DriverSession]:
    """Return a driver's sessions, newest first, those that started before `before`."""
    return await tx.fetch(DriverSession, SESSIONS_OF_DRIVER, driver_id, before, limit)


async def session(tx: Transaction, session_id: UUID) -> DriverSession | None:
    """Return one session; the caller checks whose it is."""
    return await tx.fetch_one(DriverSession, SESSION_BY_ID, session_id)


async def curve(tx: Transaction, session_id: UUID) -> list[CurvePoint]:
    """Return the readings of a session in order."""
    return await tx.fetch(CurvePoint, CURVE, session_id)


async def count_points(tx: Transaction, session_id: UUID) -> int:
    """Return how many readings of power a session has."""
    return int(await tx.value(COUNT_POINTS, session_id))


async def totals(tx: Transaction, driver_id: UUID, since: datetime) -> Totals:
    """Return what a driver has charged since `since`."""
    found = await tx.fetch_one(Totals, TOTALS_OF_DRIVER, driver_id, since)
    assert found is not None  # an aggregate always has one row
    return found
