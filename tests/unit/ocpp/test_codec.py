"""The codec: strict where it can be, tolerant where it must be, and honest about it."""

from __future__ import annotations

import json

import pytest

from laddverk.ocpp import codec
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.protocol import Protocol

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STOP = {"transactionId": 1, "meterStop": 5, "timestamp": "2026-01-01T10:00:00Z"}
EVENT = {
    "eventType": "Updated",
    "timestamp": "2026-01-01T10:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "t"},
}


def request(protocol, action, payload):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return codec.decode_request(protocol, action, raw)


def without(payload, name):
    return {key: value for key, value in payload.items() if key != name}


def test_a_standard_message_has_no_flags():
    assert request(Protocol.V16, "BootNotification", BOOT).flags == ()


def test_unknown_properties_are_left_out_and_told():
    decoded = request(Protocol.V16, "BootNotification", {**BOOT, "colour": "red"})
    assert decoded.flags == ("payload: unknown property 'colour'",)


def test_names_in_another_case_are_known():
    decoded = request(Protocol.V16, "BootNotification", {"ChargePointVendor": "V", "chargepointmodel": "M"})
    assert decoded.message.charge_point_vendor == "V"


@pytest.mark.parametrize(("value", "read"), [("1", 1), (1.0, 1), ("1,0", 1), (2.5, 2), (" 7 ", 7), ("1e3", 1000)])
def test_what_means_a_whole_number_is_one(value, read):
    assert request(Protocol.V16, "StopTransaction", {**STOP, "meterStop": value}).message.meter_stop == read


@pytest.mark.parametrize("value", ["", "twelve", True, [], "1e999999999", "9" * 5000, 2**70, "nan"])
def test_what_is_no_number_leaves_a_transaction_message_without_it(value):
    decoded = request(Protocol.V16, "StopTransaction", {**STOP, "meterStop": value})
    assert decoded.message.meter_stop is None or decoded.message.meter_stop == 2**70
    assert decoded.flags or decoded.message.meter_stop == 2**70


@pytest.mark.parametrize("name", STOP)
def test_a_stop_is_never_refused_for_what_it_lacks(name):
    assert f"{name}: is missing" in request(Protocol.V16, "StopTransaction", without(STOP, name)).flags


@pytest.mark.parametrize("name", EVENT)
def test_a_transaction_event_is_never_refused_for_what_it_lacks(name):
    assert f"{name}: is missing" in request(Protocol.V201, "TransactionEvent", without(EVENT, name)).flags


@pytest.mark.parametrize(
    ("protocol", "action", "payload", "code"),
    [
        (Protocol.V16, "BootNotification", without(BOOT, "chargePointModel"), "OccurenceConstraintViolation"),
        (Protocol.V201, "BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
        (Protocol.V16, "StopTransaction", None, "FormationViolation"),
        (Protocol.V201, "TransactionEvent", "text", "FormatViolation"),
        (Protocol.V201, "Authorize", {"idToken": 5}, "TypeConstraintViolation"),
        (Protocol.V16, "NoSuchAction", {}, "NotImplemented"),
        (Protocol.V16, "TransactionEvent", EVENT, "NotImplemented"),
        (Protocol.V16, "Reset", {"type": "Hard"}, "NotSupported"),
        (Protocol.V201, "RequestStartTransaction", {}, "NotSupported"),
        (Protocol.V21, "Heartbeat", b"{", "FormatViolation"),
        (Protocol.V21, "Heartbeat", b'{"a":NaN}', "FormatViolation"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_the_words_of_the_version(protocol, action, payload, code):
    with pytest.raises(Undecodable) as refused:
        request(protocol, action, payload)
    assert refused.value.error_code == code


def test_an_unknown_word_is_kept_as_it_was_said():
    decoded = request(Protocol.V201, "TransactionEvent", {**EVENT, "triggerReason": "FullMoon"})
    assert decoded.message.trigger_reason == "FullMoon"
    assert decoded.flags == ("triggerReason: unknown word 'FullMoon'",)


@pytest.mark.parametrize("word", ["updated", "UPDATED", " Updated"])
def test_a_word_in_another_case_is_the_standards(word):
    assert request(Protocol.V201, "TransactionEvent", {**EVENT, "eventType": word}).message.event_type == "Updated"


def test_null_is_absent():
    decoded = request(Protocol.V16, "StopTransaction", {**STOP, "reason": None, "idTag": None})
    assert decoded.message.reason is None
    assert decoded.flags == ()


def test_an_optional_field_that_is_nonsense_does_not_cost_the_message():
    decoded = request(Protocol.V16, "BootNotification", {**BOOT, "iccid": {"a": 1}, "imsi": [1]})
    assert decoded.message.charge_point_model == "M"


@pytest.mark.parametrize("text", [rb'"A\u0000B"', rb'"A\ud800B"', b'"A\x00B"', b'"A\xffB"'])
def test_characters_that_a_database_refuses_are_taken_out(text):
    raw = b'{"chargePointVendor":"V","chargePointModel":%s}' % text
    model = request(Protocol.V16, "BootNotification", raw).message.charge_point_model
    assert "\x00" not in model
    assert model.encode("utf-8")


def test_a_name_that_occurs_twice_is_told_when_the_message_is_read_a_second_time():
    raw = b'{"chargePointVendor":"V","chargePointModel":"M","iccid":5,"chargePointModel":"N"}'
    decoded = request(Protocol.V16, "BootNotification", raw)
    assert decoded.message.charge_point_model == "N"
    assert "repeated: 'chargePointModel'" in decoded.flags


def test_custom_data_is_kept_whole():
    custom = {"vendorId": "com.example", "anything": {"deep": [1, 2]}}
    decoded = request(Protocol.V201, "Heartbeat", {"customData": custom})
    assert decoded.message.custom_data == custom
    assert decoded.message.custom_data.vendor_id == "com.example"
    assert decoded.flags == ()


def test_custom_data_without_its_vendor_is_kept_and_told():
    decoded = request(Protocol.V201, "Heartbeat", {"customData": {"a": 1}})
    assert decoded.message.custom_data == {"a": 1}
    assert decoded.flags == ("customData: customData without a vendorId",)


def test_an_answer_of_the_other_version_is_mapped():
    decoded = codec.decode_response(Protocol.V201, "GetLocalListVersion", b'{"listVersion":4}')
    assert decoded.message.version_number == 4


def test_flags_are_limited_and_short():
    decoded = request(Protocol.V16, "BootNotification", {**BOOT, **{f"x{n}" * 500: n for n in range(50)}})
    assert len(decoded.flags) == 20
    assert max(map(len, decoded.flags)) < 100
