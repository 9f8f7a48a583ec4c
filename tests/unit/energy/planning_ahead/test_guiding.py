"""A plan's targets in the allocator: they spare money and never lift a limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.allocating import Branch, Demand, ReasonCode, Situation, allocated
from laddverk.energy.planning_ahead.guiding import FRESH_FOR, guided
from laddverk.energy.planning_ahead.model import Ahead, Feeder, MadeBy, Plan, Stay
from laddverk.energy.planning_ahead.planning import planned

NOW = datetime(2026, 1, 12, 17, tzinfo=UTC)


def situation(count: int = 3, limit_a: float = 63.0, **more) -> Situation:
    return Situation(
        branches=(Branch(key="grid", limit_a=(limit_a,) * 3),),
        demands=tuple(
            Demand(key=str(number), branch=0, use_a=(1, 1, 1), watts_per_a=690, ceiling_a=16, since=NOW, **more)
            for number in range(count)
        ),
    )


def plan(**more) -> Plan:
    given = {"begins_at": NOW, "step_minutes": 60, "targets_a": {}, "unmet_wh": {}} | more
    return Plan(**given)


def given_a(asked: Situation, now: datetime = NOW) -> list[float]:
    return [grant.limit_a for grant in allocated(asked, now)]


def test_each_car_has_its_target_and_the_grant_says_that_the_plan_holds_it():
    asked = guided(situation(), plan(targets_a={"0": (0.0, 16.0), "1": (8.0, 0.0)}), NOW)
    grants = allocated(asked, NOW)
    assert [grant.limit_a for grant in grants] == [0, 8, 16]  # the third came after the plan was made
    assert [grant.reason.code for grant in grants][:2] == [ReasonCode.PAUSED_BY_PLAN, ReasonCode.PLANNED]


def test_a_target_never_lifts_a_limit():
    asked = guided(situation(limit_a=20.0), plan(targets_a={str(number): (16.0,) for number in range(3)}), NOW)
    assert sum(given_a(asked)) <= 20


def test_the_cap_rule_is_shared_as_a_circuit_is_and_six_amperes_hold():
    rule = plan(made_by=MadeBy.CAP_RULE, cap_w=(15_000.0,))
    found = given_a(guided(situation(), rule, NOW))
    assert sum(found) * 690 <= 15_000
    assert all(each == 0 or each >= 6 for each in found)
    assert sum(each > 0 for each in found) == 3
    few = given_a(guided(situation(), plan(made_by=MadeBy.CAP_RULE, cap_w=(9_000.0,)), NOW))
    assert 0 < sum(few) * 690 <= 9_000


def test_a_car_that_the_circuits_leave_out_is_not_let_in_above_the_cap():
    rule = plan(made_by=MadeBy.CAP_RULE, cap_w=(6 * 690 * 2.0,))
    found = given_a(guided(situation(count=5, limit_a=18.0), rule, NOW))
    assert sum(each > 0 for each in found) == 2
    assert sum(found) * 690 <= 6 * 690 * 2


def test_an_old_plan_is_believed_only_in_what_all_may_take_together_and_an_ended_one_not_at_all():
    old = plan(targets_a={"0": (0.0, 0.0)}, cap_w=(30_000.0, 20_000.0))
    later = NOW + FRESH_FOR + timedelta(minutes=21)
    assert 0 < sum(given_a(guided(situation(), old, later), later)) * 690 <= 20_000
    much_later = NOW + timedelta(hours=2)
    assert guided(situation(), old, much_later) == situation()


def test_a_plan_and_the_allocator_agree_where_nothing_unforeseen_happens():
    """What if equals what is: with the plan's own cars the allocator grants, in each period, what was planned."""
    stays = tuple(
        Stay(key=str(number), feeder=0, use=(1, 1, 1), watts_per_a=690, ceiling_a=16, wanted_wh=25_000, departs=8)
        for number in range(3)
    )
    feeder = Feeder(key="grid", limit_a=((30.0,) * 3,))
    prices = (2.0, 2.0, 1.0, 1.0, 1.5, 1.2, 1.2, 1.4)
    ahead = Ahead(begins_at=NOW, step_minutes=60, price_per_kwh=prices, feeders=(feeder,), stays=stays)
    fresh = planned(ahead, ())
    for period in range(8):
        now = NOW + timedelta(hours=period)
        shown = plan(begins_at=now, targets_a={key: row[period:] for key, row in fresh.targets_a.items()})
        found = given_a(guided(situation(limit_a=30.0), shown, now), now)
        assert found == pytest.approx([fresh.targets_a[key][period] for key in "012"], abs=0.11)
