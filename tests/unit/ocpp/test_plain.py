"""The layouts of meter values that are remembered, and what is left to the general way."""

from __future__ import annotations

import pytest

from laddverk.ocpp.translate import plain
from laddverk.ocpp.v16 import messages as v16

REGISTER = "Energy.Active.Import.Register"


@pytest.fixture
def layouts(monkeypatch):
    """No layout is known yet."""
    empty = plain.Layouts()
    monkeypatch.setattr(plain, "LAYOUTS", empty)
    return empty


def value(text, measurand=REGISTER, phase=None, location="Outlet", unit=None):
    return v16.SampledValue(value=text, measurand=measurand, phase=phase, location=location, unit=unit)


def test_the_same_quantities_in_the_same_order_are_one_layout(layouts):
    for number in range(5):
        plain.read_16([value(f"{number}"), value(f"{number}.5", "Voltage", "L1")])
    assert len(layouts) == 1


def test_numbers_are_rounded_half_to_even_also_when_they_are_said_in_thousands():
    assert plain.read_16([value("12.5")]).sample.energy_wh == 12
    assert plain.read_16([value("1.0005", unit="kWh")]).sample.energy_wh == 1000
    assert plain.read_16([value("1.0015", unit="kWh")]).sample.energy_wh == 1002


def test_what_has_no_column_is_plain_and_goes_to_the_rest():
    read = plain.read_16([value("50", "Frequency", unit="Hertz"), value("7")])
    assert read.sample.rest == {"Frequency/Outlet": {"value": 50.0, "unit": "Hertz"}}
    assert read.names == ["Frequency/Outlet", f"{REGISTER}/Outlet"]


@pytest.mark.parametrize(
    "values",
    [
        [value("7000"), value("1000", phase="L1")],
        [value("7000"), value("7000", location="Inlet")],
        [value("7000"), value("7001")],
        [value("230", "Voltage"), value("230", "Voltage", "L2")],
        [value("400", "Voltage", "L1-L2")],
        [value("7", unit="A")],
        [value("300", "Temperature", unit="K")],
    ],
    ids=["total and phase", "two places", "twice", "with and without phase", "line to line", "odd unit", "kelvin"],
)
def test_what_must_be_weighed_is_not_plain(values):
    assert plain.read_16(values) is None


@pytest.mark.parametrize("text", ["", "nan", "1,5", "1e3", "-0", "0.5000000000000001", "9999999999"])
def test_an_odd_number_is_not_plain(text):
    assert plain.read_16([value(text)]) is None


def test_numbers_with_commas_are_not_taken_for_two():
    assert plain.read_16([value("1,2"), value("3", "Voltage")]) is None


def test_signed_data_is_not_plain():
    assert plain.read_16([v16.SampledValue(value="7", format="SignedData")]) is None


def test_hostile_layouts_fill_no_memory(layouts):
    for number in range(plain.LAYOUTS_MAX * 2 + 1):
        plain.read_16([value("7", f"Odd{number}")])
    assert len(layouts) <= plain.LAYOUTS_MAX
    layouts.clear()
    plain.read_16([value("7", "x" * 60_000)])
    plain.read_16([value("7")] * (plain.VALUES_MAX + 1))
    assert layouts == {}
