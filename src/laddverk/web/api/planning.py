"""The API's planning: how outlets are used, what holds sites back, studies of what would relieve them, days beside the
best.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.energy.planning_ahead import store_days
from laddverk.energy.planning_ahead.days import Lack
from laddverk.energy.planning_ahead.splitting import Because
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.model import Kind as Back
from laddverk.planning.bottlenecks.model import Verdict
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.expanding import fuses, service, store
from laddverk.planning.expanding.model import Asked as Wanted
from laddverk.planning.expanding.model import Kind, Prices, State, Study
from laddverk.planning.expanding.store import Looked
from laddverk.planning.expanding.weighing import Scenario, Weighed, answer
from laddverk.planning.usage import reading
from laddverk.planning.usage.figures import Figures
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page

DAYS_MAX: Final = 366 * 5  # of usage; as the console
USUAL: Final = timedelta(days=27)
DAYS_BACK_MAX: Final = 400
EARLIEST: Final = date(2015, 1, 1)


class Figure(Struct, frozen=True, kw_only=True):
    """How outlets were used. Shares are 0 to 1; null where there is nothing to divide by."""

    key: str
    name: str
    outlet_hours: float
    time_utilisation: float | None
    """Hours with a car / hours that the outlets stood there."""
    charging_utilisation: float | None
    energy_utilisation: float | None
    """Energy / what the outlets' rated power could have given."""
    sessions: int
    sessions_per_outlet_day: float | None
    stay_s: float | None
    session_wh: float | None
    idle_share: float | None
    energy_wh: int
    revenue_minor: int
    """Without VAT."""


class Usage(Struct, frozen=True):
    """Usage of a period, both days included: of all outlets, and by groups."""

    first: date
    last: date
    by: By
    currency: str
    peak_w: int
    full_share: float | None
    """The share of time in which every outlet of a kind at a site was taken."""
    unseen: float
    """Sessions that are likely to have found no room."""
    whole: Figure
    groups: list[Figure]


class HeldBack(Struct, frozen=True):
    """One thing that holds a site back, scaled to a year."""

    kind: Back
    hours: float
    sessions_lost: float
    energy_lost_wh: float
    is_estimate: bool


class Bottlenecks(Struct, frozen=True):
    """What holds a site back, the worst first. Empty where nothing does, or where it is too soon to say."""

    site: str
    name: str
    since: datetime
    until: datetime
    is_too_soon: bool
    found: list[HeldBack]


class StudyToAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked: the days that are played again, and what is assumed. What is left out is as the console has it."""

    site: str
    first: date
    last: date
    title: Annotated[str, Meta(max_length=120)] = ""
    growth: float = 0.0
    scenarios: Annotated[tuple[float, ...], Meta(max_length=3)] = ()
    """Other growths, each of which every option is played with too."""
    draws: int = 10
    seed: int = 1
    fuse_a: float = 0.0
    other_load_a: float = 0.0
    ports_more: Annotated[tuple[int, ...], Meta(max_length=5)] = (1, 2, 4)
    port_current_a: float = 16.0
    idle_cut: float = 0.4
    battery_kw: float = 30.0
    battery_kwh: float = 60.0
    solar_kwp: float = 30.0
    connection_a: float = 200.0
    prices: Prices = Prices()


class OptionWeighed(Struct, frozen=True, kw_only=True):
    """An option beside the site as it is. Money in minor units; figures are of a year, in the middle of all draws."""

    kind: Kind
    delivered: float
    """Of what cars wanted, 0 to 1."""
    delivered_low: float
    delivered_high: float
    turned_away: float
    """Of those who came, 0 to 1."""
    extra_kwh: float
    refusals_avoided: float
    capex_minor: int
    opex_year_minor: int
    net_year_minor: int
    per_kwh_minor: int | None
    per_refusal_minor: int | None
    pays_in_years: float | None


class ScenarioWeighed(Struct, frozen=True, kw_only=True):
    """What is weighed at one growth, in the order of the study's `options`."""

    growth: float
    as_is: OptionWeighed
    options: list[OptionWeighed]
    proposed: Kind | None


class StudySeen(Struct, frozen=True, kw_only=True):
    """A study. `options` are empty in lists, and until the first draw is played.

    `scenarios` hold every growth, the least first, where more than one is played.
    """

    id: str
    site: str
    title: str
    first: date
    last: date
    state: State
    share_done: float
    made_at: datetime
    made_by: str
    as_is: OptionWeighed | None = None
    options: list[OptionWeighed] = []
    proposed: Kind | None = None
    scenarios: list[ScenarioWeighed] = []


