"""A thousand chargers for five years on a virtual clock: nobody ever works with a certificate that has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from laddverk.certificates import rules_renewal

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=5 * 365)
HOUR = timedelta(hours=1)
lives = st.timedeltas(timedelta(days=1), timedelta(days=3650))
stations = st.uuids()


def renewed(station: UUID, random: Random) -> list[datetime]:
    """Return when one charger renewed; it fails, is away for weeks, and answers late. Asserts that none has ended."""
    life = timedelta(days=random.choice((60, 90, 365, 365, 730)))
    begins, renewals = START, []
    while begins < END:
        ends = begins + life
        at = rules_renewal.renew_at(begins, ends, station)
        assert begins < at < ends
        away_until = at + timedelta(days=random.choice((0, 0, 0, 1, 3, 10)))
        while at < away_until or random.random() < 0.5:
            at = rules_renewal.ask_again_at(at, ends, station)
        assert at < ends, (station, ends, at)
        renewals.append(at)
        begins = at
    return renewals


def test_no_certificate_ends_while_it_is_in_use_in_five_years_of_a_thousand_stations():
    random = Random(1)
    every = [renewed(UUID(int=random.getrandbits(128)), random) for _ in range(1_000)]
    assert sum(map(len, every)) > 5_000


def test_the_first_askings_of_a_fleet_are_spread():
    random = Random(2)
    ends = START + timedelta(days=365)
    days = [rules_renewal.renew_at(START, ends, UUID(int=random.getrandbits(128))).date() for _ in range(1_000)]
    assert max(days.count(day) for day in set(days)) < 100


@given(lives, stations)
def test_there_is_always_time_before_and_after_the_first_asking(life, station):
    at = rules_renewal.renew_at(START, START + life, station)
    assert START + life / 2 <= at < START + life


@given(st.lists(st.integers(-40, 60), min_size=1))
def test_each_alarm_is_given_once_and_only_more_urgent_ones_follow(days_left):
    last, given_alarms = None, []
    for left in sorted(days_left, reverse=True):
        due = rules_renewal.alarm_due(START + timedelta(days=left), START, last)
        if due is not None:
            given_alarms.append(due)
            last = due
    assert given_alarms == sorted(set(given_alarms), reverse=True)
