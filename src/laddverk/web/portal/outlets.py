"""What a driver is told about an outlet: its state in one of six words, whether it can start, and its price. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Final

from markupsafe import Markup

from laddverk.ocpp.facts import Status
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.sessions.driver_queries import Outlet
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff


class State(StrEnum):
    """What a driver needs to know of an outlet."""

    FREE = "free"
    PLUGGED = "plugged"
    CHARGING = "charging"
    RESERVED = "reserved"
    OFFLINE = "offline"
    BROKEN = "broken"


STARTABLE: Final = frozenset({State.FREE, State.PLUGGED})

STATE_OF: Final = {
    Status.AVAILABLE: State.FREE,
    Status.PREPARING: State.PLUGGED,
    Status.OCCUPIED: State.PLUGGED,
    Status.FINISHING: State.PLUGGED,
    Status.CHARGING: State.CHARGING,
    Status.SUSPENDED_EV: State.CHARGING,
    Status.SUSPENDED_EVSE: State.CHARGING,
    Status.RESERVED: State.RESERVED,
}

WHY_NOT: Final = {
    State.CHARGING: marked("Another car is charging here."),
    State.RESERVED: marked("This outlet is reserved for somebody else."),
    State.OFFLINE: marked("We have no contact with this charger right now, so a payment could not start it."),
    State.BROKEN: marked("This outlet is out of order. We know about it."),
}

PLUGS: Final = {"type2": "Type 2", "ccs2": "CCS", "chademo": "CHAdeMO"}

LABELS: Final = {
    Dimension.ENERGY: marked("Energy"),
    Dimension.CHARGING: marked("Time while charging"),
    Dimension.SESSION: marked("Start"),
    Dimension.IDLE: marked("Time after charging"),
}
UNITS: Final = {Dimension.ENERGY: "kWh", Dimension.CHARGING: "min", Dimension.IDLE: "min", Dimension.SESSION: ""}

ORDER: Final = (Dimension.ENERGY, Dimension.CHARGING, Dimension.SESSION, Dimension.IDLE)
"""The order in which prices are shown: per kWh, per minute, per session, any other (AFIR article 5)."""


def state_of(outlet: Outlet) -> State:
    """Return the state of `outlet` in a driver's words."""
    if not outlet.connected:
        return State.OFFLINE
    if outlet.session_id is not None:
        return State.CHARGING
    try:
        return STATE_OF.get(Status(outlet.status), State.BROKEN)
    except ValueError:
        return State.BROKEN


def price_rows(tariff: Tariff, language: str) -> list[tuple[str, str, str | None]]:
    """Return the prices of `tariff` as rows of (what, price, when or None), in the order the law asks for."""
    _ = gettext_for(language)
    if tariff.free:
        return [(_("Energy"), _("free of charge"), None)]
    ordered = sorted(tariff.components, key=lambda component: ORDER.index(component.dimension))
    return [
        (_(LABELS[component.dimension]), _amount(component, tariff, language), _when(component, tariff, language))
        for component in ordered
    ]


def _amount(component: Component, tariff: Tariff, language: str) -> str:
    price = formats.price(component.price, tariff.currency, language)
    unit = UNITS[component.dimension]
    return f"{price}/{unit}" if unit else price


def _when(component: Component, tariff: Tariff, language: str) -> str | None:
    _ = gettext_for(language)
    parts = [hours(component.when, language)]
    if component.dimension is Dimension.IDLE and tariff.idle_grace_minutes:
        parts.append(_("from %(minutes)s min after charging has ended") % {"minutes": tariff.idle_grace_minutes})
    if component.dimension is Dimension.IDLE and tariff.idle_max is not None:
        most = formats.price(tariff.idle_max, tariff.currency, language)
        parts.append(_("at most %(amount)s") % {"amount": most})
    return ", ".join(part for part in parts if part) or None


def hours(when: Restriction, language: str) -> str:
    """Return when a component applies, in words: `Mon–Fri 06:00–22:00`; nothing when it always does."""
    text = ""
    if when.weekdays:
        days = sorted(when.weekdays)
        names = [formats.weekday(day, language)[:3] for day in days]
        is_run = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        text = f"{names[0]}–{names[-1]}" if is_run else ", ".join(names)
    if when.from_time or when.to_time:
        text = f"{text} {when.from_time or '00:00'}–{when.to_time or '24:00'}".strip()
    return text


def sum_rows(
    lines: list[dict[str, object]], currency: str, language: str, as_money: Callable[[int, str], Markup]
) -> list[tuple[str, Markup, str]]:
    """Return the lines of a price as rows of (what, amount, why), as stored in `session.price_lines`."""
    _ = gettext_for(language)
    return [
        (
            _(LABELS[Dimension(str(line["dimension"]))]),
            as_money(int(str(line["amount_minor"])), currency),
            why(line, currency, language),
        )
        for line in lines
    ]


def why(line: dict[str, object], currency: str, language: str) -> str:
    """Return the arithmetic of one line: `12,34 kWh × 4,90 kr (06:00–22:00)`."""
    quantity, unit = Decimal(str(line["quantity"])), str(line["unit"])
    price = formats.price(Decimal(str(line["unit_price"])), currency, language)
    if unit == "session":
        return price
    text = f"{formats.number(quantity, 3 if unit == 'kWh' else 1, language)} {unit} × {price}"
    window = str(line.get("window") or "")
    return f"{text} ({window})" if window else text
