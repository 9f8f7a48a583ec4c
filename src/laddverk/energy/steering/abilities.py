"""How each outlet's charger takes limits: in which unit, on which level, whether dynamic ones; by its own word and by
what is known of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy import rules
from laddverk.energy.model import Allowed
from laddverk.ocpp import quirks
from laddverk.ocpp.facts import RateUnit
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.quirks import Registry


class Said(Struct, frozen=True):
    """A station, and what it said of its smart charging."""

    id: UUID
    protocol: str | None
    vendor: str
    model: str
    firmware: str
    quirks: dict[str, Any]
    said: dict[str, str | None]


class Ability(Struct, frozen=True):
    """How a charger takes limits."""

    in_watts: bool = False
    stack_level: int = 0
    takes_dynamic: bool = False


PLAIN: Final = Ability()


def abilities(stations: Iterable[Said], known: Registry | None = None) -> dict[UUID, Ability]:
    """Return how stations take limits: as they say, and as is known of their model or set for themselves."""
    registry = known or quirks.registry_of()
    found: dict[UUID, Ability] = {}
    for one in stations:
        treated = registry.known(one.vendor, one.model, one.firmware, quirks.read(one.quirks)).quirks
        allowed = rules.allowed(one.said, treated.profile_unit, treated.profile_stack_level)
        found[one.id] = ability(allowed, one.protocol)
    return found


def ability(allowed: Allowed, protocol: str | None) -> Ability:
    """Return how a charger of a version takes limits that allows this.

    Nobody's profile shall stand above a limit of the loop: it is put on the highest level that the charger takes, and
    on 0 where that is not known.
    """
    return Ability(
        in_watts=RateUnit.AMPERE not in allowed.units,
        stack_level=allowed.stack_max or 0,
        takes_dynamic=allowed.dynamic and protocol == Protocol.V21.value,
    )
