"""The rail of what a driver has with us: a hold in the ledger is the authorisation. No money comes from outside.

Each verb has a short transaction of its own, keyed by the payment's id, as if it were an outside system. That the
money was used is booked where the answer is recorded (`settling`), together with the end of the hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import asyncpg

from laddverk.kernel.problems import NotFound
from laddverk.ledger import holds
from laddverk.ledger.model import ADVANCES, Hold, HoldState, NewHold, NotEnough
from laddverk.payments.model import Card, Outside, Payment, Refund, RefundState, Snapshot, WebhookEvent
from laddverk.payments.providers.port import HostedPage, Order, RefundSeen, Refused, Unanswered
from laddverk.payments.rules import WALLET
from laddverk.payments.wallet.books import hold_key, hold_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

T = TypeVar("T")

HELD_FOR: Final = timedelta(days=7)
"""As long as a card is held. A charge that runs keeps its hold alive (`growing`)."""
LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '5s'"
"""Who waits longer may wait for somebody who waits for us, where PostgreSQL cannot see it."""
NOT_ENOUGH: Final = "not_enough"
KEPT: Final = "payment"
TAKEN_AT_ONCE: Final = "payment_at_once"
"""Sources of holds: of what is kept until its price is known, and of what is taken with the hold."""


class Wallet:
    """Fills `port.PaymentProvider` from the ledger."""

    name = WALLET

    def __init__(self, house: House) -> None:
        self._house = house

    def smallest_minor(self, currency: str) -> int:
        """Return one öre: nobody takes a fee."""
        return 1

    async def checkout(self, order: Order) -> HostedPage:
        """Refuse: a wallet has no page of its own."""
        raise Refused("no_page", "A wallet is charged, not opened.")

    async def charge(self, order: Order, card: Card) -> Snapshot:
        """Keep the amount apart; with `capture_at_once` it counts as taken. Too little comes back as failed."""
        owner = UUID(card.method_ref)

        async def work(tx: Transaction) -> Snapshot:
            now = self._house.clock()
            wanted = NewHold(
                idempotency_key=hold_key(order.payment_id),
                account=ADVANCES,
                owner=owner,
                amount_minor=order.amount_minor,
                currency=order.currency,
                source_kind=TAKEN_AT_ONCE if order.capture_at_once else KEPT,
                source_id=order.payment_id,
                expires_at=now + HELD_FOR,
            )
            try:
                await holds.place(tx, wanted, now)
            except NotEnough as short:
                missing = order.amount_minor - short.available_minor
                return Snapshot(status=Outside.FAILED, failure_code=NOT_ENOUGH, failure_text=str(missing))
            return _seen(await _hold(tx, order.payment_id))

        return await self._done(work)

    async def capture(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Take what the charge cost, also beyond what is held: it was delivered. The hold ends when this is booked."""
        hold = await self._done(lambda tx: hold_of(tx, payment.id))
        if hold is None or hold.state is HoldState.RELEASED:
            raise Refused("released", "Nothing is held for this payment.")
        return _taken(payment.due_minor or amount_minor)

    async def cancel(self, payment: Payment) -> Snapshot:
        """Let the money be available again."""

        async def work(tx: Transaction) -> Snapshot:
            hold = await hold_of(tx, payment.id)
            if hold is not None:
                await holds.release(tx, hold.id, self._house.clock())
                hold = await hold_of(tx, payment.id)
            return Snapshot(status=Outside.CANCELLED) if hold is None else _seen(hold)

        return await self._done(work)

    async def refund(self, payment: Payment, refund: Refund) -> RefundSeen:
        """Say yes: the money is the driver's again when this is booked."""
        return RefundSeen(RefundState.SUCCEEDED)

    async def refunded(self, payment: Payment, refund_id: UUID) -> RefundSeen | None:
        """Return nothing: a refund is done when it is booked, and asked for again until then."""
        return None

    async def fetch(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        """Return what its hold says of a payment; None when nothing was ever held."""
        hold = await self._done(lambda tx: hold_of(tx, payment.id))
        return None if hold is None else _seen(hold)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> WebhookEvent:
        """Refuse: nobody outside speaks for a wallet."""
        raise NotFound("There is no such payment provider here.")

    async def _done(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def bounded(tx: Transaction) -> T:
            await tx.execute(LOCK_TIMEOUT)
            return await work(tx)

        try:
            return await self._house.database.run(bounded)
        except asyncpg.LockNotAvailableError as busy:
            raise Unanswered("somebody else is moving this wallet") from busy


async def _hold(tx: Transaction, payment_id: UUID) -> Hold:
    hold = await hold_of(tx, payment_id)
    assert hold is not None, "it was placed in this transaction, or before"
    return hold


def _seen(hold: Hold) -> Snapshot:
    """Return what a hold says. What it was placed for stands with it: a price that came later does not change that."""
    match hold.state:
        case HoldState.CAPTURED:
            return _taken(hold.captured_minor)
        case HoldState.RELEASED | HoldState.EXPIRED:
            return Snapshot(status=Outside.CANCELLED, authorised_minor=hold.amount_minor)
    if hold.source_kind == TAKEN_AT_ONCE:
        return _taken(hold.amount_minor)
    return Snapshot(status=Outside.AUTHORISED, authorised_minor=hold.amount_minor)


def _taken(amount_minor: int) -> Snapshot:
    return Snapshot(status=Outside.CAPTURED, authorised_minor=amount_minor, captured_minor=amount_minor)
