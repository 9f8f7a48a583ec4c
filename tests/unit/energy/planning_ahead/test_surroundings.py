"""What a building draws beside its cars: found from meters, forecast by the hour of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, MeterId, Place, Rotation, Tree
from laddverk.energy.planning_ahead.rolling import silent
from laddverk.energy.planning_ahead.store import Past
from laddverk.energy.planning_ahead.surroundings import DrawnQuarter, Quarter, beside_charging, forecast
from laddverk.kernel.ids import SiteId, StationId

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BEGINS = datetime(2026, 1, 12, 16, tzinfo=UTC)  # a Monday, 17:00 in Sweden
STEP = timedelta(minutes=15)
GRID, BOARD = CircuitId(UUID(int=1)), CircuitId(UUID(int=2))
METER, CAR = MeterId(UUID(int=3)), StationId(UUID(int=7))


def tree(grid_meter=METER, board_meter=None) -> Tree:
    grid = Circuit(id=GRID, name="Grid", kind=CircuitKind.GRID, limit_a=(63,) * 3, meter_id=grid_meter)
    board = Circuit(
        id=BOARD, name="A", kind=CircuitKind.BOARD, limit_a=(32,) * 3, parent_id=GRID, meter_id=board_meter,
        unmetered_a=(4.0, 3.0, 2.0),
    )  # fmt: skip
    place = Place(
        station_id=CAR, evse_number=1, circuit_id=BOARD, phases=1, rotation=Rotation.STR, is_rotation_known=True
    )
    return Tree(site_id=SiteId(UUID(int=9)), version=1, circuits=(grid, board), places=(place,))


def read(at, current_a, power_w, series=METER) -> Quarter:
    return Quarter(series=series, at=at, current_a=current_a, power_w=power_w)


def drew(at, current_a) -> DrawnQuarter:
    return DrawnQuarter(
        station_id=CAR, evse_number=1, at=at, current_l1_a=current_a, current_l2_a=0, current_l3_a=0,
        power_w=230 * current_a,
    )  # fmt: skip


def test_what_cars_drew_is_taken_off_on_the_phase_they_hang_on():
    (found,) = beside_charging(tree(), [read(BEGINS, (10, 30, 8), 11_040)], [drew(BEGINS, 16)], set())
    assert (found.series, found.current_a) == (GRID, (10, 14, 8))
    assert found.power_w == pytest.approx(11_040 - 16 * 230)


def test_a_quarter_in_which_a_car_said_nothing_is_not_learnt_from():
    past = [Past(CAR, 1, "A", BEGINS, BEGINS + 3 * STEP, None, 9_000)]
    quiet = silent(past, [drew(BEGINS, 16), drew(BEGINS + 2 * STEP, 16)], BEGINS, BEGINS + 4 * STEP)
    assert quiet == {BEGINS + STEP}
    rows = [read(BEGINS + n * STEP, (10, 30, 8), None) for n in range(4)]
    assert [each.at for each in beside_charging(tree(), rows, [], quiet)] == [
        BEGINS, BEGINS + 2 * STEP, BEGINS + 3 * STEP,
    ]  # fmt: skip


def test_sun_that_flows_out_is_below_nothing_in_power_and_never_in_current():
    (found,) = beside_charging(tree(), [read(BEGINS, (2, 3, 2), -1_500)], [drew(BEGINS, 10)], set())
    assert found.current_a == (2, 0, 2)
    assert found.power_w == pytest.approx(-1_500 - 2_300)


def test_load_is_forecast_by_the_local_hour_of_the_week_with_room_for_its_highs():
    days = [BEGINS - timedelta(days=28) + n * STEP for n in range(28 * 96)]

    def amperes(at):
        evening = at.astimezone(STOCKHOLM).hour in (18, 19)
        return (20.0 if evening else 5.0) + (2.0 if at.day % 2 else 0.0)

    rows = [read(at, (amperes(at),) * 3, 690 * amperes(at), GRID) for at in days]
    found = forecast(tree(), rows, BEGINS, STEP, 16, STOCKHOLM)
    assert [row[0] for row in found.current_a[GRID]] == [7] * 4 + [22] * 8 + [7] * 4
    assert found.power_w is not None
    low, middle, high = found.power_w[4]
    assert (low, high) == (690 * 20, 690 * 22)
    assert low <= middle <= high
    assert found.seen == 28 * 96


def test_what_nothing_measures_is_what_people_estimated_of_it_and_of_what_hangs_below():
    found = forecast(tree(grid_meter=None), [], BEGINS, STEP, 2, STOCKHOLM)
    assert found.current_a[GRID] == [(4, 3, 2)] * 2
    assert found.power_w is None


def test_a_measured_board_counts_for_the_connection_above_it():
    rows = [read(BEGINS - n * STEP, (6, 6, 6), 4_000, BOARD) for n in range(1, 200)]
    found = forecast(tree(grid_meter=None, board_meter=METER), rows, BEGINS, STEP, 1, STOCKHOLM)
    assert found.current_a[BOARD] == found.current_a[GRID] == [(6, 6, 6)]
    assert found.power_w is not None
    assert found.power_w[0, 1] == 4_000
