"""A driver's own pages: signing in by an e-mailed link, history, invoices and tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.access import service as access
from laddverk.energy.planning_ahead import wishing
from laddverk.energy.planning_ahead.recalling import Habits
from laddverk.invoicing import documents
from laddverk.invoicing import queries as invoice_queries
from laddverk.invoicing.model import shown_number
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, parsed
from laddverk.kernel.money import VatTotal
from laddverk.kernel.problems import Conflict, Invalid, NotAuthenticated, NotFound, Problem
from laddverk.notices import service as notices
from laddverk.payments import queries as payment_queries
from laddverk.payments import service as payments
from laddverk.payments.direct_debit import queries as bank_queries
from laddverk.payments.model import Purpose, State
from laddverk.payments.rules import WALLET
from laddverk.payments.swish import service as swish
from laddverk.payments.wallet import service as wallets
from laddverk.payments.ways import by_wallet
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.sessions import driver_queries as queries
from laddverk.sessions.driver_queries import DriverSession
from laddverk.web import security
from laddverk.web.portal import paying_words
from laddverk.web.portal.charging import curve_json, price_lines
from laddverk.web.visit import Visit, Visiting

COLLECTING: Final = ("planned", "sent", "retrying")  # the bank has it, or gets it: no second way to pay
UNDER_WAY: Final = ("authorised", "capturing", "unknown")
PAGE: Final = 30  # charges on one page of the history

STATES: Final = {
    "open": ("wait", marked("to be paid")),
    "overdue": ("broken", marked("overdue")),
    "paid": ("done", marked("paid")),
    "credited": ("off", marked("cancelled")),
    "credit_note": ("info", marked("credit note")),
}


class InvoiceShown(Struct, frozen=True):
    """An invoice as its driver sees it."""

    id: InvoiceId
    label: str
    kind: str
    period: Any
    currency: str
    gross_minor: int
    vat: Sequence[VatTotal]
    open_minor: int
    tone: str
    word: str
    due_on: Any
    reference: str = ""

    @property
    def can_pay(self) -> bool:
        """Whether something remains to be paid."""
        return self.kind == "invoice" and self.open_minor > 0


def signed_in(visit: Visit) -> DriverId:
    """Return the signed-in driver. Raises `NotAuthenticated`, which leads to the sign-in page."""
    if visit.actor.kind != "driver" or visit.actor.id is None:
        raise NotAuthenticated("You have to sign in first.")
    return DriverId(visit.actor.id)


@get("/sign-in")
async def ask_sign_in(visit: Visiting) -> Response[str]:
    """Ask for the e-mail address to send a link to."""
    return visit.page("portal/sign_in.html", next=visit.asked("next"), email="", errors={})


@post("/sign-in")
async def send_link(visit: Visiting) -> Response[Any]:
    """Send a sign-in link when there is such an account; the answer is the same when there is none."""
    form = await visit.form()
    email, wanted = form.get("email", "").lower(), security.safe_next(form.get("next", ""), "/my")
    try:
        async with visit.transaction() as tx:
            made = await access.make_sign_in_link(tx, email, visit.now, security.remote_address(visit.request))
            if made is not None:
                link = f"{visit.house.settings.web_url}/sign-in/{made.token}?next={quote(wanted)}"
                await notices.send(
                    tx,
                    recipient=email,
                    language=made.language,
                    template="sign_in",
                    params={"link": link, "operator": visit.house.settings.operator_name},
                    now=visit.now,
                )
    except Problem as problem:
        return visit.page(
            "portal/sign_in.html", status=problem.status, next=wanted, email=email, errors=visit.errors(problem)
        )
    return visit.page("portal/sign_in_sent.html", email=email, demo=visit.house.settings.demo)


@get("/sign-in/{token:str}")
async def confirm_link(visit: Visiting, token: FromPath[str]) -> Response[str]:
    """Ask for one more press: mail scanners follow links, and must not use them up."""
    wanted = security.safe_next(visit.asked("next"), "/my")
    return visit.page("portal/sign_in_confirm.html", token=token, next=wanted)


@post("/sign-in/{token:str}")
async def use_link(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Sign in by a link; it works once."""
    form = await visit.form()
    async with visit.transaction() as tx:
        cookie = await access.use_sign_in_link(
            tx,
            token,
            visit.now,
            remote_address=security.remote_address(visit.request),
            user_agent=visit.request.headers.get("user-agent", ""),
        )
    if cookie is None:
        problem = Invalid("This link has been used, or is too old.", remedy="Ask for a new one.")
        return visit.page(
            "portal/sign_in.html", status=422, next=form.get("next", ""), email="", errors=visit.errors(problem)
        )
    answer = visit.go(security.safe_next(form.get("next", ""), "/my"))
    answer.cookies.append(security.sign_in_cookie("driver", cookie, visit.house.settings))
    return answer


