"""A balance that fills itself up, and one that goes back to its driver."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from laddverk.kernel.ids import PaymentMethodId, parsed
from laddverk.kernel.problems import Invalid, Problem
from laddverk.payments.wallet import auto, giving_back, queries, rules, store
from laddverk.payments.wallet import service as wallets
from laddverk.payments.wallet.giving_back import Payee
from laddverk.platform.languages import marked
from laddverk.web.amounts import minor_of
from laddverk.web.portal.account import signed_in
from laddverk.web.portal.wallet import chosen_amount, chosen_currency
from laddverk.web.visit import Visit, Visiting

BELOW: Final = (20_00, 50_00, 100_00, 200_00)
"""Balances to choose from, below which money is added."""

STATES: Final = {
    "asked": ("wait", marked("We are looking at it")),
    "approved": ("wait", marked("On its way")),
    "paid": ("done", marked("Paid back")),
    "declined": ("broken", marked("Not paid back")),
    "withdrawn": ("off", marked("Taken back by you")),
}
"""What a driver reads of a balance refund."""


@get("/my/wallet/auto")
async def show_auto(visit: Visiting) -> Response[str]:
    """Show whether the balance fills itself up, and from what."""
    return await _auto_page(visit, {}, {})


async def _auto_page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        policy = await wallets.policy(tx)
        wish = await store.auto(tx, driver_id)
        saved = await queries.saved(tx, driver_id)
    given = {"below": str(BELOW[1]), "add": str(policy.top_up_amounts[0]), "method": ""}
    if saved:
        given["method"] = f"crd_{saved[0].id.hex}"
    if wish is not None:
        given |= {"below": str(wish.below_minor), "add": str(wish.add_minor), "method": f"crd_{wish.method_id.hex}"}
    return visit.page(
        "portal/my_wallet_auto.html",
        status=status,
        policy=policy,
        wish=wish,
        saved=saved,
        used=next((each for each in saved if wish is not None and each.id == wish.method_id), None),
        below=sorted({*BELOW, *([wish.below_minor] if wish else [])}),
        values=given | values,
        errors=errors,
        currency=visit.house.settings.currency,
    )


@post("/my/wallet/auto")
async def agree_auto(visit: Visiting) -> Response[Any]:
    """Let the balance fill itself up."""
    driver_id = signed_in(visit)
    form = await visit.form()
    currency = visit.house.settings.currency
    try:
        if form.get("agreed") != "yes":
            raise Invalid("Say yes to the text first.", field="agreed")
        async with visit.transaction() as tx:
            await auto.agree(
                tx,
                visit.house,
                visit.actor,
                driver_id,
                _method(form.get("method", "")),
                below_minor=chosen_amount(form, currency, "below"),
                add_minor=chosen_amount(form, currency, "add"),
                now=visit.now,
            )
    except Problem as problem:
        return await _auto_page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/my/wallet", visit.words("Your balance fills itself up from now on."))


def _method(text: str) -> PaymentMethodId:
    try:
        return PaymentMethodId(parsed("crd", text))
    except Invalid:
        raise Invalid("Choose one of your saved cards.", field="method") from None


@post("/my/wallet/auto/end")
async def end_auto(visit: Visiting) -> Response[Any]:
    """Fill up by itself no more."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        await auto.end(tx, visit.actor, driver_id, visit.now)
    return visit.go("/my/wallet", visit.words("Your balance does not fill itself up any more."))


@get("/my/wallet/back")
async def show_back(visit: Visiting) -> Response[str]:
    """Show what can be paid back and how, or where the latest wish stands."""
    return await _back_page(visit, {}, {})


async def _back_page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        currency, _ = await chosen_currency(tx, visit, values.get("currency") or visit.asked("currency"))
        wallet = await wallets.wallet(tx, driver_id, currency, visit.now)
        latest = await queries.latest_refund(tx, driver_id)
        parts, to_bank = rules.way_back(wallet.refundable_minor, await store.top_ups(tx, driver_id, currency))
        done = await queries.parts(tx, latest.id) if latest else []
    return visit.page(
        "portal/my_wallet_back.html",
        status=status,
        wallet=wallet,
        latest=latest,
        under_way=latest is not None and latest.state in ("asked", "approved"),
        state=(STATES[latest.state][0], visit.words(STATES[latest.state][1])) if latest else None,
        to_cards_minor=sum(amount for _, amount in parts),
        to_bank_minor=to_bank,
        done=done,
        values=values,
        errors=errors,
    )


@post("/my/wallet/back")
async def ask_back(visit: Visiting) -> Response[Any]:
    """Ask for the balance, or a part of it."""
    driver_id = signed_in(visit)
    form = await visit.form()
    payee = Payee(form.get("holder", ""), form.get("account", ""))
    try:
        async with visit.transaction() as tx:
            currency, _ = await chosen_currency(tx, visit, form.get("currency", ""))
            amount = minor_of(form.get("amount", ""), currency, "amount")
            await giving_back.ask(tx, visit.house, visit.actor, driver_id, amount, payee, visit.now, currency)
    except Problem as problem:
        return await _back_page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/my/wallet/back", visit.words("We look at it within a few days and send you the money."))


@post("/my/wallet/back/withdraw")
async def withdraw(visit: Visiting) -> Response[Any]:
    """Take the wish back."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        await giving_back.withdraw(tx, visit.actor, driver_id, visit.now)
    return visit.go("/my/wallet/back", visit.words("The money is yours to charge for again."))


HANDLERS: Final = [show_auto, agree_auto, end_auto, show_back, ask_back, withdraw]
