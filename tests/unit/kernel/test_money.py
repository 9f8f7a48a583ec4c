"""Money is whole minor units, and rounded in one place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.money import Money, checked_currency, major, rounded_minor, vat_within
from laddverk.kernel.problems import Invalid

amounts = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("amount", "minor"), [("0.004", 0), ("0.005", 1), ("-0.005", -1), ("2.675", 268), ("4.90", 490), ("-0.004", 0)]
)
def test_half_an_ore_goes_away_from_zero_on_both_sides(amount: str, minor: int) -> None:
    assert rounded_minor(Decimal(amount), "SEK") == minor


@given(amounts)
def test_to_major_and_back_loses_nothing(minor: int) -> None:
    assert rounded_minor(major(minor, "SEK"), "SEK") == minor


@given(amounts)
def test_the_vat_of_a_credit_mirrors_that_of_its_invoice(gross_minor: int) -> None:
    assert vat_within(-gross_minor, Decimal(25)) == -vat_within(gross_minor, Decimal(25))


def test_the_vat_in_125_kronor_is_25() -> None:
    assert vat_within(12_500, Decimal(25)) == 2_500


@given(amounts, amounts)
def test_adding_and_taking_away_is_exact(one: int, other: int) -> None:
    assert Money(one) + Money(other) - Money(other) == Money(one)


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="EUR"):
        Money(1, "SEK") + Money(1, "EUR")


def test_an_unknown_currency_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as caught:
        checked_currency("XBT")
    assert caught.value.field == "currency"
    assert "XBT" in str(caught.value)
