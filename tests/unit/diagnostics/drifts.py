"""What chargers say in the tests of drifts: sessions, readings, and whether a detector then stands raised."""

from __future__ import annotations

from typing import Any

from laddverk.diagnostics.detectors.base import Detector, Scene
from laddverk.diagnostics.model import Signal
from laddverk.diagnostics.observations import Metered, SessionBegan, SessionOver
from tests.unit.diagnostics.playing import SCENE, play, seen_at


def began(seconds: float, token: str = "", **fields: Any) -> Any:
    return seen_at(SessionBegan, seconds, evse_number=1, session_key=f"s{seconds}", token_key=token, **fields)


def over(seconds: float, reason: str = "Local") -> Any:
    return seen_at(SessionOver, seconds, evse_number=1, session_key="s", reason=reason)


def metered(seconds: float, session: str = "s", **fields: Any) -> Any:
    return seen_at(Metered, seconds, evse_number=1, session_key=session, **fields)


def standing(detector: Detector, observed: list[Any], scene: Scene = SCENE) -> tuple[bool, list[Signal]]:
    signals = play(detector, observed, scene=scene)
    return detector.raised, signals
