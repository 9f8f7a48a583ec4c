"""The certificates of manufacturers: what the signatures of their firmware must lead to."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.firmware import queries
from laddverk.firmware import service as firmware
from laddverk.firmware.trust import Root
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Problem
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

HERE: Final = "/console/firmware/makers"


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        rows = await queries.roots(tx)
    return desk.page("console/firmware/makers.html", status=status, rows=rows, values=values, errors=errors)


@get(HERE, opt={NEEDS: Permission.STATIONS_WRITE})
async def list_makers(desk: AtDesk) -> Response[str]:
    """The certificates that are held, and the form for another."""
    return await _page(desk, {}, {})


@post(HERE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def add_maker(desk: AtDesk) -> Response[Any]:
    """Keep a manufacturer's certificate."""
    form = await desk.form()
    root = Root(vendor=form.get("vendor", ""), certificate=form.get("certificate", ""))
    try:
        async with desk.transaction() as tx:
            await firmware.add_root(tx, desk.actor, root, desk.now, reason=form.get("reason", ""))
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return desk.go(HERE, desk.words("The manufacturer's root is kept."))


@post(HERE + "/{root:str}/retire", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def retire_maker(desk: AtDesk, root: FromPath[str]) -> Response[Any]:
    """Take a manufacturer's certificate out of use."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await firmware.retire_root(tx, desk.actor, named("fmw", root), desk.now, reason=form.get("reason", ""))
    return desk.go(HERE, desk.words("The changes are saved."))


ROUTES: Final = [list_makers, add_maker, retire_maker]
