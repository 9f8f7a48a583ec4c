"""A campaign, whatever its stations do: never more than a stage allows, and never on after too many failures."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.firmware import rules
from laddverk.firmware.model import FINAL, IN_HAND, Plan, Stage, Step, UpdateState
from laddverk.ocpp.facts import FirmwareStatus

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
stages = st.lists(
    st.one_of(
        st.builds(Stage, count=st.integers(1, 20)),
        st.builds(Stage, percent=st.floats(0.5, 100)),
        st.just(Stage()),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
plans = st.builds(
    Plan,
    stages=stages,
    at_once=st.integers(1, 8),
    failed_share=st.one_of(st.none(), st.floats(0.01, 1.0)),
    failed_count=st.integers(1, 10),
)
OUTCOMES = [UpdateState.VERIFIED] * 5 + [UpdateState.FAILED, UpdateState.SKIPPED, None, None]


@given(st.integers(0, 500), stages)
def test_the_stages_together_are_all_stations(total, given_stages):
    sizes = rules.stage_sizes(total, given_stages)
    assert sum(sizes) == total
    assert all(size >= 0 for size in sizes)
    assert len(rules.stages_of(total, given_stages)) == total


@settings(max_examples=150)
@given(st.integers(1, 60), plans, st.integers(0, 10_000))
def test_it_keeps_to_its_plan_until_it_is_over_or_stops(total, plan, seed):
    random = Random(seed)
    world = {
        UUID(int=number): Step(station_id=UUID(int=number), stage=stage, state=UpdateState.QUEUED)
        for number, stage in enumerate(rules.stages_of(total, plan.stages))
    }
    for _ in range(2000):
        steps = [
            rebuilt(step, connected=random.random() < 0.8, in_use=random.random() < 0.3) for step in world.values()
        ]
        decision = rules.decide(plan, steps, NOW)
        failed = [step for step in steps if step.state is UpdateState.FAILED]
        if decision.done or decision.abort:
            assert not decision.ask
            break
        assert plan.failed_count is None or len(failed) < plan.failed_count
        check_asked(plan, steps, decision.ask)
        for station_id in decision.ask:
            world[station_id] = rebuilt(world[station_id], state=UpdateState.ASKED)
        for station_id, step in world.items():
            if step.state in IN_HAND and (outcome := random.choice(OUTCOMES)):
                world[station_id] = rebuilt(step, state=outcome)
    else:
        raise AssertionError("it goes on for ever")
    if decision.done:
        assert all(step.state in FINAL for step in world.values())
    else:
        assert any(step.state is UpdateState.FAILED for step in world.values())


def check_asked(plan, steps, asked):
    by_id = {step.station_id: step for step in steps}
    in_hand = sum(step.state in IN_HAND for step in steps)
    assert len(asked) == len(set(asked))
    assert not asked or in_hand + len(asked) <= plan.at_once
    unfinished = min((step.stage for step in steps if step.state not in FINAL), default=None)
    for station_id in asked:
        step = by_id[station_id]
        assert step.stage == unfinished
        assert step.state is UpdateState.QUEUED
        assert step.connected
        assert not step.in_use


def rebuilt(step, **changes):
    fields = {name: getattr(step, name) for name in step.__struct_fields__}
    return Step(**(fields | changes))


@given(st.sampled_from(UpdateState), st.lists(st.sampled_from(FirmwareStatus), max_size=12))
def test_an_update_never_goes_back_and_never_leaves_its_end(state, statuses):
    order = [UpdateState.QUEUED, *IN_HAND]
    for status in statuses:
        after = rules.after_status(state, status)
        if state in FINAL:
            assert after is state
        elif after not in FINAL:
            assert order.index(after) >= order.index(state)
        state = after
