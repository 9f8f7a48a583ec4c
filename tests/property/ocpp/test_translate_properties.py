"""Whatever a charger sends, translating it never fails, and its answer is one that the standard allows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.ocpp import codec, times, translate
from laddverk.ocpp.answers import Authorisation, AuthorisationAnswer, BootAnswer, StartAnswer, VendorAnswer
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.facts import EnergySampled, Fact
from laddverk.ocpp.translate.meter_values import sample_of
from laddverk.ocpp.translate.readings import Reading
from tests.property.ocpp.schemas import FROM_CHARGER, instances, json_values, schema_of, sound

NOW = datetime(2026, 10, 24, 20, tzinfo=UTC)
ORIGIN = translate.Origin(UUID(int=1), NOW)
BIGINT = 2**63


def payloads(protocol, action):
    schema = schema_of(protocol, action, 0)
    properties = [*schema.get("properties", {}), "a"]
    definitions = schema.get("definitions", {})
    odd = st.dictionaries(st.sampled_from(properties), json_values)
    return st.one_of(sound(schema, definitions), instances(schema, definitions), odd)


authorisations = st.builds(
    AuthorisationAnswer,
    authorisation=st.sampled_from(Authorisation),
    valid_until=st.none() | st.just(NOW),
    group_token=st.none() | st.text(max_size=50),
)
answers = st.one_of(
    st.none(),
    st.builds(BootAnswer),
    authorisations,
    st.builds(StartAnswer, st.integers(-1, 2**31 - 1), st.none() | authorisations, st.none() | st.floats(0, 1e6)),
    st.builds(VendorAnswer, st.sampled_from(["Accepted", "Rejected"]), st.none() | json_values),
)


def numbers_in(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(item)
    elif isinstance(value, int | float):
        yield value


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(FROM_CHARGER), st.data())
def test_any_message_that_is_understood_becomes_facts_that_can_be_stored_and_an_answer_that_is_valid(kind, data):
    protocol, action = kind
    raw = json.dumps(data.draw(payloads(protocol, action))).encode()
    try:
        message = codec.decode_request(protocol, action, raw).message
    except Undecodable:
        return
    facts = translate.to_facts(protocol, action, message, ORIGIN)
    for fact in facts:
        assert isinstance(fact, Fact)
        stored = msgspec.json.encode(fact)
        assert b"\\u0000" not in stored
        if isinstance(fact, EnergySampled):
            assert all(abs(number) < BIGINT for number in numbers_in(msgspec.to_builtins(fact)))
    kind_of_answer = protocol.actions[action][1]
    if kind_of_answer is None:
        return
    given = [data.draw(answers) for _ in facts]
    response = translate.answer(protocol, action, message, given, NOW)
    assert isinstance(codec.strictly(kind_of_answer, msgspec.json.encode(response)), kind_of_answer)


phases = st.sampled_from(["", "L1", "L2", "L3", "L1-N", "L2-N", "L3-N", "N", "L1-L2"])
readings = st.builds(
    Reading,
    measurand=st.sampled_from(["Energy.Active.Import.Register", "Power.Active.Import", "Voltage", "SoC", "Odd"]),
    phase=phases,
    location=st.sampled_from(["", "Outlet", "Inlet", "EV"]),
    context=st.just("Sample.Periodic"),
    number=st.none() | st.decimals(-1_000_000, 1_000_000, places=3),
    unit=st.sampled_from([None, "Wh", "kWh", "W", "kW", "V", "Percent", "Furlong"]),
    raw=st.just("as said"),
)


@given(st.lists(readings, max_size=8))
def test_no_reading_vanishes(given_readings):
    sample = msgspec.to_builtins(sample_of(given_readings))
    columns = {name for name in sample if name != "rest"}
    for reading in given_readings:
        if reading.name not in sample.get("rest", {}):
            assert columns, reading


@given(st.integers(0, 10**12), st.sampled_from(["Wh", None, "kWh"]))
def test_a_register_in_whole_watt_hours_is_read_to_the_watt_hour(register_wh, unit):
    number = Decimal(register_wh) / 1000 if unit == "kWh" else Decimal(register_wh)
    reading = Reading("Energy.Active.Import.Register", "", "", "Sample.Periodic", number, unit, str(number))
    assert sample_of([reading]).energy_wh == register_wh


@given(st.text(max_size=45))
def test_any_text_is_a_time_or_none(text):
    instant, oddity = times.parsed(text)
    assert instant is not None or oddity


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(-timedelta(hours=14), timedelta(hours=14)),
)
def test_a_time_that_we_write_is_read_back_to_the_second(instant, offset):
    assert times.parsed(times.written(instant)) == (instant.replace(microsecond=0), None)
    at, _ = times.corrected(instant, NOW, offset)
    assert at == NOW or at == instant + offset
    assert times.EARLIEST <= at <= NOW + times.FUTURE_MAX
