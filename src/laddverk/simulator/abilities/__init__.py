"""What a charger can do beside charging, one file for each functional block; pure, sans-I/O.

An ability keeps its state in a class of its own: `charger.of(LocalList)` is that of one charger, made when it is first
asked for. It says something of its own accord with `charger.say(Told(at=…, action="NotifyEvent", fields={…}))`.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from laddverk.simulator.abilities import (
    battery_swap,
    certificates,
    customers,
    der,
    display,
    dynamic_limits,
    firmware,
    local_list,
    monitoring,
    reservations,
    smart_charging,
    tariff_cost,
)
from laddverk.simulator.abilities.ability import Orders, Triggers
from laddverk.simulator.model import Setting

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

ABILITIES: Final[tuple[ModuleType, ...]] = (
    certificates,
    customers,
    firmware,
    local_list,
    monitoring,
    reservations,
    battery_swap,
    der,
    display,
    smart_charging,
    dynamic_limits,
    tariff_cost,
)


def _table(name: str) -> dict[str, Any]:
    return dict(chain.from_iterable(getattr(ability, name, {}).items() for ability in ABILITIES))


ORDERS_16: Final[Orders] = _table("ORDERS_16")
ORDERS_2X: Final[Orders] = _table("ORDERS_2X")
TRIGGERS: Final[Triggers] = _table("TRIGGERS")


def settings(*, is_16: bool) -> list[Setting]:
    """Return the settings that the abilities bring, new each time: a charger writes into them."""
    name = "settings_16" if is_16 else "settings_2x"
    return [setting for ability in ABILITIES if hasattr(ability, name) for setting in getattr(ability, name)()]


def trusts(charger: Charger, token: str, at: datetime) -> bool:
    """Return whether a token may charge that nobody can be asked about."""
    return all(ability.trusts(charger, token, at) for ability in ABILITIES if hasattr(ability, "trusts"))


def admits(charger: Charger, number: int, token: str, at: datetime) -> bool:
    """Return whether an outlet is there for a token that may charge: it may be kept for another."""
    return all(ability.admits(charger, number, token, at) for ability in ABILITIES if hasattr(ability, "admits"))


def judged(charger: Charger, token: str, at: datetime, *, accepted: bool) -> None:
    """Let the abilities know what the network said of a token."""
    for ability in ABILITIES:
        if hasattr(ability, "judged"):
            ability.judged(charger, token, at, accepted=accepted)


def priced(charger: Charger, key: str, cost: float | None) -> None:
    """Let the display know what a session costs, when the network said so in an answer."""
    if cost is not None:
        charger.of(tariff_cost.Prices).costs[key] = cost


def reservation_used(charger: Charger, number: int, token: str, at: datetime) -> int | None:
    """Return the number of the reservation that a session uses, or None."""
    found = (
        ability.reservation_used(charger, number, token, at)
        for ability in ABILITIES
        if hasattr(ability, "reservation_used")
    )
    return next((one for one in found if one is not None), None)


def pass_time(charger: Charger, at: datetime) -> None:
    """Let the abilities do what is due."""
    for ability in ABILITIES:
        if hasattr(ability, "pass_time"):
            ability.pass_time(charger, at)
