"""Prepaid cards: batches, what each is worth, printing, selling, and blocking what was lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.payments.prepaid import printing, queries, service
from laddverk.payments.prepaid.model import NewBatch, Printed, VoucherPurpose
from laddverk.payments.prepaid.queries import BatchRow
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import wallet_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

LIST: Final = "/console/prepaid"
REASON_MAX: Final = 200
CSV_HEADING: Final = (
    "batch", "made", "purpose", "expires_on", "amount", "currency", "cards", "unsold", "sold_not_used", "used",
    "blocked", "too_old", "outstanding",
)  # fmt: skip


@get(LIST, opt={NEEDS: Permission.PAYMENTS_READ})
async def list_batches(desk: AtDesk) -> Response[str]:
    """The batches, the latest first, and what is owed for cards that nobody has used."""
    listing = desk.listing("-created")
    async with desk.transaction() as tx:
        return desk.page(
            "console/prepaid/list.html",
            rows=await queries.batches(tx, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_batches(tx, listing.search),
            sums=await queries.sums(tx),
            listing=listing,
            currency=desk.house.settings.currency,
        )


@get("/console/prepaid.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_batches(desk: AtDesk) -> Response[bytes]:
    """The same list with what each batch is worth, for a spreadsheet. No code is in it."""
    async with desk.transaction() as tx:
        rows = await queries.batches(tx, desk.listing("-created").search, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "prepaid",
        CSV_HEADING,
        [
            (
                row.name, row.created_at, row.purpose, row.expires_on.isoformat() if row.expires_on else "",
                major(row.amount_minor, row.currency), row.currency, row.cards, row.made, row.active, row.redeemed,
                row.blocked, row.expired, major(row.outstanding_minor, row.currency),
            )
            for row in rows
        ],
    )  # fmt: skip


@get("/console/prepaid/new", opt={NEEDS: Permission.INVOICES_WRITE})
async def new_batch(desk: AtDesk) -> Response[str]:
    """The form for a new batch."""
    return _form(desk, {"cards": "100", "amount": "200", "purpose": "multi"}, {})


def _form(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    purposes = [(key, desk.words(word)) for key, word in wallet_words.PURPOSES.items()]
    return desk.page(
        "console/prepaid/new.html",
        status=status,
        values={"vat_percent": "25", **values},
        errors=errors,
        purposes=purposes,
        currency=desk.house.settings.currency,
    )


@post("/console/prepaid/new", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def make_batch(desk: AtDesk) -> Response[Any]:
    """Make a batch: its cards are worth nothing until they are sold."""
    form = await desk.form()
    try:
        new = _batch_in(form, desk.house.settings.currency)
        async with desk.transaction() as tx:
            zone = ZoneInfo(desk.house.settings.timezone)
            made = await service.make_batch(tx, desk.actor, desk.house.secrets, new, desk.now, zone)
    except Problem as problem:
        return _form(desk, form, desk.errors(problem), problem.status)
    return desk.go(
        _href(made), desk.words("The cards are made. Print their sheet, and activate them when they are sold.")
    )


def _batch_in(form: dict[str, str], currency: str) -> NewBatch:
    cards, purpose, until = form.get("cards", ""), form.get("purpose", ""), form.get("expires_on", "")
    if purpose not in set(VoucherPurpose):
        raise Invalid("Choose what the cards are for.", field="purpose")
    try:
        percent = Decimal(form.get("vat_percent", "25").replace(",", "."))
    except InvalidOperation:
        raise Invalid("This is no rate of VAT.", field="vat_percent") from None
    return NewBatch(
        name=form.get("name", ""),
        cards=int(cards) if cards.isascii() and cards.isdigit() and len(cards) < 7 else 0,
        amount_minor=minor_of(form.get("amount", ""), currency, "amount"),
        currency=currency,
        purpose=VoucherPurpose(purpose),
        vat_percent=percent,
        expires_on=_day(until) if until else None,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no date.", field="expires_on", remedy="Write it like 2026-10-31.") from None


@get("/console/prepaid/{prepaid_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_batch(desk: AtDesk, prepaid_id: FromPath[str]) -> Response[str]:
    """One batch: how many cards are where, each of them, and what can be done."""
    return await _page(desk, prepaid_id, {}, {})


async def _page(
    desk: Desk, batch_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing, state = desk.listing("place"), desk.asked("state")
    async with desk.transaction() as tx:
        batch: BatchRow = found(await queries.batch(tx, named("ppb", batch_id)))
        first_free = await queries.cards(tx, batch.id, "made", limit=1)
        free = first_free[0].place if first_free else 1
        return desk.page(
            "console/prepaid/detail.html",
            status=status,
            batch=batch,
            cards=await queries.cards(tx, batch.id, state, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_cards(tx, batch.id, state, listing.search),
            listing=listing,
            wallet=wallet_words,
            values={"first": str(free), "last": str(batch.cards), **values},
            errors=errors,
            kept_days=service.CODES_KEPT.days,
        )


@post("/console/prepaid/{prepaid_id:str}/activate", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def activate(desk: AtDesk, prepaid_id: FromPath[str]) -> Response[Any]:
    """Sell a range of cards: they are worth their money from now on."""
    form = await desk.form()
    batch_id = named("ppb", prepaid_id)
    try:
        first, last = _place(form.get("first", ""), "first"), _place(form.get("last", ""), "last")
        async with desk.transaction() as tx:
            sold = await service.activate(tx, desk.actor, batch_id, first, last, desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, prepaid_id, form, desk.errors(problem), problem.status)
    return desk.go(_href(batch_id), desk.words("%(cards)s cards were activated.", cards=sold))


@post("/console/prepaid/{prepaid_id:str}/block", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def block(desk: AtDesk, prepaid_id: FromPath[str]) -> Response[Any]:
    """Make a card unusable that was lost before it was sold."""
    form = await desk.form()
    batch_id = named("ppb", prepaid_id)
    try:
        place = _place(form.get("place", ""), "place")
        async with desk.transaction() as tx:
            await service.block(tx, desk.actor, batch_id, place, form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, prepaid_id, form, desk.errors(problem), problem.status)
    return desk.go(_href(batch_id), desk.words("Card %(place)s is blocked.", place=place))


def _place(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid("The batch has no such cards.", field=field, remedy="Give numbers from its sheet.")
    return int(text)


@post("/console/prepaid/{prepaid_id:str}/forget", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=303)
async def forget(desk: AtDesk, prepaid_id: FromPath[str]) -> Response[Any]:
    """Forget the codes: the cards are printed."""
    form = await desk.form()
    batch_id = named("ppb", prepaid_id)
    async with desk.transaction() as tx:
        found(await queries.batch(tx, batch_id))
        await service.forget_codes(tx, desk.actor, batch_id, desk.now, form.get("reason", "")[:REASON_MAX])
    return desk.go(_href(batch_id), desk.words("The codes are forgotten. They stand on the printed cards only."))


@post("/console/prepaid/{prepaid_id:str}/sheet", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def print_sheet(desk: AtDesk, prepaid_id: FromPath[str]) -> Response[Any]:
    """Return the cards with their codes, as PDF to be cut or as CSV for a print shop. Each time is in the audit log."""
    form = await desk.form()
    try:
        row, cards = await _codes(desk, named("ppb", prepaid_id))
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, prepaid_id, {}, desk.errors(problem), problem.status)
    if form.get("as") == "csv":
        settings = desk.house.settings
        answer = spreadsheets.answer(
            f"cards-{row.id.hex[-8:]}",
            ("number", "code", "address", "amount", "currency", "expires_on"),
            [
                (
                    card.place, card.code, printing.address(settings, card.code), major(row.amount_minor, row.currency),
                    row.currency, row.expires_on.isoformat() if row.expires_on else "",
                )
                for card in cards
            ],
        )  # fmt: skip
        answer.headers["cache-control"] = "no-store"
        return answer
    content = await printing.pdf(desk.house.settings, row, cards, desk.language, desk.now)
    headers = {
        "content-disposition": f'attachment; filename="cards-{row.id.hex[-8:]}.pdf"',
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)


async def _codes(desk: Desk, batch_id: UUID) -> tuple[BatchRow, list[Printed]]:
    async with desk.transaction() as tx:
        row: BatchRow = found(await queries.batch(tx, batch_id))
        return row, await service.sheet(tx, desk.actor, desk.house.secrets, batch_id, desk.now)


def _href(batch_id: UUID) -> str:
    return f"{LIST}/{shown('ppb', batch_id)}"


ROUTES: Final = [
    list_batches, export_batches, new_batch, make_batch, show_batch, activate, block, forget, print_sheet,
]  # fmt: skip
