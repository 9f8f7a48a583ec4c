"""How a driver pays: what they have, what is taken first, what steps in, when; and what happened to each debit."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access.rules import HELD
from laddverk.kernel.ids import DriverId, PaymentMethodId, SessionId, parsed
from laddverk.kernel.problems import NotFound, Problem
from laddverk.payments import service as payments
from laddverk.payments.direct_debit import mandates
from laddverk.payments.ways import queries, rules, words
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import WayKind
from laddverk.platform.languages import gettext_for
from laddverk.web.portal import paying_words
from laddverk.web.portal.account import signed_in
from laddverk.web.visit import Visit, Visiting

PAGE: Final = 20
RAILS: Final = {"card": None, "swish": "swish"}
"""What a form may name: a card goes to the operator's provider of cards."""


@get("/my/paying")
async def show_paying(visit: Visiting) -> Response[str]:
    """Show how the driver pays, what happens next and what happened."""
    return await paying_page(visit, {}, {})


async def paying_page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    """Return the page, with a form that was refused when there is one."""
    driver_id = signed_in(visit)
    before = visit.instant_asked("before")
    async with visit.transaction() as tx:
        standing = await ways.standing(tx, visit.house, driver_id, visit.now)
        moves = await queries.moves(tx, driver_id, before=before, limit=PAGE + 1)
        waiting = await queries.waiting(tx, driver_id)
        invoices = await queries.open_invoices(tx, driver_id)
        unpaid = await queries.unpaid(tx, driver_id)
        paid_by = await paying_words.paid_by_another(tx, visit, driver_id)
    settings = visit.house.settings
    known = paying_words.offered([paying_words.shown_way(each, visit, standing) for each in standing.means], standing)
    return visit.page(
        "portal/my_paying.html",
        status=status,
        held=visit.words(HELD[standing.held]) if standing.held else "",
        unpaid=[(row, words.reason(row.why, gettext_for(visit.language))) for row in unpaid],
        rails=_rails(visit),
        paid_by=paid_by,
        next_words=paying_words.next_words(standing, visit, waiting.amount_minor),
        invoices=[(row, paying_words.invoice_words(row, standing, visit)) for row in invoices],
        ways=known,
        first_options=[(each.key, each.name) for each in known],
        gather=[
            (minor, paying_words.gather_words(minor, settings.currency, visit)) for minor in rules.GATHER_CHOICES_MINOR
        ],
        by_bank=bool(mandates.schemes(settings)),
        has_bank=any(each.way.kind == WayKind.BANK for each in standing.means),
        moves=[paying_words.shown_move(row, visit) for row in moves[:PAGE]],
        older=moves[PAGE - 1].created_at.isoformat() if len(moves) > PAGE else None,
        values=values or paying_words.values_of(standing),
        errors=errors,
    )


@post("/my/paying")
async def choose(visit: Visiting) -> Response[Any]:
    """Keep what the driver chose."""
    driver_id = signed_in(visit)
    form = await visit.form()
    try:
        first = ways.required_way(form.get("first", ""))
        gather = form.get("gather", "0")
        async with visit.transaction() as tx:
            await ways.choose(
                tx,
                visit.house,
                visit.actor,
                driver_id,
                first,
                ways.way_in(form.get("fallback", ""), "fallback"),
                at_once=form.get("when") != "month",
                gather_below_minor=int(gather) if gather.isascii() and gather.isdigit() and len(gather) < 9 else -1,
                now=visit.now,
            )
    except Problem as problem:
        return await paying_page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/my/paying", visit.words("Saved. This is how you pay from now on."))


@post("/my/paying/add")
async def add(visit: Visiting) -> Response[Any]:
    """Lead to the page where a card is saved, or a consent is given; no number passes through us."""
    driver_id = signed_in(visit)
    form = await visit.form()
    try:
        checkout = await payments.open_save_card(
            visit.house,
            driver_id,
            return_url=f"{visit.house.settings.web_url}/my/paying",
            now=visit.now,
            provider=RAILS.get(form.get("rail", "card")),
            language=visit.language,
        )
    except NotFound:
        raise
    except Problem as problem:
        return await paying_page(visit, {}, visit.errors(problem), problem.status)
    return visit.go(checkout.url)


@post("/my/paying/{card:str}/remove")
async def remove(visit: Visiting, card: FromPath[str]) -> Response[Any]:
    """Forget one of the driver's own cards or consents."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        await payments.forget_card(tx, visit.house, driver_id, PaymentMethodId(parsed("crd", card)), visit.now)
    return visit.go("/my/paying", visit.words("It is removed, and nothing more is taken from it."))


@post("/my/paying/{session:str}/pay")
async def pay(visit: Visiting, session: FromPath[str]) -> Response[Any]:
    """Lead to the payment page of a charge that could not be debited."""
    driver_id = signed_in(visit)
    form = await visit.form()
    wanted = SessionId(parsed("ses", session))
    await _require_own(visit, driver_id, wanted)
    try:
        checkout = await payments.open_owed(
            visit.house,
            wanted,
            return_url=f"{visit.house.settings.web_url}/my/paying",
            now=visit.now,
            provider=RAILS.get(form.get("rail", "card")),
            language=visit.language,
        )
    except NotFound:
        raise
    except Problem as problem:
        return await paying_page(visit, {}, visit.errors(problem), problem.status)
    return visit.go(checkout.url)


async def _require_own(visit: Visit, driver_id: DriverId, session_id: SessionId) -> None:
    async with visit.transaction() as tx:
        if session_id not in [row.session_id for row in await queries.unpaid(tx, driver_id)]:
            raise NotFound("There is no such charge to pay.")


def _rails(visit: Visit) -> list[tuple[str, str, str]]:
    """Return the rails to pay by hand and to save: name, words to pay, words to save."""
    found = [("card", visit.words("Pay by card"), visit.words("Save a card"))]
    if ways.offers(visit.house, "swish"):
        found.append(("swish", visit.words("Pay by Swish"), visit.words("Let Swish pay by itself")))
    return found


HANDLERS: Final = [show_paying, choose, add, remove, pay]
