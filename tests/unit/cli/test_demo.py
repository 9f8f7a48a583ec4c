"""The demo's network is possible, and its past could have happened."""

import re
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from laddverk.cli.demo import beginning, past, people
from laddverk.cli.demo.places import BY_HAND, FAULTED, SILENT, SPOTS, stands
from laddverk.cli.demo.prices import TARIFFS
from laddverk.cli.demo.telling import finished_months
from laddverk.kernel.ids import StationId, new_id
from laddverk.ocpp.facts import EnergySampled, SessionEnded, SessionStarted, StatusReported, TokenPresented
from laddverk.simulator.places import Rhythm

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SINCE = datetime(2026, 9, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)


@pytest.fixture(scope="module")
def drivers():
    return people.drivers(Random(people.SEED))


def a_past(rhythm, drivers, seed=4):
    stand = next(stand for stand in stands() if stand.spot.rhythm is rhythm)
    outlet = past.outlets([(stand, StationId(new_id()))], Random(seed))[0]
    return list(past.told(outlet, drivers, SINCE, UNTIL))


def test_there_are_twelve_sites_and_about_sixty_chargers_of_both_versions():
    identities = [stand.identity for stand in stands()]
    assert len(SPOTS) == 12
    assert 55 <= len(identities) == len(set(identities)) <= 65
    assert {SILENT, FAULTED[0], *BY_HAND} <= set(identities)
    assert all(re.fullmatch("[A-Z0-9]{2,8}", spot.code) and spot.tariff in TARIFFS for spot in SPOTS)
    spoken = [stand.kind.protocol.is_16 for stand in stands()]
    assert 20 <= sum(spoken) <= 40


def test_no_two_drivers_share_an_address_or_a_card(drivers):
    cards = [card for person in drivers for card in person.cards]
    assert len({person.email for person in drivers}) == len(drivers) == people.DRIVERS
    assert len(set(cards)) == len(cards)
    assert all(person.email.isascii() and person.email == person.email.lower() for person in drivers)


@pytest.mark.parametrize("rhythm", list(Rhythm))
def test_a_past_is_one_session_after_the_other_with_a_meter_that_never_falls(rhythm, drivers):
    told = a_past(rhythm, drivers)
    assert [fact.at for fact in told] == sorted(fact.at for fact in told)
    register_wh, opened = 0, None
    for fact in told:
        match fact:
            case SessionStarted():
                assert opened is None
                opened = fact.transaction_key
                assert fact.register_wh >= register_wh
                register_wh = fact.register_wh
            case EnergySampled() | SessionEnded():
                shown = fact.register_wh if isinstance(fact, SessionEnded) else fact.sample.energy_wh
                assert shown >= register_wh
                register_wh = shown
                if isinstance(fact, SessionEnded):
                    assert opened in (fact.transaction_key, None)
                    opened = None
    assert opened is None
    assert sum(isinstance(fact, SessionEnded) for fact in told) > 5


def test_no_past_session_is_faster_than_its_outlet(drivers):
    told = a_past(Rhythm.FAST, drivers)
    started = {fact.transaction_key: fact for fact in told if isinstance(fact, SessionStarted)}
    for end in (fact for fact in told if isinstance(fact, SessionEnded) and fact.transaction_key in started):
        begin = started[end.transaction_key]
        hours = (end.at - begin.at).total_seconds() / 3600
        assert end.register_wh - begin.register_wh <= 150_000 * hours * 1.05


def test_a_past_has_refused_cards_and_faults(drivers):
    told = [fact for seed in range(25) for fact in a_past(Rhythm.PUBLIC, drivers, seed)]
    known = {card for person in drivers for card in person.cards}
    assert any(isinstance(fact, TokenPresented) and fact.token_uid not in known for fact in told)
    assert any(isinstance(fact, StatusReported) and fact.error_code for fact in told)


def test_the_same_seed_gives_the_same_past(drivers):
    def content(told):
        return [(fact.at, type(fact)) for fact in told]

    assert content(a_past(Rhythm.WORK, drivers)) == content(a_past(Rhythm.WORK, drivers))


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 8, 31, 22, tzinfo=UTC)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)),
    ],
)
def test_the_past_begins_two_months_before_this_one_in_local_time(now, since):
    assert beginning(now, STOCKHOLM) == since
    assert len(finished_months(since, now, STOCKHOLM)) == 2
