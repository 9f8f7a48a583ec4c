"""What is done by itself, and what holds it back: every guard, and nothing but closing after a danger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from msgspec.structs import replace

from laddverk.support.situations.book import catalogue
from laddverk.support.situations.model import Complaint, Match, Situation, Step, Told
from laddverk.support.stepping.model import Guards, Standing, Trouble
from laddverk.support.stepping.rules import LOOKS_AHEAD, costs_from, due_step, held_back
from laddverk.support.stepping.service import DONE
from laddverk.tariffs.model import Component, Dimension, Limit, Restriction, Spot, Tariff
from laddverk.tariffs.rules import SpotMissing

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


DONE_AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # 17:00 in Sweden, a Friday


def trouble(what: str) -> Trouble:
    return Trouble(
        what=what, occurrence="x", station_id=uuid4(), evse_number=1, connector_number=1, start_request_id=None,
        session_id=None, payment_id=None, driver_id=None, complaint=Complaint.NONE, at=DONE_AT,
    )  # fmt: skip


def told(step: Step, then: Step = Step.NOTHING, variant: str = "") -> Told:
    return Told(
        situation=Situation(key="x", predicate="x", rank=1, step=step, then=then), match=Match(variant=variant)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "given", "due"),
    [
        ("start", told(Step.EXTEND), Step.EXTEND),
        ("over", told(Step.EXTEND), Step.NOTHING),
        ("over", told(Step.UNLOCK), Step.UNLOCK),
        ("start", told(Step.UNLOCK), Step.NOTHING),
        ("danger", told(Step.OUT_OF_SERVICE), Step.OUT_OF_SERVICE),
        ("over", told(Step.OUT_OF_SERVICE), Step.NOTHING),
        # After a no the first step is over, and what follows it is due: that alone.
        ("refused", told(Step.TRY_AGAIN, then=Step.UNLOCK), Step.UNLOCK),
        ("start", told(Step.TRY_AGAIN, then=Step.UNLOCK), Step.NOTHING),
        ("refused", told(Step.UNLOCK), Step.NOTHING),
        # A car stands in the way when it is done, and somebody asks or it costs; not while it may only pause.
        ("stands", told(Step.TELL_OWNER, variant="done"), Step.TELL_OWNER),
        ("blocks", told(Step.TELL_OWNER, variant="done"), Step.TELL_OWNER),
        ("stands", told(Step.TELL_OWNER), Step.NOTHING),
        ("blocks", told(Step.TELL_OWNER), Step.NOTHING),
        ("over", told(Step.TELL_OWNER, variant="done"), Step.NOTHING),
        ("blocks", told(Step.NOTHING, variant="done"), Step.NOTHING),
    ],
)
def test_a_step_is_due_for_the_trouble_that_it_helps_against(what: str, given: Told, due: Step) -> None:
    assert due_step(trouble(what), given) is due


ENERGY = Component(dimension=Dimension.ENERGY, price=Decimal("4.00"))
IDLE = Component(dimension=Dimension.IDLE, price=Decimal("1.00"))


def first_cost(tariff: Tariff) -> timedelta | None:
    """So long after a car was done it begins to cost that it stands there."""
    car = Standing(
        id=uuid4(), done_at=DONE_AT, started_at=DONE_AT - timedelta(hours=3), energy_wh=20_000,
        timezone="Europe/Stockholm", tariff=tariff,
    )  # fmt: skip
    found = costs_from(car, {})
    return None if found is None else found - DONE_AT


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("tariff", "after"),
    [
        (Tariff(components=(ENERGY,)), None),
        (Tariff(components=(ENERGY, IDLE)), hours(0)),
        (Tariff(components=(ENERGY, IDLE), idle_grace_minutes=45), hours(0.75)),
        (Tariff(components=(ENERGY, IDLE), idle_free_from="16:00", idle_free_to="06:00"), hours(13)),
        (
            Tariff(components=(ENERGY, IDLE), idle_grace_minutes=90, idle_free_from="18:00", idle_free_to="06:00"),
            hours(13),
        ),
        (Tariff(components=(ENERGY, replace(IDLE, when=Restriction(from_time="20:00", to_time="23:00")))), hours(3)),
        (Tariff(components=(ENERGY, replace(IDLE, when=Restriction(min_duration_s=4 * 3600)))), hours(1)),
        (Tariff(components=(ENERGY, replace(IDLE, when=Restriction(weekdays=frozenset({5}))))), hours(7)),
        (Tariff(components=(ENERGY, replace(IDLE, when=Restriction(weekdays=frozenset({0}))))), None),
        (Tariff(components=(ENERGY, replace(IDLE, price=Decimal(0)))), None),
        (Tariff(components=(ENERGY, IDLE), idle_max=Decimal(0)), None),
        (Tariff(components=(ENERGY, IDLE), max_price=Limit(gross=Decimal(60))), None),  # 80 kr are used up already
        (Tariff(components=(ENERGY, IDLE), max_price=Limit(gross=Decimal(100))), hours(0)),
    ],
)
def test_it_costs_to_stand_there_from_when_the_price_says_so_and_not_before(
    tariff: Tariff, after: timedelta | None
) -> None:
    assert first_cost(tariff) == after
    assert after is None or after < LOOKS_AHEAD


def test_nothing_is_said_of_a_price_that_the_exchange_has_not_published() -> None:
    with pytest.raises(SpotMissing):
        first_cost(Tariff(components=(replace(ENERGY, spot=Spot(area="SE3")), IDLE)))
