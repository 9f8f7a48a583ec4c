"""Payments and invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.invoicing import queries as invoicing_queries
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import InvoiceId, PaymentId, shown
from laddverk.kernel.money import rounded_minor
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.payments import bank_queries
from laddverk.payments import queries as payments_queries
from laddverk.payments import service as payments
from laddverk.payments.disputes import queries as dispute_queries
from laddverk.payments.payouts import queries as payout_queries
from laddverk.payments.reserved import queries as reserved_queries
from laddverk.platform.languages import SUPPORTED
from laddverk.web.console import bank_words, card_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PAYMENT_SORTS: Final = ("-created", "amount")
INVOICE_SORTS: Final = ("-issued", "due", "amount")


@get("/console/payments", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_payments(desk: AtDesk) -> Response[str]:
    """The payments, the latest first."""
    listing = desk.listing(*PAYMENT_SORTS)
    state, purpose = desk.asked("state"), desk.asked("purpose")
    async with desk.transaction() as tx:
        rows = await payments_queries.payments(
            tx, listing.search, state, purpose, listing.sort, limit=PAGE_SIZE, offset=listing.offset
        )
        return desk.page(
            "console/payments/list.html",
            rows=rows,
            listing=listing,
            total=await payments_queries.count_payments(tx, listing.search, state, purpose),
            states=await payments_queries.state_counts(tx),
        )


@get("/console/payments/{payment_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_payment(desk: AtDesk, payment_id: FromPath[str]) -> Response[str]:
    """One payment with everything that happened to it."""
    return await _payment_page(desk, payment_id, {}, {})


async def _payment_page(
    desk: Desk, payment_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        payment: payments_queries.PaymentRow = found(await payments_queries.payment(tx, named("pay", payment_id)))
        return desk.page(
            "console/payments/detail.html",
            status=status,
            payment=payment,
            events=await payments_queries.events(tx, payment.id),
            card=await reserved_queries.card(tx, payment.id),
            cards=card_words,
            disputes=await dispute_queries.of_payment(tx, payment.id),
            payouts=await payout_queries.of_payment(tx, payment.id),
            postings=await ledger_queries.postings_of(tx, payment.id),
            values=values,
            errors=errors,
        )


@post("/console/payments/{payment_id:str}/refund", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def refund_payment(desk: AtDesk, payment_id: FromPath[str]) -> Response[Any]:
    """Give money back, with a reason."""
    form = await desk.form()
    async with desk.transaction() as tx:
        payment: payments_queries.PaymentRow = found(await payments_queries.payment(tx, named("pay", payment_id)))
    try:
        amount_minor = minor_of(form.get("amount", ""), payment.currency, "amount")
        async with desk.transaction() as tx:
            await payments.refund(tx, desk.actor, PaymentId(payment.id), amount_minor, form.get("reason", ""), desk.now)
    except Problem as problem:
        return await _payment_page(desk, payment_id, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/payments/{shown('pay', payment.id)}", desk.words("The refund is on its way."))


def minor_of(text: str, currency: str, field: str) -> int:
    """Return the minor units of an amount as people write it: `1 234,50`. Raises `Invalid` naming `field`."""
    try:
        amount = Decimal("".join(text.split()).replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount < 1_000_000:
        raise Invalid("This must be an amount above zero.", field=field, remedy="Write it like 12,50.")
    return rounded_minor(amount, currency)


@get("/console/invoices", opt={NEEDS: Permission.INVOICES_READ})
async def list_invoices(desk: AtDesk) -> Response[str]:
    """Invoices and credit notes, and what waits to be invoiced."""
    return await _invoices_page(desk, None, {})


async def _invoices_page(
    desk: Desk, report: tuple[date, Any] | None, errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing = desk.listing(*INVOICE_SORTS)
    state, period = desk.asked("state"), desk.day_asked("month")
    async with desk.transaction() as tx:
        rows = await invoicing_queries.invoices(
            tx, desk.today, listing.search, state, period, None, listing.sort, limit=PAGE_SIZE, offset=listing.offset
        )
        return desk.page(
            "console/invoices/list.html",
            status=status,
            rows=rows,
            listing=listing,
            totals=await invoicing_queries.totals(tx, desk.today, listing.search, state, period),
            months=await invoicing_queries.months(tx),
            waiting=await invoicing_queries.waiting(tx),
            this_month=desk.today.replace(day=1),
            report=report,
            errors=errors,
        )


@post("/console/invoices/run", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def run_invoicing(desk: AtDesk) -> Response[Any]:
    """Invoice every driver for a month, and say what was made. A second run changes nothing."""
    form = await desk.form()
    try:
        month = _month_of(form.get("month", ""))
        async with desk.transaction() as tx:
            report = await invoicing.run(tx, month, desk.actor, desk.now, settings=desk.house.settings)
    except Problem as problem:
        return await _invoices_page(desk, None, desk.errors(problem), problem.status)
    return await _invoices_page(desk, (month, report), {})


def _month_of(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01").replace(day=1)
    except ValueError:
        raise Invalid("This is no month.", field="month", remedy="Write it like 2026-10.") from None


@get("/console/invoices/{invoice_id:str}", opt={NEEDS: Permission.INVOICES_READ})
async def show_invoice(desk: AtDesk, invoice_id: FromPath[str]) -> Response[str]:
    """One invoice or credit note."""
    return await _invoice_page(desk, invoice_id, {})


async def _invoice_page(desk: Desk, invoice_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    identity = named("inv", invoice_id)
    async with desk.transaction() as tx:
        invoice: invoicing_queries.InvoiceDetail = found(await invoicing_queries.invoice(tx, desk.today, identity))
        original = None
        if invoice.credits_invoice_id:
            original = await invoicing_queries.invoice(tx, desk.today, invoice.credits_invoice_id)
        return desk.page(
            "console/invoices/detail.html",
            status=status,
            invoice=invoice,
            original=original,
            credits=await invoicing_queries.credits_of(tx, desk.today, invoice.id),
            lines=await invoicing_queries.lines(tx, invoice.id),
            payments=await payments_queries.payments_of(tx, invoice.id) if desk.may(Permission.PAYMENTS_READ) else [],
            collections=await bank_queries.of_invoice(tx, invoice.id) if desk.may(Permission.PAYMENTS_READ) else [],
            bank=bank_words,
            postings=await ledger_queries.postings_of(tx, invoice.id),
            errors=errors,
        )


@get("/console/invoices/{invoice_id:str}/pdf", opt={NEEDS: Permission.INVOICES_READ})
async def invoice_pdf(desk: AtDesk, invoice_id: FromPath[str]) -> Response[bytes]:
    """The document itself, in Swedish or English."""
    asked = desk.asked("language")
    language = asked if asked in SUPPORTED else desk.language
    async with desk.transaction() as tx:
        invoice = await invoicing.invoice(tx, InvoiceId(named("inv", invoice_id)))
    content = await invoicing.pdf(desk.house, invoice.id, language)
    name = f"{invoice.shown_number}-{language}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'}
    )


@post("/console/invoices/{invoice_id:str}/credit", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def credit_invoice(desk: AtDesk, invoice_id: FromPath[str]) -> Response[Any]:
    """Credit an invoice in full, with a reason."""
    form = await desk.form()
    identity = InvoiceId(named("inv", invoice_id))
    try:
        async with desk.transaction() as tx:
            note_id = await invoicing.credit(
                tx,
                desk.actor,
                identity,
                form.get("reason", ""),
                desk.now,
                bill_again=form.get("bill_again") == "yes",
            )
    except Problem as problem:
        return await _invoice_page(desk, invoice_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/invoices/{shown('inv', note_id)}", desk.words("The invoice is credited by this note."))


ROUTES: Final = [
    list_payments,
    show_payment,
    refund_payment,
    list_invoices,
    run_invoicing,
    show_invoice,
    invoice_pdf,
    credit_invoice,
]
