"""Sites: the places where chargers stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import SiteDetails
from laddverk.web.console import network
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

SORTS: Final = ("name", "municipality", "stations")
DAYS_SHOWN: Final = 30


@get("/console/sites", opt={NEEDS: Permission.STATIONS_READ})
async def list_sites(desk: AtDesk) -> Response[str]:
    """The sites, with what stands there."""
    listing = desk.listing(*SORTS)
    async with desk.transaction() as tx:
        rows = await queries.sites(tx, desk.sites, listing.search, listing.sort)
        knocks = await queries.count_knocks(tx) if desk.sites is None else 0
    return desk.page("console/sites/list.html", rows=rows, listing=listing, knocks=knocks)


async def _facts(desk: Desk, tx: Transaction, site_id: str) -> dict[str, Any]:
    site: queries.SiteRow = found(await queries.site(tx, desk.sites, named("sit", site_id)))
    outlets = await sessions_queries.outlets(tx, desk.sites, site.id)
    since = desk.midnight(desk.today) - timedelta(days=DAYS_SHOWN - 1)
    chosen = sessions_queries.SessionFilter(site_id=site.id)
    return {
        "site": site,
        "lines": network.site_lines(outlets),
        "stations": await queries.stations(tx, desk.sites, queries.StationFilter(site_id=site.id), limit=200),
        "sessions": await sessions_queries.sessions(tx, desk.sites, chosen, limit=10),
        "days": await sessions_queries.days(tx, desk.sites, since, desk.now, site.timezone, site.id),
    }


@get("/console/sites/{site_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_site(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """One site: its chargers and what was charged there."""
    async with desk.transaction() as tx:
        known = await _facts(desk, tx, site_id)
    return desk.page("console/sites/detail.html", **known)


async def live_parts(desk: Desk, site_id: str) -> Parts:
    """Return the parts of a site's page that change by themselves."""
    async with desk.transaction() as tx:
        known = await _facts(desk, tx, site_id)
    return {f"site-{name}": desk.template(f"console/sites/{name}.html", **known) for name in ("outlets", "stations")}


def _blank() -> dict[str, str]:
    return {"timezone": "Europe/Stockholm"}


@get("/console/sites/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_site(desk: AtDesk) -> Response[str]:
    """The form for a new site."""
    return desk.page("console/sites/form.html", site=None, values=_blank(), errors={})


@post("/console/sites/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def create_site(desk: AtDesk) -> Response[Any]:
    """Add a site."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            site_id = await stations.create_site(tx, desk.actor, details_of(form), desk.now)
    except Problem as problem:
        return desk.page(
            "console/sites/form.html", status=problem.status, site=None, values=form, errors=desk.errors(problem)
        )
    desk.tell()
    return desk.go(
        f"/console/sites/{shown('sit', site_id)}", desk.words("The site is added. Register its chargers next.")
    )


@get("/console/sites/{site_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE})
async def edit_site(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The form for a site."""
    async with desk.transaction() as tx:
        site: queries.SiteRow = found(await queries.site(tx, desk.sites, named("sit", site_id)))
    values = {
        "name": site.name,
        "code": site.code,
        "address": site.address,
        "municipality": site.municipality,
        "latitude": "" if site.latitude is None else str(site.latitude),
        "longitude": "" if site.longitude is None else str(site.longitude),
        "timezone": site.timezone,
    }
    return desk.page("console/sites/form.html", site=site, values=values, errors={})


@post("/console/sites/{site_id:str}/edit", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_site(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Change a site."""
    form = await desk.form()
    async with desk.transaction() as tx:
        site: queries.SiteRow = found(await queries.site(tx, desk.sites, named("sit", site_id)))
    try:
        async with desk.transaction() as tx:
            await stations.update_site(tx, desk.actor, SiteId(site.id), details_of(form), desk.now)
    except Problem as problem:
        return desk.page(
            "console/sites/form.html", status=problem.status, site=site, values=form, errors=desk.errors(problem)
        )
    desk.tell()
    return desk.go(f"/console/sites/{shown('sit', site.id)}", desk.words("The changes are saved."))


def details_of(form: dict[str, str]) -> SiteDetails:
    """Return the site that a form describes. Raises `Invalid` naming the field."""
    timezone = form.get("timezone") or "Europe/Stockholm"
    if timezone not in available_timezones():
        raise Invalid("There is no such time zone.", field="timezone", remedy="Write it like Europe/Stockholm.")
    return SiteDetails(
        name=form.get("name", ""),
        code=form.get("code", "").upper(),
        address=form.get("address", ""),
        municipality=form.get("municipality", ""),
        latitude=_degrees(form, "latitude", 90),
        longitude=_degrees(form, "longitude", 180),
        timezone=timezone,
    )


def _degrees(form: dict[str, str], field: str, most: int) -> float | None:
    text = form.get(field, "").replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        raise Invalid("This is no position on the map.", field=field, remedy="Write degrees like 57.7089.")
    return value


ROUTES: Final = [list_sites, new_site, create_site, show_site, edit_site, save_site]
