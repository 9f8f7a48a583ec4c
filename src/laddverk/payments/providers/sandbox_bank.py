"""The built-in provider's own side: a bank that moves no money, with its own books and its own moods.

It plays an outside system: nothing in the house reads its table, and it speaks to the house only through its HTTP face
(`sandbox_web`) and signed webhooks. A test card decides how it behaves. No card number is asked for, seen or kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import new_id
from laddverk.payments.providers import sandbox_money as money
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

MOUNT: Final = "/sandbox"  # where the pages and the interface of the bank hang
URL_SAFE: Final = ":/?#[]@!$&'()*+,;=%-._~"  # what a URL may hold as it is (RFC 3986); all else is quoted

OPEN_FOR: Final = timedelta(minutes=30)  # as long as the shortest hosted page of the real ones
LATE_BY: Final = timedelta(seconds=20)  # long enough to see the portal wait, short enough to wait for
RESERVED_FOR: Final = timedelta(days=7)  # as the card networks do online
COPIES: Final = 3  # of each webhook with the card that duplicates them
DELIVER: Final = money.DELIVER


class TestCard(StrEnum):
    """The cards on the page, named after what they do."""

    __test__ = False

    GOOD = "good"
    CONFIRM = "confirm"
    DECLINED = "declined"
    NO_FUNDS = "no_funds"
    OUT_OF_DATE = "out_of_date"
    LOST_ANSWERS = "lost_answers"
    COPIES = "copies"
    LATE = "late"
    EXPIRES = "expires"
    NO_RAISE = "no_raise"
    APPLE_PAY = "apple_pay"
    DISPUTED = "disputed"
    UNLISTED = "unlisted"


CARD_TEXTS: Final[Mapping[TestCard, str]] = {
    TestCard.GOOD: N_("Works"),
    TestCard.CONFIRM: N_("Works after the bank has asked you (3-D Secure)"),
    TestCard.DECLINED: N_("Is declined"),
    TestCard.NO_FUNDS: N_("Is declined: not enough money"),
    TestCard.OUT_OF_DATE: N_("Is declined: the card has expired"),
    TestCard.LOST_ANSWERS: N_("Works, and the answer to each call is lost once"),
    TestCard.COPIES: N_("Works, and each message comes three times"),
    TestCard.LATE: N_("Works, and messages come 20 seconds late, the last one first"),
    TestCard.EXPIRES: N_("Works, and the reservation is gone at the end"),
    TestCard.NO_RAISE: N_("Works, and no more can be reserved later"),
    TestCard.APPLE_PAY: N_("Works, held out by Apple Pay"),
    TestCard.DISPUTED: N_("Works, and the holder wants the money back afterwards"),
    TestCard.UNLISTED: N_("Works, and is missing in the list of the payout"),
}
DECLINES: Final = {
    TestCard.DECLINED: "card_declined",
    TestCard.NO_FUNDS: "insufficient_funds",
    TestCard.OUT_OF_DATE: "expired_card",
}


class Account(Struct, frozen=True):
    """One row of the bank's books."""

    ref: str
    order_id: str
    status: str
    mode: str
    currency: str
    amount_minor: int
    capture_at_once: bool
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    card: TestCard | None
    failure_code: str | None
    return_url: str
    description: str
    expires_at: datetime
    idempotency: dict[str, Any]
    authorised_at: datetime | None = None

    @property
    def capture_before(self) -> datetime | None:
        """When a reservation is let go by itself."""
        return None if self.authorised_at is None else self.authorised_at + RESERVED_FOR


class Declined(Exception):
    """The bank says no to a call."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AnswerLost(Exception):
    """The bank has done it and kept it; the connection breaks before the answer is out."""


INSERT: Final = """
INSERT INTO sandbox_payment (ref, order_id, status, mode, currency, amount_minor, capture_at_once, return_url,
                             description, expires_at)
VALUES ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (order_id) DO NOTHING
"""
BY_ORDER: Final = "SELECT * FROM sandbox_payment WHERE order_id = $1 FOR UPDATE"
BY_REF: Final = "SELECT * FROM sandbox_payment WHERE ref = $1 FOR UPDATE"
SAVE: Final = """
UPDATE sandbox_payment SET status = $2, authorised_minor = $3, captured_minor = $4, refunded_minor = $5, card = $6,
       failure_code = $7, idempotency = $8, authorised_at = $9
