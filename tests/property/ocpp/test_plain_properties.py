"""Plain meter values and any others: where the short way answers, it answers as the general way does."""

from __future__ import annotations

from typing import get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st

from laddverk.ocpp.translate import plain
from laddverk.ocpp.translate.readings import Read, readings_2x, readings_16
from laddverk.ocpp.translate.wide import sample_of
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

measurands = st.sampled_from(
    [None, *get_args(v16.Measurand), *get_args(v21.MeasurandEnumType), "", "Odd", "power_w", "rest"]
)
phases = st.sampled_from([None, None, "L1", "L2", "L3", "L1-N", "L2-N", "L3-N", "N", "L1-L2", ""])
locations = st.sampled_from([None, "Outlet", "Outlet", "Inlet", "EV", "Cable", "", "Roof"])
units = st.sampled_from([None, *get_args(v16.Unit), "Hz", "%", "C", "wh", " A", "mA", "kV", "N/A", "", "Furlong"])
texts = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.decimals(-10_000, 10_000, places=3).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.text("0123456789.,-+eE_ ", max_size=20),
    st.sampled_from(
        ["-0", "0.5", "2.5", "0.50000000000000000001", "0e-99", "1e-50", "1,2", "", "1e400", "１２", "nan"]
    ),
)


short = st.one_of(
    st.integers(0, 10**9).map(str), st.decimals(0, 500, places=4).map(str), st.sampled_from(["0.5", "2.5"])
)
sensible = st.sampled_from(
    [
        *((measurand, None, unit) for measurand in (None, *plain.TOTALS) for unit in (None, "Wh", "kWh", "W", "kW")),
        *(("Current.Import", phase, unit) for phase in (None, "L1", "L2", "L3-N") for unit in (None, "A")),
        *(("Voltage", phase, "V") for phase in (None, "L1-N", "L2-N", "L3-N", "L1-L2")),
        *(("SoC", None, unit) for unit in (None, "Percent")),
        *(("Temperature", None, unit) for unit in (None, "Celsius", "K")),
        ("Current.Offered", None, "A"),
        ("Frequency", None, "Hertz"),
        ("Power.Factor", "L1", None),
    ]
)
layouts = st.tuples(st.lists(sensible, min_size=1, max_size=8, unique_by=lambda each: each[:2]), locations)
signature = v201.SignedMeterValueType(signed_meter_data="d", signing_method="s", encoding_method="e", public_key="")
numbers = st.one_of(st.none(), st.floats(-1e12, 1e12), st.floats(-100, 100), st.integers(-9, 9).map(lambda n: n / 2))
multiples = st.sampled_from([None, None, 0, 3, -3, 99])
odd_16 = st.builds(
    v16.SampledValue,
    measurand=measurands,
    phase=phases,
    location=locations,
    value=texts,
    unit=units,
    format=st.sampled_from([None, None, "Raw", "SignedData"]),
)
odd_2x = st.builds(
    v201.SampledValueType,
    measurand=measurands,
    phase=phases,
    location=locations,
    value=numbers,
    unit_of_measure=st.none() | st.builds(v201.UnitOfMeasureType, unit=units, multiplier=multiples),
    signed_meter_value=st.sampled_from([None, None, signature]),
)


@st.composite
def values_16(draw):
    """Values as chargers send them, and now and then some that make no sense."""
    quantities, location = draw(layouts)
    values = [
        v16.SampledValue(measurand=measurand, phase=phase, location=location, unit=unit, value=draw(short))
        for measurand, phase, unit in quantities
    ]
    return values + draw(st.just([]) | st.lists(odd_16, max_size=4))


@st.composite
def values_2x(draw):
    """The same for 2.x."""
    quantities, location = draw(layouts)
    values = [
        v201.SampledValueType(
            measurand=measurand,
            phase=phase,
            location=location,
            unit_of_measure=v201.UnitOfMeasureType(unit=unit, multiplier=0) if unit else None,
            value=float(draw(short)),
        )
        for measurand, phase, unit in quantities
    ]
    return values + draw(st.just([]) | st.lists(odd_2x, max_size=4))


def weighed(readings):
    return Read(sample_of(readings), [each.name for each in readings])


@settings(max_examples=1_000, deadline=None)
@given(values_16())
@example([v16.SampledValue(value="1.0005", unit="kWh")])
@example([v16.SampledValue(value="1,2"), v16.SampledValue(value="", measurand="Voltage")])
@example([v16.SampledValue(value="999999999", unit="kW", measurand="Power.Active.Import")])
def test_plain_values_of_1_6_make_what_the_general_way_makes_of_them(values):
    read = plain.read_16(values)
    assert read is None or repr(read) == repr(weighed(readings_16(values)))  # repr tells 0.0 from -0.0


@settings(max_examples=1_000, deadline=None)
@given(values_2x())
def test_plain_values_of_2_x_make_what_the_general_way_makes_of_them(values):
    read = plain.read_2x(values)
    assert read is None or repr(read) == repr(weighed(readings_2x(values)))


phased = [(measurand, phase) for measurand in ("Current.Import", "Voltage") for phase in ("L1", "L2-N", "L3")]
tidy = [("Energy.Active.Import.Register", None), ("Power.Active.Import", None), ("SoC", None), ("Frequency", None)]


@given(st.permutations(tidy + phased), st.lists(st.floats(0, 1e6), min_size=10, max_size=10), locations)
def test_values_with_a_place_each_are_plain_in_any_order(quantities, numbers, location):
    values = [
        v201.SampledValueType(value=number, measurand=measurand, phase=phase, location=location)
        for (measurand, phase), number in zip(quantities, numbers, strict=True)
    ]
    read = plain.read_2x(values)
    assert read is not None
    assert read.sample.voltage_l2_v == numbers[quantities.index(("Voltage", "L2-N"))]