@post("/sign-out")
async def sign_out(visit: Visiting) -> Response[Any]:
    """Sign the driver out."""
    if visit.account is not None:
        async with visit.transaction() as tx:
            await access.sign_out(tx, visit.account.token)
    answer = visit.go("/")
    answer.cookies.append(security.sign_in_cookie("driver", "", visit.house.settings))
    return answer


@get("/my")
async def history(visit: Visiting) -> Response[str]:
    """Show the driver's charges, newest first."""
    driver_id = signed_in(visit)
    before = visit.instant_asked("before")
    async with visit.transaction() as tx:
        found = await queries.sessions_of(tx, driver_id, before=before, limit=PAGE + 1)
        totals = await queries.totals(tx, driver_id, _month_start(visit))
    older = found[PAGE - 1].started_at.isoformat() if len(found) > PAGE else None
    return visit.page(
        "portal/my.html",
        sessions=found[:PAGE],
        totals=totals,
        older=quote(older) if older else None,
        currency=visit.house.settings.currency,
    )


@get("/my/sessions/{session:str}")
async def show_session(visit: Visiting, session: FromPath[str]) -> Response[str]:
    """Show one charge with its price, line by line; while it runs, when it will be ready and what can be said of it."""
    return await session_page(visit, session)


async def session_page(
    visit: Visit, session: str, *, problem: Problem | None = None, values: dict[str, str] | None = None
) -> Response[str]:
    """Return the page of one's own charge, with what went wrong when something did, and what was written."""
    async with visit.transaction() as tx:
        found = await own_session(tx, visit, session)
        is_running = found.ended_at is None
        habits = Habits()
        ready = await wishing.ready(tx, found.id, visit.now, habits) if is_running else None
        offered = await wishing.offered(tx, found.id, visit.now, habits) if is_running else None
    errors = visit.errors(problem) if problem else {}
    return visit.page(
        "portal/my_session.html",
        status=problem.status if problem else 200,
        session=found,
        lines=price_lines(found, visit),
        base=f"/my/sessions/{session}",
        ready=ready,
        offered=offered,
        values=values or {},
        errors=errors,
        problem=errors.get(""),
    )


@get("/my/sessions/{session:str}/curve.json")
async def show_curve(visit: Visiting, session: FromPath[str]) -> dict[str, Any]:
    """Return the power during a charge, for the chart."""
    async with visit.transaction() as tx:
        found = await own_session(tx, visit, session)
        points = await queries.curve(tx, found.id)
    return curve_json(points, visit.words("Power"))


@get("/my/sessions/{session:str}/receipt.pdf")
async def show_receipt(visit: Visiting, session: FromPath[str]) -> Response[bytes]:
    """Return the receipt of a charge."""
    async with visit.transaction() as tx:
        found = await own_session(tx, visit, session)
    if found.price_minor is None:
        raise NotFound("There is no receipt yet.", remedy="It is here when the charge is over and priced.")
    content = await documents.receipt_pdf(visit.house, found.id, visit.language)
    return Response(content, media_type="application/pdf")


