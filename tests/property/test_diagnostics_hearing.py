"""Whatever a charger says, in whatever order: no detector stumbles, none outgrows its memory, and sleep is harmless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import Detector, EvseScene, Scene
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.hearing import Heard
from laddverk.diagnostics.memory import EVSES_MAX, MEMORY_MAX_B, Kinds
from laddverk.diagnostics.model import OutcomeClass, Signal, Turn
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Status

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
SCENE = Scene(station_id=StationId(UUID(int=1)), evses={1: EvseScene(evse_number=1)})

instants = st.integers(-86_400, 90 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
times = {"at": instants, "received_at": instants, "clock_off_ms": st.sampled_from([None, 0, -9_000, 2**40])}
evses = st.sampled_from([0, 1, 2, 3, 2**31 - 1])
keys = st.sampled_from(["", "a", "b", "x" * 500])
words = st.sampled_from(["", "NoError", "GroundFailure", "CX011,CX022", "0", "true", "-1e309", "ö" * 200, "\x00"])
amounts = st.sampled_from([None, 0, -1, 1, 180, 10_000, 2**62])
reals = st.sampled_from([None, 0.0, -5.0, 16.0, 230.0, 1e9, -1e9])
phases = st.one_of(st.none(), st.tuples(reals, reals, reals))
observations = st.one_of(
    st.builds(seen.LinkOpened, **times),
    st.builds(seen.LinkClosed, **times, reason=words),
    st.builds(seen.Restarted, **times, reason=words, firmware=words, ours=st.booleans()),
    st.builds(seen.Beat, **times),
    st.builds(
        seen.StateSeen, **times, evse_number=evses, status=st.sampled_from(list(Status)), error_code=words,
        vendor_error_code=words, vendor_id=words, info=words,
    ),
    st.builds(
        seen.EventSeen, **times, evse_number=evses, component=words, variable=words, value=words, tech_code=words,
        cleared=st.booleans(),
    ),
    st.builds(seen.TokenSeen, **times, token_key=keys, accepted=st.booleans(), local=st.booleans()),
    st.builds(
        seen.SessionBegan, **times, evse_number=evses, session_key=keys, token_key=keys, local=st.booleans(),
        register_wh=amounts, offline=st.booleans(),
    ),
    st.builds(
        seen.Metered, **times, evse_number=evses, session_key=keys, energy_wh=amounts, power_w=amounts,
        current_a=phases, voltage_v=phases, soc_percent=reals, offered_a=reals, temperature_c=reals, cabinet_c=reals,
    ),
    st.builds(seen.SessionChanged, **times, evse_number=evses, session_key=keys, charging_state=words),
    st.builds(seen.SessionOver, **times, evse_number=evses, session_key=keys, reason=words, register_wh=amounts),
    st.builds(
        seen.OutcomeSeen, **times, evse_number=evses, outcome=st.sampled_from(list(OutcomeClass)), began_at=instants,
        energy_wh=st.integers(0, 2**40), token_key=keys, car_key=keys, error_codes=st.tuples(words), limit_a=reals,
    ),
    st.builds(
        seen.CommandEnded, **times, kind=st.sampled_from(["reset", "unlock_connector", "trigger"]),
        state=st.sampled_from(["confirmed", "refused", "timed_out"]), word=words, took_s=reals,
    ),
    st.builds(seen.LimitSet, **times, evse_number=evses, limit_a=reals),
    st.builds(seen.SecuritySeen, **times, kind=words, critical=st.booleans(), tech_info=words),
    st.builds(seen.DriftSeen, **times, names=st.lists(words, max_size=10).map(tuple)),
)  # fmt: skip


def kinds_of(kind: type[Detector]) -> Kinds:
    return Kinds((kind,))


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.ABOUT.id)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(told=st.lists(observations, max_size=40))
def test_no_detector_stumbles_or_outgrows_its_memory(kind: type[Detector], told: list[seen.Observation]) -> None:
    detector, end = kind(evse_number=1), START + timedelta(days=120)
    raised = False
    for each in told:
        if not isinstance(each, kind.HEARS):
            continue
        for signal in (*detector.hear(each, SCENE), *_passed(detector, max(each.received_at, START))):
            assert signal.detector == kind.ABOUT.id
            raised = signal.turn is Turn.RAISED
            msgspec.json.encode(signal)
    for signal in _passed(detector, end):
        raised = signal.turn is Turn.RAISED
    assert detector.raised is raised
    packed = msgspec.msgpack.encode(detector)
    assert len(packed) <= MEMORY_MAX_B
    assert msgspec.msgpack.encode(msgspec.msgpack.decode(packed, type=kind)) == packed


def _passed(detector: Detector, now: datetime) -> list[Signal]:
    said: list[Signal] = []
    due_at = detector.due_at()
    if due_at is not None and due_at <= now:
        said.extend(detector.pass_time(now, SCENE))
    return said


def test_a_charger_of_a_thousand_outlets_has_the_memory_of_a_few() -> None:
    heard = Heard(Kinds(DETECTORS), None, SCENE)
    for number in range(1, 2_000):
        heard.hear(
            seen.StateSeen(at=START, received_at=START, evse_number=number, status=Status.FAULTED, error_code="Other"),
            START,
        )
    assert max(heard.memory.evses()) <= EVSES_MAX


def test_a_late_turn_finds_what_an_early_one_would_have_found() -> None:
    """One detector of time: heard at once, or each message at its own time, it says the same."""
    kinds = Kinds(DETECTORS)
    told: list[seen.Observation] = [
        seen.LinkOpened(at=START, received_at=START),
        *(seen.Beat(at=at, received_at=at) for at in (START + timedelta(minutes=5 * number) for number in range(6))),
        *(
            seen.Beat(at=at, received_at=at)
            for at in (START + timedelta(hours=8, minutes=number) for number in range(9))
        ),
    ]
    end = START + timedelta(hours=9)
    at_once = Heard(kinds, None, SCENE)
    for each in told:
        at_once.hear(each, end)
    at_once.pass_time(end)
    packed, early = None, []
    for each in told:
        step = Heard(kinds, packed, SCENE)
        step.hear(each, each.received_at)
        packed = step.memory.packed()
        early += step.signals
    last = Heard(kinds, packed, SCENE)
    last.pass_time(end)
    said = [(one.detector, one.turn) for one in (*early, *last.signals)]
    assert said == [(one.detector, one.turn) for one in at_once.signals]
    assert ("D01", Turn.RAISED) in said
    assert ("D01", Turn.CLEARED) in said
