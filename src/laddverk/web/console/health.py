"""How healthy outlets are, the worst first, why, and whether the score has told the truth so far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get

from laddverk.diagnostics.incidents import advice
from laddverk.diagnostics.model import Severity
from laddverk.diagnostics.upkeep import health, queries_health
from laddverk.diagnostics.upkeep.health import Reason
from laddverk.diagnostics.upkeep.queries_health import HealthFilter
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

PLACE: Final = "/console/health"
MEASURED: Final = timedelta(days=180)  # scores of half a year: long enough for rare outages
SITES_OFFERED: Final = 8  # more are found by the search
TONES: Final = ((40, "broken"), (80, "wait"), (101, "done"))
"""How a score is shown: below the first number as this."""


def tone(points: int) -> str:
    """Return how a score is shown."""
    return next(kind for below, kind in TONES if points < below)


def _wanted(desk: Desk) -> HealthFilter:
    asked = desk.asked("band")
    low, high = next((band for band in health.BANDS if f"{band[0]}-{band[1]}" == asked), (0, 100))
    site = desk.asked("site")
    return HealthFilter(
        search=desk.asked("q").strip()[:100], site_id=named("sit", site) if site else None, low=low, high=high
    )


def reason_words(desk: Desk, reason: Reason) -> str:
    """Return a reason in the reader's language, without its points."""
    if reason.kind == "failures":
        return desk.words("%(times)s of %(of)s attempts failed", times=reason.times, of=reason.of)
    if reason.kind == "returns":
        return desk.words("Troubles came back %(times)s times", times=reason.times)
    if reason.kind == "worn":
        part = desk.words(incident_words.CAUSES[reason.part])
        done = round(reason.share * 100)
        return desk.words("%(part)s: %(done)s percent of what it is built for", part=part, done=done)
    if reason.kind == "lasting":
        title = desk.words(advice.title_of(reason.detector))
        low, high = round(reason.low_days), round(reason.high_days)
        return desk.words("%(title)s in %(low)s to %(high)s days, as it drifts", title=title, low=low, high=high)
    return desk.words(advice.title_of(reason.detector))


def told(desk: Desk) -> dict[str, Any]:
    """Return what templates need to show scores."""
    return {
        "tone": tone,
        "inc": incident_words,
        "reason_words": lambda reason: reason_words(desk, reason),
        "weights": {severity.value: health.WEIGHTS[severity] for severity in Severity},
        "rule": health,
    }


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_health(desk: AtDesk) -> Response[str]:
    """The outlets, the worst first, with reasons; and what came of the scores of the past."""
    async with desk.transaction() as tx:
        sites = await queries_health.sites_of(tx, desk.sites)
        known = await _scored(desk, tx)
    offered = [(shown("sit", one.id), one.name) for one in sites] if 1 < len(sites) <= SITES_OFFERED else []
    return desk.page("console/health/list.html", sites=offered, **known)


async def live_health(desk: Desk) -> Parts:
    """Return the part of the page that changes."""
    desk.kept_live = PLACE
    async with desk.transaction() as tx:
        return {"health-rows": desk.template("console/health/rows.html", **await _scored(desk, tx))}


async def _scored(desk: Desk, tx: Transaction) -> dict[str, Any]:
    listing, wanted = desk.listing("score"), _wanted(desk)
    return {
        "rows": await queries_health.outlets(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset),
        "total": await queries_health.count(tx, desk.sites, wanted),
        "bands": await queries_health.bands(tx, desk.sites, desk.today - MEASURED),
        "listing": listing,
        "wanted": wanted,
        "days": MEASURED.days,
        **told(desk),
    }


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_health(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries_health.outlets(tx, desk.sites, _wanted(desk), limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "health",
        ("site", "charger", "evse", "vendor", "model", "score", "station_score", "reasons", "scored_at"),
        [
            (
                row.site_name, row.station_name, row.evse_number, row.vendor, row.model, row.score, row.station_score,
                "; ".join(f"{reason_words(desk, one)} (-{one.points:.1f})" for one in row.reasons), row.scored_at,
            )
            for row in rows
        ],
    )  # fmt: skip


ROUTES: Final = [list_health, export_health]
