"""A phone in the browser, in a window of its own: it stays while its agent goes from case to case."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.support.phone import desk as deeds
from laddverk.support.phone import queries, store
from laddverk.support.phone.model import State
from laddverk.support.phone.service import TOPIC
from laddverk.support.phone.softphones import service as softphones
from laddverk.support.phone.softphones.model import number_of
from laddverk.web.console import calls
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.security import SOFTPHONE as PLACE

WRITE: Final = {NEEDS: Permission.CASES_WRITE}
PART: Final = "console/calls/_softphone.html"
JSON: Final = "application/json"


async def _now(desk: Desk, tx: Transaction) -> dict[str, Any]:
    assert desk.actor.id is not None
    await store.still_here(tx, desk.actor.id, desk.now)
    mine = await queries.mine(tx, desk.sites, desk.actor.id, desk.now)
    me = await store.presence(tx, desk.actor.id)
    waiting = calls.waiting_for(me, await queries.under_way(tx, desk.sites, desk.now))
    return {
        "me": me, "mine": mine, "waiting": waiting, "is_here": me is not None and me.number == number_of(desk.actor.id),
        **calls.words_of(desk),
    }  # fmt: skip


@get(PLACE, opt=WRITE)
async def show_softphone(desk: AtDesk) -> Response[str]:
    """Show the phone."""
    found(desk.actor.id)
    if not softphones.is_there(desk.house.settings):
        return desk.page("console/calls/softphone.html", is_there=False)
    async with desk.transaction() as tx:
        given = await _now(desk, tx)
    return desk.page("console/calls/softphone.html", is_there=True, **given)


async def live_softphone(desk: Desk) -> Parts:
    """Return what changes by itself on the page of the phone."""
    desk.actor.require(Permission.CASES_WRITE)
    async with desk.transaction() as tx:
        return {"softphone-desk": desk.template(PART, **await _now(desk, tx))}


@post(f"{PLACE}/account", opt=WRITE, status_code=200)
async def make_account(desk: AtDesk) -> Response[bytes]:
    """Make a phone for the browser that asks; its password is in the answer and nowhere else."""
    try:
        made = await softphones.mint(desk.house, desk.actor, desk.now)
    except Problem as problem:
        told = {"message": " ".join(desk.errors(problem).values())}
        return Response(msgspec.json.encode(told), media_type=JSON, status_code=problem.status)
    return Response(msgspec.json.encode(made), media_type=JSON)


@post(f"{PLACE}/presence", opt=WRITE, status_code=204)
async def set_presence(desk: AtDesk) -> Response[None]:
    """Say whether calls ring here; who leaves has no phone any more."""
    wanted = (await desk.form()).get("state", "")
    if wanted not in ("", "ready", "pause"):
        raise Invalid("Choose from the list.", field="state")
    number = number_of(found(desk.actor.id))
    async with desk.transaction() as tx:
        await deeds.be(tx, desk.actor, State(wanted) if wanted else None, number, desk.now)
    if not wanted:
        await softphones.end(desk.house, desk.actor, desk.now)
    desk.tell(TOPIC)
    return Response(None, status_code=204, cookies=[desk.duty_cookie(takes_calls=bool(wanted))])


ROUTES: Final = [show_softphone, make_account, set_presence]
