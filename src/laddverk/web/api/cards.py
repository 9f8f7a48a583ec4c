"""The API's disputes and payouts of card payments: for tools that keep an operator's books."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from litestar import get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.payments.disputes import queries as dispute_queries
from laddverk.payments.disputes.queries import DisputeRow
from laddverk.payments.payouts import queries as payout_queries
from laddverk.payments.payouts.queries import ItemRow, PayoutRow
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class Dispute(Struct, frozen=True):
    """A card payment that its payer's bank takes back, or asks about. Amounts are in minor units."""

    id: str
    payment_id: str
    session_id: str | None
    invoice_id: str | None
    provider: str
    provider_ref: str
    state: str
    """inquiry, needs_response, under_review, closed, won or lost."""
    reason: str
    currency: str
    amount_minor: int
    withdrawn_minor: int
    returned_minor: int
    fee_minor: int
    """Less what of it came back."""
    opened_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None


class Payout(Struct, frozen=True):
    """What a provider paid to the bank account. Amounts are in minor units."""

    id: str
    provider: str
    provider_ref: str
    state: str
    """pending, in_transit, paid, failed or canceled."""
    currency: str
    amount_minor: int
    fees_minor: int
    difference_minor: int
    """The amount less what its known items sum to: zero when it agrees with the books."""
    items: int
    unmatched: int
    made_at: datetime
    arrives_on: date


class PayoutItem(Struct, frozen=True):
    """One item of a payout, with what it is in the books."""

    provider_ref: str
    kind: str
    """charge, refund, dispute, fee or other."""
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    at: datetime
    payment_id: str | None
    problem: str
    """unknown, amount or twice; empty when it agrees."""


@get("/disputes", opt=needs(Permission.PAYMENTS_READ))
async def list_disputes(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Dispute]:
    """List disputes, the latest first. `state`: one of them, or `waiting` for those to be answered."""
    asked.actor.require_everywhere()
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await dispute_queries.disputes(tx, search, in_state, "-opened", limit=limit, offset=offset)
        total = await dispute_queries.count_disputes(tx, search, in_state)
    return page([_dispute(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/disputes/{dispute_id:str}", opt=needs(Permission.PAYMENTS_READ))
async def get_dispute(asked: Asking, dispute_id: FromPath[str]) -> Dispute:
    """Return one dispute."""
    asked.actor.require_everywhere()
    async with asked.transaction() as tx:
        row = await dispute_queries.dispute(tx, parsed("dsp", dispute_id))
    if row is None:
        raise NotFound("There is no such dispute.")
    return _dispute(row)


@get("/payouts", opt=needs(Permission.PAYMENTS_READ))
async def list_payouts(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Payout]:
    """List payouts, the latest first. `state`: one of them, `differs`, or `look` for those nobody has looked at."""
    asked.actor.require_everywhere()
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await payout_queries.payouts(tx, search, in_state, "-made", limit=limit, offset=offset)
        total = await payout_queries.count_payouts(tx, search, in_state)
    return page([_payout(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/payouts/{payout_id:str}/items", opt=needs(Permission.PAYMENTS_READ))
async def list_items(
    asked: Asking,
    payout_id: FromPath[str],
    search: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[PayoutItem]:
    """List what a payout is made of. `kind`: one of them, or `problem` for what does not agree."""
    asked.actor.require_everywhere()
    checked_limit(limit, offset)
    identity = parsed("pot", payout_id)
    async with asked.transaction() as tx:
        if await payout_queries.payout(tx, identity) is None:
            raise NotFound("There is no such payout.")
        rows = await payout_queries.items(tx, identity, search, kind, limit=limit, offset=offset)
        total = await payout_queries.count_items(tx, identity, search, kind)
    return page([_item(row) for row in rows], limit=limit, offset=offset, total=total)


def _dispute(row: DisputeRow) -> Dispute:
    return Dispute(
        shown("dsp", row.id),
        shown("pay", row.payment_id),
        shown("ses", row.session_id) if row.session_id else None,
        shown("inv", row.invoice_id) if row.invoice_id else None,
        row.provider,
        row.provider_ref,
        row.state,
        row.reason,
        row.currency,
        row.amount_minor,
        row.withdrawn_minor,
        row.returned_minor,
        row.fee_minor - row.fee_back_minor,
        row.opened_at,
        row.due_at,
        row.evidence_at,
        row.closed_at,
    )


def _payout(row: PayoutRow) -> Payout:
    return Payout(
        shown("pot", row.id),
        row.provider,
        row.provider_ref,
        row.state,
        row.currency,
        row.amount_minor,
        row.fees_minor,
        row.difference_minor,
        row.items,
        row.unmatched,
        row.made_at,
        row.arrives_on,
    )


def _item(row: ItemRow) -> PayoutItem:
    payment = shown("pay", row.payment_id) if row.payment_id else None
    return PayoutItem(
        row.provider_ref,
        row.kind,
        row.amount_minor,
        row.fee_minor,
        row.net_minor,
        row.currency,
        row.at,
        payment,
        row.problem,
    )


HANDLERS: Final = [list_disputes, get_dispute, list_payouts, list_items]
