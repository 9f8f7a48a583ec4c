"""How a dispute goes forward, and what is posted for each step. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.money import vat_within
from laddverk.ledger.model import ADVANCES, DISPUTED, FEES, LOSSES, PROVIDER, Entry, Line, sales_and_vat
from laddverk.payments.disputes.model import OVER, Dispute, DisputeSeen, DisputeState
from laddverk.payments.model import Payment, Purpose
from laddverk.payments.rules import MONEY_ACCOUNTS

RANK: Final = {state: place for place, state in enumerate(DisputeState)}


def applied(before: Dispute, seen: DisputeSeen, now: datetime) -> Dispute:
    """Return `before` after the provider showed `seen`: states only go forward, sums only grow.

    What a lost dispute holds is written off in the same step. A win after a loss (the card network decides anew) takes
    the write-off back as far as money is returned.
    """
    state = seen.state if RANK[seen.state] > RANK[before.state] else before.state
    withdrawn = max(before.withdrawn_minor, seen.withdrawn_minor)
    returned = min(withdrawn, max(before.returned_minor, seen.returned_minor))
    after = replace(
        before,
        state=state,
        withdrawn_minor=withdrawn,
        returned_minor=returned,
        lost_minor=withdrawn - returned if state == DisputeState.LOST else 0,
        fee_minor=max(before.fee_minor, seen.fee_minor),
        fee_back_minor=max(before.fee_back_minor, seen.fee_back_minor),
        due_at=seen.due_at or before.due_at,
        evidence_at=before.evidence_at or (now if seen.evidence_sent else None),
    )
    if after == before:
        return before
    return replace(after, updated_at=now, closed_at=before.closed_at or (now if state in OVER else None))


def entries(
    before: Dispute, after: Dispute, payment: Payment, vat_percent: Decimal | None, at: datetime
) -> list[Entry]:
    """Return what is posted for the step from `before` to `after`: one entry for each sum that changed.

    The keys carry the new sums: a step that is repeated is posted once. `vat_percent` is that of the sale which the
    payment was; where it was none (an invoice), a loss is booked gross, and the accountant adjusts the VAT.
    """
    money = MONEY_ACCOUNTS.get(payment.provider, PROVIDER)
    found: list[Entry] = []

    def add(kind: str, total: int, lines: tuple[Line, ...]) -> None:
        found.append(
            Entry(
                idempotency_key=f"dispute:{after.id}:{kind}:{total}",
                kind=f"dispute_{kind}",
                occurred_at=at,
                source_kind="payment",
                source_id=payment.id,
                text=after.provider_ref,
                lines=lines,
            )
        )

    def line(account: str, amount_minor: int) -> Line:
        return Line(account, amount_minor, after.currency)

    if taken := after.withdrawn_minor - before.withdrawn_minor:
        add("withdrawn", after.withdrawn_minor, (line(DISPUTED, taken), line(money, -taken)))
    if back := after.returned_minor - before.returned_minor:
        add("returned", after.returned_minor, (line(money, back), line(DISPUTED, -back)))
    if fee := after.fee_minor - before.fee_minor:
        add("fee", after.fee_minor, (line(FEES, fee), line(money, -fee)))
    if fee_back := after.fee_back_minor - before.fee_back_minor:
        add("fee_back", after.fee_back_minor, (line(money, fee_back), line(FEES, -fee_back)))
    if lost := after.lost_minor - before.lost_minor:
        add("lost", after.lost_minor, (*_loss(payment, lost, vat_percent, after.currency), line(DISPUTED, -lost)))
    return found


def _loss(payment: Payment, lost_minor: int, vat_percent: Decimal | None, currency: str) -> tuple[Line, ...]:
    """Return the debit side of a loss. What a driver paid in is theirs no more; a sale is lost without its VAT."""
    if payment.purpose == Purpose.TOP_UP:
        return (Line(ADVANCES, lost_minor, currency, payment.driver_id),)
    if vat_percent is None:
        return (Line(LOSSES, lost_minor, currency),)
    sign = 1 if lost_minor >= 0 else -1
    vat = sign * vat_within(abs(lost_minor), vat_percent)
    return (Line(LOSSES, lost_minor - vat, currency), Line(sales_and_vat(vat_percent)[1], vat, currency))


def freezes(dispute: Dispute) -> bool:
    """Return whether the card of this dispute must not be debited while nobody is there: until it is won or dropped."""
    return dispute.state not in (DisputeState.WON, DisputeState.CLOSED)
