"""Wallets in PostgreSQL. SQL and nothing else; balances are the ledger's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, SessionId
from laddverk.payments.wallet.model import Auto, BalanceRefund, GivingBack, Policy, TopUp, Used
from laddverk.platform.database import Transaction

POLICY: Final = """
SELECT purpose, start_minimum_minor, stop_at_limit, top_up_amounts, auto_times_a_day, goodwill_max_minor,
       goodwill_books_minor
FROM wallet_policy
"""
SAVE_POLICY: Final = """
INSERT INTO wallet_policy (purpose, start_minimum_minor, stop_at_limit, top_up_amounts, auto_times_a_day,
                           goodwill_max_minor, goodwill_books_minor, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET purpose = excluded.purpose, start_minimum_minor = excluded.start_minimum_minor,
    stop_at_limit = excluded.stop_at_limit, top_up_amounts = excluded.top_up_amounts,
    auto_times_a_day = excluded.auto_times_a_day, goodwill_max_minor = excluded.goodwill_max_minor,
    goodwill_books_minor = excluded.goodwill_books_minor, changed_at = excluded.changed_at,
    changed_by = excluded.changed_by
"""
# Charges and invoices paid by the balance, less what came back of them; and what was given.
USED: Final = """
SELECT coalesce(-sum(posting.amount_minor) FILTER (WHERE entry.kind = 'goodwill'), 0)::bigint AS goodwill_minor,
       coalesce(sum(posting.amount_minor) FILTER (WHERE entry.kind = 'capture' AND posting.amount_minor > 0
                                                     OR entry.kind = 'refund' AND posting.amount_minor < 0), 0)::bigint
           AS spent_minor
FROM account
JOIN posting ON posting.account_id = account.id
JOIN ledger_transaction AS entry ON entry.id = posting.transaction_id
WHERE account.number = '2420' AND account.owner_id = $1 AND account.currency = $2
"""
SET_OFF: Final = """
SELECT coalesce(-sum(posting.amount_minor), 0)::bigint
FROM ledger_transaction AS entry
JOIN posting ON posting.transaction_id = entry.id
JOIN account ON account.id = posting.account_id
WHERE entry.idempotency_key = $1 AND account.number = '2618'
"""
# A refund that was refused counts no more; one that is disputed takes nothing back.
TOP_UPS: Final = """
SELECT payment.id AS payment_id, payment.provider,
       (payment.captured_minor - coalesce(gone.minor, 0))::bigint AS left_minor
FROM payment
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS minor FROM payment_refund
    WHERE payment_id = payment.id AND state <> 'failed'
) AS gone ON true
WHERE payment.driver_id = $1 AND payment.currency = $2 AND payment.purpose = 'top_up' AND payment.state = 'captured'
  AND payment.captured_minor > coalesce(gone.minor, 0)
  AND NOT EXISTS (SELECT FROM payment_dispute WHERE payment_dispute.payment_id = payment.id)
