"""A standing default is what an outlet counts with at least: it is never more than what the outlet is given."""

import pytest

from laddverk.energy.allocating.model import Grant, Reason, ReasonCode
from laddverk.energy.steering import core
from laddverk.energy.steering.model import LIVES_S, Answered, Belief, Circuit, Held, Known, OrderKind, Outlet, Trust
from laddverk.energy.steering.safe_defaults import sized

T0 = 1_800_000_000.0
NONE = (0.0, 0.0, 0.0)
GRID = Circuit(key="grid", parent=-1, usable_a=(20.0,) * 3)


@pytest.mark.parametrize(("phases", "granted_a", "default_a"), [(0, 1.9, 0.0), (0, 12.0, 6.0), (3, 6.0, 6.0)])
def test_what_is_given_less_than_a_default_has_none_to_fall_back_on(phases, granted_a, default_a):
    outlet = Outlet(key="a", circuit=0, phases=phases, wires=(0, 1, 2), current_max_a=32.0)
    held = Held(limit_a=6.0, sent_at=0.0, answered_at=0.0, confirmed=True)
    belief = Belief(trust=Trust.OBEYS, is_online=True, has_session=True, standing=(held,))
    assert sized((GRID,), (outlet,), {"a": belief}, {"a": granted_a}, [NONE]) == {"a": default_a}


def defaults(phases, given):
    """Return the standing defaults that are sent while an outlet is given these currents, ten seconds each."""
    outlet = Outlet(key="a", circuit=0, phases=phases, wires=(0, 1, 2), current_max_a=32.0)
    held = Held(limit_a=6.0, sent_at=T0 - 90, answered_at=T0 - 89, confirmed=True)
    obeys = Belief(trust=Trust.OBEYS, is_online=True, has_session=True, standing=(held,))
    known, events, sent = Known(circuits=(GRID,), outlets=(outlet,), beliefs={"a": obeys}), [], []
    for number, given_a in enumerate(given):
        now = T0 + 10 * number
        grant = Grant(key="a", limit_a=given_a, reason=Reason(code=ReasonCode.ALL_IT_TAKES))
        decided = core.step(known, events, now, lambda _situation, _now, grant=grant: (grant,))
        known, events = decided.known, [Answered("a", one.id, True, now + 1) for one in decided.orders]
        sent += [(10 * number, one.limit_a) for one in decided.orders if one.kind is OrderKind.STANDING]
    return sent


def test_what_wavers_around_a_default_loses_it_at_once_and_has_it_again_when_that_lasts():
    assert defaults(0, [7.0, 5.0] * 60) == [(10, 0.0)]
    steady = [7.0, 5.0] + [7.0] * 60
    assert defaults(0, steady) == [(10, 0.0), (20 + LIVES_S, 6.0)]


def test_an_outlet_of_ac_that_may_charge_again_has_its_default_at_once():
    assert defaults(3, [7.0, 0.0, 7.0]) == [(10, 0.0), (20, 6.0)]
