"""Messages become facts: what the transcripts do not show, quirk by quirk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from laddverk.ocpp import codec, commands, translate
from laddverk.ocpp.answers import Authorisation, AuthorisationAnswer, StartAnswer
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import EnergySampled, SessionEnded, SessionStarted, SessionUpdated, Status, Variable
from laddverk.ocpp.frames import CallError
from laddverk.ocpp.protocol import Protocol

NOW = datetime(2026, 10, 24, 20, tzinfo=UTC)
STATION = UUID(int=1)
AT = "2026-10-24T19:00:00Z"
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": AT}
STOP = {"transactionId": 7, "meterStop": 200, "timestamp": AT}


def message_of(protocol, action, payload):
    return codec.decode_request(protocol, action, json.dumps(payload).encode())


def facts_of(protocol, action, payload, offset=timedelta(0)):
    decoded = message_of(protocol, action, payload)
    return translate.to_facts(protocol, action, decoded.message, translate.Origin(STATION, NOW, offset, decoded.flags))


def only(protocol, action, payload, offset=timedelta(0)):
    (fact,) = facts_of(protocol, action, payload, offset)
    return fact


def status(**fields):
    return only(Protocol.V16, "StatusNotification", {"connectorId": 1, "errorCode": "NoError", **fields})


def sample(*values, protocol=Protocol.V16):
    if protocol.is_16:
        values = [{"value": item[0], **dict(zip(("measurand", "unit", "phase", "location"), item[1:], strict=False))}
                  for item in values]  # fmt: skip
    payload = {"meterValue": [{"timestamp": AT, "sampledValue": list(values)}]}
    payload["connectorId" if protocol.is_16 else "evseId"] = 1
    for value in payload["meterValue"][0]["sampledValue"]:
        for name in [name for name, item in value.items() if item is None]:
            del value[name]
    return only(protocol, "MeterValues", payload).sample


EVENT = {
    "eventType": "Updated",
    "timestamp": AT,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "t"},
}
REGISTER = "Energy.Active.Import.Register"


class TestStatus:
    def test_an_error_code_of_their_own_is_other_and_kept(self):
        fact = status(status="Faulted", errorCode="Error")
        assert (fact.status, fact.error_code, fact.vendor_error_code) == (Status.FAULTED, "OtherError", "Error")
        assert fact.flags

    def test_a_vendor_code_is_not_overwritten_by_an_odd_error_code(self):
        assert status(status="Faulted", errorCode="Error", vendorErrorCode="E7").vendor_error_code == "E7"

    @pytest.mark.parametrize("word", ["null", "N/A", "0x0000", "", " "])
    def test_words_for_nothing_are_nothing(self, word):
        fact = status(status="Available", info=word, vendorErrorCode=word, vendorId=word)
        assert (fact.info, fact.vendor_error_code, fact.vendor_id) == (None, None, None)

    def test_an_unknown_status_is_unknown(self):
        assert status(status="Sleeping").status is Status.UNKNOWN

    @pytest.mark.parametrize("number", [-1, 10**6, 2**40])
    def test_a_connector_that_cannot_be_is_the_station_and_told(self, number):
        fact = status(status="Available", connectorId=number)
        assert (fact.evse_number, fact.connector_number) == (0, 0)
        assert any("is no number of an EVSE" in flag for flag in fact.flags)

    def test_an_unset_clock_does_not_date_the_status(self):
        fact = status(status="Available", timestamp="1970-01-01T00:59:29Z")
        assert fact.at == NOW
        assert fact.said_at == datetime(1970, 1, 1, 0, 59, 29, tzinfo=UTC)

    def test_evse_0_of_2_x_is_the_whole_station(self):
        payload = {"timestamp": AT, "connectorStatus": "Unavailable", "evseId": 0, "connectorId": 0}
        fact = only(Protocol.V21, "StatusNotification", payload)
        assert (fact.evse_number, fact.connector_number, fact.status) == (0, 0, Status.UNAVAILABLE)


class TestStart:
    def test_the_same_content_has_the_same_key_and_other_content_another(self):
        key = only(Protocol.V16, "StartTransaction", START).transaction_key
        assert only(Protocol.V16, "StartTransaction", {**START, "reservationId": 0}).transaction_key == key
        for name, value in [("connectorId", 2), ("idTag", "TAB"), ("meterStart", 101), ("timestamp", AT[:-3] + "1Z")]:
            assert only(Protocol.V16, "StartTransaction", {**START, name: value}).transaction_key != key

    def test_the_key_is_the_same_for_ever(self):
        assert only(Protocol.V16, "StartTransaction", START).transaction_key == "557efb42303939229030089a"

    def test_a_clock_correction_moves_the_time_and_not_the_key(self):
        plain = only(Protocol.V16, "StartTransaction", START)
        moved = only(Protocol.V16, "StartTransaction", START, timedelta(minutes=-5))
        assert moved.at == plain.at - timedelta(minutes=5)
        assert moved.transaction_key == plain.transaction_key

    def test_bytes_that_a_reader_appends_are_not_the_token(self):
        assert only(Protocol.V16, "StartTransaction", {**START, "idTag": "TAG\x10\x0e"}).token_uid == "TAG"

    def test_a_start_without_its_numbers_is_a_start(self):
        fact = only(Protocol.V16, "StartTransaction", {"idTag": "TAG"})
        assert isinstance(fact, SessionStarted)
        assert (fact.evse_number, fact.register_wh, fact.at) == (0, None, NOW)

    def test_a_start_that_could_not_be_recorded_has_the_same_number_each_time(self):
        message = message_of(Protocol.V16, "StartTransaction", START).message
        first = translate.answer(Protocol.V16, "StartTransaction", message, [None], NOW)
        again = translate.answer(Protocol.V16, "StartTransaction", message, [None], NOW + timedelta(hours=1))
        assert first.transaction_id == again.transaction_id >= 2**30
        assert first.transaction_id < 2**31

    def test_a_group_too_long_for_1_6_is_left_out(self):
        message = message_of(Protocol.V16, "StartTransaction", START).message
        standing = AuthorisationAnswer(Authorisation.ACCEPTED, group_token="G" * 21)
        given = translate.answer(Protocol.V16, "StartTransaction", message, [StartAnswer(5, standing)], NOW)
        assert given.id_tag_info.parent_id_tag is None


class TestStop:
    @pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63 - 1])
    def test_a_number_that_is_not_ours_names_no_session_and_the_end_is_told(self, number):
        fact = only(Protocol.V16, "StopTransaction", {**STOP, "transactionId": number})
        assert isinstance(fact, SessionEnded)
        assert fact.transaction_number is None
        assert any("names no session" in flag for flag in fact.flags)

    def test_two_ends_that_name_no_session_are_two(self):
        keys = {
            only(Protocol.V16, "StopTransaction", {**STOP, "transactionId": -1, "meterStop": meter}).content_key
            for meter in (1, 2)
        }
        assert len(keys) == 2

    def test_readings_come_before_the_end(self):
        begin = {"timestamp": AT, "sampledValue": [{"value": "100", "context": "Transaction.Begin"}]}
        facts = facts_of(Protocol.V16, "StopTransaction", {**STOP, "transactionData": [begin]})
        assert [type(fact) for fact in facts] == [EnergySampled, SessionEnded]
        assert facts[1].reason == "Local"

    def test_a_register_beyond_what_can_be_stored_is_none(self):
        assert only(Protocol.V16, "StopTransaction", {**STOP, "meterStop": 2**64}).register_wh is None

    def test_the_token_is_answered_only_if_it_was_given(self):
        message = message_of(Protocol.V16, "StopTransaction", STOP).message
        given = translate.answer(Protocol.V16, "StopTransaction", message, [StartAnswer(7)], NOW)
        assert given.id_tag_info is None


class TestEvent:
    def test_an_event_of_an_unknown_type_is_an_update(self):
        fact = only(Protocol.V201, "TransactionEvent", {**EVENT, "eventType": "Paused"})
        assert isinstance(fact, SessionUpdated)
        assert "unknown eventType 'Paused'" in fact.flags

    def test_an_event_without_a_number_is_named_by_its_content(self):
        payload = {name: value for name, value in EVENT.items() if name != "seqNo"}
        first = only(Protocol.V201, "TransactionEvent", payload)
        other = only(Protocol.V201, "TransactionEvent", {**payload, "timestamp": "2026-10-24T19:00:01Z"})
        assert first.content_key == only(Protocol.V201, "TransactionEvent", payload).content_key != other.content_key

    def test_an_event_without_a_session_has_no_key(self):
        payload = {**EVENT, "transactionInfo": {}}
        assert only(Protocol.V201, "TransactionEvent", payload).transaction_key is None

    def test_a_start_without_register_has_none(self):
        fact = only(Protocol.V201, "TransactionEvent", {**EVENT, "eventType": "Started"})
        assert fact.register_wh is None

    def test_a_start_takes_the_nearest_register_when_none_is_marked(self):
        values = [{"timestamp": AT, "sampledValue": [{"value": 5000}]}]
        start, reading = facts_of(
            Protocol.V201, "TransactionEvent", {**EVENT, "eventType": "Started", "meterValue": values}
        )
        assert start.register_wh == reading.sample.energy_wh == 5000


class TestSample:
    def test_without_a_measurand_it_is_the_import_register_in_wh(self):
        assert sample(["1234"]).energy_wh == 1234

    @pytest.mark.parametrize(
        ("value", "unit", "register_wh"),
        [("12,5", "Wh", 12), ("13.5", "Wh", 14), ("1.2345", "kWh", 1234), ("604.213", None, 604), ("-3", "Wh", -3)],
    )
    def test_registers_are_rounded_half_to_even(self, value, unit, register_wh):
        assert sample([value, REGISTER, unit]).energy_wh == register_wh

    @pytest.mark.parametrize("value", ["", "nan", "inf", "NaN", "abc", "1e99999", "9" * 50])
    def test_what_is_no_number_is_kept_as_it_was_said(self, value):
        read = sample([value, REGISTER, "Wh"])
        assert read.energy_wh is None
        assert read.rest == {REGISTER: {"value": value, "unit": "Wh"}}

    def test_phases_are_summed_when_there_is_no_total(self):
        read = sample(*[[value, REGISTER, "kWh", phase] for value, phase in (("1", "L1"), ("2", "L2"), ("3", "L3"))])
        assert (read.energy_wh, read.rest) == (6000, None)

    def test_a_total_counts_before_its_phases_and_they_are_kept(self):
        read = sample(["7000", REGISTER, "Wh"], ["1000", REGISTER, "Wh", "L1"])
        assert read.energy_wh == 7000
        assert read.rest == {f"{REGISTER}/L1": {"value": 1000.0, "unit": "Wh"}}

    def test_a_phase_said_twice_counts_once(self):
        assert sample(["1000", REGISTER, "Wh", "L1"], ["1000", REGISTER, "Wh", "L1-N"]).energy_wh == 1000

    def test_the_outlet_counts_before_the_inlet(self):
        read = sample(["9000", REGISTER, "Wh", None, "Inlet"], ["8000", REGISTER, "Wh", None, "Outlet"])
        assert read.energy_wh == 8000
        assert list(read.rest) == [f"{REGISTER}/Inlet"]

    @pytest.mark.parametrize(
        ("value", "unit", "degrees"),
        [("12,5", "Celcius", 12.5), ("12.5", "Celsius", 12.5), ("285.65", "K", 12.5), ("54.5", "Fahrenheit", 12.5)],
    )
    def test_temperatures_are_in_celsius(self, value, unit, degrees):
        assert sample([value, "Temperature", unit]).temperature_c == pytest.approx(degrees)

    def test_an_unknown_unit_is_kept_and_takes_no_column(self):
        read = sample(["50", "Frequency", "Hz"], ["5", REGISTER, "Furlong"])
        assert read.energy_wh is None
        assert read.rest == {
            "Frequency": {"value": 50.0, "unit": "Hz"},
            REGISTER: {"value": 5.0, "unit": "Furlong"},
        }

    def test_line_to_line_voltage_is_not_a_phases(self):
        read = sample(["400", "Voltage", "V", "L1-L2"], ["230", "Voltage", "V", "L2-N"])
        assert (read.voltage_l1_v, read.voltage_l2_v) == (None, 230.0)
        assert read.rest == {"Voltage/L1-L2": {"value": 400.0, "unit": "V"}}

    def test_noise_does_not_overflow_a_column(self):
        read = sample(["1e30", "Voltage", "V"], ["1e12", "Power.Active.Import", "W"], ["1e25", REGISTER, "Wh"])
        assert (read.voltage_l1_v, read.power_w, read.energy_wh) == (None, None, None)
        assert len(read.rest) == 3

    @pytest.mark.parametrize(("multiplier", "register_wh"), [(3, 1_500), (0, 2), (-3, 0), (99, None)])
    def test_the_multiplier_of_2_x_counts(self, multiplier, register_wh):
        value = {"value": 1.5, "unitOfMeasure": {"unit": "Wh", "multiplier": multiplier}}
        assert sample(value, protocol=Protocol.V201).energy_wh == register_wh

    def test_one_instant_in_two_entries_is_one_sample(self):
        entries = [
            {"timestamp": AT, "sampledValue": [{"value": "5"}]},
            {"timestamp": AT, "sampledValue": [{"value": "230", "measurand": "Voltage"}]},
        ]
        fact = only(Protocol.V16, "MeterValues", {"connectorId": 1, "meterValue": entries})
        assert (fact.sample.energy_wh, fact.sample.voltage_l1_v) == (5, 230.0)

    @pytest.mark.parametrize("values", [[], [{"timestamp": AT, "sampledValue": []}]])
    def test_meter_values_without_values_state_nothing(self, values):
        payload = {"connectorId": 1, "meterValue": values}
        assert facts_of(Protocol.V16, "MeterValues", payload) == []
        message = message_of(Protocol.V16, "MeterValues", payload).message
        assert translate.answer(Protocol.V16, "MeterValues", message, [], NOW) is not None


class TestCommands:
    START = commands.StartCharging(evse_number=1, token_uid="X" * 21, remote_start_id=1)

    def test_a_token_too_long_for_1_6_is_told_to_the_operator(self):
        with pytest.raises(Untranslatable, match=r"RemoteStartTransaction .* does not allow this"):
            translate.to_call(Protocol.V16, self.START)
        assert translate.to_call(Protocol.V201, self.START)[0] == "RequestStartTransaction"

    def test_1_6_cannot_trigger_what_it_does_not_know(self):
        with pytest.raises(Untranslatable):
            translate.to_call(Protocol.V16, commands.Trigger(message="TransactionEvent"))

    def test_the_older_name_of_a_trigger_is_understood_by_2_x(self):
        _, request = translate.to_call(Protocol.V201, commands.Trigger(message="DiagnosticsStatusNotification"))
        assert request.requested_message == "LogStatusNotification"

    @pytest.mark.parametrize(
        ("code", "verdict"),
        [("NotSupported", "refused"), ("NotImplemented", "refused"), ("FormationViolation", "failed"), ("", "failed")],
    )
    def test_an_error_that_only_says_no_is_a_refusal(self, code, verdict):
        assert translate.outcome(Protocol.V16, self.START_16, CallError("1", code)).verdict == verdict

    START_16 = commands.StartCharging(evse_number=1, token_uid="X", remote_start_id=1)

    def test_an_answer_without_a_status_has_failed(self):
        assert translate.outcome(Protocol.V16, self.START_16, b"{}").verdict == "failed"

    def test_a_status_in_another_case_is_understood(self):
        assert translate.outcome(Protocol.V16, self.START_16, b'{"status":"accepted"}').verdict == "accepted"

    def test_accepted_without_a_value_is_an_unknown_value(self):
        component = {"name": "C"}
        result = {"attributeStatus": "Accepted", "component": component, "variable": {"name": "V"}}
        wish = commands.ReadVariables(variables=(Variable(component="C", variable="V"),))
        outcome = translate.outcome(Protocol.V201, wish, json.dumps({"getVariableResult": [result]}).encode())
        assert outcome.variables[0].value is None


@pytest.mark.parametrize("protocol", Protocol)
def test_there_is_a_harmless_answer_to_everything_a_charger_may_send(protocol):
    for action in protocol.from_charger - {"NotifyPeriodicEventStream"}:
        kind = protocol.actions[action][1]
        assert codec.strictly(kind, msgspec.json.encode(translate.other.harmless(kind)))


def test_what_needs_no_answer_gets_an_empty_one_when_it_is_called_all_the_same():
    payload = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "1"}]}
    message = message_of(Protocol.V21, "NotifyPeriodicEventStream", payload).message
    empty = translate.answer(Protocol.V21, "NotifyPeriodicEventStream", message, [None], NOW)
    assert msgspec.json.encode(empty) == b"{}"


def test_what_is_only_for_us_to_send_is_not_from_a_charger():
    assert translate.from_charger(Protocol.V16, "StopTransaction")
    assert not translate.from_charger(Protocol.V201, "RequestStartTransaction")


@pytest.mark.parametrize("protocol", Protocol)
def test_every_action_that_a_charger_may_send_has_its_place(protocol):
    assert protocol.from_charger <= set(protocol.actions)
    family = protocol if protocol.is_16 else Protocol.V21  # one table of readers serves 2.0.1 and 2.1
    assert set(translate.READERS_16 if protocol.is_16 else translate.READERS_2X) <= family.from_charger


def test_each_action_is_of_one_side_but_for_data():
    ours = set(Protocol.V16.actions) - Protocol.V16.from_charger
    assert len(ours) == 39 - 14
    assert "Reset" in ours
