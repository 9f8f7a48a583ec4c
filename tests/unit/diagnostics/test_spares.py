"""How many spares are enough, against fractions done by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from laddverk.diagnostics.upkeep.spares import Rate, at_most, need, quantile, rate_of

ONE = Rate(failures=1, years=1)
TWO = Rate(failures=2, years=1)


def test_with_one_failure_and_as_much_time_ahead_as_behind_each_more_is_half_as_likely() -> None:
    for count in range(12):
        assert at_most(count, ONE, 1) == pytest.approx(float(1 - Fraction(1, 2 ** (count + 1))))
    assert quantile(0.95, ONE, 1) == 4  # 31/32; 15/16 is less
    assert quantile(0.90, ONE, 1) == 3


def test_with_two_failures_the_chances_are_those_of_the_second_tail() -> None:
    """P(n) = (n + 1) / 2^(n + 2): up to 6 they are 247/256, up to 5 they are 120/128."""
    assert at_most(6, TWO, 1) == pytest.approx(float(Fraction(247, 256)))
    assert at_most(5, TWO, 1) == pytest.approx(float(Fraction(120, 128)))
    assert quantile(0.95, TWO, 1) == 6


def test_a_third_of_the_time_ahead_keeps_the_powers_of_three_quarters() -> None:
    assert at_most(0, ONE, 1 / 3) == pytest.approx(0.75)
    assert at_most(1, ONE, 1 / 3) == pytest.approx(0.9375)
    assert quantile(0.95, ONE, 1 / 3) == 2


def test_a_rate_that_is_well_known_is_poisson() -> None:
    """The table of Poisson with mean 3 says 6 at 95 of 100: 0.9665; 5 would be 0.9161."""
    sure = Rate(failures=3_000_000, years=1_000_000)
    assert quantile(0.95, sure, 1) == 6
    assert at_most(6, sure, 1) == pytest.approx(0.9665, abs=1e-4)
    assert at_most(5, sure, 1) == pytest.approx(0.9161, abs=1e-4)


def test_nothing_seen_is_half_a_failure_in_five_and_twenty_years() -> None:
    assert rate_of(0, 0).mean == pytest.approx(0.02)
    assert rate_of(4, 75).mean == pytest.approx(0.045)
    with pytest.raises(ValueError, match="negative"):
        rate_of(-1, 1)


def test_what_is_short_is_bought_and_what_is_enough_is_not() -> None:
    """365.25 chargers for one day are one charger-year."""
    short = need(ONE, 1461, 1, stock=1, price_minor=1000)  # four years: P(n <= 1) = 1 - (4/5)^2
    assert short.expected == pytest.approx(4)
    assert short.risk == pytest.approx(0.64)
    assert short.enough == 13  # (4/5)^14 = 0.044; (4/5)^13 = 0.055
    assert (short.to_buy, short.cost_minor) == (12, 12_000)
    full = need(ONE, 1461, 1, stock=20, price_minor=1000)
    assert (full.to_buy, full.cost_minor) == (0, 0)
    assert need(ONE, 0, 21, stock=0, price_minor=1000).risk == 0
