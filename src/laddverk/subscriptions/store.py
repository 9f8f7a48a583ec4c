"""Plans and subscriptions in PostgreSQL. SQL and nothing else; what it means is decided in `rules`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CustomerAccountId, DriverId, PlanId, PlanVersionId, SubscriptionId, new_id
from laddverk.platform.database import Transaction
from laddverk.subscriptions.model import Kind, Piece, PlanVersion, Subscription, Terms, Timeline

INSERT_PLAN: Final = "INSERT INTO plan (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING"
LOCK_PLAN: Final = "SELECT withdrawn_at IS NOT NULL FROM plan WHERE id = $1 FOR NO KEY UPDATE"
INSERT_VERSION: Final = """
INSERT INTO plan_version (id, plan_id, number, body, site_ids, created_at, created_by)
SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6 FROM plan_version WHERE plan_id = $2
"""
WITHDRAW: Final = (
    "UPDATE plan SET withdrawn_at = $2 WHERE id = $1 AND (withdrawn_at IS NULL) = ($2::timestamptz IS NOT NULL)"
)

VERSION: Final = """
SELECT version.id, version.plan_id, plan.name, version.number, version.body, version.created_at, plan.withdrawn_at
FROM plan_version AS version JOIN plan ON plan.id = version.plan_id
"""
VERSIONS: Final = VERSION + "WHERE version.id = ANY($1::uuid[])"
NEWEST: Final = VERSION + "WHERE plan.id = $1 ORDER BY version.number DESC LIMIT 1"
OFFERED: Final = f"""
{VERSION}
WHERE plan.withdrawn_at IS NULL AND version.body ->> 'audience' = $1
  AND version.number = (SELECT max(number) FROM plan_version WHERE plan_id = plan.id)
