"""What is done by itself, and what holds it back: every guard, and nothing but closing after a danger."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from laddverk.support.situations.book import catalogue
from laddverk.support.situations.model import Situation, Step
from laddverk.support.stepping.model import Guards
from laddverk.support.stepping.rules import held_back
from laddverk.support.stepping.service import DONE

CALM = Guards(
    switched_off=False, excluded=False, in_work=False, person_works=False, at_site=0, charging=0, is_connected=True
)
COMMANDS = (Step.UNLOCK, Step.OUT_OF_SERVICE)


def situation(*, is_danger: bool = False) -> Situation:
    return Situation(key="x", predicate="x", rank=1, is_danger=is_danger)


@pytest.mark.parametrize("step", [Step.EXTEND, Step.UNLOCK, Step.OUT_OF_SERVICE, Step.TELL_OWNER])
def test_a_step_is_taken_unless_something_speaks_against_it(step: Step) -> None:
    assert held_back(step, situation(), CALM) == ""
    assert held_back(step, situation(), replace(CALM, in_work=True))
    assert held_back(step, situation(), replace(CALM, person_works=True))
    is_command = step in COMMANDS
    assert bool(held_back(step, situation(), replace(CALM, switched_off=True))) is is_command
    assert bool(held_back(step, situation(), replace(CALM, excluded=True))) is is_command
    assert bool(held_back(step, situation(), replace(CALM, at_site=3))) is is_command
    assert bool(held_back(step, situation(), replace(CALM, charging=1))) is (step is Step.UNLOCK)
    assert bool(held_back(step, situation(is_danger=True), CALM)) is (step is not Step.OUT_OF_SERVICE)


def test_every_step_of_the_catalogue_is_carried_out_by_somebody() -> None:
    named = {each.step for each in catalogue()} - {Step.NOTHING}
    assert named <= {*DONE, Step.TRY_AGAIN}
    for each in catalogue():
        assert not each.is_danger or each.step in (Step.NOTHING, Step.OUT_OF_SERVICE), each.key
