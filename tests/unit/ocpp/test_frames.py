"""Frames: what one WebSocket message is, whatever was sent."""

from __future__ import annotations

import json
import time

import pytest

from laddverk.ocpp import codec, frames
from laddverk.ocpp.errors import Fault, understood
from laddverk.ocpp.frames import Call, CallError, CallResult, CallResultError, Malformed, Send
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.v16.messages import BootNotificationResponse, ResetRequest


def test_a_call_is_read():
    call = frames.decode('[2,"7","Heartbeat",{}]')
    assert isinstance(call, Call)
    assert (call.unique_id, call.action, bytes(call.payload), call.flags) == ("7", "Heartbeat", b"{}", ())


@pytest.mark.parametrize("text", ['\ufeff [2 , "7",\t"Heartbeat"\n,{ }] ', b'\xef\xbb\xbf[2,"7","Heartbeat",{}]'])
def test_white_space_and_a_byte_order_mark_change_nothing(text):
    call = frames.decode(text)
    assert isinstance(call, Call)
    assert call.action == "Heartbeat"


def test_a_result_an_error_and_the_kinds_of_2_1_are_read():
    assert isinstance(frames.decode('[3,"7",{"status":"Accepted"}]'), CallResult)
    assert frames.decode('[4,"7","NotSupported","no",{"a":1}]') == CallError("7", "NotSupported", "no", {"a": 1})
    assert frames.decode('[5,"7","TypeConstraintViolation","",{}]') == CallResultError("7", "TypeConstraintViolation")
    assert isinstance(frames.decode('[6,"7","NotifyPeriodicEventStream",{}]'), Send)


def test_a_numeric_id_is_echoed_as_a_number():
    call = frames.decode('[2,12345,"Heartbeat",{}]')
    assert isinstance(call, Call)
    answer = BootNotificationResponse(status="Accepted", current_time="2026-01-01T00:00:00Z", interval=300)
    assert json.loads(frames.encode_result(call.unique_id, answer))[1] == 12345


def test_a_long_id_is_accepted_and_flagged_and_an_endless_one_is_not():
    call = frames.decode(f'[2,"{"x" * 200}","Heartbeat",{{}}]')
    assert isinstance(call, Call)
    assert call.flags == ("the unique id has 200 characters",)
    assert isinstance(frames.decode(f'[2,"{"x" * 256}","Heartbeat",{{}}]'), Malformed)


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ('[4,"1","NotSupported","oops"]', {}),
        ('[4,"1","NotSupported","oops","SQL [insert"]', {"details": "SQL [insert"}),
        ('[4,"1","NotSupported","oops",null]', {}),
    ],
)
def test_an_error_with_odd_details_is_an_error(text, details):
    assert frames.decode(text) == CallError("1", "NotSupported", "oops", details)


def test_a_call_with_missing_brackets_at_its_end_is_closed():
    result = frames.decode('[3,"id",{"configurationKey":[]')
    assert isinstance(result, CallResult)
    assert bytes(result.payload) == b'{"configurationKey":[]}'
    assert result.flags == ("closing brackets were missing",)


def test_a_call_that_is_cut_within_a_number_is_not_guessed_at():
    cut = frames.decode('[2,"9","StopTransaction",{"transactionId":1,"meterStop":2503')
    assert cut == Malformed("not a JSON array", "9", 2)
    assert frames.refusal(Protocol.V16, cut) == '[4,"9","FormationViolation","not a JSON array",{}]'


def test_stray_commas_are_taken_out_but_not_from_texts():
    call = frames.decode('[2,"9","MeterValues",{"sampledValue":[,{"value":"[,1,]"},],}]')
    assert isinstance(call, Call)
    assert json.loads(bytes(call.payload)) == {"sampledValue": [{"value": "[,1,]"}]}
    assert call.flags == ("stray comma",)


def test_nan_is_read_as_nothing():
    call = frames.decode('[2,"9","MeterValues",{"value":NaN,"other":-Infinity,"text":"NaN"}]')
    assert isinstance(call, Call)
    assert json.loads(bytes(call.payload)) == {"value": None, "other": None, "text": "NaN"}


