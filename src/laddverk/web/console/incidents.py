"""The inbox of incidents, and the page of one: what, where, since when, why we think so, what was tried, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics import runbooks
from laddverk.diagnostics.alerting import queries as alerting_queries
from laddverk.diagnostics.incidents import advice, queries, reporting, working
from laddverk.diagnostics.incidents.queries import IncidentFilter, IncidentRow
from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.remedies import queries as remedies_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.support import queries as cases_queries
from laddverk.web import amounts, pictures, spreadsheets
from laddverk.web.console import incident_words, remedies
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

SORTS: Final = ("urgency", "since", "-since", "-demand")
STATES: Final = ("open", "new", "acknowledged", "in_work", "verifying", "hidden", "closed", "false", "all")
PLACE: Final = "/console/incidents"
TRIED_MAX: Final = 30  # steps of one incident: a ladder, said in a dry run and climbed, is half of it


def href(incident_id: UUID) -> str:
    """Return the address of an incident's page."""
    return f"{PLACE}/{shown('inc', incident_id)}"


def filter_of(desk: Desk) -> IncidentFilter:
    """Return what the address narrows the list to."""
    state, severity = desk.asked("state", "open"), desk.asked("severity")
    family, site = desk.asked("family"), desk.asked("site")
    return IncidentFilter(
        search=desk.asked("q").strip()[:100],
        state=state if state in STATES else "open",
        severity=int(severity) if severity in ("0", "1", "2", "3", "4") else None,
        family=family if family in incident_words.FAMILIES else "",
        site_id=named("sit", site) if site else None,
    )


async def _inbox(desk: Desk) -> dict[str, Any]:
    wanted, listing = filter_of(desk), desk.listing(*SORTS)
    async with desk.transaction() as tx:
        return {
            "rows": await queries.open_incidents(
                tx, desk.sites, wanted, listing.sort, limit=PAGE_SIZE, offset=listing.offset
            ),
            "total": await queries.count_incidents(tx, desk.sites, wanted),
            "counts": await queries.state_counts(tx, desk.sites),
            "sites": await stations_queries.sites(tx, desk.sites),
            "listing": listing,
            "wanted": wanted,
            **_words(desk),
        }


def _words(desk: Desk) -> dict[str, Any]:
    """Return what templates need to say incidents in words."""
    zone = desk.house.settings.timezone

    def evidence_of(row: IncidentRow) -> str:
        return incident_words.sentence(row.evidence[0], desk.language, zone) if row.evidence else ""

    def told(text: str, params: Mapping[str, Any] | None = None) -> str:
        return incident_words.told(text, params or {}, desk.language, zone)

    return {"inc": incident_words, "evidence_of": evidence_of, "told": told, "action_of": advice.action_of}


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_incidents(desk: AtDesk) -> Response[str]:
    """The inbox: one line for each real problem."""
    return desk.page("console/incidents/list.html", **(await _inbox(desk)))


async def live_inbox(desk: Desk) -> Parts:
    """Return the parts of the inbox that change."""
    desk.kept_live = PLACE
    given = await _inbox(desk)
    return {
        f"incidents-{name}": desk.template(f"console/incidents/{name}.html", **given) for name in ("sentence", "rows")
    }


