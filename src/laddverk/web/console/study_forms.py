"""What people write when they ask for a study, as Structs; each field that cannot be is named."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from laddverk.kernel.problems import Invalid
from laddverk.planning.expanding.model import Asked, Prices
from laddverk.web.console.circuit_forms import number, typed
from laddverk.web.visit import named

USUAL_DAYS: Final = 91  # a quarter of a year: long enough for a season, short enough to be played in minutes
SIGNED: Final = re.compile(r"-?\d{1,3}([.,]\d)?")
WHOLE: Final = re.compile(r"-?[0-9]{1,3}")
MONEY: Final = (
    "margin_per_kwh", "port", "port_year", "rotation_per_port", "rule", "rule_year", "idle_fee", "idle_hour",
    "fuse_step", "connection", "battery_per_kwh", "solar_per_kwp", "own_solar_per_kwh", "sold_solar_per_kwh",
    "peak_per_kw_year",
)  # fmt: skip
FIELDS: Final = {"connection": "connection_cost"}  # amperes and kronor of the same thing stand in one form


def asked_of(form: dict[str, str]) -> Asked:
    """Return the study that a form asks for. Raises `Invalid`."""
    if not form.get("site"):
        raise Invalid("Choose from the list.", field="site")
    usual = Asked(site_id=UUID(int=0), first=date.min, last=date.min)
    return Asked(
        site_id=named("sit", form["site"]),
        first=_day(form, "first"),
        last=_day(form, "last"),
        growth=_signed(form, "growth") / 100,
        scenarios=_scenarios(form),
        draws=int(number(form, "draws", usual.draws)),
        seed=int(number(form, "seed", usual.seed)),
        fuse_a=number(form, "fuse", 0.0),
        other_load_a=number(form, "other", 0.0),
        ports_more=_ports(form),
        port_current_a=number(form, "current", usual.port_current_a),
        idle_cut=number(form, "idle", 0.0) / 100,
        battery_kw=number(form, "battery_kw", 0.0),
        battery_kwh=number(form, "battery_kwh", 0.0),
        solar_kwp=number(form, "solar", 0.0),
        connection_a=number(form, "connection", 0.0),
        prices=Prices(
            life_years=int(number(form, "life_years", 10)),
            **{name: round(number(form, FIELDS.get(name, name)) * 100) for name in MONEY},
        ),
    )


def values_of(asked: Asked, site: str) -> dict[str, str]:
    """Return a form filled in as `asked`."""
    prices = {FIELDS.get(name, name): money(getattr(asked.prices, name) / 100) for name in MONEY}
    return {
        "site": site, "first": asked.first.isoformat(), "last": asked.last.isoformat(),
        "growth": typed(asked.growth * 100), "scenarios": ", ".join(f"{one * 100:g}" for one in asked.scenarios),
        "draws": str(asked.draws), "seed": str(asked.seed),
        "fuse": typed(asked.fuse_a) if asked.fuse_a else "", "other": typed(asked.other_load_a),
        "ports": ", ".join(str(one) for one in asked.ports_more), "current": typed(asked.port_current_a),
        "idle": typed(asked.idle_cut * 100), "battery_kw": typed(asked.battery_kw),
        "battery_kwh": typed(asked.battery_kwh), "solar": typed(asked.solar_kwp),
        "connection": typed(asked.connection_a), "life_years": str(asked.prices.life_years), **prices,
    }  # fmt: skip


def money(amount: float) -> str:
    """Return an amount, in whole units of the currency, as it is typed: `1,50`, `900`."""
    return f"{amount:.2f}".removesuffix(".00").replace(".", ",")


def usual(today: date, first: date | None = None, last: date | None = None) -> Asked:
    """Return what is asked for if nobody changes anything: the last quarter of a year, or the days that are given."""
    yesterday = today - timedelta(days=1)
    return Asked(
        site_id=UUID(int=0), first=first or today - timedelta(days=USUAL_DAYS), last=min(last or yesterday, yesterday)
    )


def _day(form: dict[str, str], field: str) -> date:
    try:
        return date.fromisoformat(form.get(field, ""))
    except ValueError:
        raise Invalid("Choose a day.", field=field) from None


def _signed(form: dict[str, str], field: str) -> float:
    text = form.get(field, "").strip().replace("\u2212", "-").removesuffix("%").strip() or "0"
    if not SIGNED.fullmatch(text):
        raise Invalid("Give a number, such as 10 or 7,5.", field=field)
    return float(text.replace(",", "."))


def _scenarios(form: dict[str, str]) -> tuple[float, ...]:
    text = form.get("scenarios", "").replace("\u2212", "-")
    parts = [part for part in re.split(r"[,;%\s]+", text) if part]
    if not all(WHOLE.fullmatch(part) for part in parts):
        raise Invalid("Write whole numbers of per cent, such as 0, 50.", field="scenarios")
    return tuple(int(part) / 100 for part in parts)


def _ports(form: dict[str, str]) -> tuple[int, ...]:
    parts = [part for part in re.split(r"[,;\s]+", form.get("ports", "").strip()) if part]
    if not parts or len(parts) > 6 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise Invalid("Write up to six numbers of outlets, such as 1, 2, 4.", field="ports")
    return tuple(sorted({int(part) for part in parts}))
