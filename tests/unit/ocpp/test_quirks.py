"""Known models and the settings of single chargers; and the kinds of what chargers bend."""

from __future__ import annotations

import json

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.ocpp import codec, oddities, quirks, times
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.quirks.registry import models_of, numbers_in
from laddverk.ocpp.repair import repaired

KNOWN = quirks.registry_of()


def test_every_model_says_what_to_expect_in_both_languages_and_where_that_is_from():
    assert len(KNOWN.models) > 30
    for model in KNOWN.models:
        assert model.sources, model.name
        assert len(model.notes.en) == len(model.notes.sv) > 0, model.name
        assert model.vendor != "*", model.name


@pytest.mark.parametrize(
    ("vendor", "model", "name"),
    [
        ("UnitedChargers", "Grizzl-E Smart Connect", "Grizzl-E"),
        ("VESTEL", "EVC04", "Vestel EVC04"),
        ("Huawei Technologies", "", "Huawei FusionCharge"),
        ("ABB", "TAC-W22", "ABB Terra AC"),
        ("Schneider Electric", "EVlink", "Schneider EVlink"),
        ("Charge Amps AB", "HALO", "Charge Amps"),
    ],
)
def test_a_charger_is_recognised_by_what_it_says(vendor, model, name):
    assert name in [one.name for one in KNOWN.known(vendor, model, "1.0").models]


def test_an_unknown_charger_is_treated_as_the_rule_is():
    assert KNOWN.known("Nobody", "Nothing", "1").quirks == quirks.NO_QUIRKS


def test_firmware_decides_where_a_range_is_given():
    before, after = (KNOWN.known("go-e", "Charger", version).quirks.never_send for version in ("055.5", "055.6"))
    assert (before, after) == (("TriggerMessage:MeterValues",), ())
    assert numbers_in("v1.10.2-rc3") > numbers_in("1.9.9")


def test_a_stations_own_settings_have_the_last_word_and_lists_are_joined():
    own = quirks.Quirks(call_before_boot=True, never_send=("ClearCache",))
    known = KNOWN.known("Wallbox", "Copper", "5", own).quirks
    assert known.call_before_boot is True
    assert known.never_send == ("ClearCache",)
    assert known.expects == ("empty_list",)


@pytest.mark.parametrize(
    ("entries", "forbidden"),
    [
        (["Reset"], None),
        (["TriggerMessage"], "TriggerMessage"),
        (["triggermessage:metervalues"], "triggermessage:metervalues"),
        (["TriggerMessage:Heartbeat"], None),
    ],
)
def test_what_must_never_be_sent_is_known_by_action_and_word(entries, forbidden):
    settings = quirks.checked({"never_send": entries})
    assert quirks.forbidden(settings, "TriggerMessage", {"requestedMessage": "MeterValues"}) == forbidden


def test_a_word_within_a_list_in_a_text_counts():
    settings = quirks.checked({"never_send": ["ChangeConfiguration:Frequency"]})
    request = {"key": "MeterValuesSampledData", "value": "Voltage, Frequency"}
    assert quirks.forbidden(settings, "ChangeConfiguration", request) == "ChangeConfiguration:Frequency"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ping_interval_s": 0}, "ping_interval_s"),
        ({"ping_interval_s": "60"}, "ping_interval_s"),
        ({"strictness": "lax"}, "strictness"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"no_such_setting": 1}, "quirks"),
        ({"never_send": ["x"] * 51}, "never_send"),
        ({"frame_bytes_max": 10**9}, "frame_bytes_max"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(given, field):
    with pytest.raises(Invalid) as refused:
        quirks.checked(given)
    assert refused.value.field == field


def test_what_was_stored_and_is_no_longer_understood_is_left_out():
    assert quirks.read({"ping_interval_s": "soon", "old": 1, "no_ping": True}) == quirks.Quirks(no_ping=True)


def test_an_operators_own_folder_adds_models(tmp_path):
    (tmp_path / "ours.toml").write_text('[[model]]\nname = "Ours"\nvendor = "ours"\n[model.settings]\nno_ping = true\n')
    assert quirks.registry_of(tmp_path).known("OURS", "x", "").quirks.no_ping is True
    assert quirks.registry_of(tmp_path).known("Huawei", "x", "").models


@pytest.mark.parametrize(
    "text", ["[[model]]\nvendor = 1\n", "not toml", '[[model]]\nname="x"\n[model.settings]\nexpects=["nonsense"]\n']
)
def test_a_file_that_cannot_be_used_is_named(text):
    with pytest.raises(Invalid) as refused:
        models_of(text.encode(), "ours.toml")
    assert refused.value.params["name"] == "ours.toml"


ODD = {
    "connectorId": "1", "idTag": 5, "meterStart": 1.5, "timestamp": None, "colour": "red", "reservationId": "x",
    "customData": {},
}  # fmt: skip


def test_whatever_is_flagged_has_a_kind():
    flags = [
        *codec.decode_request(Protocol.V16, "StartTransaction", json.dumps(ODD).encode()).flags,
        *codec.decode_request(Protocol.V16, "MeterValues", b'{"connectorId":1,"connectorId":1,"meterValue":{}}').flags,
        *codec.decode_request(Protocol.V16, "MeterValues", b'[{"connectorId":-1,"meterValue":[]}]').flags,
        *codec.decode_request(Protocol.V201, "TransactionEvent", b'{"offline":"yes","eventType":"ended"}').flags,
        *repaired('{"a":[,1,NaN,"\x01"')[1],
        *(times.parsed(text)[1] for text in (None, "soon", "x" * 99, "2026-01-01T10:00:00")),
    ]
    found = {flag: oddities.sorted_out("Action", flag).kind for flag in flags if flag}
    assert len(found) > 15
    assert [flag for flag, kind in found.items() if kind == oddities.OTHER] == []


def test_the_same_oddity_has_one_place_whatever_the_index_and_value():
    found = {
        oddities.sorted_out("MeterValues", f"meterValue[{index}].sampledValue[2].value: {index}.5 instead of text")
        for index in range(3)
    }
    assert {(oddity.kind, oddity.place) for oddity in found} == {
        ("not_text", "MeterValues.meterValue[].sampledValue[].value")
    }


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"chargePointVendor": "V"}, "OccurenceConstraintViolation"),
        ({"chargePointVendor": "V", "chargePointModel": 5}, "TypeConstraintViolation"),
        ({"chargePointVendor": "V", "chargePointModel": "M" * 21}, "PropertyConstraintViolation"),
        ({"chargePointVendor": "V", "chargePointModel": "M", "colour": 1}, "FormationViolation"),
    ],
)
def test_a_strict_station_is_refused_with_the_standards_own_code(payload, code):
    raw = json.dumps(payload).encode()
    with pytest.raises(Undecodable) as refused:
        codec.decode_request(Protocol.V16, "BootNotification", raw, strict=True)
    assert refused.value.error_code == code


def test_a_strict_station_never_loses_money():
    raw = b'{"transactionId":"7","meterStop":5.0,"timestamp":"2026-01-01T10:00:00Z","colour":1}'
    decoded = codec.decode_request(Protocol.V16, "StopTransaction", raw, strict=True)
    assert decoded.message.transaction_id == 7
    assert decoded.flags
