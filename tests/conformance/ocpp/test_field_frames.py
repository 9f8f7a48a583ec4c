"""Odd frames seen in the field: each is read as a charging backend must read it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from laddverk.ocpp import codec, frames, translate
from laddverk.ocpp.errors import Fault, Undecodable, understood
from laddverk.ocpp.frames import Call, CallError, CallResult, Malformed
from laddverk.ocpp.protocol import Protocol

NOW = datetime(2026, 10, 24, 20, tzinfo=UTC)
HERE = Path(__file__).parent
CAPTURED = HERE.parents[3] / "shared" / "data" / "ocpp" / "captured_frames.jsonl"
VERSIONS = {"1.6": Protocol.V16, "2.0.1": Protocol.V201, "2.1": Protocol.V21}
QUIRK_LINES = (HERE / "quirk_frames.jsonl").read_text(encoding="utf-8").splitlines()
QUIRKS = {quirk["id"]: quirk for quirk in map(json.loads, QUIRK_LINES)}


def read(name):
    """Return the frame of the quirk, its message (or the refusal of it), and all flags."""
    quirk, protocol = QUIRKS[name], VERSIONS[QUIRKS[name]["ver"]]
    frame = frames.decode(quirk["raw"].replace("@REQ@", "the-id"))
    if isinstance(frame, Call):
        decoded = codec.decode_request(protocol, frame.action, frame.payload)
    elif isinstance(frame, CallResult):
        decoded = codec.decode_response(protocol, quirk["after"], frame.payload)
    else:
        return frame, None, ()
    return frame, decoded.message, (*frame.flags, *decoded.flags)


MUST = {
    "Q20": lambda f, m, flags: m.configuration_key == [] and f.unique_id == "the-id" and flags,
    "Q22": lambda f, m, flags: m.status == "Preparing" and m.connector_id == 1 and not flags,
    "Q24": lambda f, m, flags: isinstance(f, CallError) and f.details == {} and f.unique_id == "the-id",
    "Q26": lambda f, m, flags: understood(f.code) is Fault.FORMAT,
    "Q28": lambda f, m, flags: isinstance(f, CallError) and len(f.description) > 255,
    "Q30": lambda f, m, flags: f.unique_id == 12345 and not flags,
    "Q40": lambda f, m, flags: m.status == "Faulted" and m.error_code == "Error" and flags,
    "Q42": lambda f, m, flags: m.meter_value[0].sampled_value[0].value == "0.00" and flags,
    "Q44": lambda f, m, flags: [v.value for v in m.meter_value[0].sampled_value] == ["604.213", "0"] and flags,
    "Q46": lambda f, m, flags: m.timestamp == "2024-04-26T14:35:02+02",
    "Q48": lambda f, m, flags: m.charge_box_serial_number == "EVB1A22P2KI3N00000000000000000000" and flags,
    "Q50": lambda f, m, flags: m.id_tag == "X16WG99J2QIEGCC0MCJ5-" and m.meter_stop == 250390,
    "Q52": lambda f, m, flags: m.id_tag.startswith("BA86I250X5G6MOD5DLKD") and m.meter_stop == 1388 and flags,
    "Q54": lambda f, m, flags: m.status == "Available",
    "Q56": lambda f, m, flags: m.transaction_id == -1,
    "Q58": lambda f, m, flags: m.transaction_id == 2**63 - 1,
    "Q60": lambda f, m, flags: m.transaction_data == [] and m.meter_stop == 2259988,
    "Q62": lambda f, m, flags: m.meter_value[0].sampled_value[0].value == "12,5",
    "Q64": lambda f, m, flags: m.charging_schedule.charging_schedule_period[0].limit == -1,
    "Q66": lambda f, m, flags: m.report_data == [],
    "Q68": lambda f, m, flags: m.id_token.id_token == "" and not flags,
    "Q70": lambda f, m, flags: m.status == "AcceptedCanceled" and not flags,
    "Q72": lambda f, m, flags: m.connector_id == 1 and flags,
    "Q74": lambda f, m, flags: json.loads(m.data) == {"nested": [1, 2]} and flags,
}


@pytest.mark.parametrize("name", MUST)
def test_an_odd_frame_is_read_as_it_must(name):
    assert MUST[name](*read(name)), QUIRKS[name]["must"]


STATES = {
    "Q40": lambda fact: (
        fact.status == "faulted" and fact.error_code == "OtherError" and fact.vendor_error_code == "Error"
    ),
    "Q42": lambda fact: fact.sample.energy_wh == 0 and fact.context == "Transaction.Begin",
    "Q44": lambda fact: fact.sample.energy_wh == 604 and fact.sample.power_w == 0,
    "Q46": lambda fact: fact.said_at == datetime(2024, 4, 26, 12, 35, 2, tzinfo=UTC),
    "Q48": lambda fact: fact.serial == "3N000000000F2S1B0000000000",
    "Q50": lambda fact: fact.register_wh == 250390 and fact.transaction_number == 1762770182,
    "Q52": lambda fact: fact.token_uid == "BA86I250X5G6MOD5DLKD" and fact.reason == "EVDisconnected",
    "Q54": lambda fact: fact.info is None and fact.vendor_error_code is None,
    "Q56": lambda fact: fact.transaction_number is None and fact.register_wh == 2,
    "Q58": lambda fact: fact.transaction_number is None and fact.evse_number == 1,
    "Q60": lambda fact: fact.register_wh == 2259988 and fact.transaction_number == 1,
    "Q62": lambda fact: fact.sample.temperature_c == 12.5,
    "Q66": lambda fact: fact.variables == () and not fact.more_follows,
    "Q68": lambda fact: fact.token_uid is None and fact.token_type == "NoAuthorization",
    "Q70": lambda fact: (fact.status, fact.request_id) == ("AcceptedCanceled", 1),
    "Q72": lambda fact: fact.evse_number == 1,
    "Q74": lambda fact: json.loads(fact.data) == {"nested": [1, 2]},
}


@pytest.mark.parametrize("name", STATES)
def test_an_odd_frame_states_one_fact_and_is_answered(name):
    frame, message, flags = read(name)
    protocol = VERSIONS[QUIRKS[name]["ver"]]
    (fact,) = translate.to_facts(protocol, frame.action, message, translate.Origin(UUID(int=1), NOW, flags=flags))
    assert STATES[name](fact), QUIRKS[name]["must"]
    assert fact.flags[: len(flags)] == flags
    response = translate.answer(protocol, frame.action, message, [None], NOW)
    assert json.loads(frames.encode_result(frame.unique_id, response))[:2] == [3, frame.unique_id]


def test_a_null_payload_is_refused_by_name():
    with pytest.raises(Undecodable) as refused:
        read("Q32")
    assert refused.value.error_code == "FormationViolation"


def test_no_quirk_is_left_untested():
    assert set(QUIRKS) == {*MUST, "Q32"}


# What the captured chargers sent that the standard does not know; all else must be understood.
NOT_STANDARD = {"CustomOperation", "NoSuchAction", "CustomerInformation"}


@pytest.mark.skipif(not CAPTURED.exists(), reason="no captured frames beside this repository")
def test_every_captured_frame_of_a_charger_is_understood():
    protocols, asked, read_frames = {}, {}, Counter()
    for line in map(json.loads, CAPTURED.read_text(encoding="utf-8").splitlines()):
        station = line["cp"]
        if line["dir"] == "OPEN":
            protocols[station] = Protocol(line["raw"])
        if line["dir"] not in ("->", "<-"):
            continue
        frame = frames.decode(line["raw"])
        assert not isinstance(frame, Malformed), line["raw"]
        if isinstance(frame, Call):
            asked[station, frame.unique_id] = frame.action
        if line["dir"] == "<-":
            continue
        read_frames[type(frame).__name__] += 1
        if isinstance(frame, Call) and frame.action not in NOT_STANDARD:
            protocol, action = protocols[station], frame.action
            message = codec.decode_request(protocol, action, frame.payload).message
            assert translate.to_facts(protocol, action, message, translate.Origin(UUID(int=1), NOW))
        elif isinstance(frame, CallResult):
            codec.decode_response(protocols[station], asked[station, frame.unique_id], frame.payload)
    assert read_frames["Call"] > 4000
    assert read_frames["CallResult"] > 300
