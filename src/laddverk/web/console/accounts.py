"""Accounts that pay for several drivers: families, companies and housing associations."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CustomerAccountId, parsed, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform import queries as platform_queries
from laddverk.subscriptions import accounts, plans, queries, rules, store_accounts, subscribing
from laddverk.subscriptions.model import Holder
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.web import spreadsheets
from laddverk.web.console import plan_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.people import driver_meant
from laddverk.web.portal.family import EXPORT_MAX, charges_csv, details_of, limit_of
from laddverk.web.visit import named

CHARGES_SHOWN: Final = 20


@get("/console/accounts", opt={NEEDS: Permission.DRIVERS_READ})
async def list_accounts(desk: AtDesk) -> Response[str]:
    """The accounts by name."""
    listing, state = desk.listing("name"), desk.asked("state")
    month, currency = rules.month_of(desk.today), desk.house.settings.currency
    async with desk.transaction() as tx:
        rows = await queries.accounts(
            tx, month, listing.search, state, currency=currency, limit=PAGE_SIZE, offset=listing.offset
        )
        total = await queries.count_accounts(tx, month, listing.search, state)
    return desk.page("console/accounts/list.html", rows=rows, total=total, listing=listing, plan_words=plan_words)


@get("/console/accounts.csv", opt={NEEDS: Permission.DRIVERS_READ})
async def export_accounts(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV, with what each came to this month."""
    async with desk.transaction() as tx:
        rows = await queries.accounts(
            tx, rules.month_of(desk.today), desk.asked("q")[:80], desk.asked("state"),
            currency=desk.house.settings.currency, limit=spreadsheets.ROWS_MAX,
        )  # fmt: skip
    return spreadsheets.answer(
        "accounts",
        ("name", "kind", "org_number", "owner", "email", "members", "spent", "limit", "currency", "since", "closed"),
        [
            (
                row.name, row.kind, row.org_number, row.owner_name, row.owner_email, row.members,
                row.spent_minor / 100, None if row.limit_minor is None else row.limit_minor / 100, row.currency,
                row.created_at, row.closed_at,
            )
            for row in rows
        ],
    )  # fmt: skip


@get("/console/accounts/new", opt={NEEDS: Permission.DRIVERS_WRITE})
async def new_account(desk: AtDesk) -> Response[str]:
    """The form for a new account."""
    return _form(desk, None, {"kind": "company", "owner": desk.asked("owner")}, {})


