"""What screens read of wallets. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class Move(Struct, frozen=True, kw_only=True):
    """One thing that happened to a balance: what came (above zero) or went, and what was there after it."""

    id: int
    at: datetime
    kind: str
    """`capture`, `refund`, `prepaid_redeemed`, `goodwill`, `wallet_paid_out`, or what another room posts."""
    amount_minor: int
    balance_minor: int
    currency: str
    source_kind: str
    source_id: UUID
    purpose: str | None
    """Of the payment: `top_up`, `session` or `invoice`."""
    provider: str | None
    by_itself: bool
    session_id: UUID | None
    place: str | None
    invoice_id: UUID | None
    invoice_number: str | None
    card_end: str | None
    text: str


# The balance after each move is summed over the whole account before a page of it is taken.
MOVES: Final = """
WITH moved AS (
    SELECT posting.id, posting.transaction_id, -posting.amount_minor AS amount_minor, posting.currency,
           -sum(posting.amount_minor) OVER (ORDER BY posting.id) AS balance_minor
    FROM posting JOIN account ON account.id = posting.account_id
    WHERE account.number = '2420' AND account.owner_id = $1 AND account.currency = $2
)
SELECT moved.id, entry.occurred_at AS at, entry.kind, moved.amount_minor, moved.balance_minor::bigint AS balance_minor,
       moved.currency, entry.source_kind, entry.source_id, entry.text, payment.purpose, payment.provider,
       payment.purpose = 'top_up' AND payment.method_id IS NOT NULL AS by_itself, payment.session_id,
       station.name AS place, payment.invoice_id,
       invoice.series || '-' || lpad(invoice.number::text, 5, '0') AS invoice_number, prepaid_card.code_end AS card_end
FROM moved
JOIN ledger_transaction AS entry ON entry.id = moved.transaction_id
LEFT JOIN payment ON entry.source_kind = 'payment' AND payment.id = entry.source_id
LEFT JOIN session ON session.id = payment.session_id
LEFT JOIN station ON station.id = session.station_id
LEFT JOIN invoice ON invoice.id = payment.invoice_id
LEFT JOIN prepaid_card ON entry.source_kind = 'prepaid_card' AND prepaid_card.id = entry.source_id
WHERE ($3::bigint IS NULL OR moved.id < $3)
ORDER BY moved.id DESC LIMIT $4
"""


async def moves(
    tx: Transaction, driver_id: UUID, currency: str, *, before: int | None = None, limit: int = 30
) -> list[Move]:
    """Return what happened to a driver's balance, newest first, older than the move `before`."""
    rows = await tx.rows(MOVES, driver_id, currency, before, limit)
    return [Move(**{**dict(row), "by_itself": bool(row["by_itself"])}) for row in rows]


CURRENCIES: Final = """
SELECT DISTINCT currency FROM account WHERE number = '2420' AND owner_id = $1 ORDER BY currency
"""


async def currencies(tx: Transaction, driver_id: UUID) -> list[str]:
    """Return the currencies in which a driver has, or had, something with us."""
    return await tx.values(CURRENCIES, driver_id)


class Kept(Struct, frozen=True, kw_only=True):
    """Money that is kept apart just now, and for what."""

    amount_minor: int
    source_kind: str
    source_id: UUID
    since: datetime
    place: str | None
    session_id: UUID | None


KEPT: Final = """
SELECT hold.amount_minor, hold.source_kind, hold.source_id, hold.created_at AS since, station.name AS place,
       session.id AS session_id
FROM ledger_hold AS hold
JOIN account ON account.id = hold.account_id
LEFT JOIN payment ON payment.id = hold.source_id
LEFT JOIN start_request ON start_request.id = payment.start_request_id
LEFT JOIN session ON session.id = coalesce(payment.session_id, start_request.session_id)
LEFT JOIN station ON station.id = coalesce(session.station_id, start_request.station_id)
WHERE account.number = '2420' AND account.owner_id = $1 AND account.currency = $2
  AND hold.state = 'active' AND hold.expires_at > $3
ORDER BY hold.created_at DESC LIMIT 50
"""


async def kept(tx: Transaction, driver_id: UUID, currency: str, now: datetime) -> list[Kept]:
    """Return what is kept apart of a driver's balance, newest first."""
    return await tx.fetch(Kept, KEPT, driver_id, currency, now)