ORDER BY payment.created_at DESC, payment.id DESC
LIMIT 200
"""

INSERT_REFUND: Final = """
INSERT INTO wallet_refund (id, driver_id, state, currency, amount_minor, to_bank_minor, bank_box, bank_end, asked_at)
VALUES ($1, $2, 'asked', $3, $4, $5, $6, $7, $8)
"""
REFUND: Final = "SELECT * FROM wallet_refund WHERE id = $1"
REFUND_LOCKED: Final = "SELECT * FROM wallet_refund WHERE id = $1 FOR UPDATE"
REFUND_OPEN: Final = "SELECT * FROM wallet_refund WHERE driver_id = $1 AND state IN ('asked', 'approved') FOR UPDATE"
REFUND_OF_PART: Final = """
SELECT wallet_refund.* FROM wallet_refund_part AS part JOIN wallet_refund ON wallet_refund.id = part.wallet_refund_id
WHERE part.payment_refund_id = $1 FOR UPDATE OF wallet_refund
"""
DECIDE: Final = """
UPDATE wallet_refund SET state = $2, to_bank_minor = $3, decided_at = $4, decided_by = $5, reason = $6 WHERE id = $1
"""
TO_BANK: Final = "UPDATE wallet_refund SET to_bank_minor = to_bank_minor + $2, bank_paid_at = NULL WHERE id = $1"
BANK_PAID: Final = """
UPDATE wallet_refund SET bank_paid_at = $2, bank_reference = $3 WHERE id = $1
"""
CLOSE: Final = "UPDATE wallet_refund SET state = $2, closed_at = $3, bank_box = NULL WHERE id = $1"
INSERT_PART: Final = """
INSERT INTO wallet_refund_part (payment_refund_id, wallet_refund_id, payment_id, amount_minor) VALUES ($1, $2, $3, $4)
"""
PARTS_UNDER_WAY: Final = """
SELECT count(*) FROM wallet_refund_part AS part JOIN payment_refund ON payment_refund.id = part.payment_refund_id
WHERE part.wallet_refund_id = $1 AND payment_refund.state IN ('requested', 'unknown')
"""
# A part that was refused is taken off: the bank account gets it, once.
TAKE_REFUSED: Final = """
WITH refused AS (
    DELETE FROM wallet_refund_part AS part USING payment_refund
    WHERE payment_refund.id = part.payment_refund_id AND part.wallet_refund_id = $1 AND payment_refund.state = 'failed'
    RETURNING part.amount_minor
)
SELECT coalesce(sum(amount_minor), 0)::bigint FROM refused
"""
APPROVED: Final = "SELECT id FROM wallet_refund WHERE state = 'approved' ORDER BY asked_at LIMIT 500"
PAID_BEFORE: Final = """
SELECT coalesce(sum(posting.amount_minor), 0)::bigint
FROM ledger_transaction AS entry
JOIN posting ON posting.transaction_id = entry.id
JOIN account ON account.id = posting.account_id
WHERE entry.source_id = $1 AND entry.kind = 'wallet_paid_out' AND account.number = '2420'
"""

AUTO: Final = "SELECT * FROM wallet_auto WHERE driver_id = $1"
SAVE_AUTO: Final = """
INSERT INTO wallet_auto (driver_id, below_minor, add_minor, method_id, failures, next_at, stopped_at, agreed_at)
VALUES ($1, $2, $3, $4, 0, $5, NULL, $5)
ON CONFLICT (driver_id) DO UPDATE SET below_minor = excluded.below_minor, add_minor = excluded.add_minor,
    method_id = excluded.method_id, failures = 0, next_at = excluded.next_at, stopped_at = NULL,
    agreed_at = excluded.agreed_at
"""
END_AUTO: Final = "DELETE FROM wallet_auto WHERE driver_id = $1"
# Those whose money is nearly used up and who may be filled up again; a method that was taken away fills nothing.
AUTO_DUE: Final = """
SELECT auto.* FROM wallet_auto AS auto
JOIN payment_method ON payment_method.id = auto.method_id AND payment_method.removed_at IS NULL
     AND payment_method.frozen_at IS NULL
LEFT JOIN account ON account.number = '2420' AND account.owner_id = auto.driver_id AND account.currency = $2
LEFT JOIN account_balance ON account_balance.account_id = account.id
LEFT JOIN payment ON payment.id = auto.payment_id
WHERE auto.stopped_at IS NULL AND auto.next_at <= $1
  AND (payment.id IS NULL OR payment.state IN ('captured', 'failed', 'cancelled'))
  AND coalesce(-account_balance.amount_minor, 0) - coalesce((
        SELECT sum(hold.amount_minor) FROM ledger_hold AS hold
        WHERE hold.account_id = account.id AND hold.state = 'active' AND hold.expires_at > $1), 0) < auto.below_minor
ORDER BY auto.next_at LIMIT $3 FOR UPDATE OF auto SKIP LOCKED
"""
AUTO_TRIES: Final = """
SELECT count(*) FROM payment WHERE driver_id = $1 AND purpose = 'top_up' AND method_id IS NOT NULL AND created_at > $2
"""
AUTO_TRIED: Final = """
UPDATE wallet_auto SET payment_id = coalesce($2, payment_id), failures = $3, next_at = $4, stopped_at = $5
WHERE driver_id = $1
"""
DRIVER: Final = "SELECT name FROM driver WHERE id = $1"
FORGET_TRY: Final = "UPDATE wallet_auto SET payment_id = NULL WHERE driver_id = $1"
METHOD: Final = """
SELECT provider FROM payment_method WHERE id = $2 AND driver_id = $1 AND removed_at IS NULL AND frozen_at IS NULL
"""
PAYMENT_STATE: Final = "SELECT state FROM payment WHERE id = $1"

RUNNING: Final = """
SELECT payment.id AS payment_id, payment.driver_id, payment.start_request_id, session.id AS session_id,
       payment.currency
