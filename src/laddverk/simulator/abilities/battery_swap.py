"""Battery swapping (2.1): each outlet is a slot; who may swap puts an empty battery in and takes a full one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.model import Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

FULL_PERCENT: Final = 100.0
EMPTY_PERCENT: Final = 14.0


class Slots:
    """How many batteries one charger has swapped."""

    __slots__ = ("swapped",)

    def __init__(self) -> None:
        self.swapped = 0


def _request(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """Swap at once, as far as the network can see: the empty battery goes into the first slot, a full one out."""
    slots = charger.of(Slots)
    if not charger.outlets:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NoBatteryAvailable"}}
    token = msgspec.to_builtins(asked.id_token)
    for event, serial, soc in (
        ("BatteryIn", f"E-{slots.swapped + 1}", EMPTY_PERCENT),
        ("BatteryOut", f"F-{slots.swapped + 1}", FULL_PERCENT),
    ):
        battery = {"evseId": min(charger.outlets), "serialNumber": serial, "soC": soc, "soH": 97.0}
        fields = {"eventType": event, "requestId": asked.request_id, "idToken": token, "batteryData": [battery]}
        charger.say(Told(at=at, action="BatterySwap", fields=fields, durable=True))
    slots.swapped += 1
    return {"status": "Accepted"}


ORDERS_2X: Final[Orders] = {"RequestBatterySwap": _request}
