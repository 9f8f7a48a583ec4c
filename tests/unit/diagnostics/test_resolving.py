"""Which session an observation speaks of, also when a turn comes late and the session has ended meanwhile."""

from __future__ import annotations

from laddverk.diagnostics.observations import Metered
from laddverk.diagnostics.resolving import SessionRow, _Sessions
from laddverk.kernel.ids import StationId, new_id
from tests.unit.diagnostics.playing import HOUR, instant, seen_at

STATION = StationId(new_id())


def test_a_reading_that_names_no_session_is_of_the_one_that_ran_then():
    row = SessionRow(STATION, 7, "tx7", 1, started_at=instant(HOUR), ended_at=instant(2 * HOUR))
    sessions = _Sessions([row])
    for seconds, expected in ((HOUR - 1, None), (HOUR, row), (2 * HOUR, row), (2 * HOUR + 600, None)):
        assert sessions.of(STATION, seen_at(Metered, seconds, evse_number=1, energy_wh=5)) is expected
    named = seen_at(Metered, 3 * HOUR, evse_number=1, session_key="tx7")
    assert sessions.of(STATION, named) is row
