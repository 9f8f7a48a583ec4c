"""Promises by hand-worked examples: hours, holidays, nights of changed clocks, pauses; and what no clock may do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.model import Case, CaseId, Channel, Priority, State, WaitsFor
from laddverk.support.promising import rules, typed
from laddverk.support.promising.hours import ALWAYS, Hours, after, between, checked
from laddverk.support.promising.model import How, Promise

HOME = ZoneInfo("Europe/Stockholm")
OFFICE_ID = UUID(int=1)
OFFICE = Hours(id=OFFICE_ID, name="Office", days=(((480, 1020),),) * 5 + ((),) * 2)  # 08-17, Monday to Friday
NIGHT = Hours(days=(((0, 360),),) * 7, free_holidays=False)  # 00-06
PROMISE = Promise(id=UUID(int=2), name="usual", hours_id=OFFICE_ID, answer_minutes=60, solve_minutes=480)
HOUR = 3600


def at(text: str) -> datetime:
    """Return a local time in Stockholm."""
    return datetime.fromisoformat(text).replace(tzinfo=HOME).astimezone(UTC)


def a_case(created: str, **more: object) -> Case:
    return Case(
        id=CaseId(uuid4()), subject="x", kind="cable", channel=Channel.PORTAL, created_at=at(created),
        created_by="driver", changed_at=at(created), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def kept(case: Case, now: str, promise: Promise = PROMISE) -> Case:
    return rules.promised(case, promise, {OFFICE_ID: OFFICE}, at(now))


@pytest.mark.parametrize(
    ("since", "seconds", "due"),
    [
        ("2026-11-20 10:00", HOUR, "2026-11-20 11:00"),  # a Friday
        ("2026-11-20 16:30", HOUR, "2026-11-23 08:30"),  # over the weekend
        ("2026-11-21 12:00", HOUR, "2026-11-23 09:00"),  # asked on a Saturday
        ("2026-12-23 16:00", 2 * HOUR, "2026-12-24 09:00"),  # Christmas Eve is no public holiday by law
        ("2026-12-24 16:30", HOUR, "2026-12-28 08:30"),  # the 25th is a Friday and free, then a weekend
        ("2026-04-02 16:00", 2 * HOUR, "2026-04-07 09:00"),  # Good Friday and Easter Monday
        ("2026-06-18 16:00", 2 * HOUR, "2026-06-19 09:00"),  # midsummer's day is a Saturday
        ("2026-05-13 16:00", 2 * HOUR, "2026-05-15 09:00"),  # Ascension Day
    ],
)
def test_business_time_by_hand(since: str, seconds: int, due: str) -> None:
    assert after(OFFICE, at(since), seconds) == at(due)
    assert between(OFFICE, at(since), at(due)) == seconds


def test_nights_on_which_clocks_change_have_the_hours_that_people_work() -> None:
    spring, autumn = at("2026-03-29 00:00"), at("2026-10-25 00:00")
    assert between(NIGHT, spring, at("2026-03-29 06:00")) == 5 * HOUR
    assert between(NIGHT, autumn, at("2026-10-25 06:00")) == 7 * HOUR
    assert after(NIGHT, spring, 5 * HOUR) == at("2026-03-29 06:00")
    assert between(ALWAYS, autumn, at("2026-10-26 00:00")) == 25 * HOUR
    skipped = Hours(days=(((120, 180),),) * 7, free_holidays=False)  # 02-03, which that night does not have
    assert between(skipped, spring, at("2026-03-29 12:00")) == 0


def test_free_days_of_ours_count_and_who_never_works_is_never_due() -> None:
    eve = replace(OFFICE, free_days=(date(2026, 12, 23),))
    assert after(eve, at("2026-12-22 16:30"), HOUR) == at("2026-12-24 08:30")
    assert after(replace(OFFICE, days=((),) * 7), at("2026-12-22 16:30"), HOUR) is None


def test_the_first_answer_and_the_solution_are_due_in_our_hours() -> None:
    case = kept(a_case("2026-11-20 16:30"), "2026-11-20 16:30")
    assert (case.answer_due_at, case.solve_due_at) == (at("2026-11-23 08:30"), at("2026-11-23 15:30"))
    ours = kept(replace(a_case("2026-11-20 16:30"), created_by="Eva"), "2026-11-20 16:30")
    assert ours.answer_due_at is None, "nobody waits for a first word in a case that we opened"


def test_the_clock_stands_still_while_we_wait_for_the_driver_and_after_the_case_is_over() -> None:
    case = kept(a_case("2026-11-23 09:00"), "2026-11-23 09:00")
    assert case.solve_due_at == at("2026-11-23 17:00")
    asked = replace(case, state=State.WAITING, waits_for=WaitsFor.DRIVER, answered_at=at("2026-11-23 10:00"))
    waiting = kept(asked, "2026-11-23 10:00")
    assert waiting.paused_at == at("2026-11-23 10:00")
    assert rules.ring(waiting, at("2026-11-25 12:00")).how is How.PAUSED  # type: ignore[union-attr]
    back = kept(replace(waiting, state=State.OPEN, waits_for=WaitsFor.NOTHING), "2026-11-24 12:00")
    assert back.paused_s == 11 * HOUR  # 10-17 on Monday, 08-12 on Tuesday
    assert back.solve_due_at == at("2026-11-25 10:00")  # nine hours a day: 17:00 and eleven hours of work
    over = kept(replace(back, state=State.CLOSED, closed_at=at("2026-11-25 10:00")), "2026-11-25 10:00")
    assert rules.ring(over, at("2026-11-26 10:00")).how is How.KEPT  # type: ignore[union-attr]
    again = kept(replace(over, state=State.OPEN, closed_at=None), "2026-11-26 10:00")
    assert again.solve_due_at == at("2026-11-26 10:00")


def test_a_case_closed_while_we_wait_is_not_late_for_the_time_that_we_waited() -> None:
    case = kept(a_case("2026-11-23 09:00"), "2026-11-23 09:00")
    waiting = kept(replace(case, state=State.WAITING, waits_for=WaitsFor.DRIVER), "2026-11-23 10:00")
    closed = replace(waiting, state=State.CLOSED, waits_for=WaitsFor.NOTHING, closed_at=at("2026-12-01 10:00"))
    found = rules.ring(kept(closed, "2026-12-01 10:00"), at("2026-12-01 10:00"))
    assert found is not None
    assert found.how is How.KEPT


def test_what_waits_for_an_incident_of_ours_goes_on_counting() -> None:
    case = kept(a_case("2026-11-23 09:00"), "2026-11-23 09:00")
    waiting = kept(replace(case, state=State.WAITING, waits_for=WaitsFor.INCIDENT), "2026-11-23 10:00")
    assert waiting.paused_at is None
    answered = replace(waiting, answered_at=at("2026-11-23 09:10"))
    assert rules.ring(answered, at("2026-11-23 18:00")).how is How.LATE  # type: ignore[union-attr]


def test_the_first_promise_that_fits_holds_and_one_of_a_rule_only_where_it_was_given() -> None:
    account = uuid4()
    urgent = Promise(id=UUID(int=3), name="urgent", position=1, priorities=(1,), answer_minutes=5)
    customer = Promise(id=UUID(int=4), name="customer", position=2, account_ids=(account,), answer_minutes=10)
    only = Promise(id=UUID(int=5), name="only", position=0, only_by_rule=True, answer_minutes=1)
    everyone = replace(PROMISE, position=9)
    case, all_ = a_case("2026-11-23 09:00"), [everyone, customer, urgent, only]
    assert rules.fitting(all_, case, ()) == everyone
    assert rules.fitting(all_, case, {account}) == customer
    assert rules.fitting(all_, replace(case, priority=Priority.URGENT), {account}) == urgent
    assert rules.fitting(all_, replace(case, promise_id=only.id), ()) == only
    assert rules.fitting([urgent], case, ()) is None
    assert kept(replace(case, promise_id=only.id), "2026-11-23 09:00", only).answer_due_at is not None


def test_hours_are_typed_as_people_write_them() -> None:
    form = {"mon": "08:00-12:00 13:00-17:00", "tue": "8-17", "wed": "", "sun": "00:00–24:00"}
    days = typed.days_in(form)
    assert days[0] == ((480, 720), (780, 1020))
    assert (days[1], days[2], days[6]) == (((480, 1020),), (), ((0, 1440),))
    assert typed.shown(Hours(days=days))["mon"] == "08:00-12:00 13:00-17:00"
    for wrong in ("17-08", "x", "08:00-25:00", "8-12 x"):
        with pytest.raises(Invalid):
            typed.days_in({"mon": wrong})
    for broken in (((480, 720), (700, 900)), ()):
        with pytest.raises(Invalid):
            checked(Hours(name="x", days=(broken,) + ((),) * 6))
    assert typed.free_days_in("2026-12-24, 2026-12-23") == (date(2026, 12, 23), date(2026, 12, 24))


instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda each: each.replace(tzinfo=UTC))


@settings(max_examples=60, deadline=None)
@given(instants, st.integers(1, 40 * HOUR), st.sampled_from([OFFICE, NIGHT, ALWAYS]))
def test_what_is_due_lies_that_much_work_away(since: datetime, seconds: int, hours: Hours) -> None:
    due = after(hours, since, seconds)
    assert due is not None
    assert due > since
    assert between(hours, since, due) == seconds


@settings(max_examples=60, deadline=None)
@given(instants, st.integers(0, 20 * 24 * 60), st.integers(0, 20 * 24 * 60), st.sampled_from([OFFICE, NIGHT, ALWAYS]))
def test_work_adds_up_and_never_runs_backwards(since: datetime, first: int, second: int, hours: Hours) -> None:
    middle, end = since + timedelta(minutes=first), since + timedelta(minutes=first + second)
    whole = between(hours, since, middle) + between(hours, middle, end)
    assert abs(between(hours, since, end) - whole) <= 1
    assert 0 <= whole <= (end - since).total_seconds()
