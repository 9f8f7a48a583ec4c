"""A family's or a company's account: who is in it, what it came to, limits; and accepting an invitation to one."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.subscriptions import accounts, queries, rules, store_accounts
from laddverk.subscriptions.model import Account, AccountDetails, AccountKind
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.portal.account import signed_in
from laddverk.web.visit import Visit, Visiting, named

MEMBERS_SHOWN: Final = 100
CHARGES_PAGE: Final = 30
EXPORT_MAX: Final = 20_000


@get("/my/family")
async def show_family(visit: Visiting) -> Response[str]:
    """Show the account the driver pays for, the one that pays for them, or how to open one."""
    return await _page(visit, {}, {})


async def _page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    driver_id = signed_in(visit)
    month = _month(visit)
    async with visit.transaction() as tx:
        owned = await store_accounts.of_owner(tx, driver_id)
        member = await queries.membership(tx, driver_id, rules.month_of(visit.today))
        owner = await _owner_part(tx, visit, owned, month) if owned is not None else {}
    return visit.page(
        "portal/my_family.html",
        status=status,
        account=owned,
        member=member,
        month=month,
        values=values,
        errors=errors,
        currency=visit.house.settings.currency,
        kinds=AccountKind,
        **owner,
    )


async def _owner_part(tx: Transaction, visit: Visit, account: Account, month: date) -> dict[str, Any]:
    page = int(visit.asked("page")) if visit.asked("page").isdecimal() and len(visit.asked("page")) < 5 else 1
    charges = await queries.charges(
        tx, account.id, month, limit=CHARGES_PAGE + 1, offset=(max(page, 1) - 1) * CHARGES_PAGE
    )
    search = visit.asked("q").strip()[:100]
    return {
        "members": await queries.members(tx, account.id, month, search, limit=MEMBERS_SHOWN),
        "search": search,
        "invites": await store_accounts.open_invites(tx, account.id, visit.now),
        "charges": charges[:CHARGES_PAGE],
        "page": max(page, 1),
        "has_next": len(charges) > CHARGES_PAGE,
        "months": sorted({rules.month_of(visit.today), *await queries.charge_months(tx, account.id)}, reverse=True),
        "spent_minor": (await store_accounts.spent(tx, account.id, month, None)).account_minor,
    }


def _month(visit: Visit) -> date:
    try:
        return rules.month_of(date.fromisoformat(visit.asked("month")))
    except ValueError:
        return rules.month_of(visit.today)


@post("/my/family")
async def save_family(visit: Visiting) -> Response[Any]:
    """Open an account, or change what is known of it."""
    driver_id = signed_in(visit)
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            owned = await store_accounts.of_owner(tx, driver_id)
            details = details_of(form, visit.house.settings.currency)
            if owned is None:
                await accounts.open_account(tx, visit.actor, driver_id, details, visit.now)
            else:
                await accounts.change(tx, visit.actor, owned.id, details, visit.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/my/family", visit.words("The account is saved."))


def details_of(form: dict[str, str], currency: str) -> AccountDetails:
    """Return the account that a form describes. Raises `Invalid` naming the field."""
    kind = form.get("kind", AccountKind.FAMILY)
    if kind not in set(AccountKind):
        raise Invalid("Choose family or company.", field="kind")
    return AccountDetails(
        kind=AccountKind(kind),
        name=form.get("name", ""),
        org_number=form.get("org_number", ""),
        invoice_email=form.get("invoice_email", ""),
        address=form.get("address", ""),
        reference=form.get("reference", ""),
        limit_minor=limit_of(form, currency),
    )


def limit_of(form: dict[str, str], currency: str) -> int | None:
    """Return a monthly limit as people write it; empty is none. Raises `Invalid`."""
    text = form.get("limit", "")
    return minor_of(text, currency, "limit") if text else None


@post("/my/family/invite")
async def invite(visit: Visiting) -> Response[Any]:
    """Invite somebody by mail."""
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            owned = await _owned(tx, visit)
            limit_minor = limit_of(form, visit.house.settings.currency)
            email = form.get("email", "")
            await accounts.invite(tx, visit.actor, owned.id, email, limit_minor, visit.now, language=visit.language)
    except NotFound:
        raise
    except Problem as problem:
        errors = {f"invite_{name}" if name else "": text for name, text in visit.errors(problem).items()}
        return await _page(visit, {f"invite_{name}": text for name, text in form.items()}, errors, problem.status)
    return visit.go("/my/family", visit.words("The invitation is on its way."))


@post("/my/family/invites/{invite_id:str}/withdraw")
async def withdraw(visit: Visiting, invite_id: FromPath[str]) -> Response[Any]:
    """Take an invitation back."""
    async with visit.transaction() as tx:
        owned = await _owned(tx, visit)
        await accounts.withdraw_invite(tx, visit.actor, owned.id, named("ivt", invite_id), visit.now)
    return visit.go("/my/family", visit.words("The invitation is taken back."))


@post("/my/family/members/{member_id:str}/limit")
async def set_limit(visit: Visiting, member_id: FromPath[str]) -> Response[Any]:
    """Set what a member may charge for in a month."""
    signed_in(visit)
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            limit_minor = limit_of(form, visit.house.settings.currency)
            await accounts.set_limit(tx, visit.actor, _member(member_id), limit_minor, visit.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, {}, visit.errors(problem), problem.status)
    return visit.go("/my/family", visit.words("The limit is saved."))


@post("/my/family/members/{member_id:str}/remove")
async def remove(visit: Visiting, member_id: FromPath[str]) -> Response[Any]:
    """End a membership: the owner takes somebody out."""
    signed_in(visit)
    async with visit.transaction() as tx:
        await accounts.remove(tx, visit.actor, _member(member_id), visit.now)
    return visit.go("/my/family", visit.words("From now on they pay for themselves."))


@post("/my/family/leave")
async def leave(visit: Visiting) -> Response[Any]:
    """Leave the account one is a member of."""
    driver_id = signed_in(visit)
    try:
        async with visit.transaction() as tx:
            member = await store_accounts.member_of(tx, driver_id)
            if member is None:
                raise NotFound("There is no such member.")
            await accounts.remove(tx, visit.actor, member.id, visit.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, {}, visit.errors(problem), problem.status)
    return visit.go("/my/family", visit.words("You pay for yourself from now on."))


@post("/my/family/sharing")
async def share(visit: Visiting) -> Response[Any]:
    """Let whoever pays see places and times, or no longer."""
    signed_in(visit)
    form = await visit.form()
    async with visit.transaction() as tx:
        await accounts.share_places(tx, visit.actor, visit.now, shares_places=form.get("shares_places") == "yes")
    return visit.go("/my/family", visit.words("Saved."))


@post("/my/family/close")
async def close(visit: Visiting) -> Response[Any]:
    """Close the account."""
    try:
        async with visit.transaction() as tx:
            owned = await _owned(tx, visit)
            await accounts.close(tx, visit.actor, owned.id, visit.now, zone=visit.house.settings.timezone)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, {}, visit.errors(problem), problem.status)
    return visit.go("/my/family", visit.words("The account is closed. Everybody pays for themselves from now on."))


@get("/my/family/charges.csv")
async def export(visit: Visiting) -> Response[bytes]:
    """A month's charges as CSV: how the cost splits, with places only of those who share them."""
    async with visit.transaction() as tx:
        owned = await _owned(tx, visit)
        rows = await queries.charges(tx, owned.id, _month(visit), limit=EXPORT_MAX)
    return charges_csv(rows)


