"""When the phone and the chat are open, and how it is said when we are back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.promising import attending, hours
from laddverk.support.promising.hours import Attended, Hours

ZONE = "Europe/Stockholm"
OFFICE = Hours(name="Office", days=(((480, 1020),),) * 5 + ((), ()), closes=("phone", "chat"))
EVENINGS = Hours(name="Evenings", days=(((1020, 1320),),) * 7, free_holidays=False, closes=("phone",))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "back"),
    [
        ("2026-11-20T10:00", None),
        ("2026-11-20T16:00", "2026-11-23T07:00"),  # Friday, five in the afternoon: the last second is over
        ("2026-11-23T06:59", "2026-11-23T07:00"),
        ("2026-12-24T18:00", "2026-12-28T07:00"),  # Christmas is no day of work
    ],
)
def test_the_office_is_closed_until_somebody_works_again(now: str, back: str | None) -> None:
    assert attending.back_at([OFFICE], Attended.CHAT, at(now)) == (at(back) if back else None)


def test_several_hours_open_it_together_and_what_no_hours_name_is_never_closed() -> None:
    night = at("2026-11-20T18:00")
    assert attending.back_at([OFFICE, EVENINGS], Attended.PHONE, night) is None
    assert attending.back_at([OFFICE, EVENINGS], Attended.CHAT, night) is not None
    assert attending.back_at([replace(OFFICE, closes=())], Attended.PHONE, night) is None
    assert attending.back_at([], Attended.PHONE, night) is None


@given(instants)
def test_when_we_are_said_to_be_back_it_is_open(now: datetime) -> None:
    back = attending.back_at([OFFICE], Attended.PHONE, now)
    if back is not None:
        assert back > now
        assert attending.back_at([OFFICE], Attended.PHONE, back) is None


def test_a_time_to_come_is_said_as_people_say_it() -> None:
    now = at("2026-11-20T16:30")
    assert attending.in_words(at("2026-11-20T18:00"), now, ZONE, "en") == "today at 19:00"
    assert attending.in_words(at("2026-11-21T07:00"), now, ZONE, "sv") == "i morgon kl. 08:00"
    assert attending.in_words(at("2026-11-23T07:00"), now, ZONE, "sv") == "på måndag kl. 08:00"
    assert attending.in_words(at("2026-12-28T07:00"), now, ZONE, "sv") == "den 28 dec. 2026 kl. 08:00"


def test_only_what_can_be_closed_is_named() -> None:
    with pytest.raises(Invalid):
        hours.checked(replace(OFFICE, closes=("doors",)))
