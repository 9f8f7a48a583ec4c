"""Prices and tariffs in words, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from laddverk.tariffs.explaining import condensed, line_words, tariff_rows, told, vat_words
from laddverk.tariffs.model import Charge, Component, Dimension, Limit, Reserved, Restriction, Spot, SpotPrice, Tariff
from laddverk.tariffs.rules import price, spots_of

START = datetime(2026, 6, 1, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def charge(energy_wh: int, **more: object) -> Charge:
    end = START + 2 * HOUR
    given: dict[str, object] = {
        "started_at": START, "ended_at": end, "charging_ended_at": START + HOUR, "readings": (),
        "energy_wh": energy_wh, "timezone": "Europe/Stockholm",
    }  # fmt: skip
    return Charge(**(given | more))  # type: ignore[arg-type]  # each test gives what it is about


def test_every_line_says_its_arithmetic_and_the_last_the_sum() -> None:
    tariff = Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal("4.90"), step=100),
            Component(dimension=Dimension.IDLE, price=Decimal("2")),
        ),
        idle_max=Decimal(60),
        free_wh=1000,
    )
    said = told(price(tariff, charge(5_510, included_wh=500)), "sv", "Europe/Stockholm")
    text = "\n".join(line.replace("\u00a0", " ") for line in said)
    assert "1,000 kWh × 0,00 kr (< 1 kWh) = 0,00 kr" in text
    assert "0,500 kWh × 0,00 kr, ingår i abonnemanget = 0,00 kr" in text
    assert "4,100 kWh × 4,90 kr, varav 0,090 kWh för att fylla sista steget = 20,09 kr" in text
    assert "60,0 min × 2,00 kr, sänkt till det avtalade högsta = 60,00 kr" in text
    assert text.endswith("Att betala 80,09 kr, varav moms 16,02 kr")


def test_an_older_line_without_the_newer_fields_still_reads() -> None:
    old = {"dimension": "idle", "unit": "min", "quantity": "90.0000", "unit_price": "1", "window": "", "capped": True}
    assert line_words(old, "SEK", "en") == ("Time after charging", "90,0 min × 1,00\u00a0kr, cut to the agreed maximum")


def test_the_lowest_price_is_a_line_of_its_own_and_so_is_a_reservation() -> None:
    kept = Component(dimension=Dimension.CHARGING, price=Decimal(1), when=Restriction(reservation=Reserved.KEPT))
    tariff = Tariff(
        components=(Component(dimension=Dimension.ENERGY, price=Decimal(1)), kept), min_price=Limit(gross=Decimal(50))
    )
    lines = price(tariff, charge(1_000, reserved_from=START - HOUR / 4)).lines
    assert [(line_words(line, "SEK", "sv")[0], line.amount_minor) for line in lines] == [
        ("Reserverad tid", 1500),
        ("Energi", 100),
        ("Upp till lägsta pris", 3400),
    ]


def test_a_night_by_quarters_is_told_in_one_row() -> None:
    quarter = HOUR / 4
    values = [Decimal(number) / 10 for number in range(8)]
    prices = [SpotPrice("SE3", START + quarter * n, START + quarter * (n + 1), each) for n, each in enumerate(values)]
    spot = Spot(area="SE3", markup=Decimal(1), floor=Decimal(0))
    tariff = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(0), spot=spot),))
    priced = price(tariff, charge(8_000, charging_ended_at=START + 2 * HOUR), spots_of(prices))
    assert len(priced.lines) == 8
    ((name, amount_minor, arithmetic),) = condensed(priced, "en")
    assert (name, amount_minor) == ("Energy", priced.amount_minor)
    assert arithmetic.replace("\u00a0", " ") == "8,000 kWh × 1,00 kr – 1,875 kr"


def test_a_tariff_is_shown_in_the_order_of_the_law_with_its_limits() -> None:
    tariff = Tariff(
        components=(
            Component(dimension=Dimension.IDLE, price=Decimal("0.5")),
            Component(dimension=Dimension.SESSION, price=Decimal(3)),
            Component(dimension=Dimension.CHARGING, price=Decimal(6), per_hour=True, step=300),
            Component(dimension=Dimension.ENERGY, price=Decimal("4.9"), when=Restriction(min_wh=20_000)),
        ),
        idle_grace_minutes=15,
        idle_free_from="22:00",
        idle_free_to="07:00",
        max_price=Limit(gross=Decimal(300)),
    )
    rows = [tuple(str(each).replace("\u00a0", " ") for each in row) for row in tariff_rows(tariff, "en")]
    assert rows == [
        ("Energy", "4,90 kr/kWh", ">= 20 kWh"),
        ("Time while charging", "6,00 kr/h", "in blocks of 5 min"),
        ("Start", "3,00 kr", "None"),
        ("Time after charging", "0,50 kr/min", "from 15 min after charging has ended, free 22:00–07:00"),
        ("The whole session", "A session costs at most 300,00 kr", "None"),
    ]


def test_days_of_a_window_have_their_names_in_the_readers_language() -> None:
    line = {"dimension": "energy", "unit": "kWh", "quantity": "2", "unit_price": "4", "window": "Mon-Fri 06:00-22:00"}
    assert line_words(line, "SEK", "sv")[1].endswith("(mån-fre 06:00-22:00)")
    assert line_words(line, "SEK", "en")[1].endswith("(Mon-Fri 06:00-22:00)")


def test_the_vat_of_several_rates_is_told_for_each() -> None:
    parking = Component(dimension=Dimension.IDLE, price=Decimal("0.5"), vat_percent=Decimal(0))
    tariff = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(5)), parking))
    priced = price(tariff, charge(20_000, charging_ended_at=START, ended_at=START + HOUR))
    assert [row[2] for row in tariff_rows(tariff, "sv")] == [None, "moms 0 %"]
    *lines, total = [text.replace("\u00a0", " ") for text in told(priced, "en", "UTC")]
    assert lines[1].endswith("60,0 min × 0,50 kr, VAT 0 % = 30,00 kr")
    assert total == "To pay 130,00 kr, of which VAT 20,00 kr (25 % of 100,00 kr), 0,00 kr (0 % of 30,00 kr)"
    words = vat_words(priced.vat[:1], "SEK", "en").replace("\u00a0", " ")
    assert words == "of which VAT 20,00 kr (25 %)"
