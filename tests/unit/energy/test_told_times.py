"""Times that cars tell through their chargers: taken where they can be, never kept where a clock is years off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.rules import departure, plan_start

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("said", [NOW - HOUR, NOW, NOW + HOUR, NOW + DAY])
def test_a_plan_begins_when_its_charger_says(said: datetime) -> None:
    assert plan_start(said, NOW) == said


@pytest.mark.parametrize("said", [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_plan_by_a_clock_that_is_years_off_begins_when_it_came(said: datetime | None) -> None:
    assert plan_start(said, NOW) == NOW


@pytest.mark.parametrize("said", [NOW - HOUR, NOW + HOUR, NOW + 59 * DAY])
def test_a_car_leaves_when_it_says(said: datetime) -> None:
    assert departure(said, NOW) == said


@pytest.mark.parametrize("said", [None, datetime(1970, 1, 1, tzinfo=UTC), NOW + 61 * DAY])
def test_a_departure_that_cannot_be_is_not_known(said: datetime | None) -> None:
    assert departure(said, NOW) is None
