"""What holds for every detector, whatever it is told and in whatever order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laddverk.diagnostics.detectors.base import Detector, Scene, Scope
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.model import Signal, Turn
from tests.property.diagnostics.anything import observations, scenes

MEMORY_MAX_B = 2_048
TURNS_MAX = 10

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
def test_it_bears_anything_in_at_most_two_kilobytes(kind: type[Detector], heard: list[Any], scene: Scene) -> None:
    detector = fresh(kind)
    for observed in heard:
        for signal in told(detector, observed, scene):
            assert signal.detector == kind.ABOUT.id
            assert 0 <= signal.confidence <= 1
            for evidence in signal.evidence:
                assert evidence.text % evidence.values
            msgspec.json.encode(signal)
        assert len(msgspec.msgpack.encode(detector)) <= MEMORY_MAX_B


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


@every_detector
@frugal
@given(heard=observations, scene=scenes)
def test_what_is_cleared_was_raised(kind: type[Detector], heard: list[Any], scene: Scene) -> None:
    detector = fresh(kind)
    standing: set[int] = set()
    for observed in heard:
        for signal in told(detector, observed, scene):
            if signal.turn is Turn.CLEARED:
                assert signal.evse_number in standing
                standing.discard(signal.evse_number)
            else:
                standing.add(signal.evse_number)
        assert detector.raised == bool(standing)


@every_detector
@frugal
@given(heard=observations, scene=scenes)
def test_time_that_has_passed_is_passed(kind: type[Detector], heard: list[Any], scene: Scene) -> None:
    detector = fresh(kind)
    for observed in heard:
        told(detector, observed, scene)
        due_at = detector.due_at()
        assert due_at is None or due_at > observed.received_at or due_at.year > 9990
    if heard:
        last = max(observed.received_at for observed in heard)
        if last.year < 9000:
            turns = 0
            now = last + timedelta(days=400)
            while (due_at := detector.due_at()) is not None and due_at <= now and turns < TURNS_MAX:
                detector.pass_time(now, scene)
                turns += 1
            assert turns < TURNS_MAX
