"""What a driver is told about an outlet: its state in one of six words, whether it can start, and its price. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from markupsafe import Markup
from msgspec.structs import replace

from laddverk.ocpp.facts import Status
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for, marked
from laddverk.sessions.driver_queries import Outlet
from laddverk.tariffs import explaining
from laddverk.tariffs.coming import Coming
from laddverk.tariffs.model import Dimension, Restriction, Tariff
from laddverk.tariffs.windows import applies


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


def price_rows(
    tariff: Tariff, language: str, spot_now: Mapping[str, Decimal] | None = None, local: datetime | None = None
) -> list[tuple[str, str, str | None]]:
    """Return the prices of `tariff` as rows of (what, price, when or None), in the order the law asks for.

    With `local`, the wall clock at the outlet: of several prices of a kWh the one that a charge begins with stands
    first, and says that it is the one now.
    """
    energy = [each for each in tariff.components if each.dimension is Dimension.ENERGY and not each.when.reservation]
    now = next((each for each in energy if local is not None and _begins_with(each.when, local)), None)
    if now is None or len(energy) < 2:
        return explaining.tariff_rows(tariff, language, spot_now)
    others = tuple(each for each in tariff.components if each is not now)
    (what, price, when), *rows = explaining.tariff_rows(replace(tariff, components=(now, *others)), language, spot_now)
    said = gettext_for(language)(marked("now"))
    return [(what, price, f"{said}, {when}" if when else said), *rows]


def _begins_with(when: Restriction, local: datetime) -> bool:
    """Return whether a price holds for the first energy of a charge that begins at `local`."""
    by_current = (when.min_power_w, when.max_power_w, when.min_current_a, when.max_current_a)
    later = when.min_wh or when.min_duration_s
    return not later and all(value is None for value in by_current) and applies(when, local)


def coming_words(change: Coming, timezone: str, language: str) -> tuple[str, list[tuple[str, str, str | None]]]:
    """Return when other prices apply, in words, and which (none: no price at all)."""
    _ = gettext_for(language)
    day = formats.local_date(change.at, timezone, language=language)
    clock = formats.local_time(change.at, timezone, language=language)
    when = day if clock.startswith("00") else f"{day} {clock}"
    title = _("From %(when)s other prices apply.") % {"when": when}
    if change.label:
        title = _("From %(when)s other prices apply: %(name)s.") % {"when": when, "name": change.label}
    if change.after is None:
        return _("From %(when)s this outlet has no price.") % {"when": when}, []
    return title, price_rows(change.after, language)


def sum_rows(
    lines: list[dict[str, object]], currency: str, language: str, as_money: Callable[[int, str], Markup]
) -> list[tuple[str, Markup, str]]:
    """Return the lines of a price as rows of (what, amount, why), as stored in `session.price_lines`."""
    rows = []
    for line in lines:
        name, arithmetic = explaining.line_words(line, currency, language)
        rows.append((name, as_money(int(str(line["amount_minor"])), currency), arithmetic))
    return rows
