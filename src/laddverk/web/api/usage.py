"""The API's usage: figures by groups, two periods or places compared, what holds sites back, where new ones belong."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from litestar import get
from litestar.params import FromQuery
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.model import Found, Kind, Verdict
from laddverk.planning.bottlenecks.rules import FORMULAS as WHY
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.seeking.seeing import spots
from laddverk.planning.usage import periods, reading, telling
from laddverk.planning.usage.figures import FORMULAS
from laddverk.planning.usage.periods import Days
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, Line
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking

SPOTS_MAX: Final = 100  # the most wanted; as many more a person does not look at


class Figure(Struct, frozen=True, kw_only=True):
    """How outlets were used. Shares are 0 to 1; null where there is nothing to divide by.

    How each is made stands in `formulas` of the answer, under its name there (in brackets where it differs).
    """

    key: str
    name: str
    outlet_hours: float
    sessions: int
    """That began (began)."""
    energy_wh: int
    time_utilisation: float | None
    able_utilisation: float | None
    charging_utilisation: float | None
    energy_utilisation: float | None
    charging_power_w: float | None
    sessions_per_outlet_day: float | None
    """(sessions_per_port_day)"""
    energy_per_outlet_day_wh: float | None
    """(energy_per_port_day_wh)"""
    stay_s: float | None
    session_wh: float | None
    idle_share: float | None
    turnover_per_h: float | None
    """How many cars an outlet serves in an hour in which it is taken."""
    empty_share: float | None
    revenue_minor: int
    """Without VAT; so the next three. By time: of the sessions that began in it."""
    revenue_per_kwh_minor: float | None
    revenue_per_outlet_day_minor: float | None
    """(revenue_per_port_day_minor)"""
    margin_minor: float | None
    """Null where no price of energy is known."""


class Usage(Struct, frozen=True, kw_only=True):
    """Usage of a period, both days included: of all outlets, and by groups."""

    first: date
    last: date
    by: By
    currency: str
    peak_w: int
    peak_at: datetime | None
    """When that hour began."""
    coincidence: float | None
    """The highest hour / rated power of all chosen outlets."""
    taken_max: float | None
    full_s: float
    """How long every outlet of a kind at a site was taken, summed over these."""
    full_share: float | None
    """The same as a share of the time."""
    unseen: float
    """Sessions that are likely to have found no room."""
    waits: int
    attempts: int
    failed_starts: int
    retries: int
    given_up: int
    whole: Figure
    groups: list[Figure]
    formulas: dict[str, str]
    """How each figure is made, by its name."""


class ComparedFigure(Struct, frozen=True, kw_only=True):
    """A figure of both; its name ends in its unit, others are shares of one or counts. Null where it cannot be said."""

    name: str
    first: float | None
    second: float | None
    formula: str


class Compared(Struct, frozen=True, kw_only=True):
    """Two periods or places beside each other, days included."""

    first: date
    last: date
    first2: date
    last2: date
    currency: str
    figures: list[ComparedFigure]


class Evidence(Struct, frozen=True):
    """A sentence of evidence, and the numbers in it."""

    text: str
    values: dict[str, Any]


class HeldBack(Struct, frozen=True, kw_only=True):
    """One thing that holds a site back, scaled to a year."""

    kind: Kind
    hours: float | None
    """Null where it is not known, as for the next."""
    sessions_lost: float | None
    energy_lost_wh: float
    is_estimate: bool
    formula: str
    evidence: list[Evidence]


class MoreOutlets(Struct, frozen=True):
    """How many would be turned away in a year with none, one, two, three more outlets of a kind."""

    plug: str
    outlets: int
    turned_away: list[float]


class Bottlenecks(Struct, frozen=True, kw_only=True):
    """What holds a site back, the worst first. Empty where nothing does, or where it is too soon to say."""

    site: str
    name: str
    since: datetime
    until: datetime
    is_too_soon: bool
    is_managed: bool
    """Its load is managed: elsewhere power and phases are not measured, and never found."""
    found: list[HeldBack]
    more_outlets: list[MoreOutlets]


class WantedSpot(Struct, frozen=True, kw_only=True):
    """A part of the map of about a kilometre where a charger is wanted. Score = drivers + refusals a month near by."""

    place: str
    """In the words of the newest wish; empty where fewer than three drivers wish: own words may tell who it is."""
    latitude: float
    """The middle of that part of the map, or the site that sends drivers away; never the place that a driver gave."""
    longitude: float
    drivers: int
    refusals_month: float
    """Of sites near by, each times e to the power of -distance / 1.5 km; found anew every hour."""
    score: float
    sites_near: dict[str, float]
    """Sites near by with their distance in km, the nearest first."""


def within(asked: Asked, site: str, suffix: str = "") -> frozenset[UUID] | None:
    """Return the sites that are looked at. Raises `NotFound` for one that this key may not see."""
    if not site:
        return asked.actor.site_ids
    identity = parsed("sit", site, field=f"site{suffix}")
    if asked.actor.site_ids is not None and identity not in asked.actor.site_ids:
        raise NotFound("There is no such site.", field=f"site{suffix}")
    return frozenset({identity})


def _chosen(asked: Asked, days: Days, site: str, suffix: str = "") -> Chosen:
    sites = within(asked, site, suffix)
    return Chosen(first=days[0], last=days[1], zone=asked.house.settings.timezone, sites=sites)


def _figure(line: Line) -> Figure:
    told = telling.of_group(line)
    alike: dict[str, Any] = {name: told[name] for name in told if name in Figure.__struct_fields__}
    return Figure(
        **alike, key=line.key, name=line.name or line.key, outlet_hours=line.figures.standing.port_s / 3_600,
        sessions=line.figures.sums.began, sessions_per_outlet_day=told["sessions_per_port_day"],
        energy_per_outlet_day_wh=told["energy_per_port_day_wh"],
        revenue_per_outlet_day_minor=told["revenue_per_port_day_minor"],
    )  # fmt: skip


@get("/usage", opt=needs(Permission.SESSIONS_READ))
async def show_usage(
    asked: Asking, first: FromQuery[date | None] = None, last: FromQuery[date | None] = None,
    site: FromQuery[str] = "", by: FromQuery[By] = By.SITE,
) -> Usage:  # fmt: skip
    """Show how outlets were used, four weeks until today by default, by site, outlet, model, day and more."""
    chosen = _chosen(asked, periods.asked(first, last, asked.today, field="first"), site)
    async with asked.transaction() as tx:
        found = await reading.read(tx, chosen, asked.now, by)
    peaks, attempts = found.peaks, found.attempts
    whole = Line(key="", figures=found.whole)
    return Usage(
        first=chosen.first, last=chosen.last, by=by, currency=asked.house.settings.currency, peak_w=peaks.peak_w,
        peak_at=peaks.peak_at, coincidence=peaks.coincidence, taken_max=peaks.taken_max, full_s=peaks.full_s,
        full_share=peaks.full_share, unseen=peaks.unseen, waits=peaks.waits, attempts=attempts.attempts,
        failed_starts=attempts.failed, retries=attempts.retries, given_up=attempts.failed - attempts.retries,
        whole=_figure(whole), groups=[_figure(one) for one in reading.lines(found, by)],
        formulas={name: formula for name, (_, formula) in FORMULAS.items()},
    )  # fmt: skip


@get("/usage/compare", opt=needs(Permission.SESSIONS_READ))
async def compare_usage(
    asked: Asking, first: FromQuery[date | None] = None, last: FromQuery[date | None] = None,
    site: FromQuery[str] = "", first2: FromQuery[date | None] = None, last2: FromQuery[date | None] = None,
    site2: FromQuery[str] = "",
) -> Compared:  # fmt: skip
    """Show every figure of two periods or places.

    With `site2` alone, that place in the same period; without `last2`, the period as long before the first one.
    """
    days = periods.asked(first, last, asked.today, field="first")
    beside = periods.compared(days, first2, last2, asked.today, field="first2", is_elsewhere=bool(site2))
    one, other = _chosen(asked, days, site), _chosen(asked, beside, site2 or site, "2" if site2 else "")
    async with asked.transaction() as tx:
        here = telling.of_all(await reading.read(tx, one, asked.now, by=None))
        there = telling.of_all(await reading.read(tx, other, asked.now, by=None))
    return Compared(
        first=one.first, last=one.last, first2=other.first, last2=other.last,
        currency=asked.house.settings.currency,
        figures=[
            ComparedFigure(name=name, first=here[name], second=there[name], formula=formula)
            for name, (_, formula) in FORMULAS.items()
        ],
    )  # fmt: skip


@get("/bottlenecks", opt=needs(Permission.SESSIONS_READ))
async def list_bottlenecks(asked: Asking, site: FromQuery[str] = "") -> list[Bottlenecks]:
    """Show what holds sites back, the most energy lost first."""
    sites = within(asked, site)
    async with asked.transaction() as tx:
        seen = await bottlenecks.observed(tx, sites, asked.house.settings.timezone, asked.now)
    return [_bottlenecks(one) for one in sorted(map(judged, seen), key=lambda one: -one.energy_wh)]


def _bottlenecks(verdict: Verdict) -> Bottlenecks:
    return Bottlenecks(
        site=shown("sit", verdict.site_id), name=verdict.name, since=verdict.since, until=verdict.until,
        is_too_soon=verdict.is_too_soon, is_managed=verdict.is_managed, found=[_held(one) for one in verdict.found],
        more_outlets=[MoreOutlets(plug, ports, list(away)) for plug, ports, away in verdict.more_ports if away],
    )  # fmt: skip


def _held(one: Found) -> HeldBack:
    return HeldBack(
        kind=one.kind, hours=one.hours, sessions_lost=one.sessions, energy_lost_wh=one.energy_wh,
        is_estimate=one.is_estimate, formula=WHY[one.kind],
        evidence=[Evidence(proof.text % proof.values, dict(proof.values)) for proof in one.proofs],
    )  # fmt: skip


@get("/wanted-spots", opt=needs(Permission.SESSIONS_READ))
async def list_wanted_spots(asked: Asking) -> list[WantedSpot]:
    """List where a new site is wanted, the highest score first. For keys that see every site."""
    if asked.actor.site_ids is not None:
        raise NotFound("There is no such page.")
    async with asked.transaction() as tx:
        found = await spots(tx)
    return [
        WantedSpot(
            place=one.place_of_several, latitude=one.latitude, longitude=one.longitude, drivers=one.drivers,
            refusals_month=one.spilled, score=one.score,
            sites_near={spill.site_name: away for spill, away in one.spills},
        )
        for one in found[:SPOTS_MAX]
    ]  # fmt: skip


HANDLERS: Final = [show_usage, compare_usage, list_bottlenecks, list_wanted_spots]
