"""The fleet at a glance: every charger by what is wrong with it, with its problems and health, and where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get

from laddverk.diagnostics import queries_fleet
from laddverk.diagnostics.queries_fleet import FleetFilter
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations
from laddverk.web import spreadsheets
from laddverk.web.console import health, incident_words, network
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

PLACE: Final = "/console/fleet"
SORTS: Final = ("worst", "name", "site", "model", "health")
TRIED_WITHIN: Final = timedelta(days=30)
WORD_MAX: Final = 150  # a maker's and a model's name together, as chargers may say them


def _wanted(desk: Desk) -> FleetFilter:
    site = desk.asked("site")
    return FleetFilter(
        search=desk.asked("q").strip()[:100], site_id=named("sit", site) if site else None,
        condition=desk.asked("state")[:20], model=desk.asked("model")[:WORD_MAX], firmware=desk.asked("fw")[:WORD_MAX],
        trouble=desk.asked("trouble")[:10],
    )  # fmt: skip


async def _rows(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return what changes by itself: the sentence and the lines."""
    listing, wanted = desk.listing(*SORTS), _wanted(desk)
    rows = await queries_fleet.fleet(
        tx, desk.sites, wanted, listing.sort, limit=PAGE_SIZE, offset=listing.offset
    )  # fmt: skip
    counts = await stations.condition_counts(tx, desk.sites)
    return {
        "rows": rows,
        "listing": listing,
        "wanted": wanted,
        "is_narrowed": wanted != FleetFilter(),
        "total": await queries_fleet.count(tx, desk.sites, wanted),
        "counts": counts,
        "standing": network.standing(counts),
        "troubled": await queries_fleet.count(tx, desk.sites, FleetFilter(trouble="open")),
        "poor": await queries_fleet.count(tx, desk.sites, FleetFilter(trouble="poor")),
        "tried": await queries_fleet.tried(tx, [row.id for row in rows], desk.now - TRIED_WITHIN),
        "inc": incident_words,
        "tone": health.tone,
    }


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def show_fleet(desk: AtDesk) -> Response[str]:
    """Every charger, what is wrong first."""
    async with desk.transaction() as tx:
        known = await _rows(desk, tx)
        sites = await stations.sites(tx, desk.sites)
        models = await queries_fleet.models(tx, desk.sites)
        versions = await queries_fleet.versions(tx, desk.sites, known["wanted"].model)
    return desk.page("console/fleet/list.html", **known, sites=sites, models=models, versions=versions)


async def live_fleet(desk: Desk) -> Parts:
    """Return the parts of the page that change."""
    desk.kept_live = PLACE
    async with desk.transaction() as tx:
        known = await _rows(desk, tx)
    return {f"fleet-{name}": desk.template(f"console/fleet/{name}.html", **known) for name in ("sentence", "rows")}


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_fleet(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries_fleet.fleet(
            tx, desk.sites, _wanted(desk), desk.listing(*SORTS).sort, limit=spreadsheets.ROWS_MAX
        )
        tried = await queries_fleet.tried(tx, [row.id for row in rows], desk.now - TRIED_WITHIN)
    return spreadsheets.answer(
        "fleet",
        (
            "id", "charger", "identity", "site", "state", "since", "vendor", "model", "firmware", "problems",
            "worst_problem", "severity", "health", "attempts_30d", "ok_30d",
        ),
        [
            (
                shown("sta", row.id), row.name, row.identity, row.site_name, row.condition, row.condition_since,
                row.vendor, row.model, row.firmware, row.incidents, row.family, row.severity, row.score,
                tried[row.id].attempts if row.id in tried else 0, tried[row.id].ok if row.id in tried else 0,
            )
            for row in rows
        ],
    )  # fmt: skip


ROUTES: Final = [show_fleet, export_fleet]
