"""Does a payout agree with our books, and what is posted for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from laddverk.ledger.model import BANK, FEES, PROVIDER, PROVIDER_DIFFERENCES, Entry, Line
from laddverk.payments.payouts.model import Item, ItemKind, ItemSeen, Ours, Payout, PayoutSeen, PayoutState, Wrong

OVER: Final = frozenset({PayoutState.FAILED, PayoutState.CANCELED})


class Sums(Struct, frozen=True):
    """What a payout comes to, in minor units: `bank` = `claims` - `fees` + `difference`."""

    bank: int
    claims: int
    """What the items that we know were worth on 1580."""
    fees: int
    difference: int


def matched(seen: ItemSeen, ours: Ours) -> Item:
    """Return an item with what it is in our books, and what is wrong with it."""
    return Item(
        provider_ref=seen.provider_ref,
        kind=seen.kind,
        source_ref=seen.source_ref,
        text=seen.text,
        amount_minor=seen.amount_minor,
        fee_minor=seen.fee_minor,
        net_minor=seen.net_minor,
        at=seen.at,
        payment_id=ours.payment_id,
        refund_id=ours.refund_id,
        dispute_id=ours.dispute_id,
        problem=_wrong(seen, ours),
    )


def _wrong(seen: ItemSeen, ours: Ours) -> Wrong:
    if seen.kind == ItemKind.FEE:
        return Wrong.NOTHING
    if ours.elsewhere:
        return Wrong.TWICE
    match seen.kind:
        case ItemKind.CHARGE if ours.captured_minor:
            return Wrong.NOTHING if ours.captured_minor == seen.amount_minor else Wrong.AMOUNT
        case ItemKind.REFUND if ours.refund_minor:
            return Wrong.NOTHING if ours.refund_minor == -seen.amount_minor else Wrong.AMOUNT
        case ItemKind.DISPUTE if ours.dispute_id is not None:
            return Wrong.NOTHING
        case ItemKind.OTHER if ours.came_back:
            return Wrong.NOTHING
    return Wrong.UNKNOWN


def sums(state: PayoutState, amount_minor: int, items: Sequence[Item]) -> Sums:
    """Return what a payout comes to. Nothing is in the bank before it is paid, nor when it failed.

    The fee of a dispute was posted with the dispute; all other fees are posted here. What is not in our books as the
    provider has it is no claim: it is (part of) the difference.
    """
    known = [item for item in items if item.problem == Wrong.NOTHING]
    claims = fees = 0
    for item in known:
        if item.kind == ItemKind.FEE:
            fees -= item.net_minor
        elif item.kind == ItemKind.DISPUTE:
            claims += item.net_minor
        else:
            claims += item.amount_minor
            fees += item.fee_minor
    if state != PayoutState.PAID:
        return Sums(0, 0, 0, amount_minor - claims + fees)
    return Sums(amount_minor, claims, fees, amount_minor - claims + fees)


def joined(before: Payout, seen: PayoutSeen) -> Payout:
    """Return `before` after the provider showed `seen`: failing is the end, and what is paid is not pending again."""
    order = list(PayoutState)
    forward = order.index(seen.state) > order.index(before.state)
    return replace(
        before,
        state=seen.state if forward else before.state,
        amount_minor=seen.amount_minor,
        arrives_on=seen.arrives_on,
        failure_text=seen.failure_text or before.failure_text,
    )


def booking(payout: Payout, wanted: Sums, at: datetime) -> Entry | None:
    """Return what is posted so that the ledger has `wanted` of a payout; None when it has it already.

    Only what changed is posted. The key counts the postings of the payout.
    """
    paid = payout.state == PayoutState.PAID
    difference = wanted.difference if paid else 0
    fees = wanted.fees if paid else 0
    bank_more = wanted.bank - payout.booked_bank
    fees_more = fees - payout.booked_fees
    difference_more = difference - payout.booked_difference
    if not (bank_more or fees_more or difference_more):
        return None
    lines = (
        Line(BANK, bank_more, payout.currency),
        Line(FEES, fees_more, payout.currency),
        Line(PROVIDER_DIFFERENCES, -difference_more, payout.currency),
        Line(PROVIDER, difference_more - bank_more - fees_more, payout.currency),
    )
    return Entry(
        idempotency_key=f"payout:{payout.id}:{payout.bookings + 1}",
        kind="payout",
        occurred_at=at,
        source_kind="payout",
        source_id=payout.id,
        text=payout.provider_ref,
        lines=lines,
    )
