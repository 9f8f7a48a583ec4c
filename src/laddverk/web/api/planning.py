"""The API's planning: studies of what would relieve sites, and days beside the best."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.energy.planning_ahead import store_days
from laddverk.energy.planning_ahead.days import Lack
from laddverk.energy.planning_ahead.splitting import Because
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.planning.expanding import fuses, service, store
from laddverk.planning.expanding.model import Asked as Wanted
from laddverk.planning.expanding.model import Kind, Prices, State, Study
from laddverk.planning.expanding.store import Looked
from laddverk.planning.expanding.weighing import Scenario, Weighed, answer
from laddverk.planning.usage.periods import EARLIEST
from laddverk.stations import queries as stations_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page
from laddverk.web.api.usage import within

DAYS_BACK_MAX: Final = 400


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
    looked = Looked(within(asked, site), search, in_state)
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
    until = max(EARLIEST, last or asked.today)
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


HANDLERS: Final = [list_studies, show_study, ask_study, show_days]
