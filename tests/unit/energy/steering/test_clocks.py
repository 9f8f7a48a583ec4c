"""A clock that is behind is told apart from a charger that was offline and queued what it says."""

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.steering.clocks import NOTHING, Came, behind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def came(seconds_ago: float, late: timedelta = HOUR) -> Came:
    received = NOW - timedelta(seconds=seconds_ago)
    return Came(received - late, received)


LIVE = [came(20), came(10), came(0)]
START = came(300)
CONNECTED = NOW - 2 * HOUR


def test_readings_and_the_start_that_are_late_by_the_same_show_the_clock():
    assert behind(LIVE, START, CONNECTED) == HOUR
    wobbling = [came(20, HOUR), came(10, HOUR + timedelta(seconds=2)), came(0, HOUR - timedelta(seconds=1))]
    assert behind(wobbling, START, CONNECTED) == HOUR


def test_what_was_believed_of_it_before_counts_when_the_connection_is_newer_than_the_charge():
    since = NOW - timedelta(seconds=60)
    assert behind(LIVE, START, since) == NOTHING
    assert behind(LIVE, START, since, known=HOUR) == HOUR
    assert behind(LIVE, START, since, known=2 * HOUR) == NOTHING


@pytest.mark.parametrize(
    ("readings", "start", "connected_at"),
    [
        (LIVE[:2], START, CONNECTED),  # too few
        ([came(2), came(1), came(0)], START, CONNECTED),  # in one breath
        ([came(20, HOUR), came(10, 0.9 * HOUR), came(0, 0.8 * HOUR)], START, CONNECTED),  # a queue that is emptied
        (LIVE, came(300, timedelta()), CONNECTED),  # the start came at once: only readings are late
        (LIVE, came(300, HOUR / 2), CONNECTED),
        (LIVE, None, CONNECTED),
        (LIVE, START, None),  # away
        (LIVE, START, NOW - timedelta(seconds=15)),  # some were said on another connection
        ([came(one, timedelta(seconds=5)) for one in (20, 10, 0)], came(300, timedelta(seconds=5)), CONNECTED),
        ([came(one, timedelta(days=3)) for one in (20, 10, 0)], came(300, timedelta(days=3)), CONNECTED),
    ],
)
def test_anything_else_proves_nothing(readings, start, connected_at):
    assert behind(readings, start, connected_at) == NOTHING
