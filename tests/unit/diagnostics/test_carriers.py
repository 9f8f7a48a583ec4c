"""Whose SIM it is, from what boots say."""

from __future__ import annotations

import pytest

from laddverk.diagnostics.carriers import carrier_of


@pytest.mark.parametrize(
    ("iccid", "imsi", "carrier"),
    [
        ("", "240071234567890", "24007"),
        ("8946071512360089165", "", "8946071"),
        ("8946071512360089165F", "", "8946071"),
        ("8946071512360089165", "240071234567890", "24007"),
        ("", "", ""),
        ("n/a", "unknown", ""),
        ("1234567890123456789", "24007", ""),
        ("8" * 400, "2" * 400, ""),
    ],
)
def test_a_carrier_is_known_from_either_number(iccid: str, imsi: str, carrier: str) -> None:
    assert carrier_of(iccid, imsi) == carrier
