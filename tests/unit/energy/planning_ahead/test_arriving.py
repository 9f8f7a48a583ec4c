"""Which cars are expected, and by how much intervals of stays are widened."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import numpy as np

from laddverk.energy.circuits.model import CircuitId, Place
from laddverk.energy.planning_ahead.arriving import expected
from laddverk.energy.planning_ahead.calibrating import Ended, widenings
from laddverk.energy.planning_ahead.forecasting import Source, Stays, score, stay
from laddverk.kernel.ids import StationId

MONDAY = datetime(2026, 1, 12, 12, tzinfo=UTC)
STEP = timedelta(minutes=15)
PLACES = [
    Place(station_id=StationId(UUID(int=number)), evse_number=1, circuit_id=CircuitId(UUID(int=9)))
    for number in (1, 2, 3)
]
USED = Counter({PLACES[1].key: 9, PLACES[0].key: 5, PLACES[2].key: 1})


def past(each_day: int, weeks: int, hour: int = 17) -> Stays:
    hours = np.array([day % 7 * 24.0 + hour for day in range(weeks * 7) for _ in range(each_day)])
    return Stays(hours, np.full(len(hours), 10.0), np.full(len(hours), 15.0))


def test_as_many_cars_are_expected_as_used_to_come_and_the_liked_outlets_get_them_first():
    found = expected(past(2, 4), 4.0, PLACES, USED, MONDAY, STEP, 96)
    assert [car.place.key for car in found.cars] == [PLACES[1].key, PLACES[0].key]
    assert all(16 <= car.comes_at.hour <= 18 for car in found.cars)
    assert {(car.hours.middle, car.energy_kwh.middle) for car in found.cars} == {(10.0, 15.0)}
    assert (found.low, round(found.mean), found.high) == (0, 2, 4)


def test_an_outlet_where_a_car_is_expects_none_and_without_a_past_nobody_is_expected():
    found = expected(past(3, 4), 4.0, PLACES, USED, MONDAY, STEP, 96, taken=[PLACES[1].key])
    assert [car.place.key for car in found.cars] == [PLACES[0].key, PLACES[2].key]
    assert expected(past(3, 1), 1.0, PLACES, USED, MONDAY, STEP, 96).cars == ()
    empty = Stays(np.array([]), np.array([]), np.array([]))
    assert expected(empty, 9.0, PLACES, USED, MONDAY, STEP, 96).cars == ()


def test_nobody_is_expected_in_the_present_quarter_nor_beyond_the_horizon():
    now = MONDAY.replace(hour=17)
    assert [car.comes_at > now for car in expected(past(9, 4), 4.0, PLACES[:1], USED, now, STEP, 96).cars] == [True]
    assert expected(past(2, 4), 4.0, PLACES, USED, MONDAY, STEP, 4).cars == ()


def ended(count: int, spread_h: float) -> list[Ended]:
    random, found = Random(5), []
    for number in range(count):
        at = MONDAY + timedelta(hours=2 * number)
        hours = 3 + random.random() * spread_h * (1 + number / count)
        found.append(Ended("", at, at + timedelta(hours=hours), at.weekday() * 24 + at.hour, hours, 10.0))
    return found


def test_intervals_that_missed_too_often_are_widened_until_they_cover_what_they_say():
    rows = ended(300, 4.0)
    hours, energy_kwh = widenings(rows)[Source.EVERYBODY]
    assert hours > 0
    assert energy_kwh == 0
    table = Stays(*(np.array([getattr(each, name) for each in rows[:200]]) for name in Stays.__struct_fields__))
    none = Stays(np.array([]), np.array([]), np.array([]))

    def covered(widening):
        forecasts = [stay(none, table, each.hour_of_week, widening)[0] for each in rows[200:]]
        return sum(score(f, each.hours) <= 0 for f, each in zip(forecasts, rows[200:], strict=True)) / 100

    assert covered((hours, energy_kwh)) > covered((0.0, 0.0))


def test_a_handful_of_stays_widens_nothing():
    assert widenings(ended(12, 4.0)) in ({}, {Source.EVERYBODY: (0.0, 0.0)})
    assert widenings([]) == {}
