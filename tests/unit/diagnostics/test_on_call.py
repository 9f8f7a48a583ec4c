"""Who is on call and when somebody is called: turns, swaps, quiet hours, the chain and its end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.diagnostics.alerting import links, rota, rules
from laddverk.diagnostics.alerting.deadman import Pulse, stands_since
from laddverk.diagnostics.alerting.managing import PersonDetails, checked_person
from laddverk.diagnostics.alerting.model import Person, Step, Swap, What
from laddverk.diagnostics.incidents.model import Hidden, Incident, State
from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.settings import Secrets

HOME = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ASTA, BO, CIA = UUID(int=1), UUID(int=2), UUID(int=3)
WEEKLY = Step(
    level=1,
    people=(ASTA, BO, CIA),
    days_each=7,
    starts_on=date(2026, 10, 19),
    handover_time=time(8, 0),
    wait_minutes=15,
)
SECOND = Step(
    level=2, people=(CIA,), days_each=7, starts_on=date(2026, 10, 19), handover_time=time(8, 0), wait_minutes=30
)
STEPS = (WEEKLY, SECOND)


def incident(**more: object) -> Incident:
    given = {
        "id": IncidentId(UUID(int=9)), "scope": "charger", "scope_key": "x", "family": Family.CONNECTIVITY,
        "severity": Severity.DOWN, "found_severity": Severity.DOWN, "confidence": 1.0, "state": State.NEW,
        "since": NOW - timedelta(minutes=15), "opens_at": NOW, "raised_at": NOW, "last_at": NOW, "changed_at": NOW,
    } | more  # fmt: skip
    return Incident(**given)  # type: ignore[arg-type]


def test_turns_change_at_the_local_hand_over_also_when_clocks_change():
    sunday = datetime(2026, 10, 25, 23, 30, tzinfo=HOME)  # the night after summer time ended
    assert rota.on_call(WEEKLY, (), sunday, HOME) == ASTA
    assert rota.on_call(WEEKLY, (), datetime(2026, 10, 26, 7, 59, tzinfo=HOME), HOME) == ASTA
    assert rota.on_call(WEEKLY, (), datetime(2026, 10, 26, 8, 0, tzinfo=HOME), HOME) == BO
    assert rota.next_handover(WEEKLY, sunday, HOME) == datetime(2026, 10, 26, 8, 0, tzinfo=HOME)
    assert rota.on_call(WEEKLY, (), datetime(2026, 11, 9, 9, 0, tzinfo=HOME), HOME) == ASTA


def test_before_the_plan_begins_the_turns_run_backwards():
    assert rota.on_call(WEEKLY, (), datetime(2026, 10, 18, 12, 0, tzinfo=HOME), HOME) == CIA


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)), st.integers(1, 28))
def test_somebody_is_always_on_call_and_hands_over_in_the_future(now, days):
    step = replace(WEEKLY, days_each=days)
    mine = rota.on_call(step, (), now, HOME)
    handover = rota.next_handover(step, now, HOME)
    assert now < handover <= now + timedelta(days=days, hours=2)
    assert rota.on_call(step, (), handover - timedelta(seconds=1), HOME) == mine
    assert rota.on_call(step, (), handover, HOME) != mine


def test_a_swap_holds_for_its_time_and_level():
    swap = Swap(id=UUID(int=7), level=1, person_id=BO, from_at=NOW, until_at=NOW + timedelta(hours=4))
    assert rota.on_call(WEEKLY, [swap], NOW, HOME) == BO
    assert rota.on_call(WEEKLY, [swap], NOW + timedelta(hours=4), HOME) == CIA
    assert rota.on_call(replace(WEEKLY, level=2), [swap], NOW, HOME) == CIA


def test_quiet_hours_end_in_the_morning():
    person = Person(id=ASTA, name="Asta", quiet_from=time(22, 0), quiet_until=time(7, 0))
    night = datetime(2026, 11, 2, 23, 0, tzinfo=HOME)
    assert rota.wakes_at(person, night, HOME) == datetime(2026, 11, 3, 7, 0, tzinfo=HOME)
    assert rota.wakes_at(person, night + timedelta(hours=4), HOME) == datetime(2026, 11, 3, 7, 0, tzinfo=HOME)
    assert rota.wakes_at(person, NOW, HOME) == NOW
    assert rota.wakes_at(replace(person, quiet_from=None, quiet_until=None), night, HOME) == night


def test_a_silent_charger_wakes_nobody_before_an_hour_has_passed():
    silent = incident()
    assert rules.call_due(silent, STEPS, NOW) is None
    due = rules.call_due(silent, STEPS, silent.since + timedelta(minutes=60))
    assert due is not None
    assert (due.level, due.what, due.loud, due.urgent) == (1, What.OPENED, True, False)


def test_where_drivers_are_about_to_come_it_is_told_as_soon_as_it_is_shown():
    assert rules.call_due(incident(drivers_day=30.0), STEPS, NOW) is not None
    assert rules.call_due(incident(drivers_day=5.0, has_alternative=False), STEPS, NOW) is not None


def test_safety_is_called_at_once_whatever_the_hour():
    due = rules.call_due(incident(severity=Severity.SAFETY), STEPS, NOW)
    assert due is not None
    assert due.urgent


def test_what_is_to_be_planned_calls_nobody_and_what_is_degraded_writes_a_mail():
    assert rules.call_due(incident(severity=Severity.PLAN), STEPS, NOW + timedelta(days=3)) is None
    due = rules.call_due(incident(severity=Severity.DEGRADED), STEPS, NOW)
    assert due is not None
    assert not due.loud


@pytest.mark.parametrize("hidden", [Hidden.MAINTENANCE, Hidden.SILENCE, Hidden.PARENT])
def test_what_is_hidden_calls_nobody(hidden):
    assert rules.call_due(incident(hidden_by=hidden, drivers_day=50.0), STEPS, NOW) is None


def lived(one: Incident, hours: float, step_minutes: int = 1) -> list[tuple[float, int]]:
    """Let time pass; return when which level was called, in minutes."""
    calls = []
    for minute in range(0, int(hours * 60), step_minutes):
        now = NOW + timedelta(minutes=minute)
        due = rules.call_due(one, STEPS, now)
        if due is not None:
            calls.append((minute, due.level))
            one = replace(one, level=rules.level_after(one, due, STEPS), called_at=now)
    return calls


def test_when_nobody_answers_the_next_level_is_called_once():
    assert lived(incident(drivers_day=30.0), 12) == [(0, 1), (15, 2)]


def test_danger_is_called_again_until_somebody_answers_and_not_for_ever():
    calls = lived(incident(severity=Severity.SAFETY), 24)
    assert calls[:4] == [(0, 1), (15, 2), (45, 2), (75, 2)]
    assert len(calls) == rules.CALLS_MAX


def test_what_is_taken_calls_nobody_until_it_has_lasted_for_hours():
    taken = incident(state=State.IN_WORK, level=1, called_at=NOW)
    assert lived(taken, 3) == []
    assert [level for _, level in lived(taken, 30)] == [2]


def test_an_address_opens_its_own_alert_only():
    secrets, others = Secrets(b"a" * 32, b"b" * 32), Secrets(b"a" * 32, b"c" * 32)
    token = links.path_of(secrets, ASTA).removeprefix(links.PATH)
    assert links.alert_behind(secrets, token) == ASTA
    forged = token.partition("-")[0].replace("1", "2") + "-" + token.partition("-")[2]
    for wrong in (forged, token[:-1], token + "a", "alt_x-y", "", token.partition("-")[0]):
        with pytest.raises(NotFound):
            links.alert_behind(secrets, wrong)
    with pytest.raises(NotFound):
        links.alert_behind(others, token)


def test_people_are_entered_so_that_they_can_be_told():
    entered = checked_person(PersonDetails(name=" Asta  Ek ", phone="070-123 45 67"), ASTA)
    assert (entered.name, entered.phone) == ("Asta Ek", "+46701234567")
    for wrong, field in (
        (PersonDetails(name="", phone="+46701234567"), "name"),
        (PersonDetails(name="A"), "email"),
        (PersonDetails(name="A", phone="12"), "phone"),
        (PersonDetails(name="A", email="a b@c"), "email"),
        (PersonDetails(name="A", email="a@b.se", language="xx"), "language"),
        (PersonDetails(name="A", email="a@b.se", quiet_from=time(22, 0)), "quiet_from"),
    ):
        with pytest.raises(Invalid) as problem:
            checked_person(wrong, ASTA)
        assert problem.value.field == field


def test_diagnosis_stands_still_when_it_does_not_beat_or_its_jobs_are_not_done():
    started = NOW - timedelta(days=1)
    assert stands_since(Pulse(beaten_at=NOW - timedelta(minutes=2)), started, NOW) is None
    assert stands_since(Pulse(beaten_at=NOW - timedelta(minutes=6)), started, NOW) == NOW - timedelta(minutes=6)
    made_ms = int((NOW - timedelta(minutes=9)).timestamp() * 1000)
    late = Pulse(beaten_at=NOW, oldest_job=UUID(int=made_ms << 80))
    assert stands_since(late, started, NOW) == NOW - timedelta(minutes=9)
    assert stands_since(Pulse(), NOW - timedelta(minutes=1), NOW) is None, "it has just started"
    assert stands_since(Pulse(), started, NOW) == started
