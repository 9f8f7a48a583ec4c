"""Collecting what is owed from bank accounts: planned from invoices, written to a file once, taken back, paid out.

A try is a payment and a collection with the same fate. The unique key (invoice, try) makes a second run change nothing;
the scheme's lock makes runs and imports follow one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import BankFileId, CollectionId, MandateId, PaymentId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.payments import refunding, sealing, settling
from laddverk.payments import store as payment_store
from laddverk.payments.direct_debit import bank_days, mandate_store
from laddverk.payments.direct_debit import collection_rules as rules
from laddverk.payments.direct_debit import collection_store as store
from laddverk.payments.direct_debit.collection_rules import Due
from laddverk.payments.direct_debit.mandates import schemes
from laddverk.payments.direct_debit.model import (
    CURRENCIES,
    BankFile,
    Collection,
    CollectionKind,
    CollectionState,
    MandateState,
    Scheme,
)
from laddverk.payments.model import Outside, Payment, Purpose, Snapshot, State
from laddverk.payments.providers import sepa
from laddverk.payments.providers.bank_orders import Orders, Payer, autogiro_file
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

HORIZON_BANK_DAYS: Final = 5  # how far ahead the bank is told: early enough for a lost file, late enough to change
OVERTAKEN: Final = "paid_otherwise"
NO_MANDATE: Final = "no_mandate"


class Written(Struct, frozen=True):
    """A file to the bank that was made."""

    file_id: BankFileId
    number: int
    mandates: int
    collections: int


async def plan(tx: Transaction, house: House, scheme: Scheme, now: datetime) -> int:
    """Plan a try for each invoice that is owed and can be collected; return how many are new. May be repeated."""
    await mandate_store.lock(tx, scheme)
    made = 0
    for due in await store.due(tx, scheme, now):
        day = rules.day_to_collect(due, now, house.settings.timezone, scheme)
        if day is None:
            continue
        payment = _payment_for(due, scheme, now)
        identity = CollectionId(new_id())
        collection = Collection(
            id=identity,
            kind=CollectionKind.COLLECT,
            scheme=scheme,
            mandate_id=due.mandate_id,
            payment_id=payment.id,
            invoice_id=due.invoice_id,
            attempt=due.attempt + 1,
            reference=rules.reference_of(due.series, due.number, due.attempt + 1, identity),
            amount_minor=due.remaining_minor,
            currency=payment.currency,
            due_on=day,
            created_at=now,
            updated_at=now,
        )
        await payment_store.insert(tx, payment)
        await payment_store.note(tx, payment.id, State.CREATED, now, amount_minor=payment.amount_minor)
        made += await store.insert(tx, collection)
    return made


def _payment_for(due: Due, scheme: Scheme, now: datetime) -> Payment:
    return Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.INVOICE,
        state=State.CREATED,
        currency=CURRENCIES[scheme],
        amount_minor=due.remaining_minor,
        due_minor=due.remaining_minor,
        invoice_id=due.invoice_id,
        driver_id=due.driver_id,
        provider=scheme,
        created_at=now,
        updated_at=now,
    )


async def write(tx: Transaction, house: House, actor: Actor, scheme: Scheme, now: datetime) -> Written | None:
    """Plan what is owed and write one file with all that the bank must be told; None when there is nothing to tell.

    The file is kept as it is: whoever fetches it again gets the same bytes, and nothing in it is written a second time.
    Needs `payments:refund`, as all that moves money by hand. Raises `NotFound` without an agreement.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if scheme not in schemes(house.settings):
        raise NotFound("There is no agreement for this way of paying.")
    await plan(tx, house, scheme, now)
    number = await mandate_store.lock(tx, scheme)
    first = bank_days.earliest(now, house.settings.timezone, scheme)
    mandates = await mandate_store.to_tell(tx, scheme)
    collections = await _chosen(tx, scheme, first, now)
    cancelled = await store.to_cancel(tx, scheme) if scheme == Scheme.AUTOGIRO else []
    accounts = [sealing.account_in(house.secrets, each.account_sealed, each.id.bytes) for each in mandates]
    orders = Orders(
        scheme=scheme,
        number=number,
        at=now.astimezone(ZoneInfo(house.settings.timezone)),
        mandates=[Payer(mandate, account) for mandate, account in zip(mandates, accounts, strict=True)],
        refusals=await mandate_store.refusals(tx, scheme),
        collections=collections,
        cancelled=cancelled,
        payers=await _payers(tx, house, [*collections, *cancelled]),
    )
    records = len(orders.mandates) + len(orders.refusals) + len(collections) + len(cancelled)
    if not records:
        return None
    file_id = await _kept(tx, house, actor, orders, records, now)
    await _told(tx, orders, file_id, now)
    await audit.write(
        tx, actor, "bank_file.written", "bank_file", file_id, at=now, detail={"number": number, "records": records}
    )
    return Written(file_id, number, len(orders.mandates) + len(orders.refusals), len(collections))


