"""Each reason arises from a situation, and is a sentence with circuit, phase and time, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.energy.allocating import ReasonCode
from laddverk.energy.allocating.explaining import sentence
from tests.unit.energy.allocating.test_deciding import L2, NOW, branch, car, on, shares

TREE = [branch("grid", 32), branch("b", (32, 6, 32), parent=0)]
NAMES = {"grid": "the grid connection", "b": "board B"}
LATER = NOW + timedelta(minutes=40)
BELOW = {"use_a": L2, "branch": 1}
CASES = {
    ReasonCode.ALL_IT_TAKES: (
        TREE, [car("a", ceiling_a=16.0)],
        "16 A: all that the outlet and the car take.",
        "16 A: allt som uttaget och bilen tar.",
    ),
    ReasonCode.PLANNED: (
        TREE, [car("a", target_a=10.0)],
        "10 A because the plan charges the rest at a better time.",
        "10 A eftersom planen laddar resten vid en bättre tid.",
    ),
    ReasonCode.CIRCUIT_FULL: (
        [TREE[0], branch("b", (32, 12, 32), parent=0, until=LATER)], [car("a", **BELOW), car("other", **BELOW)],
        "6 A because L2 of board B is full until 17:40.",
        "6 A eftersom L2 i board B är full till 17:40.",
    ),
    ReasonCode.NO_ROOM: (
        [TREE[0], branch("b", (32, 5, 32), parent=0, until=LATER)], [car("a", **BELOW)],
        "Waits because L2 of board B has no room for it until 17:40.",
        None,
    ),
    ReasonCode.TURN_OF_OTHERS: (
        TREE, [car("a", attained_wh=600, **BELOW), car("other", attained_wh=1_080, **on(60), **BELOW)],
        "Waits because L2 of board B is full and it is the turn of others until about 17:40.",
        None,
    ),
    ReasonCode.RANKED_BELOW: (
        [TREE[0], branch("b", (32, 6, 32), parent=0, until=LATER)], [car("a", **BELOW), car("other", rank=1, **BELOW)],
        "Waits because L2 of board B is full with outlets of higher priority until about 17:40.",
        None,
    ),
    ReasonCode.RESTING: (
        TREE, [car("a", switched_at=LATER - timedelta(minutes=41))],
        "Rests until 17:09: it was switched off a moment ago.",
        None,
    ),
    ReasonCode.TAKES_NOTHING: (
        TREE,
        [car("a", idle_since=NOW, switched_at=LATER - timedelta(minutes=30) - timedelta(minutes=15)),
         car("other", ceiling_a=32.0)],
        "Paused: its car took nothing, and others need the current. It is asked again at 17:25.",
        "Pausad: bilen tog ingen ström, och andra behöver den. Den får frågan igen kl. 17:25.",
    ),
    ReasonCode.PAUSED_BY_PLAN: (
        TREE, [car("a", target_a=0.0)],
        "Waits because the plan charges it at a better time.",
        None,
    ),
}  # fmt: skip


def test_every_reason_is_made_here():
    assert set(CASES) == set(ReasonCode)


@pytest.mark.parametrize("code", CASES)
def test_a_reason_says_what_is_full_on_which_phase_and_until_when(code):
    branches, demands, english, swedish = CASES[code]
    grant = shares(branches, demands)["a"]
    assert grant.reason.code is code
    assert sentence(grant, NAMES, "en", "Europe/Stockholm") == english
    told = sentence(grant, NAMES, "sv", "Europe/Stockholm")
    assert told != english
    assert swedish is None or told == swedish
    for part in ("board B", "L2", "17:40"):
        assert (part in told) == (part in english)


def test_where_outlets_weigh_differently_each_says_how_much_of_the_sharing_is_its():
    full = [branch("b", 30)]
    grants = shares(full, [car("a", weight=2.0), car("b"), car("c", ceiling_a=6.0)])
    assert [grants[key].limit_a for key in "abc"] == [16, 8, 6]
    assert sentence(grants["a"], NAMES, "en") == (
        "16 A because L1 of board B is full. It has 2 of the 3 parts that are shared there."
    )
    assert "1 av de 3 delar" in sentence(grants["b"], NAMES, "sv")
    alike = shares(full, [car("a", weight=2.0), car("b", weight=2.0)])
    assert (alike["a"].reason.weight, alike["a"].reason.weights) == (0, 0)


def test_parts_are_those_of_the_same_class_that_still_rise_and_are_written_as_they_were_given():
    full = [branch("b", 40)]
    grants = shares(
        full,
        [car("first", rank=1, weight=5.0, ceiling_a=12.0), car("a", weight=0.75), car("b", weight=0.25),
         car("at its floor", weight=0.1), car("own most", weight=2.0, ceiling_a=6.5)],
    )  # fmt: skip
    assert [grants[key].limit_a for key in ("first", "a", "b", "at its floor", "own most")] == [12, 9.5, 6, 6, 6.5]
    assert grants["a"].reason.weights == grants["b"].reason.weights == 0, "b has its 6 A: nothing is shared with it"
    wider = shares(
        [branch("b", 47)],
        [car("first", rank=1, weight=5.0, ceiling_a=12.0), car("a", weight=0.75), car("b", weight=0.5),
         car("at its floor", weight=0.1), car("own most", weight=2.0, ceiling_a=6.5)],
    )  # fmt: skip
    assert [wider[key].limit_a for key in ("a", "b")] == [13.5, 9]
    assert sentence(wider["a"], NAMES, "en").endswith("It has 0,75 of the 1,25 parts that are shared there.")
    assert sentence(wider["b"], NAMES, "sv").endswith("0,5 av de 1,25 delar som fördelas där.")
    assert "parts" not in sentence(wider["at its floor"], NAMES, "en")
