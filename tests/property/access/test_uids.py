"""Normalised uids: the same whatever stands between the digits, and normal once and for all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from laddverk.access import csv_tokens
from laddverk.access.rules import normalised_uid

digits = st.text("0123456789abcdefABCDEF", min_size=1, max_size=20)
between = st.text(" :-._\x00\x10\t", max_size=3)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised_uid(normalised_uid(text)) == normalised_uid(text)


@given(digits, between, st.data())
def test_separators_and_case_make_no_difference(uid: str, separator: str, data: st.DataObject) -> None:
    cased = data.draw(st.sampled_from([str.upper, str.lower, str.swapcase]))(uid)
    assert normalised_uid(separator.join(cased) + separator) == normalised_uid(uid)


@given(st.text(max_size=300))
def test_no_text_makes_reading_a_list_raise(text: str) -> None:
    read = csv_tokens.read(text)
    assert read.faults or read.lines or "uid" in text.lower() or "tag" in text.lower()


@given(st.text(max_size=200))
def test_no_cell_makes_reading_a_list_raise(cell: str) -> None:
    csv_tokens.read(f"uid;label;driver;valid_until;blocked_why\n04AB;{cell};{cell};{cell};{cell}\n")
