"""The ledger of outages that policies need not count, and the opening hours of sites."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics.uptime import queries, queries_exclusions, service, words
from laddverk.diagnostics.uptime.hours import Opening
from laddverk.diagnostics.uptime.service import NewExclusion
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.web import spreadsheets
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

SORTS: Final = ("-from",)
STATES: Final = ("proposed", "approved", "refused", "withdrawn")
HOURS: Final = re.compile(r"\s*(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})\s*")
PLACE: Final = "/console/uptime/exclusions"


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_exclusions(desk: AtDesk) -> Response[str]:
    """The ledger, and the form for a new line."""
    return await _page(desk, {"site_id": desk.asked("site"), "station_id": desk.asked("station")}, {})


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    listing, state = desk.listing(*SORTS), desk.asked("state")
    state = state if state in STATES else ""
    async with desk.transaction() as tx:
        return desk.page(
            "console/uptime/exclusions.html",
            status=status,
            rows=await queries_exclusions.exclusions(
                tx, desk.sites, state, listing.search, limit=PAGE_SIZE, offset=listing.offset
            ),
            total=await queries_exclusions.count_exclusions(tx, desk.sites, state, listing.search),
            waiting=await queries_exclusions.count_exclusions(tx, desk.sites, "proposed"),
            sites=await stations_queries.sites(tx, desk.sites),
            listing=listing, uptime=words, values=values, errors=errors, me=desk.actor.id,
        )  # fmt: skip


@get("/console/uptime/exclusions.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_exclusions(desk: AtDesk) -> Response[bytes]:
    """The ledger as CSV."""
    state = desk.asked("state")
    async with desk.transaction() as tx:
        rows = await queries_exclusions.exclusions(
            tx, desk.sites, state if state in STATES else "", desk.listing(*SORTS).search, limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer(
        "exclusions",
        ("id", "site", "charger", "outlet", "from", "until", "reason", "evidence", "author", "created_at", "state",
         "decided_by", "decided_at", "why"),
        [
            (
                shown("exc", one.id), one.site_name, one.station_name, one.evse_number, one.from_at, one.until_at,
                one.reason, one.evidence, one.author, one.created_at, one.state, one.decided_by, one.decided_at,
                one.decided_why,
            )
            for one in rows
        ],
    )  # fmt: skip


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def propose(desk: AtDesk) -> Response[Any]:
    """Propose an exclusion; a second person decides."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            site = found(await queries.site(tx, desk.sites, named("sit", form.get("site_id", ""))))
            station = await _station(desk, tx, form.get("charger", ""), site.site_id)
            new = NewExclusion(
                site_id=site.site_id, station_id=station, evse_number=_number(form.get("evse_number", "")),
                from_at=_instant(form.get("from", ""), site.timezone, "from"),
                until_at=_instant(form.get("until", ""), site.timezone, "until"), reason=form.get("reason", ""),
                evidence=form.get("evidence", "").replace("\x00", "")[:5_000],
            )  # fmt: skip
            await service.propose(tx, desk.actor, new, desk.now)
    except Problem as problem:
        return await _page(desk, dict(form), desk.errors(problem), problem.status)
    return desk.go(PLACE, desk.words("Proposed. A colleague has to approve it before it counts."))


async def _station(desk: Desk, tx: Transaction, name: str, site_id: SiteId) -> StationId | None:
    """Return the charger of that name or identity at the site; None when none was named."""
    wanted = name.strip()[:100]
    if not wanted:
        return None
    rows = await stations_queries.stations(
        tx, desk.sites, stations_queries.StationFilter(site_id=site_id, search=wanted), limit=50
    )
    same = [one for one in rows if wanted.casefold() in (one.name.casefold(), one.identity.casefold())]
    if len(same) != 1:
        raise Invalid("There is no such charger at the site.", field="charger", remedy="Write its name as it is shown.")
    return StationId(same[0].id)


@post(PLACE + "/{exclusion_id:str}/{step:str}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def decide(desk: AtDesk, exclusion_id: FromPath[str], step: FromPath[str]) -> Response[Any]:
    """Approve, refuse or withdraw one."""
    form = await desk.form()
    word = found({"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"}.get(step))
    identity = named("exc", exclusion_id)
    try:
        async with desk.transaction() as tx:
            await service.decide(tx, desk.actor, identity, word, form.get("why", ""), desk.now)
    except Problem as problem:
        if problem.status == 404:
            raise
        said = next(iter(desk.errors(problem).values()))
        return await _page(desk, {}, {f"why-{shown('exc', identity)}": said}, problem.status)
    return desk.go(PLACE, desk.words("It is written in the ledger."))


@post("/console/uptime/sites/{site_id:str}/hours", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def set_hours(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Let a site have other opening hours from a day on."""
    form = await desk.form()
    site = named("sit", site_id)
    openings = openings_of({day: form.get(f"day-{day}", "") for day in range(1, 8)})
    try:
        valid_from = date.fromisoformat(form.get("valid_from", ""))
    except ValueError:
        raise Invalid("This is not a day.", field="valid_from", remedy="Write it like 2026-10-01.") from None
    async with desk.transaction() as tx:
        await service.set_hours(tx, desk.actor, site, valid_from, openings, desk.now)
    return desk.go(f"/console/uptime/sites/{shown('sit', site)}", desk.words("The opening hours are saved."))


def openings_of(written: dict[int, str]) -> list[Opening]:
    """Return opening hours as people write them: `07:00-22:00, 23:00-24:00` by weekday; empty: closed.

    All days empty: always open. Raises `Invalid` naming the day.
    """
    found_hours: list[Opening] = []
    for day, text in written.items():
        for part in re.split(r"[,;]", text[:200]):
            if not part.strip():
                continue
            match = HOURS.fullmatch(part)
            if match is None:
                raise Invalid("These are no opening hours.", field=f"day-{day}", remedy="Write them like 07:00-22:00.")
            since_h, since_m, until_h, until_m = (int(one) for one in match.groups())
            if max(since_m, until_m) > 59 or max(since_h, until_h) > 24:
                raise Invalid("These are no opening hours.", field=f"day-{day}", remedy="Write them like 07:00-22:00.")
            found_hours.append(Opening(day, since_h * 60 + since_m, until_h * 60 + until_m))
    return found_hours


def _instant(text: str, zone: str, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("This is not a time.", field=field, remedy="Write it like 2026-10-25 07:30.") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 3:
        raise Invalid("This is not the number of an outlet.", field="evse_number")
    return int(text)


ROUTES: Final = [list_exclusions, export_exclusions, propose, decide, set_hours]
