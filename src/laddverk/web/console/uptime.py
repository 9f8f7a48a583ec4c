"""Uptime: the network's overview, and reports on a site or a charger as page, CSV and PDF."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.diagnostics.uptime import paper, queries, words
from laddverk.diagnostics.uptime.hours import Length, Period, period_named, period_of
from laddverk.diagnostics.uptime.jobs import POLICIES
from laddverk.diagnostics.uptime.policies import HONEST, Policies, policies_of
from laddverk.diagnostics.uptime.queries import Place, SiteLine
from laddverk.diagnostics.uptime.reports import Asked, Report, report
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.web import spreadsheets
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.spreadsheets import Cell
from laddverk.web.visit import named

SORTS: Final = ("uptime", "name", "-lost", "-outages")
EARLIEST: Final = date(2020, 1, 1)


def under(name: str) -> list[str]:
    """Return the addresses of a file of a site's and of a charger's report."""
    return [f"/console/uptime/{kind}/{{identity:str}}/{name}" for kind in ("sites", "stations")]


class Choice(Struct, frozen=True):
    """The period that is looked at, and those beside it."""

    period: Period
    before: Period | None
    after: Period | None
    others: tuple[Period, ...]
    """The same time in the other lengths."""


def choice_of(desk: Desk) -> Choice:
    """Return the period in the address, the running month by default. Raises `Invalid`."""
    asked = desk.asked("period")
    period = period_named(asked) if asked else period_of(Length.MONTH, desk.today)
    if not EARLIEST <= period.first <= desk.today:
        raise Invalid("Nothing is known of this time.", field="period", remedy="Choose an earlier or later one.")
    after = period_of(period.length, period.after)
    last = min(period_of(Length.MONTH, period.after), period_of(Length.MONTH, desk.today), key=lambda one: one.first)
    day = period.first if period.length is Length.MONTH else min(last.first, desk.today)
    return Choice(
        period=period,
        before=period.before if period.before.first >= EARLIEST else None,
        after=after if after.first <= desk.today else None,
        others=tuple(
            period if length is period.length else period_of(length, min(day, desk.today)) for length in Length
        ),
    )  # fmt: skip


def policies(desk: Desk) -> Policies:
    """Return the policies that reports go by: ours, and the operator's contracts."""
    return policies_of(desk.house.settings.state_dir / POLICIES)


def _asked(desk: Desk, known: Policies) -> Asked:
    settings = desk.house.settings
    return Asked(policies=known.all, currency=settings.currency, margin_percent=settings.margin_percent, now=desk.now)


async def _sites(desk: Desk, tx: Transaction) -> tuple[frozenset[UUID] | None, list[queries.Host]]:
    """Return whose sites are looked at: one's own, or those of the host in the address; and the hosts there are."""
    hosts = await queries.hosts(tx) if desk.sites is None else []
    asked = desk.asked("host")
    if not asked:
        return desk.sites, hosts
    identity = named("opr", asked)
    return found(next((one.sites for one in hosts if one.id == identity), None)), hosts


def _sorted(lines: list[SiteLine], sort: str) -> list[SiteLine]:
    if sort == "name":
        return sorted(lines, key=lambda one: one.site_name.casefold())
    if sort == "-lost":
        return sorted(lines, key=lambda one: -one.lost_wh)
    if sort == "-outages":
        return sorted(lines, key=lambda one: -(one.outages or 0))
    return lines


def _policy(desk: Desk, known: Policies) -> str:
    asked = desk.asked("policy")
    return asked if known.named(asked) else HONEST


