"""The API's bank account, reconciliation, receivables and journal: for tools that keep an operator's books."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.invoicing import buyers, links
from laddverk.invoicing import queries as invoicing_queries
from laddverk.invoicing.buyers import BuyerFacts
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DepositId, DriverId, InvoiceId, new_id, parsed
from laddverk.kernel.problems import NotFound
from laddverk.ledger import queries as ledger_queries
from laddverk.payments.deposits import queries as deposit_queries
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits.model import NewDeposit, Way
from laddverk.payments.reconciliation import queries, service, store
from laddverk.payments.reconciliation.model import DifferenceRow, Flow, RunRow
from laddverk.web.api.charging import Reason
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, of, page


class Deposit(Struct, frozen=True):
    """Money that came to the bank account and was booked by hand."""

    id: str
    way: str
    state: str
    received_on: date
    amount_minor: int
    currency: str
    reference: str
    payer: str
    invoice_id: str | None
    driver_id: str | None
    payment_id: str | None
    settled_minor: int
    rounding_minor: int
    advance_minor: int
    booked_at: datetime
    booked_by: str
    closed_why: str


class DepositToBook(Struct, frozen=True, forbid_unknown_fields=True):
    """What came to the bank account. With the reference of an invoice it is for that; else it is kept aside.

    `key` is yours: the same key books once. `again` says that the same day, amount and reference are other money.
    """

    received_on: date
    amount_minor: int
    reference: str = ""
    payer: str = ""
    way: Way = Way.BANKGIRO
    invoice_id: str | None = None
    key: UUID | None = None
    again: bool = False


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """Which invoice money that was kept aside is for, and how you know."""

    invoice_id: str
    reason: str


class Difference(Struct, frozen=True):
    """Where payments, providers, bank and ledger disagree."""

    key: str
    kind: str
    rail: str
    subject_kind: str
    label: str
    payment_id: str | None
    currency: str
    ours_minor: int
    theirs_minor: int
    first_seen_at: datetime
    gone_at: datetime | None
    explained_why: str


class Reconciliation(Struct, frozen=True):
    """Sums by rail of the payments that were taken in a span of days, and when all was compared last."""

    first: date
    last: date
    flows: list[Flow]
    open_differences: int
    compared: RunRow | None


class Owed(Struct, frozen=True):
    """What a driver owes, by how long it has been due."""

    driver_id: str
    driver_name: str
    currency: str
    invoices: int
    not_due_minor: int
    due_30_minor: int
    due_60_minor: int
    due_90_minor: int
    due_more_minor: int
    total_minor: int
    oldest_due: date


class Posting(Struct, frozen=True):
    """One line of the journal: debit positive, credit negative."""

    transaction_id: UUID
    occurred_at: datetime
    kind: str
    text: str
    source_kind: str
    source_id: UUID
    number: str
    name: str
    amount_minor: int
    currency: str


class PayLink(Struct, frozen=True):
    """The secret address on which anybody pays an invoice."""

    url: str


@get("/deposits", opt=needs(Permission.PAYMENTS_READ))
async def list_deposits(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Deposit]:
    """List what came to the bank account, the latest day first."""
    checked_limit(limit, offset)
    chosen = deposit_queries.DepositFilter(search=search, state=in_state)
    async with asked.transaction() as tx:
        rows = await deposit_queries.deposits(tx, chosen, limit=limit, offset=offset)
        total = (await deposit_queries.totals(tx, chosen)).rows
    return page([of(Deposit, row, "dep") for row in rows], limit=limit, offset=offset, total=total)


@post("/deposits", opt=needs(Permission.PAYMENTS_REFUND), status_code=201)
async def book_deposit(asked: Asking, data: JSONBody[DepositToBook]) -> Deposit:
    """Book money on the bank account: by `invoice_id`, else by its reference, else aside."""
    settings = asked.house.settings
    async with asked.transaction() as tx:
        invoice_id = InvoiceId(parsed("inv", data.invoice_id, field="invoice_id")) if data.invoice_id else None
        if invoice_id is None and data.reference:
            found = await deposits.proposals(
                tx, asked.actor, data.amount_minor, data.reference, data.payer, settings=settings
            )
            invoice_id = next((each.invoice.id for each in found if each.is_sure), None)
        new = NewDeposit(
            form_key=data.key or new_id(),
            way=data.way,
            received_on=data.received_on,
            amount_minor=data.amount_minor,
            reference=data.reference,
            payer=data.payer,
            invoice_id=invoice_id,
        )
        deposit_id = await deposits.book(tx, asked.actor, new, asked.now, settings=settings, again=data.again)
        return await _deposit(tx, deposit_id)


@post("/deposits/{deposit:str}/assign", opt=needs(Permission.PAYMENTS_REFUND), status_code=200)
async def assign_deposit(asked: Asking, deposit: FromPath[str], data: JSONBody[Assignment]) -> Deposit:
    """Say which invoice money that was kept aside is for."""
    deposit_id = DepositId(parsed("dep", deposit))
    invoice_id = InvoiceId(parsed("inv", data.invoice_id, field="invoice_id"))
    async with asked.transaction() as tx:
        await deposits.assign(tx, asked.actor, deposit_id, invoice_id, data.reason, asked.now)
        return await _deposit(tx, deposit_id)


@post("/deposits/{deposit:str}/undo", opt=needs(Permission.PAYMENTS_REFUND), status_code=200)
async def undo_deposit(asked: Asking, deposit: FromPath[str], data: JSONBody[Reason]) -> Deposit:
    """Take back on the same day what was entered by mistake."""
    deposit_id = DepositId(parsed("dep", deposit))
    async with asked.transaction() as tx:
        await deposits.undo(tx, asked.actor, deposit_id, data.reason, asked.now, settings=asked.house.settings)
        return await _deposit(tx, deposit_id)


async def _deposit(tx: Any, deposit_id: UUID) -> Deposit:
    row = await deposit_queries.deposit(tx, deposit_id)
    if row is None:
        raise NotFound("There is no such deposit.")
    return of(Deposit, row, "dep")


@get("/reconciliation", opt=needs(Permission.PAYMENTS_READ))
async def show_reconciliation(
    asked: Asking, first: FromQuery[date | None] = None, last: FromQuery[date | None] = None
) -> Reconciliation:
    """Show payments, providers, bank and ledger side by side for local days; the last 31 when none are given."""
    span = _span(asked, first, last)
    async with asked.transaction() as tx:
        return Reconciliation(
            span.first,
            span.last,
            await store.flows(tx, span.since, span.until),
            await queries.count_open(tx),
            await store.last_run(tx),
        )


def _span(asked: Asked, first: date | None, last: date | None) -> Any:
    end = last or asked.today
    return service.span_of(first or end - timedelta(days=31), end, asked.house.settings.timezone)


@get("/reconciliation/differences", opt=needs(Permission.PAYMENTS_READ))
async def list_differences(
    asked: Asking,
    kind: FromQuery[str] = "",
    rail: FromQuery[str] = "",
    in_state: InState = "open",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Difference]:
    """List what does not agree. `state` is open, explained, gone, or empty for all but gone."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows: list[DifferenceRow] = await queries.differences(tx, "", kind, rail, in_state, limit=limit, offset=offset)
        total = await queries.count_differences(tx, "", kind, rail, in_state)
    return page([of(Difference, row) for row in rows], limit=limit, offset=offset, total=total)


