"""What a charger does when its parts are worn, said in the words of the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from laddverk.ocpp.facts import Status
from laddverk.simulator.car import Car, Supply
from laddverk.simulator.model import Ended, Hardware, Sampled, Started, StatusChanged, Verdict
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES
from laddverk.simulator.physics.weather import Weather

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
HUNGRY = Car(77_000, 12_000.0, phases=3, current_max_a=32.0, dc_max_w=150_000)
HOUR = timedelta(hours=1)


def box(*, dc: bool = False) -> Box:
    supply = Supply(0, 400.0, 150_000) if dc else Supply(3, 32.0, 22_000)
    made = Box(Hardware("B1", outlets=(supply,)), Weather(1), Random(1))
    made.connected(START)
    made.booted = True
    made.outbox.clear()
    return made


def charging(made: Box, at: datetime = START) -> Box:
    """Plug in a hungry car and start."""
    made.plug(1, Car(77_000, 12_000.0, phases=3, current_max_a=32.0, dc_max_w=150_000), at)
    made.pass_to(1, at)
    made.remote_start(1, "04AA", "ISO14443", 7, at)
    return made


def said(made: Box, kind: type) -> list:
    return [item for item in made.outbox if isinstance(item, kind)]


def test_a_healthy_box_charges_and_shows_phases_volts_heat_and_what_it_offers():
    made = charging(box())
    made.pass_to(1, START + HOUR)
    shown = made.reading(1, START + HOUR)
    assert shown.currents_a == (32.0, 32.0, 32.0)
    assert shown.offered_a == 32.0
    assert len(shown.voltages_v) == 3
    assert all(225 < volts < 233 for volts in shown.voltages_v)
    assert 20_000 < shown.register_wh < 23_000
    assert shown.contact_c is not None
    assert 15 < shown.contact_c < 45


def test_worn_contacts_run_hotter_at_the_same_current():
    healthy, worn = charging(box()), charging(box())
    MODES["contact_heating"].wear(worn, 1.0)
    for each in (healthy, worn):
        each.pass_to(1, START + HOUR)
    assert worn.contact_c[1] > healthy.contact_c[1] + 25


def test_a_clogged_filter_heats_the_cabinet_and_a_hot_one_gives_half():
    healthy, worn = charging(box(dc=True)), charging(box(dc=True))
    MODES["cooling_clog"].wear(worn, 0.9)
    for each in (healthy, worn):
        each.pass_to(1, START + HOUR / 3)
    assert worn.cabinet_c > healthy.cabinet_c + 10
    full_w = worn.drawn(worn.outlets[1]).power_w
    worn.cabinet_c = 65.0
    assert worn.drawn(worn.outlets[1]).power_w == 75_000 < full_w


def test_silent_no_energy_looks_like_charging_and_gives_nothing():
    made = box()
    MODES["silent_no_energy"].wear(made, 1.0)
    charging(made).pass_to(1, START + HOUR)
    assert made.outlets[1].status is Status.CHARGING
    assert made.reading(1, START + HOUR).power_w == 0
    made.unplug(1, START + HOUR)
    started, ended = said(made, Started)[0], said(made, Ended)[0]
    assert ended.reading.register_wh == started.reading.register_wh
    assert ended.reason == "EVDisconnected"


def test_a_meter_that_stands_still_shows_current_and_counts_nothing():
    made = box()
    MODES["meter_stuck"].wear(made, 1.0)
    charging(made).pass_to(1, START + HOUR)
    shown = made.reading(1, START + HOUR)
    assert shown.register_wh == 0
    assert shown.currents_a[0] > 30


def test_a_lost_phase_is_shown_as_a_phase_without_current():
    made = charging(box())
    MODES["phase_loss"].wear(made, 1.0)
    assert made.reading(1, START).currents_a == (32.0, 32.0, 0.2)


def test_half_the_modules_give_half_the_power():
    made = charging(box(dc=True))
    full = made.drawn(made.outlets[1]).power_w
    MODES["module_loss"].wear(made, 1.0)
    assert made.drawn(made.outlets[1]).power_w <= 75_000 < full


def test_a_lock_that_does_not_close_starts_nothing_and_says_so_without_being_faulted():
    made = box()
    made.parts[1].lock_fails = 1.0
    charging(made)
    assert not said(made, Started)
    assert [item.error_code for item in said(made, StatusChanged)][-1] == "ConnectorLockFailure"
    assert made.outlets[1].status is Status.PREPARING


def test_a_residual_current_device_trips_and_comes_back_by_itself():
    made = charging(box())
    made.parts[1].earth_trips = 1_000.0
    made.pass_to(1, START + HOUR / 6)
    assert made.outlets[1].status is Status.FAULTED
    assert made.outlets[1].error_code == "GroundFailure"
    assert said(made, Ended)[0].reason == "Other"
    made.parts[1].earth_trips = 0.0
    made.pass_to(1, START + HOUR)
    assert made.outlets[1].status is Status.PREPARING


def test_an_outlet_that_does_not_notice_the_cable_is_of_no_use_until_it_is_restarted():
    made = charging(box())
    made.parts[1].stays_finishing = 1.0
    made.unplug(1, START + HOUR)
    assert made.outlets[1].status is Status.FINISHING
    assert not made.free(1)
    made.reset("SoftReset", START + 2 * HOUR)
    assert made.free(1)
    assert not made.resets[0].cut_a_session


def test_a_transaction_that_never_ends_ends_when_the_next_car_comes():
    made = charging(box())
    made.parts[1].never_ends = 1.0
    made.unplug(1, START + HOUR)
    assert made.outlets[1].status is Status.AVAILABLE
    assert made.outlets[1].charging is not None
    assert not said(made, Ended)
    made.plug(1, HUNGRY, START + 5 * HOUR)
    assert len(said(made, Ended)) == 1


def test_a_reset_that_cuts_a_session_is_remembered_as_one_that_must_not_be():
    made = charging(box())
    made.reset("HardReset", START + HOUR)
    assert made.resets[0].cut_a_session


def test_a_reset_of_one_outlet_counts_only_when_it_is_carried_out():
    made = charging(box())
    assert not made.reset_outlet(1, "SoftReset", START + HOUR, at_once=False)
    assert made.resets == []
    assert made.reset_outlet(1, "HardReset", START + HOUR, at_once=True)
    assert made.resets[0].cut_a_session


def test_a_reset_of_what_people_may_be_hurt_by_is_remembered_as_unsafe():
    made = box()
    MODES["cable_cut"].ends(made, START)
    made.reset("SoftReset", START + HOUR)
    assert made.resets[0].was_unsafe
    assert not made.resets[0].cut_a_session


def test_a_dead_reader_sees_no_card_and_a_garbling_one_another():
    made = box()
    made.station.reader_misses = 1.0
    made.present(1, "04AABBCCDDEEFF", START)
    assert not made.outbox
    made.station.reader_misses, made.station.reader_garbles = 0.0, 1.0
    made.present(1, "04AABBCCDDEEFF", START)
    assert made.outbox[-1].token != "04AABBCCDDEEFF"


def test_a_clock_that_is_wrong_is_wrong_in_everything_that_is_said():
    made = box()
    made.station.clock_off_s = 600.0
    charging(made, made.time(START))
    assert said(made, Started)[0].at == START + timedelta(minutes=10)


def test_the_clock_without_a_battery_begins_in_the_year_2000():
    made = box()
    MODES["clock_lost"].wear(made, 1.0)
    made.restart("PowerUp")
    assert made.time(START).year in (1999, 2000)


def test_a_welded_relay_counts_energy_while_nobody_charges():
    made = box()
    MODES["relay_welded"].wear(made, 1.0)
    made.leak(3.0)
    made.tell_idle(START + 3 * HOUR)
    values = made.outbox[-1].fields["meterValue"][0]["sampledValue"][0]
    assert float(values["value"]) == 180
    assert values["context"] == "Sample.Clock"


def test_a_forgotten_limit_holds_a_car_off_and_is_offered():
    made = charging(box())
    MODES["stuck_limit"].wear(made, 1.0)
    assert made.drawn(made.outlets[1]).power_w == 0
    assert made.reading(1, START).offered_a == 4.0


def test_what_a_box_samples_goes_on_after_the_answer():
    made = charging(box())
    made.answered(said(made, Started)[0], Verdict(number=5), START)
    made.sample(1, made.reading(1, START))
    assert said(made, Sampled)[0].charging.number == 5
