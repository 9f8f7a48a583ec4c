"""A charger decides what to say, whatever the version."""

from datetime import UTC, datetime, timedelta

from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.certificates import Certificates
from laddverk.simulator.abilities.monitoring import Monitoring
from laddverk.simulator.car import Car
from laddverk.simulator.charger import Charger
from laddverk.simulator.memory import recall, remembered
from laddverk.simulator.model import (
    Authorise,
    Boot,
    Ended,
    Hardware,
    Heartbeat,
    Sampled,
    Started,
    StatusChanged,
    Verdict,
)
from tests import pki

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
CARD = "04A2B3C4"


def minutes(count):
    return AT + timedelta(minutes=count)


def a_car(charged_wh=20_000.0):
    return Car(60_000, charged_wh)


def online():
    charger = Charger(Hardware("CP1"))
    charger.connected(AT)
    charger.outbox.clear()
    charger.booted = True
    return charger


def said(charger, kind):
    return [item for item in charger.outbox if isinstance(item, kind)]


def charging():
    charger = online()
    charger.plug(1, a_car(), AT)
    charger.present(1, CARD, AT)
    charger.answered(said(charger, Authorise)[0], Verdict(True), AT)
    charger.outbox.clear()
    return charger


def test_a_charger_boots_before_it_says_anything_else():
    charger = Charger(Hardware("CP1"))
    charger.begin(1, CARD, AT)
    charger.connected(minutes(5))
    assert isinstance(charger.outbox[0], Boot)
    assert isinstance(charger.outbox[-1], Started)


def test_card_and_cable_in_either_order_start_one_transaction():
    for card_first in (True, False):
        charger = online()
        steps = [lambda c: c.plug(1, a_car(), AT), lambda c: c.present(1, CARD, AT)]
        for step in reversed(steps) if card_first else steps:
            step(charger)
        charger.answered(said(charger, Authorise)[0], Verdict(True), AT)
        if card_first:
            charger.plug(1, a_car(), AT)
        assert len(said(charger, Started)) == 1
        assert charger.outlets[1].status is Status.CHARGING


def slow_to_start(seconds=20.0):
    """A charger with a cable in, that has accepted a start from afar and takes its time."""
    charger = online()
    charger.outlets[1].readies_s = seconds
    charger.plug(1, a_car(), AT)
    charger.outbox.clear()
    assert charger.remote_start(1, "APP1", "Central", 5, AT)
    return charger


def passed(charger, seconds, step_s=10):
    for gone_s in range(step_s, seconds + 1, step_s):
        charger.advance(1, step_s, AT + timedelta(seconds=gone_s))


def test_a_charger_that_takes_its_time_begins_when_its_lock_is_closed_and_says_preparing_until_then():
    charger = slow_to_start()
    passed(charger, 10)
    assert (said(charger, Started), charger.outlets[1].status) == ([], Status.PREPARING)
    assert not charger.remote_start(1, "APP2", "Central", 6, AT), "one wish at a time"
    passed(charger, 30)
    (started,) = said(charger, Started)
    assert (started.charging.remote_start_id, started.at) == (5, AT + timedelta(seconds=20))
    assert charger.reading(1, AT).register_wh == 30, "of ten seconds at 11 kW"


def test_a_lock_that_never_closes_or_a_cable_taken_out_begins_nothing_and_keeps_nobody_out():
    for happens in ("never", "unplug", "fail"):
        charger = slow_to_start(3600.0 if happens == "never" else 20.0)
        if happens == "unplug":
            charger.unplug(1, AT)
        elif happens == "fail":
            charger.fail(1, AT, "ConnectorLockFailure")
        passed(charger, 600)
        assert said(charger, Started) == [], happens
        assert charger.outlets[1].token is None, happens
        expected = {"never": Status.PREPARING, "unplug": Status.AVAILABLE, "fail": Status.FAULTED}
        assert charger.outlets[1].status is expected[happens]


def test_a_cable_that_comes_after_the_start_is_locked_first_too():
    charger = online()
    charger.outlets[1].readies_s = 20.0
    assert charger.remote_start(1, "APP1", "Central", 5, AT)
    charger.plug(1, a_car(), AT + timedelta(seconds=50))
    passed(charger, 60)
    assert said(charger, Started) == []
    passed(charger, 70)
    assert len(said(charger, Started)) == 1


def test_a_refused_card_starts_nothing():
    charger = online()
    charger.plug(1, a_car(), AT)
    charger.present(1, CARD, AT)
    charger.answered(said(charger, Authorise)[0], Verdict(False, word="Blocked"), AT)
    assert said(charger, Started) == []
    assert charger.happenings[-1].kind == "refused"


def test_a_start_that_is_refused_afterwards_ends_the_transaction():
    charger = Charger(Hardware("CP1"))
    charger.begin(1, CARD, AT)
    charger.answered(said(charger, Started)[0], Verdict(False, number=7), minutes(1))
    assert said(charger, Ended)[0].reason == "DeAuthorized"