async def _chosen(tx: Transaction, scheme: Scheme, first: date, now: datetime) -> list[Collection]:
    """Return what goes into the next file: what fell due to be told, checked once more. SEPA wants one kind a file."""
    horizon = bank_days.after(first, HORIZON_BANK_DAYS, scheme)
    checked = [await _checked(tx, each, first, now) for each in await store.planned(tx, scheme, horizon)]
    ready = [each for each in checked if each is not None]
    if scheme == Scheme.SEPA and any(each.kind == CollectionKind.COLLECT for each in ready):
        return [each for each in ready if each.kind == CollectionKind.COLLECT]
    return ready


async def _checked(tx: Transaction, planned: Collection, first: date, now: datetime) -> Collection | None:
    """Return a planned collection as it is to be written now, or None when it has become needless."""
    moved = replace(planned, due_on=max(planned.due_on, first))
    if planned.kind == CollectionKind.PAYOUT or planned.invoice_id is None:
        return moved
    mandate = await mandate_store.locked(tx, planned.mandate_id)
    remaining = await store.remaining(tx, planned.invoice_id)
    if mandate is None or mandate.state != MandateState.ACTIVE:
        await drop(tx, planned, NO_MANDATE, now)
    elif remaining <= 0:
        await drop(tx, planned, OVERTAKEN, now)
    elif remaining < planned.amount_minor:
        await store.lower(tx, planned.payment_id, remaining)
        return replace(moved, amount_minor=remaining)
    else:
        return moved
    return None


async def _payers(tx: Transaction, house: House, collections: Sequence[Collection]) -> dict[MandateId, Payer]:
    mandates = await mandate_store.by_ids(tx, sorted({each.mandate_id for each in collections}))
    return {
        each.id: Payer(each, sealing.account_in(house.secrets, each.account_sealed, each.id.bytes)) for each in mandates
    }


async def _kept(tx: Transaction, house: House, actor: Actor, orders: Orders, records: int, now: datetime) -> BankFileId:
    made = autogiro_file if orders.scheme == Scheme.AUTOGIRO else sepa.written
    name, content = made(house.settings, orders)
    digest = hashlib.sha256(content)
    file = BankFile(
        id=BankFileId(new_id()),
        scheme=orders.scheme,
        direction="out",
        number=orders.number,
        name=name,
        sha256=digest.hexdigest(),
        size=len(content),
        records=records,
        made_at=now,
        made_by=actor.name,
    )
    kept = await store.keep_file(tx, file, sealing.sealed(house.secrets, content, digest.digest()))
    assert kept.copies == 1, "two files to the bank are never the same: each order is written once"
    await store.use_number(tx, orders.scheme, orders.number)
    return kept.id


