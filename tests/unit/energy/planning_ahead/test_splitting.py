"""Why a day was not the best: safety, unknown prices, and what was not known of the cars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.planning_ahead.capacity_files import read
from laddverk.energy.planning_ahead.days import Way, known_prices, outcomes
from laddverk.energy.planning_ahead.model import Ahead, Feeder, Stay
from laddverk.energy.planning_ahead.splitting import Because, split

BEGINS = datetime(2026, 1, 12, 16, tzinfo=UTC)
FUSE = Feeder(key="grid", limit_a=((16.0, 16.0, 16.0),))
CAREFUL = Feeder(key="grid", limit_a=((8.0, 8.0, 8.0),))
FULL_WH = 16 * 690.0  # an hour at the whole fuse
TARIFF = read('key = "a"\nname = "A"\n[[peak]]\nname = "Power"\nprice = [{ per_kw = 10 }]\n')


def stay(key="a", wanted_wh=2 * FULL_WH, arrives=0, departs=4, **more) -> Stay:
    return Stay(
        key=key, feeder=0, use=(1, 1, 1), watts_per_a=690, ceiling_a=16, wanted_wh=wanted_wh, arrives=arrives,
        departs=departs, **more,
    )  # fmt: skip


def seen(prices=(3.0, 3.0, 1.0, 1.0), stays=None, **more) -> Ahead:
    found = tuple(stays or (stay(),))
    return Ahead(begins_at=BEGINS, step_minutes=60, price_per_kwh=prices, feeders=(FUSE,), stays=found, **more)


def test_what_was_done_too_early_is_for_want_of_knowing_the_car():
    found = split(seen(), [FUSE], (3.0, 3.0, 1.0, 1.0), {"a": (FULL_WH, FULL_WH, 0, 0)})
    assert found is not None
    assert found.found.over == pytest.approx(22.08 * 2, abs=0.01)
    assert found.over[Because.FORECAST] == pytest.approx(22.08 * 2, abs=0.01)
    assert (found.over[Because.SAFETY], found.over[Because.PRICE]) == (0, 0)


def test_what_margins_forbade_is_the_price_of_safety():
    half = FULL_WH / 2
    found = split(seen(), [CAREFUL], (3.0, 3.0, 1.0, 1.0), {"a": (half, half, half, half)})
    assert found is not None
    assert found.over[Because.SAFETY] == pytest.approx(11.04 * 2)
    assert found.over[Because.FORECAST] == pytest.approx(0, abs=0.01)
    lacking = split(seen(), [CAREFUL], (3.0, 3.0, 1.0, 1.0), {"a": (0, 0, half, half)})
    assert lacking is not None
    assert lacking.lacking_wh == {Because.FORECAST: pytest.approx(FULL_WH), Because.SAFETY: 0}
    short = seen(stays=(stay(departs=2),))
    short_of_room = split(short, [CAREFUL], (3.0, 3.0, 1.0, 1.0), {"a": (half, half, 0, 0)})
    assert short_of_room is not None
    assert short_of_room.lacking_wh == {Because.FORECAST: 0, Because.SAFETY: pytest.approx(FULL_WH)}


def test_what_was_planned_by_yesterdays_prices_is_for_prices_that_were_not_known():
    found = split(seen(), [FUSE], (1.0, 1.0, 3.0, 3.0), {"a": (FULL_WH, FULL_WH, 0, 0)})
    assert found is not None
    assert found.over[Because.PRICE] == pytest.approx(22.08 * 2, abs=0.01)
    assert sum(found.over.values()) == pytest.approx(found.found.over)


def test_a_price_that_came_after_the_first_car_was_not_known_to_it():
    starts = [BEGINS + timedelta(hours=n) for n in range(4)]
    came = [BEGINS - timedelta(hours=3), BEGINS + timedelta(hours=1), None, BEGINS + timedelta(hours=9)]
    cars = [stay(arrives=0, departs=3)]
    assert known_prices((1, 2, 3, 4), came, (10, 20, 30, 40), cars, starts) == [1, 20, 30, 4]


def test_a_month_as_it_was_stands_beside_charging_at_once_and_sharing_fairly():
    cars = (stay("a", departs=8), stay("b", departs=8))
    month = seen((2.0,) * 4 + (1.0,) * 4, cars, base_load_w=(1_000.0,) * 8)
    given = {"a": (0, 0, 0, 0, FULL_WH, FULL_WH, 0, 0), "b": (0, 0, 0, 0, 0, 0, FULL_WH, FULL_WH)}
    found = outcomes(month, TARIFF, given, {"a": 11_040.0, "b": 11_040.0})
    was, at_once, fair = found[Way.AS_IT_WAS], found[Way.AT_ONCE], found[Way.FAIR_SHARE]
    assert [each.energy_wh for each in found.values()] == [44_160] * 3
    assert (was.energy_minor, at_once.energy_minor) == (4_416, 8_832)
    assert [each.peak_w for each in (was, at_once, fair)] == [12_040, 23_080, 12_040]
    assert (was.capacity_minor, at_once.capacity_minor) == (12_040, 23_080)
    assert fair.energy_minor == 8_832