ORDER BY (version.body ->> 'fee_minor')::bigint, plan.name LIMIT 50
"""  # noqa: S608 - made of constants

LOCK_DRIVER: Final = "SELECT id FROM driver WHERE id = $1 FOR NO KEY UPDATE"
INSERT: Final = """
INSERT INTO subscription (id, driver_id, account_id, signed_on, bound_until, ends_on, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
UPDATE: Final = "UPDATE subscription SET bound_until = $2, ends_on = $3 WHERE id = $1"
DROP_PIECES: Final = "DELETE FROM subscription_piece WHERE subscription_id = $1"
INSERT_PIECES: Final = """
INSERT INTO subscription_piece (subscription_id, from_day, until_day, kind, version_id)
SELECT $1, * FROM unnest($2::date[], $3::date[], $4::text[], $5::uuid[])
"""

SHOWN: Final = """
SELECT subscription.id, driver_id, account_id, signed_on, bound_until, ends_on,
       (SELECT jsonb_agg(jsonb_build_array(from_day, until_day, kind, version_id) ORDER BY from_day)
        FROM subscription_piece WHERE subscription_id = subscription.id) AS rows
FROM subscription
"""
BY_ID: Final = SHOWN + "WHERE id = $1"
LOCK: Final = "SELECT id FROM subscription WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
GOING: Final = (
    SHOWN
    + """
WHERE (driver_id = $1 OR account_id = $2) AND (ends_on IS NULL OR ends_on > $3) ORDER BY signed_on DESC, id DESC
"""
)
ON_VERSIONS: Final = (
    SHOWN
    + """
WHERE (ends_on IS NULL OR ends_on > $2) AND EXISTS (
    SELECT FROM subscription_piece AS piece JOIN plan_version AS version ON version.id = piece.version_id
    WHERE piece.subscription_id = subscription.id AND piece.until_day IS NULL AND version.plan_id = $1)
ORDER BY id
"""
)
NEWS: Final = f"""
-- Those going on with a trial or a pause that ends, or a binding that ends, within the days.
{SHOWN}
WHERE ends_on IS NULL AND (bound_until BETWEEN $1 AND $2 OR EXISTS (
    SELECT FROM subscription_piece AS piece WHERE piece.subscription_id = subscription.id
    AND piece.kind <> 'active' AND piece.until_day BETWEEN $1 AND $2))
ORDER BY id
"""
FEES: Final = f"""
-- Subscriptions that were active in a month and whose fee for it stands on no invoice.
{SHOWN}
WHERE (ends_on IS NULL OR ends_on > $1)
  AND EXISTS (SELECT FROM subscription_piece AS piece WHERE piece.subscription_id = subscription.id
              AND piece.kind = 'active' AND piece.from_day < $2 AND coalesce(piece.until_day, 'infinity') > $1)
  AND NOT EXISTS (SELECT FROM invoiced_fee WHERE subscription_id = subscription.id AND month = $1)
ORDER BY id
"""  # noqa: S608 - made of constants
TELL: Final = """
INSERT INTO subscription_told (key, told_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING key
"""


class _Row(Struct, frozen=True):
    id: SubscriptionId
    driver_id: DriverId | None
    account_id: CustomerAccountId | None
    signed_on: date
    bound_until: date | None
    ends_on: date | None
    rows: list[tuple[date, date | None, Kind, PlanVersionId]] | None

    def subscription(self) -> Subscription:
        """The same with its pieces as they are worked with."""
        return Subscription(
            id=self.id,
            driver_id=self.driver_id,
            account_id=self.account_id,
            signed_on=self.signed_on,
            bound_until=self.bound_until,
            ends_on=self.ends_on,
            pieces=tuple(Piece(*row) for row in self.rows or ()),
        )


async def insert_plan(tx: Transaction, name: str, now: datetime) -> PlanId | None:
    """Write a plan; None when its name is taken."""
    plan_id = PlanId(new_id())
    return plan_id if await tx.execute(INSERT_PLAN, plan_id, name, now) else None


async def insert_version(tx: Transaction, plan_id: PlanId, terms: Terms, now: datetime, by: str) -> PlanVersionId:
    """Write the next version of a plan."""
    version_id = PlanVersionId(new_id())
    await tx.execute(INSERT_VERSION, version_id, plan_id, terms, list(terms.site_ids), now, by)
    return version_id


async def lock_plan(tx: Transaction, plan_id: PlanId) -> bool | None:
    """Lock a plan, and return whether it is withdrawn; None when there is none."""
    found: bool | None = await tx.value(LOCK_PLAN, plan_id)
    return found


async def withdraw(tx: Transaction, plan_id: PlanId, at: datetime | None) -> bool:
    """Withdraw a plan, or offer it again (None); False when it was so already."""
    return bool(await tx.execute(WITHDRAW, plan_id, at))


async def newest(tx: Transaction, plan_id: PlanId) -> PlanVersion | None:
    """Return the newest version of a plan."""
    return await tx.fetch_one(PlanVersion, NEWEST, plan_id)


async def offered(tx: Transaction, audience: str) -> list[PlanVersion]:
    """Return the newest versions of the plans that are offered to an audience, the cheapest first."""
    return await tx.fetch(PlanVersion, OFFERED, audience)


async def versions(tx: Transaction, ids: Collection[UUID]) -> dict[PlanVersionId, PlanVersion]:
    """Return versions of plans by their ids."""
    return {each.id: each for each in await tx.fetch(PlanVersion, VERSIONS, list(ids))}


async def lock_driver(tx: Transaction, driver_id: DriverId) -> bool:
    """Make whoever else changes this driver's subscription wait; False when there is no such driver."""
    return await tx.value(LOCK_DRIVER, driver_id) is not None


async def insert(tx: Transaction, new: Subscription, now: datetime) -> None:
    """Write a subscription with its pieces."""
    await tx.execute(INSERT, new.id, new.driver_id, new.account_id, new.signed_on, new.bound_until, new.ends_on, now)
    await _write_pieces(tx, new.id, new.pieces)


async def save(tx: Transaction, changed: Subscription) -> None:
    """Write what may change of a subscription."""
    await tx.execute(UPDATE, changed.id, changed.bound_until, changed.ends_on)
    await tx.execute(DROP_PIECES, changed.id)
    await _write_pieces(tx, changed.id, changed.pieces)


async def _write_pieces(tx: Transaction, subscription_id: SubscriptionId, pieces: Timeline) -> None:
    await tx.execute(
        INSERT_PIECES,
        subscription_id,
        [piece.from_day for piece in pieces],
        [piece.until_day for piece in pieces],
        [piece.kind for piece in pieces],
        [piece.version_id for piece in pieces],
    )


async def subscription(tx: Transaction, subscription_id: UUID, *, lock: bool = False) -> Subscription | None:
    """Return one subscription, locked until `tx` ends if it is to be changed."""
    if lock:
        await tx.execute(LOCK, [subscription_id])
    row = await tx.fetch_one(_Row, BY_ID, subscription_id)
    return row.subscription() if row else None


async def lock(tx: Transaction, ids: Collection[UUID]) -> None:
    """Lock subscriptions, always in the same order."""
    await tx.execute(LOCK, sorted(ids))


async def going(
    tx: Transaction, today: date, *, driver_id: DriverId | None = None, account_id: CustomerAccountId | None = None
) -> list[Subscription]:
    """Return a driver's, or an account's, subscriptions that have not ended."""
    return [row.subscription() for row in await tx.fetch(_Row, GOING, driver_id, account_id, today)]


async def on_plan(tx: Transaction, plan_id: PlanId, today: date) -> list[Subscription]:
    """Return the subscriptions that go on with a version of this plan."""
    return [row.subscription() for row in await tx.fetch(_Row, ON_VERSIONS, plan_id, today)]


async def with_news(tx: Transaction, today: date, until: date) -> list[Subscription]:
    """Return the subscriptions of which something ends between two days."""
    return [row.subscription() for row in await tx.fetch(_Row, NEWS, today, until)]


async def owing(tx: Transaction, month: date, after: date) -> list[Subscription]:
    """Return the subscriptions that were active in a month and whose fee for it stands on no invoice."""
    return [row.subscription() for row in await tx.fetch(_Row, FEES, month, after)]


async def first_telling(tx: Transaction, key: str, now: datetime) -> bool:
    """Keep that somebody is told something; False when they were told before."""
    return await tx.value(TELL, key, now) is not None


class Reader(Struct, frozen=True):
    """Who is told something."""

    driver_id: DriverId
    name: str
    email: str
    language: str


READERS: Final = "SELECT id AS driver_id, name, email, language FROM driver WHERE id = ANY($1::uuid[])"


async def readers(tx: Transaction, ids: Sequence[DriverId]) -> dict[DriverId, Reader]:
    """Return how to reach these drivers."""
    return {each.driver_id: each for each in await tx.fetch(Reader, READERS, list(ids))}


TARIFF_GROUPS: Final = """
SELECT DISTINCT driver_group FROM tariff_choice WHERE driver_group IS NOT NULL ORDER BY driver_group LIMIT 100
"""


async def tariff_groups(tx: Transaction) -> list[str]:
    """Return the groups that there are tariffs for."""
    return await tx.values(TARIFF_GROUPS)
