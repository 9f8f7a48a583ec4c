"""A standing default is what an outlet counts with at least: it is never more than what the outlet is given."""

import pytest

from laddverk.energy.steering.model import Belief, Circuit, Held, Outlet, Trust
from laddverk.energy.steering.safe_defaults import sized

NONE = (0.0, 0.0, 0.0)
GRID = Circuit(key="grid", parent=-1, usable_a=(20.0,) * 3)


@pytest.mark.parametrize(("phases", "granted_a", "default_a"), [(0, 1.9, 0.0), (0, 12.0, 6.0), (3, 6.0, 6.0)])
def test_what_is_given_less_than_a_default_has_none_to_fall_back_on(phases, granted_a, default_a):
    outlet = Outlet(key="a", circuit=0, phases=phases, wires=(0, 1, 2), current_max_a=32.0)
    held = Held(limit_a=6.0, sent_at=0.0, answered_at=0.0, confirmed=True)
    belief = Belief(trust=Trust.OBEYS, is_online=True, has_session=True, standing=(held,))
    assert sized((GRID,), (outlet,), {"a": belief}, {"a": granted_a}, [NONE]) == {"a": default_a}
