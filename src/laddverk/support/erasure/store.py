"""Erasures in PostgreSQL, and what stands in the way of one. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction
from laddverk.support.erasure import clearing
from laddverk.support.erasure.model import Account, Erasure, Obstacle

COLUMNS: Final = "id, driver_id, state, asked_at, asked_by, reason, was_blocked, ended_at, removed"
LAST: Final = f"SELECT {COLUMNS} FROM erasure WHERE driver_id = $1 ORDER BY asked_at DESC LIMIT 1"  # noqa: S608 - a constant
ONE: Final = f"SELECT {COLUMNS} FROM erasure WHERE id = $1 AND state = 'asked' FOR UPDATE"  # noqa: S608 - a constant
ASKED: Final = "SELECT id FROM erasure WHERE state = 'asked' ORDER BY asked_at LIMIT $1"
ACCOUNT: Final = """
SELECT email, language, blocked_at IS NOT NULL AS is_blocked, erased_at IS NOT NULL AS is_erased
FROM driver WHERE id = $1 FOR UPDATE
"""
ASK: Final = """
INSERT INTO erasure (id, driver_id, state, asked_at, asked_by, reason, was_blocked)
VALUES ($1, $2, 'asked', $3, $4, $5, $6) ON CONFLICT (driver_id) WHERE state = 'asked' DO NOTHING
"""
WITHDRAW: Final = "UPDATE erasure SET state = 'withdrawn', ended_at = $2 WHERE id = $1"
DONE: Final = "UPDATE erasure SET state = 'done', ended_at = $2, reason = '', removed = $3 WHERE id = $1"
TAGS: Final = "SELECT uid FROM token WHERE driver_id = $1 ORDER BY uid LIMIT 1000"
CONSENTS: Final = """
SELECT method_ref FROM payment_method WHERE driver_id = $1 AND provider = 'swish' AND removed_at IS NULL
"""
IN_THE_WAY: Final = """
SELECT EXISTS (SELECT FROM session WHERE driver_id = $1 AND ended_at IS NULL)
       OR EXISTS (SELECT FROM start_request WHERE driver_id = $1 AND session_id IS NULL AND cancelled_at IS NULL
                  AND expires_at > $2) AS charges,
    EXISTS (SELECT FROM reservation WHERE driver_id = $1 AND state IN ('asked', 'held')
            AND expires_at > $2) AS reserved,
    EXISTS (SELECT FROM unpaid_session WHERE driver_id = $1)
       OR EXISTS (SELECT FROM invoice WHERE driver_id = $1 AND kind = 'invoice'
                  AND gross_minor > paid_minor + credited_minor) AS to_pay,
    EXISTS (SELECT FROM session WHERE driver_id = $1 AND ended_at IS NOT NULL AND settlement <> 'free'
            AND coalesce(price_minor, 1) > 0
            AND NOT EXISTS (SELECT FROM session_settled AS settled WHERE settled.session_id = session.id))
       AS to_invoice,
    EXISTS (SELECT FROM wallet_refund WHERE driver_id = $1 AND state IN ('asked', 'approved'))
       OR EXISTS (SELECT FROM payment WHERE driver_id = $1 AND state IN ('authorised', 'capturing', 'unknown'))
       OR EXISTS (SELECT FROM payment_refund JOIN payment ON payment.id = payment_refund.payment_id
                  WHERE payment.driver_id = $1 AND payment_refund.state IN ('requested', 'unknown'))
       OR EXISTS (SELECT FROM payment_dispute JOIN payment ON payment.id = payment_dispute.payment_id
                  WHERE payment.driver_id = $1 AND payment_dispute.closed_at IS NULL)
       OR EXISTS (SELECT FROM collection JOIN mandate ON mandate.id = collection.mandate_id
                  WHERE mandate.driver_id = $1 AND collection.state IN ('planned', 'sent', 'cancelling', 'retrying'))
       AS money_moves,
    EXISTS (SELECT FROM mandate WHERE driver_id = $1
            AND state IN ('invited', 'requested', 'sent', 'active', 'cancelling')) AS mandate,
    EXISTS (SELECT FROM subscription WHERE driver_id = $1 AND (ends_on IS NULL OR ends_on > $2::date)) AS plan,
    EXISTS (SELECT FROM customer_account WHERE owner_id = $1 AND closed_at IS NULL) AS account,
    EXISTS (SELECT FROM support_case WHERE driver_id = $1 AND state <> 'closed') AS "case"