@get("/console/uptime", opt={NEEDS: Permission.STATIONS_READ})
async def overview(desk: AtDesk) -> Response[str]:
    """The network: states now, uptime by every policy, the worst sites first."""
    choice, listing, known = choice_of(desk), desk.listing(*SORTS), policies(desk)
    period = choice.period
    async with desk.transaction() as tx:
        sites, hosts = await _sites(desk, tx)
        lines = await queries.by_site(tx, sites, period.first, period.after, _policy(desk, known), listing.search)
        stations = await queries.stations(tx, sites, desk.midnight(period.first), desk.midnight(period.after))
        outcomes = await queries.outcomes(tx, stations, desk.midnight(period.first), desk.midnight(period.after))
        price = await queries.price_per_kwh(
            tx, stations, desk.midnight(period.first), desk.now, desk.house.settings.currency
        )
        totals = await queries.totals(tx, sites, period.first, period.after)
        conditions = await queries.conditions(tx, sites)
        at_risk_wh = await queries.at_risk_wh(tx, sites)
    rows = _sorted(lines, listing.sort)
    lost_wh = sum(one.lost_wh for one in lines)
    margin = None if price is None else price * desk.house.settings.margin_percent / 100
    return desk.page(
        "console/uptime/overview.html",
        choice=choice, listing=listing, known=known, policy=_policy(desk, known), uptime=words, hosts=hosts,
        rows=rows[listing.offset : listing.offset + PAGE_SIZE], total=len(rows), lost_wh=lost_wh, outcomes=outcomes,
        stations=len(stations), currency=desk.house.settings.currency, HONEST=HONEST, worst=lines[:1],
        lost_minor=None if margin is None else round(lost_wh / 1000 * margin),
        at_risk_minor=None if margin is None else round(at_risk_wh / 1000 * margin),
        totals=totals, conditions=conditions, at_risk_wh=at_risk_wh,
    )  # fmt: skip


