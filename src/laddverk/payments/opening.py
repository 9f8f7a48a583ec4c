"""Beginning a payment: for a session before it starts, for an invoice, or to save a card.

The row is committed before the provider is called, so that nothing the provider does can be unknown to us; the call
is keyed by the row's id, so that a second click or a retry meets the same payment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId, PaymentMethodId, SessionId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Unavailable
from laddverk.payments import currencies, settling, store
from laddverk.payments.model import Checkout, Payment, Purpose, State, Wish
from laddverk.payments.providers import chosen_provider, provider_named
from laddverk.payments.providers.port import HostedPage, Order, PaymentProvider, Refused, Unanswered
from laddverk.payments.rules import BY_FILE
from laddverk.payments.ways import starting
from laddverk.payments.ways import store as ways_store
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

AMOUNT_MAX_MINOR: Final = 1_000_000  # 10 000 kr: more than any charge costs; a mistake in a form, or worse

TOP_UP_MAX_MINOR: Final = 500_000  # 5 000 kr, as for prepaid cards: e-money rules begin to ask questions above
PAID_AT_ONCE: Final = frozenset({Purpose.INVOICE, Purpose.TOP_UP})

PAGE_OPEN_FOR: Final = timedelta(minutes=60)  # Stripe wants 30 at the least, counted from a second click too

DESCRIPTIONS: Final = {
    Purpose.SESSION: N_("EV charging: reserved amount"),
    Purpose.INVOICE: N_("Invoice for EV charging"),
    Purpose.SAVE_CARD: N_("Save a card for EV charging"),
    Purpose.TOP_UP: N_("Money for EV charging"),
}


PAID_BEFORE: Final = N_("EV charging, paid in advance")


async def open_adhoc(
    house: House,
    *,
    start_request_id: UUID,
    amount_minor: int,
    return_url: str,
    now: datetime,
    driver_id: DriverId | None = None,
    provider: str | None = None,
    language: str = "sv",
) -> Checkout:
    """Return a hosted page that reserves `amount_minor` for a start request; a second call gives the same page.

    The amount is in the currency of the prices that the start was shown.
    `provider` names the rail that the person has chosen; None is the operator's own choice of a card provider.

    Raises `Invalid` for a silly amount, `NotFound`, `Conflict` when the start was cancelled or is paid already, and
    `Unavailable` when the provider does not answer: then nothing is reserved, and the call may be repeated.
    """
    rail = _rail(house, provider)
    smallest = rail.smallest_minor(house.settings.currency)
    if not smallest <= amount_minor <= AMOUNT_MAX_MINOR:
        raise Invalid("This amount cannot be reserved.", field="amount", remedy="Choose one of the amounts shown.")

    async def prepare(tx: Transaction) -> Payment:
        start = await store.lock_start(tx, start_request_id)
        if start is None:
            raise NotFound("There is no such charging to pay for.")
        if start.cancelled_at is not None:
            raise Conflict("This charging was given up.", remedy="Start again from the sticker on the outlet.")
        earlier = await store.of_starts(tx, [start_request_id])
        for payment in earlier:
            if payment.state in (State.CREATED, State.CHECKOUT):
                if payment.provider == rail.name:
                    return payment
                await settling.wish(tx, payment, Wish.CANCEL, now)  # the person went back and chose another rail
            elif payment.state not in (State.FAILED, State.CANCELLED):
                raise Conflict("This charging is paid for already.")
        made = _new(
            house, Purpose.SESSION, amount_minor, now, start_request_id=start_request_id, driver_id=driver_id,
            return_url=return_url, provider=rail.name,
        )  # fmt: skip
        made = replace(made, currency=await currencies.of_start(tx, start_request_id, made.currency))
        await store.insert(tx, made)
        await store.link_start(tx, start_request_id, made.id)
        return made

    return await _opened(house, prepare, now, language)


async def open_save_card(
    house: House,
    driver_id: DriverId,
    *,
    return_url: str,
    now: datetime,
    provider: str | None = None,
    language: str = "sv",
) -> Checkout:
    """Return a page on which a driver saves a card, or gives a consent, for later. No money moves.

    Raises `Unavailable` when the provider does not answer.
    """
    rail = _rail(house, provider)

    async def prepare(tx: Transaction) -> Payment:
        made = _new(house, Purpose.SAVE_CARD, 0, now, driver_id=driver_id, return_url=return_url, provider=rail.name)
        await store.insert(tx, made)
        return made

    return await _opened(house, prepare, now, language)


async def open_top_up(
    house: House,
    driver_id: DriverId,
    *,
    amount_minor: int,
    return_url: str,
    now: datetime,
    currency: str | None = None,
    provider: str | None = None,
    language: str = "sv",
) -> Checkout:
    """Return a hosted page on which a driver pays money in, to charge for later: in `currency`, or the operator's.

    Raises `Invalid` for a silly amount or a currency that is not taken, and `Unavailable` when the provider does not
    answer.
    """
    rail, currency = _rail(house, provider), currency or house.settings.currency
    if currency not in house.settings.currencies:
        raise Invalid("This currency is not taken here.", field="currency")
    if not rail.smallest_minor(currency) <= amount_minor <= TOP_UP_MAX_MINOR:
        raise Invalid("This amount cannot be paid in.", field="amount", remedy="Choose one of the amounts shown.")

    async def prepare(tx: Transaction) -> Payment:
        made = _new(
            house, Purpose.TOP_UP, amount_minor, now, driver_id=driver_id, return_url=return_url, provider=rail.name
        )
        made = replace(made, currency=currency)
        await store.insert(tx, made)
        return made

    return await _opened(house, prepare, now, language)


async def open_invoice(
    house: House,
    invoice_id: InvoiceId,
    *,
    return_url: str,
    now: datetime,
    provider: str | None = None,
    language: str = "sv",
) -> Checkout:
    """Return a hosted page that pays what remains of an invoice; a payment under way gives its own page again.

    Raises `NotFound`, `Conflict` when nothing remains to be paid or money is on its way, and `Unavailable`.
    """
    rail = _rail(house, provider)

    async def prepare(tx: Transaction) -> Payment:
        invoice = await store.lock_invoice(tx, invoice_id)
        if invoice is None or invoice.kind != "invoice":
            raise NotFound("There is no such invoice.")
        under_way = await store.open_for_invoice(tx, invoice_id)
        if under_way is not None and under_way.provider in BY_FILE:
            raise Conflict(
                "This invoice is being collected from your bank account.",
                remedy="Wait for the bank's answer, or ask us to take the collection back.",
            )
        if under_way is not None and under_way.state in (State.CREATED, State.CHECKOUT):
            if under_way.provider == rail.name:
                return under_way
            await settling.wish(tx, under_way, Wish.CANCEL, now)  # the person went back and chose another rail
            under_way = None
        if under_way is not None or invoice.remaining_minor <= 0:
            raise Conflict("Nothing remains to be paid on this invoice.")
        made = replace(
            _new(
                house,
                Purpose.INVOICE,
                invoice.remaining_minor,
                now,
                invoice_id=invoice_id,
                return_url=return_url,
                provider=rail.name,
            ),
            driver_id=invoice.driver_id,
            currency=invoice.currency,
        )
        await store.insert(tx, made)
        return made

    return await _opened(house, prepare, now, language)


async def open_with_card(
    tx: Transaction, house: House, *, driver_id: DriverId, start_request_id: UUID, amount_minor: int, now: datetime
) -> PaymentId | None:
    """Reserve an amount on the way that a driver chose; see `ways.starting.reserve`. None: the charge may begin."""
    return await starting.reserve(
        tx, house, driver_id=driver_id, start_request_id=start_request_id, amount_minor=amount_minor, now=now
    )


async def open_owed(
    house: House,
    session_id: SessionId,
    *,
    return_url: str,
    now: datetime,
    provider: str | None = None,
    language: str = "sv",
) -> Checkout:
    """Return a hosted page on which a driver pays a charge that nobody could be debited for.

    Raises `NotFound`, `Conflict` when it is paid or being paid, and `Unavailable` when the provider does not answer.
    """
    rail = _rail(house, provider)

    async def prepare(tx: Transaction) -> Payment:
        await ways_store.lock_session(tx, session_id)
        owed = await ways_store.unpaid(tx, session_id)
        if owed is None:
            raise NotFound("There is no such charge to pay.")
        under_way = await store.of_session(tx, session_id)
        if under_way is not None and under_way.state == State.CHECKOUT and under_way.provider == rail.name:
            return under_way
        if await ways_store.is_being_paid(tx, session_id, now) or not owed.amount_minor:
            raise Conflict("This charge is paid, or is being paid.")
        made = replace(
            _new(
                house, Purpose.SESSION, owed.amount_minor, now, driver_id=owed.driver_id, return_url=return_url,
                provider=rail.name,
            ),
            currency=owed.currency,
            session_id=session_id,
            due_minor=owed.amount_minor,
        )  # fmt: skip
        await store.insert(tx, made)
        return made

    return await _opened(house, prepare, now, language)


def _rail(house: House, name: str | None) -> PaymentProvider:
    return chosen_provider(house) if name is None else provider_named(house, name)


def _new(
    house: House,
    purpose: Purpose,
    amount_minor: int,
    now: datetime,
    *,
    start_request_id: UUID | None = None,
    invoice_id: InvoiceId | None = None,
    driver_id: DriverId | None = None,
    method_id: PaymentMethodId | None = None,
    return_url: str = "",
    provider: str | None = None,
) -> Payment:
    return Payment(
        id=PaymentId(new_id()),
        purpose=purpose,
        state=State.CREATED,
        currency=house.settings.currency,
        amount_minor=amount_minor,
        start_request_id=start_request_id,
        invoice_id=invoice_id,
        driver_id=driver_id,
        method_id=method_id,
        provider=provider or house.settings.payment_provider,
        return_url=return_url,
        created_at=now,
        updated_at=now,
    )


async def _opened(
    house: House, prepare: Callable[[Transaction], Awaitable[Payment]], now: datetime, language: str
) -> Checkout:
    payment = await house.database.run(prepare)
    if payment.checkout_url:
        return Checkout(payment.id, payment.checkout_url)
    order = await house.database.run(lambda tx: order_of(tx, payment, language))
    try:
        page = await provider_named(house, payment.provider).checkout(order)
    except (Unanswered, Refused) as error:
        raise Unavailable(
            "The payment provider does not answer now. No money was reserved.",
            remedy="Try again in a moment.",
        ) from error
    await house.database.run(lambda tx: _keep_page(tx, payment.id, page, now))
    return Checkout(payment.id, page.url)


async def order_of(tx: Transaction, payment: Payment, language: str = "sv") -> Order:
    """Return what to tell the provider about `payment`, with what is known of its driver."""
    customer, email = None, None
    if payment.driver_id is not None:
        known = await store.methods(tx, payment.driver_id, payment.provider)
        customer = known[0].customer_ref if known else None
        email = await store.driver_email(tx, payment.driver_id)
    return order_for(payment, language, customer_ref=customer, email=email)


def order_for(
    payment: Payment, language: str = "sv", *, customer_ref: str | None = None, email: str | None = None
) -> Order:
    """Return what to tell the provider about `payment` of a customer that it knows, or whose address we have."""
    return Order(
        payment_id=payment.id,
        currency=payment.currency,
        # Of a charge that is over before its money was reserved, no more is taken than it cost.
        amount_minor=payment.amount_minor if not payment.due_minor else min(payment.amount_minor, payment.due_minor),
        # A session is paid when it is over; what is known already is taken at once.
        capture_at_once=payment.purpose in PAID_AT_ONCE or payment.due_minor is not None,
        return_url=payment.return_url,
        page_until=payment.created_at + PAGE_OPEN_FOR,
        description=gettext_for(language)(_description(payment)),
        language=language,
        customer_ref=customer_ref,
        email=email,
    )


def _description(payment: Payment) -> str:
    """Return what the payment is for, as a msgid; Swish reserves nothing."""
    before = payment.purpose == Purpose.SESSION and payment.provider == "swish"
    return PAID_BEFORE if before else DESCRIPTIONS[payment.purpose]


async def _keep_page(tx: Transaction, payment_id: PaymentId, page: HostedPage, now: datetime) -> None:
    payment = await store.locked(tx, payment_id)
    assert payment is not None
    state = State.CHECKOUT if payment.state == State.CREATED else payment.state
    kept = replace(
        payment,
        state=state,
        checkout_ref=payment.checkout_ref or page.checkout_ref,
        provider_ref=payment.provider_ref or page.provider_ref,
        checkout_url=page.url,
        updated_at=now,
    )
    await store.save(tx, kept)
    if state != payment.state:
        await store.note(tx, payment_id, state, now, amount_minor=payment.amount_minor)
