"""Money on the bank account, booked by hand: looked up first, booked then, undone on the same day."""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.invoicing import queries as invoicing_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DepositId, InvoiceId, new_id, shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.payments.deposits import queries, rules, service
from laddverk.payments.deposits.model import NewDeposit, Proposal, Way
from laddverk.payments.deposits.queries import DepositFilter, DepositRow
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import money_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

LIST: Final = "/console/deposits"
NEW: Final = "/console/deposits/new"
CSV_HEADING: Final = (
    "day", "way", "state", "amount", "currency", "reference", "payer", "invoice", "settled", "rounding", "advance",
    "booked_at", "booked_by",
)  # fmt: skip


def _chosen(desk: Desk) -> DepositFilter:
    return DepositFilter(
        search=desk.asked("q").strip()[:100],
        state=desk.asked("state"),
        way=desk.asked("way"),
        since=desk.day_asked("from"),
        until=desk.day_asked("to"),
    )


@get(LIST, opt={NEEDS: Permission.PAYMENTS_READ})
async def list_deposits(desk: AtDesk) -> Response[str]:
    """What came to the bank account, the latest day first."""
    listing, chosen = desk.listing("-received"), _chosen(desk)
    async with desk.transaction() as tx:
        return desk.page(
            "console/deposits/list.html",
            rows=await queries.deposits(tx, chosen, limit=PAGE_SIZE, offset=listing.offset),
            totals=await queries.totals(tx, chosen),
            aside=await queries.count_aside(tx),
            listing=listing,
            chosen=chosen,
            money=money_words,
        )


