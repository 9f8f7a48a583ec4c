"""The list of sessions, its sums, and one session. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.money import VatTotal, vat_of
from laddverk.platform.database import Transaction
from laddverk.sessions.queries.sites import Sites
from laddverk.tariffs.model import PriceLine

TOTALS_MAX: Final = 100_000  # adding up more for every page of a list would cost seconds and tell nobody anything


class SessionRow(Struct, frozen=True, kw_only=True):
    """A session in a list."""

    id: UUID
    number: int
    station_id: UUID
    station_name: str
    site_id: UUID
    site_name: str
    evse_number: int
    connector_number: int
    driver_id: UUID | None
    driver_name: str | None
    token_uid: str | None
    settlement: str
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    soc_percent: int | None
    charging_state: str | None
    stop_reason: str | None
    doubts: list[str]
    price_minor: int | None
    currency: str | None
    timezone: str


class SessionDetail(SessionRow, frozen=True, kw_only=True):
    """A session on its own page."""

    transaction_key: str
    token_id: UUID | None
    start_request_id: UUID | None
    payment_id: UUID | None
    received_at: datetime
    said_start_at: datetime | None
    said_end_at: datetime | None
    register_start_wh: int | None
    register_end_wh: int | None
    stop_token_uid: str | None
    tariff_version_id: UUID | None
    tariff_id: UUID | None
    tariff_name: str | None
    tariff_number: int | None
    vat_minor: int | None
    vat_percent: Decimal | None
    vat: tuple[VatTotal, ...] | None
    """Where there are several rates."""
    price_lines: list[PriceLine] | None
    priced_at: datetime | None
    version: int
    invoice_id: UUID | None
    connector_code: str | None
    connector_power_max_w: int | None
    current_max_a: int | None

    @property
    def vat_parts(self) -> tuple[VatTotal, ...]:
        """What was sold at each VAT rate; nothing before it is priced."""
        if self.price_minor is None or self.vat_minor is None or self.vat_percent is None:
            return ()
        return vat_of(self.vat, self.price_minor, self.vat_minor, self.vat_percent)


class SessionFilter(Struct, frozen=True, kw_only=True):
    """What a list of sessions is narrowed to. Empty texts and None narrow nothing."""

    search: str = ""
    site_id: UUID | None = None
    station_id: UUID | None = None
    driver_id: UUID | None = None
    state: str = ""
    """running, ended, review, unpriced or nothing (ended without energy)."""
    settlement: str = ""
    since: datetime | None = None
    until: datetime | None = None
    people: bool = True
    """Whether the search may find drivers and their tags: not for somebody who may not see them."""


_COLUMNS = """
SELECT session.id, session.number, session.station_id, station.name AS station_name, station.site_id,
       site.name AS site_name, session.evse_number, session.connector_number, session.driver_id,
       driver.name AS driver_name, session.token_uid, session.settlement, session.started_at, session.ended_at,
       session.charging_ended_at, session.energy_wh, session.power_w, session.soc_percent, session.charging_state,
       session.stop_reason, session.doubts, session.price_minor, session.currency, session.timezone
"""

_FROM = """
FROM session
JOIN station ON station.id = session.station_id
JOIN site ON site.id = station.site_id
LEFT JOIN driver ON driver.id = session.driver_id
"""

_NARROWED = """
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR ($10 AND (session.token_uid ILIKE $2 || '%' OR driver.name ILIKE '%' || $2 || '%'))
       OR station.name ILIKE '%' || $2 || '%' OR session.number::text = $2 OR session.id::text ILIKE $2 || '%')
  AND ($3::uuid IS NULL OR station.site_id = $3)
  AND ($4::uuid IS NULL OR session.station_id = $4)
  AND ($5::uuid IS NULL OR session.driver_id = $5)
  AND CASE $6 WHEN '' THEN true
              WHEN 'running' THEN session.ended_at IS NULL
              WHEN 'ended' THEN session.ended_at IS NOT NULL
              WHEN 'review' THEN session.settlement = 'review'
              WHEN 'doubted' THEN session.doubts <> '{}'
              WHEN 'unpriced' THEN session.ended_at IS NOT NULL AND session.price_minor IS NULL
              WHEN 'nothing' THEN session.ended_at IS NOT NULL AND session.energy_wh = 0
                                  AND NOT session.reservation_expired
              ELSE false END
  AND ($7 = '' OR session.settlement = $7)
  AND ($8::timestamptz IS NULL OR session.started_at >= $8)
  AND ($9::timestamptz IS NULL OR session.started_at < $9)
"""

SESSIONS = (
    _COLUMNS
    + _FROM
    + _NARROWED
    + """
ORDER BY
    CASE WHEN $11 = 'energy' THEN session.energy_wh END, CASE WHEN $11 = '-energy' THEN session.energy_wh END DESC,
    CASE WHEN $11 = 'price' THEN session.price_minor END NULLS FIRST,
    CASE WHEN $11 = '-price' THEN session.price_minor END DESC NULLS LAST,
    CASE WHEN $11 = 'started' THEN session.started_at END, session.started_at DESC, session.id DESC
