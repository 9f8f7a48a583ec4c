"""Spare parts: how often each fails, how many are enough, and what people say of price, lead time and stock."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from laddverk.diagnostics.upkeep import spares, stocking
from laddverk.diagnostics.upkeep.stocking import Known, Spare
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console import incident_words
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS

PLACE: Final = "/console/spares"


async def _rows(desk: Desk) -> tuple[list[Spare], stocking.Fleet]:
    """Return the parts that match the search and the filter, and the fleet."""
    search, only = desk.asked("q").strip().casefold(), desk.asked("only")
    async with desk.transaction() as tx:
        every = await stocking.spares(tx, desk.sites, desk.now)
        fleet = await stocking.fleet(tx, desk.sites, desk.now)
    rows = [
        row
        for row in every
        if search in desk.words(incident_words.CAUSES[row.known.cause]).casefold()
        and (only != "short" or row.need.to_buy)
    ]
    return rows, fleet


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_spares(desk: AtDesk) -> Response[str]:
    """Every family of parts: those that most likely run out first."""
    rows, fleet = await _rows(desk)
    part = desk.asked("part")
    return desk.page(
        "console/health/spares.html",
        rows=rows, fleet=fleet, inc=incident_words, currency=desk.house.settings.currency, rule=spares,
        months=round(stocking.LOOKED_BACK.days / 30.4), parts=stocking.PARTS,
        chosen=next((row for row in rows if row.known.cause == part), None),
        may_say=desk.may(Permission.STATIONS_WRITE) and desk.sites is None,
    )  # fmt: skip


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_spares(desk: AtDesk) -> Response[bytes]:
    """The same as CSV."""
    rows, fleet = await _rows(desk)
    return spreadsheets.answer(
        "spare-parts",
        ("part", "failures", "charger_years", "failures_per_charger_year", "chargers", "lead_days", "expected",
         "enough_95", "stock", "risk", "to_buy", "price_minor", "cost_minor", "currency"),
        [
            (
                desk.words(incident_words.CAUSES[row.known.cause]), row.failures, round(fleet.years, 2),
                round(row.rate.mean, 5), fleet.chargers, row.known.lead_days, round(row.need.expected, 3),
                row.need.enough, row.known.stock, round(row.need.risk, 4), row.need.to_buy, row.known.price_minor,
                row.need.cost_minor, desk.house.settings.currency,
            )
            for row in rows
        ],
    )  # fmt: skip


def whole(form: dict[str, str], name: str) -> int:
    """Return a whole number from a form. Raises `Invalid`."""
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Invalid("This must be a whole number.", field=name)
    return int(text)


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def say(desk: AtDesk) -> Response[Any]:
    """Write down what a part costs, how long it takes, and how many there are."""
    form = await desk.form()
    price = form.get("price", "")
    said = Known(
        cause=form.get("part", ""),
        price_minor=minor_of(price, desk.house.settings.currency, "price") if price else 0,
        lead_days=whole(form, "lead_days"),
        stock=whole(form, "stock"),
    )
    async with desk.transaction() as tx:
        await stocking.say(tx, desk.actor, said, desk.now)
    return desk.go(PLACE, desk.words("Saved."))


ROUTES: Final = [list_spares, export_spares, say]