FROM payment
JOIN session ON session.start_request_id = payment.start_request_id OR session.id = payment.session_id
WHERE payment.provider = 'wallet' AND payment.state = 'authorised' AND session.ended_at IS NULL
ORDER BY payment.created_at LIMIT $1
"""
# Charges that began with a tag, of drivers who pay each charge at once: nobody has kept anything for them yet.
CURRENCIES: Final = """
SELECT currency FROM account JOIN account_balance ON account_balance.account_id = account.id
WHERE number = '2420' AND owner_id = $1 AND account_balance.amount_minor <> 0 ORDER BY currency
"""
UNKEPT: Final = """
SELECT session.id AS session_id, session.driver_id, coalesce(session.tariff->>'currency', $1) AS currency
FROM session JOIN driver ON driver.id = session.driver_id AND driver.settlement = 'card'
WHERE session.ended_at IS NULL AND session.start_request_id IS NULL AND session.payment_id IS NULL
  AND NOT EXISTS (SELECT FROM payment WHERE payment.session_id = session.id)
  AND EXISTS (SELECT FROM driver_paying WHERE first_kind = 'wallet')
ORDER BY session.started_at DESC LIMIT $2
"""
STOPPED_BEFORE: Final = "SELECT EXISTS (SELECT FROM payment_event WHERE payment_id = $1 AND kind = $2)"


class RunningCharge(Struct, frozen=True, kw_only=True):
    """A charge that is paid by a wallet and still runs."""

    payment_id: PaymentId
    driver_id: DriverId
    start_request_id: UUID | None
    session_id: UUID
    currency: str


class UnkeptCharge(Struct, frozen=True, kw_only=True):
    """A charge that runs, and for which nothing is kept."""

    session_id: SessionId
    driver_id: DriverId
    currency: str


async def policy(tx: Transaction) -> Policy:
    """Return what the operator has decided, or the defaults."""
    return await tx.fetch_one(Policy, POLICY) or Policy()


async def save_policy(tx: Transaction, new: Policy, now: datetime, by: str) -> None:
    """Write what the operator has decided."""
    await tx.execute(
        SAVE_POLICY,
        new.purpose,
        new.start_minimum_minor,
        new.stop_at_limit,
        list(new.top_up_amounts),
        new.auto_times_a_day,
        new.goodwill_max_minor,
        new.goodwill_books_minor,
        now,
        by,
    )


async def driver_name(tx: Transaction, driver_id: DriverId) -> str | None:
    """Return what a driver is called; None when there is none."""
    found: str | None = await tx.value(DRIVER, driver_id)
    return found


async def used(tx: Transaction, driver_id: DriverId, currency: str) -> Used:
    """Return what was given to a driver, and what of everything was used."""
    return await tx.fetch_one(Used, USED, driver_id, currency) or Used()


async def set_off_by(tx: Transaction, idempotency_key: str) -> int:
    """Return the waiting VAT that one entry set off."""
    return int(await tx.value(SET_OFF, idempotency_key))


async def top_ups(tx: Transaction, driver_id: DriverId, currency: str) -> list[TopUp]:
    """Return the payments into a wallet that can take something back, newest first."""
    return await tx.fetch(TopUp, TOP_UPS, driver_id, currency)


async def insert_refund(
    tx: Transaction,
    refund_id: UUID,
    driver_id: DriverId,
    currency: str,
    amount_minor: int,
    to_bank_minor: int,
    bank: tuple[bytes | None, str],
    now: datetime,
) -> None:
    """Write a driver's wish to get the balance back."""
    await tx.execute(INSERT_REFUND, refund_id, driver_id, currency, amount_minor, to_bank_minor, *bank, now)


async def refund(tx: Transaction, refund_id: UUID, *, lock: bool = False) -> BalanceRefund | None:
    """Return a balance refund, locked or not."""
    return await tx.fetch_one(BalanceRefund, REFUND_LOCKED if lock else REFUND, refund_id)


async def currencies(tx: Transaction, driver_id: DriverId) -> list[str]:
    """Return the currencies in which a driver has, or owes, something on their balance."""
    return await tx.values(CURRENCIES, driver_id)


async def open_refund(tx: Transaction, driver_id: DriverId) -> BalanceRefund | None:
    """Return the balance refund of a driver that is under way, locked."""
    return await tx.fetch_one(BalanceRefund, REFUND_OPEN, driver_id)


async def refund_of_part(tx: Transaction, payment_refund_id: UUID) -> BalanceRefund | None:
    """Return the balance refund that one refund of a payment is a part of, locked; None for any other refund."""
    return await tx.fetch_one(BalanceRefund, REFUND_OF_PART, payment_refund_id)


async def decide(
    tx: Transaction, refund_id: UUID, state: GivingBack, to_bank_minor: int, now: datetime, by: str, reason: str
) -> None:
    """Write what was decided."""
    await tx.execute(DECIDE, refund_id, state, to_bank_minor, now, by, reason)


