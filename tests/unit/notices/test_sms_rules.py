"""What a text message holds, and whether it goes as one."""

from __future__ import annotations

import pytest

from laddverk.kernel.problems import Invalid
from laddverk.notices.sms.rules import checked_body, fits_one
from laddverk.platform import formats


def test_spaces_that_do_not_break_do_not_make_a_text_twice_as_dear() -> None:
    money, power = formats.money(123_456, "SEK", "sv"), formats.power_kw(22_000, 0, language="sv")
    body = checked_body(f"{money}, {power}, 1\u202f000\u2009m")
    assert body == "1 234,56 kr, 22 kW, 1 000 m"
    with pytest.raises(Invalid):
        checked_body("\xa0\u202f")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("å" * 160, True),
        ("å" * 161, False),
        ("a" * 159 + "\xa0", True),  # it becomes a space
        ("€" * 80, True),  # in the alphabet, but as two
        ("€" * 81, False),
        ("é" * 160, True),
        ("…" * 70, True),
        ("a" * 70 + "…", False),  # one strange sign, and all are written wide
        ("🚗" * 35, True),
        ("🚗" * 36, False),
    ],
)
def test_a_text_goes_as_one_where_its_signs_let_it(text: str, fits: bool) -> None:
    assert fits_one(text) is fits
