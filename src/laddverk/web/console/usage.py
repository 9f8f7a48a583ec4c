"""How the network is used: figures with their formulas, groups, pictures, two periods or places beside each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from msgspec import structs

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.planning.usage import periods, queries, service, telling
from laddverk.planning.usage import reading as usage
from laddverk.planning.usage.periods import Days
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, Line, Reading
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import usage_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, Listing, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/usage"
HEADING: Final = (
    "from", "to", "by", "group", "outlet_hours", "time_utilisation", "charging_utilisation", "energy_utilisation",
    "sessions", "sessions_per_outlet_day", "mean_stay_min", "mean_kwh", "idle_share", "without_energy", "kwh",
    "hours_with_car", "hours_charging", "hours_out_of_order", "revenue_without_vat", "priced_sessions",
    "of_time_in_order", "kw_while_charging", "kwh_per_outlet_day", "sessions_per_hour_with_car", "revenue_per_kwh",
    "revenue_per_outlet_day", "margin_without_vat",
)  # fmt: skip


def period(desk: Desk) -> Days:
    """Return the days in the address; four weeks until today by default. Raises `Invalid`."""
    return periods.asked(desk.day_asked("from"), desk.day_asked("to"), desk.today, field="from")


def chosen(desk: Desk) -> Chosen:
    """Return what the address wants to see, within what this person may. Raises `Invalid`, `NotFound`."""
    return _chosen(desk, period(desk))


def _chosen(desk: Desk, days: Days, suffix: str = "") -> Chosen:
    sites, asked = desk.sites, desk.asked(f"site{suffix}")
    if asked:
        site = named("sit", asked)
        found(site if sites is None or site in sites else None)
        sites = frozenset({site})
    plug, model = desk.asked(f"plug{suffix}"), desk.asked(f"model{suffix}")
    return Chosen(
        first=days[0], last=days[1], zone=desk.house.settings.timezone, sites=sites,
        plugs=(plug,) if plug else (), models=(model,) if model else (),
    )  # fmt: skip


async def read(desk: Desk, tx: Transaction, wanted: Chosen, by: By | None) -> Reading:
    """Return everything that is said of what is wanted, and what groups `by` something need."""
    return await usage.read(tx, wanted, desk.now, by)


async def choices(desk: Desk, tx: Transaction) -> dict[str, Any]:
    """Return what can be chosen among: sites, models and connectors of what this person may see."""
    everything = Chosen(first=desk.today, last=desk.today, zone=desk.house.settings.timezone, sites=desk.sites)
    offered = await queries.choices(tx, everything)
    sites: dict[UUID, str] = {one.site_id: one.site_name for one in offered}
    return {
        "sites": sorted(sites.items(), key=lambda pair: pair[1].casefold()),
        "models": sorted({one.model for one in offered if one.model}),
        "plugs": sorted({one.plug for one in offered}),
    }


def group(desk: Desk) -> By:
    """Return what the address groups by: sites, or the outlets where one site is looked at."""
    asked = desk.asked("by")
    return By(asked) if asked in set(By) else By.OUTLET if desk.asked("site") else By.SITE


def ordered(lines: list[Line], sort: str, search: str) -> list[Line]:
    """Return the lines that match a search, in an order."""
    wanted = search.casefold()
    matching = [one for one in lines if wanted in (one.name or one.key).casefold()]
    key = usage_words.sort_key(sort.lstrip("-"))
    return sorted(matching, key=key, reverse=sort.startswith("-")) if key else matching


def _common(desk: Desk) -> dict[str, Any]:
    return {"use": usage_words, "currency": desk.house.settings.currency, "today": desk.today}


@get(PLACE, opt={NEEDS: Permission.SESSIONS_READ})
async def overview(desk: AtDesk) -> Response[str]:
    """Everything that is known of how outlets were used in a period."""
    wanted, by = chosen(desk), group(desk)
    async with desk.transaction() as tx:
        found_ = await read(desk, tx, wanted, by)
        offered = await choices(desk, tx)
        behind = await service.behind(tx, desk.now)
    listing = _listing(desk)
    lines = ordered(usage.lines(found_, by), listing.sort, listing.search)
    return desk.page(
        "console/planning/usage.html",
        r=found_, whole=found_.whole, told=telling.of_all(found_), of_group=telling.of_group, by=by,
        lines=lines[listing.offset : listing.offset + PAGE_SIZE],
        total=len(lines), listing=listing, heat=usage.heat(found_), curve=usage.duration_curve(found_),
        presets=_presets(desk), behind=behind, **offered, **_common(desk),
    )  # fmt: skip


def _listing(desk: Desk) -> Listing:
    return desk.listing("name", *(key for key, _, _ in usage_words.COLUMNS))


def _presets(desk: Desk) -> list[tuple[str, date]]:
    return [(word, desk.today - timedelta(days=days - 1)) for days, word in usage_words.PRESETS]


@get(f"{PLACE}.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export(desk: AtDesk) -> Response[bytes]:
    """The figures by group, as CSV."""
    wanted, by = chosen(desk), group(desk)
    async with desk.transaction() as tx:
        found_ = await read(desk, tx, wanted, by)
    listing = _listing(desk)
    return spreadsheets.answer(
        f"usage-{wanted.first}-{wanted.last}", HEADING,
        [_row(wanted, by, one) for one in ordered(usage.lines(found_, by), listing.sort, listing.search)],
    )  # fmt: skip


def _row(wanted: Chosen, by: By, line: Line) -> tuple[spreadsheets.Cell, ...]:
    figures, sums, told = line.figures, line.figures.sums, telling.of_group(line)
    return (
        wanted.first.isoformat(), wanted.last.isoformat(), by, line.name or line.key,
        round(figures.standing.port_s / 3_600, 2), _rounded(figures.time_utilisation),
        _rounded(figures.charging_utilisation), _rounded(figures.energy_utilisation), sums.began,
        _rounded(figures.sessions_per_port_day), _rounded(figures.stay_s and figures.stay_s / 60, 1),
        _rounded(figures.session_wh and figures.session_wh / 1_000, 2), _rounded(figures.idle_share),
        sums.empty, round(sums.energy_wh / 1_000, 3), round(sums.busy_s / 3_600, 2),
        round(sums.charging_s / 3_600, 2), round(sums.out_s / 3_600, 2),
        _rounded(told["revenue_minor"], 2, 100), sums.priced,
        _rounded(told["able_utilisation"]), _rounded(told["charging_power_w"], 3, 1_000),
        _rounded(told["energy_per_port_day_wh"], 3, 1_000), _rounded(told["turnover_per_h"]),
        _rounded(told["revenue_per_kwh_minor"], 4, 100), _rounded(told["revenue_per_port_day_minor"], 2, 100),
        _rounded(told["margin_minor"], 2, 100),
    )  # fmt: skip


def _rounded(value: float | None, digits: int = 4, unit: int = 1) -> float | None:
    return None if value is None else round(value / unit, digits)


@get(f"{PLACE}/figures.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_figures(desk: AtDesk) -> Response[bytes]:
    """Every figure of everything that is chosen, with its formula, as CSV."""
    wanted = chosen(desk)
    async with desk.transaction() as tx:
        told = telling.of_all(await read(desk, tx, wanted, by=None))
    return spreadsheets.answer(
        f"usage-figures-{wanted.first}-{wanted.last}", ("figure", "name", "value", "unit", "formula"),
        [_told(desk, name, told) for name in told],
    )  # fmt: skip


def _told(desk: Desk, name: str, *tolds: dict[str, float | None]) -> tuple[spreadsheets.Cell, ...]:
    word, formula = usage_words.FORMULAS[name]
    in_units = [usage_words.in_unit(name, told[name], desk.house.settings.currency) for told in tolds]
    return name, desk.words(word), *(value for value, _ in in_units), in_units[0][1], desk.words(formula)


@get(f"{PLACE}/hours.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_hours(desk: AtDesk) -> Response[bytes]:
    """Each hour of the period in which anything happened, as CSV."""
    wanted = chosen(desk)
    async with desk.transaction() as tx:
        hours = await queries.by_hour(tx, wanted)
    return spreadsheets.answer(
        f"usage-hours-{wanted.first}-{wanted.last}",
        ("hour", "kwh", "outlet_hours_with_car", "outlet_hours_charging", "sessions"),
        [
            (
                datetime.fromtimestamp(at_s, UTC), round(energy_wh / 1_000, 3), round(busy_s / 3_600, 4),
                round(charging_s / 3_600, 4), round(began),
            )
            for at_s, energy_wh, busy_s, charging_s, began in hours.each()
        ],
    )  # fmt: skip


def _compared(desk: Desk) -> tuple[Chosen, Chosen]:
    """Return what the address compares; without a second choice, the same outlets. Raises `Invalid`, `NotFound`."""
    one, second = chosen(desk), (desk.day_asked("from2"), desk.day_asked("to2"))
    is_elsewhere = bool(desk.asked("site2"))
    days = periods.compared((one.first, one.last), *second, desk.today, field="from2", is_elsewhere=is_elsewhere)
    if is_elsewhere or desk.asked("from2") or desk.asked("to2"):
        return one, _chosen(desk, days, "2")
    return one, structs.replace(one, first=days[0], last=days[1])


@get(f"{PLACE}/compare", opt={NEEDS: Permission.SESSIONS_READ})
async def compare(desk: AtDesk) -> Response[str]:
    """Two periods or places beside each other; by default this one and the one as long before it."""
    one, other = _compared(desk)
    async with desk.transaction() as tx:
        here, there = await read(desk, tx, one, by=None), await read(desk, tx, other, by=None)
        offered = await choices(desk, tx)
    return desk.page(
        "console/planning/compare.html", here=here, there=there, told=(telling.of_all(here), telling.of_all(there)),
        heats=(usage.heat(here), usage.heat(there)), **offered, **_common(desk),
    )  # fmt: skip


@get(f"{PLACE}/compare.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_compared(desk: AtDesk) -> Response[bytes]:
    """Every figure of both sides of a comparison, with its formula, as CSV."""
    one, other = _compared(desk)
    async with desk.transaction() as tx:
        here = telling.of_all(await read(desk, tx, one, by=None))
        there = telling.of_all(await read(desk, tx, other, by=None))
    sites = [", ".join(shown("sit", site) for site in each.sites or ()) for each in (one, other)]
    return spreadsheets.answer(
        f"usage-compared-{one.first}-{one.last}", ("figure", "name", "first", "second", "unit", "formula"),
        [
            ("from", "", one.first.isoformat(), other.first.isoformat(), "", ""),
            ("to", "", one.last.isoformat(), other.last.isoformat(), "", ""),
            ("sites", "", *sites, "", ""),
            *(_told(desk, name, here, there) for name in here),
        ],
    )  # fmt: skip


ROUTES: Final = [overview, export, export_figures, export_hours, compare, export_compared]
