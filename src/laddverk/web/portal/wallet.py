"""What a driver has with us: the balance, paying in, using a prepaid card, and what happened to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.problems import Invalid, Problem
from laddverk.payments import service as payments
from laddverk.payments.prepaid import service as prepaid
from laddverk.payments.providers import swish_line
from laddverk.payments.wallet import queries, receipt, store
from laddverk.payments.wallet import service as wallets
from laddverk.payments.wallet.queries import Move
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.web import security, spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.portal.account import signed_in
from laddverk.web.visit import Visit, Visiting, named

LATEST: Final = 6  # moves on the first page
PAGE: Final = 40
CSV_MAX: Final = 10_000  # more than ten years of daily charging

BY_CARD: Final = marked("Paid in by card")
PAID_IN: Final = {"swish": marked("Paid in by Swish")}
KINDS: Final = {
    "prepaid_redeemed": marked("Prepaid card •••• %(end)s"),
    "goodwill": marked("A gift from us"),
    "wallet_paid_out": marked("Paid to your bank account"),
}


class MoveShown(Struct, frozen=True):
    """A move of the balance as its driver reads it."""

    move: Move
    words: str
    href: str | None


@get("/my/wallet")
async def show_wallet(visit: Visiting) -> Response[str]:
    """Show the balance and what can be done with it."""
    return await wallet_page(visit, {}, {})


async def wallet_page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    """Return the page of the balance, with a form that was refused when there is one."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        currency, currencies = await chosen_currency(tx, visit, values.get("currency") or visit.asked("currency"))
        policy = await wallets.policy(tx)
        amounts = wallets.amounts(policy, visit.house, currency)
        return visit.page(
            "portal/my_wallet.html",
            status=status,
            wallet=await wallets.wallet(tx, driver_id, currency, visit.now),
            kept=await queries.kept(tx, driver_id, currency, visit.now),
            policy=policy,
            currencies=currencies,
            amounts=amounts,
            rails=rails(visit, currency),
            auto=await store.auto(tx, driver_id),
            back=await queries.latest_refund(tx, driver_id),
            moves=[_shown(each, visit) for each in await queries.moves(tx, driver_id, currency, limit=LATEST)],
            values={"amount": str(amounts[min(1, len(amounts) - 1)]) if amounts else "", **values},
            errors=errors,
        )


async def chosen_currency(tx: Transaction, visit: Visit, asked: str) -> tuple[str, list[str]]:
    """Return the currency of the balance that is looked at, and all in which the driver can have one."""
    known = await wallets.currencies(tx, visit.house, signed_in(visit), visit.now)
    return asked if asked in known else visit.house.settings.currency, known


def rails(visit: Visit, currency: str) -> list[tuple[str, str]]:
    """Return the ways to pay in by hand, with their words; the card first."""
    found = [("card", visit.words("Pay by card"))]
    if currency == "SEK" and swish_line.is_offered(visit.house.settings):
        found.append(("swish", visit.words("Pay by Swish")))
    return found


@post("/my/wallet/top-up")
async def pay_in(visit: Visiting) -> Response[Any]:
    """Lead to the page on which money is paid in."""
    driver_id = signed_in(visit)
    form = await visit.form()
    settings = visit.house.settings
    rail, currency = form.get("rail", "card"), form.get("currency") or settings.currency
    try:
        if rail not in [name for name, _ in rails(visit, currency)]:
            raise Invalid("Choose how to pay.", field="rail")
        if currency not in settings.currencies:
            raise Invalid("This currency is not taken here.", field="currency")
        checkout = await payments.open_top_up(
            visit.house,
            driver_id,
            amount_minor=chosen_amount(form, currency, "amount"),
            currency=currency,
            return_url=f"{settings.web_url}/my/wallet?currency={currency}",
            now=visit.now,
            provider=None if rail == "card" else rail,
            language=visit.language,
        )
    except Problem as problem:
        return await wallet_page(visit, form, visit.errors(problem), problem.status)
    return visit.go(checkout.url)


def chosen_amount(form: dict[str, str], currency: str, name: str) -> int:
    """Return the amount of a form in minor units: what was written, else the one that was chosen. Raises `Invalid`."""
    offered = form.get(name, "")
    if not form.get(f"{name}_own") and offered.isascii() and offered.isdigit() and len(offered) < 10:
        return int(offered)
    return minor_of(form.get(f"{name}_own", ""), currency, f"{name}_own")


