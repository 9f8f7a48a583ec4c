"""A display: messages by number, and which of them it shows now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from laddverk.ocpp import times
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.abilities.tariff_cost import Prices
from laddverk.simulator.model import Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

MESSAGES_MAX: Final = 20
PART: Final = 5  # messages in one part of a report
FRONT: Final = {"AlwaysFront": 2, "InFront": 1, "NormalCycle": 0}
FORMATS: Final = ("ASCII", "UTF8")


class Display:
    """The messages of one charger, by number, by the names of the wire."""

    __slots__ = ("messages",)

    def __init__(self) -> None:
        self.messages: dict[int, dict[str, Any]] = {}


def shows(charger: Charger, at: datetime) -> list[str]:
    """Return what the display shows at an instant: the texts in front alone, else all in turn, and running prices."""
    return _texts(charger, at) + _prices(charger)


def _prices(charger: Charger) -> list[str]:
    costs = charger.of(Prices).costs
    setting = charger.configuration.one("TariffCostCtrlr", "Currency")
    currency = setting.value if setting is not None else ""
    return [
        f"{number}: {costs[outlet.charging.key]:.2f} {currency}".rstrip()
        for number, outlet in sorted(charger.outlets.items())
        if outlet.charging is not None and outlet.charging.key in costs
    ]


def _texts(charger: Charger, at: datetime) -> list[str]:
    state = "Charging" if any(outlet.charging for outlet in charger.outlets.values()) else "Idle"
    due = [one for one in charger.of(Display).messages.values() if _is_due(charger, one, state, at)]
    front = max((FRONT[one["priority"]] for one in due), default=0)
    return [one["message"]["content"] for one in due if FRONT[one["priority"]] == front]


def _is_due(charger: Charger, one: dict[str, Any], state: str, at: datetime) -> bool:
    key = one.get("transactionId")
    if key is not None and charger.found(key=key) is None:
        return False
    begins, ends = (times.parsed(one.get(name))[0] for name in ("startDateTime", "endDateTime"))
    return (begins is None or at >= begins) and (ends is None or at < ends) and one.get("state") in (None, state)


def pass_time(charger: Charger, at: datetime) -> None:
    """Forget messages whose time is over, and those of sessions that ended (O02, O05)."""
    messages = charger.of(Display).messages
    for number, one in list(messages.items()):
        ends, key = times.parsed(one.get("endDateTime"))[0], one.get("transactionId")
        if (ends is not None and at >= ends) or (key is not None and charger.found(key=key) is None):
            del messages[number]


def _set(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    message = msgspec.to_builtins(asked.message)
    messages = charger.of(Display).messages
    if message["message"]["format"] not in FORMATS:
        return {"status": "NotSupportedMessageFormat"}
    if message.get("transactionId") is not None and charger.found(key=message["transactionId"]) is None:
        return {"status": "UnknownTransaction"}
    if message["id"] not in messages and len(messages) >= MESSAGES_MAX:
        return {"status": "Rejected"}
    messages[message["id"]] = message
    pass_time(charger, at)
    return {"status": "Accepted"}


def _get(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    found = [
        one
        for number, one in charger.of(Display).messages.items()
        if (not asked.id or number in asked.id)
        and asked.priority in (None, one["priority"])
        and (asked.state is None or asked.state == one.get("state"))
    ]
    parts = [found[first : first + PART] for first in range(0, len(found), PART)]
    for place, part in enumerate(parts, start=1):
        fields = {"requestId": asked.request_id, "messageInfo": part, "tbc": place < len(parts)}
        charger.say(Told(at=at, action="NotifyDisplayMessages", fields=fields))
    return {"status": "Accepted" if found else "Unknown"}


def _clear(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    gone = charger.of(Display).messages.pop(asked.id, None)
    return {"status": "Accepted" if gone is not None else "Unknown"}


ORDERS_2X: Final[Orders] = {
    "SetDisplayMessage": _set,
    "GetDisplayMessages": _get,
    "ClearDisplayMessage": _clear,
}


def settings_2x() -> list[Setting]:
    """Return the variables of DisplayMessageCtrlr."""
    return [
        Setting("DisplayMessageCtrlr", "Available", "true", False, "boolean"),
        Setting("DisplayMessageCtrlr", "DisplayMessages", str(MESSAGES_MAX), False, "integer"),
        Setting("DisplayMessageCtrlr", "SupportedFormats", ",".join(FORMATS), False),
        Setting("DisplayMessageCtrlr", "SupportedPriorities", ",".join(FRONT), False),
    ]