@get("/console/incidents.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_incidents(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.open_incidents(tx, desk.sites, filter_of(desk), limit=spreadsheets.ROWS_MAX)
    say = _words(desk)
    return spreadsheets.answer(
        "incidents",
        (
            "id", "number", "severity", "family", "scope", "site", "charger", "evse", "chargers", "state", "since",
            "raised_at", "closed_at", "confidence", "drivers_day", "energy_day_kwh", "reports", "repeats", "owner",
            "detectors", "evidence", "action", "cause",
        ),
        [
            (
                shown("inc", row.id), row.number, int(row.severity), row.family.value, row.scope, row.site_name,
                row.station_name, row.evse_number or None, len(row.stations), row.state.value, row.since,
                row.raised_at, row.closed_at, round(row.confidence, 2), round(row.drivers_day, 1),
                round(row.energy_day_wh / 1000, 1), row.reports, row.repeats, row.owner_name,
                " ".join(row.detectors), say["evidence_of"](row), desk.words(advice.action_of(row)), row.cause,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(f"{PLACE}/acknowledge", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def acknowledge_several(desk: AtDesk) -> Response[Any]:
    """Acknowledge those that are ticked."""
    ticked = [IncidentId(named("inc", each)) for each in (await desk.choices("incident"))[: working.BULK_MAX]]
    async with desk.transaction() as tx:
        count = await working.acknowledge_all(tx, desk.actor, ticked, desk.now, desk.house.hints)
    if not ticked:
        return desk.go(PLACE, desk.words("Tick some first."))
    return desk.go(PLACE, desk.words("Acknowledged: %(count)s.", count=count))


async def _facts(desk: Desk, identity: UUID) -> dict[str, Any]:
    async with desk.transaction() as tx:
        row = found(await queries.incident(tx, desk.sites, identity))
        since = row.verifying_at or row.last_at
        return {
            "incident": row,
            "findings": await queries.findings(tx, desk.sites, queries.FindingFilter(incident_id=identity)),
            "events": await queries.timeline(tx, identity),
            "closings": await queries.closings(tx, identity),
            "stations": await queries.stations_of(tx, desk.sites, identity),
            "reports": await queries.reports_of(tx, identity),
            "affected": await queries.drivers_affected(tx, identity),
            "cases": await cases_queries.of_incident(tx, desk.sites, identity)
            if desk.may(Permission.CASES_READ)
            else [],
            "charges": await queries.charges_since(tx, identity, since),
            "parent": await queries.incident(tx, desk.sites, row.parent_id) if row.parent_id else None,
            "alerts": await alerting_queries.of_incident(tx, identity) if desk.sites is None else [],
            "runbook": runbook_of(row, desk.language),
            "sentence_of": lambda said: incident_words.sentence(said, desk.language, desk.house.settings.timezone),
            "title_of": advice.title_of,
            "tried": await remedies_queries.history(
                tx, desk.sites, remedies_queries.RemedyFilter(incident_id=identity), limit=TRIED_MAX
            ),
            "held": await remedies_queries.held(tx, identity) if row.state == "new" and not row.quiet_since else None,
            "remedy": remedies,
            **_words(desk),
        }


def runbook_of(row: IncidentRow, language: str) -> runbooks.Steps | None:
    """Return the runbook of the detector that tells most, in the reader's language, or None."""
    name = advice.runbook_of(row)
    book = runbooks.runbook(name) if name else None
    return book.steps(language) if book else None


@get(f"{PLACE}/{{incident_id:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_incident(desk: AtDesk, incident_id: FromPath[str]) -> Response[str]:
    """One incident, with its timeline and its runbook."""
    return await _page(desk, named("inc", incident_id), {}, {})


async def _page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    given = await _facts(desk, identity)
    return desk.page("console/incidents/detail.html", status=status, values=values, errors=errors, **given)


async def live_parts(desk: Desk, shown_id: str) -> Parts:
    """Return the parts of an incident's page that change by themselves."""
    given = await _facts(desk, named("inc", shown_id))
    names = ("state", "head", "evidence", "tried", "timeline")
    return {f"incident-{name}": desk.template(f"console/incidents/_{name}.html", **given) for name in names}


@get("/console/reports/{report_id:str}/photo", opt={NEEDS: Permission.STATIONS_READ})
async def show_photo(desk: AtDesk, report_id: FromPath[str]) -> Response[bytes]:
    """A photo that a driver sent: as a picture and nothing else, whatever it holds."""
    async with desk.transaction() as tx:
        content, kind = found(await reporting.photo(tx, desk.sites, named("rep", report_id)))
    return pictures.answer(content, kind)


@post(f"{PLACE}/{{incident_id:str}}/do", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def do_something(desk: AtDesk, incident_id: FromPath[str]) -> Response[Any]:
    """Take it, say that it is mended, or write a note."""
    identity, form = named("inc", incident_id), await desk.form()

    async def work(tx: Transaction) -> None:
        deed = working.checked_deed(form.get("what", ""))
        await working.do(tx, desk.actor, IncidentId(identity), deed, form.get("note", ""), desk.now, desk.house.hints)

    return await _worked(desk, identity, form, work)


@post(f"{PLACE}/{{incident_id:str}}/close", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def close_incident(desk: AtDesk, incident_id: FromPath[str]) -> Response[Any]:
    """Close it with its cause."""
    identity, form = named("inc", incident_id), await desk.form()
    currency = desk.house.settings.currency

    async def work(tx: Transaction) -> None:
        cost = amounts.minor_of(form["cost"], currency, "cost") if form.get("cost") else 0
        given = working.NewClosing(
            cause=form.get("cause", ""), part=form.get("part", ""), cost_minor=cost, currency=currency,
            note=form.get("closing_note", ""),
        )  # fmt: skip
        await working.close(tx, desk.actor, IncidentId(identity), given, desk.now, desk.house.hints)

    return await _worked(desk, identity, form, work)


@post(f"{PLACE}/{{incident_id:str}}/false", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def call_false(desk: AtDesk, incident_id: FromPath[str]) -> Response[Any]:
    """Say that nothing was wrong, and what one looked at."""
    identity, form = named("inc", incident_id), await desk.form()

    async def work(tx: Transaction) -> None:
        try:
            given = working.NewClosing(cause="no_fault", note=form.get("looked", ""))
            await working.close(tx, desk.actor, IncidentId(identity), given, desk.now, desk.house.hints)
        except Invalid as problem:
            raise Invalid(problem.message, field="looked", remedy=problem.remedy, **problem.params) from None

    return await _worked(desk, identity, form, work)


@post(f"{PLACE}/{{incident_id:str}}/reopen", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def reopen_incident(desk: AtDesk, incident_id: FromPath[str]) -> Response[Any]:
    """Take a closing back."""
    identity, form = named("inc", incident_id), await desk.form()

    async def work(tx: Transaction) -> None:
        await working.reopen(
            tx, desk.actor, IncidentId(identity), form.get("note", ""), desk.now, desk.house.hints
        )  # fmt: skip

    return await _worked(desk, identity, form, work)


async def _worked(desk: Desk, identity: UUID, form: dict[str, str], work: Any) -> Response[Any]:
    """Carry out `work` if the incident may be seen, and lead back to its page; with the errors when it is refused."""
    try:
        async with desk.transaction() as tx:
            found(await queries.incident(tx, desk.sites, identity))
            await work(tx)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(href(identity), desk.words("Noted."))


ROUTES: Final = [
    list_incidents,
    export_incidents,
    acknowledge_several,
    show_incident,
    show_photo,
    do_something,
    close_incident,
    call_false,
    reopen_incident,
]
