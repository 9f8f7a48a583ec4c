"""What a session leaves behind for a replay: on how many phases its car charged, and how much it took there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from laddverk.planning.traces import Seen, Stay, stays

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
SEEN = Seen(
    key="s", who="w", outlet="p", started_at=BEGAN, ended_at=BEGAN + timedelta(hours=4),
    charging_ended_at=BEGAN + timedelta(hours=2), energy_wh=7_000, most_a=16.0, second_a=16.0, most_w=11_000.0,
)  # fmt: skip


def stay_of(phases: int = 3, **seen: object) -> Stay:
    """Return what a session leaves behind at an outlet of 16 A."""
    (found,) = stays([replace(SEEN, **seen)], {"p": (phases, 16.0)})
    return found


@pytest.mark.parametrize(
    ("second_a", "most_w", "phases"),
    [
        (16.0, 11_000.0, 3),
        (0.2, 3_680.0, 1),
        (None, 3_680.0, 1),  # its charger tells only the phase that is charged on
        (None, 11_000.0, 3),  # its charger tells one phase for all
        (None, None, 3),
    ],
)
def test_a_car_that_charged_on_one_phase_is_known_by_its_currents_or_else_by_its_power(second_a, most_w, phases):
    assert stay_of(second_a=second_a, most_w=most_w).phases == phases


def test_a_car_takes_what_it_showed_at_most_and_never_more_than_its_outlet_gives():
    assert stay_of(most_a=10.0, most_w=6_900.0).current_a == 10.0
    assert stay_of(most_a=32.0, second_a=32.0, most_w=22_080.0).current_a == 16.0
    assert stay_of(phases=1, second_a=None, most_w=3_680.0).phases == 1
    assert stay_of(most_a=None, second_a=None, most_w=None, energy_wh=13_800).current_a == pytest.approx(10.0)
    assert stay_of(most_a=None, second_a=None, most_w=None, energy_wh=100).current_a == 6.0


def test_what_nobody_can_replay_is_left_out():
    outlets = {"p": (3, 16.0)}
    short = replace(SEEN, ended_at=BEGAN + timedelta(seconds=59))
    assert stays([short, replace(SEEN, energy_wh=0), replace(SEEN, outlet="q")], outlets) == []
