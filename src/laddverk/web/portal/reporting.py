"""Something is wrong: what a driver tells us of an outlet, from its page or from the page of a charge."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.incidents.words import REPORT_KINDS
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import driver_queries as queries
from laddverk.sessions import service as sessions
from laddverk.sessions.driver_queries import Outlet
from laddverk.sessions.model import LiveStart
from laddverk.support import links, service
from laddverk.support import queries as case_queries
from laddverk.support.model import Case, Channel, Links, NewCase, Verified
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
        session=_session(visit, values), is_known=visit.actor.kind == "driver",
        phone=visit.house.settings.operator_phone,
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
    try:
        async with visit.transaction() as tx:
            charge = await _charge(tx, visit, outlet, form)
            case = await _heard(tx, visit, outlet, form, content, charge)
    except Problem as problem:
        return await _page(visit, code, form, visit.errors(problem), problem.status)
    query = {
        "back": _session(visit, form),
        "case": case and links.path_of(visit.house.secrets, case.id)[len(links.PATH) :],
    }
    told = urlencode({name: value for name, value in query.items() if value})
    return visit.go(f"/u/{quote(outlet.code)}/report/thanks" + (f"?{told}" if told else ""))


async def _charge(tx: Transaction, visit: Visit, outlet: Outlet, form: dict[str, str]) -> LiveStart | None:
    """Return the charge from whose page one came, where its secret address is right and it was at this outlet."""
    token = _session(visit, form).removeprefix("/s/")
    found = await sessions.by_access_token(tx, token, visit.now) if token else None
    if found is None or found.start_request.station_id != outlet.station_id:
        return None
    return found


def _driver_of(charge: LiveStart) -> UUID | None:
    return charge.start_request.driver_id or (charge.session.driver_id if charge.session else None)


async def _heard(
    tx: Transaction, visit: Visit, outlet: Outlet, form: dict[str, str], photo: bytes, charge: LiveStart | None
) -> Case | None:
    """Keep a report; who wants to hear how it goes gets a case, whose voice the report then is.

    A charge of an account that is not signed in here is no part of the case: from it the case would learn how the
    account is reached, tell that here, and answer there, though its secret address proves nothing of the account.
    """
    mine = charge if charge is not None and _driver_of(charge) in (None, visit.actor.id) else None
    if form.get("tell") != "yes":
        given = reporting.NewReport(
            station_id=outlet.station_id, evse_number=outlet.evse_number, kind=form.get("kind", ""),
            text=form.get("text", ""), language=visit.language, person=_person(visit),
            session_id=charge.session.id if charge and charge.session else None, photo=photo,
        )  # fmt: skip
        await reporting.report(tx, visit.house.secrets, given, visit.now, visit.house.hints)
        return None
    kind, contact = form.get("kind", ""), form.get("contact", "")
    if kind not in REPORT_KINDS:
        raise Invalid("Choose what is wrong.", field="kind")
    if photo:
        reporting.kind_of_photo(photo)
    by_mail = "@" in contact
    new = NewCase(
        kind=kind, text=form.get("text", "") or visit.words(REPORT_KINDS[kind]), channel=Channel.PORTAL,
        contact_email=contact if by_mail else "", contact_phone="" if by_mail else contact, language=visit.language,
        links=Links(
            station_id=outlet.station_id, evse_number=outlet.evse_number,
            session_id=mine.session.id if mine and mine.session else None,
            payment_id=mine.start_request.payment_id if mine else None,
        ), tell_when_mended=True,
    )  # fmt: skip
    is_nobodys = mine is not None and _driver_of(mine) is None  # its secret is all that proves it
    verified = Verified.CHARGE if is_nobodys else Verified.NOT
    try:
        case = await service.open_by_driver(tx, visit.house, visit.actor, new, visit.now, verified=verified)
    except Invalid as problem:
        field = "contact" if problem.field in ("email", "phone") else problem.field
        raise Invalid(problem.message, field=field, remedy=problem.remedy, **problem.params) from problem
    if photo and case.report_id is not None:
        await reporting.add_photo(tx, case.report_id, photo)
    return case


@get("/u/{code:str}/report/thanks")
async def say_thanks(visit: Visiting, code: FromPath[str]) -> Response[str]:
    """Say what happens next."""
    outlet, token, told = await _outlet(visit, code), visit.asked("case"), ""
    if token:
        async with visit.transaction() as tx:
            case = await case_queries.case(tx, None, links.case_behind(visit.house.secrets, token))
        told = (case.contact_email or case.contact_phone) if case else ""
    return visit.page(
        "portal/report_thanks.html", outlet=outlet, session=_session(visit, {}), told=told,
        case_path=links.PATH + token if told else "", phone=visit.house.settings.operator_phone,
    )  # fmt: skip


def _person(visit: Visit) -> str:
    """Return what tells a driver from others: the account, else the network and the browser."""
    if visit.actor.kind == "driver":
        return str(visit.actor.id)
    return f"{security.remote_address(visit.request)} {visit.request.headers.get('user-agent', '')[:200]}"


HANDLERS: Final = [show_form, take_report, say_thanks]
