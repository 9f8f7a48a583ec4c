"""What a status means, which station an image is for, and when a campaign may ask."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from laddverk.firmware import rules
from laddverk.firmware.model import Plan, Stage, Step, UpdateState, Window
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import FirmwareStatus, LogStatus

NIGHT = Window(time(22), time(5))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def steps(*states, stage=1):
    return [Step(station_id=UUID(int=number), stage=stage, state=state) for number, state in enumerate(states)]


def test_the_first_failure_of_the_one_station_that_goes_first_stops_all():
    plan = Plan(stages=(Stage(count=1), Stage()), failed_share=0.02)
    known = [*steps(UpdateState.FAILED), Step(station_id=UUID(int=9), stage=2, state=UpdateState.QUEUED)]
    assert rules.decide(plan, known, NOW).abort == "failed_share"


def test_a_failure_below_the_share_of_its_stage_does_not_stop():
    plan = Plan(stages=(Stage(),), failed_share=0.02, at_once=5)
    known = steps(UpdateState.FAILED, *[UpdateState.QUEUED] * 99)
    assert len(rules.decide(plan, known, NOW).ask) == 5
    known = steps(UpdateState.FAILED, UpdateState.FAILED, *[UpdateState.QUEUED] * 98)
    assert rules.decide(plan, known, NOW).abort == "failed_share"


def test_what_was_forgiven_does_not_stop_again():
    plan = Plan(stages=(Stage(),), failed_share=None, failed_count=1)
    forgiven = Step(station_id=UUID(int=1), stage=1, state=UpdateState.FAILED, forgiven=True)
    assert rules.decide(plan, [forgiven], NOW).done


@pytest.mark.parametrize(
    ("hour_utc", "inside"), [(20, False), (21, True), (23, True), (0, True), (3, True), (4, False), (12, False)]
)
def test_the_night_is_that_of_the_wall_clock_and_passes_midnight(hour_utc, inside):
    assert rules.within(NIGHT, "Europe/Stockholm", datetime(2026, 11, 21, hour_utc, 30, tzinfo=UTC)) is inside


def test_nobody_is_asked_outside_the_window():
    plan = Plan(stages=(Stage(),), window=NIGHT)
    assert rules.decide(plan, steps(UpdateState.QUEUED), NOW).ask == ()


@pytest.mark.parametrize(
    ("vendor", "model", "fitting"),
    [("Acme", "W*", True), ("", "", True), ("acme", "wall 22", True), ("Acme", "X*", False), ("Acme", "Wall", False)],
)
def test_a_pattern_says_which_chargers_an_image_is_for(vendor, model, fitting):
    assert rules.fits(vendor, model, "Acme", "Wall 22") is fitting


def test_brackets_in_a_model_mean_themselves():
    assert rules.fits("", "Box [AC]", "Acme", "Box [AC]")
    assert not rules.fits("", "Box [AC]", "Acme", "Box A")


@pytest.mark.parametrize(
    ("one", "other", "same"), [("v2.1.0", "2.1.0 ", True), ("2.1.0", "2.1.0-rc1", False), ("V2", "v2", True)]
)
def test_a_version_is_the_same_with_and_without_its_v(one, other, same):
    assert rules.same_version(one, other) is same


def test_a_charger_that_goes_back_to_downloading_stays_where_it_was():
    assert rules.after_status(UpdateState.INSTALLING, FirmwareStatus.DOWNLOADING) is UpdateState.INSTALLING
    assert rules.after_status(UpdateState.DOWNLOADING, FirmwareStatus.IDLE) is UpdateState.DOWNLOADING


def test_booting_with_another_version_decides_nothing_yet():
    assert rules.after_boot(UpdateState.REBOOTING, "2.0", "1.0") is UpdateState.REBOOTING
    assert rules.after_boot(UpdateState.REBOOTING, "2.0", "v2.0") is UpdateState.VERIFIED
    assert rules.after_boot(UpdateState.QUEUED, "2.0", "2.0") is UpdateState.QUEUED


def test_silence_ends_what_is_in_hand_and_never_what_waits():
    long_ago = NOW - timedelta(days=2)
    assert rules.is_overdue(UpdateState.INSTALLING, long_ago, NOW)
    assert not rules.is_overdue(UpdateState.QUEUED, long_ago, NOW)
    assert not rules.is_overdue(UpdateState.VERIFIED, long_ago, NOW)


def test_all_of_2x_and_the_security_extension_of_16_know_signatures():
    assert rules.knows_signatures("ocpp2.0.1", [])
    assert rules.knows_signatures("ocpp1.6", ["HeartbeatInterval", "CpoName"])
    assert not rules.knows_signatures("ocpp1.6", ["HeartbeatInterval"])
    assert not rules.knows_signatures(None, [])


@pytest.mark.parametrize(
    "plan",
    [
        Plan(stages=()),
        Plan(stages=(Stage(count=0),)),
        Plan(stages=(Stage(percent=101),)),
        Plan(at_once=0),
        Plan(at_once=201),
        Plan(failed_share=None, failed_count=None),
        Plan(failed_share=1.5),
        Plan(failed_count=0, failed_share=None),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan):
    with pytest.raises(Invalid):
        rules.checked(plan)


def test_the_file_itself_is_what_counts_for_a_log():
    assert rules.log_after("asked", LogStatus.UPLOADING) == "uploading"
    assert rules.log_after("uploading", LogStatus.UPLOADED) == "uploaded"
    assert rules.log_after("received", LogStatus.UPLOAD_FAILURE) == "received"
    assert rules.log_after("uploading", LogStatus.PERMISSION_DENIED) == "failed"
    assert rules.log_after("uploading", LogStatus.IDLE) == "uploading"
