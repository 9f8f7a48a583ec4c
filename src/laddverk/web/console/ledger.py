"""The ledger: accounts and their postings, whether it agrees with itself, and what the operator calls its accounts."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.money import major
from laddverk.kernel.problems import Problem
from laddverk.ledger import chart, queries
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ChartRow
from laddverk.web import spreadsheets
from laddverk.web.console import money_words
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS

POSTINGS_SHOWN: Final = 100
JOURNAL_HEADING: Final = (
    "entry", "occurred_at", "booked_at", "kind", "text", "account", "account_name", "debit", "credit", "currency",
    "source", "source_id",
)  # fmt: skip
CHART: Final = "/console/ledger/chart"


@get("/console/ledger", opt={NEEDS: Permission.INVOICES_READ})
async def show_ledger(desk: AtDesk) -> Response[str]:
    """The trial balance: every account, and whether it all sums to zero."""
    async with desk.transaction() as tx:
        return desk.page(
            "console/ledger/balance.html",
            rows=await queries.accounts(tx),
            names=await chart.chart(tx),
            check=await ledger.check(tx),
            checks=await queries.checks(tx),
        )


@get("/console/ledger/journal.csv", opt={NEEDS: Permission.INVOICES_READ})
async def export_journal(desk: AtDesk) -> Response[bytes]:
    """Every posting of the days that are asked for, as CSV, by the operator's own account numbers."""
    since, until = desk.span_asked()
    async with desk.transaction() as tx:
        rows = await queries.journal(tx, since, until, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer("journal", JOURNAL_HEADING, [_cells(row) for row in rows])


def _cells(row: queries.PostingRow) -> tuple[spreadsheets.Cell, ...]:
    amount = major(row.amount_minor, row.currency)
    return (
        str(row.transaction_id), row.occurred_at, row.booked_at, row.kind, row.text, row.number, row.name,
        amount if amount > 0 else None, -amount if amount < 0 else None, row.currency, row.source_kind,
        str(row.source_id),
    )  # fmt: skip


@get("/console/ledger/{number:str}", opt={NEEDS: Permission.INVOICES_READ})
async def show_account(desk: AtDesk, number: FromPath[str]) -> Response[str]:
    """The postings on one account."""
    listing = desk.listing("latest")
    async with desk.transaction() as tx:
        account = found(next((row for row in await queries.accounts(tx) if row.number == number), None))
        rows = await queries.postings(tx, number, limit=POSTINGS_SHOWN, offset=(listing.page - 1) * POSTINGS_SHOWN)
        names = await chart.chart(tx)
    return desk.page(
        "console/ledger/account.html",
        account=account,
        names=names,
        rows=rows,
        listing=listing,
        postings_shown=POSTINGS_SHOWN,
        money=money_words,
    )


@get(CHART, opt={NEEDS: Permission.INVOICES_READ})
async def show_chart(desk: AtDesk) -> Response[str]:
    """The chart of accounts, to be read or changed."""
    return await _chart_page(desk, {}, {})


@post(CHART, opt={NEEDS: Permission.INVOICES_WRITE}, status_code=303)
async def save_chart(desk: AtDesk) -> Response[Any]:
    """Show accounts by the operator's own numbers and names; an empty number is the house's own."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            for account, before in (await chart.chart(tx)).items():
                number = form.get(f"number_{account}", before.number).strip() or account
                row = ChartRow(account, number, form.get(f"name_{account}", before.name).strip())
                if row != before:
                    await _rename(desk, tx, row)
    except Problem as problem:
        return await _chart_page(desk, form, desk.errors(problem), problem.status)
    return desk.go(CHART, desk.words("The chart of accounts is saved."))


async def _rename(desk: Desk, tx: Any, row: ChartRow) -> None:
    try:
        await chart.rename(tx, desk.actor, row, desk.now)
    except Problem as problem:
        if problem.field in ("number", "name"):
            problem.field = f"{problem.field}_{row.account}"
        raise


async def _chart_page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        names = await chart.chart(tx)
    return desk.page("console/ledger/chart.html", names=names, values=values, errors=errors, status=status)


ROUTES: Final = [show_ledger, export_journal, show_account, show_chart, save_chart]
