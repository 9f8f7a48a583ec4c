"""Whether somebody must look at a meter: what is wrong with it, and when that has lasted long enough."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind
from laddverk.energy.meters.health import Ill, Illness, ill, is_due
from laddverk.energy.meters.model import Latest
from laddverk.kernel.ids import new_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRID = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0, 63.0, 63.0))


def said(*currents, ago_s=1.0, same_s=0.0):
    at = NOW - timedelta(seconds=ago_s)
    return Latest(new_id(), at, at, at - timedelta(seconds=same_s), currents, None, None, None, None)


def wrong(latest, **more):
    found = ill(latest, GRID, None, NOW, **({"gives_back": False} | more))
    return None if found is None else (found.what, found.phase, found.value_a)


@pytest.mark.parametrize(
    ("latest", "found"),
    [
        (said(10.0, 0.0, 62.0), None),
        (None, (Illness.SILENT, 0, 0.0)),
        (said(10.0, 10.0, 10.0, ago_s=70.0), (Illness.SILENT, 0, 0.0)),
        (said(10.0, 10.0, 10.0, same_s=60.0), (Illness.FROZEN, 0, 0.0)),
        (said(10.0, 190.0, 10.0), (Illness.ABOVE, 2, 190.0)),
        (said(10.0, 10.0, -190.0), (Illness.ABOVE, 3, -190.0)),
        (said(-8.0, 10.0, 10.0), (Illness.NEGATIVE, 1, -8.0)),
    ],
)
def test_what_is_wrong_with_a_meter(latest, found):
    assert wrong(latest) == found


def test_current_towards_the_grid_is_well_where_something_gives_it():
    assert wrong(said(-8.0, -8.0, 1.0), gives_back=True) is None


def test_it_counts_from_when_it_began_and_anew_when_something_else_is_wrong():
    before = Ill(what=Illness.SILENT, since=NOW - timedelta(minutes=3))
    still = ill(None, GRID, before, NOW, gives_back=False)
    assert is_due(still, NOW)
    assert not is_due(replace(still, what=Illness.FROZEN), NOW)
    assert ill(said(500.0, 0.0, 0.0), GRID, before, NOW, gives_back=False).since == NOW
