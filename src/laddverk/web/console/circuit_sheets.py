"""A site's circuits as a spreadsheet: exported, changed at a desk, and taken in again as one change."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.energy.circuits import service, sheets
from laddverk.energy.circuits.loads import Key
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Problem
from laddverk.web import spreadsheets
from laddverk.web.console import circuit_forms as forms
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import href, known_of, told
from laddverk.web.visit import named

PLACE: Final = "/console/sites/{site_id:str}/load"
BODY_MAX: Final = sheets.BYTES_MAX + 50_000  # the file, and the fields beside it


@get(f"{PLACE}/tree.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_tree(desk: AtDesk, site_id: FromPath[str]) -> Response[bytes]:
    """The tree as CSV."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    identities: dict[Key, str] = {row.key: row.identity for row in known.outlets}
    return spreadsheets.answer("circuits", sheets.HEADING, sheets.lines(known.tree, identities))


@get(f"{PLACE}/sheet", opt={NEEDS: Permission.STATIONS_WRITE})
async def show_sheet(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """Where the tree is exported and taken in."""
    return await _page(desk, site_id, {}, {})


async def _page(
    desk: Desk, site_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    return desk.page(
        "console/load/sheet.html",
        status=status,
        heading=sheets.HEADING,
        values=values,
        errors=errors,
        **told(desk, known),
    )


@post(f"{PLACE}/sheet", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200, request_max_body_size=BODY_MAX)
async def take_sheet(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Put the tree of a file in the place of the present one; it can be undone."""
    form = await desk.form()
    file = (await desk.request.form()).get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    site = SiteId(named("sit", site_id))
    try:
        async with desk.transaction() as tx:
            known = await known_of(desk, tx, site_id)
            given = sheets.read(content, known.tree, known.outlets)
            await service.replace_tree(
                tx, desk.actor, given, desk.now, reason=form.get("reason", ""), version=forms.version_of(form)
            )
    except Problem as problem:
        return await _page(desk, site_id, form, desk.errors(problem), problem.status)
    desk.tell(f"site:{site}")
    return desk.go(f"{href(site)}/edit", desk.words("The circuits of the file are entered. It can be undone."))


ROUTES: Final = [export_tree, show_sheet, take_sheet]
