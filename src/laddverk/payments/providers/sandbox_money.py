"""The built-in bank's balance: its fees, disputes of its test cards, and a payout each night that may lack an item.

As in `sandbox_bank`, nothing in the house reads these books but through the bank's HTTP face.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue

DELIVER: Final = "sandbox.deliver"
NIGHT: Final = "sandbox.night"
"""By the clock: the bank's night."""
NIGHT_HOUR: Final = 3  # local time: when the day's charges are over
DISPUTE_FEE_MINOR: Final = 15_000  # 150 kr, as others ask
ANSWER_WITHIN: Final = timedelta(days=14)
LISTED_MAX: Final = 20_000


class Entry(Struct, frozen=True, kw_only=True):
    """Something that moved the balance; what went out is negative."""

    ref: str
    kind: str
    payment_ref: str
    order_id: str
    source_ref: str
    currency: str
    amount_minor: int
    fee_minor: int
    is_hidden: bool
    at: datetime


class Dispute(Struct, frozen=True, kw_only=True):
    """A holder of a test card who wants the money back."""

    ref: str
    payment_ref: str
    status: str
    reason: str
    amount_minor: int
    returned_minor: int
    fee_minor: int
    due_at: datetime
    evidence: Any
    made_at: datetime


class Payout(Struct, frozen=True, kw_only=True):
    """What went to the bank account that there is not."""

    ref: str
    currency: str
    amount_minor: int
    made_at: datetime


class Paid(Struct, frozen=True):
    """What a payment is to this file."""

    ref: str
    order_id: str
    currency: str


class _Currency(Struct, frozen=True):
    currency: str
    net_minor: int


ADD: Final = """
INSERT INTO sandbox_entry (ref, kind, payment_ref, order_id, source_ref, currency, amount_minor, fee_minor, is_hidden,
                           at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
PAYMENT: Final = "SELECT ref, order_id, currency FROM sandbox_payment WHERE ref = $1"
DISPUTES_OF: Final = "SELECT * FROM sandbox_dispute WHERE payment_ref = $1 ORDER BY made_at"
DISPUTE: Final = "SELECT * FROM sandbox_dispute WHERE ref = $1 FOR UPDATE"
NEW_DISPUTE: Final = """
INSERT INTO sandbox_dispute (ref, payment_ref, status, reason, amount_minor, fee_minor, due_at, made_at)
VALUES ($1, $2, 'needs_response', 'fraudulent', $3, $4, $5, $6)
"""
SAVE_DISPUTE: Final = "UPDATE sandbox_dispute SET status = $2, returned_minor = $3, evidence = $4 WHERE ref = $1"
TO_DECIDE: Final = """
SELECT * FROM sandbox_dispute WHERE status = 'under_review' OR (status = 'needs_response' AND due_at < $1) FOR UPDATE
"""
WAITING: Final = """
SELECT currency, sum(amount_minor - fee_minor)::bigint AS net_minor FROM sandbox_entry
WHERE payout_ref IS NULL AND at < $1 GROUP BY currency
"""
NEW_PAYOUT: Final = "INSERT INTO sandbox_payout (ref, currency, amount_minor, made_at) VALUES ($1, $2, $3, $4)"
TAKE: Final = "UPDATE sandbox_entry SET payout_ref = $1 WHERE payout_ref IS NULL AND currency = $2 AND at < $3"
LAST: Final = "SELECT max(made_at) FROM sandbox_payout"
PAYOUTS: Final = "SELECT * FROM sandbox_payout WHERE made_at >= $1 ORDER BY made_at DESC LIMIT 100"
ITEMS: Final = """
SELECT ref, kind, payment_ref, order_id, source_ref, currency, amount_minor, fee_minor, is_hidden, at
FROM sandbox_entry WHERE payout_ref = $1 AND NOT is_hidden ORDER BY at LIMIT $2
"""


def fee_of(amount_minor: int) -> int:
    """Return what the bank keeps of a charge: 1.5 % and 1.80 kr."""
    return amount_minor * 15 // 1000 + 180


async def moved(
    tx: Transaction, paid: Paid, kind: str, amount_minor: int, fee_minor: int, source_ref: str, now: datetime,
    *, hidden: bool = False,
) -> None:  # fmt: skip
    """Book something on the balance."""
    ref = f"txn_sandbox_{secrets.token_hex(12)}"
    await tx.execute(
        ADD, ref, kind, paid.ref, paid.order_id, source_ref, paid.currency, amount_minor, fee_minor, hidden, now
    )


async def dispute(tx: Transaction, paid: Paid, amount_minor: int, now: datetime) -> str:
    """Let the holder of a card want their money back: it is gone at once, with a fee; return the dispute's number."""
    ref = f"dp_sandbox_{secrets.token_hex(12)}"
    await tx.execute(NEW_DISPUTE, ref, paid.ref, amount_minor, DISPUTE_FEE_MINOR, now + ANSWER_WITHIN, now)
    await moved(tx, paid, "dispute", -amount_minor, DISPUTE_FEE_MINOR, ref, now)
    await _tell(tx, paid, "payment.disputed")
    return ref