@post("/reconciliation/compare", opt=needs(Permission.PAYMENTS_READ), status_code=200)
async def compare(asked: Asking) -> RunRow:
    """Compare now, instead of in the night."""
    async with asked.transaction() as tx:
        return await service.compare(tx, asked.actor, asked.now)


@get("/receivables", opt=needs(Permission.INVOICES_READ))
async def list_receivables(
    asked: Asking, search: FromQuery[str] = "", limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0
) -> Page[Owed]:
    """List who owes what, and for how long; who owes most comes first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await invoicing_queries.receivables(tx, asked.today, search, limit=limit + 1, offset=offset)
    return page([of(Owed, row) for row in rows], limit=limit, offset=offset)


@get("/invoices/{invoice:str}/link", opt=needs(Permission.INVOICES_READ))
async def show_link(asked: Asking, invoice: FromPath[str]) -> PayLink:
    """Show the secret address on which anybody pays an invoice. Whoever has it sees the invoice."""
    invoice_id = InvoiceId(parsed("inv", invoice))
    async with asked.transaction() as tx:
        row = await invoicing_queries.invoice(tx, asked.today, invoice_id)
        if row is None or row.kind != "invoice":
            raise NotFound("There is no such invoice.")
        path = await links.path_of(tx, asked.house.secrets, invoice_id, asked.now)
    return PayLink(f"{asked.house.settings.web_url}{path}")


@get("/drivers/{driver:str}/buyer", opt=needs(Permission.DRIVERS_READ))
async def show_buyer(asked: Asking, driver: FromPath[str]) -> BuyerFacts:
    """Show who is invoiced for a driver. Not found: it is the driver."""
    async with asked.transaction() as tx:
        facts = await buyers.buyer(tx, DriverId(parsed("drv", driver)))
    if facts is None:
        raise NotFound("The driver is invoiced.")
    return facts


@put("/drivers/{driver:str}/buyer", opt=needs(Permission.DRIVERS_WRITE), status_code=200)
async def save_buyer(asked: Asking, driver: FromPath[str], data: JSONBody[BuyerFacts]) -> BuyerFacts:
    """Invoice a company or another person for a driver from now on."""
    async with asked.transaction() as tx:
        await buyers.save(tx, asked.actor, DriverId(parsed("drv", driver)), data, asked.now)
    return buyers.checked(data)


@get("/ledger/journal", opt=needs(Permission.INVOICES_READ))
async def list_journal(
    asked: Asking,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Posting]:
    """List all postings in the order in which they were made, by the operator's own account numbers."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await ledger_queries.journal(tx, since, until, limit=limit + 1, offset=offset)
    return page([of(Posting, row) for row in rows], limit=limit, offset=offset)


HANDLERS: Final = [
    list_deposits,
    book_deposit,
    assign_deposit,
    undo_deposit,
    show_reconciliation,
    list_differences,
    compare,
    list_receivables,
    show_link,
    show_buyer,
    save_buyer,
    list_journal,
]
