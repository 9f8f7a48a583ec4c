"""Reports on the uptime of a charger, a site or all sites of a host, as page, CSV and PDF."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct

from laddverk.diagnostics.uptime import outages, paper, queries, words
from laddverk.diagnostics.uptime.outages import OutageRow
from laddverk.diagnostics.uptime.policies import HONEST, Policies
from laddverk.diagnostics.uptime.queries import Place
from laddverk.diagnostics.uptime.reports import Report, report
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.web import spreadsheets
from laddverk.web.console import incident_words
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.uptime import Choice, asked_by, choice_of, minutes_of, policies
from laddverk.web.spreadsheets import Cell
from laddverk.web.visit import named

SITE: Final = "/console/uptime/sites/{site_id:str}"
STATION: Final = "/console/uptime/stations/{station_id:str}"
HOST: Final = "/console/uptime/hosts/{host_id:str}"
LINES: Final = (
    "period", "policy", "version", "site", "charger", "outlet", "code", "eligible_min", "outage_min", "excluded_min",
    "uptime_raw", "uptime", "outages", "lost_kwh",
)  # fmt: skip
OUTAGES: Final = ("charger", "outlet", "code", "start", "end", "minutes", "state", "why", "is_over")


class Made(Struct, frozen=True):
    """A report, and what was asked for."""

    report: Report
    choice: Choice
    known: Policies


async def _place(desk: Desk, tx: Transaction, site: UUID | None, station: UUID | None, host: UUID | None) -> Place:
    """Return what the report is about. Raises `NotFound` where it may not be seen; a host sees their own."""
    place: Place
    if site is not None:
        place = found(await queries.site(tx, desk.sites, site))
        return place
    if station is not None:
        place = found(await queries.station(tx, desk.sites, station))
        return place
    who = found(next((one for one in await queries.hosts(tx) if one.id == host), None))
    found(who if desk.sites is None or desk.actor.id == who.id else None)
    zone = desk.house.settings.timezone
    return Place(site_name=who.name, timezone=zone, host_id=who.id, host_sites=who.sites)


async def _stations(desk: Desk, tx: Transaction, place: Place, choice: Choice) -> list[UUID]:
    start, end = desk.midnight(choice.period.first), desk.midnight(choice.period.after)
    return await queries.stations(tx, place.sites, start, end, site=place.site_id, station=place.station_id)


async def _made(desk: Desk, *, site: UUID | None = None, station: UUID | None = None, host: UUID | None = None) -> Made:
    choice, known = choice_of(desk), policies(desk)
    async with desk.transaction() as tx:
        place = await _place(desk, tx, site, station, host)
        stations = await _stations(desk, tx, place, choice)
        return Made(await report(tx, place, stations, choice.period, asked_by(desk, known)), choice, known)


def _href(place: Place) -> str:
    if place.station_id is not None:
        return f"/console/uptime/stations/{shown('sta', place.station_id)}"
    if place.site_id is not None:
        return f"/console/uptime/sites/{shown('sit', place.site_id)}"
    return f"/console/uptime/hosts/{shown('opr', found(place.host_id))}"


async def _page(desk: Desk, made: Made) -> Response[str]:
    place, hours = made.report.place, []
    if place.site_id is not None and place.station_id is None:
        async with desk.transaction() as tx:
            hours = await queries.hours(tx, place.site_id)
    return desk.page(
        "console/uptime/report.html",
        report=made.report, choice=made.choice, known=made.known, uptime=words, inc=incident_words, href=_href(place),
        currency=desk.house.settings.currency, HONEST=HONEST, hours=hours, margin=desk.house.settings.margin_percent,
    )  # fmt: skip


@get(SITE, opt={NEEDS: Permission.STATIONS_READ})
async def site_report(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """The report on a site."""
    return await _page(desk, await _made(desk, site=named("sit", site_id)))


@get(STATION, opt={NEEDS: Permission.STATIONS_READ})
async def station_report(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """The report on a charger."""
    return await _page(desk, await _made(desk, station=named("sta", station_id)))


@get(HOST, opt={NEEDS: Permission.STATIONS_READ})
async def host_report(desk: AtDesk, host_id: FromPath[str]) -> Response[str]:
    """The report on all sites of a host."""
    return await _page(desk, await _made(desk, host=named("opr", host_id)))


def _lines(made: Made) -> Response[bytes]:
    rows: list[tuple[Cell, ...]] = [
        (
            made.choice.period.key, policy.name, policy.version, one.outlet.site_name, one.outlet.station_name,
            one.outlet.evse_number, one.outlet.code, minutes_of(count.eligible.total_seconds()),
            minutes_of(count.outage.total_seconds()), minutes_of(count.excluded.total_seconds()),
            _rounded(count.raw), _rounded(count.uptime), one.outages, round(one.lost_wh / 1000, 1),
        )
        for one in made.report.lines
        for policy in made.report.policies
        if (count := one.counts.get(policy.name)) is not None
    ]  # fmt: skip
    return spreadsheets.answer(f"uptime-{made.choice.period.key}", LINES, rows)


@get(SITE + "/report.csv", opt={NEEDS: Permission.STATIONS_READ})
async def site_csv(desk: AtDesk, site_id: FromPath[str]) -> Response[bytes]:
    """A site's outlets by every policy, as CSV."""
    return _lines(await _made(desk, site=named("sit", site_id)))


