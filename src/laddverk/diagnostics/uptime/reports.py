"""A report on a charger, a site or several: uptime by every policy, how attempts went, how soon things were mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.diagnostics.outcomes import queries as outcomes
from laddverk.diagnostics.outcomes.queries import CodeCount, Rates
from laddverk.diagnostics.uptime import figures, months, queries, queries_exclusions, store
from laddverk.diagnostics.uptime.counting import together
from laddverk.diagnostics.uptime.gathering import Course
from laddverk.diagnostics.uptime.hours import Length, Period, period_of
from laddverk.diagnostics.uptime.model import Count, Policy, State
from laddverk.diagnostics.uptime.months import DEMAND_WEEKS, Month
from laddverk.diagnostics.uptime.outages import MONTHS_OF, OutageRow, rows_of
from laddverk.diagnostics.uptime.policies import HONEST
from laddverk.diagnostics.uptime.queries import Cause, Fixes, Place
from laddverk.diagnostics.uptime.queries_exclusions import ExclusionRow
from laddverk.diagnostics.uptime.store import OutletRow
from laddverk.platform.database import Transaction

STATIONS_LIVE: Final = 30  # so many chargers' months are worked out while somebody waits: a second at most
MONTHS_LIVE: Final = 40  # chargers times months of a report that lists each outage
MONTHS_SHOWN: Final = 12  # of the small pictures


class Line(Struct, frozen=True, kw_only=True):
    """One outlet in a report."""

    outlet: OutletRow
    counts: Mapping[str, Count]
    history: tuple[float | None, ...]
    """Its uptime by the honest policy, month by month, the last one last."""
    lost_wh: int
    outages: int


class Report(Struct, frozen=True, kw_only=True):
    """Everything a report says. Figures are None where there is nothing to make them of."""

    place: Place
    period: Period
    start: datetime
    end: datetime
    policies: tuple[Policy, ...]
    lines: tuple[Line, ...]
    totals: Mapping[str, Count]
    history: Mapping[str, tuple[float | None, ...]]
    """By policy: the whole place, month by month."""
    months: tuple[date, ...]
    states: Mapping[State, float]
    """Seconds of all outlets in each state, as drivers saw them."""
    between_failures: timedelta | None
    to_mend: timedelta | None
    to_notice: timedelta | None
    to_take_on: timedelta | None
    repeat_share: float | None
    outages_count: int
    attempts: Rates | None
    """None: nobody tried to charge."""
    codes: tuple[CodeCount, ...]
    """What outlets complained of during attempts that failed."""
    lost_wh: int
    lost_minor: int | None
    repair_minor: int
    fixes: Fixes
    causes: tuple[Cause, ...]
    exclusions: tuple[ExclusionRow, ...]
    outages: tuple[OutageRow, ...] | None
    """None: there are too many to list on a page; `outages.each` has them."""
    not_worked_out: int
    """Chargers whose figures are not there yet."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a report is to be made of, beside its place and period."""

    policies: tuple[Policy, ...]
    currency: str
    margin_percent: int
    now: datetime


async def report(tx: Transaction, place: Place, stations: Sequence[UUID], period: Period, asked: Asked) -> Report:
    """Return the report on these chargers at `place`. Months that are not kept are worked out while one waits."""
    now = asked.now
    zone = ZoneInfo(place.timezone)
    start, end = period.instants(zone)
    until = min(end, now)
    shown = _months_before(period, now.astimezone(zone).date())
    first = min(shown[0], period.first)
    kept = await months.kept(tx, stations, first, period.after)
    fresh, courses = await _fresh(tx, stations, kept, period, asked)
    known = {(one.station_id, one.evse_number, one.month, one.policy): one for one in (*kept, *fresh)}
    by_outlet: dict[tuple[UUID, int], list[Month]] = defaultdict(list)
    for one in known.values():
        by_outlet[one.station_id, one.evse_number].append(one)
    outlets = {(one.station_id, one.evse_number): one for one in await store.outlets(tx, stations)}
    lines = tuple(
        _line(outlets[key], own, asked.policies, period, shown) for key, own in by_outlet.items() if key in outlets
    )
    in_period = [one for one in known.values() if period.first <= one.month < period.after and one.evse_number > 0]
    honest = [one for one in in_period if one.policy == HONEST]
    causes = await queries.causes(tx, stations, start, end, now)
    lost_wh = sum(one.lost_wh for one in honest)
    price = await queries.price_per_kwh(tx, stations, until - timedelta(weeks=DEMAND_WEEKS), until, asked.currency)
    totals = {policy.name: together(policy, [one.counts[policy.name] for one in lines if policy.name in one.counts])
              for policy in asked.policies}  # fmt: skip
    outages = sum(one.outages for one in honest)
    mended = sum(one.mended for one in honest)
    noticed = sum(one.noticed for one in causes)
    taken = sum(one.taken for one in causes)
    tried = outcomes.Span(since=start, until=until, station_id=place.station_id)
    return Report(
        place=place, period=period, start=start, end=end, policies=asked.policies,
        lines=tuple(sorted(lines, key=_worst_first)), totals=totals,
        history={policy.name: tuple(_whole(policy, by_outlet, month) for month in shown) for policy in asked.policies},
        months=shown, states=_states(honest),
        between_failures=figures.between_failures(totals[HONEST], outages) if HONEST in totals else None,
        to_mend=timedelta(seconds=sum(one.mended_s for one in honest) / mended) if mended else None,
        to_notice=timedelta(seconds=sum(one.noticed_s or 0 for one in causes) / noticed) if noticed else None,
        to_take_on=timedelta(seconds=sum(one.taken_s or 0 for one in causes) / taken) if taken else None,
        repeat_share=figures.share(sum(one.repeats for one in honest), outages), outages_count=outages,
        attempts=next(iter(await outcomes.rates(tx, place.sites, tried)), None),
        codes=tuple(await outcomes.codes(tx, place.sites, tried)), lost_wh=lost_wh,
        lost_minor=None if price is None else round(lost_wh / 1000 * price * asked.margin_percent / 100),
        repair_minor=sum(one.cost_minor for one in causes), causes=tuple(causes),
        fixes=await queries.fixes(tx, stations, start, end),
        exclusions=tuple(await queries_exclusions.exclusions_of(tx, place, start, end)),
        outages=await _outages(tx, stations, courses, period, asked, start, end),
        not_worked_out=len(set(stations) - {one.station_id for one in (*kept, *fresh)}),
    )  # fmt: skip


