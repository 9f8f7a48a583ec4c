"""The API's incidents and findings: what is wrong, where, since when, and why we think so."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.diagnostics.incidents import advice, queries, working
from laddverk.diagnostics.model import Evidence, IncidentId
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class Said(Struct, frozen=True):
    """One sentence of evidence, in English, with the values in its places."""

    text: str
    values: dict[str, Any]
    at: datetime | None


class Finding(Struct, frozen=True):
    """What one detector holds against one outlet (`evse` 0: the station), from when to when.

    `severity`: 0 safety, 1 down, 2 degraded, 3 to plan, 4 for information.
    """

    id: str
    detector: str
    station: str
    evse: int
    family: str
    severity: int
    confidence: float
    since: datetime
    raised_at: datetime
    last_at: datetime
    times: int
    evidence: list[Said]
    cleared_at: datetime | None
    incident: str | None


class Incident(Struct, frozen=True):
    """One real problem. `station` and `site` are null where it is at several; `stations` are all that it is seen at.

    `scope`: where the cause is: charger, site, carrier, network, backend, firmware or vehicle.
    `state`: held (not told yet), new, acknowledged, in_work, verifying, closed, false or merged (into `parent`).
    `since`: when it probably began; `raised_at`: when it was told. `severity` as in a finding, with demand weighed in.
    """

    id: str
    number: int
    scope: str
    station: str | None
    evse: int
    site: str | None
    stations: list[str]
    family: str
    severity: int
    confidence: float
    state: str
    hidden_by: str
    since: datetime
    raised_at: datetime | None
    last_at: datetime
    quiet_since: datetime | None
    closed_at: datetime | None
    times: int
    repeats: int
    reports: int
    drivers_day: float
    energy_day_wh: int
    has_alternative: bool
    owner: str
    acknowledged_at: datetime | None
    parent: str | None
    detectors: list[str]
    evidence: list[Said]
    recommended_action: str
    tried: list[str]
    cause: str | None


class Happened(Struct, frozen=True):
    """One line of an incident's timeline. `by`: machine, person or rule."""

    at: datetime
    by: str
    name: str
    text: str
    values: dict[str, Any]
    note: str


class IncidentDetail(Struct, frozen=True):
    """One incident with all it is made of."""

    incident: Incident
    findings: list[Finding]
    timeline: list[Happened]