async def is_disputed(tx: Transaction, payment_ref: str) -> bool:
    """Return whether somebody wants the money of a payment back, or got it."""
    return any(each.status != "won" for each in await tx.fetch(Dispute, DISPUTES_OF, payment_ref))


async def answered(tx: Transaction, ref: str, evidence: Mapping[str, Any]) -> Dispute | None:
    """Take evidence; the bank looks at it by night. None for no such dispute, or one that is over."""
    found = await tx.fetch_one(Dispute, DISPUTE, ref)
    if found is None or found.status != "needs_response":
        return None
    return await _save(tx, replace(found, status="under_review", evidence=dict(evidence)))


async def given_in(tx: Transaction, ref: str) -> Dispute | None:
    """The operator gives in. None for no such dispute, or one that is over."""
    found = await tx.fetch_one(Dispute, DISPUTE, ref)
    if found is None or found.status not in ("needs_response", "under_review"):
        return None
    return await _save(tx, replace(found, status="lost"))


async def night(tx: Transaction, now: datetime, zone: str) -> bool:
    """Decide disputes and pay out, once a night: what is answered is won, what nobody answered in time is lost.

    Return whether it was night.
    """
    local = now.astimezone(ZoneInfo(zone))
    last: datetime | None = await tx.value(LAST)
    if local.hour < NIGHT_HOUR or (last is not None and last.astimezone(ZoneInfo(zone)).date() >= local.date()):
        return False
    await decide(tx, now)
    await pay_out(tx, now, local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC))
    return True


async def decide(tx: Transaction, now: datetime) -> None:
    """Decide the disputes that are answered, and those that nobody answered in time."""
    for found in await tx.fetch(Dispute, TO_DECIDE, now):
        await _decide(tx, found, now)


async def pay_out(tx: Transaction, now: datetime, before: datetime) -> None:
    """Pay out what moved before an instant, one payout for each currency that has something left."""
    for waiting in await tx.fetch(_Currency, WAITING, before):
        if waiting.net_minor <= 0:
            continue  # what is owed to the bank waits for charges to come
        ref = f"po_sandbox_{secrets.token_hex(12)}"
        await tx.execute(NEW_PAYOUT, ref, waiting.currency, waiting.net_minor, now)
        await tx.execute(TAKE, ref, waiting.currency, before)
        event = {"id": f"evt_sandbox_{new_id().hex}", "type": "payout.paid", "payout": ref}
        await enqueue(tx, [NewJob(DELIVER, event)])


async def called(tx: Transaction, method: str, path: Sequence[str], given: Mapping[str, Any]) -> Any:
    """Answer a call about money; None when there is no such thing."""
    match method, path:
        case "GET", ["payouts", since]:
            return await tx.fetch(Payout, PAYOUTS, datetime.fromtimestamp(int(since), UTC))
        case "GET", ["payout-items", ref]:
            return await tx.fetch(Entry, ITEMS, ref, LISTED_MAX)
        case "GET", ["disputes-of", ref]:
            return await tx.fetch(Dispute, DISPUTES_OF, ref)
        case "POST", ["disputes", ref, "answer"]:
            return await answered(tx, ref, given)
        case "POST", ["disputes", ref, "accept"]:
            return await given_in(tx, ref)
    return None


async def _decide(tx: Transaction, found: Dispute, now: datetime) -> None:
    paid = await tx.fetch_one(Paid, PAYMENT, found.payment_ref)
    assert paid is not None, "a dispute has its payment (foreign key)"
    if found.status == "under_review":
        await _save(tx, replace(found, status="won", returned_minor=found.amount_minor))
        await moved(tx, paid, "dispute", found.amount_minor, 0, found.ref, now)
    else:
        await _save(tx, replace(found, status="lost"))
    await _tell(tx, paid, "payment.dispute_decided")


async def _save(tx: Transaction, after: Dispute) -> Dispute:
    await tx.execute(SAVE_DISPUTE, after.ref, after.status, after.returned_minor, after.evidence)
    return after


async def _tell(tx: Transaction, paid: Paid, kind: str) -> None:
    payment = {"order_id": paid.order_id, "ref": paid.ref}
    await enqueue(tx, [NewJob(DELIVER, {"id": f"evt_sandbox_{new_id().hex}", "type": kind, "payment": payment})])
