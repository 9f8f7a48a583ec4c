"""The bench of load management, on a day or two: it runs, it harms no limit, and ours is near what is possible."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench._energy_acn import CEILING_A, GRID_H, KINDS, WORTH, charged, lines_of, most_possible, program_ahead
from bench._energy_ahead import Leaning, Lines, Stays, currents_ahead, fits
from bench._energy_cpu import CASES, situation
from bench._energy_homes import allocator, charged_at_home, equal_share, least_attained
from bench._energy_live import Counts, Live, Way
from bench._energy_sessions import Session, days_of, of_experiment, with_estimates
from bench._norway import FILE, read
from bench.energy import MARCH, SUMMER
from laddverk.energy.allocating import Policy, allocated
from laddverk.energy.allocating.rows import rows_of

NEEDS_DATA = pytest.mark.skipif(
    not (MARCH.exists() and SUMMER.exists() and FILE.exists()), reason="the data are not here"
)
LEANING = Leaning(ends_h=GRID_H, worth=WORTH)


@NEEDS_DATA
def test_the_month_is_the_one_of_the_study():
    sessions = of_experiment(MARCH)
    assert len(sessions) == 954
    assert sum(one.energy_wh for one in sessions) == pytest.approx(8_900_522, abs=1)


@NEEDS_DATA
def test_a_day_at_a_congested_garage_comes_near_the_optimum_and_harms_no_line():
    day = days_of(of_experiment(MARCH), 0, 1)[:25]
    ours, optimum = charged("program", day, 20.0, program_ahead(day, 20.0, "real", LEANING)), most_possible(day, 20.0)
    assert ours.violations == 0
    assert optimum - 0.03 < ours.delivered <= optimum + 1e-6
    assert ours.p05 > 0.2


@NEEDS_DATA
def test_drivers_words_deliver_no_more_than_is_possible():
    day = [one for one in with_estimates(SUMMER, 1) if one.departs < 300][:25]
    ours = charged("program", day, 20.0, program_ahead(day, 20.0, "said", LEANING))
    assert 0.5 * most_possible(day, 20.0) < ours.delivered <= most_possible(day, 20.0) + 1e-6
    assert ours.violations == 0


@NEEDS_DATA
@pytest.mark.parametrize("counts", list(Counts))
@pytest.mark.parametrize("is_planned", [False, True])
def test_what_ships_harms_no_line_and_delivers_less_than_is_possible(counts, is_planned):
    day = [one for one in with_estimates(SUMMER, 1) if one.departs < 300][:25]
    ships = charged("ships", day, 20.0, Live(day, 20.0, Way(counts, "said", is_planned)))
    assert ships.violations == 0
    assert 0.3 * most_possible(day, 20.0) < ships.delivered <= most_possible(day, 20.0) + 1e-6
    assert ships.switches is not None
    assert ships.switches >= 1


@NEEDS_DATA
def test_where_all_fits_what_ships_gives_all_that_drivers_ask_for():
    day = days_of(of_experiment(MARCH), 0, 1)[:12]
    for way in (Way(Counts.AS_LIVE, "none"), Way(Counts.AS_LIVE, "real"), Way(Counts.AS_VECTORS, "real")):
        assert charged("ships", day, 400.0, Live(day, 400.0, way)).delivered == pytest.approx(1.0, abs=1e-6), way


def test_told_between_which_lines_cars_lie_the_allocator_gives_them_more_and_keeps_the_transformer():
    cars = [
        Session(
            outlet=outlet, arrives=0, departs=12, energy_wh=50_000, said_energy_wh=50_000, said_departs=12
        )
        for outlet in ("CA-308", "CA-508", "CA-304", "CA-512", "CA-307", "CA-509")
    ]  # fmt: skip
    lines = lines_of([one.outlet for one in cars], 20.0)
    here, got = list(range(len(cars))), np.zeros(len(cars))
    ships = Live(cars, 20.0, Way(Counts.AS_LIVE, "none"))(here, got, 0)
    vectors = Live(cars, 20.0, Way(Counts.AS_VECTORS, "none"))(here, got, 0)
    assert fits(lines, vectors)
    assert fits(lines, ships)
    assert vectors.sum() > 1.1 * ships.sum() > 0


@NEEDS_DATA
def test_a_week_of_homes_starves_nobody():
    homes = read("TRO_R")[3_000:3_040]
    score = charged_at_home(homes, 25.0, allocator(Policy()))
    assert (score.violations, score.starved) == (0, 0.0)
    assert score.delivered > 0.6
    assert 1 <= score.switches <= 3
    for rule in (equal_share, least_attained):  # no rule that wastes nothing does much better or worse
        beside = charged_at_home(homes, 25.0, rule)
        assert beside.violations == 0
        assert abs(beside.delivered - score.delivered) < 0.03


@NEEDS_DATA
def test_cars_that_have_all_they_take_get_all_they_asked_for():
    score = charged_at_home(read("TRO_R")[:40], 400.0, allocator(Policy()))
    assert (round(score.delivered, 6), score.nearly_full, score.switches) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("case", CASES)
def test_what_is_timed_is_a_decision_that_holds_all_limits(case):
    asked = situation(40, CASES[case])
    got = np.array([grant.limit_a for grant in allocated(asked, asked.demands[0].since)])
    rows = rows_of(asked.branches, asked.demands)
    assert (rows.loaded(got) <= rows.limit_a + 1e-6).all()
    assert got.any()


def test_a_car_between_two_lines_of_a_delta_loads_both_and_the_transformer_unevenly():
    lines = lines_of(["CA-308"], 20.0)
    assert np.abs(lines.weight[:, 0]).tolist() == pytest.approx([0, 0, 1, 1, 0, 0.25, 0.5, 0.25])
    assert KINDS == ("AB", "BC", "CA")


@pytest.mark.parametrize("capacity_kw", [5.0, 20.0, 60.0])
def test_currents_ahead_keep_every_line_inside_its_circle(capacity_kw):
    outlets = ["CA-308", "CA-304", "CA-307", "CA-322", "CA-324", "CA-508"] * 2
    lines, count = lines_of(outlets, capacity_kw), len(outlets)
    asked = np.linspace(5, 200, count)
    stays = Stays(ceiling_a=np.full(count, CEILING_A), left_ah=asked, asked_ah=asked, leaves_h=np.linspace(0, 9, count))
    current = currents_ahead(lines, stays, LEANING)
    assert current is not None
    assert fits(Lines(lines.weight, lines.limit_a + 1e-4), current)
    assert (current >= 0).all()
    assert (current <= CEILING_A + 1e-9).all()
    assert current.sum() > 20 * capacity_kw / 20


def test_the_command_prints_a_table_and_json_as_its_last_line():
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "bench/energy.py", "--parts", "e", "--days", "1"], cwd=root, text=True, capture_output=True,
        check=True, env={"PYTHONPATH": f"{root}:{root / 'src'}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "CPU time of a decision" in done.stdout
    assert {one["outlets"] for one in json.loads(done.stdout.splitlines()[-1])["e"]} == {10, 100}
