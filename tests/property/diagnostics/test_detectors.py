"""What holds for every detector, whatever it is told and in whatever order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laddverk.diagnostics.detectors.base import Detector, Scene, Scope
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.detectors.statistics import later
from laddverk.diagnostics.model import Signal, Turn
from tests.property.diagnostics.anything import observations, scenes

MEMORY_MAX_B = 2_048
TURNS_MAX = 10
LAST_YEAR = 9_990  # later than that, waiting ends with the calendar

every_detector = pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.ABOUT.id)
frugal = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(detector: Detector, observed: Any, scene: Scene) -> list[Signal]:
    """Return what a detector says of one observation, and when the time after it has passed."""
    signals: list[Signal] = []
    if type(observed) in detector.HEARS:
        signals += detector.hear(observed, scene)
    for _ in range(TURNS_MAX):
        due_at = detector.due_at()
        if due_at is None or due_at > observed.received_at:
            break
        signals += detector.pass_time(observed.received_at, scene)
    return signals


def fresh(kind: type[Detector]) -> Detector:
    return kind(evse_number=0 if kind.ABOUT.scope is Scope.STATION else 1)


@every_detector
@frugal
@given(heard=observations, scene=scenes)
def test_it_bears_anything_in_two_kilobytes_and_clears_only_what_it_raised(
    kind: type[Detector], heard: list[Any], scene: Scene
) -> None:
    detector = fresh(kind)
    standing: set[int] = set()
    for observed in heard:
        for signal in told(detector, observed, scene):
            look_at(signal, kind)
            assert signal.turn is Turn.RAISED or signal.evse_number in standing
            (standing.add if signal.turn is Turn.RAISED else standing.discard)(signal.evse_number)
        assert detector.raised == bool(standing)
        assert len(msgspec.msgpack.encode(detector)) <= MEMORY_MAX_B
        due_at = detector.due_at()
        assert due_at is None or due_at > observed.received_at or due_at.year > LAST_YEAR
    if heard:
        wait(detector, max(observed.received_at for observed in heard), scene)


def look_at(signal: Signal, kind: type[Detector]) -> None:
    """What a signal says can be kept and shown."""
    assert signal.detector == kind.ABOUT.id
    assert 0 <= signal.confidence <= 1
    for evidence in signal.evidence:
        assert evidence.text % evidence.values
    msgspec.json.encode(signal)


def wait(detector: Detector, last: datetime, scene: Scene) -> None:
    """A year on, time has been passed after a few turns: it does not wait for what is over."""
    now = later(last, 400 * 86_400)
    for _ in range(TURNS_MAX):
        due_at = detector.due_at()
        if due_at is None or due_at > now:
            return
        detector.pass_time(now, scene)
    assert last.year > LAST_YEAR


@every_detector
@frugal
@given(heard=observations, scene=scenes, cut=st.integers(0, 40))
def test_a_memory_that_was_put_away_goes_on_as_if_it_had_not(
    kind: type[Detector], heard: list[Any], scene: Scene, cut: int
) -> None:
    whole, parted = fresh(kind), fresh(kind)
    for number, observed in enumerate(heard):
        if number >= cut:
            parted = msgspec.msgpack.decode(msgspec.msgpack.encode(parted), type=kind)
        assert repr(told(whole, observed, scene)) == repr(told(parted, observed, scene))
