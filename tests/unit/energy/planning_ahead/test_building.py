"""The plan's question from a site's tree and its cars; and how far a day was from the best."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from laddverk.energy.circuits.model import (
    Circuit,
    CircuitId,
    CircuitKind,
    LimitFrom,
    Place,
    Rotation,
    Signal,
    Tree,
    Window,
    Wiring,
)
from laddverk.energy.planning_ahead.building import GUESSED_PER_KWH, Car, feeders, loads_of, stays
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.forecasting import Interval, Source, told
from laddverk.energy.planning_ahead.model import UNMET_PER_KWH, Ahead, Feeder, Stay
from laddverk.energy.planning_ahead.peak_terms import terms
from laddverk.energy.planning_ahead.regret import regret
from laddverk.kernel.ids import SiteId, StationId

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BEGINS = datetime(2026, 1, 12, 16, tzinfo=UTC)  # 17:00 in Sweden
GRID, BOARD = CircuitId(UUID(int=1)), CircuitId(UUID(int=2))
HABIT = Interval(low=6, middle=9, high=14, source=Source.OWN_HABIT)


def place(**more) -> Place:
    return Place(**{"station_id": StationId(UUID(int=7)), "evse_number": 1, "circuit_id": BOARD} | more)


def tree(**more) -> Tree:
    grid = Circuit(
        id=GRID, name="Grid", kind=CircuitKind.GRID, limit_a=(63, 63, 63), margin_a=3, unmetered_a=(10, 5, 0)
    )
    evening = Window(limit_a=(16, 16, 16), starts_minute=18 * 60, ends_minute=20 * 60)
    board = Circuit(
        id=BOARD, name="A", kind=CircuitKind.BOARD, limit_a=(32, 32, 32), parent_id=GRID, windows=(evening,)
    )
    return Tree(site_id=SiteId(UUID(int=9)), version=1, circuits=(grid, board), places=(place(),), **more)


def test_limits_follow_hours_signals_and_other_load():
    signal = Signal(
        circuit_id=GRID, source=LimitFrom.DSO, key="1", starts_at=BEGINS + timedelta(hours=1),
        ends_at=BEGINS + timedelta(hours=2), limit_a=(20.0, 20.0, 4.0),
    )  # fmt: skip
    grid, board = feeders(tree(), [signal], {}, BEGINS, 60, 4, STOCKHOLM)
    assert grid.limit_a == ((50, 55, 60), (10, 15, 4), (50, 55, 60), (50, 55, 60))
    assert [limit[0] for limit in board.limit_a] == [32, 16, 16, 32]
    assert (grid.parent, board.parent) == (-1, 0)
    measured, _ = feeders(tree(), [], {GRID: [(60.0, 61.0, 1.0)] * 2}, BEGINS, 60, 2, STOCKHOLM)
    assert measured.limit_a[0] == (0, 0, 59)


def test_an_outlet_loads_the_phases_it_is_known_to_be_on_and_all_where_nobody_looked():
    known = place(phases=1, rotation=Rotation.STR, is_rotation_known=True)
    assert loads_of(known, Wiring.STAR_400) == ((0, 1, 0), 230)
    assert loads_of(known, Wiring.DELTA_230) == ((0, 1, 1), 230)
    assert loads_of(place(phases=1), Wiring.STAR_400) == ((1, 1, 1), 230)
    assert loads_of(place(), Wiring.STAR_400) == ((1, 1, 1), 690)
    assert loads_of(place(is_rotation_known=True), Wiring.STAR_400, phases_seen=1) == ((1, 0, 0), 230)


def test_what_a_driver_says_is_a_promise_and_a_habit_is_planned_for_with_care():
    said = Car(
        place=place(), comes_at=BEGINS - timedelta(hours=1), hours=told(10.0), energy_kwh=told(20.0), attained_wh=5_000
    )
    guessed = Car(place=place(evse_number=2), comes_at=BEGINS + timedelta(hours=1), hours=HABIT, energy_kwh=HABIT)
    first, second = stays(tree(), [said, guessed], BEGINS, 60)
    assert (first.arrives, first.departs, first.wanted_wh, first.unmet_per_kwh) == (0, 9, 15_000, UNMET_PER_KWH)
    assert (second.arrives, second.departs, second.wanted_wh, second.unmet_per_kwh) == (1, 7, 14_000, GUESSED_PER_KWH)


def test_who_overstays_a_forecast_is_taken_to_leave_soon_and_dc_has_no_floor():
    (late,) = stays(
        tree(), [Car(place=place(), comes_at=BEGINS - timedelta(days=2), hours=HABIT, energy_kwh=HABIT)], BEGINS, 15
    )
    assert (late.arrives, late.departs) == (0, 1)
    fast = place(phases=0, power_max_w=150_000)
    (quick,) = stays(tree(), [Car(place=fast, comes_at=BEGINS, hours=HABIT, energy_kwh=HABIT)], BEGINS, 15)
    assert (quick.floor_a, quick.ceiling_a) == (0.0, pytest.approx(150_000 / 690))


def test_regret_is_what_was_paid_beyond_the_best_and_what_cars_left_without():
    tariff = next(each for each in examples() if each.key == "five-peaks")
    car = Stay(key="a", feeder=0, use=(1, 1, 1), watts_per_a=690, ceiling_a=16, wanted_wh=22_080, departs=4)
    seen = Ahead(
        begins_at=BEGINS, step_minutes=60, price_per_kwh=(3.0, 1.0, 1.0, 1.0), stays=(car,),
        feeders=(Feeder(key="grid", limit_a=((100.0,) * 3,)),), peaks=terms(tariff, BEGINS, 60, 4),
    )  # fmt: skip
    at_once = regret(seen, {"a": (11_040, 11_040, 0, 0)})
    assert at_once is not None
    # Best is four hours of 5.52 kW: the first is 2 kr a kWh dearer, but each kW of peak costs 31/5 kr.
    assert at_once.cost == pytest.approx(11.04 * 4 + 11.04 * 31 / 5)
    assert at_once.best_cost == pytest.approx(5.52 * 6 + 5.52 * 31 / 5, abs=0.1)
    assert at_once.saved == pytest.approx(0)
    starved = regret(seen, {"a": (0, 5_520, 5_520, 0)})
    assert starved is not None
    assert starved.lacking_wh == pytest.approx(11_040, abs=1)
    assert starved.over == pytest.approx((5.52 - 11.04 / 4) * 31 / 5 - (11.04 / 4) * 2, abs=0.1)
