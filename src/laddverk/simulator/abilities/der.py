"""Grid functions of a charger that feeds back (2.1): it keeps them, reports them and says when one begins."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from laddverk.ocpp import times
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.model import Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

CONTROLS_MAX: Final = 24  # of one kind in one report
SETTINGS: Final = {
    "EnterService": ("enterService", "enterService"),
    "FreqDroop": ("freqDroop", "freqDroop"),
    "FixedPFAbsorb": ("fixedPFAbsorb", "fixedPF"),
    "FixedPFInject": ("fixedPFInject", "fixedPF"),
    "FixedVar": ("fixedVar", "fixedVar"),
    "Gradients": ("gradient", "gradient"),
    "LimitMaxDischarge": ("limitMaxDischarge", "limitMaxDischarge"),
}
"""The field that holds the settings of each kind in a request, and in an item of a report; others are curves."""
BARE: Final = frozenset({"EnterService", "Gradients"})
"""Kinds whose items say neither default nor superseded."""


class Controls:
    """The grid functions of one charger, by id: the request that set each."""

    __slots__ = ("by_id", "superseded")

    def __init__(self) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.superseded: set[str] = set()


def _set(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    known = charger.of(Controls)
    request = msgspec.to_builtins(asked)
    place, _ = SETTINGS.get(asked.control_type, ("curve", "curve"))
    if place not in request or (asked.control_id not in known.by_id and len(known.by_id) >= CONTROLS_MAX):
        return {"status": "Rejected"}
    older = [
        each
        for each, one in known.by_id.items()
        if each != asked.control_id and (one["controlType"], one["isDefault"]) == (asked.control_type, asked.is_default)
    ]
    known.by_id[asked.control_id] = request
    known.superseded.update(older)
    known.superseded.discard(asked.control_id)
    if not asked.is_default:
        told = {"controlId": asked.control_id, "started": True, "timestamp": times.written(at)}
        charger.say(Told(at=at, action="NotifyDERStartStop", fields=told))
    return {"status": "Accepted", **({"supersededIds": older} if older else {})}


def _get(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    known = charger.of(Controls)
    found = {
        each: one
        for each, one in known.by_id.items()
        if asked.control_id in (None, each)
        and asked.control_type in (None, one["controlType"])
        and asked.is_default in (None, one["isDefault"])
    }
    if not found:
        return {"status": "NotFound"}
    report: dict[str, Any] = {"requestId": asked.request_id}
    for each, one in found.items():
        kind = one["controlType"]
        place, inner = SETTINGS.get(kind, ("curve", "curve"))
        item: dict[str, Any] = {"id": each, inner: one[place]}
        if kind not in BARE:
            item |= {"isDefault": one["isDefault"], "isSuperseded": each in known.superseded}
        if place == "curve":
            item["curveType"] = kind
        report.setdefault(place, []).append(item)
    charger.say(Told(at=at, action="ReportDERControl", fields=report))
    return {"status": "Accepted"}


def _clear(charger: Charger, asked: Any, _at: datetime) -> dict[str, Any]:
    known = charger.of(Controls)
    meant = [
        each
        for each, one in known.by_id.items()
        if one["isDefault"] == asked.is_default
        and asked.control_id in (None, each)
        and asked.control_type in (None, one["controlType"])
    ]
    for each in meant:
        del known.by_id[each]
    return {"status": "Accepted" if meant else "NotFound"}


def alarm(charger: Charger, at: datetime, control: str, fault: str, *, ended: bool = False) -> None:
    """Say that the grid left its bounds, or is back within them."""
    fields = {"controlType": control, "timestamp": times.written(at), "gridEventFault": fault, "alarmEnded": ended}
    charger.say(Told(at=at, action="NotifyDERAlarm", fields=fields, durable=True))


ORDERS_2X: Final[Orders] = {"SetDERControl": _set, "GetDERControl": _get, "ClearDERControl": _clear}
