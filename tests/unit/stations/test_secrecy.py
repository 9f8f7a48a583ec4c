"""What the journal keeps of frames in which chargers tell secrets."""

from __future__ import annotations

import json

import pytest

from laddverk.stations.secrecy import HIDDEN, journalled

SECRET = "S3cret-of-the-charger"


@pytest.mark.parametrize(
    "payload",
    [
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]},
        {"configurationKey": [{"key": "authorizationKEY", "readonly": False, "value": SECRET}]},
        {
            "getVariableResult": [
                {
                    "component": {"name": "SecurityCtrlr"},
                    "variable": {"name": "BasicAuthPassword"},
                    "attributeValue": SECRET,
                }
            ]
        },
        {"reportData": [{"variable": {"name": "BasicAuthPassword"}, "variableAttribute": [{"value": SECRET}]}]},
        {"connectionData": {"basicAuthPassword": SECRET, "apn": {"apnPassword": SECRET}}},
    ],
)
def test_the_value_of_a_secret_key_is_not_kept_and_all_else_is(payload: dict[str, object]) -> None:
    frame = json.dumps([3, "x1", payload, {"also": "this"}])
    kept = journalled(frame)
    assert SECRET not in kept
    assert HIDDEN in kept
    assert json.loads(kept)[:2] == [3, "x1"]
    assert json.loads(kept)[3] == {"also": "this"}


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"1","Heartbeat",{}]',
        '[2,"1", "GetConfiguration", {"key": ["AuthorizationKey"]}]',
        '[3,"1",{"unknownKey":["AuthorizationKey"]}]',
        "\ufeff[2,]",
    ],
)
def test_what_tells_no_secret_is_kept_as_it_came(frame: str) -> None:
    assert journalled(frame) == frame


@pytest.mark.parametrize("frame", ['[3,"1",{"key":"AuthorizationKey","value":"S', "AuthorizationKey" + "[" * 100_000])
def test_what_names_a_secret_and_cannot_be_read_is_not_kept(frame: str) -> None:
    assert journalled(frame) == HIDDEN


def test_a_frame_too_deep_to_be_looked_through_is_not_kept() -> None:
    assert journalled("[" * 500 + '"AuthorizationKey"' + "]" * 500) == HIDDEN
