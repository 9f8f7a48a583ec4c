"""Plays observations to one detector by a clock that starts at nought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from laddverk.diagnostics.detectors.base import Detector, EvseScene, Scene
from laddverk.diagnostics.model import OutcomeClass, Signal, Turn
from laddverk.diagnostics.observations import CommandEnded, OutcomeSeen, StateSeen
from laddverk.kernel.ids import StationId, new_id
from laddverk.ocpp.facts import Status

START = datetime(2026, 3, 1, tzinfo=UTC)
SCENE = Scene(station_id=StationId(new_id()), evses={1: EvseScene(evse_number=1)})
DC = Scene(
    station_id=StationId(new_id()),
    evses={1: EvseScene(evse_number=1, power_type="dc", power_max_w=150_000, current_max_a=400)},
)
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def instant(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def seen_at(kind: type, seconds: float, /, **fields: Any) -> Any:
    """Return an observation made and received so many seconds after the start."""
    return kind(at=instant(seconds), received_at=instant(seconds), **fields)


def command(seconds: float, kind: str, state: str = "accepted", **fields: Any) -> CommandEnded:
    return seen_at(CommandEnded, seconds, kind=kind, state=state, **fields)


def state(seconds: float, status: Status, evse_number: int = 1, **fields: Any) -> StateSeen:
    return seen_at(StateSeen, seconds, evse_number=evse_number, status=status, **fields)


def outcome(seconds: float, how: OutcomeClass, token: str = "", lasted_s: float = 60, **fields: Any) -> OutcomeSeen:
    began_at = instant(seconds - lasted_s)
    energy_wh = fields.pop("energy_wh", 8_000 if how is OutcomeClass.OK else 0)
    return seen_at(
        OutcomeSeen, seconds, evse_number=1, outcome=how, token_key=token, began_at=began_at, energy_wh=energy_wh,
        **fields,
    )  # fmt: skip


def play(detector: Detector, observed: Sequence[Any], until_s: float = 0, scene: Scene = SCENE) -> list[Signal]:
    """Return what the detector says while it hears `observed`, and time passes to `until_s`, second by due second."""
    signals: list[Signal] = []
    for each in observed:
        signals += wait(detector, each.received_at, scene)
        if type(each) in detector.HEARS:
            signals += detector.hear(each, scene)
    return signals + wait(detector, instant(until_s), scene)


def wait(detector: Detector, now: datetime, scene: Scene = SCENE) -> list[Signal]:
    """Return what the detector says while time passes."""
    signals: list[Signal] = []
    while (due_at := detector.due_at()) is not None and due_at <= now:
        signals += detector.pass_time(due_at, scene)
    return signals


def turns(signals: Sequence[Signal]) -> list[Turn]:
    return [signal.turn for signal in signals]
