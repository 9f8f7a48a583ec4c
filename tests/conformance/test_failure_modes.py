"""What may go wrong with money: each mode is proved by a test, and the page about it is up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import failure_modes


def test_every_mode_is_proved_or_says_why_not() -> None:
    assert failure_modes.missing(failure_modes.proofs()) == []


def test_no_test_names_a_mode_that_does_not_exist() -> None:
    assert failure_modes.unknown(failure_modes.proofs()) == []


def test_the_page_is_up_to_date() -> None:
    found = failure_modes.page(failure_modes.proofs())
    assert failure_modes.PAGE.read_text() == found, "run python tools/failure_modes.py write"


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("def test_f51_two_sessions() -> None: ...", {51}),
        ("def test_25_backwards() -> None: ...", {25}),
        ("@pytest.mark.failure_mode(3, 4)\ndef test_any() -> None: ...", {3, 4}),
        ('def test_any() -> None:\n    """Failure modes 9, 10 and 12: files."""', {9, 10, 12}),
    ],
)
def test_a_test_says_in_three_ways_what_it_proves(source: str, numbers: set[int]) -> None:
    (found,) = failure_modes.named_in(source + "\n# failure", "test_failure_modes.py")
    assert found[1] == numbers


def test_the_numbers_are_those_of_the_study_without_a_gap() -> None:
    assert sorted(number for modes in failure_modes.MODES.values() for number in modes) == list(range(1, 56))
    assert Path(failure_modes.PAGE).name == "failure-modes.md"