def _form(desk: Desk, account: Any, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return desk.page(
        "console/accounts/form.html", status=status, account=account, values=values, errors=errors,
        plan_words=plan_words, currency=desk.house.settings.currency,
    )  # fmt: skip


@post("/console/accounts/new", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def create_account(desk: AtDesk) -> Response[Any]:
    """Open an account."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            owner_id = await driver_meant(tx, form.get("owner", ""))
            if owner_id is None:
                raise Invalid("Say who pays, by e-mail address.", field="driver")
            details = details_of(form, desk.house.settings.currency)
            account_id = await accounts.open_account(tx, desk.actor, owner_id, details, desk.now)
    except Problem as problem:
        return _form(desk, None, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/accounts/{shown('acc', account_id)}", desk.words("The account is open. Invite members."))


@get("/console/accounts/{account_id:str}", opt={NEEDS: Permission.DRIVERS_READ})
async def show_account(desk: AtDesk, account_id: FromPath[str]) -> Response[str]:
    """One account: who is in it, what it came to, limits."""
    return await _page(desk, named("acc", account_id), {}, {})


async def _page(
    desk: Desk, account_id: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    month, listing = _month(desk), desk.listing("name")
    currency = desk.house.settings.currency
    async with desk.transaction() as tx:
        account = found(await queries.account(tx, month, account_id, currency=currency))
        audience = await subscribing.audience_of(tx, Holder(account_id=account.id))
        return desk.page(
            "console/accounts/detail.html",
            status=status,
            account=account,
            month=month,
            months=sorted({rules.month_of(desk.today), *await queries.charge_months(tx, account_id)}, reverse=True),
            members=await queries.members(
                tx, account_id, month, listing.search, limit=PAGE_SIZE + 1, offset=listing.offset
            ),
            listing=listing,
            invites=await store_accounts.open_invites(tx, account.id, desk.now),
            charges=await queries.charges(tx, account_id, month, limit=CHARGES_SHOWN),
            subscriptions=await queries.subscribers(tx, desk.today, SubscriberFilter(account_id=account_id), limit=5),
            offers=await plans.offered(tx, audience),
            changes=await platform_queries.audit(tx, object_id=account_id, limit=20),
            values=values,
            errors=errors,
            plan_words=plan_words,
        )


def _month(desk: Desk) -> date:
    return rules.month_of(desk.day_asked("month") or desk.today)


@get("/console/accounts/{account_id:str}/charges.csv", opt={NEEDS: Permission.DRIVERS_READ})
async def export_charges(desk: AtDesk, account_id: FromPath[str]) -> Response[bytes]:
    """A month's charges of an account as CSV, as its owner sees them."""
    identity = named("acc", account_id)
    async with desk.transaction() as tx:
        found(await store_accounts.account(tx, identity))
        rows = await queries.charges(tx, identity, _month(desk), limit=EXPORT_MAX)
    return charges_csv(rows)


@get("/console/accounts/{account_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE})
async def edit_account(desk: AtDesk, account_id: FromPath[str]) -> Response[str]:
    """The form for an account."""
    async with desk.transaction() as tx:
        account = found(await store_accounts.account(tx, named("acc", account_id)))
    limit = "" if account.limit_minor is None else f"{account.limit_minor / 100:.2f}".replace(".", ",")
    names = ("kind", "name", "org_number", "invoice_email", "address", "reference")
    return _form(desk, account, {name: str(getattr(account, name)) for name in names} | {"limit": limit}, {})


@post("/console/accounts/{account_id:str}/edit", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def save_account(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Change an account."""
    form, identity = await desk.form(), CustomerAccountId(named("acc", account_id))
    async with desk.transaction() as tx:
        account = found(await store_accounts.account(tx, identity))
    try:
        details = details_of(form | {"kind": account.kind}, desk.house.settings.currency)
        async with desk.transaction() as tx:
            await accounts.change(tx, desk.actor, identity, details, desk.now, form.get("reason", ""))
    except Problem as problem:
        return _form(desk, account, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("The changes are saved."))


@post("/console/accounts/{account_id:str}/invite", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def invite(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Invite somebody by mail."""
    form, identity = await desk.form(), CustomerAccountId(named("acc", account_id))
    try:
        async with desk.transaction() as tx:
            limit_minor = limit_of(form, desk.house.settings.currency)
            email = form.get("email", "")
            await accounts.invite(tx, desk.actor, identity, email, limit_minor, desk.now, language=desk.language)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("The invitation is on its way."))


@post("/console/accounts/{account_id:str}/withdraw", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def withdraw(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Take an invitation back."""
    form, identity = await desk.form(), CustomerAccountId(named("acc", account_id))
    async with desk.transaction() as tx:
        await accounts.withdraw_invite(tx, desk.actor, identity, parsed("ivt", form.get("invite", "")), desk.now)
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("The invitation is taken back."))


@post("/console/accounts/{account_id:str}/limit", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def set_limit(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Set what a member may charge for in a month."""
    form, identity = await desk.form(), named("acc", account_id)
    try:
        async with desk.transaction() as tx:
            member_id = parsed("mbr", form.get("member", ""), field="member")
            limit_minor = limit_of(form, desk.house.settings.currency)
            await accounts.set_limit(tx, desk.actor, member_id, limit_minor, desk.now, form.get("reason", ""))
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _page(desk, identity, {}, desk.errors(problem), problem.status)
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("The limit is saved."))


@post("/console/accounts/{account_id:str}/remove", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def remove(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Take a member out."""
    form, identity = await desk.form(), named("acc", account_id)
    async with desk.transaction() as tx:
        member_id = parsed("mbr", form.get("member", ""), field="member")
        await accounts.remove(tx, desk.actor, member_id, desk.now, form.get("reason", ""))
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("They pay for themselves from now on."))


@post("/console/accounts/{account_id:str}/close", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def close(desk: AtDesk, account_id: FromPath[str]) -> Response[Any]:
    """Close an account."""
    form, identity = await desk.form(), CustomerAccountId(named("acc", account_id))
    zone = desk.house.settings.timezone
    async with desk.transaction() as tx:
        await accounts.close(tx, desk.actor, identity, desk.now, zone=zone, reason=form.get("reason", ""))
    return desk.go(f"/console/accounts/{shown('acc', identity)}", desk.words("The account is closed."))


ROUTES: Final = [
    list_accounts,
    export_accounts,
    new_account,
    create_account,
    show_account,
    export_charges,
    edit_account,
    save_account,
    invite,
    withdraw,
    set_limit,
    remove,
    close,
]
