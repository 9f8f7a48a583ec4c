"""Chargers are described in a file or by a number, and what cannot be understood is refused in words."""

import json

import pytest

from laddverk.cli.main import main
from laddverk.cli.simulate import STATIONS_MAX, described, fault_named, link_of
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.physics.box import Box


def test_a_number_makes_chargers_of_both_versions():
    stations = described("4", "secret").stations
    assert [one.identity for one in stations] == ["SIM-0001", "SIM-0002", "SIM-0003", "SIM-0004"]
    assert {one.protocol for one in stations} == {Protocol.V16, Protocol.V201}
    assert len(described(str(STATIONS_MAX * 9), "").stations) == STATIONS_MAX


def test_a_file_says_who_they_are(tmp_path):
    file = tmp_path / "stations.json"
    one = {
        "identity": "CP1",
        "password": "k",
        "protocol": "ocpp2.0.1",
        "outlets": 2,
        "phases": 0,
        "power_max_w": 50_000,
    }
    file.write_text(json.dumps({"stations": [one], "cards": ["04AA"], "rhythm": "fast"}))
    spec = described(str(file), "")
    charger = link_of(spec.stations[0], "ws://127.0.0.1:1/ocpp/", None).charger
    assert charger.hardware.protocol is Protocol.V201
    assert [outlet.supply.phases for outlet in charger.outlets.values()] == [0, 0]
    assert spec.cards == ["04AA"]


@pytest.mark.parametrize("content", ["", "[]", '{"stations": [{"identity": "CP1"}]}', '{"stations": 5}'])
def test_another_file_is_refused(tmp_path, content):
    file = tmp_path / "stations.json"
    file.write_text(content)
    with pytest.raises(Invalid, match="no description of chargers"):
        described(str(file), "")


@pytest.mark.parametrize(
    "words",
    [
        ["simulate"],
        ["simulate", "--url", "ws://127.0.0.1:1/ocpp"],
        ["simulate", "--url", "ws://127.0.0.1:1/ocpp", "--stations", "0"],
        ["simulate", "--url", "ws://127.0.0.1:1/ocpp", "--stations", "/nowhere.json"],
        ["simulate", "--replay", "/nowhere.csv"],
        ["simulate", "--replay", __file__, "--sessions", "some"],
        ["simulate", "--replay", __file__, "--timezone", "Nowhere/Land"],
        ["simulate", "--replay", __file__, "--currency", "XXX"],
        ["simulate", "--replay", __file__],
    ],
)
def test_what_cannot_be_done_is_said_in_words(words, capsys):
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("laddverk: ")
    assert "Traceback" not in said


def test_a_fault_by_its_name_makes_a_worn_charger_and_an_unknown_one_is_refused_with_all_names():
    station = described("1", "k").stations[0]
    worn = link_of(station, "ws://127.0.0.1:1/ocpp/", None, fault_named("contact_heating"), seed=3).charger
    assert isinstance(worn, Box)
    assert worn.parts[1].contact_factor > 2
    broken = link_of(station, "ws://127.0.0.1:1/ocpp/", None, fault_named("emergency_stop")).charger
    assert broken.outlets[1].error_code == "OtherError"
    with pytest.raises(Invalid, match=r"no fault gremlins") as refused:
        fault_named("gremlins")
    assert "contact_heating" in str(refused.value.params)