class BestDay(Struct, frozen=True, kw_only=True):
    """A day beside the best that it could have been. Money in major currency, null where prices are not known."""

    day: date
    sessions: int
    given_wh: float
    currency: str
    cost: float | None
    best_cost: float | None
    over: dict[Because, float]
    lacking_wh: dict[Because, float]
    not_known: list[Lack]


class BestDays(Struct, frozen=True):
    """The days of a site that is planned ahead, the newest first."""

    site: str
    days: list[BestDay]


def _figure(figures: Figures, key: str = "", name: str = "") -> Figure:
    sums = figures.sums
    return Figure(
        key=key, name=name or key, outlet_hours=figures.standing.port_s / 3_600,
        time_utilisation=figures.time_utilisation, charging_utilisation=figures.charging_utilisation,
        energy_utilisation=figures.energy_utilisation, sessions=sums.began,
        sessions_per_outlet_day=figures.sessions_per_port_day, stay_s=figures.stay_s, session_wh=figures.session_wh,
        idle_share=figures.idle_share, energy_wh=sums.energy_wh, revenue_minor=sums.revenue_minor,
    )  # fmt: skip


def _within(asked: Asked, site: str) -> frozenset[UUID] | None:
    """Return the sites that are looked at. Raises `NotFound` for one that this key may not see."""
    if not site:
        return asked.actor.site_ids
    identity = parsed("sit", site)
    if asked.actor.site_ids is not None and identity not in asked.actor.site_ids:
        raise NotFound("There is no such site.", field="site")
    return frozenset({identity})


@get("/usage", opt=needs(Permission.SESSIONS_READ))
async def show_usage(
    asked: Asking, first: FromQuery[date | None] = None, last: FromQuery[date | None] = None,
    site: FromQuery[str] = "", by: FromQuery[By] = By.SITE,
) -> Usage:  # fmt: skip
    """Show how outlets were used, four weeks until today by default, by site, outlet, model, day and more."""
    sites, settings = _within(asked, site), asked.house.settings
    until = max(EARLIEST, last or asked.now.date())
    since = first or max(EARLIEST, until - USUAL)
    if not EARLIEST <= since <= until <= asked.now.date() + timedelta(days=1) or (until - since).days > DAYS_MAX:
        raise Invalid("This is not a period of at most five years up to today.", field="first")
    chosen = Chosen(first=since, last=until, zone=settings.timezone, sites=sites)
    async with asked.transaction() as tx:
        found = await reading.read(tx, chosen, asked.now, by)
    groups = [_figure(one.figures, one.key, one.name) for one in reading.lines(found, by)]
    return Usage(
        since, until, by, settings.currency, found.peaks.peak_w, found.peaks.full_share, found.peaks.unseen,
        _figure(found.whole), groups,
    )  # fmt: skip


@get("/bottlenecks", opt=needs(Permission.SESSIONS_READ))
async def list_bottlenecks(asked: Asking, site: FromQuery[str] = "") -> list[Bottlenecks]:
    """Show what holds sites back, the most energy lost first."""
    sites = _within(asked, site)
    async with asked.transaction() as tx:
        seen = await bottlenecks.observed(tx, sites, asked.house.settings.timezone, asked.now)
    return [_held(one) for one in sorted(map(judged, seen), key=lambda one: -one.energy_wh)]


def _held(verdict: Verdict) -> Bottlenecks:
    found = [HeldBack(one.kind, one.hours, one.sessions, one.energy_wh, one.is_estimate) for one in verdict.found]
    return Bottlenecks(
        shown("sit", verdict.site_id), verdict.name, verdict.since, verdict.until, verdict.is_too_soon, found
    )


def _study(study: Study) -> StudySeen:
    return StudySeen(
        id=shown("stu", study.id), site=shown("sit", study.site_id), title=study.title, first=study.asked.first,
        last=study.asked.last, state=study.state, share_done=study.share_done, made_at=study.made_at,
        made_by=study.made_by,
    )  # fmt: skip


def _option(one: Weighed) -> OptionWeighed:
    delivered = one.service.delivered
    return OptionWeighed(
        kind=one.option.kind, delivered=delivered.middle, delivered_low=delivered.low, delivered_high=delivered.high,
        turned_away=one.service.blocked.middle, extra_kwh=one.extra_kwh.middle, refusals_avoided=one.avoided.middle,
        capex_minor=one.option.capex_minor, opex_year_minor=one.opex_year_minor, net_year_minor=one.net_year_minor,
        per_kwh_minor=one.per_kwh_minor, per_refusal_minor=one.per_refusal_minor, pays_in_years=one.pays_in_years,
    )  # fmt: skip


