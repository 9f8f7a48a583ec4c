"""Payments and invoices."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.invoicing import links
from laddverk.invoicing import queries as invoicing_queries
from laddverk.invoicing import service as invoicing
from laddverk.invoicing.model import shown_number
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import InvoiceId, PaymentId, shown
from laddverk.kernel.money import VAT_PERCENTS, major
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.ledger import service as ledger
from laddverk.ledger.model import RECEIVABLES
from laddverk.payments import queries as payments_queries
from laddverk.payments import service as payments
from laddverk.payments.deposits import queries as deposit_queries
from laddverk.payments.direct_debit import queries as bank_queries
from laddverk.payments.disputes import queries as dispute_queries
from laddverk.payments.payouts import queries as payout_queries
from laddverk.payments.queries import PaymentFilter
from laddverk.payments.reconciliation import queries as reconciliation_queries
from laddverk.payments.reconciliation.words import SENTENCES
from laddverk.payments.reserved import queries as reserved_queries
from laddverk.payments.swish import rules as swish_rules
from laddverk.payments.swish import store as swish
from laddverk.platform.database import Transaction
from laddverk.platform.languages import SUPPORTED
from laddverk.stations import queries as stations_queries
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import bank_words, card_words, money_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PAYMENT_SORTS: Final = ("-created", "amount")
PAYMENT_HEADING: Final = (
    "id", "rail", "their_number", "state", "for", "created_at", "changed_at", "currency", "reserved", "taken",
    "refunded", "kept", "driver", "station", "session", "invoice", "failure",
)  # fmt: skip
INVOICE_HEADING: Final = (
    "number", "kind", "state", "buyer", "month", "issued_at", "due_on", "reference", "currency", "net", "vat", "gross",
    "paid", "credited", "open",
    *(f"{what}_{percent}" for percent in sorted(VAT_PERCENTS, reverse=True) for what in ("net", "vat")),
)  # fmt: skip
OWED_HEADING: Final = (
    "driver", "email", "invoices", "currency", "not_due", "due_1_30", "due_31_60", "due_61_90", "due_91", "total",
    "oldest_due",
)  # fmt: skip
INVOICE_SORTS: Final = ("-issued", "due", "amount")
OWED_SORTS: Final = ("-total", "oldest", "name")


@get("/console/payments", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_payments(desk: AtDesk) -> Response[str]:
    """The payments, the latest first."""
    listing, chosen = desk.listing(*PAYMENT_SORTS), _wanted(desk)
    async with desk.transaction() as tx:
        driver = await access_queries.driver(tx, chosen.driver_id) if chosen.driver_id else None
        return desk.page(
            "console/payments/list.html",
            rows=await payments_queries.payments(tx, chosen, listing.sort, limit=PAGE_SIZE, offset=listing.offset),
            listing=listing,
            total=await payments_queries.count_payments(tx, chosen),
            totals=await payments_queries.totals(tx, chosen),
            states=await payments_queries.state_counts(tx),
            rails=await payments_queries.rails(tx),
            sites=await stations_queries.sites(tx, desk.sites),
            driver=driver,
            money=money_words,
        )


def _wanted(desk: Desk) -> PaymentFilter:
    """Return the filter in the address."""
    since, until = desk.span_asked()
    driver, site = desk.asked("driver"), desk.asked("site")
    return PaymentFilter(
        search=desk.asked("q").strip()[:100],
        state=desk.asked("state"),
        purpose=desk.asked("purpose"),
        rail=desk.asked("rail"),
        since=since,
        until=until,
        driver_id=named("drv", driver) if driver else None,
        site_id=named("sit", site) if site else None,
        site_ids=desk.sites,
    )


@get("/console/payments.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_payments(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    listing = desk.listing(*PAYMENT_SORTS)
    async with desk.transaction() as tx:
        rows = await payments_queries.payments(tx, _wanted(desk), listing.sort, limit=spreadsheets.ROWS_MAX)
    people = desk.may(Permission.DRIVERS_READ)
    return spreadsheets.answer("payments", PAYMENT_HEADING, [_payment_cells(row, people=people) for row in rows])


def _payment_cells(row: payments_queries.PaymentRow, *, people: bool) -> tuple[spreadsheets.Cell, ...]:
    amounts = (row.authorised_minor, row.captured_minor, row.refunded_minor, row.captured_minor - row.refunded_minor)
    return (
        shown("pay", row.id), row.provider, row.provider_ref, row.state, row.purpose, row.created_at, row.updated_at,
        row.currency, *(major(amount, row.currency) for amount in amounts), row.driver_name if people else None,
        row.station_name, shown("ses", row.session_id) if row.session_id else None,
        shown("inv", row.invoice_id) if row.invoice_id else None, row.failure_code,
    )  # fmt: skip


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
            refunds=await payments.refunds(tx, PaymentId(payment.id)),
            collection=await bank_queries.of_payment(tx, payment.id),
            deposit=await deposit_queries.of_payment(tx, payment.id),
            differences=await reconciliation_queries.of_payment(tx, payment.id),
            sentences=SENTENCES,
            money=money_words,
            bank=bank_words,
            postings=await ledger_queries.postings_of(tx, payment.id),
            requests=[
                (each, swish_rules.words_for(each.error_code)) for each in await swish.of_payment(tx, payment.id)
            ],
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


@get("/console/invoices", opt={NEEDS: Permission.INVOICES_READ})
async def list_invoices(desk: AtDesk) -> Response[str]:
    """Invoices and credit notes, and what waits to be invoiced."""
    return await _invoices_page(desk, None, {})


async def _invoices_page(
    desk: Desk, report: tuple[date, Any] | None, errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing = desk.listing(*INVOICE_SORTS)
    state, period, driver_id = _invoices_wanted(desk)
    async with desk.transaction() as tx:
        rows = await invoicing_queries.invoices(
            tx, desk.today, listing.search, state, period, driver_id, listing.sort, limit=PAGE_SIZE,
            offset=listing.offset,
        )  # fmt: skip
        return desk.page(
            "console/invoices/list.html",
            status=status,
            rows=rows,
            listing=listing,
            driver=await access_queries.driver(tx, driver_id) if driver_id else None,
            totals=await invoicing_queries.totals(tx, desk.today, listing.search, state, period, driver_id),
            months=await invoicing_queries.months(tx),
            waiting=await invoicing_queries.waiting(tx),
            this_month=desk.today.replace(day=1),
            report=report,
            errors=errors,
        )


def _invoices_wanted(desk: Desk) -> tuple[str, date | None, UUID | None]:
    driver = desk.asked("driver")
    return desk.asked("state"), desk.day_asked("month"), named("drv", driver) if driver else None


@get("/console/invoices.csv", opt={NEEDS: Permission.INVOICES_READ})
async def export_invoices(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    listing = desk.listing(*INVOICE_SORTS)
    state, period, driver_id = _invoices_wanted(desk)
    async with desk.transaction() as tx:
        rows = await invoicing_queries.invoices(
            tx, desk.today, listing.search, state, period, driver_id, listing.sort, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer("invoices", INVOICE_HEADING, [_invoice_cells(row) for row in rows])


def _invoice_cells(row: invoicing_queries.InvoiceRow) -> tuple[spreadsheets.Cell, ...]:
    open_minor = max(0, row.gross_minor - row.paid_minor - row.credited_minor) if row.kind == "invoice" else 0
    amounts = (row.net_minor, row.vat_minor, row.gross_minor, row.paid_minor, row.credited_minor, open_minor)
    return (
        shown_number(row.series, row.number), row.kind, row.state, row.buyer_name, row.period.isoformat(),
        row.issued_at, row.due_on.isoformat(), row.reference, row.currency,
        *(major(amount, row.currency) for amount in amounts), *_at_rates(row),
    )  # fmt: skip


def _at_rates(row: invoicing_queries.InvoiceRow) -> list[spreadsheets.Cell]:
    """Net and VAT at each rate; nothing where nothing is sold at it."""
    at_rate = {part.percent: part for part in row.vat}
    cells: list[spreadsheets.Cell] = []
    for percent in sorted(VAT_PERCENTS, reverse=True):
        part = at_rate.get(percent)
        cells += [None, None] if part is None else [major(m, row.currency) for m in (part.net_minor, part.vat_minor)]
    return cells


@get("/console/receivables", opt={NEEDS: Permission.INVOICES_READ})
async def list_receivables(desk: AtDesk) -> Response[str]:
    """Who owes what, and for how long."""
    listing = desk.listing(*OWED_SORTS)
    async with desk.transaction() as tx:
        totals = await invoicing_queries.receivables_totals(tx, desk.today, listing.search)
        currencies = {desk.house.settings.currency, *(each.currency for each in totals)}
        return desk.page(
            "console/invoices/receivables.html",
            rows=await invoicing_queries.receivables(
                tx, desk.today, listing.search, listing.sort, limit=PAGE_SIZE, offset=listing.offset
            ),
            totals=totals,
            booked_minor={each: await ledger.balance(tx, RECEIVABLES, currency=each) for each in currencies},
            listing=listing,
        )


@get("/console/receivables.csv", opt={NEEDS: Permission.INVOICES_READ})
async def export_receivables(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    listing = desk.listing(*OWED_SORTS)
    async with desk.transaction() as tx:
        rows = await invoicing_queries.receivables(
            tx, desk.today, listing.search, listing.sort, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer("receivables", OWED_HEADING, [_owed_cells(row) for row in rows])


def _owed_cells(row: invoicing_queries.OwedRow) -> tuple[spreadsheets.Cell, ...]:
    ages = (*row.ages, row.total_minor)
    return (
        row.driver_name, row.email, row.invoices, row.currency, *(major(amount, row.currency) for amount in ages),
        row.oldest_due.isoformat(),
    )  # fmt: skip


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
            deposits=await deposit_queries.of_invoice(tx, invoice.id) if desk.may(Permission.PAYMENTS_READ) else [],
            postings=await ledger_queries.postings_of(tx, invoice.id),
            link=await _link_of(tx, desk, invoice),
            money=money_words,
            errors=errors,
        )


async def _link_of(tx: Transaction, desk: Desk, invoice: invoicing_queries.InvoiceDetail) -> str:
    """Return the address on which anybody pays the invoice; nothing when there is nothing to pay."""
    if invoice.kind != "invoice" or invoice.state not in ("open", "overdue"):
        return ""
    path = await links.path_of(tx, desk.house.secrets, InvoiceId(invoice.id), desk.now)
    return f"{desk.house.settings.web_url}{path}"


@post("/console/invoices/{invoice_id:str}/renew-link", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=303)
async def renew_link(desk: AtDesk, invoice_id: FromPath[str]) -> Response[Any]:
    """Take the address of an invoice back, with a reason: the old one opens nothing any more."""
    form = await desk.form()
    identity = InvoiceId(named("inv", invoice_id))
    async with desk.transaction() as tx:
        found(await invoicing_queries.invoice(tx, desk.today, identity))
        await links.renew(tx, desk.actor, identity, form.get("reason", "")[:200], desk.now)
    return desk.go(f"/console/invoices/{shown('inv', identity)}", desk.words("The old address opens nothing any more."))


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
    export_payments,
    show_payment,
    refund_payment,
    list_invoices,
    export_invoices,
    list_receivables,
    export_receivables,
    run_invoicing,
    show_invoice,
    renew_link,
    invoice_pdf,
    credit_invoice,
]