@get("/console/deposits.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_deposits(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.deposits(tx, _chosen(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer("deposits", CSV_HEADING, [_cells(row) for row in rows])


def _cells(row: DepositRow) -> tuple[spreadsheets.Cell, ...]:
    amounts = (row.settled_minor, row.rounding_minor, row.advance_minor)
    settled, rounding, advance = (major(each, row.currency) for each in amounts)
    return (
        row.received_on.isoformat(), row.way, row.state, major(row.amount_minor, row.currency),
        row.currency, row.reference, row.payer, row.invoice_label, settled, rounding, advance, row.booked_at,
        row.booked_by,
    )  # fmt: skip


@get(NEW, opt={NEEDS: Permission.PAYMENTS_REFUND})
async def new_deposit(desk: AtDesk) -> Response[str]:
    """The form: day, amount and what the payer wrote; for an invoice, filled in."""
    values = {"way": Way.BANKGIRO.value, "received_on": desk.today.isoformat(), "form_key": str(new_id())}
    if desk.asked("invoice"):
        async with desk.transaction() as tx:
            invoice = found(await invoicing_queries.invoice(tx, desk.today, named("inv", desk.asked("invoice"))))
        open_minor = max(0, invoice.gross_minor - invoice.paid_minor - invoice.credited_minor)
        values |= {"reference": invoice.reference, "amount": f"{open_minor // 100},{open_minor % 100:02d}"}
    return _form_page(desk, values, {})


def _form_page(
    desk: Desk,
    values: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
    proposals: list[Proposal] | None = None,
) -> Response[str]:
    effects = {}
    if proposals is not None:
        amount = minor_of(values["amount"], desk.house.settings.currency, "amount")
        effects = {each.invoice.id: rules.split(amount, each.invoice.remaining_minor) for each in proposals}
    return desk.page(
        "console/deposits/new.html",
        status=status,
        values=values,
        errors=errors,
        proposals=proposals,
        effects=effects,
        looked_up=_looked_up(values),
        money=money_words,
    )


@post(NEW, opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def book_deposit(desk: AtDesk) -> Response[Any]:
    """First show what the money may be for and what each choice does; with a choice, book it."""
    form = await desk.form()
    proposals: list[Proposal] | None = None
    try:
        new = _read(desk, form)
        async with desk.transaction() as tx:
            proposals = await service.proposals(
                tx, desk.actor, new.amount_minor, new.reference, new.payer, settings=desk.house.settings
            )
        if "invoice" not in form or form.get("looked_up") != _looked_up(form):
            form.pop("invoice", None)
            return _form_page(desk, form, {}, proposals=proposals)
        async with desk.transaction() as tx:
            deposit_id = await service.book(
                tx, desk.actor, new, desk.now, settings=desk.house.settings, again=form.get("again") == "yes"
            )
    except Problem as problem:
        return _form_page(desk, form, desk.errors(problem), problem.status, proposals)
    return desk.go(f"{LIST}/{shown('dep', deposit_id)}", desk.words("The money is booked."))


def _looked_up(form: dict[str, str]) -> str:
    """Return what invoices were looked up by: when it changes, they are looked up anew and nothing is booked."""
    said = "\n".join(form.get(name, "") for name in ("amount", "reference", "payer"))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _read(desk: Desk, form: dict[str, str]) -> NewDeposit:
    """Return the deposit in a form. Raises `Invalid` by field."""
    if form.get("way") not in set(Way):
        raise Invalid("Choose how the money came.", field="way")
    try:
        key = UUID(form.get("form_key", ""))
    except ValueError:
        raise Invalid("This form is incomplete.", remedy="Open it anew.") from None
    chosen = form.get("invoice", "")
    new = NewDeposit(
        form_key=key,
        way=Way(form["way"]),
        received_on=rules.day_of(form.get("received_on", "")),
        amount_minor=minor_of(form.get("amount", ""), desk.house.settings.currency, "amount"),
        reference=form.get("reference", ""),
        payer=form.get("payer", ""),
        invoice_id=InvoiceId(named("inv", chosen)) if chosen not in ("", "none") else None,
    )
    return rules.checked(new, desk.now, desk.house.settings.timezone)


@get("/console/deposits/{deposit_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_deposit(desk: AtDesk, deposit_id: FromPath[str]) -> Response[str]:
    """One deposit: what it settled, its postings, and what can be done with it."""
    return await _deposit_page(desk, deposit_id, {})


async def _deposit_page(desk: Desk, deposit_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        deposit: DepositRow = found(await queries.deposit(tx, named("dep", deposit_id)))
        proposals: list[Proposal] = []
        if deposit.state == "aside":
            proposals = await service.proposals(
                tx, desk.actor, deposit.amount_minor, deposit.reference, deposit.payer, settings=desk.house.settings
            )
        return desk.page(
            "console/deposits/detail.html",
            status=status,
            deposit=deposit,
            proposals=proposals,
            postings=await ledger_queries.postings_of(tx, deposit.id),
            can_undo=rules.is_same_day(deposit.booked_at, desk.now, desk.house.settings.timezone),
            money=money_words,
            errors=errors,
        )


@post("/console/deposits/{deposit_id:str}/assign", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def assign_deposit(desk: AtDesk, deposit_id: FromPath[str]) -> Response[Any]:
    """Say which invoice money that was kept aside is for, by its choice among the likely ones or by its number."""
    form = await desk.form()
    identity = DepositId(named("dep", deposit_id))
    try:
        async with desk.transaction() as tx:
            chosen = form.get("invoice", "")
            invoice_id = named("inv", chosen) if chosen else await _by_number(tx, desk, form.get("number", ""))
            await service.assign(tx, desk.actor, identity, InvoiceId(invoice_id), form.get("reason", ""), desk.now)
    except NotFound as problem:
        if problem.field is None:
            raise
        return await _deposit_page(desk, deposit_id, desk.errors(problem), problem.status)
    except Problem as problem:
        return await _deposit_page(desk, deposit_id, desk.errors(problem), problem.status)
    return desk.go(f"{LIST}/{shown('dep', identity)}", desk.words("The money is booked."))


async def _by_number(tx: Any, desk: Desk, number: str) -> UUID:
    rows = await invoicing_queries.invoices(tx, desk.today, number.strip()[:40], limit=2) if number.strip() else []
    if len(rows) != 1 or rows[0].kind != "invoice":
        raise Invalid("No single invoice has this number or reference.", field="number")
    return rows[0].id


@post("/console/deposits/{deposit_id:str}/return", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def return_deposit(desk: AtDesk, deposit_id: FromPath[str]) -> Response[Any]:
    """Book that money of nobody here went back."""
    form = await desk.form()
    identity = DepositId(named("dep", deposit_id))
    try:
        async with desk.transaction() as tx:
            await service.give_back(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _deposit_page(desk, deposit_id, desk.errors(problem), problem.status)
    return desk.go(f"{LIST}/{shown('dep', identity)}", desk.words("It is booked that the money went back."))


@post("/console/deposits/{deposit_id:str}/undo", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def undo_deposit(desk: AtDesk, deposit_id: FromPath[str]) -> Response[Any]:
    """Take back what was entered by mistake today."""
    form = await desk.form()
    identity = DepositId(named("dep", deposit_id))
    try:
        async with desk.transaction() as tx:
            await service.undo(tx, desk.actor, identity, form.get("reason", ""), desk.now, settings=desk.house.settings)
    except NotFound:
        raise
    except Problem as problem:
        return await _deposit_page(desk, deposit_id, desk.errors(problem), problem.status)
    return desk.go(f"{LIST}/{shown('dep', identity)}", desk.words("The deposit is undone."))


ROUTES: Final = [
    list_deposits,
    export_deposits,
    new_deposit,
    book_deposit,
    show_deposit,
    assign_deposit,
    return_deposit,
    undo_deposit,
]
