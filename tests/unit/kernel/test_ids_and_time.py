"""Identities are sortable and shown with a prefix; durations are real seconds."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.kernel.ids import PUBLIC_ALPHABET, new_id, parsed, public_code, shown
from laddverk.kernel.problems import Invalid
from laddverk.kernel.time import seconds_between

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def test_an_id_survives_being_shown() -> None:
    identity = new_id()
    assert parsed("ses", shown("ses", identity)) == identity
    assert parsed("ses", str(identity)) == identity


def test_ids_sort_by_when_they_were_made() -> None:
    made = [new_id() for _ in range(100)]
    assert [each.int >> 80 for each in made] == sorted(each.int >> 80 for each in made)
    assert {each.version for each in made} == {7}


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_refused_with_its_field(text: str) -> None:
    try:
        identity = parsed("ses", text, field="session_id")
    except Invalid as refused:
        problem = refused
    else:
        assert identity.hex in text.lower().replace("-", "")
        return
    assert problem.field == "session_id"
    assert "session" in str(problem)


def test_the_id_of_another_thing_is_refused() -> None:
    with pytest.raises(Invalid):
        parsed("ses", shown("inv", new_id()))


def test_a_public_code_has_no_letters_that_look_like_digits() -> None:
    assert set(public_code(500)) <= set(PUBLIC_ALPHABET)
    assert not set("01OI") & set(PUBLIC_ALPHABET)


@pytest.mark.parametrize(("night", "hours"), [((2026, 10, 24), 11), ((2027, 3, 27), 9), ((2026, 6, 1), 10)])
def test_a_night_in_which_the_clocks_change_is_as_long_as_it_is(night: tuple[int, int, int], hours: int) -> None:
    evening = datetime(*night, 20, tzinfo=STOCKHOLM)
    morning = datetime(*night, 6, tzinfo=STOCKHOLM).replace(day=night[2] + 1)
    assert seconds_between(evening, morning) == hours * 3600
