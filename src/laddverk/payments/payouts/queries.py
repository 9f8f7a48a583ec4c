"""What screens and reports read of payouts. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.payments.queries import like
from laddverk.platform.database import Transaction


class PayoutRow(Struct, frozen=True, kw_only=True):
    """A payout in a list and on its own page."""

    id: UUID
    provider: str
    provider_ref: str
    state: str
    currency: str
    amount_minor: int
    arrives_on: date
    made_at: datetime
    failure_text: str | None
    items: int
    unmatched: int
    fees_minor: int
    difference_minor: int
    seen_at: datetime | None
    seen_by: str | None
    seen_why: str | None
    read_at: datetime | None


class ItemRow(Struct, frozen=True, kw_only=True):
    """An item of a payout."""

    provider_ref: str
    kind: str
    source_ref: str
    text: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    at: datetime
    payment_id: UUID | None
    dispute_id: UUID | None
    problem: str
    driver_name: str | None
    station_name: str | None
    ours_minor: int | None
    """What our books have, where it is another amount."""


class Totals(Struct, frozen=True, kw_only=True):
    """What a filter of the list comes to, in one currency."""

    currency: str
    payouts: int
    amount_minor: int
    fees_minor: int
    difference_minor: int


class Standing(Struct, frozen=True, kw_only=True):
    """What a provider owes us by our books, beside what it has said, in one currency: for reconciliation."""

    provider: str
    currency: str
    captured_minor: int
    """Captured and in no payout yet."""
    refunded_minor: int
    """Refunded and in no payout yet."""
    paid_out_minor: int
    fees_minor: int
    """Kept by the provider, those of disputes too."""
    difference_minor: int
    differing: int
    """Payouts with a difference that nobody has looked at."""


_NARROWED: Final = """
WHERE ($1 = '' OR concat_ws(' ', provider_ref, provider, arrives_on::text) ILIKE '%' || $1 || '%'
       OR EXISTS (SELECT FROM payout_item WHERE payout_id = payout.id
                  AND (payout_item.provider_ref = $1 OR payout_item.source_ref = $1)))
  AND ($2 = '' OR state = $2 OR ($2 = 'differs' AND difference_minor <> 0)
       OR ($2 = 'look' AND difference_minor <> 0 AND seen_at IS NULL))
"""
_COLUMNS: Final = """
SELECT id, provider, provider_ref, state, currency, amount_minor, arrives_on, made_at, failure_text, items, unmatched,
       fees_minor, difference_minor, seen_at, seen_by, seen_why, read_at FROM payout
"""
PAYOUTS: Final = (
    _COLUMNS
    + _NARROWED
    + """
ORDER BY CASE WHEN $3 = 'amount' THEN amount_minor END, CASE WHEN $3 = '-amount' THEN amount_minor END DESC,
         CASE WHEN $3 = 'made' THEN made_at END, made_at DESC, id
LIMIT $4 OFFSET $5
"""
)
_FROM: Final = "FROM payout"
COUNT: Final = "SELECT count(*) " + _FROM + _NARROWED
_SUMS_COLUMNS: Final = """
SELECT currency, count(*)::int AS payouts, sum(amount_minor)::bigint AS amount_minor,
       sum(fees_minor)::bigint AS fees_minor, sum(difference_minor)::bigint AS difference_minor
"""
TOTALS: Final = _SUMS_COLUMNS + _FROM + _NARROWED + " GROUP BY currency ORDER BY currency"
PAYOUT: Final = _COLUMNS + " WHERE id = $1"
ITEMS: Final = """
SELECT item.provider_ref, item.kind, item.source_ref, item.text, item.amount_minor, item.fee_minor, item.net_minor,
       payout.currency, item.at, item.payment_id, item.dispute_id, item.problem, driver.name AS driver_name,
       station.name AS station_name,
       CASE WHEN item.problem = 'amount' THEN coalesce(-refund.amount_minor, payment.captured_minor) END AS ours_minor
FROM payout_item AS item
JOIN payout ON payout.id = item.payout_id
LEFT JOIN payment ON payment.id = item.payment_id
LEFT JOIN payment_refund AS refund ON refund.id = item.refund_id
LEFT JOIN driver ON driver.id = payment.driver_id
LEFT JOIN session ON session.id = payment.session_id
LEFT JOIN station ON station.id = session.station_id
WHERE item.payout_id = $1 AND ($2 = '' OR concat_ws(' ', item.provider_ref, item.source_ref, driver.name, station.name)
                                          ILIKE '%' || $2 || '%')
  AND ($3 = '' OR item.kind = $3 OR ($3 = 'problem' AND item.problem <> ''))
