"""Deeds that move money: what was paid or reserved goes back, an amount to charge for. Alone up to a limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PaymentId, new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.payments import asking
from laddverk.payments import service as payments
from laddverk.payments.wallet import service as wallet
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.sessions import service as sessions
from laddverk.sessions.model import WhyFailed
from laddverk.support.agent import store
from laddverk.support.agent.model import Given, Result, Trouble
from laddverk.support.identity import Need, require
from laddverk.support.model import Verified
from laddverk.support.situations.model import StartStage

DAY: Final = timedelta(days=1)
DAY_FACTOR: Final = 10  # so many times the limit somebody may give in a day: splitting an amount leads nowhere
BOOKS_FACTOR: Final = 20  # who keeps the books decides larger sums alone
SOLD: Final = """
SELECT coalesce(due_minor, captured_minor)::bigint AS due_minor, captured_minor, currency, session_id FROM payment
WHERE id = $1
"""


class _Paid(Struct, frozen=True):
    due_minor: int
    captured_minor: int
    currency: str
    session_id: UUID | None


def checked_identity(trouble: Trouble) -> None:
    """Raise `NotAllowed` for somebody we do not know well enough to give money to.

    Who holds the secret page of a charge may have that very charge's money back: it goes the way that it came.
    """
    verified = trouble.case.verified
    if verified is Verified.CHARGE and trouble.subject.start_request_id is not None:
        return
    require(verified, Need.MONEY)


async def check(tx: Transaction, trouble: Trouble) -> Result:
    """Ask the payment service how the driver's payment stands. Raises `Conflict` where nothing was to be paid."""
    if trouble.subject.payment_id is None:
        raise Conflict("Nothing was paid or reserved for this.", remedy="Send a payment link.")
    await asking.ask(tx, PaymentId(trouble.subject.payment_id))
    return Result(payment_id=trouble.subject.payment_id)


def limit_minor(house: House, actor: Actor) -> int:
    """Return how much `actor` may give in a case alone."""
    alone = house.settings.support_alone_minor
    return alone * BOOKS_FACTOR if actor.may(Permission.INVOICES_WRITE) else alone


async def needs_second(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, amount_minor: int, now: datetime
) -> bool:
    """Return whether somebody else must agree: this case or this day has had as much as one may give alone."""
    limit = limit_minor(house, actor)
    in_case = await store.given_in_case(tx, trouble.case.id)
    today = await store.given_by(tx, actor.id, now - DAY)
    return in_case + amount_minor > limit or today + amount_minor > limit * DAY_FACTOR


async def refund(tx: Transaction, house: House, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Give back what was paid for the case's charge, or release what is reserved. Raises `Conflict`, `Invalid`."""
    checked_identity(trouble)
    payment_id = trouble.subject.payment_id or trouble.case.payment_id
    if payment_id is None:
        raise Conflict(
            "No payment is known here.", remedy="A charge on an invoice is credited there; else give goodwill."
        )
    paid = await tx.fetch_one(_Paid, SOLD, payment_id)
    if paid is None:
        raise Conflict("No payment is known here.", remedy="Say which payment it is about.")
    if not paid.captured_minor:
        return await _release(tx, trouble, payment_id, now)
    left = await _left(tx, payment_id, paid.captured_minor)
    amount_minor = given.amount_minor if given.amount_minor is not None else left
    if not 0 < amount_minor <= left:
        raise Invalid("The amount must be more than zero and no more than what is left.", field="amount")
    if await needs_second(tx, house, actor, trouble, amount_minor, now):
        return Result(payment_id=payment_id, amount_minor=amount_minor, currency=paid.currency, waits=True)
    refund_id = await payments.refund(tx, actor, PaymentId(payment_id), amount_minor, given.reason, now)
    return Result(payment_id=payment_id, amount_minor=amount_minor, currency=paid.currency, refund_id=refund_id)


async def _left(tx: Transaction, payment_id: UUID, captured_minor: int) -> int:
    made = await payments.refunds(tx, PaymentId(payment_id))
    return captured_minor - sum(each.amount_minor for each in made if each.state != "failed")


async def _release(tx: Transaction, trouble: Trouble, payment_id: UUID, now: datetime) -> Result:
    start = trouble.facts.start
    if start is None or trouble.subject.start_request_id is None or start.stage is StartStage.BEGUN:
        raise Conflict("Nothing has been drawn yet.", remedy="What is not used is released when the charge is over.")
    if not await sessions.cancel_start(tx, trouble.subject.start_request_id, WhyFailed.CANCELLED, now):
        raise Conflict("It has been given up already: what was reserved is being released.")
    return Result(payment_id=payment_id)


async def goodwill(
    tx: Transaction, house: House, actor: Actor, trouble: Trouble, given: Given, now: datetime
) -> Result:  # fmt: skip
    """Put an amount on the driver's balance. Raises `Conflict` without an account, `Invalid`."""
    require(trouble.case.verified, Need.MONEY)
    if trouble.case.driver_id is None:
        raise Conflict("Goodwill needs an account.", remedy="Say who the driver is, or give money back.")
    if given.amount_minor is None or given.amount_minor <= 0:
        raise Invalid("Say how much.", field="amount")
    currency = house.settings.currency
    alone = min(limit_minor(house, actor), wallet.goodwill_limit(actor, await wallet.policy(tx)))
    if given.amount_minor > alone or await needs_second(tx, house, actor, trouble, given.amount_minor, now):
        return Result(amount_minor=given.amount_minor, currency=currency, waits=True)
    await give(tx, house, actor, trouble.case.driver_id, given.amount_minor, given.reason, now)
    return Result(amount_minor=given.amount_minor, currency=currency)


async def give(
    tx: Transaction, house: House, actor: Actor, driver_id: UUID, amount_minor: int, reason: str, now: datetime
) -> None:  # fmt: skip
    """Put an amount on a balance; raises what `wallet` raises above this person's own limit there."""
    await wallet.give_goodwill(
        tx, house, actor, DriverId(driver_id), amount_minor, reason, now, once=new_id()
    )  # fmt: skip
