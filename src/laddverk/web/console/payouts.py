"""Payouts of payment providers, item by item; and what is reserved on cards just now."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import PaymentId, shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.payments.payouts import queries, service
from laddverk.payments.reserved import queries as reserved_queries
from laddverk.payments.reserved import service as reserved
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.web import spreadsheets
from laddverk.web.console import card_words, money_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

SORTS: Final = ("-made", "amount")
RESERVE_SORTS: Final = ("ends", "-created", "amount")


@get("/console/payouts", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_payouts(desk: AtDesk) -> Response[str]:
    """The payouts, the latest first."""
    desk.actor.require_everywhere()
    listing, state = desk.listing(*SORTS), desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/payouts/list.html",
            cards=card_words,
            money=money_words,
            rows=await queries.payouts(tx, listing.search, state, listing.sort, limit=PAGE_SIZE, offset=listing.offset),
            listing=listing,
            total=await queries.count_payouts(tx, listing.search, state),
            totals=await queries.totals(tx, listing.search, state),
            standing=await queries.standing(tx, list(card_words.PROVIDERS)),
        )


@get("/console/payouts.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_payouts(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    desk.actor.require_everywhere()
    listing = desk.listing(*SORTS)
    async with desk.transaction() as tx:
        rows = await queries.payouts(tx, listing.search, desk.asked("state"), listing.sort, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "payouts",
        (
            "id", "provider", "provider_ref", "state", "made_at", "arrives_on", "amount", "fees", "difference",
            "currency", "items", "unmatched",
        ),
        [
            (
                shown("pot", row.id), row.provider, row.provider_ref, row.state, row.made_at,
                row.arrives_on.isoformat(), major(row.amount_minor, row.currency), major(row.fees_minor, row.currency),
                major(row.difference_minor, row.currency), row.currency, row.items, row.unmatched,
            )
            for row in rows
        ],
    )  # fmt: skip


@post("/console/payouts/read", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def read_payouts(desk: AtDesk) -> Response[Any]:
    """Ask the provider now instead of within the hour."""
    desk.actor.require_everywhere()
    async with desk.transaction() as tx:
        await enqueue(tx, [NewJob(service.READ, {}, unique_key=f"{service.READ}:told")])
    desk.house.worker.wake()
    return desk.go("/console/payouts", desk.words("The provider is being asked."))


@get("/console/payouts/{payout_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_payout(desk: AtDesk, payout_id: FromPath[str]) -> Response[str]:
    """One payout with its items."""
    desk.actor.require_everywhere()
    return await _payout_page(desk, named("pot", payout_id), {}, {})


async def _payout_page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing, kind = desk.listing("-at"), desk.asked("kind")
    async with desk.transaction() as tx:
        payout: queries.PayoutRow = found(await queries.payout(tx, identity))
        return desk.page(
            "console/payouts/detail.html",
            status=status,
            cards=card_words,
            money=money_words,
            payout=payout,
            rows=await queries.items(tx, identity, listing.search, kind, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_items(tx, identity, listing.search, kind),
            listing=listing,
            postings=await ledger_queries.postings_of(tx, identity),
            values=values,
            errors=errors,
        )


@get("/console/payouts/{payout_id:str}/items.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_items(desk: AtDesk, payout_id: FromPath[str]) -> Response[bytes]:
    """The items of a payout as CSV."""
    desk.actor.require_everywhere()
    identity = named("pot", payout_id)
    async with desk.transaction() as tx:
        payout: queries.PayoutRow = found(await queries.payout(tx, identity))
        listing = desk.listing("-at")
        rows = await queries.items(tx, identity, listing.search, desk.asked("kind"), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        f"payout-{shown('pot', payout.id)[-8:]}",
        ("id", "kind", "at", "amount", "fee", "net", "currency", "payment", "their_number", "station", "problem"),
        [
            (
                row.provider_ref, row.kind, row.at, major(row.amount_minor, row.currency),
                major(row.fee_minor, row.currency), major(row.net_minor, row.currency), row.currency,
                shown("pay", row.payment_id) if row.payment_id else None, row.source_ref, row.station_name, row.problem,
            )
            for row in rows
        ],
    )  # fmt: skip


@post("/console/payouts/{payout_id:str}/seen", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def seen_payout(desk: AtDesk, payout_id: FromPath[str]) -> Response[Any]:
    """Note what somebody found out about a difference."""
    desk.actor.require_everywhere()
    identity = named("pot", payout_id)
    form = await desk.form()
    async with desk.transaction() as tx:
        found(await queries.payout(tx, identity))
    try:
        async with desk.transaction() as tx:
            await service.mark_seen(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    except Problem as problem:
        return await _payout_page(desk, identity, form, desk.errors(problem), problem.status)
    desk.tell()
    return desk.go(f"/console/payouts/{shown('pot', identity)}", desk.words("Noted."))


@get("/console/reserved", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_reserved(desk: AtDesk) -> Response[str]:
    """What is reserved on cards now, and what went wrong with it."""
    desk.actor.require_everywhere()
    listing, only = desk.listing(*RESERVE_SORTS), desk.asked("only")
    async with desk.transaction() as tx:
        return desk.page(
            "console/payouts/reserved.html",
            cards=card_words,
            money=money_words,
            rows=await reserved_queries.reserves(
                tx, listing.search, only, listing.sort, limit=PAGE_SIZE, offset=listing.offset
            ),
            listing=listing,
            total=await reserved_queries.count_reserves(tx, listing.search, only),
        )


@post("/console/reserved/{payment_id:str}/seen", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def seen_reserve(desk: AtDesk, payment_id: FromPath[str]) -> Response[Any]:
    """Note that somebody looked at an alarm."""
    desk.actor.require_everywhere()
    form = await desk.form()
    async with desk.transaction() as tx:
        await reserved.mark_seen(tx, desk.actor, PaymentId(named("pay", payment_id)), form.get("reason", ""), desk.now)
    desk.tell()
    return desk.go("/console/reserved", desk.words("Noted."))


ROUTES: Final = [
    list_payouts,
    export_payouts,
    read_payouts,
    show_payout,
    export_items,
    seen_payout,
    list_reserved,
    seen_reserve,
]
