"""What the ways to pay need in the background: what follows on a decline, invoices to debit, starts to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, Purpose, State, Wish
from laddverk.payments.ways import debiting, holding, invoices, rules, starting, store, telling
from laddverk.payments.ways.model import Verdict
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

DEBIT_INVOICES: Final = "payments.debit_invoices"
PAID: Final = "payments.way_paid"
"""The job that hears of captured money: payload `PaymentCaptured`."""

EVERY: Final = (
    Every(DEBIT_INVOICES, timedelta(minutes=5)),
    Every(holding.REVIEW, timedelta(minutes=10)),
)

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of the ways to pay by their kind."""
    jobs = _Jobs(house)
    return {
        settling.NEXT_WAY: jobs.next_way,
        settling.WAY_SAVED: jobs.way_saved,
        PAID: jobs.way_paid,
        DEBIT_INVOICES: jobs.debit_invoices,
        holding.REVIEW: jobs.review_starts,
    }


class _Jobs:
    def __init__(self, house: House) -> None:
        self._house = house

    async def next_way(self, tx: Transaction, payloads: Payloads) -> None:
        """A debit came to nothing: the next way, the invoice, or the driver."""
        for payment_id in sorted({settling.decoded_id(payload) for payload in payloads}):
            payment = await payment_store.locked(tx, payment_id)
            if payment is not None and payment.state in rules.ENDED:
                await _after_decline(tx, self._house, payment, self._house.clock())

    async def way_paid(self, tx: Transaction, payloads: Payloads) -> None:
        """Money was taken: debts end, and drivers hear which way it took."""
        for payload in payloads:
            payment = await payment_store.payment(tx, settling.decoded_id(payload))
            if payment is not None:
                await _after_capture(tx, self._house, payment, self._house.clock())

    async def way_saved(self, tx: Transaction, payloads: Payloads) -> None:
        """A driver has something new to pay with: perhaps they may start now."""
        drivers = [DriverId(UUID(payload["driver_id"])) for payload in payloads]
        await holding.review(tx, self._house, drivers, self._house.clock())

    async def debit_invoices(self, tx: Transaction, _payloads: Payloads) -> None:
        """By the clock, and when invoices are made: debit those whose day has come."""
        await debiting.grace_is_over(tx, self._house, self._house.clock())
        await invoices.debit_due(tx, self._house, self._house.clock())

    async def review_starts(self, tx: Transaction, payloads: Payloads) -> None:
        """Look at who may start: of one driver, or by the clock of all whom it concerns."""
        drivers = [DriverId(UUID(payload["driver_id"])) for payload in payloads if "driver_id" in payload]
        if drivers:
            await holding.review(tx, self._house, drivers, self._house.clock())
        if len(drivers) < len(payloads):
            await holding.review_all(tx, self._house, self._house.clock())


async def _after_decline(tx: Transaction, house: House, payment: Payment, now: datetime) -> None:
    if payment.method_id is not None and rules.verdict(payment.failure_code) == Verdict.NEVER:
        await store.stop_method(tx, payment.method_id, payment.failure_code or "", now)
    if payment.purpose == Purpose.INVOICE and payment.invoice_id is not None:
        tries = await store.tries_of_invoice(tx, payment.invoice_id)
        if any(each.payment_id == payment.id for each in tries):  # what its payer asked for is no try of ours
            await invoices.step(tx, house, payment.invoice_id, now)
    elif payment.session_id is not None and payment.wish == Wish.CAPTURE:
        await debiting.debit_session(tx, house, payment.session_id, now)
    elif _was_for_start(payment) and await starting.reserve_next(tx, house, payment, now):
        return
    await settling.tell_gone(tx, payment, now)


def _was_for_start(payment: Payment) -> bool:
    """Whether somebody waits for this amount to be reserved; one that we let go ourselves nobody waits for."""
    return payment.start_request_id is not None and payment.wish == Wish.NOTHING and payment.state == State.FAILED


async def _after_capture(tx: Transaction, house: House, payment: Payment, now: datetime) -> None:
    if payment.invoice_id is not None:
        await invoices.paid(tx, house, InvoiceId(payment.invoice_id), now)
    if payment.session_id is None or payment.driver_id is None:
        return
    tried = await store.tries_of_session(tx, payment.session_id)
    if len(tried) > 1 and tried[-1].payment_id == payment.id:
        charged = await store.lock_session(tx, payment.session_id)
        assert charged is not None, "a captured session is there"
        await telling.session_paid(tx, house, charged, payment.driver_id, tried, now)
    if await store.unpaid(tx, payment.session_id) is not None:
        await holding.review(tx, house, [payment.driver_id], now)
