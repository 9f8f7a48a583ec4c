"""Whether a reading can be, how good it is now, and whether a setup makes sense. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from laddverk.energy.meters.model import HOST_MAX, NAME_MAX, Latest, Quality, Reading, Setup, Way
from laddverk.energy.steering.other_load import FRESH_S, LOST_S, SAME_S
from laddverk.kernel.problems import Invalid

CURRENT_MAX_A: Final = 10_000.0  # more than the largest low-voltage transformer gives
VOLTAGE_MAX_V: Final = 1_000.0  # what low voltage ends at
POWER_MAX_W: Final = 3 * CURRENT_MAX_A * 400.0
ENERGY_MAX_WH: Final = 1e13  # registers of meters end far before
AHEAD_MAX: Final = timedelta(seconds=10)  # clocks of meters differ; the loop takes a reading as of now for so long
EVERY_RANGE_S: Final = (1.0, 60.0)
RATIO_RANGE: Final = (0.001, 10_000.0)
HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
QUANTITIES: Final = (
    "current_l1", "current_l2", "current_l3", "power_l1", "power_l2", "power_l3", "power", "import", "export",
)  # fmt: skip
"""What a message of MQTT may tell: A, W and Wh."""
CURRENTS: Final = QUANTITIES[:3]
TOPIC_MAX: Final = 200


def fault(reading: Reading, now: datetime) -> str:
    """Return what cannot be in a reading, in words for who mends it; empty when it can be."""
    for name, values, most in (
        ("current", reading.current_a, CURRENT_MAX_A),
        ("voltage", reading.voltage_v or (), VOLTAGE_MAX_V),
        ("power", _given(reading.power_w), POWER_MAX_W),
        ("energy", (*_given(reading.import_wh), *_given(reading.export_wh)), ENERGY_MAX_WH),
    ):
        wrong = [value for value in values if not isfinite(value) or abs(value) > most]
        if wrong:
            return f"{name} {wrong[0]:g}"
    if reading.at > now + AHEAD_MAX:
        return f"time {reading.at.isoformat()}"
    return ""


def _given(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def signed(currents: Iterable[float], powers: Iterable[float] | None) -> tuple[float, float, float]:
    """Return currents with the direction of their phase's power; drawn where no power tells it."""
    amperes = list(currents)
    watts = list(powers) if powers is not None else [0.0, 0.0, 0.0]
    first, second, third = (-abs(a) if w < 0 else abs(a) if w > 0 else a for a, w in zip(amperes, watts, strict=True))
    return first, second, third


def quality(latest: Latest | None, now: datetime) -> Quality:
    """Return what the loop thinks of the latest reading: the same ages hold there."""
    if latest is None or (now - latest.at).total_seconds() > LOST_S:
        return Quality.SILENT
    if (latest.at - latest.moved_at).total_seconds() > SAME_S:
        return Quality.FROZEN
    return Quality.FRESH if (now - latest.at).total_seconds() <= FRESH_S else Quality.STALE


def checked_name(name: str) -> str:
    """Return a meter's name. Raises `Invalid`."""
    text = name.strip()
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable():
        raise Invalid("The name has 1 to 80 characters.", field="name")
    return text


def checked_setup(setup: Setup, models: Collection[str]) -> Setup:
    """Return a setup that can be used. Raises `Invalid` naming the field."""
    low, high = RATIO_RANGE
    if not low <= setup.ratio <= high:
        raise Invalid("The factor is between 0.001 and 10,000.", field="ratio")
    if setup.way is Way.PUSH:
        return Setup(way=Way.PUSH, ratio=setup.ratio)
    if setup.way is Way.OCPP:
        if setup.station_id is None:
            raise Invalid("Choose the charger that measures.", field="station")
        return Setup(way=Way.OCPP, ratio=setup.ratio, station_id=setup.station_id)
    if len(setup.host) > HOST_MAX or not HOST.fullmatch(setup.host):
        raise Invalid("Give the name or the address of the meter, such as 192.168.1.20.", field="host")
    if not 1 <= setup.port <= 65_535:
        raise Invalid("A port is between 1 and 65,535.", field="port")
    return _modbus(setup, models) if setup.way is Way.MODBUS else _mqtt(setup)


def _modbus(setup: Setup, models: Collection[str]) -> Setup:
    if setup.model not in models:
        raise Invalid("Choose from the list.", field="model")
    if not 0 <= setup.unit <= 255:
        raise Invalid("The unit is between 0 and 255.", field="unit")
    if not EVERY_RANGE_S[0] <= setup.every_s <= EVERY_RANGE_S[1]:
        raise Invalid("A meter is asked every 1 to 60 seconds.", field="every")
    return Setup(
        way=Way.MODBUS, host=setup.host, port=setup.port, unit=setup.unit, model=setup.model, every_s=setup.every_s,
        ratio=setup.ratio,
    )  # fmt: skip


def _mqtt(setup: Setup) -> Setup:
    if not 1 <= len(setup.topic) <= TOPIC_MAX or not setup.topic.isprintable() or setup.topic.startswith("$"):
        raise Invalid("Give the topic that the readings come on.", field="topic")
    if any(part in setup.topic for part in ("#", "+")):
        raise Invalid("A topic of one meter has no + and no #.", field="topic")
    if len(setup.user) > NAME_MAX:
        raise Invalid("The name has 1 to 80 characters.", field="user")
    unknown = [name for name in setup.fields if name not in QUANTITIES]
    if unknown or not all(name in setup.fields for name in CURRENTS):
        raise Invalid("Say where the currents of all three phases stand.", field="fields")
    return Setup(
        way=Way.MQTT, host=setup.host, port=setup.port, topic=setup.topic, user=setup.user, is_tls=setup.is_tls,
        fields=setup.fields, ratio=setup.ratio,
    )  # fmt: skip