def test_raw_control_characters_in_a_text_are_kept():
    call = frames.decode('[2,"9","Authorize",{"idTag":"AB\x10\x0e"}]')
    assert isinstance(call, Call)
    assert json.loads(bytes(call.payload)) == {"idTag": "AB\x10\x0e"}


@pytest.mark.parametrize(
    "text", ["", "hello", "{}", "[]", "[2]", '[2,null,"Heartbeat",{}]', "[2", b"\x00\xff\xfe", '[2,{"a":1},"b",{}]']
)
def test_what_is_no_frame_is_malformed(text):
    assert isinstance(frames.decode(text), Malformed)


@pytest.mark.parametrize(("levels", "fits"), [(31, True), (32, False), (5000, False)])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_deep_nesting_is_refused(levels, fits, pair):
    inner = "1"
    for _ in range(levels):
        inner = f"[{inner}]" if pair == "[]" else f'{{"a":{inner}}}'
    text = f'[2,"9","DataTransfer",{inner}]'
    frame = frames.decode(text)
    assert isinstance(frame, Call if fits else Malformed)
    assert fits or frame == Malformed("nested deeper than 32", "9", 2)


def test_a_wide_message_is_not_deep():
    assert isinstance(frames.decode(f'[2,"9","DataTransfer",{{"data":[{",".join(["[{}]"] * 3000)}]}}]'), Call)


def test_brackets_in_texts_do_not_nest():
    assert isinstance(frames.decode(f'[2,"9","DataTransfer",{{"data":"{"[" * 300 + "]" * 300}"}}]'), Call)


def test_a_broken_answer_is_never_answered():
    assert frames.refusal(Protocol.V201, frames.decode('[3,"9",{"a":')) is None


def test_an_unknown_message_type_is_refused_in_2_x_and_ignored_in_1_6():
    odd = frames.decode('[1,"23","StartTransaction",{}]')
    assert frames.refusal(Protocol.V16, odd) is None
    assert frames.refusal(Protocol.V201, odd) == '[4,"23","MessageTypeNotSupported","unknown message type 1",{}]'


def test_without_an_id_2_x_is_told_so():
    assert frames.refusal(Protocol.V201, frames.decode("hello")) == '[4,"-1","RpcFrameworkError","not a JSON array",{}]'
    assert frames.refusal(Protocol.V16, frames.decode("hello")) is None


def test_an_error_is_spelled_as_the_version_spells_it_and_read_in_either():
    assert '"OccurenceConstraintViolation"' in frames.encode_error(Protocol.V16, "1", Fault.OCCURRENCE)
    assert '"OccurrenceConstraintViolation"' in frames.encode_error(Protocol.V21, "1", Fault.OCCURRENCE)
    assert understood("FormationViolation") is understood("FormatViolation") is Fault.FORMAT
    assert understood("SomethingOfTheirOwn") is Fault.GENERIC


def test_a_call_of_ours_leaves_out_what_is_absent():
    assert frames.encode_call("1", "Reset", ResetRequest(type="Soft")) == '[2,"1","Reset",{"type":"Soft"}]'


SIZE = 64 * 1024
HOSTILE = {
    "repeated names": '[2,"1","Heartbeat",{' + ",".join(f'"{n}":1,"{n}":2' for n in range(3000)) + "}]",
    "a text of escapes without end": '[2,"1","Heartbeat","' + '\\"' * (SIZE // 2),
    "brackets without end": "[" * SIZE,
    "objects without end": '[2,"1","Heartbeat",' + '{"a":' * (SIZE // 5),
    "white space": "[" + " " * SIZE + ",",
    "commas": "[" + "," * SIZE,
    "control characters": '[2,"1","Heartbeat",{"a":"' + "\x01" * SIZE + '"}]',
    "quotes": '"' * SIZE,
    "an endless number": '[2,"1","Heartbeat",{"a":' + "9" * SIZE + "}]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_frame_costs_no_more_than_a_moment(name):
    began = time.perf_counter()
    frame = frames.decode(HOSTILE[name])
    if isinstance(frame, Call):
        codec.decode_request(Protocol.V16, frame.action, frame.payload)
    assert time.perf_counter() - began < 1  # seconds; it takes some hundredths of one
