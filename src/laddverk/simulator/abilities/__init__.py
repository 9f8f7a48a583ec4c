"""What a charger can do beside charging, one file for each functional block; pure, sans-I/O.

An ability keeps its state in a class of its own: `charger.of(LocalList)` is that of one charger, made when it is first
asked for. It says something of its own accord with `charger.say(Told(at=…, action="NotifyEvent", fields={…}))`.
"""

from __future__ import annotations

from itertools import chain
from types import ModuleType
from typing import Any, Final

from laddverk.simulator.abilities.ability import Orders, Triggers
from laddverk.simulator.model import Setting

ABILITIES: Final[tuple[ModuleType, ...]] = ()


def _table(name: str) -> dict[str, Any]:
    return dict(chain.from_iterable(getattr(ability, name, {}).items() for ability in ABILITIES))


ORDERS_16: Final[Orders] = _table("ORDERS_16")
ORDERS_2X: Final[Orders] = _table("ORDERS_2X")
TRIGGERS: Final[Triggers] = _table("TRIGGERS")


def settings(*, is_16: bool) -> list[Setting]:
    """Return the settings that the abilities bring, new each time: a charger writes into them."""
    name = "settings_16" if is_16 else "settings_2x"
    return [setting for ability in ABILITIES if hasattr(ability, name) for setting in getattr(ability, name)()]