ORDER BY item.problem = '', item.at DESC, item.provider_ref LIMIT $4 OFFSET $5
"""
COUNT_ITEMS: Final = """
SELECT count(*) FROM payout_item AS item
LEFT JOIN payment ON payment.id = item.payment_id
LEFT JOIN driver ON driver.id = payment.driver_id
LEFT JOIN session ON session.id = payment.session_id
LEFT JOIN station ON station.id = session.station_id
WHERE item.payout_id = $1 AND ($2 = '' OR concat_ws(' ', item.provider_ref, item.source_ref, driver.name, station.name)
                                          ILIKE '%' || $2 || '%')
  AND ($3 = '' OR item.kind = $3 OR ($3 = 'problem' AND item.problem <> ''))
"""
_HOLDS: Final = " WHERE id IN (SELECT payout_id FROM payout_item WHERE payment_id = $1) ORDER BY made_at"
OF_PAYMENT: Final = _COLUMNS + _HOLDS
TO_LOOK_AT: Final = "SELECT count(*) FROM payout WHERE difference_minor <> 0 AND seen_at IS NULL"
STANDING: Final = """
SELECT known.provider, known.currency,
       coalesce((SELECT sum(payment.captured_minor) FROM payment
                 WHERE payment.provider = known.provider AND payment.currency = known.currency
                   AND payment.state = 'captured'
                   AND NOT EXISTS (SELECT FROM payout_item WHERE payout_item.payment_id = payment.id
                                   AND payout_item.kind = 'charge')), 0)::bigint AS captured_minor,
       coalesce((SELECT sum(refund.amount_minor) FROM payment_refund AS refund
                 JOIN payment ON payment.id = refund.payment_id
                 WHERE payment.provider = known.provider AND payment.currency = known.currency
                   AND refund.state = 'succeeded'
                   AND NOT EXISTS (SELECT FROM payout_item WHERE payout_item.refund_id = refund.id)), 0)::bigint
           AS refunded_minor,
       coalesce(sum(payout.booked_bank), 0)::bigint AS paid_out_minor,
       coalesce(sum(payout.fees_minor) FILTER (WHERE payout.state = 'paid'), 0)::bigint AS fees_minor,
       coalesce(sum(payout.booked_difference), 0)::bigint AS difference_minor,
       count(*) FILTER (WHERE payout.difference_minor <> 0 AND payout.seen_at IS NULL)::int AS differing
FROM (SELECT DISTINCT provider, currency FROM payment WHERE provider = ANY($1)) AS known
LEFT JOIN payout ON payout.provider = known.provider AND payout.currency = known.currency
GROUP BY known.provider, known.currency ORDER BY known.provider, known.currency
"""


async def payouts(
    tx: Transaction, search: str, state: str, sort: str, *, limit: int = 50, offset: int = 0
) -> list[PayoutRow]:
    """Return a page of payouts. `sort` is made or amount; a state of `differs` or `look` are those with a difference.

    The number of an item, or of what is behind it, finds its payout.
    """
    return await tx.fetch(PayoutRow, PAYOUTS, like(search), state, sort, limit, offset)


async def count_payouts(tx: Transaction, search: str, state: str) -> int:
    """Return how many payouts a filter leaves."""
    return int(await tx.value(COUNT, like(search), state))


async def totals(tx: Transaction, search: str, state: str) -> list[Totals]:
    """Return what a filter comes to, for each currency."""
    return await tx.fetch(Totals, TOTALS, like(search), state)


async def payout(tx: Transaction, payout_id: UUID) -> PayoutRow | None:
    """Return one payout."""
    return await tx.fetch_one(PayoutRow, PAYOUT, payout_id)


async def items(
    tx: Transaction, payout_id: UUID, search: str, kind: str, *, limit: int = 50, offset: int = 0
) -> list[ItemRow]:
    """Return a page of a payout's items, those with a problem first; a kind of `problem` are only these."""
    return await tx.fetch(ItemRow, ITEMS, payout_id, like(search), kind, limit, offset)


async def count_items(tx: Transaction, payout_id: UUID, search: str, kind: str) -> int:
    """Return how many items a filter leaves."""
    return int(await tx.value(COUNT_ITEMS, payout_id, like(search), kind))


async def of_payment(tx: Transaction, payment_id: UUID) -> list[PayoutRow]:
    """Return the payouts that a payment, its refunds or its disputes are in."""
    return await tx.fetch(PayoutRow, OF_PAYMENT, payment_id)


async def to_look_at(tx: Transaction) -> int:
    """Return how many payouts differ from our books and nobody has looked."""
    return int(await tx.value(TO_LOOK_AT))


async def standing(tx: Transaction, providers: list[str]) -> list[Standing]:
    """Return what providers owe us by our books, beside what they paid out."""
    return await tx.fetch(Standing, STANDING, providers)