@get(STATION + "/report.csv", opt={NEEDS: Permission.STATIONS_READ})
async def station_csv(desk: AtDesk, station_id: FromPath[str]) -> Response[bytes]:
    """A charger's outlets by every policy, as CSV."""
    return _lines(await _made(desk, station=named("sta", station_id)))


@get(HOST + "/report.csv", opt={NEEDS: Permission.STATIONS_READ})
async def host_csv(desk: AtDesk, host_id: FromPath[str]) -> Response[bytes]:
    """A host's outlets by every policy, as CSV."""
    return _lines(await _made(desk, host=named("opr", host_id)))


async def _outages(
    desk: Desk, *, site: UUID | None = None, station: UUID | None = None, host: UUID | None = None
) -> Stream:
    """Answer with all outages as drivers saw them, by charger, the latest first."""
    choice, honest = choice_of(desk), found(policies(desk).named(HONEST))
    async with desk.transaction() as tx:
        place = await _place(desk, tx, site, station, host)
        stations = await _stations(desk, tx, place, choice)
    span, length = choice.period.instants(ZoneInfo(place.timezone)), choice.period.length
    parts = outages.each(desk.transaction, stations, honest, length, span, desk.now)
    return spreadsheets.streamed(f"outages-{choice.period.key}", OUTAGES, (_outage_lines(rows) async for rows in parts))


def _outage_lines(rows: list[OutageRow]) -> list[tuple[Cell, ...]]:
    return [
        (
            one.outlet.station_name, one.outlet.evse_number, one.outlet.code, one.outage.start,
            one.outage.end if one.outage.is_over else None, minutes_of(one.outage.lasted.total_seconds()),
            one.outage.state.value, one.outage.why, "yes" if one.outage.is_over else "no",
        )
        for one in rows
    ]  # fmt: skip


@get(SITE + "/outages.csv", opt={NEEDS: Permission.STATIONS_READ})
async def site_outages(desk: AtDesk, site_id: FromPath[str]) -> Stream:
    """Each outage at a site with how long it lasted, as CSV: what NEVI asks for each quarter."""
    return await _outages(desk, site=named("sit", site_id))


@get(STATION + "/outages.csv", opt={NEEDS: Permission.STATIONS_READ})
async def station_outages(desk: AtDesk, station_id: FromPath[str]) -> Stream:
    """Each outage of a charger with how long it lasted, as CSV."""
    return await _outages(desk, station=named("sta", station_id))


@get(HOST + "/outages.csv", opt={NEEDS: Permission.STATIONS_READ})
async def host_outages(desk: AtDesk, host_id: FromPath[str]) -> Stream:
    """Each outage at a host's sites with how long it lasted, as CSV."""
    return await _outages(desk, host=named("opr", host_id))


async def _paper(desk: Desk, made: Made) -> Response[bytes]:
    settings, said = desk.house.settings, gettext_for(desk.language)
    heading = paper.Heading(settings.operator_name, settings.currency, desk.language, desk.now)
    families = {key: said(word) for key, word in incident_words.FAMILIES.items()}
    content = await asyncio.to_thread(paper.pdf, paper.document(made.report, heading, families), desk.now)
    name = f'inline; filename="uptime-{made.choice.period.key}.pdf"'
    headers = {"content-disposition": name, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(content, media_type="application/pdf", headers=headers)


@get(SITE + "/report.pdf", opt={NEEDS: Permission.STATIONS_READ})
async def site_pdf(desk: AtDesk, site_id: FromPath[str]) -> Response[bytes]:
    """A site's report on paper, to send to its host or an authority."""
    return await _paper(desk, await _made(desk, site=named("sit", site_id)))


@get(STATION + "/report.pdf", opt={NEEDS: Permission.STATIONS_READ})
async def station_pdf(desk: AtDesk, station_id: FromPath[str]) -> Response[bytes]:
    """A charger's report on paper."""
    return await _paper(desk, await _made(desk, station=named("sta", station_id)))


@get(HOST + "/report.pdf", opt={NEEDS: Permission.STATIONS_READ})
async def host_pdf(desk: AtDesk, host_id: FromPath[str]) -> Response[bytes]:
    """A host's report on paper."""
    return await _paper(desk, await _made(desk, host=named("opr", host_id)))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


ROUTES: Final = [
    site_report, station_report, host_report, site_csv, station_csv, host_csv, site_outages, station_outages,
    host_outages, site_pdf, station_pdf, host_pdf,
]  # fmt: skip
