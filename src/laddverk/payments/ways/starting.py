"""Reserving an amount on a driver's way before a charge begins: the first way, then the fallback."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, PaymentId
from laddverk.kernel.problems import Conflict
from laddverk.payments import currencies, settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment, State
from laddverk.payments.wallet import service as wallet
from laddverk.payments.ways import debiting, rules, store
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import Way, WayKind
from laddverk.payments.ways.payer import payer_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House


async def reserve(
    tx: Transaction, house: House, *, driver_id: DriverId, start_request_id: UUID, amount_minor: int, now: datetime
) -> PaymentId | None:
    """Reserve an amount on the way that the driver's payer chose; `PaymentAuthorised` follows when it is done.

    None when nothing can be reserved there and the charge may begin at once: it is debited when its price is known, or
    an invoice takes it. Raises `Conflict` when the start is paid or given up, or when there is no way and the driver
    may not owe.
    """
    await _require_open(tx, start_request_id)
    payer = await payer_of(tx, driver_id, now)
    choice = await store.choice(tx, payer)
    assert choice is not None, "a driver who starts is there"
    currency = await currencies.of_start(tx, start_request_id, house.settings.currency)
    means = await means_of(tx, house, payer, now, currency)
    ways = rules.order(replace(choice, at_once=True), means)
    if ways and ways[0].kind is WayKind.WALLET and not await _in_wallet(tx, house, payer, currency, now):
        ways = ways[1:]
        if not ways:
            raise Conflict("There is too little on your balance to start.", remedy="Pay in on your page first.")
    if ways and debiting.provider_of(ways[0], means) not in rules.TAKES_AT_ONCE:
        made = await _made(tx, house, payer, ways[0], start_request_id, amount_minor, now)
        return made.id
    chosen = [way.kind for way in (choice.first, choice.fallback) if way is not None]
    by_hand = WayKind.BANK in chosen or WayKind.INVOICE in chosen
    if not ways and not (by_hand and rules.may_owe(choice, await store.policy(tx))):
        raise Conflict("You have no saved card.", remedy="Save a card on your page first.")
    return None


async def reserve_next(tx: Transaction, house: House, failed: Payment, now: datetime) -> bool:
    """Reserve on the way after that of `failed`; return False when there is none, or nobody waits for it any more."""
    assert failed.start_request_id is not None
    assert failed.driver_id is not None
    start = await payment_store.lock_start(tx, failed.start_request_id)
    if start is None or start.cancelled_at is not None or start.payment_id != failed.id:
        return False
    choice = await store.choice(tx, failed.driver_id)
    if choice is None:
        return False
    means = await means_of(tx, house, failed.driver_id, now, failed.currency)
    earlier = await payment_store.of_starts(tx, [failed.start_request_id])
    way = _after(rules.order(replace(choice, at_once=True), means), earlier)
    if way is None or debiting.provider_of(way, means) in rules.TAKES_AT_ONCE:
        return False
    await _made(tx, house, failed.driver_id, way, failed.start_request_id, failed.amount_minor, now)
    return True


def way_of(payment: Payment) -> Way:
    """Return the way that a payment debits."""
    return Way(WayKind.WALLET) if payment.method_id is None else Way(WayKind.METHOD, payment.method_id)


def _after(ways: Sequence[Way], earlier: Sequence[Payment]) -> Way | None:
    used = {way_of(payment) for payment in earlier}
    return next((way for way in ways if way not in used), None)


async def _require_open(tx: Transaction, start_request_id: UUID) -> None:
    start = await payment_store.lock_start(tx, start_request_id)
    if start is None or start.cancelled_at is not None:
        raise Conflict("This charging was given up.", remedy="Start again from the sticker on the outlet.")
    for earlier in await payment_store.of_starts(tx, [start_request_id]):
        if earlier.state not in (State.FAILED, State.CANCELLED):
            raise Conflict("This charging is paid for already.")


async def _in_wallet(tx: Transaction, house: House, payer: DriverId, currency: str, now: datetime) -> int:
    """Return what of the payer's wallet may be kept for a start; 0 when that is too little."""
    return await wallet.to_hold(tx, payer, currency, house.settings.reserve_minor(currency), now)


async def _made(
    tx: Transaction, house: House, payer: DriverId, way: Way, start_request_id: UUID, amount_minor: int, now: datetime
) -> Payment:
    currency = await currencies.of_start(tx, start_request_id, house.settings.currency)
    means = await means_of(tx, house, payer, now, currency)
    if way.kind is WayKind.WALLET:  # as much as there is: the hold grows with the charge
        amount_minor = await wallet.to_hold(tx, payer, currency, amount_minor, now) or amount_minor
    made = replace(
        debiting.new_debit(payer, way, means, amount_minor, currency, now),
        start_request_id=start_request_id,
    )
    await payment_store.insert(tx, made)
    await payment_store.link_start(tx, start_request_id, made.id)
    await settling.call(tx, made.id, "charge")
    return made
