"""What a charger counts with that proved nothing yet, one that restarted, and what must last before people are told."""

import pytest
from msgspec.structs import replace

from laddverk.energy.allocating import allocated
from laddverk.energy.steering import core, hearing, other_load, unproven
from laddverk.energy.steering.model import (
    AlarmKind,
    Answered,
    Belief,
    Circuit,
    Composed,
    Held,
    Known,
    LinkChanged,
    Load,
    MeterState,
    OrderKind,
    Outlet,
    SessionChanged,
    Trust,
)

T0 = 1_800_000_000.0
STOOD = Held(limit_a=6.0, sent_at=T0 - 900, answered_at=T0 - 899, confirmed=True)


def belief(trust=Trust.OBEYS, **more):
    return Belief(trust=trust, is_online=True, has_session=True, session_since=T0 - 300, standing=(STOOD,), **more)


def board(beliefs, fuse_a=20.0, most_a=16.0, *, is_metered=False):
    """A board without a meter below a grid connection that has one."""
    circuits = (
        Circuit(key="grid", parent=-1, usable_a=(80.0,) * 3, is_metered=True, typed_a=(1.0,) * 3),
        Circuit(key="board", parent=0, usable_a=(fuse_a,) * 3, is_metered=is_metered),
    )
    outlets = tuple(Outlet(key=key, circuit=1, phases=3, wires=(0, 1, 2), current_max_a=most_a) for key in beliefs)
    return Known(circuits=circuits, outlets=outlets, beliefs=beliefs)


def worst(known, meters=None):
    meters = meters or {"grid": MeterState.FRESH}
    return unproven.worst(known, meters, T0, lambda _worst: [(0.0,) * 3] * len(known.circuits))


def test_a_new_charger_that_said_yes_counts_with_that_where_the_fuse_holds_its_lie():
    assert worst(board({"new": belief(Trust.UNKNOWN), "old": belief()})) == {"new": 6.0, "old": 6.0}


def test_new_chargers_count_with_all_they_can_where_the_fuse_would_not_hold_all_their_lies():
    three = {key: belief(Trust.UNKNOWN) for key in "abc"}
    assert worst(board(three)) == dict.fromkeys("abc", 16.0)


def test_a_new_charger_that_said_nothing_counts_with_all_it_can():
    silent = replace(belief(Trust.UNKNOWN), standing=(replace(STOOD, answered_at=None, confirmed=False),))
    assert worst(board({"new": silent})) == {"new": 16.0}


def test_a_charger_that_is_away_below_a_circuit_without_a_meter_counts_with_all_it_can():
    away = {"away": replace(belief(), is_online=False)}
    assert worst(board(away)) == {"away": 16.0}
    both = {"grid": MeterState.FRESH, "board": MeterState.FRESH}
    assert worst(board(away, is_metered=True), both) == {"away": 6.0}


def test_no_raise_leaves_less_than_one_charger_that_fails_takes_before_the_fuse_opens():
    """25 A without a meter hold 43 A for a minute: with one that may jump from 6 to 32 A 17 A are given."""
    known = board({"a": belief(), "b": belief()}, fuse_a=25.0, most_a=32.0)
    decided = core.step(known, [], T0, allocated)
    limits = {one.outlet: one.limit_a for one in decided.orders if one.kind is OrderKind.LIMIT}
    assert sum(max(limits.get(key, 6.0), 6.0) for key in "ab") <= 25.0 * unproven.HOLDS_UNSEEN - 26.0 + 6.0 + 1e-6


def restarted(limit_a):
    known = board({"a": replace(belief(), has_session=False)}, fuse_a=63.0)
    known = core.step(known, [LinkChanged("a", True, T0, True, 0.0, T0)], T0, allocated).known
    asked = core.step(known, [], T0 + 10, allocated)
    looks = [one for one in (*asked.orders,) if one.kind is OrderKind.LOOK]
    name = next(iter(known.beliefs["a"].told_at), "") if not looks else f"look:{looks[0].id}"
    number = int(name.rpartition(":")[2])
    told = [Composed("a", number, T0 + 11, limit_a), Answered("a", number, True, T0 + 11)]
    return core.step(asked.known, told, T0 + 20, allocated)


@pytest.mark.parametrize(("limit_a", "keeps"), [(6.0, True), (16.0, False), (None, False)])
def test_what_holds_after_a_restart_tells_whether_a_charger_keeps_its_default(limit_a, keeps):
    decided = restarted(limit_a)
    assert decided.known.beliefs["a"].keeps_default is keeps
    assert (OrderKind.STANDING in {one.kind for one in decided.orders}) is not keeps


