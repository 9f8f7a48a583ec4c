"""Numbers, money and times read as people in Sweden write them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from laddverk.platform import formats

NOW = datetime(2026, 11, 21, 13, 3, 5, tzinfo=UTC)


def plain(text):
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def test_money_has_a_comma_spaces_and_kr():
    assert plain(formats.money(123450, "SEK", "sv")) == "1 234,50 kr"
    assert plain(formats.money(-490, "SEK", "en")) == "-4,90 kr"


def test_the_unit_stands_after_a_no_break_space_so_that_it_can_be_set_apart():
    for text in (formats.money(5), formats.energy_kwh(23_421), formats.power_kw(11_000), formats.percent(0.971)):
        number, space, unit = text.rpartition("\u00a0")
        assert space
        assert number
        assert unit in {"kr", "kWh", "kW", "%"}


@pytest.mark.parametrize(("energy_wh", "text"), [(0, "0,0 kWh"), (23_449, "23,4 kWh"), (1_204_000, "1 204 kWh")])
def test_energy_has_no_more_digits_than_help(energy_wh, text):
    assert plain(formats.energy_kwh(energy_wh)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("4.9", "4,90 kr"), ("4", "4,00 kr"), ("0.4375", "0,4375 kr"), ("1E+2", "100,00 kr"), ("1.234567", "1,2346 kr")],
)
def test_a_unit_price_shows_the_decimals_it_has(amount, text):
    assert plain(formats.price(Decimal(amount))) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (4330, "1 h 12 min"),
        (7200, "2 h"),
        (100_000, "1 d 3 h"),
        (-90, "-1 min"),
    ],
)
def test_a_duration_tells_its_two_largest_units(seconds, text):
    assert plain(formats.duration(seconds)) == text
    assert plain(formats.duration(timedelta(seconds=seconds))) == text


@pytest.mark.parametrize(
    ("ago", "swedish", "english"),
    [
        (timedelta(seconds=-30), "nyss", "just now"),
        (timedelta(seconds=44), "nyss", "just now"),
        (timedelta(seconds=45), "1 min sedan", "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min sedan", "59 min ago"),
        (timedelta(hours=1), "1 h sedan", "1 h ago"),
        (timedelta(days=13, hours=23), "13 d sedan", "13 d ago"),
        (timedelta(days=14), "7 nov. 2026", "7 Nov 2026"),
    ],
)
def test_since_says_how_long_ago_in_words(ago, swedish, english):
    assert formats.since(NOW - ago, NOW, language="sv") == swedish
    assert formats.since(NOW - ago, NOW, language="en") == english


def test_local_time_follows_the_clocks_of_the_place():
    assert formats.local_time(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "02:30"
    assert formats.local_time(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "02:30"
    assert formats.local_time(NOW, seconds=True) == "14:03:05"
    assert formats.local_date(datetime(2026, 11, 21, 23, 30, tzinfo=UTC)) == "22 nov. 2026"
    assert formats.local_date(date(2026, 11, 21), language="en") == "21 Nov 2026"


def test_months_and_weekdays_have_their_names():
    assert formats.month(date(2026, 11, 1)) == "november 2026"
    assert formats.weekday(0) == "måndag"
    assert formats.weekday(6, language="en") == "Sunday"


def test_sums_of_several_currencies_are_told_beside_each_other_and_never_added_up() -> None:
    both = formats.sums([{"SEK": 1_000, "EUR": 250}, {"EUR": 50}], "SEK", "sv").replace("\u00a0", " ")
    assert both == "10,00 kr + 3,00 €"
    assert formats.sums({}, "EUR", "sv").replace("\u00a0", " ") == "0,00 €"
