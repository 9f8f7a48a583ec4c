"""Self-healing climbs its ladder one safe step at a time; each guard holds when one tries to break it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.diagnostics.remedies import rules
from laddverk.diagnostics.remedies.model import Action, Attempt, Decision, Network, Patient, Step, Stop, Wait
from laddverk.kernel.ids import SiteId, StationId, new_id

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
NETWORK = Network(stations=200)
PATIENT = Patient(
    incident_id=IncidentId(new_id()),
    family=Family.STUCK_STATE,
    severity=Severity.DOWN,
    opened_at=NOW - timedelta(hours=1),
    station_id=StationId(new_id()),
    site_id=SiteId(new_id()),
    evse_number=1,
    model="T22",
)


def decided(patient: Patient = PATIENT, network: Network = NETWORK, now: datetime = NOW) -> Decision:
    return rules.next_step(patient, network, now)


def action(decision: Decision) -> Action:
    assert isinstance(decision, Step), decision
    return decision.action


def tried(*actions: Action, ago: timedelta = timedelta(days=2), state: str = "confirmed") -> Patient:
    return replace(PATIENT, attempts=tuple(Attempt(action=each, at=NOW - ago, state=state) for each in actions))


SMALL = (Action.ASK_STATE, Action.MAKE_OPERATIVE, Action.UNLOCK, Action.UNLOCK)


def test_the_smallest_step_comes_first() -> None:
    assert action(decided()) is Action.ASK_STATE


def test_the_ladder_is_climbed_to_its_end() -> None:
    patient, done, now = PATIENT, [], NOW
    for _ in range(20):
        decision = decided(patient, now=now)
        if isinstance(decision, Stop):
            break
        if isinstance(decision, Wait):
            now = decision.until
            continue
        done.append(decision.action)
        attempt = Attempt(action=decision.action, at=now, state="confirmed")
        resets = (*patient.resets, now) if decision.action.is_reset else patient.resets
        patient = replace(patient, attempts=(*patient.attempts, attempt), resets=resets)
    assert done == [*SMALL, Action.RESET_SOFT, Action.RESET_HARD, Action.WORK_ORDER]


@pytest.mark.parametrize("family", sorted(rules.HANDS_OFF - {Family.SECURITY}))
def test_no_safety_family_is_ever_started_again(family: Family) -> None:
    patient = replace(PATIENT, family=family, severity=Severity.SAFETY)
    assert action(decided(patient)) is Action.TAKE_OUT_OF_SERVICE
    assert not any(step.is_reset for step in rules.LADDERS[family])


def test_a_safety_code_in_a_harmless_family_forbids_a_reset_too() -> None:
    assert action(decided(replace(tried(*SMALL), is_safety=True))) is Action.WORK_ORDER


def test_with_a_safety_code_nothing_is_put_back_into_service_or_let_go() -> None:
    assert action(decided(replace(tried(Action.ASK_STATE), is_safety=True))) is Action.WORK_ORDER
    dead = replace(PATIENT, family=Family.NO_ENERGY, is_safety=True, attempts=tried(Action.ASK_STATE).attempts)
    assert action(decided(dead)) is Action.TAKE_OUT_OF_SERVICE


def test_settings_are_not_written_while_somebody_charges() -> None:
    drifted = replace(PATIENT, family=Family.CONFIGURATION)
    assert isinstance(decided(replace(drifted, sessions_open=1)), Wait)
    assert action(decided(drifted)) is Action.APPLY_TEMPLATE


@pytest.mark.parametrize(
    "busy",
    [
        {"sessions_open": 1},
        {"starts_pending": 1},
        {"last_queued_at": NOW - timedelta(seconds=30)},
        {"connected": False},
        {"resets": (NOW - timedelta(hours=3), NOW - timedelta(hours=20))},
    ],
    ids=["a session", "somebody about to charge", "messages still coming", "no contact", "twice within a day"],
)
def test_a_reset_waits(busy: dict[str, object]) -> None:
    assert isinstance(decided(replace(tried(*SMALL), **busy)), Wait)
    assert action(decided(tried(*SMALL))) is Action.RESET_SOFT


def test_after_three_resets_in_a_week_somebody_goes_there() -> None:
    resets = tuple(NOW - timedelta(days=days) for days in (2, 4, 6))
    assert action(decided(replace(tried(*SMALL), resets=resets))) is Action.WORK_ORDER


def test_a_soft_reset_is_tried_once() -> None:
    assert action(decided(tried(*SMALL, Action.RESET_SOFT))) is Action.RESET_HARD


def test_pauses_grow() -> None:
    first = tried(*SMALL, Action.RESET_SOFT, ago=timedelta(minutes=14))
    assert isinstance(decided(first), Wait)
    second = tried(*SMALL, Action.RESET_SOFT, Action.RESET_HARD, ago=timedelta(minutes=119))
    assert isinstance(decided(second), Wait)
    assert action(decided(second, now=NOW + timedelta(minutes=2))) is Action.WORK_ORDER


def test_nothing_is_done_while_the_last_step_is_open() -> None:
    assert isinstance(decided(tried(Action.ASK_STATE, state="sent")), Wait)


def test_many_of_a_site_at_once_are_the_site() -> None:
    assert isinstance(decided(network=replace(NETWORK, reached_of_site=3)), Wait)
    assert isinstance(decided(network=replace(NETWORK, reached_of_site=2)), Step)


def test_many_of_the_fleet_at_once_are_the_network() -> None:
    assert isinstance(decided(network=replace(NETWORK, reached_of_fleet=10)), Wait)
    assert isinstance(decided(network=replace(NETWORK, reached_of_fleet=9)), Step)


def test_a_charger_that_still_charges_is_not_started_again_when_people_come() -> None:
    limping = replace(tried(*SMALL), severity=Severity.DEGRADED, busy_hour=True)
    assert isinstance(decided(limping), Wait)
    assert action(decided(replace(limping, severity=Severity.DOWN))) is Action.RESET_SOFT


def test_the_kill_switch_stops_everything() -> None:
    assert isinstance(decided(network=replace(NETWORK, switched_off=True)), Stop)


def test_an_excluded_model_is_left_alone() -> None:
    assert isinstance(decided(network=replace(NETWORK, model_excluded=True)), Stop)


def test_what_is_forbidden_for_a_model_is_passed_over() -> None:
    forbidden = frozenset({Action.RESET_SOFT, Action.RESET_HARD})
    assert action(decided(replace(tried(*SMALL), forbidden=forbidden))) is Action.WORK_ORDER


def test_a_dry_run_only_says_what_it_would_do() -> None:
    until = NOW + timedelta(days=1)
    decision = decided(network=replace(NETWORK, dry_until=until))
    assert isinstance(decision, Step)
    assert decision.dry
    after = decided(network=replace(NETWORK, dry_until=until), now=until)
    assert isinstance(after, Step)
    assert not after.dry


def test_a_session_is_stopped_only_when_it_is_none() -> None:
    climbed = tried(Action.ASK_STATE, Action.MAKE_OPERATIVE)
    assert action(decided(climbed)) is Action.UNLOCK
    assert action(decided(replace(climbed, zombie_session=True, sessions_open=1))) is Action.STOP_SESSION


patients = st.builds(
    Patient,
    incident_id=st.just(PATIENT.incident_id),
    family=st.sampled_from(Family),
    severity=st.sampled_from(Severity),
    is_safety=st.booleans(),
    opened_at=st.just(NOW - timedelta(hours=1)),
    station_id=st.just(PATIENT.station_id),
    site_id=st.just(PATIENT.site_id),
    evse_number=st.integers(0, 2),
    connected=st.booleans(),
    sessions_open=st.integers(0, 2),
    starts_pending=st.integers(0, 1),
    in_hand=st.booleans(),
    last_queued_at=st.none() | st.datetimes(datetime(2026, 5, 4, 2), datetime(2026, 5, 4, 3), timezones=st.just(UTC)),
    zombie_session=st.booleans(),
    attempts=st.lists(
        st.builds(
            Attempt,
            action=st.sampled_from(Action),
            at=st.datetimes(datetime(2026, 5, 3), datetime(2026, 5, 4, 3), timezones=st.just(UTC)),
            state=st.sampled_from(["queued", "sent", "accepted", "confirmed", "refused", "timed_out"]),
        ),
        max_size=6,
    ).map(lambda given: tuple(sorted(given, key=lambda one: one.at))),
    resets=st.lists(
        st.datetimes(datetime(2026, 4, 26), datetime(2026, 5, 4, 3), timezones=st.just(UTC)), max_size=5
    ).map(tuple),
    busy_hour=st.booleans(),
    forbidden=st.frozensets(st.sampled_from(Action), max_size=3),
)

networks = st.builds(
    Network,
    switched_off=st.booleans(),
    model_excluded=st.booleans(),
    stations=st.integers(1, 1000),
    reached_of_site=st.integers(0, 5),
    reached_of_fleet=st.integers(0, 60),
)


@given(patients, networks)
def test_no_history_leads_to_an_unsafe_step(patient: Patient, network: Network) -> None:
    decision = rules.next_step(patient, network, NOW)
    if not isinstance(decision, Step):
        assert not isinstance(decision, Wait) or decision.until > NOW
        return
    assert not network.switched_off
    assert not network.model_excluded
    assert decision.action not in patient.forbidden
    assert network.reached_of_site < rules.SITE_MAX
    if patient.is_safety or patient.severity is Severity.SAFETY or patient.family in rules.HANDS_OFF:
        assert decision.action in {Action.ASK_STATE, Action.TAKE_OUT_OF_SERVICE, Action.WORK_ORDER}
    if decision.action in {Action.UNLOCK, Action.APPLY_TEMPLATE}:
        assert not patient.sessions_open
    if decision.action.is_reset:
        assert patient.connected
        assert not patient.sessions_open
        assert not patient.starts_pending
        assert not patient.in_hand
        assert not patient.is_safety
        assert patient.severity is not Severity.SAFETY
        assert patient.family not in rules.HANDS_OFF
        assert sum(1 for at in patient.resets if at > NOW - timedelta(days=7)) < rules.RESETS_WEEK_MAX
        assert sum(1 for at in patient.resets if at > NOW - timedelta(days=1)) < rules.RESETS_DAY_MAX


def test_what_could_not_be_done_for_a_day_is_not_waited_for() -> None:
    held = replace(tried(*SMALL), sessions_open=1)
    assert isinstance(decided(held), Wait)
    assert action(decided(replace(held, opened_at=NOW - rules.PATIENCE))) is Action.WORK_ORDER
