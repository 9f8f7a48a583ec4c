"""The page behind the code on an invoice: what it is, and paying it, without an account. Its address is its key."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from laddverk.invoicing import documents, links, selling, slip
from laddverk.invoicing import queries as invoice_queries
from laddverk.invoicing.queries import InvoiceDetail
from laddverk.invoicing.typesetting import qr_svg
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.problems import NotFound, Problem
from laddverk.payments import queries as payment_queries
from laddverk.payments import service as payments
from laddverk.payments.direct_debit import queries as bank_queries
from laddverk.payments.providers import swish_line
from laddverk.platform.database import Transaction
from laddverk.web import security
from laddverk.web.portal.account import COLLECTING, is_under_way, shown
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

CARD: Final = "card"
SWISH: Final = "swish"
SHOWN_LINES: Final = 50  # of the charges; all of them stand in the document
OPENED_MAX: Final = 60  # wrong addresses and payment pages of one network in five minutes; an office stays below


@get("/i/{token:str}")
async def show_invoice(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Show an invoice to whoever has its address; with `.pdf` behind it, the document itself."""
    wanted, is_pdf = token.removesuffix(".pdf"), token.endswith(".pdf")
    async with visit.transaction() as tx:
        invoice = await _behind(tx, visit, wanted)
    if is_pdf:
        content = await documents.pdf(visit.house, InvoiceId(invoice.id), visit.language)
        name = f"{invoice.series}-{invoice.number:05d}.pdf"
        headers = {"content-disposition": f'inline; filename="{name}"'}
        return Response(content, media_type="application/pdf", headers=headers)
    return await _page(visit, wanted, invoice)


@post("/i/{token:str}/pay")
async def pay_invoice(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Lead to the page on which what remains of the invoice is paid, by the way that the person chose."""
    form = await visit.form()
    async with visit.transaction() as tx:
        invoice = await _behind(tx, visit, token)
    _attempts(visit).count(security.remote_address(visit.request), visit.now)
    way = form.get("way", CARD)
    try:
        if way not in _ways(visit, invoice.currency):
            raise NotFound("There is no such way to pay here.")
        checkout = await payments.open_invoice(
            visit.house,
            InvoiceId(invoice.id),
            return_url=f"{visit.house.settings.web_url}{links.PATH}{token}",
            now=visit.now,
            provider=SWISH if way == SWISH else None,
            language=visit.language,
        )
    except Problem as problem:
        return await _page(visit, token, invoice, problem)
    return visit.go(checkout.url)


async def _page(visit: Visit, token: str, invoice: InvoiceDetail, problem: Problem | None = None) -> Response[str]:
    async with visit.transaction() as tx:
        lines = await invoice_queries.lines(tx, invoice.id)
        tries = await bank_queries.of_invoice(tx, invoice.id)
        paid_by = await payment_queries.payments_of(tx, invoice.id)
    said = shown(invoice, visit, invoice.reference)
    return visit.page(
        "portal/invoice_link.html",
        status=problem.status if problem else 200,
        invoice=said,
        token=token,
        seller=invoice.seller,
        buyer=invoice.buyer,
        lines=lines[:SHOWN_LINES],
        charges=sum(line.subscription_id is None for line in lines),
        has_more=len(lines) > SHOWN_LINES,
        energy_wh=sum(line.energy_wh for line in lines),
        ways=_ways(visit, invoice.currency),
        slip=_slip(visit, said),
        collected=next((each for each in tries if each.state in COLLECTING), None),
        under_way=is_under_way(paid_by),
        problem=" ".join(visit.errors(problem).values()) if problem else "",
    )


def _slip(visit: Visit, invoice: Any) -> dict[str, Any] | None:
    """Return what is typed into a bank for what remains, by the account that holds now."""
    seller = selling.seller_of(visit.house.settings)
    if not seller.bankgiro or not invoice.can_pay or invoice.currency != "SEK":
        return None
    asked = slip.asked_minor(invoice.open_minor, whole_kronor=seller.whole_kronor)
    code = ""
    if seller.swish_number and not swish_line.is_offered(visit.house.settings):
        code = slip.swish_qr(seller.swish_number, asked, invoice.reference)
    return {
        "bankgiro": seller.bankgiro,
        "amount_minor": asked,
        "swish_number": seller.swish_number,
        "swish_code": Markup(qr_svg(code)) if code else "",  # noqa: S704 - drawn by segno from digits
    }


def _ways(visit: Visit, currency: str) -> list[str]:
    """Return the ways by which an invoice can be paid at once, the quickest first."""
    return [*([SWISH] if currency == "SEK" and swish_line.is_offered(visit.house.settings) else []), CARD]


async def _behind(tx: Transaction, visit: Visit, token: str) -> InvoiceDetail:
    """Return the invoice behind a secret. A wrong one is counted: nobody tries many."""
    try:
        invoice_id = await links.behind(tx, token, visit.today)
    except NotFound:
        _attempts(visit).count(security.remote_address(visit.request), visit.now)
        raise
    found = await invoice_queries.invoice(tx, visit.today, invoice_id)
    assert found is not None, "an address refers to its invoice"
    return found


def _attempts(visit: Visit) -> Attempts:
    found: Attempts = visit.request.app.state.setdefault("invoice_attempts", Attempts(OPENED_MAX))
    return found


HANDLERS: Final = [show_invoice, pay_invoice]
