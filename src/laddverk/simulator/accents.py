"""Accents: how simulated chargers bend the standard on the wire, as real ones do; what they mean stays clear."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

Accent = Callable[[str], str]
"""Takes a call as the standard wants it, and returns it as this charger says it."""

NUMBERED: Final = {"connectorId", "seqNo"}  # what is said as text where a number belongs (quirk 66)
READ: Final = "value"  # of a meter: a number where 1.6 wants text, and text where 2.x wants a number (quirk 43)
STATED: Final = {"status", "connectorStatus"}  # said in small letters (quirk 39)
OWN: Final = {"cabinetTemperature": 31}  # what OCPP does not have (quirk 66)
OWN_IN: Final = {"StatusNotification", "MeterValues"}


def loose(call: str) -> str:
    """Return `call` by a charger that takes numbers, texts and spelling lightly, and adds fields of its own."""
    number, unique_id, action, payload = json.loads(call)
    payload = _loosened(payload)
    if action in OWN_IN:
        payload |= OWN
    return json.dumps([number, unique_id, action, payload], ensure_ascii=False)


def _loosened(value: Any) -> Any:
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _said(name, item) for name, item in value.items()}


def _said(name: str, item: Any) -> Any:
    if name in NUMBERED and isinstance(item, int):
        return str(item)
    if name in STATED and isinstance(item, str):
        return item.lower()
    if name == READ:
        return _other_way_round(item)
    return _loosened(item)


def _other_way_round(item: Any) -> Any:
    """Return a meter's text as a number, and its number as text; what is neither stays as it is."""
    if isinstance(item, int | float) and not isinstance(item, bool):
        return str(item)
    try:
        return float(item)
    except (TypeError, ValueError):
        return item
