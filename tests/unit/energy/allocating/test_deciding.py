"""The allocator's decision: limits hold, turns are fair and last, and each grant says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from laddverk.energy.allocating import Branch, Demand, Policy, ReasonCode, Situation, Wish, allocated
from laddverk.energy.allocating.explaining import SENTENCES, UNTIL, sentence
from laddverk.energy.allocating.rows import rows_of

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
L1, L2, L3, ALL = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0)
PLAIN = Policy()


def branch(key, amperes, parent=-1, **more):
    limit = amperes if isinstance(amperes, tuple) else (float(amperes),) * 3
    return Branch(key=key, parent=parent, limit_a=limit, **more)


def car(key, use=L1, **more):
    return Demand(**({"key": key, "branch": 0, "use_a": use, "ceiling_a": 32.0, "since": NOW} | more))


def on(minutes, **more):
    return {"is_on": True, "switched_at": NOW - timedelta(minutes=minutes)} | more


def shares(branches, demands, policy=PLAIN, now=NOW):
    return {
        g.key: g for g in allocated(Situation(branches=tuple(branches), demands=tuple(demands), policy=policy), now)
    }


def amperes(branches, demands, **more):
    return {key: grant.limit_a for key, grant in shares(branches, demands, **more).items()}


def test_one_phase_and_three_phase_cars_share_the_phase_they_have_in_common():
    assert amperes([branch("grid", 25)], [car("one"), car("three", ALL)]) == {"one": 12.5, "three": 12.5}


def test_thirds_of_a_fuse_are_rounded_down_also_where_a_charger_takes_any_decimal():
    got = amperes([branch("grid", 35)], [car("a"), car("b"), car("c")], policy=Policy(step_a=0.0))
    assert sum(got.values()) <= 35.0
    assert set(got.values()) == {11.666}


def test_who_is_on_another_phase_takes_what_is_free_there():
    assert amperes([branch("grid", 20)], [car("a"), car("b"), car("c", L2)]) == {"a": 10.0, "b": 10.0, "c": 20.0}


def test_a_board_below_holds_its_cars_back_and_leaves_more_to_the_others():
    tree = [branch("grid", 32), branch("board", 10, parent=0)]
    assert amperes(tree, [car("below", branch=1), car("beside")]) == {"below": 10.0, "beside": 22.0}


def test_a_car_gets_six_amperes_or_nothing():
    got = amperes(
        [branch("grid", 17)], [car("a"), car("b", since=NOW + timedelta(1)), car("c", since=NOW + timedelta(2))]
    )
    assert got == {"a": 8.5, "b": 8.5, "c": 0.0}


def test_who_has_got_least_goes_first():
    got = amperes([branch("grid", 6)], [car("full", attained_wh=4_100, **on(60)), car("new", attained_wh=3_900)])
    assert got == {"full": 0.0, "new": 6.0}


def test_within_a_quantum_whoever_charges_goes_on():
    got = amperes([branch("grid", 6)], [car("charging", attained_wh=1_900, **on(60)), car("new", attained_wh=600)])
    assert got == {"charging": 6.0, "new": 0.0}


def test_a_first_small_turn_comes_before_everybody_else_s_next():
    got = amperes([branch("grid", 6)], [car("charging", attained_wh=600, **on(60)), car("new", attained_wh=400)])
    assert got == {"charging": 0.0, "new": 6.0}


def test_who_was_let_in_a_moment_ago_stays():
    got = amperes([branch("grid", 6)], [car("charging", attained_wh=9_000, **on(14)), car("new")])
    assert got == {"charging": 6.0, "new": 0.0}


def test_who_was_switched_off_a_moment_ago_rests_even_if_there_is_room():
    resting = car("a", switched_at=NOW - timedelta(minutes=4))
    grant = shares([branch("grid", 32)], [resting])["a"]
    assert (grant.limit_a, grant.reason.code) == (0.0, ReasonCode.RESTING)
    assert grant.reason.until == NOW + timedelta(minutes=6)
    assert amperes([branch("grid", 32)], [resting], now=NOW + timedelta(minutes=6)) == {"a": 32.0}


def test_room_that_is_gone_sends_away_even_who_was_let_in_a_moment_ago():
    got = shares([branch("grid", 5)], [car("a", **on(1))])["a"]
    assert (got.limit_a, got.reason.code) == (0.0, ReasonCode.NO_ROOM)


def test_a_higher_class_goes_first_and_is_filled_first():
    got = amperes([branch("grid", 40)], [car("plain", **on(60)), car("first", rank=1)])
    assert got == {"first": 32.0, "plain": 8.0}


def test_who_waits_for_a_higher_class_is_told_so():
    got = shares([branch("grid", 6)], [car("plain", **on(1)), car("first", rank=1)])
    assert got["plain"].reason.code == ReasonCode.RANKED_BELOW


def test_what_is_reserved_is_kept_when_others_were_there_before():
    got = amperes([branch("grid", 20)], [car("a", **on(1)), car("b", **on(1)), car("shop", reserved_a=13.0)])
    assert got == {"a": 7.0, "b": 0.0, "shop": 13.0}


def test_what_is_reserved_is_cut_where_the_fuse_has_not_even_that():
    assert amperes([branch("grid", 10)], [car("shop", reserved_a=13.0)]) == {"shop": 10.0}


def test_a_wish_without_slack_goes_ahead_of_one_quantum_and_no_more():
    wish = Wish(energy_wh=20_000, departs_at=NOW + timedelta(hours=1))
    one_ahead = [car("urgent", attained_wh=2_500, wish=wish), car("new", attained_wh=600)]
    assert amperes([branch("grid", 6)], one_ahead)["urgent"] == 6.0
    two_ahead = [car("urgent", attained_wh=4_500, wish=wish), car("new", attained_wh=600)]
    assert amperes([branch("grid", 6)], two_ahead)["urgent"] == 0.0


def test_fewest_phases_first_lets_in_most_cars():
    cars = [car("three", ALL), car("a"), car("b", L2), car("c", L3)]
    assert amperes([branch("grid", 6)], cars) == {"three": 0.0, "a": 6.0, "b": 6.0, "c": 6.0}


def test_a_dc_charger_takes_any_current():
    assert amperes([branch("grid", 4)], [car("dc", ALL, floor_a=0.0, ceiling_a=200.0)]) == {"dc": 4.0}


def test_a_target_caps_and_leaves_the_rest_to_others():
    got = shares([branch("grid", 32)], [car("planned", target_a=10.0), car("other")])
    assert (got["planned"].limit_a, got["planned"].reason.code) == (10.0, ReasonCode.PLANNED)
    assert got["other"].limit_a == 22.0


@pytest.mark.parametrize(("target", "limit"), [(0.0, 0.0), (2.9, 0.0), (3.0, 6.0), (5.9, 6.0)])
def test_a_target_below_the_floor_is_the_nearer_of_floor_and_nothing(target, limit):
    got = shares([branch("grid", 32)], [car("planned", target_a=target)])["planned"]
    assert got.limit_a == limit
    assert got.reason.code == (ReasonCode.PLANNED if limit else ReasonCode.PAUSED_BY_PLAN)


def test_on_a_delta_two_cars_between_other_lines_add_as_vectors():
    pair = (
        {"use_a": (1.0, 1.0, 0.0), "angle_deg": (30.0, -30.0, 0.0)},
        {"use_a": (1.0, 0.0, 1.0), "angle_deg": (-30.0, 0.0, 30.0)},
    )
    cars = [car("ab", **pair[0]), car("ca", **pair[1])]
    both = amperes([branch("grid", 20)], cars)
    assert both["ab"] == both["ca"] == pytest.approx(20 / 3**0.5, abs=0.15)
    assert abs(both["ab"] * np.exp(1j * np.pi / 6) + both["ca"] * np.exp(-1j * np.pi / 6)) <= 20.0
    assert amperes([branch("grid", 20)], [replace(one, angle_deg=None) for one in cars]) == {"ab": 10.0, "ca": 10.0}


def test_the_words_say_how_much_which_phase_of_what_and_until_when():
    wish = Wish(energy_wh=20_000, departs_at=NOW + timedelta(minutes=40))
    got = shares([branch("b", (32, 12, 32))], [car("a", L2), car("leaves", L2, wish=wish)])["a"]
    names = {"b": "board B"}
    assert sentence(got, names, "en", "Europe/Stockholm") == "6 A because L2 of board B is full until 17:40."
    assert sentence(got, names, "sv", "Europe/Stockholm") == "6 A eftersom L2 i board B är full till 17:40."


def test_who_waits_is_told_when_the_turn_comes():
    charging = car("charging", attained_wh=1_310, **on(60))
    got = shares([branch("b", 6)], [charging, car("new", attained_wh=600)])["new"]
    assert got.reason.code == ReasonCode.TURN_OF_OTHERS
    assert got.reason.until == NOW + timedelta(minutes=30)
    assert got.reason.sharing == 1


def test_a_limit_that_is_known_to_change_is_the_end_of_it():
    got = shares([branch("b", 6, until=NOW + timedelta(minutes=5))], [car("a", **on(60)), car("new")])["new"]
    assert got.reason.until == NOW + timedelta(minutes=5)


def test_every_reason_has_a_sentence_in_both_languages():
    assert set(SENTENCES) == set(ReasonCode)
    got = shares([branch("b", 6)], [car("a")])["a"]
    for code in ReasonCode:
        for until in (None, NOW):
            grant = replace(got, reason=replace(got.reason, code=code, until=until))
            assert sentence(grant, {}, "en") != sentence(grant, {}, "sv")
            assert until is None or code not in UNTIL or "17:00" in sentence(grant, {}, "sv")


def test_a_branch_before_its_parent_and_a_demand_on_no_branch_are_refused():
    with pytest.raises(ValueError, match="parent"):
        shares([branch("a", 6, parent=1), branch("b", 6)], [car("a")])
    with pytest.raises(ValueError, match="does not exist"):
        shares([branch("a", 6)], [car("a", branch=1)])
    assert allocated(Situation(branches=(), demands=()), NOW) == ()


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_asked_limits_hold_and_order_changes_nothing(seed):
    random = Random(seed)
    tree = [branch("0", tuple(random.choice((0, 5, 16, 63)) for _ in range(3)))]
    tree += [
        branch(str(n), random.choice((-3, float("nan"), 6, 20, 40)), parent=random.randrange(n)) for n in range(1, 5)
    ]
    leaves = [NOW + timedelta(hours=hours) for hours in range(-1, 5)]
    cars = [
        car(
            str(n), random.choice((L1, L2, L3, ALL)), branch=random.randrange(5),
            ceiling_a=random.choice((0, 5, 16, 32)),
            floor_a=random.choice((0.0, 6.0)), weight=random.choice((0.5, 1, 2)), rank=random.randrange(2),
            reserved_a=random.choice((0, 0, 10)), attained_wh=random.randrange(9_000), is_on=random.random() < 0.5,
            switched_at=random.choice((None, NOW - timedelta(minutes=random.randrange(60)))),
            target_a=random.choice((None, 8.0, 0.0, 50.0)),
            idle_since=random.choice((None, None, NOW - timedelta(minutes=5))),
            wish=random.choice((None, Wish(energy_wh=8_000, departs_at=random.choice(leaves)))),
        )
        for n in range(25)
    ]  # fmt: skip
    got = shares(tree, cars)
    loaded = rows_of(tree, cars).loaded(np.array([got[one.key].limit_a for one in cars]))
    assert (loaded <= rows_of(tree, cars).limit_a + 1e-6).all()
    assert all(got[c.key].limit_a == 0 or c.floor_a - 1e-9 <= got[c.key].limit_a <= c.ceiling_a for c in cars)
    random.shuffle(cars)
    assert shares(tree, cars) == got


def idle(key, minutes=20, **more):
    return car(key, **on(60, idle_since=NOW - timedelta(minutes=minutes), ceiling_a=6.0, attained_wh=100) | more)


def test_a_car_that_takes_nothing_gives_its_share_to_who_charges_and_is_asked_again():
    got = shares([branch("grid", 25)], [idle("full"), car("charging", attained_wh=9_000)])
    assert {key: grant.limit_a for key, grant in got.items()} == {"full": 0.0, "charging": 25.0}
    assert got["full"].reason.code == ReasonCode.TAKES_NOTHING
    assert got["full"].reason.until == NOW + timedelta(minutes=30)
    asked = idle("full", is_on=False, switched_at=NOW - timedelta(minutes=30))
    assert amperes([branch("grid", 25)], [asked, car("charging", attained_wh=9_000)])["full"] == 6.0


def test_a_car_that_takes_nothing_keeps_what_nobody_needs_and_what_is_reserved_for_it():
    assert amperes([branch("grid", 40)], [idle("full"), car("charging")]) == {"full": 6.0, "charging": 32.0}
    kept = idle("full", reserved_a=6.0)
    assert amperes([branch("grid", 25)], [kept, car("charging")]) == {"full": 6.0, "charging": 19.0}
