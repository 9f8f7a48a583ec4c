"""Disputes of card payments: what banks ask, by when, and what we show them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.invoicing import evidence
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DisputeId, shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import NotFound, Problem
from laddverk.ledger import queries as ledger_queries
from laddverk.payments.disputes import queries, service
from laddverk.payments.disputes.model import Evidence
from laddverk.web import spreadsheets
from laddverk.web.console import card_words, money_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

SORTS: Final = ("-opened", "due", "amount")
TEXT_MAX: Final = 10_000
FILE_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@get("/console/disputes", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_disputes(desk: AtDesk) -> Response[str]:
    """The disputes, the latest first."""
    desk.actor.require_everywhere()
    listing, state = desk.listing(*SORTS), desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/disputes/list.html",
            cards=card_words,
            money=money_words,
            rows=await queries.disputes(
                tx, listing.search, state, listing.sort, limit=PAGE_SIZE, offset=listing.offset
            ),
            listing=listing,
            total=await queries.count_disputes(tx, listing.search, state),
            states=await queries.state_counts(tx),
            waiting=await queries.waiting(tx),
        )


@get("/console/disputes.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_disputes(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    desk.actor.require_everywhere()
    listing = desk.listing(*SORTS)
    async with desk.transaction() as tx:
        rows = await queries.disputes(
            tx, listing.search, desk.asked("state"), listing.sort, limit=spreadsheets.ROWS_MAX
        )
    people = desk.may(Permission.DRIVERS_READ)
    return spreadsheets.answer(
        "disputes",
        (
            "id", "provider", "provider_ref", "payment", "state", "reason", "amount", "withdrawn", "returned", "fee",
            "currency", "opened_at", "due_at", "evidence_at", "closed_at", "station", "driver",
        ),
        [
            (
                shown("dsp", row.id), row.provider, row.provider_ref, shown("pay", row.payment_id), row.state,
                row.reason, major(row.amount_minor, row.currency), major(row.withdrawn_minor, row.currency),
                major(row.returned_minor, row.currency), major(row.fee_minor - row.fee_back_minor, row.currency),
                row.currency, row.opened_at, row.due_at, row.evidence_at, row.closed_at, row.station_name,
                row.driver_name if people else None,
            )
            for row in rows
        ],
    )  # fmt: skip


@get("/console/disputes/{dispute_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_dispute(desk: AtDesk, dispute_id: FromPath[str]) -> Response[str]:
    """One dispute, with what we can show the bank."""
    desk.actor.require_everywhere()
    return await _dispute_page(desk, named("dsp", dispute_id), {}, {})


async def _dispute_page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    pack = await evidence.gathered(desk.house, identity)
    proposed = evidence.proposed_text(pack, desk.house.settings.operator_name)
    async with desk.transaction() as tx:
        postings = await ledger_queries.postings_of(tx, pack.dispute.payment_id)
    return desk.page(
        "console/disputes/detail.html",
        status=status,
        cards=card_words,
        money=money_words,
        dispute=pack.dispute,
        pack=pack,
        postings=postings,
        values={"text": proposed} | values,
        errors=errors,
    )


@get("/console/disputes/{dispute_id:str}/evidence.zip", opt={NEEDS: Permission.DRIVERS_READ})
async def evidence_pack(desk: AtDesk, dispute_id: FromPath[str]) -> Response[bytes]:
    """Everything that was kept, in one file. It names the driver."""
    desk.actor.require_everywhere()
    desk.actor.require(Permission.PAYMENTS_READ)
    pack = await evidence.gathered(desk.house, named("dsp", dispute_id))
    text = evidence.proposed_text(pack, desk.house.settings.operator_name)
    content = await evidence.packed(desk.house, pack, text)
    name = f'attachment; filename="evidence-{shown("dsp", pack.dispute.id)[-8:]}.zip"'
    return Response(content, media_type="application/zip", headers={"content-disposition": name, **FILE_HEADERS})


@get("/console/disputes/{dispute_id:str}/evidence.pdf", opt={NEEDS: Permission.DRIVERS_READ})
async def evidence_pdf(desk: AtDesk, dispute_id: FromPath[str]) -> Response[bytes]:
    """The document that the bank gets."""
    desk.actor.require_everywhere()
    desk.actor.require(Permission.PAYMENTS_READ)
    pack = await evidence.gathered(desk.house, named("dsp", dispute_id))
    content = await evidence.pdf(desk.house, pack, evidence.proposed_text(pack, desk.house.settings.operator_name))
    headers = {"content-disposition": 'inline; filename="evidence.pdf"', **FILE_HEADERS}
    return Response(content, media_type="application/pdf", headers=headers)


@post("/console/disputes/{dispute_id:str}/answer", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def answer_dispute(desk: AtDesk, dispute_id: FromPath[str]) -> Response[Any]:
    """Send the evidence to the bank, for good."""
    desk.actor.require_everywhere()
    identity = named("dsp", dispute_id)
    form = await desk.form()
    text = form.get("text", "")[:TEXT_MAX].replace("\x00", "").replace("\r\n", "\n")
    pack = await evidence.gathered(desk.house, identity)
    try:
        content = await evidence.pdf(desk.house, pack, text)
    except NotFound:
        content = b""  # words alone are better than no answer
    session = pack.session
    given = Evidence(
        text=text,
        service_date=(session.started_at if session else pack.dispute.opened_at).date().isoformat(),
        customer_name=pack.dispute.driver_name or "",
        customer_email=pack.dispute.driver_email or "",
        document=content,
    )
    try:
        await service.send_evidence(
            desk.house, desk.actor, DisputeId(identity), given, form.get("reason", ""), desk.now
        )
    except Problem as problem:
        return await _dispute_page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/disputes/{shown('dsp', identity)}", desk.words("The evidence is with the bank."))


@post("/console/disputes/{dispute_id:str}/accept", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def accept_dispute(desk: AtDesk, dispute_id: FromPath[str]) -> Response[Any]:
    """Give in, with a reason."""
    desk.actor.require_everywhere()
    identity = named("dsp", dispute_id)
    form = await desk.form()
    try:
        await service.accept(desk.house, desk.actor, DisputeId(identity), form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _dispute_page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/disputes/{shown('dsp', identity)}", desk.words("The money stays with the card holder."))


@post("/console/disputes/{dispute_id:str}/thaw", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def thaw_cards(desk: AtDesk, dispute_id: FromPath[str]) -> Response[Any]:
    """Let the driver's cards be debited again, with a reason."""
    desk.actor.require_everywhere()
    identity = named("dsp", dispute_id)
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            await service.thaw(tx, desk.actor, DisputeId(identity), form.get("thaw_reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _dispute_page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/disputes/{shown('dsp', identity)}", desk.words("The cards may be debited again."))


ROUTES: Final = [
    list_disputes,
    export_disputes,
    show_dispute,
    evidence_pack,
    evidence_pdf,
    answer_dispute,
    accept_dispute,
    thaw_cards,
]
