"""What a roof gives: the clear sky of a place and date, and what was measured of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import asin, degrees

import pytest

from laddverk.energy.planning_ahead.sunshine import (
    FIRST_SHARE,
    Given,
    Position,
    clear_sky,
    forecast,
    height,
    is_known,
)

STOCKHOLM = Position(59.33, 18.07)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("at", "elevation_deg"),
    [
        (datetime(2026, 6, 21, 10, 49, tzinfo=UTC), 90 - 59.33 + 23.44),  # true noon at midsummer
        (datetime(2026, 12, 21, 10, 46, tzinfo=UTC), 90 - 59.33 - 23.44),
        (datetime(2026, 3, 20, 10, 55, tzinfo=UTC), 90 - 59.33),
    ],
)
def test_the_sun_stands_at_noon_as_high_as_the_almanac_says(at, elevation_deg):
    assert degrees(asin(height(at, STOCKHOLM))) == pytest.approx(elevation_deg, abs=0.6)


def test_at_night_there_is_no_sun_and_in_winter_less_of_it():
    assert clear_sky(datetime(2026, 6, 21, 23, tzinfo=UTC), STOCKHOLM) == 0
    winter = clear_sky(datetime(2026, 12, 21, 11, tzinfo=UTC), STOCKHOLM)
    summer = clear_sky(datetime(2026, 6, 21, 11, tzinfo=UTC), STOCKHOLM)
    assert 0 < winter < 0.15 < 0.8 < summer < 1


def test_until_something_was_measured_a_share_of_the_clear_sky_is_expected():
    noon = datetime(2026, 6, 21, 11, tzinfo=UTC)
    ((low, middle, high),) = forecast([], 10_000, STOCKHOLM, noon, QUARTER, 1).tolist()
    assert middle == pytest.approx(FIRST_SHARE * 10_000 * clear_sky(noon + QUARTER / 2, STOCKHOLM))
    assert low < middle < high < 10_000


def test_a_roof_that_a_house_shades_in_the_morning_is_forecast_so():
    begins_at = datetime(2026, 6, 20, 0, tzinfo=UTC)
    days = [begins_at - timedelta(days=day) + number * QUARTER for day in range(1, 15) for number in range(96)]
    seen = [Given(at, (0.1 if at.hour < 9 else 0.7) * 10_000 * clear_sky(at + QUARTER / 2, STOCKHOLM)) for at in days]
    assert is_known(seen, STOCKHOLM)
    assert not is_known(seen[:20], STOCKHOLM)
    found = forecast(seen, 10_000, STOCKHOLM, begins_at, QUARTER, 96)[:, 1]
    sky = [10_000 * clear_sky(begins_at + (n + 0.5) * QUARTER, STOCKHOLM) for n in range(96)]
    assert found[7 * 4] == pytest.approx(0.1 * sky[7 * 4], rel=0.01)
    assert found[12 * 4] == pytest.approx(0.7 * sky[12 * 4], rel=0.01)
    assert found[0] == 0


def test_a_roof_never_gives_more_than_it_has():
    begins_at = datetime(2026, 6, 20, 0, tzinfo=UTC)
    seen = [Given(begins_at - n * QUARTER, 90_000.0) for n in range(1, 700)]
    assert forecast(seen, 10_000, STOCKHOLM, begins_at, QUARTER, 96).max() == 10_000
