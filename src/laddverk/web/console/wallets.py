"""What drivers have with us: balances, goodwill, balances on their way back, and the operator's rules."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.payments.prepaid.model import VoucherPurpose
from laddverk.payments.wallet import giving_back, queries, service, store
from laddverk.payments.wallet.giving_back import Payee
from laddverk.payments.wallet.model import Policy
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import wallet_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

LIST: Final = "/console/wallets"
REFUNDS: Final = "/console/wallets/refunds"
MOVES: Final = 60  # on a driver's page; more is in the file
MOVES_MAX: Final = 10_000


@get(LIST, opt={NEEDS: Permission.PAYMENTS_READ})
async def list_wallets(desk: AtDesk) -> Response[str]:
    """What drivers have, the most first."""
    listing, state = desk.listing("-balance", "balance", "name"), desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/wallets/list.html",
            rows=await queries.balances(
                tx, desk.now, listing.search, state, listing.sort, limit=PAGE_SIZE, offset=listing.offset
            ),
            sums=await queries.balance_sums(tx, desk.now, listing.search, state),
            listing=listing,
            asked=await queries.count_refunds(tx, "asked"),
            currency=desk.house.settings.currency,
        )


@get("/console/wallets.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_wallets(desk: AtDesk) -> Response[bytes]:
    """The same list for a spreadsheet."""
    listing = desk.listing("-balance", "balance", "name")
    async with desk.transaction() as tx:
        rows = await queries.balances(
            tx, desk.now, listing.search, desk.asked("state"), listing.sort, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer(
        "balances",
        ("driver", "name", "email", "balance", "held", "currency"),
        [
            (
                shown("drv", row.driver_id), row.name, row.email, major(row.balance_minor, row.currency),
                major(row.held_minor, row.currency), row.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


@get("/console/drivers/{driver_id:str}/wallet", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_wallet(desk: AtDesk, driver_id: FromPath[str]) -> Response[str]:
    """One driver's balance with all that happened to it."""
    return await _wallet_page(desk, driver_id, {}, {})


