"""Decisions about lists and reservations: what is sent next, what an answer means, what stands in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.authorisation import list_rules, offline, reservation_rules
from laddverk.authorisation.model import (
    Asked,
    Difference,
    Held,
    Keeper,
    ListState,
    Place,
    ReservationState,
    Scope,
    Spot,
    Wish,
)
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.ocpp.commands import ReadLocalListVersion, SendLocalList
from laddverk.ocpp.facts import Variable
from laddverk.stations.model import CommandState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATION = StationId(new_id())
KEEPER = Keeper(
    station_id=STATION, site_id=new_id(), protocol="ocpp1.6", connected=True, retired=False, scope=Scope.ALL, version=4,
    known_at=NOW, needs_full=False, state=ListState.WAITING, command_id=None, tries=0, next_try_at=None,
    length_max=None, per_message_max=None, vendor="", model="", firmware="",
)  # fmt: skip
GONE = Difference(token_uid="04A1", token_type="ISO14443", valid_until=None, group_code="", is_gone=True)
NEW = Difference(token_uid="04B2", token_type="ISO14443", valid_until=None, group_code="FLEET7", is_gone=False)
SENT = SendLocalList(version=5, is_full=False)


def keeper(**changes):
    return msgspec.structs.replace(KEEPER, **changes)


def place(*statuses, held=(), **changes):
    spots = tuple(Spot(number, "type2", status) for number, status in enumerate(statuses, start=1))
    known = {"protocol": "ocpp2.0.1", "connected": True, "retired": False, **changes}
    return Place(station_id=STATION, site_id=new_id(), spots=spots, held=held, **known)


def held_at(evse_number):
    return Held(id=new_id(), evse_number=evse_number, driver_id=None, token_uid="X")


def test_an_unknown_version_is_asked_for_before_anything_is_sent():
    assert isinstance(list_rules.next_command(keeper(known_at=None), [NEW]), ReadLocalListVersion)
    assert list_rules.next_command(keeper(known_at=None, scope=Scope.OFF, version=0), []) is None


def test_what_is_different_is_sent_with_the_next_version_and_who_left_without_a_standing():
    sent = list_rules.next_command(KEEPER, [GONE, NEW])
    assert isinstance(sent, SendLocalList)
    assert (sent.version, sent.is_full) == (5, False)
    assert [entry.authorisation for entry in sent.entries] == [None, "Accepted"]
    assert list_rules.next_command(KEEPER, []) is None


def test_a_list_that_is_not_what_we_believe_begins_anew_also_when_nothing_belongs_into_it():
    emptied = list_rules.next_command(keeper(needs_full=True), [])
    assert isinstance(emptied, SendLocalList)
    assert emptied.is_full
    assert emptied.entries == ()
    assert list_rules.next_command(keeper(needs_full=True, version=0), []) is None


def test_nothing_is_sent_while_something_is_under_way_or_rests():
    for changes in (
        {"command_id": new_id()}, {"connected": False}, {"retired": True}, {"state": ListState.UNSUPPORTED},
        {"next_try_at": NOW + timedelta(seconds=1)},
    ):  # fmt: skip
        assert not list_rules.is_to_be_asked(keeper(**changes), NOW)
    assert list_rules.is_to_be_asked(keeper(next_try_at=NOW), NOW)


def test_a_mismatch_asks_at_once_a_failure_rests_longer_each_time_and_is_shown_in_the_end():
    mismatch = list_rules.list_taken(KEEPER, SENT, CommandState.REFUSED, "VersionMismatch", NOW)
    assert (mismatch.known_at, mismatch.needs_full, mismatch.goes_on) == (None, True, True)
    rests = []
    for tries in range(4):
        failed = list_rules.list_taken(keeper(tries=tries), SENT, CommandState.REFUSED, "Failed", NOW)
        rests.append(failed.next_try_at)
    assert rests == sorted(rests)
    assert failed.state is ListState.FAILED


def test_only_an_acceptance_changes_what_we_believe_the_charger_holds():
    for state in CommandState:
        change = list_rules.list_taken(KEEPER, SENT, state, "word", NOW)
        assert change.takes_entries is (state is CommandState.CONFIRMED)


def test_limits_of_the_charger_hold_and_ours_beyond_them():
    assert list_rules.length_max(keeper(length_max=10)) == 10
    assert list_rules.length_max(keeper(length_max=10**6)) == list_rules.LENGTH_MAX
    assert list_rules.length_max(keeper(scope=Scope.OFF, length_max=10)) == 0
    assert list_rules.per_message_max(keeper(per_message_max=0)) == list_rules.PER_MESSAGE_MAX
    assert list_rules.tag_length_max(KEEPER) == 20
    assert list_rules.tag_length_max(keeper(protocol="ocpp2.1")) == 36


def test_a_free_outlet_can_be_reserved_once():
    wish = Wish(station_id=STATION, evse_number=1)
    assert reservation_rules.why_not(wish, place("available", "charging")) is None
    for full in (
        place("charging"), place("available", held=(held_at(1),)), place("available", connected=False),
        place("available", retired=True), place("available", held=(held_at(None),)),
    ):  # fmt: skip
        assert isinstance(reservation_rules.why_not(wish, full), Conflict)
    assert isinstance(reservation_rules.why_not(Wish(station_id=STATION, evse_number=9), place("available")), Invalid)


def test_any_outlet_can_be_reserved_as_often_as_outlets_are_free():
    wish = Wish(station_id=STATION)
    assert reservation_rules.why_not(wish, place("available", "available", held=(held_at(None),))) is None
    assert reservation_rules.why_not(wish, place("available", "available", held=(held_at(None), held_at(2))))


def test_a_plug_can_be_reserved_but_not_with_1_6():
    wish = Wish(station_id=STATION, connector_type="type2")
    assert reservation_rules.why_not(wish, place("available")) is None
    assert reservation_rules.why_not(wish, place("available", protocol="ocpp1.6"))


@given(st.integers())
def test_a_driver_reserves_for_an_hour_at_most(minutes):
    wish = Wish(station_id=STATION, evse_number=1, minutes=minutes)
    if 5 <= minutes <= 60:
        reservation_rules.check_wish(wish, by_driver=True)
    else:
        with pytest.raises(Invalid):
            reservation_rules.check_wish(wish, by_driver=True)


def test_who_did_not_come_three_times_reserves_no_more_by_themselves():
    reservation_rules.check_driver(Asked(active=0, no_shows=2))
    with pytest.raises(NotAllowed):
        reservation_rules.check_driver(Asked(active=0, no_shows=3))
    with pytest.raises(Conflict):
        reservation_rules.check_driver(Asked(active=1, no_shows=0))


def test_a_word_that_nobody_knows_releases_a_reservation_all_the_same():
    assert reservation_rules.released("Expired") is ReservationState.EXPIRED
    assert reservation_rules.released("NoTransaction") is ReservationState.EXPIRED
    assert reservation_rules.released("Whatever") is ReservationState.REMOVED


def test_each_version_is_told_in_its_own_words_and_only_what_differs():
    told = [Variable(component="authctrlr", variable="LOCALAUTHORIZEOFFLINE", value="True")]
    shown = offline.settings(told, is_16=False)
    assert [one.is_on for one in shown] == [True, None, None, None, None, None]
    wanted = {"known": True, "unknown": False}
    (command,) = offline.changes(wanted, shown, is_16=False)
    assert (command.component, command.variable, command.value) == (
        "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false",
    )  # fmt: skip
    old = offline.changes(wanted, offline.settings([], is_16=True), is_16=True)
    assert [one.variable for one in old] == ["LocalAuthorizeOffline", "AllowOfflineTxForUnknownId"]