async def _fresh(
    tx: Transaction, stations: Sequence[UUID], kept: Sequence[Month], period: Period, asked: Asked
) -> tuple[list[Month], dict[date, list[Course]]]:
    """Return the months of the period that must be worked out now: the running one, and those that were not kept."""
    found: list[Month] = []
    courses: dict[date, list[Course]] = {}
    month = period_of(Length.MONTH, period.first)
    while month.first < period.after and month.first <= asked.now.date():
        there = {one.station_id for one in kept if one.month == month.first}
        is_running = month.after > asked.now.date()
        wanted = list(stations) if is_running else [one for one in stations if one not in there]
        if wanted and len(wanted) <= STATIONS_LIVE:
            fresh, courses[month.first] = await months.work_out(tx, wanted, asked.policies, month, asked.now)
            found += fresh
        month = period_of(Length.MONTH, month.after)
    return found, courses


async def _outages(
    tx: Transaction,
    stations: Sequence[UUID],
    courses: Mapping[date, list[Course]],
    period: Period,
    asked: Asked,
    start: datetime,
    end: datetime,
) -> tuple[OutageRow, ...] | None:
    """Return each outage of the period, as drivers saw it, the latest first; None when there are too many chargers."""
    honest = next((one for one in asked.policies if one.name == HONEST), None)
    if honest is None or len(stations) * MONTHS_OF[period.length] > MONTHS_LIVE:
        return None
    read = courses.get(period.first) if period.length is Length.MONTH else None
    if read is None:
        _months, read = await months.work_out(tx, stations, [honest], period, asked.now)
    return tuple(sorted(rows_of(honest, read, start, end), key=lambda one: one.outage.start, reverse=True))


def _line(
    outlet: OutletRow, own: Sequence[Month], policies: Sequence[Policy], period: Period, shown: Sequence[date]
) -> Line:
    in_period = [one for one in own if period.first <= one.month < period.after]
    honest = {one.month: one for one in own if one.policy == HONEST}
    counts = {policy.name: months.counted(policy, in_period) for policy in policies}
    return Line(
        outlet=outlet, counts={name: one for name, one in counts.items() if one.eligible},
        history=tuple(_share(honest.get(month)) for month in shown),
        lost_wh=sum(one.lost_wh for one in in_period if one.policy == HONEST),
        outages=sum(one.outages for one in in_period if one.policy == HONEST),
    )  # fmt: skip


def _share(month: Month | None) -> float | None:
    return (
        1 - (month.outage_s - month.excluded_s) / month.eligible_s if month is not None and month.eligible_s else None
    )


def _whole(policy: Policy, by_outlet: Mapping[tuple[UUID, int], Sequence[Month]], month: date) -> float | None:
    counts = [months.counted(policy, [one for one in own if one.month == month]) for own in by_outlet.values()]
    return together(policy, counts).uptime


def _states(honest: Sequence[Month]) -> dict[State, float]:
    found = dict.fromkeys(State, 0.0)
    for one in honest:
        for state, lasted_s in one.states.items():
            found[state] += lasted_s
    return found


def _months_before(period: Period, today: date) -> tuple[date, ...]:
    """Return the first days of the twelve months that end with the period, or with the running one within it."""
    last = min(period_of(Length.MONTH, period.after - timedelta(days=1)).first, period_of(Length.MONTH, today).first)
    found = [period_of(Length.MONTH, last)]
    while len(found) < MONTHS_SHOWN:
        found.append(found[-1].before)
    return tuple(one.first for one in reversed(found))


def _worst_first(line: Line) -> tuple[float, str, int]:
    honest = line.counts.get(HONEST)
    uptime = honest.uptime if honest is not None else None
    return (2.0 if uptime is None else uptime, line.outlet.station_name, line.outlet.evse_number)
