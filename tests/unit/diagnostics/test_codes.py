"""Codes as chargers write them, and what they mean: vectors by hand."""

from __future__ import annotations

from laddverk.diagnostics import codes
from laddverk.diagnostics.model import Family, Severity


def named(*found: codes.Code) -> list[tuple[str, str]]:
    return [(one.name, one.info) for one in found]


def test_a_list_is_split_and_the_nth_info_goes_with_the_nth_code() -> None:
    found = codes.decoded("Any", "Any", "OtherError", "CX019,CX014", "https://chargex.inl.gov", "81 C,6.9 V")
    assert named(*found) == [("CableOverTempStop", "81 C"), ("PilotFault", "6.9 V")]
    assert found[0].safety and found[0].family is Family.CONTACT_HEAT


def test_an_empty_place_in_a_list_keeps_the_infos_in_step() -> None:
    found = codes.decoded("Any", "Any", "OtherError", "CX019,,CX014", None, "81 C,,6.9 V")
    assert named(*found) == [("CableOverTempStop", "81 C"), ("PilotFault", "6.9 V")]


def test_the_standard_code_alone_says_what_it_says() -> None:
    (found,) = codes.decoded("Any", "Any", "GroundFailure")
    assert (found.family, found.severity, found.safety) == (Family.GROUND_FAULT, Severity.SAFETY, True)
    assert found.source == "OCPP 1.6"


def test_no_error_is_nothing_however_it_is_written() -> None:
    for written in ("", "0", "0x0000", "null", "N/A", "none", "NoError"):
        assert codes.decoded("Any", "Any", "NoError", written) == ()


def test_an_unknown_code_is_shown_raw() -> None:
    (found,) = codes.decoded("Any", "Any", "OtherError", "WX-77", None, "door")
    assert (found.raw, found.family, found.is_known, found.info) == ("WX-77", Family.OTHER, False, "door")
    assert found.titled("sv") == "WX-77"


def test_a_code_that_stands_in_the_info_is_recognised() -> None:
    (found,) = codes.decoded("Any", "Any", "OtherError", "", "", "fault CX026 since 12:01")
    assert (found.name, found.safety) == ("CutCable", True)


def test_a_tech_code_of_a_device_model_means_the_same() -> None:
    (found,) = codes.decoded_event("Any", "Any", "Connector", "Problem", "CX015")
    assert found.family is Family.SUPPLY
