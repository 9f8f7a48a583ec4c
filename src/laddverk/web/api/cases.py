"""The API's support cases: what people need help with, for programs that bring them in or report on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.support import listing, queries, service, working
from laddverk.support.model import Channel, Links, NewCase, Priority
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class Case(Struct, frozen=True):
    """One thing that somebody needs help with.

    `state`: open (we are to act), waiting (`waits_for` the driver or an incident) or closed. `priority`: 1 urgent to 4
    low. `verified`: `account` when its driver was signed in, else empty: then nothing may be disclosed to them.
    """

    id: str
    number: int
    subject: str
    kind: str
    state: str
    waits_for: str
    priority: int
    channel: str
    verified: str
    driver: str | None
    contact_name: str
    contact_email: str
    contact_phone: str
    language: str
    site: str | None
    station: str | None
    evse: int
    session: str | None
    payment: str | None
    incident: str | None
    assignee: str
    outcome: str
    created_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    changed_at: datetime


class Happened(Struct, frozen=True):
    """One line of a case's timeline. `source`: case, incident, session or payment; `body`: somebody's own words."""

    at: datetime
    source: str
    kind: str
    by: str
    name: str
    text: str
    values: dict[str, Any]
    body: str


class CaseDetail(Struct, frozen=True):
    """One case and everything that was said and done, the newest first."""

    case: Case
    timeline: list[Happened]


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """A new case. What it is about is filled in from what is given: a session knows its charger, driver and payment."""

    kind: str
    text: str
    subject: str = ""
    priority: Priority = Priority.NORMAL
    station: str | None = None
    evse: int = 0
    session: str | None = None
    driver: str | None = None
    payment: str | None = None
    incident: str | None = None
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    language: str = "sv"


class Noting(Struct, frozen=True, forbid_unknown_fields=True):
    """A note that staff alone see."""

    note: str


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    """How a case ended: solved, explained, mended, money_back, no_answer, duplicate or other."""

    outcome: str
    note: str = ""


def case_of(row: queries.CaseRow) -> Case:
    """Return a case as programs see it."""

    def named(prefix: str, identity: Any) -> str | None:
        return shown(prefix, identity) if identity else None

    return Case(
        id=shown("cas", row.id), number=row.number, subject=row.subject, kind=row.kind, state=row.state.value,
        waits_for=row.waits_for.value, priority=int(row.priority), channel=row.channel.value,
        verified=row.verified.value, driver=named("drv", row.driver_id), contact_name=row.contact_name,
        contact_email=row.contact_email, contact_phone=row.contact_phone, language=row.language,
        site=named("sit", row.site_id), station=named("sta", row.station_id), evse=row.evse_number,
        session=named("ses", row.session_id), payment=named("pay", row.payment_id),
        incident=named("inc", row.of_incident_id), assignee=row.assignee_name, outcome=row.outcome,
        created_at=row.created_at, answered_at=row.answered_at, closed_at=row.closed_at, changed_at=row.changed_at,
    )  # fmt: skip


@get("/cases", opt=needs(Permission.CASES_READ))
async def list_cases(
    asked: Asking,
    in_state: InState = "open",
    search: FromQuery[str] = "",
    station: FromQuery[str | None] = None,
    driver: FromQuery[str | None] = None,
    changed_since: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Case]:
    """List support cases, the most urgent first. `state` is open, unassigned, waiting, closed or all."""
    checked_limit(limit, offset)
    wanted = listing.CaseFilter(
        search=search[:100],
        state=in_state,
        station_id=parsed("sta", station, field="station") if station else None,
        driver_id=parsed("drv", driver, field="driver") if driver else None,
        since=changed_since,
    )
    async with asked.transaction() as tx:
        rows = await listing.cases(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await listing.count(tx, asked.actor.site_ids, wanted)
    return page([case_of(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/cases/{case:str}", opt=needs(Permission.CASES_READ))
async def show_case(asked: Asking, case: FromPath[str]) -> CaseDetail:
    """Show one case with its timeline."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, case)
        entries = await queries.timeline(tx, row.id)
    return CaseDetail(
        case_of(row),
        [Happened(e.at, e.source, e.kind, e.by_kind, e.by_name, e.text, e.params, e.body) for e in entries],
    )


@post("/cases", opt=needs(Permission.CASES_WRITE))
async def open_case(asked: Asking, data: JSONBody[Opening]) -> Case:
    """Open a support case; one that speaks of a charger joins the incident of its outlet."""
    ids = {
        f"{name}_id": parsed(prefix, given, field=name)
        for name, prefix, given in (
            ("station", "sta", data.station), ("session", "ses", data.session), ("driver", "drv", data.driver),
            ("payment", "pay", data.payment), ("incident", "inc", data.incident),
        ) if given
    }  # fmt: skip
    new = NewCase(
        subject=data.subject, kind=data.kind, text=data.text, channel=Channel.API, priority=data.priority,
        links=Links(evse_number=max(0, min(data.evse, 1000)), **ids), contact_name=data.contact_name,
        contact_email=data.contact_email, contact_phone=data.contact_phone, language=data.language,
    )  # fmt: skip
    async with asked.transaction() as tx:
        made = await service.open_case(tx, asked.house, asked.actor, new, asked.now)
        return case_of(await _seen(tx, asked, shown("cas", made.id)))


@post("/cases/{case:str}/notes", opt=needs(Permission.CASES_WRITE))
async def note_on_case(asked: Asking, case: FromPath[str], data: JSONBody[Noting]) -> Case:
    """Write a note in a support case."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, case)
        await service.note(tx, asked.actor, row.id, data.note, asked.now, asked.house.hints)
        return case_of(await _seen(tx, asked, case))


@post("/cases/{case:str}/close", opt=needs(Permission.CASES_WRITE), status_code=200)
async def close_case(asked: Asking, case: FromPath[str], data: JSONBody[Closing]) -> Case:
    """Close a support case and say how it ended."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, case)
        await working.close(tx, asked.house, asked.actor, row.id, data.outcome, data.note, asked.now)
        return case_of(await _seen(tx, asked, case))


async def _seen(tx: Transaction, asked: Asked, text: str) -> queries.CaseRow:
    row = await queries.case(tx, asked.actor.site_ids, parsed("cas", text, field="case"))
    if row is None:
        raise NotFound("There is no such case.", field="case")
    return row


HANDLERS: Final = [list_cases, show_case, open_case, note_on_case, close_case]
