"""Paying from one's bank account: giving the mandate, what is collected by it, and ending it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from laddverk.kernel.ids import MandateId
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.payments.direct_debit import mandate_store, mandates, queries
from laddverk.payments.direct_debit.mandate_rules import euro_account, swedish_account
from laddverk.payments.direct_debit.model import BankAccount, Channel, MandateState, Scheme
from laddverk.platform.languages import marked
from laddverk.web.portal.account import signed_in
from laddverk.web.visit import Visit, Visiting

ALIVE: Final = frozenset({MandateState.INVITED, MandateState.REQUESTED, MandateState.SENT, MandateState.ACTIVE})
STATES: Final = {
    MandateState.INVITED: ("wait", marked("waits for your internet bank")),
    MandateState.REQUESTED: ("wait", marked("on its way to your bank")),
    MandateState.SENT: ("wait", marked("your bank is looking at it")),
    MandateState.ACTIVE: ("done", marked("active")),
    MandateState.CANCELLING: ("off", marked("ended")),
    MandateState.REFUSED: ("broken", marked("your bank said no")),
    MandateState.CANCELLED: ("off", marked("ended")),
}
COLLECTED: Final = {
    "planned": ("wait", marked("will be collected")),
    "sent": ("wait", marked("with your bank")),
    "cancelling": ("off", marked("being taken back")),
    "retrying": ("wait", marked("no money, tried again")),
    "refused": ("broken", marked("not collected")),
    "cancelled": ("off", marked("not collected")),
    "paid": ("done", marked("collected")),
}
"""What a driver reads of a collection."""


@get("/my/bank-account")
async def show_bank_account(visit: Visiting) -> Response[str]:
    """Show how to pay from a bank account, or the mandate there is."""
    return await _page(visit, {}, {})


async def _page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    driver_id = signed_in(visit)
    settings = visit.house.settings
    schemes = mandates.schemes(settings)
    async with visit.transaction() as tx:
        mandate = await mandate_store.latest(tx, driver_id)
        collections = await queries.of_mandate(tx, mandate.id) if mandate else []
    return visit.page(
        "portal/my_bank_account.html",
        status=status,
        mandate=mandate,
        alive=mandate is not None and mandate.state in ALIVE,
        state=_word(visit, STATES[mandate.state]) if mandate else None,
        collections=[(row, *_word(visit, COLLECTED[row.state])) for row in collections if row.kind == "collect"],
        said=visit.words,
        scheme=schemes[0] if schemes else None,
        consent=mandates.consent_text(settings, schemes[0], visit.language) if schemes else "",
        values=values,
        errors=errors,
        operator=settings.operator_name,
    )


@post("/my/bank-account")
async def give_mandate(visit: Visiting) -> Response[Any]:
    """Keep the mandate that the driver gives here."""
    driver_id = signed_in(visit)
    form = await visit.form()
    offered = mandates.schemes(visit.house.settings)
    try:
        if not offered:
            raise NotFound("Paying from a bank account is not offered here.")
        if form.get("agreed") != "yes":
            raise Invalid("Say yes to the text first.", field="agreed")
        async with visit.transaction() as tx:
            await mandates.give(
                tx,
                visit.house,
                visit.actor,
                driver_id,
                offered[0],
                _account(form, offered[0], visit),
                holder=form.get("holder", ""),
                channel=Channel.PORTAL,
                signed_on=visit.today,
                consent=mandates.consent_text(visit.house.settings, offered[0], visit.language),
                now=visit.now,
            )
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/my/bank-account", visit.words("Thank you. What you owe is collected from your account."))


@post("/my/bank-account/number")
async def ask_number(visit: Visiting) -> Response[Any]:
    """Give out the number to type in the internet bank."""
    driver_id = signed_in(visit)
    try:
        async with visit.transaction() as tx:
            await mandates.invite(tx, visit.house, visit.actor, driver_id, Scheme.AUTOGIRO, visit.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, {}, visit.errors(problem), problem.status)
    return visit.go("/my/bank-account")


@post("/my/bank-account/end")
async def end_mandate(visit: Visiting) -> Response[Any]:
    """End the driver's own mandate."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        mandate = await mandate_store.latest(tx, driver_id)
        if mandate is None:
            raise NotFound("There is no such mandate.")
        await mandates.end(tx, visit.actor, MandateId(mandate.id), "", visit.now)
    return visit.go("/my/bank-account", visit.words("Nothing more is collected from your account."))


def _account(form: dict[str, str], scheme: Scheme, visit: Visit) -> BankAccount:
    if scheme == Scheme.SEPA:
        return euro_account(form.get("account", ""), form.get("bic", ""))
    clearing, account, person = form.get("clearing", ""), form.get("account", ""), form.get("person", "")
    return swedish_account(clearing, account, person, visit.today)


def _word(visit: Visit, given: tuple[str, str]) -> tuple[str, str]:
    return given[0], visit.words(given[1])


HANDLERS: Final = [show_bank_account, give_mandate, ask_number, end_mandate]
