"""The API's payments, invoices, ledger and audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.invoicing import documents, queries
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import InvoiceId, PaymentId, parsed
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ledger import queries as ledger_queries
from laddverk.payments import queries as payment_queries
from laddverk.payments import service as payments
from laddverk.platform import queries as platform_queries
from laddverk.web.api import shapes
from laddverk.web.api.charging import Reason
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, of, page


class RefundToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """How much to give back, in minor units, and why."""

    amount_minor: int
    reason: str


class MonthToInvoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Any day of the month to invoice."""

    month: date


class InvoiceInFull(Struct, frozen=True):
    """An invoice with its sessions."""

    invoice: shapes.Invoice
    reference: str
    lines: list[shapes.InvoiceLine]


@get("/payments", opt=needs(Permission.PAYMENTS_READ))
async def list_payments(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    purpose: FromQuery[str] = "",
    rail: FromQuery[str] = "",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Payment]:
    """List payments, newest first: begun from `since` to before `until`, by one rail, or all."""
    checked_limit(limit, offset)
    chosen = payment_queries.PaymentFilter(
        search=search, state=in_state, purpose=purpose, rail=rail, since=since, until=until,
        site_ids=asked.actor.site_ids,
    )  # fmt: skip
    async with asked.transaction() as tx:
        rows = await payment_queries.payments(tx, chosen, limit=limit, offset=offset)
        total = await payment_queries.count_payments(tx, chosen)
    return page([of(shapes.Payment, row, "pay") for row in rows], limit=limit, offset=offset, total=total)


@get("/payments/{payment:str}", opt=needs(Permission.PAYMENTS_READ))
async def show_payment(asked: Asking, payment: FromPath[str]) -> shapes.Payment:
    """Show one payment."""
    async with asked.transaction() as tx:
        return of(shapes.Payment, await _payment(tx, payment), "pay")


@post("/payments/{payment:str}/refund", opt=needs(Permission.PAYMENTS_REFUND), status_code=200)
async def refund_payment(asked: Asking, payment: FromPath[str], data: JSONBody[RefundToMake]) -> shapes.Payment:
    """Give money back. All refunds together never exceed what was captured."""
    payment_id = PaymentId(parsed("pay", payment))
    async with asked.transaction() as tx:
        await payments.refund(tx, asked.actor, payment_id, data.amount_minor, data.reason, asked.now)
        return of(shapes.Payment, await _payment(tx, payment), "pay")


@get("/invoices", opt=needs(Permission.INVOICES_READ))
async def list_invoices(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    period: FromQuery[date | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Invoice]:
    """List invoices and credit notes, newest first. `period` is the first day of a month."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.invoices(tx, asked.today, search, in_state, period, limit=limit + 1, offset=offset)
    return page([of(shapes.Invoice, row, "inv") for row in rows], limit=limit, offset=offset)


@get("/invoices/totals", opt=needs(Permission.INVOICES_READ))
async def show_totals(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    period: FromQuery[date | None] = None,
) -> queries.Totals:
    """Show what the list of invoices adds up to, by currency: all of it, and what is open."""
    async with asked.transaction() as tx:
        return await queries.totals(tx, asked.today, search, in_state, period)


@get("/invoices/waiting", opt=needs(Permission.INVOICES_READ))
async def list_waiting(asked: Asking) -> list[queries.Waiting]:
    """List the months with sessions that are priced and stand on no invoice yet; amounts are by currency."""
    async with asked.transaction() as tx:
        return await queries.waiting(tx)


@post("/invoices/run", opt=needs(Permission.INVOICES_WRITE), status_code=200)
async def run_invoices(asked: Asking, data: JSONBody[MonthToInvoice]) -> Any:
    """Invoice a month: every priced session of drivers who pay by invoice. A second run changes nothing."""
    async with asked.transaction() as tx:
        return await invoicing.run(tx, data.month.replace(day=1), asked.actor, asked.now, settings=asked.house.settings)


@get("/invoices/{invoice:str}", opt=needs(Permission.INVOICES_READ))
async def show_invoice(asked: Asking, invoice: FromPath[str]) -> InvoiceInFull:
    """Show one invoice with its sessions."""
    async with asked.transaction() as tx:
        row = await queries.invoice(tx, asked.today, parsed("inv", invoice))
        if row is None:
            raise NotFound("There is no such invoice.")
        lines = await queries.lines(tx, row.id)
    return InvoiceInFull(
        of(shapes.Invoice, row, "inv"), row.reference, [of(shapes.InvoiceLine, line) for line in lines]
    )


@get("/invoices/{invoice:str}/pdf", opt=needs(Permission.INVOICES_READ))
async def show_invoice_pdf(asked: Asking, invoice: FromPath[str], language: FromQuery[str] = "sv") -> Response[bytes]:
    """Show one invoice as PDF, in Swedish or English."""
    if language not in ("sv", "en"):
        raise Invalid("The language must be sv or en.", field="language")
    content = await documents.pdf(asked.house, InvoiceId(parsed("inv", invoice)), language)
    return Response(content, media_type="application/pdf")


@post("/invoices/{invoice:str}/credit", opt=needs(Permission.INVOICES_WRITE), status_code=201)
async def credit_invoice(asked: Asking, invoice: FromPath[str], data: JSONBody[Reason]) -> shapes.Invoice:
    """Cancel an invoice by a credit note, which is returned. Its sessions may be invoiced anew."""
    async with asked.transaction() as tx:
        credit_id = await invoicing.credit(tx, asked.actor, InvoiceId(parsed("inv", invoice)), data.reason, asked.now)
        row = await queries.invoice(tx, asked.today, credit_id)
    if row is None:
        raise NotFound("There is no such invoice.")
    return of(shapes.Invoice, row, "inv")


@get("/ledger/accounts", opt=needs(Permission.PAYMENTS_READ))
async def list_accounts(asked: Asking) -> list[shapes.Account]:
    """Show the trial balance: what each account was debited and credited. It sums to zero."""
    async with asked.transaction() as tx:
        return [of(shapes.Account, row) for row in await ledger_queries.accounts(tx)]


@get("/audit", opt=needs(Permission.AUDIT_READ))
async def list_audit(
    asked: Asking, search: FromQuery[str] = "", limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0
) -> Page[shapes.AuditEntry]:
    """List who did what and why, newest first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await platform_queries.audit(tx, search, limit=limit + 1, offset=offset)
    return page([of(shapes.AuditEntry, row) for row in rows], limit=limit, offset=offset)


async def _payment(tx: Any, payment: str) -> payment_queries.PaymentRow:
    row = await payment_queries.payment(tx, parsed("pay", payment))
    if row is None:
        raise NotFound("There is no such payment.")
    return row


HANDLERS: Final = [
    list_payments,
    show_payment,
    refund_payment,
    list_invoices,
    show_totals,
    list_waiting,
    run_invoices,
    show_invoice,
    show_invoice_pdf,
    credit_invoice,
    list_accounts,
    list_audit,
]