LIMIT $12 OFFSET $13
"""
)

# By time the index gives the page without sorting all of them.
SESSIONS_LATEST = (
    _COLUMNS
    + _FROM
    + _NARROWED
    + """
  AND $11::text IS NOT NULL
ORDER BY session.started_at DESC, session.id DESC LIMIT $12 OFFSET $13
"""
)


def _added_up(chosen: str) -> str:
    """Return what adds up chosen sessions. Currencies are never added to each other (failure mode 42)."""
    return f"""
SELECT coalesce(sum(sessions), 0)::bigint AS sessions, coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
       coalesce(jsonb_object_agg(currency, price_minor) FILTER (WHERE price_minor IS NOT NULL), '{{}}') AS prices_minor
FROM (SELECT currency, count(*) AS sessions, sum(energy_wh) AS energy_wh, sum(price_minor)::bigint AS price_minor
      FROM (SELECT session.energy_wh, session.price_minor, session.currency {chosen} LIMIT {TOTALS_MAX + 1}) AS chosen
      GROUP BY currency) AS by_currency
"""  # noqa: S608 - made of constants


TOTALS = _added_up(_FROM + _NARROWED)
# Nothing is joined: who charges most has thousands of sessions.
TOTALS_OF_DRIVER = _added_up("""
FROM session WHERE driver_id = $2
  AND ($1::uuid[] IS NULL OR station_id IN (SELECT id FROM station WHERE site_id = ANY($1)))
""")

RUNNING = (
    _COLUMNS
    + _FROM
    + """
WHERE session.ended_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY session.power_w DESC NULLS LAST, session.started_at LIMIT $2
"""
)

SESSION = (
    _COLUMNS
    + """
     , session.transaction_key, session.token_id, session.start_request_id, session.payment_id, session.received_at,
       session.said_start_at, session.said_end_at, session.register_start_wh, session.register_end_wh,
       session.stop_token_uid, session.tariff_version_id, tariff.id AS tariff_id, tariff.name AS tariff_name,
       tariff_version.number AS tariff_number, session.vat_minor, session.vat_percent, session.vat,
       session.price_lines,
       session.priced_at, session.version, invoiced_session.invoice_id, connector.code AS connector_code,
       connector.power_max_w AS connector_power_max_w, connector.current_max_a
"""
    + _FROM
    + """
LEFT JOIN tariff_version ON tariff_version.id = session.tariff_version_id
LEFT JOIN tariff ON tariff.id = tariff_version.tariff_id
LEFT JOIN invoiced_session ON invoiced_session.session_id = session.id
LEFT JOIN connector ON connector.station_id = session.station_id AND connector.evse_number = session.evse_number
                   AND connector.connector_number = session.connector_number
WHERE session.id = $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
"""
)


class Totals(Struct, frozen=True):
    """What a filtered list adds up to."""

    sessions: int
    energy_wh: int
    prices_minor: dict[str, int]
    """By currency."""


NOTHING: Final = Totals(0, 0, {})


async def sessions(
    tx: Transaction, sites: Sites, wanted: SessionFilter, sort: str = "-started", *, limit: int = 50, offset: int = 0
) -> list[SessionRow]:
    """Return a page of sessions. `sort` is started, energy or price, with `-` for descending."""
    sql = SESSIONS_LATEST if sort == "-started" else SESSIONS
    return await tx.fetch(SessionRow, sql, *_narrowing(sites, wanted), sort, limit, offset)


async def totals(tx: Transaction, sites: Sites, wanted: SessionFilter) -> Totals:
    """Return how many sessions `wanted` leaves, and what they add up to; of at most `TOTALS_MAX` and one of them."""
    found = await tx.fetch_one(Totals, TOTALS, *_narrowing(sites, wanted))
    return found or NOTHING


async def totals_of_driver(tx: Transaction, sites: Sites, driver_id: UUID) -> Totals:
    """Return the same for all sessions of a driver."""
    return await tx.fetch_one(Totals, TOTALS_OF_DRIVER, None if sites is None else list(sites), driver_id) or NOTHING


def _narrowing(sites: Sites, wanted: SessionFilter) -> tuple[object, ...]:
    return (
        None if sites is None else list(sites),
        wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"),
        wanted.site_id,
        wanted.station_id,
        wanted.driver_id,
        wanted.state,
        wanted.settlement,
        wanted.since,
        wanted.until,
        wanted.people,
    )


async def running(tx: Transaction, sites: Sites, limit: int = 200) -> list[SessionRow]:
    """Return the sessions that are open now, the strongest first."""
    return await tx.fetch(SessionRow, RUNNING, None if sites is None else list(sites), limit)


async def session(tx: Transaction, sites: Sites, session_id: UUID) -> SessionDetail | None:
    """Return one session, or None when there is none or it may not be seen."""
    return await tx.fetch_one(SessionDetail, SESSION, None if sites is None else list(sites), session_id)
