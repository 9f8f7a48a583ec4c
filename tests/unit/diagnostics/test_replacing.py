"""Keep or replace, against sums done by hand."""

from __future__ import annotations

import pytest
from msgspec import structs

from laddverk.diagnostics.upkeep.replacing import Costs, Record, flags, swings, verdict, yearly

COSTS = Costs(
    repair_minor=3000, visit_minor=1000, price_ac_minor=10_000, price_dc_minor=100_000, life_years=10,
    interest_percent=0, penalty_hour_minor=2,
)  # fmt: skip
RECORD = Record(is_dc=False, years=2, repairs=3, visits=3, lost_margin_minor=100, down_hours=50)


def test_a_price_is_equal_payments_over_its_life() -> None:
    assert yearly(1000, 10, 0) == 100
    assert yearly(1000, 1, 5) == pytest.approx(1050)
    assert yearly(1000, 2, 10) == pytest.approx(576.19, abs=0.01)  # 576.19/1.1 + 576.19/1.21 = 1000
    with pytest.raises(ValueError, match="life"):
        yearly(1000, 0, 5)


def test_keeping_is_repairs_visits_margin_and_penalty() -> None:
    """Three repairs in two years and one in two of the fleet: one a year, at 4000; 100 of margin, 100 of penalty."""
    made = verdict(RECORD, COSTS, fleet_rate=0.5)
    assert made.keep_minor == 4200
    assert made.replace_minor == 1000
    assert made.gain_minor == 3200
    assert made.keep_low_minor == 200  # none in a good year
    # In a year to come the repairs are negative binomial with r = 4 and 4/5: none 0.4096, at most one 0.737,
    # at most two 0.901.
    assert made.keep_high_minor == 200 + 2 * 4000
    assert made.chance == pytest.approx(1 - 0.4096)


def test_visits_that_mended_nothing_cost_too_and_its_own_repairs_count_rather_than_the_usual_ones() -> None:
    more = Record(is_dc=True, years=2, repairs=3, visits=5, repair_cost_minor=1000)
    made = verdict(more, COSTS, fleet_rate=0.5)
    assert made.keep_minor == 2000 + 500
    assert made.replace_minor == 10_000


def test_what_costs_more_than_a_new_one_without_any_repair_is_certain() -> None:
    assert verdict(Record(is_dc=False, years=2, repairs=0, visits=0, lost_margin_minor=5000), COSTS, 0.1).chance == 1


def test_what_speaks_for_another_one_is_named() -> None:
    assert flags(RECORD, Costs()) == ()
    old = Record(
        is_dc=False, years=1, repairs=0, visits=0, used_share=0.26, speaks_2=False, is_secured=False, is_signed=False
    )
    assert flags(old, Costs()) == ("unsigned", "old_protocol", "open_line", "busy")
    assert flags(Record(is_dc=False, years=1, repairs=0, visits=0, used_share=0.019), Costs()) == ("idle",)


def test_the_tornado_begins_with_what_most_hangs_on() -> None:
    """Repairs: 3000 a year, 30 percent of it up and down is 1800; visits and prices 600."""
    found = {one.name: one for one in swings(RECORD, COSTS, 0.5)}
    assert next(iter(found)) == "repair"
    assert found["repair"].width_minor == 1800
    assert (found["visit"].low_minor, found["visit"].high_minor) == (2900, 3500)
    assert (found["price"].low_minor, found["price"].high_minor) == (3500, 2900)
    assert found["margin"].width_minor == 60
    assert "interest" not in found


def test_what_people_know_of_a_model_speaks_for_another_one() -> None:
    known = structs.replace(RECORD, vendor_gone=True, parts_years=1.5, power_max_w=11_000)
    assert flags(known, Costs(least_ac_kw=22)) == ("vendor_gone", "parts_end", "weak")
    assert flags(structs.replace(known, parts_years=-0.1), Costs(least_dc_kw=150)) == ("vendor_gone", "no_parts")
    assert flags(structs.replace(RECORD, power_max_w=0), Costs(least_ac_kw=22)) == ()
