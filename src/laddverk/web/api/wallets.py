"""The API's balances of drivers and batches of prepaid cards. No code of a card is ever in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.payments.prepaid import queries as prepaid_queries
from laddverk.payments.prepaid.queries import BatchRow
from laddverk.payments.wallet import queries, service
from laddverk.payments.wallet import store as wallet_store
from laddverk.payments.wallet.queries import Move
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page

MOVES: Final = 100


class Balance(Struct, frozen=True):
    """What a driver has, in minor units. `held_minor` is kept for charges and payments under way."""

    driver_id: str
    currency: str
    balance_minor: int
    held_minor: int
    available_minor: int


class BalanceMove(Struct, frozen=True):
    """Something that happened to a balance: what came (above zero) or went, and what was there after it."""

    at: datetime
    kind: str
    """capture, refund, prepaid_redeemed, goodwill, wallet_paid_out, and others to come."""
    amount_minor: int
    balance_minor: int
    purpose: str | None
    """Of the payment: top_up, session or invoice."""
    payment_id: str | None
    session_id: str | None
    invoice_id: str | None


class BalanceInFull(Struct, frozen=True):
    """A balance, what could be paid back of it, and the latest that happened to it."""

    balance: Balance
    refundable_minor: int
    moves: list[BalanceMove]


class Goodwill(Struct, frozen=True, forbid_unknown_fields=True):
    """Money to charge for, from the operator. The same `id` twice gives once."""

    id: UUID
    amount_minor: int
    reason: str


class PrepaidBatch(Struct, frozen=True):
    """Prepaid cards that were made together, and how many of them are where."""

    id: str
    name: str
    currency: str
    amount_minor: int
    """Of each card."""
    purpose: str
    """multi or single: when the VAT falls due."""
    expires_on: date | None
    created_at: datetime
    cards: int
    unsold: int
    sold_not_used: int
    used: int
    blocked: int
    too_old: int
    outstanding_minor: int
    """Owed to those who hold sold cards."""


@get("/balances", opt=needs(Permission.PAYMENTS_READ))
async def list_balances(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Balance]:
    """List what drivers have, the most first. `state`: `below` zero, `held`, or all."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.balances(tx, asked.now, search, in_state, limit=limit, offset=offset)
        total = (await queries.balance_sums(tx, asked.now, search, in_state)).balances
    items = [
        Balance(
            shown("drv", row.driver_id), row.currency, row.balance_minor, row.held_minor,
            row.balance_minor - row.held_minor,
        )
        for row in rows
    ]  # fmt: skip
    return page(items, limit=limit, offset=offset, total=total)


@get("/drivers/{driver:str}/balance", opt=needs(Permission.PAYMENTS_READ))
async def show_balance(asked: Asking, driver: FromPath[str]) -> BalanceInFull:
    """Show what one driver has, and the latest hundred things that happened to it."""
    async with asked.transaction() as tx:
        return await _balance(tx, asked, DriverId(parsed("drv", driver)))


async def _balance(tx: Transaction, asked: Asked, driver_id: DriverId) -> BalanceInFull:
    currency = asked.house.settings.currency
    if await wallet_store.driver_name(tx, driver_id) is None:
        raise NotFound("There is no such driver.")
    found = await service.wallet(tx, driver_id, currency, asked.now)
    moves = await queries.moves(tx, driver_id, currency, limit=MOVES)
    driver = shown("drv", driver_id)
    balance = Balance(driver, currency, found.balance_minor, found.held_minor, found.available_minor)
    return BalanceInFull(balance, found.refundable_minor, [_move(each) for each in moves])


def _move(move: Move) -> BalanceMove:
    return BalanceMove(
        at=move.at,
        kind=move.kind,
        amount_minor=move.amount_minor,
        balance_minor=move.balance_minor,
        purpose=move.purpose,
        payment_id=shown("pay", move.source_id) if move.source_kind == "payment" else None,
        session_id=None if move.session_id is None else shown("ses", move.session_id),
        invoice_id=None if move.invoice_id is None else shown("inv", move.invoice_id),
    )


@post("/drivers/{driver:str}/balance/goodwill", opt=needs(Permission.PAYMENTS_REFUND), status_code=200)
async def give_goodwill(asked: Asking, driver: FromPath[str], data: JSONBody[Goodwill]) -> BalanceInFull:
    """Give a driver money to charge for, within what the key may give at a time."""
    driver_id = DriverId(parsed("drv", driver))
    if data.amount_minor <= 0:
        raise Invalid("The amount must be more than zero.", field="amount_minor")
    async with asked.transaction() as tx:
        await service.give_goodwill(
            tx, asked.house, asked.actor, driver_id, data.amount_minor, data.reason, asked.now, once=data.id
        )
        return await _balance(tx, asked, driver_id)


@get("/prepaid-batches", opt=needs(Permission.PAYMENTS_READ))
async def list_batches(
    asked: Asking, search: FromQuery[str] = "", limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0
) -> Page[PrepaidBatch]:
    """List batches of prepaid cards, newest first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await prepaid_queries.batches(tx, search, limit=limit, offset=offset)
        total = await prepaid_queries.count_batches(tx, search)
    return page([_batch(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/prepaid-batches/{batch:str}", opt=needs(Permission.PAYMENTS_READ))
async def show_batch(asked: Asking, batch: FromPath[str]) -> PrepaidBatch:
    """Show one batch of prepaid cards."""
    async with asked.transaction() as tx:
        row = await prepaid_queries.batch(tx, parsed("ppb", batch))
    if row is None:
        raise NotFound("There is no such batch.")
    return _batch(row)


def _batch(row: BatchRow) -> PrepaidBatch:
    return PrepaidBatch(
        id=shown("ppb", row.id),
        name=row.name,
        currency=row.currency,
        amount_minor=row.amount_minor,
        purpose=row.purpose,
        expires_on=row.expires_on,
        created_at=row.created_at,
        cards=row.cards,
        unsold=row.made,
        sold_not_used=row.active,
        used=row.redeemed,
        blocked=row.blocked,
        too_old=row.expired,
        outstanding_minor=row.outstanding_minor,
    )


HANDLERS: Final = [list_balances, show_balance, give_goodwill, list_batches, show_batch]