class HeldOf(Struct, frozen=True):
    """What is kept for one payment, and what its driver has in all."""

    amount_minor: int
    balance_minor: int


HELD_OF: Final = """
SELECT hold.amount_minor, -account_balance.amount_minor AS balance_minor
FROM ledger_hold AS hold JOIN account_balance ON account_balance.account_id = hold.account_id
WHERE hold.source_id = $1 AND hold.state = 'active'
ORDER BY hold.created_at DESC LIMIT 1
"""


async def held_of(tx: Transaction, payment_id: UUID) -> HeldOf | None:
    """Return what is kept for a payment; None when nothing is."""
    return await tx.fetch_one(HeldOf, HELD_OF, payment_id)


class Saved(Struct, frozen=True, kw_only=True):
    """A method that can fill a balance up."""

    id: UUID
    provider: str
    brand: str
    last4: str


SAVED: Final = """
SELECT id, provider, brand, last4 FROM payment_method
WHERE driver_id = $1 AND removed_at IS NULL AND frozen_at IS NULL ORDER BY created_at DESC LIMIT 20
"""


async def saved(tx: Transaction, driver_id: UUID) -> list[Saved]:
    """Return the saved methods of a driver, newest first."""
    return await tx.fetch(Saved, SAVED, driver_id)


class RefundRow(Struct, frozen=True, kw_only=True):
    """A balance refund in a list and on its page."""

    id: UUID
    driver_id: UUID
    driver_name: str
    state: str
    currency: str
    amount_minor: int
    to_bank_minor: int
    bank_end: str
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str
    bank_paid_at: datetime | None
    bank_reference: str
    closed_at: datetime | None


_FROM_REFUND: Final = " FROM wallet_refund AS refund JOIN driver ON driver.id = refund.driver_id "
_REFUND: Final = (
    """
SELECT refund.id, refund.driver_id, driver.name AS driver_name, refund.state, refund.currency, refund.amount_minor,
       refund.to_bank_minor, refund.bank_end, refund.asked_at, refund.decided_at, refund.decided_by, refund.reason,
       refund.bank_paid_at, refund.bank_reference, refund.closed_at
"""
    + _FROM_REFUND
)
_NARROWED: Final = """
WHERE ($1 = '' OR refund.state = $1) AND ($2 = '' OR driver.name ILIKE '%' || $2 || '%'
                                                  OR driver.email ILIKE '%' || $2 || '%')
"""
REFUNDS: Final = (
    _REFUND
    + _NARROWED
    + """
ORDER BY refund.state NOT IN ('asked', 'approved'), refund.asked_at DESC, refund.id LIMIT $3 OFFSET $4
"""
)
COUNT_REFUNDS: Final = "SELECT count(*)" + _FROM_REFUND + _NARROWED
REFUND: Final = _REFUND + "WHERE refund.id = $1"
LATEST: Final = _REFUND + "WHERE refund.driver_id = $1 ORDER BY refund.asked_at DESC LIMIT 1"
REFUND_STATES: Final = "SELECT state, count(*) AS rows FROM wallet_refund GROUP BY state ORDER BY state"


class StateRows(Struct, frozen=True):
    """How many are in one state."""

    state: str
    rows: int


async def refunds(
    tx: Transaction, state: str = "", search: str = "", *, limit: int = 50, offset: int = 0
) -> list[RefundRow]:
    """Return a page of balance refunds, those that wait for somebody first."""
    return await tx.fetch(RefundRow, REFUNDS, state, _like(search), limit, offset)


async def count_refunds(tx: Transaction, state: str = "", search: str = "") -> int:
    """Return how many balance refunds a filter leaves."""
    return int(await tx.value(COUNT_REFUNDS, state, _like(search)))


async def refund(tx: Transaction, refund_id: UUID) -> RefundRow | None:
    """Return one balance refund."""
    return await tx.fetch_one(RefundRow, REFUND, refund_id)


async def latest_refund(tx: Transaction, driver_id: UUID) -> RefundRow | None:
    """Return the latest balance refund of a driver."""
    return await tx.fetch_one(RefundRow, LATEST, driver_id)


