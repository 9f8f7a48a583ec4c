"""What may be entered of a case, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.support import rules
from laddverk.support.model import Case, CaseId, Channel, NewCase, Outcome, Priority, State, WaitsFor

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def a_case(**more: object) -> Case:
    return Case(
        id=CaseId(new_id()), subject="It hums", kind="no_start", channel=Channel.PORTAL, created_at=NOW,
        created_by="driver", changed_at=NOW, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_is_entered_is_tidied() -> None:
    given = NewCase(
        text="  Cable stuck!\r\nHelp ", kind="cable", contact_email=" Ada@Example.se ", contact_phone="070-123 45 67",
        contact_name="Ada\r\nBcc: x", language="tlh",
    )  # fmt: skip
    new = rules.checked(given)
    assert (new.subject, new.contact_email, new.contact_phone) == ("Cable stuck!", "ada@example.se", "+46701234567")
    assert (new.contact_name, new.language) == ("Ada Bcc: x", "sv")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (NewCase(text="x", kind="evil"), "kind"), (NewCase(text=" "), "text"), (NewCase(text="x" * 10_001), "text"),
        (NewCase(text="a\x00b"), "text"), (NewCase(text="x", contact_email="no"), "email"),
        (NewCase(text="x", contact_email="a@b.se\nBcc: c@d.se"), "email"),
        (NewCase(text="x", contact_phone="12"), "phone"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_field(given: NewCase, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.checked(given)
    assert caught.value.field == field


def test_danger_is_urgent_whatever_was_chosen() -> None:
    assert rules.checked(NewCase(text="smoke", kind="danger", priority=Priority.LOW)).priority is Priority.URGENT


def test_an_answer_waits_for_the_driver_and_what_they_write_is_our_turn_again() -> None:
    first = rules.answered(a_case(), NOW)
    assert (first.state, first.waits_for, first.answered_at) == (State.WAITING, WaitsFor.DRIVER, NOW)
    again = rules.answered(rules.written_to(first, NOW), NOW + timedelta(hours=1))
    assert again.answered_at == NOW, "the first answer is the first"
    assert rules.written_to(first, NOW).state is State.OPEN


def test_a_closed_case_is_opened_by_its_driver_for_two_weeks() -> None:
    over = rules.closed(a_case(), Outcome.SOLVED, "Eva", NOW)
    assert rules.written_to(over, NOW + timedelta(days=13)).state is State.OPEN
    with pytest.raises(Conflict):
        rules.written_to(over, NOW + timedelta(days=15))


def test_what_waited_for_an_incident_goes_on_and_is_told_once() -> None:
    waiting = rules.waiting_for_incident(a_case(tell_when_mended=True), NOW)
    after = rules.after_incident(waiting, NOW)
    assert (after.state, after.waits_for, after.tell_when_mended) == (State.OPEN, WaitsFor.NOTHING, False)
    closed = rules.closed(a_case(tell_when_mended=True), Outcome.EXPLAINED, "Eva", NOW)
    assert rules.after_incident(closed, NOW).state is State.CLOSED
    for_driver = rules.answered(a_case(), NOW)
    assert rules.after_incident(for_driver, NOW).waits_for is WaitsFor.DRIVER


def test_who_speaks_twice_counts_once() -> None:
    driver = new_id()
    assert rules.person_of(a_case(driver_id=driver, contact_email="a@b.se")) == str(driver)
    assert rules.person_of(a_case(contact_email="a@b.se")) == rules.person_of(a_case(contact_email="a@b.se"))
    assert rules.person_of(a_case()) != rules.person_of(a_case())
