"""Codes as chargers write them, and what they mean: vectors by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.diagnostics import codes
from laddverk.diagnostics.codes.book import bit_of, chapter_of, ours
from laddverk.diagnostics.codes.decoding import CODE_MAX, CODES_MAX, NOTHING, SEPARATORS
from laddverk.diagnostics.model import Family, Severity


def named(*found: codes.Code) -> list[tuple[str, str]]:
    return [(one.name, one.info) for one in found]


def test_a_list_is_split_and_the_nth_info_goes_with_the_nth_code() -> None:
    found = codes.decoded("Any", "Any", "OtherError", "CX019,CX014", "https://chargex.inl.gov", "81 C,6.9 V")
    assert named(*found) == [("CableOverTempStop", "81 C"), ("PilotFault", "6.9 V")]
    assert found[0].safety
    assert found[0].family is Family.CONTACT_HEAT


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


@pytest.mark.parametrize(
    ("vendor", "written", "info", "vendor_id", "expected"),
    [
        ("ABB", "0x0402", "", "", ["POWER_RELAY_FAULT", "RESIDUAL_CURRENT"]),
        ("Zaptec", "536875008", "", "", ["RCD_6MA", "SERVO"]),  # 4096 + 536870912
        ("Delta Electronics", "EV0087", "", "", ["RELAY_WELDING"]),
        ("Delta Electronics", "", "Fault EV0101: unlock", "", ["UNLOCK_FAIL"]),
        ("go-e", "9", "", "", ["ContactorStuck"]),
        ("Alfen BV", "102", "", "", ["POWER_SWITCH_FAILURE"]),
        ("Amina", "AMINA_INFO", "cable in", "", ["AMINA_INFO"]),
        ("Any", "F001,F003", "1.11,5.00", "com.evgo.mrec", ["ProximityLow", "PilotLow"]),
        ("Any", "CX011", "", "https://chargex.inl.gov", ["CableCheckFault"]),
        ("Any", "SLACTimeout", "", "", ["SLACTimeout"]),
        ("Any", "evse_board_support/MREC8EmergencyStop", "", "", ["EmergencyStop"]),
        ("Any", "ac_rcd/DC", "", "", ["RcdDc"]),
    ],
)
def test_each_source_is_decoded(vendor: str, written: str, info: str, vendor_id: str, expected: list[str]) -> None:
    found = codes.decoded(vendor, "Model", "OtherError", written, vendor_id, info)
    assert sorted(one.name for one in found) == sorted(expected)
    assert all(one.is_known for one in found)


def test_a_component_of_the_device_model_says_what_it_is_until_it_says_false() -> None:
    (found,) = codes.decoded_event("Any", "Any", "RCD", "Tripped", value="true")
    assert (found.family, found.safety) == (Family.GROUND_FAULT, True)
    assert codes.decoded_event("Any", "Any", "RCD", "Tripped", value="false") == ()
    assert codes.decoded_event("Any", "Any", "Tariff", "Enabled", value="true") == ()


def test_a_bit_that_nobody_knows_is_shown_beside_those_that_are_known() -> None:
    found = codes.decoded("ABB", "Terra AC", "OtherError", "0x8002")
    assert [(one.raw, one.is_known) for one in found] == [("0x8002", True), ("0x8002 (bit 15)", False)]
    assert found[1].severity is Severity.INFO  # another one says what is wrong


def test_the_makers_code_beside_a_standard_one_of_another_family_leaves_both() -> None:
    found = codes.decoded("Any", "Any", "HighTemperature", "CX026")
    assert {one.family for one in found} == {Family.PHYSICAL_DAMAGE, Family.COOLING}


def test_all_codes_have_words_in_both_languages_and_a_source_of_their_facts() -> None:
    for chapter in ours():
        assert chapter.source.facts_from, chapter.file
        for entry in chapter.entries:
            assert len({entry.en, entry.sv, ""}) == 3, (chapter.file, entry.code)


def test_every_code_of_our_files_is_found_by_what_a_charger_writes() -> None:
    for chapter in ours():
        vendor = chapter.source.vendor.strip("*") or "Any"
        vendor_id = (*chapter.source.vendor_ids, "")[0]
        for entry in chapter.entries:
            if chapter.file == "ocpp2.toml":
                component, _, variable = entry.code.partition(".")
                found = codes.decoded_event(vendor, "", component, variable, value="true")
            else:
                written = str(1 << bit_of(entry.code)) if chapter.source.written == "decimal_bits" else entry.code
                found = codes.decoded(vendor, "", "OtherError", written, vendor_id)
            assert [one.family for one in found] == [entry.family], (chapter.file, entry.code)


@given(
    st.sampled_from(["ABB", "Zaptec", "Delta", "go-e", "Alfen", "Amina", "x", "", "\x00"]),
    st.one_of(st.none(), st.text(max_size=60), st.sampled_from(["NoError", "OtherError", "GroundFailure"])),
    st.one_of(st.none(), st.text(max_size=300), st.from_regex(r"[0-9a-fx,;]{0,60}", fullmatch=True)),
    st.one_of(st.none(), st.sampled_from(["com.evgo.mrec", "https://chargex.inl.gov"]), st.text(max_size=50)),
    st.one_of(st.none(), st.text(max_size=600)),
)
def test_no_text_of_a_charger_raises_or_disappears(
    vendor: str, error_code: str | None, written: str | None, vendor_id: str | None, info: str | None
) -> None:
    found = codes.decoded(vendor, vendor, error_code, written, vendor_id, info)
    assert len(found) <= CODES_MAX
    written_down = " ".join(one.raw for one in found).casefold()
    for part in SEPARATORS.split((written or "").strip())[:CODES_MAX]:
        kept = part.strip()[:CODE_MAX].casefold()
        alone = codes.decoded(vendor, vendor, None, part, vendor_id)
        if alone and len(found) < CODES_MAX:  # it means something
            assert kept in written_down or {one.name for one in alone} & {one.name for one in found}


@given(st.text(alphabet=st.characters(exclude_characters=",;|\n\r\t"), min_size=1, max_size=90))
def test_a_code_that_nobody_knows_comes_back_as_it_was_written(written: str) -> None:
    found = codes.decoded("No such maker", "", "OtherError", written)
    if written.strip() and written.strip().casefold() not in NOTHING:
        assert found
        assert all(one.is_known or one.raw == written.strip() for one in found)


OWN = b"""
[source]
name = "Ours"
vendor = "*abb*"

