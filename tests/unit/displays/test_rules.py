"""What may be shown: messages, our tariffs in a charger's words, when a price is worth renewing, VAT numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from laddverk.displays.model import Cost, Lost, Wanted
from laddverk.displays.rules import checked, is_due, settled_minor, translated, vat_number
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import DisplayText
from laddverk.ocpp.translate.tariff_cost import written
from laddverk.tariffs.model import Component, Dimension, Reserved, Restriction, Tariff

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
HELLO = (DisplayText("Hej", "sv"),)


@pytest.mark.parametrize(("wanted", "field"), [
    (Wanted(texts=()), "text"),
    (Wanted(texts=(DisplayText("  ", "sv"),)), "text"),
    (Wanted(texts=(DisplayText("x" * 513, "sv"),)), "text"),
    (Wanted(texts=(DisplayText("a\x00b", "sv"),)), "text"),
    (Wanted(texts=(DisplayText("a\x1b[2J", "sv"),)), "text"),
    (Wanted(texts=(DisplayText("Hej", "svenska"),)), "language"),
    (Wanted(texts=HELLO * 2), "language"),
    (Wanted(texts=HELLO, priority="Loud"), "priority"),
    (Wanted(texts=HELLO, state="Dancing"), "state"),
    (Wanted(texts=HELLO, ends_at=NOW), "ends_at"),
    (Wanted(texts=HELLO, starts_at=NOW + timedelta(hours=2), ends_at=NOW + timedelta(hours=1)), "ends_at"),
])  # fmt: skip
def test_what_no_display_can_show_is_refused_by_field(wanted, field):
    with pytest.raises(Invalid) as refused:
        checked(wanted, NOW)
    assert refused.value.field == field


def of(*components, **more):
    return translated(Tariff(components=components, **more), "lv-1")


def price(dimension, amount, **when):
    return Component(dimension=dimension, price=Decimal(amount), when=Restriction(**when))


def test_prices_lose_their_vat_on_the_way_and_the_rate_goes_along():
    found = of(price(Dimension.ENERGY, "5.00"), price(Dimension.SESSION, "10"))
    assert (found.tariff.energy[0].price, found.tariff.fixed[0].price) == (Decimal("4"), Decimal("8"))
    assert (found.tariff.tax_percent, found.lost, found.may_be_sent) == (Decimal(25), (), True)


def test_a_price_without_an_end_of_digits_is_told_with_its_vat():
    found = of(price(Dimension.ENERGY, "3.00"), vat_percent=Decimal(12))
    assert (found.tariff.energy[0].price, found.tariff.tax_percent) == (Decimal("3.00"), None)
    assert found.lost == (Lost.TAX_WITHIN,)
    assert found.may_be_sent


def test_each_dimension_has_the_vat_of_its_prices():
    parking = Component(dimension=Dimension.IDLE, price=Decimal("0.50"), vat_percent=Decimal(0))
    found = of(price(Dimension.ENERGY, "5.00"), parking)
    assert (found.tariff.energy[0].price, found.tariff.idle_time[0].price) == (Decimal("4"), Decimal("0.5"))
    assert (found.tariff.tax_percent, found.tariff.own_taxes) == (Decimal(25), (("idle_time", Decimal(0)),))
    assert found.may_be_sent
    told = written(found.tariff)
    assert told["energy"]["taxRates"] == [{"type": "VAT", "tax": 25.0}]
    assert told["idleTime"]["taxRates"] == [{"type": "VAT", "tax": 0.0}]
    mixed = of(parking, price(Dimension.IDLE, "1.00"), price(Dimension.ENERGY, "5.00"))
    assert (mixed.tariff.tax_percent, mixed.lost) == (None, (Lost.PAUSES, Lost.TAX_WITHIN))


def test_idle_time_is_counted_after_its_grace_and_a_cap_on_it_stops_the_tariff():
    idle = price(Dimension.IDLE, "0.50")
    found = of(idle, idle_grace_minutes=15)
    assert found.tariff.idle_time[0].when.idle_from_s == 900
    assert found.may_be_sent
    assert not of(idle, idle_max=Decimal(100)).may_be_sent


def test_weekdays_and_hours_past_midnight_are_kept():
    night = price(Dimension.ENERGY, "2.50", from_time="22:00", to_time="06:00", weekdays=frozenset({5, 6}))
    whens = [one.when for one in of(night).tariff.energy]
    assert [(when.from_time, when.to_time) for when in whens] == [("22:00", "00:00"), ("00:00", "06:00")]
    assert whens[0].days == ("Saturday", "Sunday")


def test_a_free_tariff_is_a_price_of_nothing_and_an_empty_one_is_not_sent():
    assert translated(Tariff(components=(), free=True), "lv-1").tariff.energy[0].price == 0
    assert not of().may_be_sent


def test_a_price_is_renewed_by_energy_or_by_time_but_only_when_it_changed():
    before, then = Cost(1000, "SEK", 2500), NOW - timedelta(seconds=30)
    assert is_due(None, None, Cost(1, "SEK", 0), NOW)
    assert not is_due(None, None, Cost(0, "SEK", 0), NOW)
    assert not is_due(before, then, Cost(1000, "SEK", 9999), NOW)
    assert not is_due(before, then, Cost(1040, "SEK", 2600), NOW)
    assert is_due(before, then, Cost(1200, "SEK", 3000), NOW)
    assert is_due(before, NOW - timedelta(minutes=2), Cost(1040, "SEK", 2600), NOW)


@pytest.mark.parametrize(("amount", "currency", "minor"), [
    ("123.45", "SEK", 12_345), ("0.005", "SEK", 1), ("-10", "SEK", -1000), ("5", "??", 500),
])  # fmt: skip
def test_settlements_are_whole_minor_units(amount, currency, minor):
    assert settled_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("text", "plain"), [
    ("SE556703748501", "SE556703748501"), ("se 556703-7485 01", "SE556703748501"), ("SE556703748401", None),
    ("SE556703748500", None), ("FI12345678", "FI12345678"), ("FI1234567", None), ("XX123", None), ("", None),
    ("SE" + "5" * 400, None), ("GB999999973", None),
])  # fmt: skip
def test_vat_numbers_by_their_form(text, plain):
    assert vat_number(text) == plain


def test_what_a_reservation_costs_is_not_told_to_the_charger_as_a_price_of_charging():
    energy = Component(dimension=Dimension.ENERGY, price=Decimal(5))
    kept = Component(dimension=Dimension.CHARGING, price=Decimal(1), when=Restriction(reservation=Reserved.KEPT))
    assert of(energy, kept) == of(energy)
    assert of(energy, kept).tariff.charging_time == ()