class Doing(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done with an incident: `acknowledge`, `work`, `mended`, `note`, and a note about it."""

    what: str
    note: str = ""


def _said(evidence: tuple[Evidence, ...] | None) -> list[Said]:
    return [Said(one.text, one.values, one.at) for one in evidence or ()]


def finding_of(row: queries.FindingRow) -> Finding:
    """Return a finding as programs see it."""
    return Finding(
        id=shown("fnd", row.id), detector=row.detector, station=shown("sta", row.station_id), evse=row.evse_number,
        family=row.family.value, severity=int(row.severity), confidence=round(row.confidence, 3), since=row.since,
        raised_at=row.raised_at, last_at=row.last_at, times=row.times, evidence=_said(row.evidence),
        cleared_at=row.cleared_at, incident=shown("inc", row.incident_id) if row.incident_id else None,
    )  # fmt: skip


def incident_of(row: queries.IncidentRow) -> Incident:
    """Return an incident as programs see it."""
    return Incident(
        id=shown("inc", row.id), number=row.number, scope=row.scope,
        station=shown("sta", row.station_id) if row.station_id else None, evse=row.evse_number,
        site=shown("sit", row.site_id) if row.site_id else None, stations=[shown("sta", each) for each in row.stations],
        family=row.family.value, severity=int(row.severity), confidence=round(row.confidence, 3),
        state=row.state.value, hidden_by=row.hidden_by.value, since=row.since, raised_at=row.raised_at,
        last_at=row.last_at, quiet_since=row.quiet_since, closed_at=row.closed_at, times=row.times,
        repeats=row.repeats, reports=row.reports, drivers_day=round(row.drivers_day, 2),
        energy_day_wh=row.energy_day_wh, has_alternative=row.has_alternative, owner=row.owner_name,
        acknowledged_at=row.acknowledged_at, parent=shown("inc", row.parent_id) if row.parent_id else None,
        detectors=list(row.detectors), evidence=_said(row.evidence), recommended_action=advice.action_of(row),
        tried=list(row.tried), cause=row.cause,
    )  # fmt: skip


@get("/incidents", opt=needs(Permission.STATIONS_READ))
async def list_incidents(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "open",
    severity: FromQuery[int | None] = None,
    family: FromQuery[str] = "",
    site: FromQuery[str | None] = None,
    station: FromQuery[str | None] = None,
    changed_since: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Incident]:
    """List incidents, the most urgent first.

    `state` is one state, or open (told, not over, not hidden), hidden, or all.
    """
    checked_limit(limit, offset)
    wanted = queries.IncidentFilter(
        search=search,
        state=in_state,
        severity=severity,
        family=family,
        site_id=parsed("sit", site, field="site") if site else None,
        station_id=parsed("sta", station, field="station") if station else None,
        since=changed_since,
    )
    async with asked.transaction() as tx:
        rows = await queries.open_incidents(tx, asked.actor.site_ids, wanted, limit=limit, offset=offset)
        total = await queries.count_incidents(tx, asked.actor.site_ids, wanted)
    return page([incident_of(row) for row in rows], limit=limit, offset=offset, total=total)


@get("/incidents/{incident:str}", opt=needs(Permission.STATIONS_READ))
async def show_incident(asked: Asking, incident: FromPath[str]) -> IncidentDetail:
    """Show one incident with its findings and its timeline."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, incident)
        findings = await queries.findings(tx, asked.actor.site_ids, queries.FindingFilter(incident_id=row.id))
        events = await queries.timeline(tx, row.id)
    return IncidentDetail(
        incident_of(row),
        [finding_of(each) for each in findings],
        [Happened(one.at, one.by_kind, one.by_name, one.text, one.params, one.note) for one in events],
    )


@post("/incidents/{incident:str}", opt=needs(Permission.COMMANDS_SEND), status_code=200)
async def work_on_incident(asked: Asking, incident: FromPath[str], data: JSONBody[Doing]) -> Incident:
    """Acknowledge an incident, begin to work on it, say that it is mended, or write a note."""
    async with asked.transaction() as tx:
        row = await _seen(tx, asked, incident)
        deed = working.checked_deed(data.what)
        await working.do(tx, asked.actor, IncidentId(row.id), deed, data.note, asked.now, asked.house.hints)
        return incident_of(await _seen(tx, asked, incident))


@get("/findings", opt=needs(Permission.STATIONS_READ))
async def list_findings(
    asked: Asking,
    in_state: InState = "open",
    station: FromQuery[str | None] = None,
    incident: FromQuery[str | None] = None,
    detector: FromQuery[str] = "",
    changed_since: FromQuery[datetime | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Finding]:
    """List what detectors hold against stations. `state` is open, cleared or all."""
    checked_limit(limit, offset)
    wanted = queries.FindingFilter(
        incident_id=parsed("inc", incident, field="incident") if incident else None,
        station_id=parsed("sta", station, field="station") if station else None,
        detector=detector,
        state=in_state,
        since=changed_since,
    )
    async with asked.transaction() as tx:
        rows = await queries.findings(tx, asked.actor.site_ids, wanted, limit=limit + 1, offset=offset)
    return page([finding_of(row) for row in rows], limit=limit, offset=offset)


async def _seen(tx: Transaction, asked: Asked, text: str) -> queries.IncidentRow:
    row = await queries.incident(tx, asked.actor.site_ids, parsed("inc", text, field="incident"))
    if row is None:
        raise NotFound("There is no such incident.", field="incident")
    return row


HANDLERS: Final = [list_incidents, show_incident, work_on_incident, list_findings]
