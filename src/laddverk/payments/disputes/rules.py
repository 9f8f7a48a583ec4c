"""How a dispute goes forward, and what is posted for each step. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.money import VatTotal, vat_portion
from laddverk.ledger.model import ADVANCES, DISPUTED, FEES, LOSSES, PROVIDER, RECEIVABLES, Entry, Line, sales_and_vat
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


def entries(before: Dispute, after: Dispute, payment: Payment, sold: Sequence[VatTotal], at: datetime) -> list[Entry]:
    """Return what is posted for the step from `before` to `after`: one entry for each sum that changed.

    The keys carry the new sums: a step that is repeated is posted once. `sold` is what the payment paid for, at each
    VAT rate: a session, or an invoice less what of it was credited.
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
        loss = _negated(_loss(payment, before.lost_minor, sold, after.currency))
        loss += _loss(payment, after.lost_minor, sold, after.currency)
        add("lost", after.lost_minor, (*_gathered(loss), line(DISPUTED, -lost)))
    return found


def _loss(payment: Payment, lost_minor: int, sold: Sequence[VatTotal], currency: str) -> tuple[Line, ...]:
    """Return the debit side of all that is lost so far.

    What a driver paid in is theirs no more. A sale is lost without its VAT, which is claimed back at the rates it was
    sold at. What was paid on an invoice and is no sale (any more) was the payer's: they have it now.
    """
    if payment.purpose == Purpose.TOP_UP:
        return (Line(ADVANCES, lost_minor, currency, payment.driver_id),)
    of_sale = min(lost_minor, sum(part.gross_minor for part in sold))
    parts = vat_portion(sold, of_sale)
    rest = (
        Line(LOSSES, lost_minor - of_sale, currency)
        if payment.invoice_id is None
        else Line(RECEIVABLES, lost_minor - of_sale, currency, payment.driver_id)
    )
    vat = tuple(Line(sales_and_vat(part.percent)[1], part.vat_minor, currency) for part in parts)
    return (Line(LOSSES, sum(part.net_minor for part in parts), currency), *vat, rest)


def _negated(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(replace(line, amount_minor=-line.amount_minor) for line in lines)


def _gathered(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Lines of one account become one."""
    sums: dict[Line, int] = {}
    for line in lines:
        account = replace(line, amount_minor=0)
        sums[account] = sums.get(account, 0) + line.amount_minor
    return tuple(replace(account, amount_minor=amount) for account, amount in sums.items())


def freezes(dispute: Dispute) -> bool:
    """Return whether the card of this dispute must not be debited while nobody is there: until it is won or dropped."""
    return dispute.state not in (DisputeState.WON, DisputeState.CLOSED)