async def refund_states(tx: Transaction) -> list[StateRows]:
    """Return how many balance refunds there are in each state."""
    return await tx.fetch(StateRows, REFUND_STATES)


TO_DO: Final = """
SELECT count(*) FROM wallet_refund
WHERE state = 'asked' OR (state = 'approved' AND to_bank_minor > 0 AND bank_paid_at IS NULL)
"""


async def to_do(tx: Transaction) -> int:
    """Return how many balance refunds wait for somebody: to say yes or no, or to pay the bank's part."""
    return int(await tx.value(TO_DO))


class Part(Struct, frozen=True, kw_only=True):
    """A part of a balance refund that goes back the way it came."""

    payment_id: UUID
    provider: str
    amount_minor: int
    state: str


PARTS: Final = """
SELECT part.payment_id, payment.provider, part.amount_minor, payment_refund.state
FROM wallet_refund_part AS part
JOIN payment_refund ON payment_refund.id = part.payment_refund_id
JOIN payment ON payment.id = part.payment_id
WHERE part.wallet_refund_id = $1 ORDER BY payment.created_at DESC
"""


async def parts(tx: Transaction, refund_id: UUID) -> list[Part]:
    """Return the parts of a balance refund, newest payment first."""
    return await tx.fetch(Part, PARTS, refund_id)


class BalanceRow(Struct, frozen=True, kw_only=True):
    """What one driver has, in a list."""

    driver_id: UUID
    name: str
    email: str
    currency: str
    balance_minor: int
    held_minor: int


_BALANCES: Final = """
FROM account
JOIN account_balance ON account_balance.account_id = account.id
JOIN driver ON driver.id = account.owner_id
LEFT JOIN LATERAL (
    SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM ledger_hold
    WHERE account_id = account.id AND state = 'active' AND expires_at > $1
) AS held ON true
WHERE account.number = '2420' AND (account_balance.amount_minor <> 0 OR held.minor > 0)
  AND ($2 = '' OR driver.name ILIKE '%' || $2 || '%' OR driver.email ILIKE '%' || $2 || '%')
  AND ($3 = '' OR ($3 = 'below' AND account_balance.amount_minor > 0) OR ($3 = 'held' AND held.minor > 0))
"""
BALANCES: Final = (
    """
SELECT driver.id AS driver_id, driver.name, driver.email, account.currency,
       -account_balance.amount_minor AS balance_minor, held.minor AS held_minor
"""
    + _BALANCES
    + """
ORDER BY CASE WHEN $4 = 'name' THEN driver.name END, CASE WHEN $4 = 'balance' THEN -account_balance.amount_minor END,
         CASE WHEN $4 = '-balance' THEN account_balance.amount_minor END, driver.name, driver.id
LIMIT $5 OFFSET $6
"""
)
COUNT_BALANCES: Final = (
    """
SELECT account.currency, count(*) AS balances, -sum(account_balance.amount_minor)::bigint AS balance_minor,
       sum(held.minor)::bigint AS held_minor
"""
    + _BALANCES
    + "GROUP BY account.currency"
)


class BalanceSums(Struct, frozen=True):
    """What a list of balances adds up to. Amounts are by currency."""

    balances: int
    balance_minor: dict[str, int]
    held_minor: dict[str, int]


class _CurrencySums(Struct, frozen=True):
    currency: str
    balances: int
    balance_minor: int
    held_minor: int


async def balances(
    tx: Transaction, now: datetime, search: str = "", state: str = "", sort: str = "-balance", *, limit: int = 50,
    offset: int = 0,
) -> list[BalanceRow]:  # fmt: skip
    """Return a page of what drivers have. `state`: `below` zero, `held`, or all; `sort`: balance or name."""
    return await tx.fetch(BalanceRow, BALANCES, now, _like(search), state, sort, limit, offset)


async def balance_sums(tx: Transaction, now: datetime, search: str = "", state: str = "") -> BalanceSums:
    """Return how many balances a filter leaves, and their sums."""
    found = await tx.fetch(_CurrencySums, COUNT_BALANCES, now, _like(search), state)
    return BalanceSums(
        sum(each.balances for each in found),
        {each.currency: each.balance_minor for each in found},
        {each.currency: each.held_minor for each in found},
    )


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
