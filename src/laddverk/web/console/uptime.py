"""Uptime of the network: what it is now, by every policy, and its sites, the worst first."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from laddverk.diagnostics.outcomes import queries as outcomes
from laddverk.diagnostics.uptime import months, queries, queries_network, words
from laddverk.diagnostics.uptime.hours import Length, Period, period_named, period_of
from laddverk.diagnostics.uptime.jobs import POLICIES
from laddverk.diagnostics.uptime.policies import HONEST, Policies, policies_of
from laddverk.diagnostics.uptime.queries_network import SiteLine
from laddverk.diagnostics.uptime.reports import Asked
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

PLACE: Final = "/console/uptime"
SORTS: Final = ("uptime", "name", "-lost", "-outages")
EARLIEST: Final = date(2020, 1, 1)


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


def asked_by(desk: Desk, known: Policies) -> Asked:
    """Return what a report is made of, beside its place and period."""
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


def _own_report(desk: Desk) -> str:
    """Return the address of the report on the host in the address, or on oneself; '' for the whole network."""
    host = desk.asked("host") or (shown("opr", desk.actor.id) if desk.sites is not None and desk.actor.id else "")
    return f"/console/uptime/hosts/{host}" if host else ""


def _policy(desk: Desk, known: Policies) -> str:
    asked = desk.asked("policy")
    return asked if known.named(asked) else HONEST


async def _known(desk: Desk) -> dict[str, Any]:
    """Return what the overview shows."""
    choice, listing, known = choice_of(desk), desk.listing(*SORTS), policies(desk)
    period = choice.period
    async with desk.transaction() as tx:
        sites, hosts = await _sites(desk, tx)
        lines = await queries_network.by_site(
            tx, sites, period.first, period.after, _policy(desk, known), listing.search
        )
        stations = await queries.stations(tx, sites, desk.midnight(period.first), desk.midnight(period.after))
        span = outcomes.Span(since=desk.midnight(period.first), until=desk.midnight(period.after))
        tried = next(iter(await outcomes.rates(tx, sites, span)), None)
        price = await queries.price_per_kwh(
            tx, stations, desk.midnight(period.first), desk.now, desk.house.settings.currency
        )
        totals = await queries_network.totals(tx, sites, period.first, period.after)
        conditions = await queries_network.conditions(tx, sites)
        at_risk_wh = await queries_network.at_risk_wh(tx, sites)
    rows = _sorted(lines, listing.sort)
    lost_wh = sum(one.lost_wh for one in lines)
    margin = None if price is None else price * desk.house.settings.margin_percent / 100
    return {
        "choice": choice,
        "listing": listing,
        "known": known,
        "policy": _policy(desk, known),
        "uptime": words,
        "hosts": hosts,
        "rows": rows[listing.offset : listing.offset + PAGE_SIZE],
        "total": len(rows),
        "lost_wh": lost_wh,
        "tried": tried,
        "stations": len(stations),
        "currency": desk.house.settings.currency,
        "HONEST": HONEST,
        "worst": lines[:1],
        "lost_minor": None if margin is None else round(lost_wh / 1000 * margin),
        "at_risk_minor": None if margin is None else round(at_risk_wh / 1000 * margin),
        "own_report": _own_report(desk),
        "totals": totals,
        "conditions": conditions,
        "at_risk_wh": at_risk_wh,
    }


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def overview(desk: AtDesk) -> Response[str]:
    """The network: states now, uptime by every policy, the worst sites first."""
    return desk.page("console/uptime/overview.html", **await _known(desk))


async def live_overview(desk: Desk) -> Parts:
    """Return the parts of the page that change."""
    desk.kept_live, known = PLACE, await _known(desk)
    names = ("sentence", "figures", "rows")
    return {f"uptime-{name}": desk.template(f"console/uptime/{name}.html", **known) for name in names}


@get("/console/uptime.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_overview(desk: AtDesk) -> Response[bytes]:
    """The sites by one policy, as CSV."""
    choice, listing, known = choice_of(desk), desk.listing(*SORTS), policies(desk)
    policy = _policy(desk, known)
    async with desk.transaction() as tx:
        sites, _hosts = await _sites(desk, tx)
        lines = await queries_network.by_site(
            tx, sites, choice.period.first, choice.period.after, policy, listing.search
        )
    return spreadsheets.answer(
        f"uptime-{choice.period.key}",
        ("period", "policy", "site", "outlets", "eligible_min", "outage_min", "excluded_min", "uptime", "outages",
         "lost_kwh", "worked_out_at"),
        [
            (
                choice.period.key, policy, one.site_name, one.outlets, minutes_of(one.eligible_s),
                minutes_of(one.outage_s), minutes_of(one.excluded_s), round(one.uptime, 6), one.outages,
                round(one.lost_wh / 1000, 1), one.worked_out_at,
            )
            for one in _sorted(lines, listing.sort)
        ],
    )  # fmt: skip


@get("/console/uptime/policies", opt={NEEDS: Permission.STATIONS_READ})
async def show_policies(desk: AtDesk) -> Response[Any]:
    """What each policy counts."""
    known = policies(desk)
    async with desk.transaction() as tx:
        changed = await months.changed(tx, known.all)
    return desk.page("console/uptime/policies.html", known=known, uptime=words, changed=changed)


def minutes_of(seconds: float) -> float:
    """Return seconds as minutes, for a spreadsheet."""
    return round(seconds / 60, 2)


ROUTES: Final = [overview, export_overview, show_policies]
