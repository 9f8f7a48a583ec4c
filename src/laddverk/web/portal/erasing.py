"""Being forgotten: an account, with a clear word about what goes and what stays; and what support has, by a code."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import MediaType

from laddverk.access import queries as access_queries
from laddverk.kernel.problems import Invalid, Problem
from laddverk.support.erasure import service as erasure
from laddverk.support.erasure.model import WHERE, WORDS
from laddverk.support.own_data import service as own_data
from laddverk.web import security
from laddverk.web.portal.account import signed_in
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

PLACE: Final = "/my/erase"
OWN_DATA: Final = "/help/my-data"
ASKED_MAX: Final = 10  # codes and tries of one network in five minutes: one address may be a whole office


async def _page(visit: Visit, errors: dict[str, str], status: int = 200) -> Response[str]:
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        driver = await access_queries.driver(tx, driver_id)
        asked, found = await erasure.standing(tx, visit.house, driver_id, visit.now)
    return visit.page(
        "portal/my_erase.html", status=status, errors=errors, driver=driver,
        asked=asked if asked is not None and asked.state == "asked" else None,
        obstacles=[(visit.words(WORDS[each]), WHERE.get(each)) for each in found],
    )  # fmt: skip


@get(PLACE)
async def show_erasure(visit: Visiting) -> Response[str]:
    """Say what goes, what stays and why, and what stands in the way."""
    return await _page(visit, {})


@post(PLACE)
async def ask_erasure(visit: Visiting) -> Response[Any]:
    """Ask to be forgotten, once it was confirmed by the account's own address; or take it back."""
    driver_id, form = signed_in(visit), await visit.form()
    try:
        async with visit.transaction() as tx:
            if form.get("what") == "withdraw":
                await erasure.withdraw(tx, visit.actor, driver_id, visit.now)
                return visit.go(PLACE, visit.words("Your account stays."))
            driver = await access_queries.driver(tx, driver_id)
            if driver is None or form.get("email", "").strip().lower() != driver.email:
                raise Invalid("This is not the address of your account.", field="email")
            waits = await erasure.ask(tx, visit.house, visit.actor, driver_id, visit.now)
    except Problem as problem:
        return await _page(visit, visit.errors(problem), problem.status)
    if waits:
        return visit.go(PLACE, visit.words("We have noted it. It is done as soon as nothing stands in the way."))
    return visit.go("/", visit.words("Your account is being erased. A last mail tells you when it is done."))


def _data_page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return visit.page("portal/own_data.html", status=status, values=values, errors=errors)


@get(OWN_DATA)
async def ask_own_data(visit: Visiting) -> Response[str]:
    """Ask for the address or number that somebody without an account wrote or called from."""
    return _data_page(visit, {}, {})


@post(OWN_DATA, status_code=200)
async def take_own_data(visit: Visiting) -> Response[Any]:
    """Send a code; with it, hand out what support has of an address or number, or remove it."""
    form = await visit.form()
    attempts: Attempts = visit.request.app.state.setdefault("own_data_asked", Attempts(ASKED_MAX))
    try:
        attempts.count(security.remote_address(visit.request), visit.now)
        if form.get("what") not in ("show", "remove"):
            async with visit.transaction() as tx:
                await own_data.send_code(tx, visit.house, form.get("who", ""), visit.language, visit.now)
            return _data_page(visit, {"who": form.get("who", ""), "step": "code"}, {})
        return await _with_code(visit, form)
    except Problem as problem:
        return _data_page(visit, form | {"step": form.get("step", "")}, visit.errors(problem), problem.status)


async def _with_code(visit: Visit, form: dict[str, str]) -> Response[Any]:
    person = own_data.person_in(form.get("who", ""))
    async with visit.transaction() as tx:  # the try counts, whatever comes of it
        is_right = await own_data.is_right(tx, visit.house, person, form.get("code", ""), visit.now)
    if not is_right:
        raise Invalid("This code is wrong, or too old.", field="code", remedy="Ask for a new one.")
    async with visit.transaction() as tx:
        if form["what"] == "remove":
            await own_data.remove(tx, person, visit.now)
            return _data_page(visit, {"step": "gone"}, {})
        told = await own_data.told_of(tx, person, visit.now)
    content = msgspec.json.format(msgspec.json.encode(told), indent=2)
    headers = {"content-disposition": 'attachment; filename="support.json"', "cache-control": "no-store"}
    return Response(content, media_type=MediaType.JSON, headers=headers)


HANDLERS: Final = [show_erasure, ask_erasure, ask_own_data, take_own_data]
