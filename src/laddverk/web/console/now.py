"""Now: what a good colleague would say first, and what flows, fails and earns at this moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response, get
from msgspec import Struct

from laddverk.certificates import queries as certificates_queries
from laddverk.diagnostics.detectors.link import OFFLINE_AFTER_S
from laddverk.diagnostics.incidents import queries as incidents
from laddverk.kernel.actors import Permission
from laddverk.ledger import queries as ledger_queries
from laddverk.payments import queries as payment_queries
from laddverk.payments.disputes import queries as dispute_queries
from laddverk.payments.payouts import queries as payout_queries
from laddverk.payments.reconciliation import queries as reconciliation_queries
from laddverk.payments.reserved import queries as reserved_queries
from laddverk.payments.swish import papers
from laddverk.payments.wallet import queries as wallet_queries
from laddverk.platform import queries as platform_queries
from laddverk.platform.database import Transaction
from laddverk.provisioning.queries import monitoring as monitoring_queries
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import queries as stations_queries
from laddverk.web.console import incident_words, network
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts, Render

DAYS_SHOWN: Final = 14  # two of each weekday
PAST_LASTS: Final = timedelta(minutes=2)
INCIDENTS_SHOWN: Final = 8
COMES_BACK: Final = timedelta(seconds=OFFLINE_AFTER_S)  # silent for less is no trouble yet, here as for detectors


class Past(Struct, frozen=True):
    """What the present is compared with. It changes slowly, and costs more to read than the present."""

    read_at: datetime
    days: list[sessions_queries.Day]
    month: sessions_queries.Today
    week_ago: sessions_queries.Today


async def past(desk: Desk, tx: Transaction) -> Past:
    """Return the last days and what had happened by this time a week ago."""
    today, week = desk.midnight(desk.today), timedelta(days=7)
    since = today - timedelta(days=DAYS_SHOWN - 1)
    return Past(
        read_at=desk.now,
        days=await sessions_queries.days(tx, desk.sites, since, desk.now, desk.house.settings.timezone),
        month=await sessions_queries.between(tx, desk.sites, today - timedelta(days=30), today),
        week_ago=await sessions_queries.between(tx, desk.sites, today - week, desk.now - week),
    )


async def facts(desk: Desk, tx: Transaction, before: Past) -> dict[str, Any]:
    """Return everything that the page and its live parts show."""
    today = desk.midnight(desk.today)
    running = await sessions_queries.running(tx, desk.sites)
    outlets = await sessions_queries.outlets(tx, desk.sites)
    wrong = await incidents.open_incidents(
        tx, desk.sites, incidents.IncidentFilter(state="needing"), limit=INCIDENTS_SHOWN
    )
    told = {each for row in wrong for each in row.stations}
    lately = desk.now - COMES_BACK
    troubled = [row for row in await stations_queries.troubled(tx, desk.sites, lately) if row.id not in told]
    return {
        "inc": incident_words,
        "incidents": wrong,
        "standing": network.standing(await stations_queries.condition_counts(tx, desk.sites)),
        "severe": await monitoring_queries.count_severe(tx, desk.sites),
        "lately_silent": await stations_queries.count_lately_silent(tx, desk.sites, lately),
        "troubles": network.grouped(troubled),
        "running": running,
        "power_w": sum(session.power_w or 0 for session in running),
        "today": await sessions_queries.between(tx, desk.sites, today, desk.now),
        "days": before.days,
        "month": before.month,
        "week_ago": before.week_ago,
        "lines": network.site_lines(outlets),
        "outlets": outlets,
        **(await _chores(desk, tx)),
        **(await _money_chores(desk, tx)),
    }


async def _chores(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return how much waits for a look, for those who may look."""
    if not desk.may(Permission.STATIONS_WRITE) or desk.sites is not None:
        return {"swish": [], "security": 0, "knocks": 0, "quarantined": 0, "failed_jobs": 0, "orphans": 0, "review": 0}
    review = sessions_queries.SessionFilter(state="review")
    return {
        "swish": list(papers.faults(desk.house.settings, desk.now)),
        "security": await certificates_queries.count_events(tx, desk.sites, "", "open"),
        "knocks": await stations_queries.count_knocks(tx),
        "quarantined": await stations_queries.count_quarantined(tx),
        "failed_jobs": await platform_queries.count_failed_jobs(tx),
        "orphans": await sessions_queries.count_orphans(tx),
        "review": (await sessions_queries.totals(tx, desk.sites, review)).sessions,
    }


async def _money_chores(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return what waits at the money desk, for those who see it."""
    if not desk.may(Permission.PAYMENTS_READ) or desk.sites is not None:
        return {
            "disputes": dispute_queries.Waiting(0, None),
            "differing": 0,
            "apart": 0,
            "unsound": 0,
            "reserves": 0,
            "refunds": 0,
            "balances": 0,
        }
    return {
        "disputes": await dispute_queries.waiting(tx),
        "differing": await payout_queries.to_look_at(tx),
        "apart": await reconciliation_queries.count_beside_payouts(tx),
        "unsound": await ledger_queries.count_unsound(tx),
        "reserves": await reserved_queries.to_look_at(tx),
        "refunds": await payment_queries.count_refunds_refused(tx),
        "balances": await wallet_queries.to_do(tx),
    }


@get("/console", opt={NEEDS: Permission.STATIONS_READ})
async def show_now(desk: AtDesk) -> Response[str]:
    """The start page."""
    async with desk.transaction() as tx:
        known = await facts(desk, tx, await past(desk, tx))
        sites = await stations_queries.sites(tx, desk.sites)
    return desk.page("console/now.html", **known, sites=sites)


def live_parts(desk: Desk) -> Render:
    """Return what makes the parts of the page that change by themselves. It reads the past once in a while only."""
    before: Past | None = None

    async def parts() -> Parts:
        nonlocal before
        async with desk.transaction() as tx:
            if before is None or desk.now - before.read_at > PAST_LASTS:
                before = await past(desk, tx)
            known = await facts(desk, tx, before)
        names = ("sentence", "figures", "troubles", "running", "sites")
        return {f"now-{name}": desk.template(f"console/now/{name}.html", **known) for name in names}

    return parts


@get("/console/map.json", opt={NEEDS: Permission.STATIONS_READ})
async def map_of_sites(desk: AtDesk) -> dict[str, Any]:
    """The sites as GeoJSON points, for `charger_map`."""
    async with desk.transaction() as tx:
        sites = await stations_queries.sites(tx, desk.sites)
    return {"type": "FeatureCollection", "features": [_feature(desk, site) for site in sites if site.latitude]}


def _feature(desk: Desk, site: stations_queries.SiteRow) -> dict[str, Any]:
    state = (
        "broken" if site.broken or (site.silent and site.silent < site.stations) else "energy" if site.busy else "free"
    )
    if site.silent and site.silent == site.stations:
        state = "off"
    text = desk.words(
        "%(busy)s of %(outlets)s outlets in use, %(bad)s chargers in trouble",
        busy=site.busy,
        outlets=site.outlets,
        bad=site.silent + site.broken,
    )
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [site.longitude, site.latitude]},
        "properties": {
            "name": site.name,
            "href": f"/console/sites/sit_{site.id.hex}",
            "outlets": site.outlets,
            "busy": site.busy,
            "state": state,
            "text": text,
        },
    }


ROUTES: Final = [show_now, map_of_sites]
