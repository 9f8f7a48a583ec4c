"""Cars come when people come, leave when they leave, and the same seed gives the same day."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from laddverk.ocpp.facts import Status
from laddverk.simulator import garage, places
from laddverk.simulator.car import Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.control import Control
from laddverk.simulator.faults import Misfortune
from laddverk.simulator.fleet import Fleet, Place
from laddverk.simulator.model import THREE_PHASE_22KW, Ended, Hardware, Sampled, Started
from laddverk.simulator.physics import alone
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MONDAY = datetime(2026, 3, 2, 3, tzinfo=UTC)


async def a_fleet(rhythm=Rhythm.PUBLIC, count=10, misfortune=None, supply=THREE_PHASE_22KW):
    links = [Link(Charger(Hardware(f"CP{n}", outlets=(supply,) * 2)), "ws://nowhere", "") for n in range(count)]
    place = Place("Torget", rhythm, links, ["04AA", "04BB"])
    return Fleet([place], clock=lambda: MONDAY, random=Random(7), misfortune=misfortune)


def live(fleet, hours, step_s=20):
    at = MONDAY
    for _ in range(hours * 3600 // step_s):
        fleet.tick(at, at + timedelta(seconds=step_s))
        at += timedelta(seconds=step_s)
    return [item for link in fleet.links for item in link.charger.outbox]


async def test_a_day_of_a_place_has_sessions_with_energy():
    said = live(await a_fleet(), 24)
    ended = [item for item in said if isinstance(item, Ended)]
    assert 15 <= len(ended) <= 80
    assert all(item.reading.register_wh >= item.charging.register_start_wh for item in ended)
    assert sum(item.reading.register_wh - item.charging.register_start_wh for item in ended) > 100_000


async def test_the_same_seed_gives_the_same_day():
    def told(said):
        return [(item.at, item.reading) for item in said if isinstance(item, Started | Ended)]

    assert told(live(await a_fleet(), 12)) == told(live(await a_fleet(), 12)) != []


async def test_readings_never_fall_and_come_every_minute_at_most():
    said = [item for item in live(await a_fleet(), 8) if isinstance(item, Sampled)]
    by_transaction: dict[str, list[Sampled]] = {}
    for item in said:
        by_transaction.setdefault(item.charging.key, []).append(item)
    for items in by_transaction.values():
        registers = [item.readings[0].register_wh for item in items]
        assert registers == sorted(registers)
    assert len(said) > 50


async def test_fast_charging_is_over_within_the_hour():
    fleet = await a_fleet(Rhythm.FAST, supply=Supply(0, 400.0, 150_000))
    said = live(fleet, 12)
    ended = [item for item in said if isinstance(item, Ended)]
    assert ended
    assert all(item.at - item.charging.started_at <= timedelta(hours=1) for item in ended)


async def test_somebody_who_pays_from_afar_takes_the_cable_and_leaves_after_stopping():
    fleet = await a_fleet(count=1)
    charger = fleet.links[0].charger
    charger.remote_start(1, "APP1", "Central", 9, MONDAY)
    fleet.tick(MONDAY, MONDAY + timedelta(seconds=2))
    fleet.tick(MONDAY + timedelta(seconds=2), MONDAY + timedelta(seconds=10))
    assert charger.outlets[1].charging is not None
    charger.remote_stop(charger.outlets[1].charging, MONDAY + timedelta(minutes=5))
    for seconds in (301, 330, 331):
        fleet.tick(MONDAY + timedelta(seconds=seconds - 1), MONDAY + timedelta(seconds=seconds))
    assert charger.outlets[1].status is Status.AVAILABLE


async def test_what_breaks_is_mended_in_the_end():
    fleet = await a_fleet(count=3, misfortune=Misfortune(Random(2), intensity=0.0))
    links = fleet.links
    Control({"CP0": links[0]}, clock=lambda: MONDAY, random=Random(1)).do("CP0 fail 1 GroundFailure E-17")
    assert links[0].charger.outlets[1].status is Status.FAULTED
    assert links[0].charger.plug(1, garage.arriving(Random(1)), MONDAY) is False
    Control({"CP0": links[0]}, clock=lambda: MONDAY, random=Random(1)).do("CP0 mend 1")
    assert links[0].charger.outlets[1].status is Status.AVAILABLE


@pytest.mark.parametrize("line", ["", "CP0", "CP0 dance", "CP9 state", "CP0 plug", "CP0 plug nine", "CP0 plug 9"])
async def test_words_that_mean_nothing_are_answered_with_help(line):
    fleet = await a_fleet(count=1)
    answer = Control({"CP0": fleet.links[0]}, clock=lambda: MONDAY, random=Random(1)).do(line)
    assert answer.startswith("Not understood")


@pytest.mark.parametrize("rhythm", list(Rhythm))
def test_a_day_of_arrivals_is_what_the_habit_says(rhythm):
    tuesday = datetime(2026, 3, 3, tzinfo=STOCKHOLM)
    day = sum(places.arrivals_per_hour(rhythm, tuesday + timedelta(hours=h), STOCKHOLM) for h in range(24))
    assert day == pytest.approx(places.HABITS[rhythm].visits_per_day)


async def test_a_worn_charger_in_a_fleet_gives_no_energy_and_leaks():
    fleet = await a_fleet(count=2)
    worn = Box(Hardware("CP9", outlets=(THREE_PHASE_22KW,) * 8), Weather(1), Random(1))
    fleet.places[0].links.append(Link(worn, "ws://nowhere", ""))
    for name in ("silent_no_energy", "relay_welded"):
        MODES[name].wear(worn, 1.0)
    live(fleet, 24)
    ended = [item for item in worn.outbox if isinstance(item, Ended)]
    assert ended
    assert all(item.reading.register_wh == item.charging.register_start_wh for item in ended)
    assert worn.outlets[1].register_wh > 100  # through the relay, while nobody charges


async def test_a_loose_antenna_loses_the_link_of_a_charger_in_a_fleet():
    worn = Box(Hardware("CP9"), Weather(1), Random(1))
    assert not any(alone.away_s(worn, 60, MONDAY, Random(n)) for n in range(500))
    MODES["loose_antenna"].wear(worn, 1.0)
    assert any(alone.away_s(worn, 60, MONDAY, Random(n)) for n in range(500))
    MODES["modem_dead"].wear(worn, 1.0)
    assert alone.away_s(worn, 2, MONDAY, Random(1)) == alone.GONE_S
