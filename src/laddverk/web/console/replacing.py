"""Keep or replace: what a year of either costs for each charger, how sure that is, and what it hangs on."""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from typing import Any, Final

from babel.numbers import format_currency
from litestar import Response, get, post

from laddverk.diagnostics.upkeep import replacing, weighing
from laddverk.diagnostics.upkeep.replacing import Costs
from laddverk.diagnostics.upkeep.weighing import Weighed
from laddverk.diagnostics.uptime import queries as uptime
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.money import major
from laddverk.platform.database import Transaction
from laddverk.platform.formats import locale_of
from laddverk.platform.languages import marked
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.spares import whole

PLACE: Final = "/console/replacing"
AMOUNTS: Final = {
    "repair_minor": marked("A repair, where none of its own is known"),
    "visit_minor": marked("A visit"),
    "price_ac_minor": marked("A new charger, mounted"),
    "price_dc_minor": marked("A new fast charger, mounted"),
    "penalty_hour_minor": marked("Penalty for each hour out of order"),
}
FLAGS: Final = {
    "vendor_gone": marked("Its maker is no more"),
    "no_parts": marked("No parts are sold any more"),
    "parts_end": marked("Parts are sold for less than two years more"),
    "weak": marked("Gives less power than is asked"),
    "unsigned": marked("Takes no signed firmware"),
    "old_protocol": marked("Speaks OCPP 1.6"),
    "open_line": marked("Its line is not encrypted"),
    "busy": marked("In use more than a quarter of the time: upgrade"),
    "idle": marked("In use less than 2 percent of the time: move"),
}
SWINGS: Final = {
    "price": marked("Price of a new one"),
    "life": marked("Life of a new one"),
    "interest": marked("Interest"),
    "visit": marked("Cost of a visit"),
    "repair": marked("Cost of a repair"),
    "margin": marked("Lost margin"),
    "penalty": marked("Penalty"),
}


async def _rows(desk: Desk, tx: Transaction) -> list[Weighed]:
    """Return the chargers that match the search and the filter."""
    currency = desk.house.settings.currency
    stations = await uptime.stations(tx, desk.sites, desk.now - weighing.USED_OVER, desk.now)
    price = await uptime.price_per_kwh(tx, stations, desk.now - weighing.USED_OVER, desk.now, currency)
    margin = (price or 0.0) * desk.house.settings.margin_percent / 100
    search, only = desk.asked("q").strip().casefold(), desk.asked("only")
    return [
        row
        for row in await weighing.weighed(tx, desk.sites, margin, desk.now)
        if search in f"{row.station_name} {row.vendor} {row.model} {row.site_name}".casefold()
        and (only != "replace" or row.verdict.gain_minor > 0)
        and (only != "flags" or row.verdict.flags)
    ]


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_replacing(desk: AtDesk) -> Response[str]:
    """Every charger: those first that replacing saves most; one of them with what the answer hangs on."""
    listing = desk.listing("gain")
    async with desk.transaction() as tx:
        rows, said = await _rows(desk, tx), await weighing.costs(tx)
    chosen = (
        next((row for row in rows if shown("sta", row.station_id) == desk.asked("charger")), rows[0]) if rows else None
    )
    swings = replacing.swings(chosen.record, said, chosen.fleet_rate) if chosen else []
    currency = desk.house.settings.currency
    return desk.page(
        "console/health/replacing.html",
        whole_money=lambda minor: whole_money(minor, currency, desk.language),
        rows=rows[listing.offset : listing.offset + PAGE_SIZE], total=len(rows), listing=listing, said_costs=said,
        chosen=chosen, swings=swings, picture=_picture(swings), flag_words=FLAGS, swing_words=SWINGS,
        amounts=[(name, word, _typed(getattr(said, name), currency)) for name, word in AMOUNTS.items()],
        currency=currency, may_say=desk.may(Permission.STATIONS_WRITE) and desk.sites is None,
        varied=replacing.SWING,
    )  # fmt: skip


def whole_money(amount_minor: int, currency: str, language: str) -> str:
    """Return an estimate in whole units, `1 235 kr`: no more digits than are known."""
    locale = locale_of(language)
    pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
    whole = major(amount_minor, currency).to_integral_value(ROUND_HALF_UP)
    return str(format_currency(whole, currency, pattern, locale, currency_digits=False))


def _typed(amount_minor: int, currency: str) -> str:
    """Return an amount as a person would type it: without zeros behind the comma."""
    amount = major(amount_minor, currency)
    return str(amount.to_integral_value() if amount == amount.to_integral_value() else amount)


def _picture(swings: list[replacing.Swing]) -> dict[str, float]:
    """Return the ends of the axis of a tornado, in minor units, with zero on it."""
    ends = [0, *(end for one in swings for end in (one.low_minor, one.high_minor))]
    return {"least": min(ends), "width": max(max(ends) - min(ends), 1)}


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_replacing(desk: AtDesk) -> Response[bytes]:
    """The same as CSV."""
    async with desk.transaction() as tx:
        rows = await _rows(desk, tx)
    return spreadsheets.answer(
        "keep-or-replace",
        ("site", "charger", "vendor", "model", "years", "repairs", "visits", "down_hours_year", "used_share",
         "keep_minor", "keep_low_minor", "keep_high_minor", "replace_minor", "gain_minor", "chance", "flags",
         "currency"),
        [
            (
                row.site_name, row.station_name, row.vendor, row.model, round(row.record.years, 2), row.record.repairs,
                row.record.visits, round(row.record.down_hours, 1),
                None if row.record.used_share is None else round(row.record.used_share, 4), row.verdict.keep_minor,
                row.verdict.keep_low_minor, row.verdict.keep_high_minor, row.verdict.replace_minor,
                row.verdict.gain_minor, round(row.verdict.chance, 4), " ".join(row.verdict.flags),
                desk.house.settings.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def say(desk: AtDesk) -> Response[Any]:
    """Write down what things cost. An amount that is left empty is nothing."""
    form, currency = await desk.form(), desk.house.settings.currency
    amounts = {name: minor_of(form[name], currency, name) if form.get(name, "0") not in ("", "0", "0.00") else 0
               for name in AMOUNTS}  # fmt: skip
    said = Costs(
        **amounts,
        least_ac_kw=whole({"least_ac_kw": form.get("least_ac_kw") or "0"}, "least_ac_kw"),
        least_dc_kw=whole({"least_dc_kw": form.get("least_dc_kw") or "0"}, "least_dc_kw"),
        life_years=whole(form, "life_years"),
        interest_percent=float(whole(form, "interest_percent")),
    )
    async with desk.transaction() as tx:
        await weighing.say(tx, desk.actor, said, desk.now)
    return desk.go(PLACE, desk.words("Saved."))


ROUTES: Final = [list_replacing, export_replacing, say]
