"""The bench of costs, on a few real days: each way in its place, and nobody better than the optimum."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bench._norway import FILE, read
from bench.energy_cost import FIRST, FUSE_A, PAST_H, PRICES, TARIFFS, VOLT, WAYS, carried_out, table, world
from laddverk.energy.planning_ahead.capacity_files import examples

pytestmark = pytest.mark.skipif(not (FILE.exists() and PRICES.exists()), reason="the data are not here")


def test_the_site_is_the_one_of_the_study() -> None:
    sessions = read("TRO_R")
    assert (len(sessions), len({each.user for each in sessions})) == (6_679, 77)
    assert all(each.began_at < each.ended_at and each.energy_wh > 0 for each in sessions)


def test_plans_of_cars_that_are_known_save_more_than_sharing_and_less_than_the_optimum() -> None:
    days = 3
    tariff = next(each for each in examples() if each.key == TARIFFS[0])
    rows, took = table(world(FIRST + timedelta(days=250), days), tariff, PAST_H, PAST_H + days * 24)
    share = {way: row["share"] for way, row in rows.items()}
    assert list(rows) == list(WAYS)
    for told in ("solver, told", "ours, told"):
        assert 0 == share["uncontrolled"] < share["fair share"] < share[told] < share["optimum"] == 1
        assert share[told] > 0.7
        assert rows[told]["delivered_percent"] > 96
    assert took


def test_what_ships_keeps_the_fuse_and_charges_all_who_stay_long_enough() -> None:
    days = 1
    tariff = next(each for each in examples() if each.key == TARIFFS[0])
    w = world(FIRST + timedelta(days=250), days)
    outcome, _ = carried_out(w, tariff, PAST_H, w.hours)
    mine = (w.arrives >= PAST_H) & (w.arrives < PAST_H + days * 24)
    assert 0 < outcome.grid_kw.max() <= 3 * FUSE_A * VOLT
    has_time = mine & (w.wanted_kwh < 0.5 * w.power_kw * (w.departs - w.arrives))
    assert has_time.sum() > 5
    assert outcome.given_kwh[has_time] == pytest.approx(w.wanted_kwh[has_time], rel=0.05, abs=0.1)