def _scenario(one: Scenario) -> ScenarioWeighed:
    return ScenarioWeighed(
        growth=one.growth, as_is=_option(one.as_is), options=[_option(each) for each in one.options],
        proposed=one.proposed.option.kind if one.proposed else None,
    )  # fmt: skip


@get("/studies", opt=needs(Permission.SESSIONS_READ))
async def list_studies(
    asked: Asking, search: FromQuery[str] = "", in_state: InState = "", site: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0,
) -> Page[StudySeen]:  # fmt: skip
    """List studies, the newest first."""
    checked_limit(limit, offset)
    looked = Looked(_within(asked, site), search, in_state)
    async with asked.transaction() as tx:
        found = await store.studies(tx, looked, offset, limit)
        total = await store.count(tx, looked)
    return page([_study(one) for one in found], limit=limit, offset=offset, total=total)


@get("/studies/{study_id:str}", opt=needs(Permission.SESSIONS_READ))
async def show_study(asked: Asking, study_id: FromPath[str]) -> StudySeen:
    """Show a study: how far it is, and what its options are worth."""
    async with asked.transaction() as tx:
        study = await store.study(tx, asked.actor.site_ids, parsed("stu", study_id))
        if study is None:
            raise NotFound("There is no such study.", field="study_id")
        parts = await store.parts(tx, study.id)
    seen, said = _study(study), answer(study, parts)
    return StudySeen(
        id=seen.id, site=seen.site, title=seen.title, first=seen.first, last=seen.last, state=seen.state,
        share_done=seen.share_done, made_at=seen.made_at, made_by=seen.made_by,
        as_is=_option(said.as_is) if said.as_is else None, options=[_option(one) for one in said.options],
        proposed=said.proposed.option.kind if said.proposed else None,
        scenarios=[_scenario(one) for one in said.scenarios],
    )  # fmt: skip


@post("/studies", opt=needs(Permission.STATIONS_WRITE))
async def ask_study(asked: Asking, data: JSONBody[StudyToAsk]) -> StudySeen:
    """Ask for a study of a site; it is played in the background. 429 while too many are open."""
    identity = parsed("sit", data.site, field="site")
    wanted = Wanted(
        site_id=identity, first=data.first, last=data.last, growth=data.growth, scenarios=data.scenarios,
        draws=data.draws, seed=data.seed,
        fuse_a=data.fuse_a, other_load_a=data.other_load_a, ports_more=data.ports_more,
        port_current_a=data.port_current_a, idle_cut=data.idle_cut, battery_kw=data.battery_kw,
        battery_kwh=data.battery_kwh, solar_kwp=data.solar_kwp, connection_a=data.connection_a, prices=data.prices,
    )  # fmt: skip
    fees = fuses.of(asked.house.settings.fuse_fees_file)
    async with asked.transaction() as tx:
        made = await service.ask(tx, asked.actor, wanted, data.title.strip(), fees, asked.now)
        study = await store.study(tx, asked.actor.site_ids, made)
    if study is None:
        raise NotFound("There is no such study.", field="study_id")
    return _study(study)


@get("/circuits/{site:str}/days", opt=needs(Permission.STATIONS_READ))
async def show_days(
    asked: Asking, site: FromPath[str], first: FromQuery[date | None] = None, last: FromQuery[date | None] = None
) -> BestDays:
    """Show days of a planned site beside the best that they could have been, up to 400; the last 31 by default."""
    until = max(EARLIEST, last or asked.now.date())
    since = first or max(EARLIEST, until - timedelta(days=30))
    if since < EARLIEST or since > until or (until - since).days > DAYS_BACK_MAX:
        raise Invalid("This is not a period of at most 400 days.", field="first")
    async with asked.transaction() as tx:
        row = await stations_queries.site(tx, asked.actor.site_ids, parsed("sit", site))
        if row is None:
            raise NotFound("There is no such site.", field="site_id")
        kept = await store_days.days(tx, SiteId(row.id), since, min(until, date(9999, 12, 30)) + timedelta(days=1))
    return BestDays(shown("sit", row.id), [_day(one) for one in kept])


def _day(kept: store_days.Day) -> BestDay:
    found = kept.found
    return BestDay(
        day=kept.day, sessions=found.sessions, given_wh=found.given_wh, currency=found.currency,
        cost=found.cost if found.has_money else None, best_cost=found.best_cost if found.has_money else None,
        over=found.over if found.has_money else {}, lacking_wh=found.lacking_wh, not_known=list(found.lacks),
    )  # fmt: skip


HANDLERS: Final = [show_usage, list_bottlenecks, list_studies, show_study, ask_study, show_days]
