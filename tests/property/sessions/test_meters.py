"""What holds for every set of readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from laddverk.sessions.metering import touched
from laddverk.sessions.model import Doubt, OpenRow, Reading
from laddverk.sessions.rules import charging_end, metered, session_energy
from laddverk.sessions.store import NewSample

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
instants = st.integers(0, 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
readings = st.lists(st.builds(Reading, instants, st.integers(-5, 90_000)), max_size=30)
edges = st.one_of(st.none(), st.builds(Reading, instants, st.integers(0, 90_000)))


@given(readings, st.randoms())
def test_order_and_repetition_change_nothing(given_readings: list[Reading], random: Any) -> None:
    shuffled = given_readings * 2
    random.shuffle(shuffled)
    assert metered(shuffled, 11_000) == metered(given_readings, 11_000)


@given(edges, readings, edges)
def test_energy_is_never_negative_and_never_falls(
    start: Reading | None, between: list[Reading], end: Reading | None
) -> None:
    found = session_energy(start, between, end, 11_000)
    assert found.energy_wh >= 0
    assert all(earlier.energy_wh <= later.energy_wh for earlier, later in pairwise(found.curve))
    assert not found.curve or found.curve[-1].energy_wh == found.energy_wh


@given(st.lists(st.tuples(instants, st.integers(0, 3_000)), min_size=2, max_size=20))
def test_a_register_that_only_rises_proves_last_minus_first(steps: list[tuple[datetime, int]]) -> None:
    register_wh, rising = 1_000, []
    for at, step_wh in sorted(steps):
        register_wh += step_wh
        rising.append(Reading(at, register_wh))
    found = metered(rising, 10**9)
    assert found.energy_wh == register_wh - rising[0].register_wh
    assert found.doubts <= {Doubt.MORE_THAN_POSSIBLE}


@given(readings)
def test_charging_ends_within_the_session(given_readings: list[Reading]) -> None:
    found = metered(given_readings, 11_000)
    ended_at = START + timedelta(hours=12)
    assert START <= charging_end(found.curve, START, ended_at) <= ended_at


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=10), st.integers(0, 9))
def test_light_touches_add_up_to_the_fold(steps: list[int], first_part: int) -> None:
    registers = [1_000]
    for step_wh in steps:
        registers.append(registers[-1] + step_wh)
    samples = [_sample(minutes, register_wh) for minutes, register_wh in enumerate(registers)][1:]
    row = _row(1_000, 0, None)
    for part in (samples[:first_part], samples[first_part:]):
        if part:
            touch = touched(row, part)
            assert touch is not None
            row = _row(touch.register_end_wh, touch.energy_wh, touch.sampled_at)
    curve = [Reading(START + timedelta(minutes=minutes), wh) for minutes, wh in enumerate(registers)]
    assert row.energy_wh == metered(curve, 10**9).energy_wh


def _sample(minutes: int, register_wh: int) -> NewSample:
    at = START + timedelta(minutes=minutes)
    return NewSample(None, 1, at, "Sample.Periodic", "tx", at, at, (register_wh, *[None] * 12))  # type: ignore[arg-type]


def _row(register_end_wh: int | None, energy_wh: int, sampled_at: datetime | None) -> OpenRow:
    return OpenRow(
        id=None,  # type: ignore[arg-type]
        number=1,
        station_id=None,  # type: ignore[arg-type]
        evse_number=1,
        connector_number=1,
        transaction_key="tx",
        token_uid=None,
        started_at=START,
        ended_at=None,
        register_end_wh=register_end_wh,
        energy_wh=energy_wh,
        charging_state=None,
        state_at=None,
        sampled_at=sampled_at,
    )
