"""What a battery is advised to do beside the cars: which there is, what it should do and saves, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from laddverk.energy.circuits.model import CircuitId, Source, SourceId, SourceKind, Tree
from laddverk.energy.planning_ahead.following import ADVISED_MAX, Advised, advised
from laddverk.energy.planning_ahead.gathering import battery_of
from laddverk.energy.planning_ahead.model import (
    Advice,
    Ahead,
    Battery,
    Feeder,
    MadeBy,
    PeakInterval,
    PeakTerm,
    Plan,
)
from laddverk.energy.planning_ahead.planning import advice
from laddverk.kernel.ids import SiteId, new_id

BEGINS = datetime(2026, 1, 12, 16, tzinfo=UTC)
BATTERY = Battery(capacity_wh=4_000, held_wh=2_000, power_max_w=2_000)
"""0.92 of a round comes back: √0.92 = 0.95917 of what goes in is held, and of what is held comes out."""


def source(kind: SourceKind, power_w: float, energy_wh: float = 0.0) -> Source:
    return Source(
        id=SourceId(new_id()), name="x", kind=kind, circuit_id=CircuitId(new_id()), power_max_w=power_w,
        energy_wh=energy_wh,
    )  # fmt: skip


def four_hours(prices: tuple[float, ...], **more: object) -> Ahead:
    feeder = Feeder(key="grid", limit_a=((63.0,) * 3,))
    return Ahead(
        begins_at=BEGINS, step_minutes=60, price_per_kwh=prices, base_load_w=(2_000.0,) * len(prices),
        feeders=(feeder,), **more,
    )  # fmt: skip


def plan(cap_w: tuple[float, ...], made_by: MadeBy = MadeBy.SOLVER, **more: object) -> Plan:
    return Plan(
        begins_at=BEGINS, step_minutes=60, made_by=made_by, targets_a={}, unmet_wh={}, cap_w=cap_w, **more
    )  # fmt: skip


def test_batteries_of_a_site_are_one_that_is_half_full_and_panels_are_none() -> None:
    site = SiteId(new_id())
    sun, without_energy = source(SourceKind.SOLAR, 9_000), source(SourceKind.BATTERY, 3_000)
    two = (source(SourceKind.BATTERY, 5_000, 10_000), source(SourceKind.BATTERY, 3_000, 7_000))
    assert battery_of(Tree(site_id=site, sources=(sun, without_energy))) is None
    assert battery_of(Tree(site_id=site, sources=(sun, without_energy, *two))) == Battery(
        capacity_wh=17_000, held_wh=8_500, power_max_w=8_000
    )


def test_it_fills_while_energy_is_cheap_gives_it_back_when_it_is_dear_and_ends_as_full_as_it_began() -> None:
    # 2 kWh fit into it: 2 / 0.95917 = 2.0851 kWh in at 1, 2 x 0.95917 = 1.9183 kWh out at 5: 9.59 - 2.09 = 7.51.
    found = advice(four_hours((1.0, 1.0, 5.0, 5.0)), plan((5_000.0,) * 4), BATTERY)
    assert found is not None
    assert sum(found.power_w[:2]) == pytest.approx(2_085, abs=2)
    assert sum(found.power_w[2:]) == pytest.approx(-1_918, abs=2)
    assert (found.held_wh, found.saves) == (2_000, 7.51)


def test_it_takes_away_the_peak_that_cars_make_as_they_are_planned() -> None:
    # 2 kW of base, 3 kW of cars in the third hour: of 5 kW it takes 2, all that it can. What it then lacks, 2 / 0.92 =
    # 2.1739 kWh, is fetched in the other hours, below 3 kW: 2 kW x 10 - 0.1739 kWh x 1 = 19.83.
    hours = tuple(PeakInterval(hour, 1.0, hour, hour + 1, 1.0) for hour in range(4))
    ahead = four_hours((1.0,) * 4, peaks=(PeakTerm(per_kw=10.0, count=1, sunk_kw={}, intervals=hours),))
    found = advice(ahead, plan((0.0, 0.0, 3_000.0, 0.0)), BATTERY)
    assert found is not None
    assert found.power_w[2] == -2_000
    assert sum(found.power_w) == pytest.approx(174, abs=3)
    assert max(found.power_w) <= 1_000
    assert found.saves == 19.83


def test_ceilings_of_the_cap_rule_are_no_plan_and_where_nothing_can_be_saved_it_rests() -> None:
    found = advice(four_hours((1.0,) * 4), plan((0.0, 0.0, 3_000.0, 0.0), MadeBy.CAP_RULE), BATTERY)
    assert found == Advice(power_w=(0.0,) * 4, held_wh=2_000, saves=0.0)


def test_without_prices_nothing_is_advised() -> None:
    assert advice(four_hours(()), plan(()), BATTERY) is None


def spells(power_w: tuple[float, ...], after_minutes: int = 0) -> list[tuple[int, int, float]]:
    """Return the spells as minutes since the plan began, and their mean watts."""
    told = replace(plan(()), step_minutes=15, advice=Advice(power_w=power_w, held_wh=0.0, saves=0.0))
    return [
        ((each.since - BEGINS) // timedelta(minutes=1), (each.until - BEGINS) // timedelta(minutes=1), each.power_w)
        for each in advised(told, BEGINS + timedelta(minutes=after_minutes))
    ]


def test_steps_of_one_direction_are_one_spell_with_their_mean_and_what_is_over_is_left_out() -> None:
    power_w = (1_000.0, 2_000.0, 3_000.0, 40.0, -500.0, -1_500.0, 600.0)
    assert spells(power_w) == [(0, 45, 2_000.0), (60, 90, -1_000.0), (90, 105, 600.0)]
    assert spells(power_w, after_minutes=15) == [(15, 45, 2_500.0), (60, 90, -1_000.0), (90, 105, 600.0)]
    assert spells(power_w, after_minutes=14) == spells(power_w)
    assert spells(power_w, after_minutes=105) == []


def test_no_more_spells_are_told_than_anybody_reads_and_none_without_advice() -> None:
    assert len(spells((900.0, -900.0) * ADVISED_MAX)) == ADVISED_MAX
    assert advised(plan(()), BEGINS) == []
    only = Advised(BEGINS, BEGINS + timedelta(hours=1), 900.0)
    assert advised(plan((), advice=Advice(power_w=(900.0,), held_wh=0.0, saves=0.0)), BEGINS) == [only]