def test_a_card_accepted_without_a_cable_is_forgotten_after_a_minute():
    charger = online()
    charger.remote_start(1, "APP1", "Central", 5, AT)
    charger.advance(1, 1.0, AT + timedelta(seconds=61))
    assert charger.outlets[1].token is None
    assert charger.outlets[1].status is Status.AVAILABLE


def test_energy_in_the_car_is_energy_on_the_meter():
    charger = charging()
    for minute in range(60):
        charger.advance(1, 60.0, minutes(minute))
    assert charger.reading(1, minutes(60)).register_wh == 11_040
    assert charger.outlets[1].car.charged_wh == 31_040


def test_a_full_car_suspends_and_says_so_with_a_reading():
    charger = charging()
    charger.outlets[1].car.charged_wh = 59_950.0
    for minute in range(5):
        charger.advance(1, 60.0, minutes(minute))
    assert charger.outlets[1].status is Status.SUSPENDED_EV
    assert [item.trigger for item in said(charger, Sampled)] == ["ChargingStateChanged"]


def test_the_meter_never_starts_again_from_zero_between_transactions():
    charger = charging()
    charger.advance(1, 3600.0, minutes(60))
    charger.unplug(1, minutes(60))
    charger.begin(1, CARD, minutes(90))
    assert said(charger, Started)[-1].reading.register_wh == said(charger, Ended)[0].reading.register_wh > 0


def test_the_same_card_stops_and_another_one_does_not():
    charger = charging()
    charger.present(1, "0499", minutes(1))
    assert said(charger, Ended) == []
    charger.present(1, CARD, minutes(2))
    assert said(charger, Ended)[0].reason == "Local"


def test_offline_only_what_is_durable_is_kept():
    charger = charging()
    charger.sample(1, charger.reading(1, AT))
    charger.say(Heartbeat(at=AT))
    charger.disconnected()
    charger.present(1, CARD, minutes(1))
    charger.fail(1, minutes(2), "OtherError")
    assert [type(item) for item in charger.outbox] == [Sampled, Ended]
    assert charger.outbox[-1].offline


def test_after_a_lost_link_states_come_first_and_the_queue_after():
    charger = charging()
    charger.disconnected()
    charger.unplug(1, minutes(1))
    charger.connected(minutes(2))
    assert [type(item) for item in charger.outbox] == [StatusChanged, StatusChanged, Ended]


def test_sequence_numbers_have_no_gap():
    charger = charging()
    charger.sample(1, charger.reading(1, AT))
    charger.sample(1, charger.reading(1, minutes(1)))
    charger.unplug(1, minutes(2))
    assert [item.seq for item in charger.outbox if not isinstance(item, StatusChanged)] == [1, 2, 3]


def test_a_stuck_cable_stays_in():
    charger = charging()
    charger.outlets[1].stuck = True
    assert charger.unlock(1, minutes(1)) is False
    assert charger.unplug(1, minutes(1)) is False
    assert charger.outlets[1].car is not None


def test_out_of_service_waits_for_the_transaction_to_end():
    charger = charging()
    assert charger.set_operative(1, False, minutes(1)) is False
    charger.unplug(1, minutes(2))
    assert charger.outlets[1].status is Status.UNAVAILABLE
    assert charger.set_operative(1, True, minutes(3)) is True
    assert charger.outlets[1].status is Status.AVAILABLE


def test_a_power_failure_loses_neither_meter_nor_transaction():
    charger = charging()
    charger.advance(1, 3600.0, minutes(60))
    charger.sample(1, charger.reading(1, minutes(60)))
    again = Charger(Hardware("CP1"))
    assert recall({"CP1": again}, remembered({"CP1": charger})) == 1
    assert again.reading(1, minutes(60)).register_wh == 11_040
    assert again.outbox[0].charging is again.outlets[1].charging


def test_certificates_and_network_profiles_outlive_a_power_failure() -> None:
    charger, again = Charger(Hardware("A", Protocol.V21)), Charger(Hardware("A", Protocol.V21))
    root = pki.entity("Root", ca=True)
    leaf = pki.entity("A", root)
    kept = charger.of(Certificates)
    kept.roots.append(("CSMSRootCertificate", root.certificate))
    kept.own["ChargingStationCertificate"], kept.keys["ChargingStationCertificate"] = [leaf.certificate], leaf.key
    charger.of(Monitoring).profiles[1] = {"ocppCsmsUrl": "wss://x", "securityProfile": 3}
    recall({"A": again}, remembered({"A": charger}))
    found = again.of(Certificates)
    assert (found.roots, found.own) == (kept.roots, kept.own)
    assert found.keys["ChargingStationCertificate"].private_numbers() == leaf.key.private_numbers()
    assert again.of(Monitoring).profiles == charger.of(Monitoring).profiles
