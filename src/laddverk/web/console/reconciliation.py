"""Payments, providers, bank and ledger side by side: sums of a span of days, and what does not agree."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import NotFound, Problem
from laddverk.payments.reconciliation import queries, service, store
from laddverk.payments.reconciliation.model import DifferenceRow, Flow, SideBySide, Span
from laddverk.payments.reconciliation.words import ADVICE, SENTENCES, said
from laddverk.web import spreadsheets
from laddverk.web.console import money_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS

PAGE: Final = "/console/reconciliation"
STATES: Final = ("open", "explained", "gone")
CSV_HEADING: Final = (
    "payment", "rail", "taken_at", "currency", "taken", "given_back", "net", "ledger", "provider_knows",
    "provider_taken", "provider_given_back", "bank", "fee", "agrees",
)  # fmt: skip
DIFFERENCES_HEADING: Final = (
    "what", "rail", "about", "label", "currency", "ours", "theirs", "apart", "first_seen", "gone", "explained_by",
    "explained_why", "what_to_do",
)  # fmt: skip


@get(PAGE, opt={NEEDS: Permission.PAYMENTS_READ})
async def show(desk: AtDesk) -> Response[str]:
    """The sums of a span of days by rail, and the differences."""
    return await _page(desk, {})


async def _page(desk: Desk, errors: dict[str, str], status: int = 200) -> Response[str]:
    listing, span = desk.listing("-first"), _span(desk)
    state = desk.asked("state") if desk.asked("state") in STATES else ""
    kind, rail = desk.asked("kind"), desk.asked("rail")
    async with desk.transaction() as tx:
        flows = await store.flows(tx, span.since, span.until)
        return desk.page(
            "console/reconciliation/page.html",
            status=status,
            flows=flows,
            widest=_widest(flows),
            span=span,
            months=_months(desk.today),
            rows=await queries.differences(
                tx, listing.search, kind, rail, state, limit=PAGE_SIZE, offset=listing.offset
            ),
            total=await queries.count_differences(tx, listing.search, kind, rail, state),
            open_count=await queries.count_open(tx),
            run=await store.last_run(tx),
            listing=listing,
            money=money_words,
            sentences=SENTENCES,
            advice=ADVICE,
            subjects=PLACES,
            errors=errors,
        )


PLACES: Final = {
    "payment": ("/console/payments/", "pay"),
    "payout": ("/console/payouts/", "pot"),
    "bank_file": ("/console/bank-files/", "bnk"),
    "deposit": ("/console/deposits/", "dep"),
    "invoice": ("/console/invoices/", "inv"),
}
"""Where what a difference is about has its page."""


def _widest(flows: list[Flow]) -> int:
    """Return the largest amount among `flows`, which fills a bar; at least 1."""
    amounts = (max(f.captured_minor, f.net_minor, f.ledger_minor, f.seen_minor, f.bank_minor) for f in flows)
    return max([1, *amounts])


def _span(desk: Desk) -> Span:
    """Return the days that are asked for: a month by its first day, or two days; else this month until today."""
    month = desk.day_asked("month")
    if month is not None:
        first = month.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    else:
        first = desk.day_asked("from") or desk.today.replace(day=1)
        last = desk.day_asked("to") or max(desk.today, first)
    return service.span_of(first, last, desk.house.settings.timezone)


def _months(today: date) -> list[date]:
    months = [today.replace(day=1)]
    while len(months) < 4:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


@get("/console/reconciliation/payments.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_payments(desk: AtDesk) -> Response[bytes]:
    """Each payment of the span as each side sees it, as CSV."""
    span = _span(desk)
    async with desk.transaction() as tx:
        rows = await store.sides(tx, span.since, span.until, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(f"reconciliation-{span.first}-{span.last}", CSV_HEADING, [_cells(row) for row in rows])


def _cells(row: SideBySide) -> tuple[spreadsheets.Cell, ...]:
    def money(amount_minor: int | None) -> spreadsheets.Cell:
        return None if amount_minor is None else major(amount_minor, row.currency)

    knows = "" if row.is_known is None else "yes" if row.is_known else "no"
    agrees = row.ledger_minor == row.net_minor and row.is_known is not False
    seen_differs = row.is_known and (row.seen_captured_minor, row.seen_refunded_minor) != (
        row.captured_minor,
        row.refunded_minor,
    )
    return (
        shown("pay", row.id), row.rail, row.taken_at, row.currency, money(row.captured_minor),
        money(row.refunded_minor), money(row.net_minor), money(row.ledger_minor), knows,
        money(row.seen_captured_minor), money(row.seen_refunded_minor), money(row.bank_minor), money(row.fee_minor),
        "yes" if agrees and not seen_differs else "no",
    )  # fmt: skip


@get("/console/reconciliation/differences.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_differences(desk: AtDesk) -> Response[bytes]:
    """The differences as CSV, in the reader's language."""
    async with desk.transaction() as tx:
        rows = await queries.differences(
            tx, desk.listing("-first").search, desk.asked("kind"), desk.asked("rail"), desk.asked("state"),
            limit=spreadsheets.ROWS_MAX,
        )  # fmt: skip
    return spreadsheets.answer("differences", DIFFERENCES_HEADING, [_difference(desk, row) for row in rows])


def _difference(desk: Desk, row: DifferenceRow) -> tuple[spreadsheets.Cell, ...]:
    _, prefix = PLACES.get(row.subject_kind, ("", row.subject_kind))
    ours, theirs = major(row.ours_minor, row.currency), major(row.theirs_minor, row.currency)
    return (
        said(row.kind, desk.language), row.rail, shown(prefix, row.subject_id), row.label, row.currency, ours, theirs,
        ours - theirs, row.first_seen_at, row.gone_at, row.explained_by, row.explained_why,
        desk.words(ADVICE.get(row.kind, "")) if row.kind in ADVICE else "",
    )  # fmt: skip


@post("/console/reconciliation/compare", opt={NEEDS: Permission.PAYMENTS_READ}, status_code=303)
async def compare_now(desk: AtDesk) -> Response[Any]:
    """Compare now, instead of in the night."""
    async with desk.transaction() as tx:
        run = await service.compare(tx, desk.actor, desk.now)
    notice = desk.words("Compared: %(count)s payments of the last three months.", count=run.payments)
    return desk.go(PAGE, notice)


@post("/console/reconciliation/explain", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def explain(desk: AtDesk) -> Response[Any]:
    """Say why a difference may stay."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            await service.explain(tx, desk.actor, form.get("key", "")[:200], form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, desk.errors(problem), problem.status)
    return desk.go(PAGE, desk.words("It is noted why the difference stays."))


ROUTES: Final = [show, export_payments, export_differences, compare_now, explain]
