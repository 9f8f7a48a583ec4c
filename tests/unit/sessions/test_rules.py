"""What meters prove, and what is doubted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.kernel.ids import DriverId, PaymentId, new_id
from laddverk.sessions.model import Doubt, Metered, Payer, Point, Reading, Settlement
from laddverk.sessions.rules import charging_end, clock_doubt, metered, payer_doubts, session_energy, settlement_of

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
POWER_MAX_W = 11_000
DRIVER = Payer(accepted=True, driver_id=DriverId(new_id()), settlement="invoice")
NONE: frozenset[Doubt] = frozenset()


def moment(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def at(minutes: float, register_wh: int) -> Reading:
    return Reading(moment(minutes), register_wh)


def proved(found: Metered) -> tuple[int, frozenset[Doubt]]:
    return found.energy_wh, found.doubts


def test_a_reset_in_mid_session_loses_nothing() -> None:
    readings = [at(0, 4_000), at(10, 4_018), at(20, 5), at(30, 11)]
    assert proved(metered(readings, POWER_MAX_W)) == (29, {Doubt.REGISTER_RESET})


def test_a_register_that_steps_back_a_little_adds_nothing() -> None:
    readings = [at(0, 4_000), at(10, 5_000), at(11, 4_990), at(20, 5_500)]
    assert proved(metered(readings, POWER_MAX_W)) == (1_510, {Doubt.REGISTER_WENT_BACK})


def test_another_meter_in_mid_session_adds_nothing_by_itself() -> None:
    readings = [at(0, 5_000_000), at(10, 5_001_000), at(20, 1_200_000), at(30, 1_201_000)]
    assert proved(metered(readings, POWER_MAX_W)) == (2_000, {Doubt.REGISTER_WENT_BACK})


def test_no_reading_is_zero_and_says_so() -> None:
    assert proved(metered([], POWER_MAX_W)) == (0, {Doubt.NO_READINGS})


def test_more_than_the_connector_can_give_is_doubted() -> None:
    assert Doubt.MORE_THAN_POSSIBLE in metered([at(0, 0), at(60, 12_000)], POWER_MAX_W).doubts


def test_a_step_of_a_coarse_register_within_seconds_is_no_doubt() -> None:
    assert metered([at(0, 5_000), at(0.1, 5_100)], POWER_MAX_W).doubts == frozenset()
    assert metered([at(0, 5_000), at(0.1, 5_200)], POWER_MAX_W).doubts == {Doubt.MORE_THAN_POSSIBLE}
    assert metered([at(0, 0), at(60, 11_500)], POWER_MAX_W).doubts == NONE


def test_readings_from_zero_between_lifetime_registers_only_shape_the_curve() -> None:
    found = session_energy(at(0, 4_076_000), [at(10, 104), at(30, 3_000)], at(60, 4_080_000), POWER_MAX_W)
    assert proved(found) == (4_000, {Doubt.RELATIVE_READINGS})
    assert [point.energy_wh for point in found.curve] == [0, 104, 3_000, 4_000]


def test_a_reset_is_not_taken_for_readings_from_zero() -> None:
    found = session_energy(at(0, 4_000), [at(10, 4_500), at(20, 0)], at(30, 500), POWER_MAX_W)
    assert proved(found) == (1_000, {Doubt.REGISTER_RESET})


def test_an_end_below_its_start_is_never_billed_below_zero() -> None:
    energy_wh, doubts = proved(session_energy(at(0, 5_000), [], at(60, 4_900), POWER_MAX_W))
    assert (energy_wh, doubts) == (0, {Doubt.REGISTER_WENT_BACK})


def test_charging_ends_with_the_last_stretch_of_real_power() -> None:
    curve = [Point(moment(0), 0), Point(moment(60), 8_000), Point(moment(120), 8_010), Point(moment(180), 8_020)]
    assert charging_end(curve, moment(0), moment(180)) == moment(60)


def test_with_two_readings_charging_ends_with_the_second() -> None:
    curve = [Point(moment(0), 0), Point(moment(1200), 1_000)]
    assert charging_end(curve, moment(0), moment(1260)) == moment(1200)


def test_a_car_that_never_charged_stood_there_from_the_start() -> None:
    assert charging_end([Point(moment(0), 0), Point(moment(60), 0)], moment(0), moment(60)) == moment(0)


@pytest.mark.parametrize(
    ("wrong_s", "offline", "doubt"),
    [
        (200, True, None),
        (400, False, Doubt.CLOCK_CORRECTED),
        (400, True, Doubt.CLOCK_UNSURE),
        (90_000, False, Doubt.CLOCK_UNSURE),
        (None, False, None),
        (None, True, Doubt.CLOCK_UNSURE),
    ],
)
def test_a_wrong_clock_is_doubted_where_it_matters(wrong_s: float | None, offline: bool, doubt: Doubt | None) -> None:
    said_at = None if wrong_s is None else START - timedelta(seconds=wrong_s)
    assert clock_doubt(START, said_at, offline=offline) == doubt


@pytest.mark.parametrize(
    ("payer", "energy_wh", "doubts", "free", "approved", "settlement"),
    [
        (DRIVER, 1_000, set(), False, False, Settlement.INVOICE),
        (
            Payer(accepted=True, driver_id=DRIVER.driver_id, settlement="card"),
            1,
            set(),
            False,
            False,
            Settlement.PAYMENT,
        ),
        (Payer(accepted=True, payment_id=PaymentId(new_id())), 0, set(), False, False, Settlement.PAYMENT),
        (DRIVER, 1_000, {Doubt.REGISTER_RESET}, False, False, Settlement.REVIEW),
        (DRIVER, 1_000, {Doubt.REGISTER_RESET}, False, True, Settlement.INVOICE),
        (DRIVER, 1_000, {Doubt.RELATIVE_READINGS, Doubt.ESTIMATED_END}, False, False, Settlement.INVOICE),
        (DRIVER, 1_000, set(), True, False, Settlement.FREE),
        (None, 0, set(), False, False, Settlement.FREE),
        (None, 1_000, {Doubt.NO_PAYER}, False, True, Settlement.REVIEW),
        (DRIVER, 1_000, {Doubt.REGISTER_RESET, Doubt.WRITTEN_OFF}, False, False, Settlement.FREE),
    ],
)
def test_a_session_is_settled_by_its_payer_unless_it_is_doubtful(
    payer: Payer | None, energy_wh: int, doubts: set[Doubt], free: bool, approved: bool, settlement: Settlement
) -> None:
    assert settlement_of(payer, energy_wh, frozenset(doubts), free=free, approved=approved) is settlement


def test_who_pays_is_doubted_only_when_there_is_something_to_pay() -> None:
    stranger = Payer(accepted=False)
    assert payer_doubts(stranger, 0, free=False) == NONE
    assert payer_doubts(stranger, 1, free=False) == {Doubt.NOT_AUTHORISED, Doubt.NO_PAYER}
    assert payer_doubts(None, 1, free=True) == NONE
    assert payer_doubts(DRIVER, 1, free=False) == NONE
