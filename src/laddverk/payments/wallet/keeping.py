"""Keeping money for a charge that began with a tag: nobody asked us before it started, so it is kept while it runs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.model import Payment
from laddverk.payments.wallet import service, store
from laddverk.payments.wallet.store import UnkeptCharge
from laddverk.payments.ways import debiting, rules
from laddverk.payments.ways import store as ways_store
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import WayKind
from laddverk.payments.ways.payer import payer_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

CHARGES_MAX: Final = 200  # bounds one round
KEPT: Final = "kept_while_it_runs"


async def keep(tx: Transaction, house: House, now: datetime) -> int:
    """Keep money for running charges whose payer's first way is the wallet; return for how many.

    One with too little on it goes on: it is debited when it has ended, by the fallback if need be.
    """
    kept = 0
    for charge in await store.unkept(tx, house.settings.currency, CHARGES_MAX):
        payment = await _payment_for(tx, house, charge, now)
        if payment is not None:
            await payment_store.insert(tx, payment)
            await payment_store.note(tx, payment.id, KEPT, now, amount_minor=payment.amount_minor)
            await settling.call(tx, payment.id, "charge")
            kept += 1
    return kept


async def _payment_for(tx: Transaction, house: House, charge: UnkeptCharge, now: datetime) -> Payment | None:
    payer = await payer_of(tx, charge.driver_id, now)
    choice = await ways_store.choice(tx, payer)
    if choice is None:
        return None
    means = await means_of(tx, house, payer, now, charge.currency)
    first = next(iter(rules.order(replace(choice, at_once=True), means)), None)
    if first is None or first.kind is not WayKind.WALLET:
        return None
    wanted = house.settings.reserve_minor(charge.currency)
    amount = await service.to_hold(tx, payer, charge.currency, wanted, now)
    if not amount:
        return None
    made = debiting.new_debit(payer, first, means, amount, charge.currency, now)
    return replace(made, session_id=charge.session_id)
