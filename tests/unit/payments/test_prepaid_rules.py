"""Codes of prepaid cards: a slip is told from a guess."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import PUBLIC_ALPHABET
from laddverk.kernel.problems import Invalid
from laddverk.payments.prepaid import rules

codes = st.integers(0, 2**32).map(lambda seed: rules.new_code(random.Random(seed).choice))


@given(codes)
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    printed = rules.shown(code)
    assert len(printed) == 19
    for typed in (code, printed, printed.lower(), printed.replace("-", " "), f"  {code}  "):
        assert rules.read(typed) == code


@given(codes, st.integers(0, 15), st.sampled_from(PUBLIC_ALPHABET))
def test_every_wrong_sign_is_noticed(code: str, place: int, sign: str) -> None:
    wrong = code[:place] + sign + code[place + 1 :]
    if wrong != code:
        with pytest.raises(Invalid, match="slip"):
            rules.read(wrong)


@pytest.mark.parametrize("text", ["", "ABCD", "A" * 17, "A" * 200])
def test_what_has_not_sixteen_signs_is_no_code(text: str) -> None:
    with pytest.raises(Invalid, match="16"):
        rules.read(text)


def test_most_exchanged_neighbours_are_noticed() -> None:
    chance, noticed = random.Random(1), 0
    for _ in range(500):
        code = rules.new_code(chance.choice)
        place = chance.randrange(15)
        turned = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        try:
            noticed += rules.read(turned) == code
        except Invalid:
            noticed += 1
    assert noticed > 490


def test_the_hash_needs_the_pepper() -> None:
    assert rules.hashed("A" * 16, b"one") != rules.hashed("A" * 16, b"two")