def charges_csv(rows: list[queries.ChargeRow]) -> Response[bytes]:
    """Return an account's charges as CSV."""
    return spreadsheets.answer(
        "charges",
        ("member", "month", "started_at", "site", "minutes", "kwh", "amount", "currency"),
        [
            (
                row.driver_name, f"{row.month:%Y-%m}", row.started_at, row.place, row.seconds // 60,
                row.energy_wh / 1000, row.amount_minor / 100, row.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


async def _owned(tx: Transaction, visit: Visit) -> Account:
    owned = await store_accounts.of_owner(tx, signed_in(visit))
    if owned is None:
        raise NotFound("There is no such account.")
    return owned


def _member(text: str) -> UUID:
    return named("mbr", text)


# Invitations


@get("/join/{token:str}")
async def show_invitation(visit: Visiting, token: FromPath[str]) -> Response[str]:
    """Show an invitation; the link proves the address, so nobody need sign in."""
    return await _invitation(visit, token, {}, {})


async def _invitation(
    visit: Visit, token: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with visit.transaction() as tx:
        found = await accounts.invitation(tx, token, visit.now)
        known = await store_accounts.driver_with(tx, found.email)
    return visit.page(
        "portal/join.html", status=status, invite=found, token=token, is_known=known is not None, values=values,
        errors=errors, currency=visit.house.settings.currency,
    )  # fmt: skip


@post("/join/{token:str}")
async def join(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Accept an invitation; who has no account with us gets one."""
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            found = await accounts.invitation(tx, token, visit.now)
            driver_id = await store_accounts.driver_with(tx, found.email) or await _new(tx, visit, found.email, form)
            await accounts.accept(
                tx, rule("invitation"), token, driver_id, visit.now, shares_places=form.get("shares_places") == "yes"
            )
    except NotFound:
        raise
    except Problem as problem:
        return await _invitation(visit, token, form, visit.errors(problem), problem.status)
    if visit.actor.kind == "driver" and visit.actor.id == driver_id:
        return visit.go("/my/family", visit.words("Welcome. What you charge is paid by the account from now on."))
    return visit.go("/sign-in?next=/my/family", visit.words("Welcome. Sign in to see your pages."))


async def _new(tx: Transaction, visit: Visit, email: str, form: dict[str, str]) -> DriverId:
    details = DriverDetails(email=email, name=form.get("name", ""), language=visit.language)
    return await access.create_driver(tx, rule("invitation"), details, visit.now)


HANDLERS: Final = [
    show_family,
    save_family,
    invite,
    withdraw,
    set_limit,
    remove,
    leave,
    share,
    close,
    export,
    show_invitation,
    join,
]
