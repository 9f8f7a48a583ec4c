"""The console's door: nobody gets past it without being signed in, nor further than their role."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from laddverk.access import service as access
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.problems import NotAuthenticated, Problem
from laddverk.platform.house import House
from laddverk.web import security
from laddverk.web.console.desk import AtDesk
from laddverk.web.console.words import ROLES
from laddverk.web.visit import Account

PUBLIC: Final = "public"
"""Marks a handler in `opt` that needs no sign-in."""

NEEDS: Final = "needs"
"""Names in `opt` the permission that a handler needs."""


async def staff_only(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard all console pages: signed in, and allowed what the handler says that it needs."""
    account = await account_of(connection.app.state["house"], connection)
    connection.state.account = account
    if handler.opt.get(PUBLIC):
        return
    if account is None:
        raise NotAuthenticated("You have to sign in first.", remedy="Sign in and try again.")
    needed: Permission | None = handler.opt.get(NEEDS)
    if needed is not None:
        account.actor.require(needed)


async def account_of(house: House, connection: ASGIConnection[Any, Any, Any, Any]) -> Account | None:
    """Return who is signed in as staff by the request's cookie."""
    token = connection.cookies.get(security.cookie_name("operator", house.settings))
    if not token:
        return None
    async with house.database.statements() as tx:
        known = await access.actor_of_cookie(tx, token, house.clock())
    if known is None or known.kind != "operator":
        return None
    role = ROLES.get(Role(known.role), known.role) if known.role else ""
    return Account(known.actor, token, known.language, role)


@get("/console/login", opt={PUBLIC: True})
async def show_login(desk: AtDesk) -> Response[Any]:
    """Ask for e-mail and password, or lead on who is signed in already."""
    if desk.account:
        return desk.go("/console")
    return desk.page("console/login.html", next=desk.asked("next"), email="", errors={})


@post("/console/login", opt={PUBLIC: True}, status_code=200)
async def log_in(desk: AtDesk) -> Response[Any]:
    """Sign in, and lead to where the person wanted to go."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            attempt = await access.sign_in(
                tx,
                form.get("email", ""),
                form.get("password", ""),
                desk.now,
                security.remote_address(desk.request),
            )
        signed_in = access.admitted(attempt)  # after the commit, which keeps a wrong attempt
    except Problem as problem:
        return desk.page(
            "console/login.html",
            status=problem.status,
            next=form.get("next", ""),
            email=form.get("email", ""),
            errors=desk.errors(problem),
        )
    answer = desk.go(security.safe_next(form.get("next", ""), "/console"))
    answer.cookies.append(security.sign_in_cookie("operator", signed_in.token, desk.house.settings))
    return answer


@post("/console/logout", status_code=303)
async def log_out(desk: AtDesk) -> Response[Any]:
    """End this sign-in, here and in the database."""
    assert desk.account is not None
    async with desk.transaction() as tx:
        await access.sign_out(tx, desk.account.token)
    answer = desk.go("/console/login")
    answer.cookies.append(security.sign_in_cookie("operator", "", desk.house.settings))
    return answer


@get("/console/password")
async def show_password(desk: AtDesk) -> Response[str]:
    """The form for one's own password."""
    return desk.page("console/password.html", errors={})


@post("/console/password", status_code=200)
async def change_password(desk: AtDesk) -> Response[Any]:
    """Change one's own password: every sign-in ends, here too."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            await access.change_own_password(
                tx, desk.actor, form.get("old_password", ""), form.get("password", ""), desk.now
            )
    except Problem as problem:
        return desk.page("console/password.html", status=problem.status, errors=desk.errors(problem))
    return desk.go("/console/login", desk.words("The password is changed. Sign in with the new one."))


ROUTES: Final = [show_login, log_in, log_out, show_password, change_password]
