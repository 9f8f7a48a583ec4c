"""The function that the coverage-guided fuzzer drives, on generated inputs: two thousand a version and strictness."""

from __future__ import annotations

import pytest

from tests.fuzz.decoder import one
from tests.fuzz.generators import VERSIONS, Generator

INPUTS = 2_000


@pytest.mark.parametrize("number", range(len(VERSIONS)))
@pytest.mark.parametrize("strict", [False, True])
def test_nothing_that_is_sent_raises(number: int, strict: bool) -> None:
    generator = Generator(list(VERSIONS)[number], seed=1 + strict)
    head = bytes([next(byte for byte in range(256) if byte % 3 == number and bool(byte & 0x80) is strict)])
    for _ in range(INPUTS):
        one(head + generator.text().encode())


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, second = Generator("201", 7), Generator("201", 7)
    assert [first.text() for _ in range(500)] == [second.text() for _ in range(500)]