WHERE ref = $1
"""


async def opened(tx: Transaction, order: Mapping[str, Any], now: datetime) -> Account:
    """Return the account of an order; the same order again gives the same account."""
    ref = f"pi_sandbox_{secrets.token_hex(16)}"
    mode = "setup" if order["amount_minor"] == 0 else "payment"
    await tx.execute(
        INSERT,
        ref,
        order["order_id"],
        mode,
        order["currency"],
        order["amount_minor"],
        order["capture_at_once"],
        order["return_url"],
        order["description"],
        now + OPEN_FOR,
    )
    found = await tx.fetch_one(Account, BY_ORDER, order["order_id"])
    assert found is not None
    return found


async def found(tx: Transaction, now: datetime, *, ref: str = "", order_id: str = "") -> Account | None:
    """Return an account by its reference or its order, after closing it if nobody paid in time."""
    account = await tx.fetch_one(Account, BY_REF if ref else BY_ORDER, ref or order_id)
    if account is not None and account.status == "open" and account.expires_at <= now:
        return await _saved(tx, replace(account, status="cancelled"), "payment.expired", now)
    ends = None if account is None else account.capture_before
    if account is not None and account.status == "authorised" and ends is not None and ends <= now:
        return await _saved(tx, replace(account, status="cancelled"), "payment.let_go", now)
    return account


async def paid(tx: Transaction, account: Account, card: TestCard, now: datetime) -> Account:
    """Pay with a test card: on the page, or from a saved one. A decline leaves the page open for another card."""
    if account.status != "open":
        return account
    declined = DECLINES.get(card)
    if declined is not None:
        return await _saved(tx, replace(account, card=card, failure_code=declined), "payment.attempt_failed", now)
    if account.mode == "setup":
        status, authorised, captured = "saved", 0, 0
    elif account.capture_at_once:
        status, authorised, captured = "captured", account.amount_minor, account.amount_minor
    else:
        status, authorised, captured = "authorised", account.amount_minor, 0
    after = replace(
        account, status=status, card=card, failure_code=None, authorised_minor=authorised, captured_minor=captured,
        authorised_at=now,
    )  # fmt: skip
    if status == "captured":
        await _took(tx, after, now)
    return await _saved(tx, after, f"payment.{status}", now)


async def raised(tx: Transaction, account: Account, amount_minor: int, now: datetime) -> Account:
    """Reserve `amount_minor` in all. Raises `Declined` when the card does not, or nothing is reserved."""
    if account.status != "authorised":
        raise Declined("not_authorised")
    if account.authorised_minor >= amount_minor:
        return account
    if account.card == TestCard.NO_RAISE:
        raise Declined("insufficient_funds")
    return await _saved(tx, replace(account, authorised_minor=amount_minor), "payment.raised", now)


async def given_up(tx: Transaction, account: Account, now: datetime) -> Account:
    """Close what is open, or release what is reserved. What was captured stays."""
    if account.status in ("open", "authorised"):
        return await _saved(tx, replace(account, status="cancelled"), "payment.cancelled", now)
    return account


async def captured(tx: Transaction, account: Account, amount_minor: int, now: datetime) -> Account:
    """Take an amount of what is reserved. Raises `Declined` when there is nothing to take it from."""
    if account.status == "captured" and account.captured_minor == amount_minor:
        return account
    if account.status == "authorised" and account.card == TestCard.EXPIRES:
        return await given_up(tx, account, now)
    if account.status != "authorised":
        raise Declined("not_authorised")
    if not 0 < amount_minor <= account.authorised_minor:
        raise Declined("amount_too_large")
    after = replace(account, status="captured", captured_minor=amount_minor)
    await _took(tx, after, now)
    return await _saved(tx, after, "payment.captured", now)


async def refunded(tx: Transaction, account: Account, refund_id: str, amount_minor: int, now: datetime) -> Account:
    """Give an amount back, once for each refund id. Raises `Declined` when it is more than is left."""
    if refund_id in account.idempotency:
        return account
    if amount_minor <= 0 or account.refunded_minor + amount_minor > account.captured_minor:
        raise Declined("amount_too_large")
    if await money.is_disputed(tx, account.ref):
        raise Declined("charge_disputed")
    await money.moved(tx, _paid(account), "refund", -amount_minor, 0, refund_id, now)
    after = replace(
        account,
        refunded_minor=account.refunded_minor + amount_minor,
        idempotency={**account.idempotency, refund_id: amount_minor},
    )
    return await _saved(tx, after, "payment.refunded", now)


async def _took(tx: Transaction, account: Account, now: datetime) -> None:
    """Book what was taken; some test cards have second thoughts."""
    paid, amount = _paid(account), account.captured_minor
    hidden = account.card == TestCard.UNLISTED
    await money.moved(tx, paid, "charge", amount, money.fee_of(amount), account.ref, now, hidden=hidden)
    if account.card == TestCard.DISPUTED:
        await money.dispute(tx, paid, amount, now)


def _paid(account: Account) -> money.Paid:
    return money.Paid(account.ref, account.order_id, account.currency)


def loses_answer(account: Account, key: str) -> bool:
    """Return whether the answer to call `key` is to be lost: the first time, with the card that does so."""
    return account.card == TestCard.LOST_ANSWERS and f"lost:{key}" not in account.idempotency


async def lose_answer(tx: Transaction, account: Account, key: str) -> None:
    """Remember that the answer to call `key` was lost, so that the next one is not."""
    await _write(tx, replace(account, idempotency={**account.idempotency, f"lost:{key}": True}))


def shown(account: Account) -> dict[str, Any]:
    """Return an account as the bank's HTTP face and its webhooks show it."""
    card = account.card
    return {
        "ref": account.ref,
        "order_id": account.order_id,
        "status": account.status,
        "authorised_minor": account.authorised_minor,
        "captured_minor": account.captured_minor,
        "refunded_minor": account.refunded_minor,
        "failure_code": account.failure_code,
        "capture_before": account.capture_before,
        "wallet": "apple_pay" if card == TestCard.APPLE_PAY else "",
        "used": None if card is None or not account.authorised_at else card,
        "card": None
        if card is None or account.mode != "setup"
        else {"ref": f"card_{card}_{account.ref}", "name": card},
        "refunds": [key for key in account.idempotency if not key.startswith("lost:")],
    }


async def _saved(tx: Transaction, account: Account, kind: str, now: datetime) -> Account:
    await _write(tx, account)
    event = {"id": f"evt_sandbox_{new_id().hex}", "type": kind, "payment": shown(account)}
    late = account.card == TestCard.LATE
    copies = COPIES if account.card == TestCard.COPIES else 1
    run_at = now + LATE_BY - timedelta(seconds=5 * (account.status == "captured")) if late else None
    await enqueue(tx, [NewJob(DELIVER, event, run_at) for _ in range(copies)])
    return account


async def _write(tx: Transaction, account: Account) -> None:
    await tx.execute(
        SAVE,
        account.ref,
        account.status,
        account.authorised_minor,
        account.captured_minor,
        account.refunded_minor,
        account.card,
        account.failure_code,
        account.idempotency,
        account.authorised_at,
    )
