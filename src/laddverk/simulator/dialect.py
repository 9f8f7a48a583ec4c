"""What both versions of OCPP have in common for a charger: how an instant is written, and what a dialect can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.simulator import abilities
from laddverk.simulator.abilities.ability import Carrier as AbilityCarrier
from laddverk.simulator.charger import Charger
from laddverk.simulator.model import Item, Reading, Told, Verdict

Orders = dict[str, tuple[type[Message], "Carrier"]]
"""What a charger can be asked, by the name of the call: the Struct of the request, and who carries it out."""

Carrier = Callable[[Charger, Any, datetime], Message]
"""Carries out one command of the network: the charger, the request, the instant; returns the answer."""


class Dialect(Struct, frozen=True):
    """One version of OCPP, from the charger's side."""

    said: Callable[[Charger, Item], tuple[str, Message] | None]
    """The call that says an item; None when this version has no words for it."""
    verdict: Callable[[Item, Raw], Verdict]
    """What the network's answer to an item means."""
    orders: Orders
    """The commands this charger understands."""


def all_orders(protocol: Protocol, core: Orders) -> Orders:
    """Return what a charger of this version understands: the core, whose Structs serve 2.0.1 and 2.1, and abilities."""
    known = {action: (protocol.actions[action][0], carry_out) for action, (_, carry_out) in core.items()}
    own = abilities.ORDERS_16 if protocol.is_16 else abilities.ORDERS_2X
    for action, carrier in own.items():
        if action in protocol.actions:
            known[action] = (protocol.actions[action][0], _answering(protocol, action, carrier))
    return known


def _answering(protocol: Protocol, action: str, carrier: AbilityCarrier) -> Carrier:
    """Return `carrier` with its answer as a Message of this version."""

    def carry_out(charger: Charger, asked: Any, at: datetime) -> Message:
        kind = protocol.actions[action][1]
        assert kind is not None, "what is asked of a charger has an answer"
        return msgspec.convert(carrier(charger, asked, at), kind)

    return carry_out


def told(protocol: Protocol, item: Told) -> tuple[str, Message] | None:
    """Return the call of an ability; None when this version does not have it. Raises `msgspec.ValidationError`."""
    if item.action not in protocol.actions:
        return None
    return item.action, msgspec.convert(item.fields, protocol.actions[item.action][0])


def written(at: datetime) -> str:
    """Return an instant as OCPP writes it: UTC with Z, and milliseconds only when there are any."""
    utc = at.astimezone(UTC)
    text = utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds")
    return text.replace("+00:00", "Z")


PHASE_NAMES: Final = ("L1", "L2", "L3")


class Quantity(Struct, frozen=True):
    """One value of a reading, as every version says it."""

    value: float
    measurand: str
    unit: str
    phase: str | None = None
    location: str | None = None


def quantities(reading: Reading) -> list[Quantity]:
    """Return what a reading shows, the register first."""
    found = [Quantity(reading.register_wh, "Energy.Active.Import.Register", "Wh")]
    if reading.power_w is not None:
        found.append(Quantity(reading.power_w, "Power.Active.Import", "W"))
    if reading.current_a is not None and not (reading.phases or reading.currents_a):
        found.append(Quantity(reading.current_a, "Current.Import", "A"))
    currents = reading.currents_a or (reading.current_a or 0.0,) * reading.phases
    found += _by_phase(currents, "Current.Import", "A")
    found += _by_phase(reading.voltages_v, "Voltage", "V") if len(reading.voltages_v) > 1 else [
        Quantity(volts, "Voltage", "V") for volts in reading.voltages_v
    ]  # fmt: skip
    if reading.soc_percent is not None:
        found.append(Quantity(reading.soc_percent, "SoC", "Percent"))
    if reading.offered_a is not None:
        found.append(Quantity(reading.offered_a, "Current.Offered", "A"))
    if reading.contact_c is not None:
        found.append(Quantity(reading.contact_c, "Temperature", "Celsius", location="Outlet"))
    if reading.cabinet_c is not None:
        found.append(Quantity(reading.cabinet_c, "Temperature", "Celsius", location="Body"))
    return found


def _by_phase(values: tuple[float, ...], measurand: str, unit: str) -> list[Quantity]:
    return [Quantity(value, measurand, unit, phase) for value, phase in zip(values, PHASE_NAMES, strict=False)]