async def leave_to_bank(tx: Transaction, refund_id: UUID, amount_minor: int) -> None:
    """A part that a card could not take goes to the bank account too."""
    await tx.execute(TO_BANK, refund_id, amount_minor)


async def bank_paid(tx: Transaction, refund_id: UUID, now: datetime, reference: str) -> None:
    """Write that the bank's part was paid."""
    await tx.execute(BANK_PAID, refund_id, now, reference)


async def close_refund(tx: Transaction, refund_id: UUID, state: GivingBack, now: datetime) -> None:
    """Write that a balance refund is over, and forget the account."""
    await tx.execute(CLOSE, refund_id, state, now)


async def insert_part(
    tx: Transaction, payment_refund_id: UUID, refund_id: UUID, payment_id: PaymentId, amount_minor: int
) -> None:
    """Write which refund of a payment is part of a balance refund."""
    await tx.execute(INSERT_PART, payment_refund_id, refund_id, payment_id, amount_minor)


async def parts_under_way(tx: Transaction, refund_id: UUID) -> int:
    """Return how many parts have no answer yet."""
    return int(await tx.value(PARTS_UNDER_WAY, refund_id))


async def take_refused_parts(tx: Transaction, refund_id: UUID) -> int:
    """Take the parts off that cards refused, and return what they are in all."""
    return int(await tx.value(TAKE_REFUSED, refund_id))


async def approved(tx: Transaction) -> list[UUID]:
    """Return the balance refunds that are on their way."""
    return await tx.values(APPROVED)


async def paid_by_bank_before(tx: Transaction, refund_id: UUID) -> int:
    """Return what of a balance refund was paid by bank already."""
    return int(await tx.value(PAID_BEFORE, refund_id))


async def auto(tx: Transaction, driver_id: DriverId) -> Auto | None:
    """Return a driver's standing wish."""
    return await tx.fetch_one(Auto, AUTO, driver_id)


async def save_auto(tx: Transaction, new: Auto) -> None:
    """Write a driver's standing wish, given now."""
    await tx.execute(SAVE_AUTO, new.driver_id, new.below_minor, new.add_minor, new.method_id, new.agreed_at)


async def end_auto(tx: Transaction, driver_id: DriverId) -> bool:
    """Forget a driver's standing wish; return whether there was one."""
    return await tx.execute(END_AUTO, driver_id) == 1


async def auto_due(tx: Transaction, now: datetime, currency: str, limit: int) -> list[Auto]:
    """Return whose balance should be filled up now, locked."""
    return await tx.fetch(Auto, AUTO_DUE, now, currency, limit)


async def auto_tries(tx: Transaction, driver_id: DriverId, since: datetime) -> int:
    """Return how often a balance has been filled up from a saved method since an instant, paid or not."""
    return int(await tx.value(AUTO_TRIES, driver_id, since))


async def auto_tried(
    tx: Transaction,
    driver_id: DriverId,
    payment_id: PaymentId | None,
    failures: int,
    next_at: datetime,
    stopped_at: datetime | None,
) -> None:
    """Write how it went, and when it may happen again."""
    await tx.execute(AUTO_TRIED, driver_id, payment_id, failures, next_at, stopped_at)


async def forget_try(tx: Transaction, driver_id: DriverId) -> None:
    """The conclusion from the latest try has been drawn."""
    await tx.execute(FORGET_TRY, driver_id)


async def provider_of_method(tx: Transaction, driver_id: DriverId, method_id: PaymentMethodId) -> str | None:
    """Return who keeps a method of a driver; None when it cannot be debited."""
    found: str | None = await tx.value(METHOD, driver_id, method_id)
    return found


async def payment_state(tx: Transaction, payment_id: PaymentId) -> str | None:
    """Return where a payment stands."""
    found: str | None = await tx.value(PAYMENT_STATE, payment_id)
    return found


async def running(tx: Transaction, limit: int) -> Sequence[RunningCharge]:
    """Return charges that are paid by wallets and still run."""
    return await tx.fetch(RunningCharge, RUNNING, limit)


async def unkept(tx: Transaction, currency: str, limit: int) -> Sequence[UnkeptCharge]:
    """Return charges that run, are paid at once when they end, and have nothing kept for them; newest first."""
    return await tx.fetch(UnkeptCharge, UNKEPT, currency, limit)


async def happened(tx: Transaction, payment_id: PaymentId, kind: str) -> bool:
    """Return whether something has been noted about a payment before."""
    return bool(await tx.value(STOPPED_BEFORE, payment_id, kind))