@get("/my/invoices")
async def list_invoices(visit: Visiting) -> Response[str]:
    """List the driver's invoices."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        rows = await invoice_queries.invoices_of(tx, visit.today, driver_id)
    return visit.page("portal/my_invoices.html", invoices=[shown(row, visit) for row in rows])


@get("/my/invoices/{invoice:str}")
async def show_invoice(visit: Visiting, invoice: FromPath[str]) -> Response[Any]:
    """Show one invoice, or its PDF when the address ends in .pdf."""
    return await _invoice_page(visit, invoice)


async def _invoice_page(visit: Visit, invoice: str, problem: Problem | None = None) -> Response[Any]:
    wanted, is_pdf = invoice.removesuffix(".pdf"), invoice.endswith(".pdf")
    async with visit.transaction() as tx:
        row = await _own_invoice(tx, visit, wanted)
        lines = await invoice_queries.lines(tx, row.id)
        tries = await bank_queries.of_invoice(tx, row.id)
        debited = await paying_words.debit_of(tx, visit, signed_in(visit), row.id)
        paid_by = await payment_queries.payments_of(tx, row.id)
        balance = await wallets.wallet(tx, signed_in(visit), row.currency, visit.now)
    if is_pdf:
        content = await documents.pdf(visit.house, InvoiceId(row.id), visit.language)
        return Response(content, media_type="application/pdf")
    said = shown(row, visit, row.reference)
    return visit.page(
        "portal/my_invoice.html",
        status=problem.status if problem else 200,
        problem=" ".join(visit.errors(problem).values()) if problem else "",
        invoice=said,
        lines=lines,
        debited=debited,
        under_way=is_under_way(paid_by),
        balance_minor=balance.available_minor if 0 < said.open_minor <= balance.available_minor else 0,
        ways=["swish", "card"] if row.currency == "SEK" and swish.is_offered(visit.house.settings) else ["card"],
        collected=next((each for each in tries if each.state in COLLECTING), None),
    )


@post("/my/invoices/{invoice:str}/pay")
async def pay_invoice(visit: Visiting, invoice: FromPath[str]) -> Response[Any]:
    """Pay what remains of an invoice from the balance, or lead to the page where it is paid by card or by Swish."""
    form = await visit.form()
    here = f"/my/invoices/{invoice}"
    try:
        async with visit.transaction() as tx:
            row = await _own_invoice(tx, visit, invoice)
            if form.get("way") == "balance":
                await by_wallet.pay_invoice(tx, signed_in(visit), InvoiceId(row.id), visit.now)
                return visit.go(here)
        checkout = await payments.open_invoice(
            visit.house,
            InvoiceId(row.id),
            return_url=f"{visit.house.settings.web_url}{here}",
            now=visit.now,
            provider="swish" if form.get("way") == "swish" and swish.is_offered(visit.house.settings) else None,
            language=visit.language,
        )
    except Conflict as problem:
        return await _invoice_page(visit, invoice, problem)
    return visit.go(checkout.url)


def is_under_way(paid_by: Sequence[payment_queries.PaymentRow]) -> bool:
    """Return whether money for an invoice is on its way; a page that was only opened is not."""
    return any(
        each.state in UNDER_WAY or (each.state == State.CREATED and each.provider == WALLET)
        for each in paid_by
        if each.purpose == Purpose.INVOICE
    )


@get("/my/account")
async def show_account(visit: Visiting) -> Response[str]:
    """Show what is known of the driver, and their tags."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        driver = await access_queries.driver(tx, driver_id)
        tokens = await access_queries.tokens(tx, "", "", visit.now, driver_id=driver_id)
    return visit.page(
        "portal/my_account.html",
        driver=driver,
        tokens=[each for each in tokens if each.kind == "rfid"],
    )


def shown(row: invoice_queries.InvoiceRow, visit: Visit, reference: str = "") -> InvoiceShown:
    """Return an invoice in the driver's words."""
    tone, word = STATES.get(row.state, ("plain", row.state))
    return InvoiceShown(
        id=InvoiceId(row.id),
        label=shown_number(row.series, row.number),
        kind=row.kind,
        period=row.period,
        currency=row.currency,
        gross_minor=row.gross_minor,
        vat=row.vat,
        open_minor=max(0, row.gross_minor - row.paid_minor - row.credited_minor),
        tone=tone,
        word=visit.words(word),
        due_on=row.due_on,
        reference=reference,
    )


async def own_session(tx: Transaction, visit: Visit, session: str) -> DriverSession:
    """Return a session of the signed-in driver. What is another's does not exist (T37)."""
    driver_id = signed_in(visit)
    found = await queries.session(tx, SessionId(parsed("ses", session)))
    if found is None or found.driver_id != driver_id:
        raise NotFound("There is no such charge.")
    return found


async def _own_invoice(tx: Transaction, visit: Visit, invoice: str) -> invoice_queries.InvoiceDetail:
    driver_id = signed_in(visit)
    found = await invoice_queries.invoice(tx, visit.today, parsed("inv", invoice))
    if found is None or found.driver_id != driver_id:
        raise NotFound("There is no such invoice.")
    return found


def _month_start(visit: Visit) -> datetime:
    local = visit.now.astimezone(ZoneInfo(visit.house.settings.timezone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


HANDLERS: Final = [
    ask_sign_in,
    send_link,
    confirm_link,
    use_link,
    sign_out,
    history,
    show_session,
    show_curve,
    show_receipt,
    list_invoices,
    show_invoice,
    pay_invoice,
    show_account,
]