async def _told(tx: Transaction, orders: Orders, file_id: BankFileId, now: datetime) -> None:
    """Record that all in `orders` stands in a file now: none of it is written again."""
    for payer in orders.mandates:
        mandate = payer.mandate
        if mandate.state == MandateState.REQUESTED:
            await mandate_store.save(tx, replace(mandate, state=MandateState.SENT, updated_at=now))
        else:
            await mandate_store.save(tx, replace(mandate, deletion_sent=True, updated_at=now))
        await mandate_store.note(tx, mandate.id, "told_bank", now, {"file": orders.number})
    await mandate_store.refused(tx, orders.scheme, file_id)
    for collection in orders.collections:
        sent = replace(collection, state=CollectionState.SENT, file_id=file_id, updated_at=now)
        await store.save(tx, sent)
        payment = await payment_store.locked(tx, collection.payment_id)
        assert payment is not None
        if collection.kind == CollectionKind.COLLECT and payment.state == State.CREATED:
            await settling.step(tx, payment, replace(payment, state=State.SUBMITTED, updated_at=now), now)
    for collection in orders.cancelled:
        await store.save(tx, replace(collection, cancel_sent=True, updated_at=now))


async def cancel(tx: Transaction, actor: Actor, collection_id: CollectionId, reason: str, now: datetime) -> Collection:
    """Take a collection back: at once when the bank was not told yet, else with the next file, if the bank is in time.

    Needs `payments:refund` and a reason. Raises `NotFound`, `Invalid`, and `Conflict` when it has its answer.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    collection = await store.locked(tx, collection_id)
    if collection is None:
        raise NotFound("There is no such collection.")
    if not reason.strip():
        raise Invalid("Say why.", field="reason", remedy="It is kept in the audit log.")
    if collection.state not in (CollectionState.PLANNED, CollectionState.SENT, CollectionState.RETRYING):
        raise Conflict("This collection has its answer already.")
    if collection.state == CollectionState.PLANNED:
        after = await drop(tx, collection, "cancelled", now)
    else:
        after = replace(collection, state=CollectionState.CANCELLING, updated_at=now)
        await store.save(tx, after)
    detail = {"reference": collection.reference, "amount_minor": collection.amount_minor}
    await audit.write(
        tx, actor, "collection.cancelled", "collection", collection_id, at=now, reason=reason.strip(), detail=detail
    )
    return after


async def drop(tx: Transaction, planned: Collection, why: str, now: datetime) -> Collection:
    """Give up a collection that the bank does not know of, with its payment or refund."""
    dropped = replace(planned, state=CollectionState.CANCELLED, answer_code=why, updated_at=now)
    await store.save(tx, dropped)
    payment = await payment_store.locked(tx, planned.payment_id)
    assert payment is not None
    if planned.kind == CollectionKind.COLLECT:
        await settling.see(tx, payment, Snapshot(status=Outside.CANCELLED, failure_code=why), now)
    elif planned.refund_id is not None:
        refund = await payment_store.refund(tx, planned.refund_id)
        assert refund is not None
        await refunding.failed(tx, payment, refund, why, now)
    return dropped


async def pay_out(tx: Transaction, house: House, payment: Payment, refund_id: UUID, now: datetime) -> bool:
    """Plan that a refund goes back to the account it was collected from; False when it cannot. May be repeated."""
    collected = await store.of_payment(tx, payment.id)
    refunds = {each.id: (number, each) for number, each in enumerate(await payment_store.refunds(tx, payment.id), 1)}
    if collected is None or refund_id not in refunds:
        return False
    number, refund = refunds[refund_id]
    scheme = collected.scheme
    identity = CollectionId(new_id())
    await store.insert(
        tx,
        Collection(
            id=identity,
            kind=CollectionKind.PAYOUT,
            scheme=scheme,
            mandate_id=collected.mandate_id,
            payment_id=payment.id,
            refund_id=refund.id,
            invoice_id=payment.invoice_id,
            reference=rules.payout_reference(collected.reference, number, identity),
            amount_minor=refund.amount_minor,
            currency=payment.currency,
            due_on=bank_days.earliest(now, house.settings.timezone, scheme),
            created_at=now,
            updated_at=now,
        ),
    )
    return True
