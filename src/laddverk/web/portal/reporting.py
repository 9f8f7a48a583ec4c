"""Something is wrong: what a driver tells us of an outlet, from its page or from the page of a charge."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.incidents.words import REPORT_KINDS
from laddverk.kernel.problems import NotFound, Problem
from laddverk.sessions import driver_queries as queries
from laddverk.sessions.driver_queries import Outlet
from laddverk.web import security
from laddverk.web.bodies import FORM_OVERHEAD_BYTES
from laddverk.web.visit import Visit, Visiting


async def _page(
    visit: Visit, code: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    outlet = await _outlet(visit, code)
    kinds = [(key, visit.words(word)) for key, word in REPORT_KINDS.items()]
    return visit.page(
        "portal/report.html", status=status, outlet=outlet, kinds=kinds, values=values, errors=errors,
        session=_session(visit, values), phone=visit.house.settings.operator_phone,
    )  # fmt: skip


async def _outlet(visit: Visit, code: str) -> Outlet:
    async with visit.transaction() as tx:
        outlet = await queries.outlet(tx, code.upper())
    if outlet is None:
        raise NotFound("There is no outlet with this code.", remedy="Look once more at the sticker.")
    return outlet


def _session(visit: Visit, values: dict[str, str]) -> str:
    """Return the path of the charge that one came from; '' for anything that is none of ours."""
    given = values.get("back") or visit.asked("back")
    return given if given.startswith("/s/") and given[3:].replace("-", "").replace("_", "").isalnum() else ""


@get("/u/{code:str}/report")
async def show_form(visit: Visiting, code: FromPath[str]) -> Response[str]:
    """Ask what is wrong."""
    return await _page(visit, code, {}, {})


@post("/u/{code:str}/report", request_max_body_size=reporting.PHOTO_BYTES_MAX + FORM_OVERHEAD_BYTES)
async def take_report(visit: Visiting, code: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """Take in what a driver says."""
    outlet, form = await _outlet(visit, code), await visit.form()
    file = (await request.form()).get("photo")
    content = await file.read() if isinstance(file, UploadFile) else b""
    given = reporting.NewReport(
        station_id=outlet.station_id,
        evse_number=outlet.evse_number,
        kind=form.get("kind", ""),
        text=form.get("text", ""),
        language=visit.language,
        person=_person(visit),
        session_id=UUID(str(outlet.session_id)) if outlet.session_id and _session(visit, form) else None,
        photo=content,
    )
    try:
        async with visit.transaction() as tx:
            await reporting.report(tx, visit.house.secrets, given, visit.now, visit.house.hints)
    except Problem as problem:
        return await _page(visit, code, form, visit.errors(problem), problem.status)
    back = _session(visit, form) or f"/u/{quote(outlet.code)}"
    return visit.go(back, visit.words("Thank you. We look at it."))


def _person(visit: Visit) -> str:
    """Return what tells a driver from others: the account, else the network and the browser."""
    if visit.actor.kind == "driver":
        return str(visit.actor.id)
    return f"{security.remote_address(visit.request)} {visit.request.headers.get('user-agent', '')[:200]}"


HANDLERS: Final = [show_form, take_report]
