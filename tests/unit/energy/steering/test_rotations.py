"""Which phase a charger uses is found by its steps in the meter, also beside a restless building."""

from random import Random

import pytest

from laddverk.energy.steering.rotations import Step, found, is_wrong


def steps(phase, count, *, building_a=0.0, seed=1):
    random = Random(seed)
    made = []
    for number in range(count):
        drawn = random.choice((-1, 1)) * random.uniform(5.0, 14.0) if number % 4 else 2.0
        shown = [random.gauss(0.0, building_a) + (drawn if each == phase else 0.0) for each in range(3)]
        made.append(Step(drawn, (shown[0], shown[1], shown[2])))
    return made


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_the_phase_is_found_beside_a_restless_building(phase):
    seen = found(steps(phase, 24, building_a=2.0))
    assert seen is not None
    assert seen.phase == phase
    assert seen.confidence > 0.5


def test_too_few_steps_say_nothing():
    assert found(steps(1, 5)) is None


def test_a_charge_on_all_phases_says_nothing_about_their_order():
    assert found([Step(8.0, (8.0, 8.0, 8.0))] * 9) is None


def test_a_meter_that_does_not_answer_says_nothing():
    assert found([Step(8.0, (0.1, 0.0, 0.2))] * 9) is None


def test_an_order_that_people_entered_wrongly_is_told():
    seen = found(steps(2, 12))
    assert is_wrong((0, 1, 2), seen)
    assert not is_wrong((2, 0, 1), seen)
    assert not is_wrong(None, seen)