@get("/console/uptime.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_overview(desk: AtDesk) -> Response[bytes]:
    """The sites by one policy, as CSV."""
    choice, listing, known = choice_of(desk), desk.listing(*SORTS), policies(desk)
    policy = _policy(desk, known)
    async with desk.transaction() as tx:
        sites, _hosts = await _sites(desk, tx)
        lines = await queries.by_site(tx, sites, choice.period.first, choice.period.after, policy, listing.search)
    return spreadsheets.answer(
        f"uptime-{choice.period.key}",
        ("period", "policy", "site", "outlets", "eligible_min", "outage_min", "excluded_min", "uptime", "outages",
         "lost_kwh", "worked_out_at"),
        [
            (
                choice.period.key, policy, one.site_name, one.outlets, _minutes(one.eligible_s),
                _minutes(one.outage_s), _minutes(one.excluded_s), round(one.uptime, 6), one.outages,
                round(one.lost_wh / 1000, 1), one.worked_out_at,
            )
            for one in _sorted(lines, listing.sort)
        ],
    )  # fmt: skip


async def _report(desk: Desk, identity: str) -> tuple[Report, Choice, Policies]:
    choice, known = choice_of(desk), policies(desk)
    async with desk.transaction() as tx:
        place: Place
        if identity.startswith("sit_"):
            place = found(await queries.site(tx, desk.sites, named("sit", identity)))
        else:
            place = found(await queries.station(tx, desk.sites, named("sta", identity)))
        start, end = desk.midnight(choice.period.first), desk.midnight(choice.period.after)
        stations = await queries.stations(tx, desk.sites, start, end, site=place.site_id, station=place.station_id)
        made = await report(tx, place, stations, choice.period, _asked(desk, known))
    return made, choice, known


def _href(place: Place) -> str:
    if place.station_id is not None:
        return f"/console/uptime/stations/{shown('sta', place.station_id)}"
    return f"/console/uptime/sites/{shown('sit', place.site_id)}"


async def _page(desk: Desk, identity: str) -> Response[str]:
    made, choice, known = await _report(desk, identity)
    hours = []
    if made.place.station_id is None:
        async with desk.transaction() as tx:
            hours = await queries.hours(tx, made.place.site_id)
    return desk.page(
        "console/uptime/report.html",
        report=made, choice=choice, known=known, uptime=words, inc=incident_words, href=_href(made.place),
        currency=desk.house.settings.currency, HONEST=HONEST, hours=hours, margin=desk.house.settings.margin_percent,
    )  # fmt: skip


@get("/console/uptime/sites/{identity:str}", opt={NEEDS: Permission.STATIONS_READ})
async def site_report(desk: AtDesk, identity: FromPath[str]) -> Response[str]:
    """The report on a site."""
    return await _page(desk, identity)


@get("/console/uptime/stations/{identity:str}", opt={NEEDS: Permission.STATIONS_READ})
async def station_report(desk: AtDesk, identity: FromPath[str]) -> Response[str]:
    """The report on a charger."""
    return await _page(desk, identity)


@get(under("report.csv"), opt={NEEDS: Permission.STATIONS_READ})
async def report_csv(desk: AtDesk, identity: FromPath[str]) -> Response[bytes]:
    """The report's outlets by every policy, as CSV."""
    made, choice, _known = await _report(desk, identity)
    rows: list[tuple[Cell, ...]] = [
        (
            choice.period.key, policy.name, policy.version, one.outlet.site_name, one.outlet.station_name,
            one.outlet.evse_number, one.outlet.code, _minutes(count.eligible.total_seconds()),
            _minutes(count.outage.total_seconds()), _minutes(count.excluded.total_seconds()),
            _rounded(count.raw), _rounded(count.uptime),
            one.outages, round(one.lost_wh / 1000, 1),
        )
        for one in made.lines
        for policy in made.policies
        if (count := one.counts.get(policy.name)) is not None
    ]  # fmt: skip
    return spreadsheets.answer(
        f"uptime-{choice.period.key}",
        ("period", "policy", "version", "site", "charger", "outlet", "code", "eligible_min", "outage_min",
         "excluded_min", "uptime_raw", "uptime", "outages", "lost_kwh"),
        rows,
    )  # fmt: skip


@get(under("outages.csv"), opt={NEEDS: Permission.STATIONS_READ})
async def outages_csv(desk: AtDesk, identity: FromPath[str]) -> Response[bytes]:
    """Each outage with how long it lasted, as CSV: what NEVI asks for each quarter."""
    made, choice, _known = await _report(desk, identity)
    if made.outages is None:
        raise Invalid("These are too many outages to list.", field="period", remedy="Choose a month, or one charger.")
    return spreadsheets.answer(
        f"outages-{choice.period.key}",
        ("charger", "outlet", "code", "start", "end", "minutes", "state", "why", "is_over"),
        [
            (
                one.outlet.station_name, one.outlet.evse_number, one.outlet.code, one.outage.start,
                one.outage.end if one.outage.is_over else None, _minutes(one.outage.lasted.total_seconds()),
                one.outage.state.value, one.outage.why, "yes" if one.outage.is_over else "no",
            )
            for one in made.outages
        ],
    )  # fmt: skip


@get(under("report.pdf"), opt={NEEDS: Permission.STATIONS_READ})
async def report_pdf(desk: AtDesk, identity: FromPath[str]) -> Response[bytes]:
    """The report on paper, to send to a host or an authority."""
    made, choice, _known = await _report(desk, identity)
    settings = desk.house.settings
    document = paper.document(
        made, paper.Heading(settings.operator_name, settings.currency, desk.language, desk.now), _families(desk)
    )
    content = await asyncio.to_thread(paper.pdf, document, desk.now)
    name = f'inline; filename="uptime-{choice.period.key}.pdf"'
    headers = {"content-disposition": name, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(content, media_type="application/pdf", headers=headers)


def _families(desk: Desk) -> dict[str, str]:
    said = gettext_for(desk.language)
    return {key: said(word) for key, word in incident_words.FAMILIES.items()}


@get("/console/uptime/policies", opt={NEEDS: Permission.STATIONS_READ})
async def show_policies(desk: AtDesk) -> Response[Any]:
    """What each policy counts."""
    return desk.page("console/uptime/policies.html", known=policies(desk), uptime=words)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 2)


ROUTES: Final = [
    overview, export_overview, show_policies, site_report, station_report, report_csv, outages_csv, report_pdf,
]  # fmt: skip
