"""The exchange's prices in PostgreSQL. Functions take a transaction and return Structs; no decision is made here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.tariffs.model import SpotPrice

FOLLOWED: Final = """
-- The zones that tariffs in use follow, with their currency.
SELECT DISTINCT component -> 'spot' ->> 'area' AS area, body ->> 'currency' AS currency
FROM (
    SELECT DISTINCT ON (version.tariff_id) version.body
    FROM tariff_version AS version JOIN tariff ON tariff.id = version.tariff_id AND tariff.retired_at IS NULL
    ORDER BY version.tariff_id, version.number DESC
) AS newest, jsonb_array_elements(newest.body -> 'components') AS component
WHERE component -> 'spot' ->> 'area' IS NOT NULL
ORDER BY 1, 2
"""

KNOWN_UNTIL: Final = """
SELECT max(ends_at) FROM spot_price WHERE area = $1 AND currency = $2
"""

BETWEEN: Final = """
SELECT area, starts_at, ends_at, price FROM spot_price
WHERE area = ANY($1) AND currency = $2 AND ends_at > $3 AND starts_at < $4
ORDER BY area, starts_at
"""

SAVE: Final = """
-- A price that has begun may be on an invoice: it is never changed.
INSERT INTO spot_price (area, currency, starts_at, ends_at, price, source, fetched_at)
SELECT f.area, $2, f.starts_at, f.ends_at, f.price, $3, $4
FROM jsonb_to_recordset($1::jsonb) AS f (area text, starts_at timestamptz, ends_at timestamptz, price numeric)
ON CONFLICT (area, currency, starts_at) DO UPDATE
SET price = excluded.price, ends_at = excluded.ends_at, source = excluded.source, fetched_at = excluded.fetched_at
WHERE spot_price.starts_at > excluded.fetched_at AND spot_price.price <> excluded.price
"""

SAVE_ASKED: Final = """
INSERT INTO spot_asked (area, currency, asked_at, answered_at, problem)
VALUES ($1, $2, $3, CASE WHEN $4 = '' THEN $3::timestamptz END, $4)
ON CONFLICT (area, currency) DO UPDATE SET asked_at = excluded.asked_at, problem = excluded.problem,
    answered_at = coalesce(excluded.answered_at, spot_asked.answered_at)
"""

ASKED: Final = """
SELECT asked.area, asked.currency, asked.asked_at, asked.answered_at, asked.problem,
       (SELECT max(ends_at) FROM spot_price
        WHERE spot_price.area = asked.area AND spot_price.currency = asked.currency) AS known_until
FROM spot_asked AS asked ORDER BY asked.area, asked.currency
"""


class Followed(Struct, frozen=True):
    """A bidding zone that a tariff follows."""

    area: str
    currency: str


class Asked(Struct, frozen=True):
    """How asking about a zone went."""

    area: str
    currency: str
    asked_at: datetime
    answered_at: datetime | None
    problem: str
    known_until: datetime | None


async def followed(tx: Transaction) -> list[Followed]:
    """Return the zones that tariffs in use follow."""
    return await tx.fetch(Followed, FOLLOWED)


async def known_until(tx: Transaction, area: str, currency: str) -> datetime | None:
    """Return until when the prices of a zone are known."""
    found: datetime | None = await tx.value(KNOWN_UNTIL, area, currency)
    return found


async def between(
    tx: Transaction, areas: Collection[str], currency: str, start: datetime, end: datetime
) -> list[SpotPrice]:
    """Return the prices of some zones that touch a time."""
    return await tx.fetch(SpotPrice, BETWEEN, list(areas), currency, start, end) if areas else []


async def save(tx: Transaction, prices: Sequence[SpotPrice], currency: str, source: str, now: datetime) -> int:
    """Keep prices; those that have begun stay as they are. Return how many are new or changed."""
    rows: list[dict[str, Any]] = [
        {"area": each.area, "starts_at": each.starts_at, "ends_at": each.ends_at, "price": each.price}
        for each in prices
    ]
    return await tx.execute(SAVE, rows, currency, source, now) if rows else 0


async def save_asked(tx: Transaction, area: str, currency: str, now: datetime, problem: str) -> None:
    """Note how asking about a zone went; `problem` is '' when it went well."""
    await tx.execute(SAVE_ASKED, area, currency, now, problem[:200])


async def asked(tx: Transaction) -> list[Asked]:
    """Return how asking went, for each zone."""
    return await tx.fetch(Asked, ASKED)