@post("/my/wallet/redeem")
async def redeem(visit: Visiting) -> Response[Any]:
    """Add a prepaid card by its code. The code is in the form's body: never in an address, which servers log."""
    driver_id = signed_in(visit)
    form = await visit.form()
    house = visit.house
    try:
        card = await prepaid.redeem(
            house.database,
            house.secrets,
            driver_id,
            form.get("code", ""),
            visit.now,
            ZoneInfo(house.settings.timezone),
            address=security.remote_address(visit.request),
        )
    except Problem as problem:
        field = problem.field or "code"
        text = " ".join(visit.errors(problem).values())
        return await wallet_page(visit, {"code": form.get("code", "")[:40]}, {field: text}, problem.status)
    amount = formats.money(card.amount_minor, card.currency, visit.language)
    return visit.go("/my/wallet", visit.words("Thank you. %(amount)s was added to your balance.", amount=amount))


@get("/prepaid")
async def scanned(visit: Visiting) -> Response[str]:
    """Where the code on a printed card leads. The code is behind the # of the address: it never reaches a server."""
    return visit.page("portal/prepaid.html", is_driver=visit.actor.kind == "driver")


@get("/my/wallet/history")
async def history(visit: Visiting) -> Response[str]:
    """Show all that happened to the balance, newest first."""
    driver_id = signed_in(visit)
    before = visit.asked("before")
    async with visit.transaction() as tx:
        currency, _ = await chosen_currency(tx, visit, visit.asked("currency"))
        found = await queries.moves(
            tx,
            driver_id,
            currency,
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
            limit=PAGE + 1,
        )
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return visit.page(
        "portal/my_wallet_history.html",
        moves=[_shown(each, visit) for each in found[:PAGE]],
        older=older,
        currency=currency,
    )


@get("/my/wallet/history.csv")
async def history_csv(visit: Visiting) -> Response[bytes]:
    """The same as a file for a spreadsheet."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        currency, _ = await chosen_currency(tx, visit, visit.asked("currency"))
        found = await queries.moves(tx, driver_id, currency, limit=CSV_MAX)
    heading = [visit.words(word) for word in (marked("When"), marked("What"), marked("Amount"), marked("Balance"))]
    return spreadsheets.answer(
        "balance",
        [*heading, visit.words("Currency")],
        [
            (each.at, _shown(each, visit).words, _major(each.amount_minor), _major(each.balance_minor), each.currency)
            for each in found
        ],
    )


@get("/my/wallet/receipts/{top_up:str}")
async def show_receipt(visit: Visiting, top_up: FromPath[str]) -> Response[bytes]:
    """Return the receipt of one's own top-up as PDF."""
    driver_id = signed_in(visit)
    payment_id = named("pay", top_up.removesuffix(".pdf"))
    content = await receipt.pdf(visit.house, driver_id, payment_id, visit.language)
    return Response(content, media_type="application/pdf")


def _major(amount_minor: int) -> Decimal:
    return Decimal(amount_minor).scaleb(-2)


def _shown(move: Move, visit: Visit) -> MoveShown:
    return MoveShown(move, words_of(move, visit), _href(move))


def words_of(move: Move, visit: Visit) -> str:
    """Return what a move of the balance was, in words."""
    if move.kind in KINDS:
        return visit.words(KINDS[move.kind], **({"end": move.card_end or ""} if move.card_end else {}))
    if move.purpose == "top_up":
        if move.amount_minor < 0:
            return visit.words("Paid back to you")
        if move.by_itself:
            return visit.words("Filled up by itself")
        return visit.words(PAID_IN.get(move.provider or "", BY_CARD))
    if move.purpose == "invoice":
        return visit.words("Invoice %(number)s", number=move.invoice_number or "")
    if move.purpose == "session":
        place = move.place or visit.words("a charge")
        if move.amount_minor < 0:
            return visit.words("Charge at %(place)s", place=place)
        return visit.words("Paid back: charge at %(place)s", place=place)
    if move.amount_minor > 0:
        return visit.words("You paid more than you owed")
    return visit.words("Used for what you owed")


def _href(move: Move) -> str | None:
    if move.purpose == "session" and move.session_id is not None:
        return f"/my/sessions/ses_{move.session_id.hex}"
    if move.purpose == "top_up" and move.kind == "capture":
        return f"/my/wallet/receipts/pay_{move.source_id.hex}.pdf"
    if move.purpose == "invoice" and move.invoice_id is not None:
        return f"/my/invoices/inv_{move.invoice_id.hex}"
    return None


HANDLERS: Final = [show_wallet, pay_in, redeem, scanned, history, history_csv, show_receipt]