async def _wallet_page(
    desk: Desk, driver_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    currency = desk.house.settings.currency
    async with desk.transaction() as tx:
        driver: access_queries.DriverRow = found(await access_queries.driver(tx, named("drv", driver_id)))
        who = DriverId(driver.id)
        return desk.page(
            "console/wallets/driver.html",
            status=status,
            driver=driver,
            balance=await service.wallet(tx, who, currency, desk.now),
            kept=await queries.kept(tx, who, currency, desk.now),
            moves=await queries.moves(tx, who, currency, limit=MOVES),
            auto=await store.auto(tx, who),
            back=await queries.latest_refund(tx, who),
            limit_minor=service.goodwill_limit(desk.actor, await service.policy(tx)),
            form_id=str(service.new_form_id()),
            wallet=wallet_words,
            values=values,
            errors=errors,
        )


@get("/console/drivers/{driver_id:str}/wallet.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_moves(desk: AtDesk, driver_id: FromPath[str]) -> Response[bytes]:
    """All that happened to one balance, for a spreadsheet."""
    async with desk.transaction() as tx:
        row: access_queries.DriverRow = found(await access_queries.driver(tx, named("drv", driver_id)))
        moves = await queries.moves(tx, row.id, desk.house.settings.currency, limit=MOVES_MAX)
    return spreadsheets.answer(
        "balance",
        ("at", "what", "amount", "balance", "currency", "place", "invoice", "note"),
        [
            (
                each.at, desk.words(wallet_words.move_word(each)), major(each.amount_minor, each.currency),
                major(each.balance_minor, each.currency), each.currency, each.place, each.invoice_number, each.text,
            )
            for each in moves
        ],
    )  # fmt: skip


@post("/console/drivers/{driver_id:str}/wallet/goodwill", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def give_goodwill(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Give a driver money to charge for, with a reason."""
    form = await desk.form()
    who = DriverId(named("drv", driver_id))
    try:
        amount = minor_of(form.get("amount", ""), desk.house.settings.currency, "amount")
        async with desk.transaction() as tx:
            await service.give_goodwill(
                tx,
                desk.house,
                desk.actor,
                who,
                amount,
                form.get("reason", ""),
                desk.now,
                once=_form_id(form.get("form", "")),
            )
    except NotFound:
        raise
    except Problem as problem:
        return await _wallet_page(desk, driver_id, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/drivers/{shown('drv', who)}/wallet", desk.words("The driver has it now."))


def _form_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("This form is not whole.", remedy="Load the page again.") from None


@get(REFUNDS, opt={NEEDS: Permission.PAYMENTS_READ})
async def list_refunds(desk: AtDesk) -> Response[str]:
    """Balances that drivers want back; those that wait for somebody first."""
    listing, state = desk.listing("-asked"), desk.asked("state")
    async with desk.transaction() as tx:
        return desk.page(
            "console/wallets/refunds.html",
            rows=await queries.refunds(tx, state, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_refunds(tx, state, listing.search),
            states=await queries.refund_states(tx),
            listing=listing,
            wallet=wallet_words,
        )


@get("/console/wallets/refunds/{wallet_refund_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_refund(desk: AtDesk, wallet_refund_id: FromPath[str]) -> Response[str]:
    """One balance on its way back."""
    return await _refund_page(desk, wallet_refund_id, {})


async def _refund_page(
    desk: Desk, refund_id: str, errors: dict[str, str], status: int = 200, payee: Payee | None = None
) -> Response[str]:
    async with desk.transaction() as tx:
        row: queries.RefundRow = found(await queries.refund(tx, named("wre", refund_id)))
        return desk.page(
            "console/wallets/refund.html",
            status=status,
            row=row,
            parts=await queries.parts(tx, row.id),
            top_ups=await store.top_ups(tx, DriverId(row.driver_id), row.currency) if row.state == "asked" else [],
            payee=payee,
            wallet=wallet_words,
            errors=errors,
        )


@post(
    "/console/wallets/refunds/{wallet_refund_id:str}/{deed:str}",
    opt={NEEDS: Permission.PAYMENTS_REFUND},
    status_code=200,
)
async def decide(desk: AtDesk, wallet_refund_id: FromPath[str], deed: FromPath[str]) -> Response[Any]:
    """Approve a refund, decline it, look at the account, or book that the bank has paid."""
    if deed not in ("approve", "decline", "account", "paid"):
        raise NotFound("There is no such page.", remedy="Look for it from the start.")
    form = await desk.form()
    refund_id = named("wre", wallet_refund_id)
    payee = None
    try:
        async with desk.transaction() as tx:
            if deed == "approve":
                await giving_back.approve(tx, desk.actor, refund_id, form.get("reason", ""), desk.now)
            elif deed == "decline":
                await giving_back.decline(tx, desk.actor, refund_id, form.get("reason", ""), desk.now)
            elif deed == "account":
                payee = await giving_back.payee_of(tx, desk.house, desk.actor, refund_id, desk.now)
            else:
                await giving_back.paid_by_bank(tx, desk.actor, refund_id, form.get("reference", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _refund_page(desk, wallet_refund_id, desk.errors(problem), problem.status)
    if deed == "account":
        return await _refund_page(desk, wallet_refund_id, {}, payee=payee)
    return desk.go(f"{REFUNDS}/{shown('wre', refund_id)}", desk.words("It is noted."))


@get("/console/wallets/rules", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_rules(desk: AtDesk) -> Response[str]:
    """What the operator has decided about balances."""
    async with desk.transaction() as tx:
        policy = await service.policy(tx)
    return _rules_page(desk, policy, {}, {})


def _rules_page(
    desk: Desk, policy: Policy, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    def kronor(amount_minor: int) -> str:
        return f"{major(amount_minor, desk.house.settings.currency):f}".removesuffix(".00")

    shown_values = {
        "purpose": policy.purpose.value,
        "start_minimum": kronor(policy.start_minimum_minor),
        "stop_at_limit": "yes" if policy.stop_at_limit else "",
        "top_up_amounts": ", ".join(kronor(amount) for amount in policy.top_up_amounts),
        "auto_times_a_day": str(policy.auto_times_a_day),
        "goodwill_max": kronor(policy.goodwill_max_minor),
        "goodwill_books": kronor(policy.goodwill_books_minor),
    }
    purposes = [(key, desk.words(word)) for key, word in wallet_words.PURPOSES_OF_BALANCES.items()]
    return desk.page(
        "console/wallets/rules.html",
        status=status,
        values=values or shown_values,
        errors=errors,
        purposes=purposes,
        currency=desk.house.settings.currency,
    )


@post("/console/wallets/rules", opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def change_rules(desk: AtDesk) -> Response[Any]:
    """Decide anew about balances."""
    form = await desk.form()
    try:
        new = _policy_in(form, desk.house.settings.currency)
        async with desk.transaction() as tx:
            await service.change_policy(tx, desk.house, desk.actor, new, form.get("reason", ""), desk.now)
    except Problem as problem:
        return _rules_page(desk, Policy(), form, desk.errors(problem), problem.status)
    return desk.go("/console/wallets/rules", desk.words("The rules hold from now on."))


def _policy_in(form: dict[str, str], currency: str) -> Policy:
    times = form.get("auto_times_a_day", "")
    if form.get("purpose") not in set(VoucherPurpose):
        raise Invalid("Choose what the balance is for.", field="purpose")
    return Policy(
        purpose=VoucherPurpose(form["purpose"]),
        start_minimum_minor=minor_of(form.get("start_minimum", ""), currency, "start_minimum"),
        stop_at_limit=form.get("stop_at_limit") == "yes",
        top_up_amounts=tuple(
            minor_of(part, currency, "top_up_amounts") for part in form.get("top_up_amounts", "").split(",")[:20]
        ),
        auto_times_a_day=int(times) if times.isascii() and times.isdigit() and len(times) < 3 else -1,
        goodwill_max_minor=_or_nothing(form.get("goodwill_max", ""), currency, "goodwill_max"),
        goodwill_books_minor=_or_nothing(form.get("goodwill_books", ""), currency, "goodwill_books"),
    )


def _or_nothing(text: str, currency: str, field: str) -> int:
    return 0 if text.strip() in ("", "0") else minor_of(text, currency, field)


ROUTES: Final = [
    list_wallets, export_wallets, show_wallet, export_moves, give_goodwill, list_refunds, show_refund, decide,
    show_rules, change_rules,
]  # fmt: skip
