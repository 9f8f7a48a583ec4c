"""Bank days in Sweden and the euro area, and the day of a collection."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laddverk.payments.direct_debit import bank_days
from laddverk.payments.direct_debit.model import Scheme

ZONE = "Europe/Stockholm"


@pytest.mark.parametrize(
    ("year", "easter"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter_is_when_it_is(year: int, easter: date) -> None:
    assert bank_days.easter_sunday(year) == easter


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 6), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14), date(2026, 6, 19),
        date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 31), date(2027, 1, 1), date(2026, 11, 21),
    ],
)  # fmt: skip
def test_swedish_banks_rest(day: date) -> None:
    assert not bank_days.is_bank_day(day, Scheme.AUTOGIRO)


@pytest.mark.parametrize("day", [date(2026, 1, 6), date(2026, 6, 19), date(2026, 12, 24), date(2026, 12, 31)])
def test_the_euro_area_works_on_days_on_which_sweden_rests(day: date) -> None:
    assert bank_days.is_bank_day(day, Scheme.SEPA)


def test_a_file_of_the_morning_reaches_two_bank_days_later_and_one_of_the_afternoon_three() -> None:
    morning = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # a Monday
    afternoon = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert bank_days.earliest(morning, ZONE, Scheme.AUTOGIRO) == date(2026, 11, 25)
    assert bank_days.earliest(afternoon, ZONE, Scheme.AUTOGIRO) == date(2026, 11, 26)


def test_the_cut_off_is_local_time_on_both_sides_of_the_change_of_the_clock() -> None:
    summer = datetime(2026, 7, 6, 10, 0, tzinfo=UTC)  # 12:00 in Stockholm
    winter = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # 11:00
    assert bank_days.earliest(summer, ZONE, Scheme.AUTOGIRO) == date(2026, 7, 9)
    assert bank_days.earliest(winter, ZONE, Scheme.AUTOGIRO) == date(2026, 11, 25)


def test_christmas_is_counted_out() -> None:
    before = datetime(2026, 12, 22, 13, 0, tzinfo=UTC)
    assert bank_days.earliest(before, ZONE, Scheme.AUTOGIRO) == date(2026, 12, 29)


def test_nothing_is_collected_before_it_is_due_nor_before_the_payer_had_time_to_know() -> None:
    told, first = date(2026, 11, 23), date(2026, 11, 25)
    assert bank_days.collect_on(date(2026, 12, 23), told, first, Scheme.AUTOGIRO) == date(2026, 12, 23)
    assert bank_days.collect_on(date(2026, 11, 24), told, first, Scheme.AUTOGIRO) == date(2026, 12, 3)
    assert bank_days.collect_on(date(2026, 12, 24), told, first, Scheme.AUTOGIRO) == date(2026, 12, 28)