def test_a_car_that_comes_right_after_a_restart_does_not_wait_for_the_question():
    known = board({"a": replace(belief(), has_session=False)})
    known = core.step(known, [LinkChanged("a", True, T0, True, 0.0, T0)], T0, allocated).known
    decided = core.step(known, [SessionChanged("a", True, T0 + 5)], T0 + 6, allocated)
    assert {OrderKind.STANDING, OrderKind.LIMIT} & {one.kind for one in decided.orders}


def test_what_cannot_be_held_is_told_only_when_it_lasts():
    known = board({key: belief(Trust.UNKNOWN) for key in "abc"})
    first = core.step(known, [], T0, allocated)
    assert AlarmKind.CANNOT_HOLD not in {one.kind for one in first.alarms}
    later = core.step(first.known, [], T0 + 200, allocated)
    assert AlarmKind.CANNOT_HOLD in {one.kind for one in later.alarms}


def test_a_meter_that_shows_less_than_all_cars_draw_is_wrong_whichever_phases_they_use():
    circuit = Circuit(key="grid", parent=-1, usable_a=(63.0,) * 3, is_metered=True)
    draws = other_load.Draws((10.0,) * 3, (10.0,) * 3, {"a": 16.0})
    load = Load()
    for second in range(0, 60, 2):
        load = other_load.read(circuit, load, T0 + second, (12.0, 12.0, 12.0 + second / 100), draws)
    assert other_load.state(load, T0 + 58) is MeterState.WRONG


def test_what_flows_on_a_phase_that_nobody_knows_is_counted_once():
    outlet = Outlet(key="a", circuit=0, phases=1, wires=None, current_max_a=16.0)
    circuit = Circuit(key="grid", parent=-1, usable_a=(25.0,) * 3, is_metered=True, typed_a=(20.0,) * 3)
    limit = Held(limit_a=16.0, sent_at=T0 - 90, answered_at=T0 - 89, confirmed=True, changed_at=T0 - 89)
    known = Known(circuits=(circuit,), outlets=(outlet,), beliefs={"a": belief(limits=(limit,))})
    for second in range(0, 60, 2):
        events = [hearing.Sampled("a", T0 + second - 0.5, (16.0, 0.0, 0.0))] if second % 10 == 0 else []
        events.append(hearing.MeterRead("grid", T0 + second, (5.0, 21.0 + second / 100, 5.0)))
        known = core.after(known, events, T0 + second)
    decided = core.step(known, [], T0 + 60, allocated)
    assert decided.shares[0].limit_a == 16.0  # 21 A on L2 are 5 of the building and its own 16
    assert not [one for one in decided.orders if one.limit_a < 16.0 and one.kind is OrderKind.LIMIT]


def test_how_much_a_circuit_holds_for_a_short_time_is_of_its_fuse_and_not_of_an_hour_with_less():
    circuit = Circuit(key="grid", parent=-1, usable_a=(16.0,) * 3, fuse_a=(63.0,) * 3)
    assert unproven.held_a((circuit,), {}) == ((63.0 * unproven.HOLDS_UNSEEN,) * 3,)
    assert unproven.held_a((circuit,), {"grid": MeterState.FRESH}) == ((63.0 * unproven.HOLDS,) * 3,)


@pytest.mark.parametrize(("most_a", "jump_a"), [(16.0, 10.0), (29.0, 23.0), (30.0, 0.0), (32.0, 0.0)])
def test_a_charger_that_the_fuse_does_not_hold_beside_one_car_at_6_a_keeps_no_other_from_charging(most_a, jump_a):
    """20 A hold 35 A for a minute: 29 and 6 of them, and 32 alone: but two of the latter would keep one another."""
    known = board({"first": belief(), "second": belief()}, fuse_a=20.0, most_a=most_a)
    jumps = unproven.Jumps(known, {"first": 6.0, "second": 6.0}, unproven.held_a(known.circuits, {}))
    assert jumps.of_others(1, 0, "first") == jump_a


def test_a_car_whose_charger_was_not_told_to_give_anything_is_not_held_to_take_nothing():
    waits = replace(STOOD, limit_a=0.0)
    for standing, since in ((STOOD, T0 + 9), (waits, None)):
        known = board({"a": replace(belief(), standing=(standing,), is_on=True)})
        known = core.after(known, [hearing.Sampled("a", T0 + 9, (0.0, 0.0, 0.0))], T0 + 10)
        assert known.beliefs["a"].nothing_since == since
