"""What a message of MQTT tells: JSON, in which each quantity is found by a path. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.energy.meters import rules
from laddverk.energy.meters.model import Reading, Unreadable, Why
from laddverk.energy.meters.rules import CURRENTS
from laddverk.kernel.problems import Invalid

PAYLOAD_MAX: Final = 16 * 1024  # bytes; a list of all a HAN port tells has some two thousand
PATHS_MAX: Final = 2_000  # characters that people write
DEPTH_MAX: Final = 8
LINE: Final = re.compile(r"\s*(\w+)\s*=\s*([^\s*=]{1,200})\s*(?:\*\s*(-?\d{1,9}(?:\.\d{1,9})?))?\s*")
PATH: Final = re.compile(r"([^*]+?)(?:\s*\*\s*(-?[\d.]+))?")
USUAL: Final = "current_l1 = i1\ncurrent_l2 = i2\ncurrent_l3 = i3"
POWERS: Final = ("power_l1", "power_l2", "power_l3")


def fields_in(text: str) -> dict[str, str]:
    """Return what people wrote, a line for each quantity: `current_l1 = data.i1 * 0.1`. Raises `Invalid`."""
    if len(text) > PATHS_MAX:
        raise Invalid("This is too long.", field="fields")
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        parts = LINE.fullmatch(line)
        if parts is None or parts[1] not in rules.QUANTITIES or parts[2].count(".") >= DEPTH_MAX:
            raise Invalid(
                "This line cannot be understood: %(line)s", field="fields",
                remedy="Write it like current_l1 = data.i1.", line=line.strip()[:100],
            )  # fmt: skip
        found[parts[1]] = parts[2] + (f" * {parts[3]}" if parts[3] else "")
    return found


def text_of(fields: Mapping[str, str]) -> str:
    """Return the lines that `fields_in` reads."""
    return "\n".join(f"{name} = {path}" for name, path in fields.items())


def reading_in(payload: bytes, fields: Mapping[str, str], ratio: float, at: datetime) -> Reading:
    """Return the reading that a message holds. Raises `Unreadable`, which names the path."""
    if len(payload) > PAYLOAD_MAX:
        raise Unreadable(Why.NOT_READABLE, f"{len(payload)} bytes")
    try:
        message = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(Why.NOT_READABLE, str(error)) from None
    told = {name: _number(message, path) * ratio for name, path in fields.items()}
    powers = [told[name] for name in POWERS] if all(name in told for name in POWERS) else None
    reading = Reading(
        at=at, current_a=rules.signed((told[name] for name in CURRENTS), powers),
        power_w=told.get("power", sum(powers) if powers else None),
        import_wh=told.get("import"), export_wh=told.get("export"),
    )  # fmt: skip
    wrong = rules.fault(reading, at)
    if wrong:
        raise Unreadable(Why.IMPLAUSIBLE, wrong)
    return reading


def _number(message: Any, path: str) -> float:
    parts = PATH.fullmatch(path)
    where, factor = (parts[1], float(parts[2] or 1)) if parts else (path, 1.0)
    found = message
    for name in where.split("."):
        if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            found = found.get(name) if isinstance(found, dict) else None
    try:
        if isinstance(found, bool) or not isinstance(found, int | float | str):
            raise ValueError
        return float(found) * factor
    except (ValueError, OverflowError):
        raise Unreadable(Why.NOT_READABLE, where) from None
