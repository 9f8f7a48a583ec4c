"""The loop, step by step: what may be in a charger counts, lower first, nothing rises before it fits."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from laddverk.energy.allocating import allocated
from laddverk.energy.circuits.model import Circuit as wired
from laddverk.energy.circuits.model import CircuitKind, Tree
from laddverk.energy.steering import core, placing
from laddverk.energy.steering.model import (
    LIVES_S,
    Answered,
    Belief,
    Circuit,
    Held,
    Known,
    LinkChanged,
    MeterRead,
    MeterState,
    OrderKind,
    Outlet,
    Sampled,
    SessionChanged,
    Trust,
)
from laddverk.kernel.ids import new_id

T0 = 1_800_000_000.0


def standing(limit_a=0.0):
    return (Held(limit_a=limit_a, sent_at=T0 - 900, answered_at=T0 - 899, confirmed=True),)


def obeying(limit_a=0.0, **more):
    return Belief(trust=Trust.OBEYS, is_online=True, standing=standing(limit_a), **more)


def site(beliefs, *, fuse_a=32.0, is_metered=False, typed_a=0.0, **outlet):
    circuit = Circuit(
        key="grid", parent=-1, usable_a=(fuse_a,) * 3, is_metered=is_metered, typed_a=(typed_a,) * 3
    )  # fmt: skip
    outlets = tuple(
        Outlet(key=key, circuit=0, phases=3, wires=(0, 1, 2), current_max_a=16.0, **outlet) for key in beliefs
    )
    return Known(circuits=(circuit,), outlets=outlets, beliefs=beliefs)


class Played:
    """A site whose chargers answer every order at once, and whose cars take all they may."""

    def __init__(self, known, *, deaf=()):
        self.known, self.now, self.deaf = known, T0, set(deaf)
        self.held = {one.key: one for one in known.outlets}
        self.limits, self.defaults, self.sent = {}, {}, []
        self.decided = None

    def step(self, *events, answer=True):
        self.now += 10.0
        told = [Answered(one.outlet, one.id, True, self.now - 8.0) for one in self.sent if answer]
        samples = [
            Sampled(key, self.now - 1.0, (self.draws(key),) * 3)
            for key, belief in self.known.beliefs.items()
            if belief.has_session and belief.is_online
        ]
        self.decided = core.step(self.known, [*told, *samples, *events], self.now, allocated)
        self.known, self.sent = self.decided.known, self.decided.orders
        for order in self.sent:
            if order.outlet in self.deaf:
                continue
            (self.limits if order.kind is OrderKind.LIMIT else self.defaults)[order.outlet] = order.limit_a
        return self.decided

    def draws(self, key):
        if key in self.deaf:
            return 16.0
        limit = self.limits.get(key, self.defaults.get(key, 0.0))
        return limit if limit >= 6.0 else 0.0

    def begin(self, key):
        return SessionChanged(key, True, self.now + 9.0)

    def limit(self, key, kind=OrderKind.LIMIT):
        return next((one.limit_a for one in self.sent if one.outlet == key and one.kind is kind), None)


def test_a_second_car_is_let_in_only_after_the_first_was_seen_to_draw_less():
    play = Played(site({"a": obeying(), "b": obeying()}, fuse_a=20.0))
    play.step(play.begin("a"))
    for _ in range(4):
        play.step()
    assert play.draws("a") == 16.0
    play.step(play.begin("b"))
    assert play.limit("a") == 10.0  # a car that has said nothing yet may take as much as most can
    assert play.draws("b") == 0.0  # 16 may still flow: 6 more do not fit
    play.step()
    assert play.draws("b") == 10.0


def test_a_lowering_without_an_answer_frees_nothing():
    play = Played(site({"a": obeying(), "b": obeying()}, fuse_a=20.0), deaf={"a"})
    play.limits["a"] = 16.0
    held = Held(limit_a=16.0, sent_at=T0 - 60, until=T0 + 240, answered_at=T0 - 59, confirmed=True)
    beliefs = {**play.known.beliefs, "a": replace(obeying(has_session=True, session_since=T0 - 300), limits=(held,))}
    play.known = replace(play.known, beliefs=beliefs)
    play.step(play.begin("b"))
    for _ in range(5):
        play.step(answer=False)
        assert play.limit("b") is None


def test_a_charger_that_says_yes_and_draws_on_is_caught_and_counts_with_all_it_can():
    play = Played(site({"a": obeying()}, fuse_a=40.0), deaf={"a"})
    held = Held(limit_a=6.0, sent_at=T0 - 90, until=T0 + 210, answered_at=T0 - 89, confirmed=True)
    known = replace(obeying(has_session=True, session_since=T0 - 300), limits=(held,))
    play.known = replace(play.known, beliefs={"a": known})
    decided = play.step()
    assert decided.known.beliefs["a"].trust is Trust.IGNORES
    assert {one.kind.value for one in decided.alarms} == {"ignores"}
    assert decided.shares[0].worst_a == 16.0


def test_one_that_does_not_obey_where_nothing_is_left_has_its_charge_ended():
    play = Played(site({"a": obeying()}, fuse_a=10.0), deaf={"a"})
    held = Held(limit_a=6.0, sent_at=T0 - 90, until=T0 + 210, answered_at=T0 - 89, confirmed=True)
    play.known = replace(
        play.known, beliefs={"a": replace(obeying(has_session=True, session_since=T0 - 300), limits=(held,))}
    )
    assert OrderKind.STOP in {one.kind for one in play.step().orders}


def test_what_was_never_confirmed_counts_with_all_the_hardware_can():
    play = Played(site({"new": Belief(is_online=True), "b": obeying()}, fuse_a=20.0))
    decided = play.step(play.begin("b"))
    assert play.limit("new", OrderKind.STANDING) in (0.0, 6.0)
    assert play.limit("b") is None
    assert any(one.outlet == "b" and one.limit_a == 0.0 for one in decided.shares)
    for _ in range(7):
        play.step()
    assert play.draws("b") >= 6.0


def test_a_limit_is_renewed_before_it_ends():
    play = Played(site({"a": obeying()}, fuse_a=20.0))
    play.step(play.begin("a"))
    raised = [order for _ in range(60) for order in play.step().orders if order.kind is OrderKind.LIMIT]
    assert all(one.until is not None and one.until - play.now <= LIVES_S for one in raised)
    ends = max(one.until for one in play.known.beliefs["a"].limits)
    assert ends > play.now + 60.0


def test_an_outlet_that_is_away_keeps_its_share_until_its_limit_is_surely_over():
    play = Played(site({"a": obeying(), "b": obeying()}, fuse_a=20.0, keeps_standing=True))
    play.step(play.begin("a"))
    for _ in range(4):
        play.step()
    play.step(LinkChanged("a", False, play.now + 5.0), play.begin("b"))
    assert play.limit("b") is None
    for _ in range(40):
        play.step()
    assert play.draws("b") > 6.0


def test_an_outlet_that_may_forget_its_default_counts_whole_while_it_is_away_and_no_meter_watches():
    beliefs = {"a": replace(obeying(), is_online=False), "b": obeying(has_session=True, session_since=T0)}
    play = Played(site(beliefs, fuse_a=20.0))
    assert next(one.worst_a for one in play.step().shares if one.outlet == "a") == 16.0


@pytest.mark.parametrize(("silent_s", "state"), [(5, MeterState.FRESH), (40, MeterState.STALE), (90, MeterState.LOST)])
def test_the_older_a_reading_the_more_the_building_is_taken_to_draw(silent_s, state):
    known = site({"a": obeying()}, is_metered=True, typed_a=20.0)
    known = core.step(known, [MeterRead("grid", T0, (4.0, 4.0, 4.0))], T0, allocated).known
    decided = core.step(known, [], T0 + silent_s, allocated)
    assert decided.meters["grid"] is state
    other = decided.other_a["grid"][0]
    assert {MeterState.FRESH: other == 4.0, MeterState.STALE: 4.0 < other < 20.0, MeterState.LOST: other == 20.0}[state]


def charging_at(limit_a, **more):
    held = Held(limit_a=limit_a, sent_at=T0 - 60, until=T0 + 240, answered_at=T0 - 59, confirmed=True)
    return replace(obeying(6.0, has_session=True, session_since=T0 - 300, **more), limits=(held,))


def test_what_a_charger_measured_before_it_told_of_its_restart_does_not_make_it_a_liar():
    known = site({"a": charging_at(9.0)})
    events = [
        LinkChanged("a", False, T0 + 1.0),
        Sampled("a", T0 + 6.0, (16.0,) * 3),  # it forgot its limits over the restart, and told later
        LinkChanged("a", True, T0 + 8.0, restarted=True),
    ]
    decided = core.step(known, events, T0 + 10.0, allocated)
    assert decided.known.beliefs["a"].trust is Trust.OBEYS
    assert decided.alarms == ()
    assert decided.shares[0].worst_a == 16.0


def test_a_charger_that_forgot_everything_has_its_time_to_carry_out_the_first_limit_and_no_more():
    play = Played(site({"a": charging_at(9.0)}, fuse_a=12.0), deaf={"a"})
    play.step(LinkChanged("a", True, T0 + 8.0, restarted=True))
    trusts = []
    for _ in range(8):
        decided = play.step()
        trusts.append(play.known.beliefs["a"].trust)
        assert decided.shares[0].worst_a == 16.0
    assert trusts[:4] == [Trust.OBEYS] * 4
    assert trusts[-1] is Trust.IGNORES


def test_a_free_outlet_whose_charger_was_caught_keeps_nothing_and_alarms_nobody():
    known = site({"a": replace(obeying(), trust=Trust.IGNORES)})
    assert core.step(known, [], T0, allocated).alarms == ()
    begun = core.step(known, [SessionChanged("a", True, T0)], T0, allocated)
    assert {one.kind.value for one in begun.alarms} == {"ignores"}
    assert begun.known.beliefs["a"].trust is Trust.IGNORES


def test_what_people_typed_of_a_board_flows_through_the_connection_too():
    site_id, grid_id, board_id, group_id = (new_id() for _ in range(4))
    tree = Tree(
        site_id=site_id,
        circuits=(
            wired(id=grid_id, name="Grid", kind=CircuitKind.GRID, limit_a=(63.0,) * 3, unmetered_a=(1.0, 2.0, 3.0)),
            wired(id=board_id, name="A", kind=CircuitKind.BOARD, limit_a=(50.0,) * 3, parent_id=grid_id,
                  unmetered_a=(14.0, 11.0, 12.0)),
            wired(id=group_id, name="B", kind=CircuitKind.GROUP, limit_a=(32.0,) * 3, parent_id=board_id,
                  unmetered_a=(2.0, 0.0, 0.0)),
        ),
    )  # fmt: skip
    circuits = placing.circuits(tree, (), datetime.fromtimestamp(T0, UTC), ZoneInfo("UTC"), frozenset())
    nothing = Known(circuits=circuits, outlets=(), beliefs={})
    decided = core.step(nothing, (), T0, allocated)
    assert decided.other_a[str(grid_id)] == (17.0, 13.0, 15.0)
    assert decided.other_a[str(board_id)] == (16.0, 11.0, 12.0)


def test_what_a_meter_shows_below_a_connection_that_nothing_measures_flows_through_it_too():
    circuits = (
        Circuit(key="grid", parent=-1, usable_a=(63.0,) * 3, typed_a=(5.0,) * 3, typed_below_a=(10.0,) * 3),
        Circuit(key="house", parent=0, usable_a=(50.0,) * 3, is_metered=True, typed_a=(10.0,) * 3),
    )
    decided = core.step(
        Known(circuits=circuits, outlets=(), beliefs={}),
        [MeterRead("house", T0 - 1.0, (30.0, 4.0, 4.0))],
        T0,
        allocated,
    )
    assert decided.other_a["house"] == (30.0, 4.0, 4.0)
    assert decided.other_a["grid"] == (35.0, 15.0, 15.0)
