"""How far a planned site was from the best possible: days with reasons, months beside no plan, as page and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.energy.planning_ahead import store, store_days
from laddverk.energy.planning_ahead.days import Lack, MonthFound, Way
from laddverk.energy.planning_ahead.looking_back import DAYS_BACK
from laddverk.energy.planning_ahead.splitting import Because
from laddverk.energy.planning_ahead.store_days import Day, KeptMonth
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import site_plan_words
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import known_of, told

PLACE: Final = "/console/sites/{site_id:str}/load/best"
DAYS_SHOWN: Final = 14  # on one page: two weeks are compared with one another
MONTHS: Final = 13  # a year, and the same month of the year before


class Saving(Struct, frozen=True):
    """What a month saved against a way of charging. Above 0 is better than that way."""

    minor: int
    peak_w: float
    energy_wh: float
    """What that way would have given more (below 0: less)."""


class Month(Struct, frozen=True):
    """A month with what it saved."""

    month: date
    found: MonthFound
    savings: dict[Way, Saving]


class Sums(Struct, frozen=True):
    """All days that are shown, of which a best was found."""

    days: int
    over: float
    lacking_wh: float
    best_cost: float
    by: dict[Because, float]


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def show_days(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """How far the days of a site were from the best."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        site = SiteId(known.site.id)
        wanted = next(iter(await store.wishes(tx, site)), None)
        kept = await store_days.months(tx, site, MONTHS)
        chosen, days = await _days(desk, tx, site, kept)
    listing = desk.listing("day")
    page = max(1, min(listing.page, -(-len(days) // DAYS_SHOWN)))
    return desk.page(
        "console/load/best.html",
        wanted=wanted,
        all_days=days,
        days=days[(page - 1) * DAYS_SHOWN : page * DAYS_SHOWN],
        page=page,
        page_size=DAYS_SHOWN,
        months=[_month(each) for each in kept],
        chosen=chosen,
        choices=[each.month for each in kept],
        sums=_sums(days),
        trend=[each.found.over_all if each.found.has_money else 0.0 for each in reversed(days)],
        plan_words=site_plan_words,
        Because=Because,
        Way=Way,
        **told(desk, known),
    )


@get("/console/sites/{site_id:str}/load/best.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_days(desk: AtDesk, site_id: FromPath[str]) -> Response[bytes]:
    """The same days as CSV. Money in major currency; empty where it is not known."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        site = SiteId(known.site.id)
        _, days = await _days(desk, tx, site, await store_days.months(tx, site, MONTHS))
    return spreadsheets.answer(
        "days",
        (
            "day", "sessions", "given_kwh", "currency", "cost", "best_cost", "paid_too_much", "by_forecast",
            "by_safety", "by_price", "lacking_kwh", "lacking_by_forecast_kwh", "lacking_by_safety_kwh", "not_known",
        ),
        [_row(each) for each in days],
    )  # fmt: skip


def _row(day: Day) -> tuple[str | int | float | None, ...]:
    found = day.found
    money = found.has_money
    return (
        day.day.isoformat(), found.sessions, round(found.given_wh / 1000, 3), found.currency,
        found.cost if money else None, found.best_cost if money else None, round(found.over_all, 2) if money else None,
        *(found.over.get(why) if money else None for why in Because),
        round(found.lacking_all_wh / 1000, 3) if money else None,
        *(round(found.lacking_wh.get(why, 0.0) / 1000, 3) if money else None
          for why in (Because.FORECAST, Because.SAFETY)),
        " ".join(lack.value for lack in found.lacks),
    )  # fmt: skip


async def _days(desk: Desk, tx: Transaction, site: SiteId, kept: Sequence[KeptMonth]) -> tuple[date | None, list[Day]]:
    """Return the month that was asked for, if there is one, and its days; else the latest ones."""
    asked = desk.asked("month")
    chosen = next((each.month for each in kept if each.month.isoformat() == asked), None)
    if chosen is not None:
        return chosen, await store_days.days(tx, site, chosen, (chosen + timedelta(days=32)).replace(day=1))
    return None, await store_days.days(tx, site, desk.today - timedelta(days=DAYS_BACK + 1), desk.today)


def _month(kept: KeptMonth) -> Month:
    was = kept.found.outcomes.get(Way.AS_IT_WAS)
    savings: dict[Way, Saving] = {
        way: Saving(other.total_minor - was.total_minor, other.peak_w - was.peak_w, other.energy_wh - was.energy_wh)
        for way, other in kept.found.outcomes.items()
        if was is not None and way is not Way.AS_IT_WAS
    }
    if Lack.NO_PRICES in kept.found.lacks:
        savings = {}
    return Month(kept.month, kept.found, savings)


def _sums(days: Sequence[Day]) -> Sums:
    found = [each.found for each in days if each.found.has_money]
    return Sums(
        days=len(found),
        over=sum(each.over_all for each in found),
        lacking_wh=sum(each.lacking_all_wh for each in found),
        best_cost=sum(each.best_cost for each in found),
        by={why: sum(each.over.get(why, 0.0) for each in found) for why in Because},
    )


ROUTES: Final = [show_days, export_days]
