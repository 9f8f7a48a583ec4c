"""What to set in the chargers themselves: with it fuses hold whatever anybody sends."""

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.steering.boxed import in_chargers
from laddverk.energy.steering.envelope import ancestors, may_load
from laddverk.energy.steering.model import Belief, Circuit, Outlet


def circuit(key, parent, amperes):
    return Circuit(key=key, parent=parent, usable_a=(amperes,) * 3)


def outlet(key, on, *, phases=3, wires=(0, 1, 2), most_a=32.0):
    return Outlet(key=key, circuit=on, phases=phases, wires=wires, current_max_a=most_a)


def test_what_a_circuit_carries_beside_the_building_is_shared_evenly_in_whole_amperes():
    circuits = (circuit("grid", -1, 63.0), circuit("board", 0, 40.0))
    outlets = [outlet(name, 1) for name in "abcd"]
    assert in_chargers(circuits, outlets, [(14.0,) * 3, (2.5,) * 3]) == {"a": 10.0, "b": 9.0, "c": 9.0, "d": 9.0}


def test_what_one_cannot_use_is_the_others():
    circuits = (circuit("grid", -1, 40.0),)
    outlets = [outlet("small", 0, most_a=10.0), outlet("large", 0)]
    assert in_chargers(circuits, outlets, [(0.0,) * 3]) == {"small": 10.0, "large": 30.0}


def test_outlets_of_one_phase_share_only_their_own_phase_where_it_is_known():
    circuits = (circuit("grid", -1, 20.0),)
    known = [outlet(name, 0, phases=1, wires=turn) for name, turn in zip("ab", ((0, 1, 2), (1, 2, 0)), strict=True)]
    assert in_chargers(circuits, known, [(0.0,) * 3]) == {"a": 20.0, "b": 20.0}
    unknown = [outlet(name, 0, phases=1, wires=None) for name in "ab"]
    assert in_chargers(circuits, unknown, [(0.0,) * 3]) == {"a": 10.0, "b": 10.0}


def test_where_less_than_six_amperes_would_be_left_no_limit_helps():
    circuits = (circuit("grid", -1, 20.0),)
    assert set(in_chargers(circuits, [outlet(name, 0) for name in "abcd"], [(0.0,) * 3]).values()) == {0.0}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from((1, 3)), st.booleans()), max_size=12),
    st.tuples(st.integers(16, 125), st.integers(10, 80), st.integers(10, 80)), st.integers(0, 20),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_all_together_they_never_exceed_any_circuit(drawn, fuses, other):
    circuits = tuple(
        circuit(str(place), -1 if place == 0 else 0, float(amperes)) for place, amperes in enumerate(fuses)
    )
    outlets = [
        outlet(str(place), on, phases=phases, wires=(1, 2, 0) if known else None)
        for place, (on, phases, known) in enumerate(drawn)
    ]
    found = in_chargers(circuits, outlets, [(float(other),) * 3] * 3)
    for index, one in enumerate(circuits):
        for phase in range(3):
            flows = sum(
                found[each.key] * may_load(each, Belief())[phase]
                for each in outlets
                if index in ancestors(circuits, each.circuit)
            )
            assert flows <= max(0.0, one.usable_a[phase] - other) + 1e-9
