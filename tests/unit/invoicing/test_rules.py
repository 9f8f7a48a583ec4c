"""Decisions of invoicing, example by example."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from laddverk.invoicing.model import DueSession, shown_number
from laddverk.invoicing.rules import composed, first_of_next_month, luhn_digit, ocr, reference_of
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, new_id
from laddverk.kernel.money import VatTotal, shared_by, vat_total
from laddverk.kernel.problems import Invalid


def session(driver: DriverId, gross_minor: int, percent: int = 25) -> DueSession:
    return DueSession(SessionId(new_id()), driver, "SEK", Decimal(percent), gross_minor, 1000)


def test_the_net_left_over_goes_to_the_lines_that_lost_most() -> None:
    assert shared_by(2, [1, 1, 1]) == [1, 1, 0]
    assert shared_by(320, [100, 300]) == [80, 240]


def test_vat_is_rounded_once_for_the_whole_invoice_and_not_per_line() -> None:
    """Three sessions of 0,02 kr hold 0 öre VAT each when rounded one by one, and 1 öre together."""
    driver = DriverId(new_id())
    made = composed(InvoiceId(new_id()), 1, "1", [session(driver, 2) for _ in range(3)])
    assert made.vat == (VatTotal(Decimal(25), 5, 1, 6),)
    assert sum(line.vat_minor for line in made.lines) == 1


def test_sessions_of_nothing_make_an_invoice_of_nothing() -> None:
    driver = DriverId(new_id())
    made = composed(InvoiceId(new_id()), 1, "1", [session(driver, 0)])
    assert (made.gross_minor, made.net_minor, made.vat_minor) == (0, 0, 0)


def test_a_session_with_prices_at_two_rates_takes_part_in_both() -> None:
    """100,00 kr of energy at 25 % and 30,00 of parking at 0 %, beside 50,00 at 25 %: 150,00 x 25/125 = 30,00 of VAT."""
    driver, parts = DriverId(new_id()), (vat_total(10_000, Decimal(25)), vat_total(3_000, Decimal(0)))
    mixed = DueSession(SessionId(new_id()), driver, "SEK", Decimal(25), 13_000, 20_000, parts)
    made = composed(InvoiceId(new_id()), 1, "1", [mixed, session(driver, 5_000)])
    assert made.vat == (VatTotal(Decimal(25), 12_000, 3_000, 15_000), VatTotal(Decimal(0), 3_000, 0, 3_000))
    first, second = made.lines
    assert (first.gross_minor, first.net_minor, first.vat_minor, first.vat) == (13_000, 11_000, 2_000, parts)
    assert (second.gross_minor, second.net_minor, second.vat_minor, second.vat) == (5_000, 4_000, 1_000, None)


def test_a_vat_of_25_percent_is_a_fifth_of_the_gross() -> None:
    assert vat_total(12345, Decimal(25)) == VatTotal(Decimal(25), 9876, 2469, 12345)


@pytest.mark.parametrize(
    ("base", "whole"), [("2019121", "201912193"), ("0", "034"), ("1", "133"), ("12345", "1234574")]
)
def test_payment_references_are_those_bankgirot_gives(base: str, whole: str) -> None:
    assert ocr(base) == whole


def test_a_reference_that_bankgirot_would_refuse_is_not_made() -> None:
    for base in ("", "12a", "1" * 24, "１２"):
        with pytest.raises(Invalid):
            ocr(base)


def test_references_of_an_invoice_and_a_credit_note_differ() -> None:
    assert reference_of("invoice", 2026, 42) != reference_of("credit_note", 2026, 42)
    assert luhn_digit(reference_of("invoice", 2026, 42)[:-1]) == reference_of("invoice", 2026, 42)[-1]


def test_a_number_is_shown_with_its_series() -> None:
    assert shown_number("F2026", 42) == "F2026-00042"


def test_december_is_followed_by_january() -> None:
    assert first_of_next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert first_of_next_month(date(2026, 11, 1)) == date(2026, 12, 1)