"""


async def last(tx: Transaction, driver_id: UUID) -> Erasure | None:
    """Return a driver's latest wish to be forgotten."""
    return await tx.fetch_one(Erasure, LAST, driver_id)


async def account(tx: Transaction, driver_id: UUID) -> Account | None:
    """Return a driver's account, locked until `tx` ends."""
    return await tx.fetch_one(Account, ACCOUNT, driver_id)


async def ask(tx: Transaction, driver_id: UUID, now: datetime, *, by: str, reason: str, was_blocked: bool) -> bool:
    """Keep a driver's wish to be forgotten; return False where one waits already."""
    return bool(await tx.execute(ASK, new_id(), driver_id, now, by, reason, was_blocked))


async def withdraw(tx: Transaction, erasure_id: UUID, now: datetime) -> None:
    """Note that an erasure was taken back."""
    await tx.execute(WITHDRAW, erasure_id, now)


async def done(tx: Transaction, erasure_id: UUID, now: datetime, removed: dict[str, int]) -> None:
    """Note that an erasure was done, and how many rows of each table it touched."""
    await tx.execute(DONE, erasure_id, now, removed)


async def tags(tx: Transaction, driver_id: UUID) -> list[str]:
    """Return the uids of a driver's tokens."""
    return list(await tx.values(TAGS, driver_id))


async def consents(tx: Transaction, driver_id: UUID) -> list[str]:
    """Return the provider's names of a driver's Swish consents that stand."""
    return list(await tx.values(CONSENTS, driver_id))


async def cases(tx: Transaction, driver_id: UUID) -> list[tuple[UUID, str]]:
    """Return (id, state) of a driver's cases, locked until `tx` ends."""
    return [(row["id"], row["state"]) for row in await tx.rows(clearing.CASES, driver_id)]


async def waiting_ids(tx: Transaction, count_max: int) -> list[UUID]:
    """Return the erasures that wait, the oldest first."""
    return list(await tx.values(ASKED, count_max))


async def waiting(tx: Transaction, erasure_id: UUID) -> Erasure | None:
    """Return an erasure that is to be done, locked until `tx` ends; None when it was done or withdrawn meanwhile."""
    return await tx.fetch_one(Erasure, ONE, erasure_id)


async def in_the_way(tx: Transaction, driver_id: UUID, now: datetime) -> list[Obstacle]:
    """Return what stands in the way, but for money with us: that is reckoned where balances are."""
    (row,) = await tx.rows(IN_THE_WAY, driver_id, now)
    return [each for each in Obstacle if each is not Obstacle.BALANCE and row[each.value]]


async def forget_invoices(tx: Transaction, before: datetime) -> int:
    """Take names out of invoices of then and earlier whose drivers are forgotten; return of how many."""
    await tx.execute(clearing.FORGETS)
    await tx.execute(clearing.OLD_FILES, before)
    return await tx.execute(clearing.OLD_INVOICES, before)


async def forget_last_mails(tx: Transaction, before: datetime) -> None:
    """Take the address out of the mails that said that it was done, once they have left or are older than that."""
    await tx.execute(clearing.LAST_MAILS, before)


async def clear(tx: Transaction, driver_id: UUID) -> dict[str, int]:
    """Clear all tables of a driver; return how many rows of each were touched."""
    await tx.execute(clearing.FORGETS)
    counts: dict[str, Any] = {}
    for table, sql in clearing.CLEARED:
        counts[table] = await tx.execute(sql, driver_id)
    return {table: count for table, count in counts.items() if count}