[[code]]
code = "0x0002"
name = "OUR_WORD"
family = "meter"
en = "Ours goes first."

[[code]]
code = "X9"
name = "X9"
family = "no_such"
en = "?"
"""


def test_an_operators_file_goes_before_ours_and_a_bad_one_is_named_with_its_line(tmp_path: Path) -> None:
    good, _, _rest = OWN.partition(b'\n[[code]]\ncode = "X9"')
    (tmp_path / "good.toml").write_bytes(good)
    (tmp_path / "bad.toml").write_bytes(OWN)
    (tmp_path / "worse.toml").write_bytes(b"[source]\nname = \n")
    book = codes.book_of(tmp_path)
    assert [(fault.name, fault.line) for fault in book.faults] == [("bad.toml", 12), ("worse.toml", 2)]
    assert "no_such" in book.faults[0].reason
    before = codes.in_use()
    try:
        codes.use(book)
        (found,) = codes.decoded("ABB", "Terra", "OtherError", "0x0002")
        assert (found.name, found.source) == ("OUR_WORD", "Ours")
    finally:
        codes.use(before)


def test_the_example_in_the_documentation_is_a_file_that_works() -> None:
    text = (Path(__file__).parents[3] / "docs" / "uptime.md").read_text().partition("```toml\n")[2].partition("```")[0]
    chapter = chapter_of(text.encode(), "acme.toml", is_own=True)
    book = codes.Book([chapter])
    assert [one.name for one in book.fitting("ACME", "Wall")[0].entries] == ["RCD_TRIPPED"]
    assert chapter.pattern is not None
    assert chapter.pattern.findall("fault E-17 at 12:01") == ["E-17"]


def test_a_pattern_that_could_take_for_ever_is_refused(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_text("[source]\nname = 'S'\npattern = '(a+)+b'\n")
    assert [fault.name for fault in codes.book_of(tmp_path).faults] == ["slow.toml"]
