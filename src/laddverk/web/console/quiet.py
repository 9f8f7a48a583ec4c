"""Quiet times: silences and maintenance windows, each with an end, an author and a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics.incidents import queries_quiet, working
from laddverk.diagnostics.model import Family
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, StationId, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.stations import queries as stations_queries
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/quiet"
STATIONS_MAX: Final = 2000  # to choose from
FIELD_FORMAT: Final = "%Y-%m-%dT%H:%M"


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    listing, state = desk.listing("until"), desk.asked("state", "open")
    async with desk.transaction() as tx:
        return desk.page(
            "console/incidents/quiet.html",
            status=status,
            rows=await queries_quiet.spans(
                tx, desk.sites, state, listing.search, desk.now, limit=PAGE_SIZE, offset=listing.offset
            ),
            total=await queries_quiet.count_spans(tx, desk.sites, state, listing.search, desk.now),
            listing=listing,
            state=state,
            sites=await stations_queries.sites(tx, desk.sites),
            stations=await stations_queries.stations(
                tx, desk.sites, stations_queries.StationFilter(), limit=STATIONS_MAX, offset=0
            ),
            everywhere=desk.sites is None,
            inc=incident_words,
            values=_proposed(desk) | values,
            errors=errors,
        )


def _proposed(desk: Desk) -> dict[str, str]:
    """Return what the form begins with: now, for four hours, at the place in the address."""
    local = desk.now.astimezone(ZoneInfo(desk.house.settings.timezone))
    family = desk.asked("family")
    return {
        "kind": "silence",
        "from": local.strftime(FIELD_FORMAT),
        "until": (local + timedelta(hours=4)).strftime(FIELD_FORMAT),
        "place": desk.asked("station") or desk.asked("site"),
        "family": family if family in set(Family) else "",
    }


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_quiet(desk: AtDesk) -> Response[str]:
    """The quiet times, and the form for one more."""
    return await _page(desk, {}, {})


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def ask_quiet(desk: AtDesk) -> Response[Any]:
    """Begin a silence or a maintenance window."""
    form = await desk.form()
    try:
        given = _given(desk, form)
        async with desk.transaction() as tx:
            await working.ask_quiet(tx, desk.actor, given, desk.now, desk.house.hints)
    except NotFound as problem:
        return await _page(desk, form, {"place": desk.words(problem.message)}, problem.status)
    except Problem as problem:
        return await _page(desk, form, desk.errors(problem), problem.status)
    return desk.go(PLACE, desk.words("It is quiet there until the end that you gave. Danger is told all the same."))


@post(f"{PLACE}/{{span:str}}/end", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def end_quiet(desk: AtDesk, span: FromPath[str]) -> Response[Any]:
    """End one before its time."""
    async with desk.transaction() as tx:
        await working.end_quiet(tx, desk.actor, named("qui", span), desk.now, desk.house.hints)
    return desk.go(PLACE, desk.words("It is over: people are told again."))


def _given(desk: Desk, form: dict[str, str]) -> working.NewQuiet:
    place = form.get("place", "")
    family = form.get("family", "")
    if family and family not in set(Family):
        raise Invalid("Choose from the list.", field="family")
    return working.NewQuiet(
        kind=form.get("kind", ""),
        station_id=StationId(parsed("sta", place, field="place")) if place.startswith("sta_") else None,
        site_id=SiteId(parsed("sit", place, field="place")) if place.startswith("sit_") else None,
        family=family,
        from_at=instant_of(desk, form.get("from", ""), "from"),
        until_at=instant_of(desk, form.get("until", ""), "until"),
        reason=form.get("reason", ""),
    )


def instant_of(desk: Desk, text: str, field: str) -> datetime:
    """Return the instant of a local date and time as a form sends it. Raises `Invalid` naming `field`."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("Enter a day and a time.", field=field, remedy="Write it like 2026-11-30 08:00.") from None
    return local if local.tzinfo else local.replace(tzinfo=ZoneInfo(desk.house.settings.timezone))


ROUTES: Final = [list_quiet, ask_quiet, end_quiet]
