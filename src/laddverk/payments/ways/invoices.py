"""Debiting invoices by themselves: on a day the driver knows, the first way, then the fallback, then spaced rounds.

One payment at a time for an invoice: a hosted page that the driver opened, or a collection by the bank, is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.direct_debit import collection_store
from laddverk.payments.model import Purpose, State
from laddverk.payments.ways import debiting, holding, invoice_store, rules, telling
from laddverk.payments.ways import store as ways_store
from laddverk.payments.ways.invoice_store import Owed
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import Choice, Debit, Means, Tried
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

HOUR: Final = time(9)  # local: people are awake to read what happened, and can still mend it on the same day
WAIT_FOR_OTHERS: Final = timedelta(hours=2)  # a page that the driver left open closes within that time
UNDER_WAY: Final = timedelta(days=1)  # a try answers within minutes; this is for one whose answer was lost


async def debit_due(tx: Transaction, house: House, now: datetime) -> int:
    """Begin debits for new invoices, and try those whose time has come; return how many tries were made."""
    await _begin(tx, house, now)
    tries = 0
    for invoice_id in await invoice_store.due(tx, now):
        tries += await step(tx, house, invoice_id, now)
    return tries


async def _begin(tx: Transaction, house: House, now: datetime) -> None:
    policy = await ways_store.policy(tx)
    for new in await invoice_store.new(tx):
        choice = await ways_store.choice(tx, new.driver_id)
        assert choice is not None, "an invoice has a driver"
        ways = rules.order_for_invoice(choice, await means_of(tx, house, new.driver_id, now))
        begins = first_try(new.issued_at, policy.debit_after_days, house.settings.timezone)
        await invoice_store.begin(tx, new.id, new.driver_id, begins, "" if ways else "no_way")


def first_try(issued_at: datetime, after_days: int, zone: str) -> datetime:
    """Return when an invoice is debited: in the morning, some days after it was made. At once for 0 days."""
    if not after_days:
        return issued_at
    day = issued_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=after_days)
    return datetime.combine(day, HOUR, ZoneInfo(zone)).astimezone(issued_at.tzinfo)


async def step(tx: Transaction, house: House, invoice_id: InvoiceId, now: datetime) -> bool:
    """Take the next step for one invoice: try a way, wait for somebody else, or end; return whether a way was tried."""
    invoice = await payment_store.lock_invoice(tx, invoice_id)
    debit = await invoice_store.locked(tx, invoice_id)
    if invoice is None or debit is None or debit.ended_why:
        return False
    remaining = await collection_store.remaining(tx, invoice_id)
    if remaining <= 0:
        await invoice_store.save(tx, replace(debit, next_at=None, ended_why="paid"))
        return False
    if await payment_store.open_for_invoice(tx, invoice_id) is not None:
        await invoice_store.save(tx, replace(debit, next_at=now + WAIT_FOR_OTHERS))
        return False
    choice = await ways_store.choice(tx, debit.driver_id)
    assert choice is not None, "an invoice has a driver"
    means = await means_of(tx, house, debit.driver_id, now, invoice.currency)
    owed = await invoice_store.owed(tx, invoice_id)
    assert owed is not None, "it was locked above"
    return await _try(tx, house, debit, replace(owed, remaining_minor=remaining), choice, means, now)


async def _try(
    tx: Transaction, house: House, debit: Debit, owed: Owed, choice: Choice, means: Sequence[Means], now: datetime
) -> bool:
    """Try the next way of this round, or end the round."""
    tried = await ways_store.tries_of_invoice(tx, debit.invoice_id)
    ways = [
        way
        for way in rules.order_for_invoice(choice, means)
        if owed.remaining_minor >= debiting.smallest(house, way, means, owed.currency)
    ]
    way = rules.next_in_round(ways, tried, debit.round)
    if way is None:
        await _end_round(tx, house, debit, owed, choice, means, tried, now)
        return False
    payment = replace(
        debiting.new_debit(debit.driver_id, way, means, owed.remaining_minor, owed.currency, now),
        purpose=Purpose.INVOICE,
        invoice_id=debit.invoice_id,
    )
    await payment_store.insert(tx, payment)
    await payment_store.note(tx, payment.id, State.CREATED, now, amount_minor=payment.amount_minor)
    await ways_store.insert_try(
        tx, payment.id, debit.driver_id, way, len(tried) + 1, now,
        invoice_id=debit.invoice_id, round_number=debit.round,
    )  # fmt: skip
    await invoice_store.save(tx, replace(debit, next_at=now + UNDER_WAY))
    await settling.call(tx, payment.id, "charge")
    return True


async def _end_round(
    tx: Transaction,
    house: House,
    debit: Debit,
    owed: Owed,
    choice: Choice,
    means: Sequence[Means],
    tried: Sequence[Tried],
    now: datetime,
) -> None:
    """No way is left in this round: the next one is on another day, or people pay. The driver is told."""
    this_round = [each for each in tried if each.round == debit.round]
    again = rules.next_round(rules.order_for_invoice(choice, means), tried, debit.round, debit.begins_at, now)
    if again is None:
        await invoice_store.save(tx, replace(debit, next_at=None, ended_why="given_up"))
    else:
        await invoice_store.save(tx, replace(debit, round=debit.round + 1, next_at=again))
    if this_round:
        await telling.invoice_tried(
            tx, house, debit.invoice_id, owed.number, debit.driver_id, owed.remaining_minor, owed.currency,
            this_round, "no_more" if again is None else "again", again, f"debit:{debit.invoice_id}:{len(tried)}", now,
        )  # fmt: skip
    await holding.review(tx, house, [debit.driver_id], now)


async def paid(tx: Transaction, house: House, invoice_id: InvoiceId, now: datetime) -> None:
    """Money came for an invoice: end its debit when nothing remains, and tell the driver when it was our debit."""
    debit = await invoice_store.locked(tx, invoice_id)
    owed = await invoice_store.owed(tx, invoice_id)
    if owed is None:
        return
    await holding.look_again(tx, DriverId(owed.driver_id))
    if debit is None or await collection_store.remaining(tx, invoice_id) > 0:
        return
    if not debit.ended_why:
        await invoice_store.save(tx, replace(debit, next_at=None, ended_why="paid"))
    tried = await ways_store.tries_of_invoice(tx, invoice_id)
    if tried and tried[-1].state == State.CAPTURED:
        this_round = [each for each in tried if each.round == tried[-1].round]
        await telling.invoice_tried(
            tx, house, invoice_id, owed.number, debit.driver_id, owed.gross_minor, owed.currency, this_round, "paid",
            None, f"debited:{invoice_id}", now,
        )  # fmt: skip
