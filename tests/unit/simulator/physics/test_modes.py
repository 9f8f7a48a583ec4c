"""The tables of faults and nuisances: complete, seeded, described, and of causes that the network knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from laddverk.diagnostics.model import Family
from laddverk.simulator.car import Supply
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware
from laddverk.simulator.physics import described, nuisances, patrons
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import MODES, Shape
from laddverk.simulator.physics.nuisances import NUISANCES
from laddverk.simulator.physics.town import Fault, Resident, Town
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm

SINCE = datetime(2026, 3, 8, 5, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
PAGE = Path(__file__).parents[4] / "docs" / "fault-modes.md"


class Silent:
    """A wire that leads nowhere, and writes down what was wished."""

    def __init__(self) -> None:
        self.wishes: list[tuple] = []
        self.now = SINCE

    def down(self, box: Box) -> None:
        self.wishes.append(("down", box.hardware.identity))

    def up(self, box: Box) -> None:
        self.wishes.append(("up", box.hardware.identity))
        box.connected(SINCE)
        box.booted = True

    def start(self, box: Box, number: int, token: str) -> None:
        box.remote_start(number, token, "Central", 1, self.now)

    def limit(self, boxes, amperes: float, until: datetime) -> None:
        self.wishes.append(("limit", amperes, len(boxes)))


def town(mode: str | None = None, *, seed: int = 1, days: float = 3, dc: bool = False) -> Town:
    supply = Supply(0, 400.0, 150_000) if dc else THREE_PHASE_22KW
    fault = Fault(mode=MODES[mode], onset=SINCE + timedelta(days=1)) if mode else None
    weather = Weather(seed)
    residents = [
        Resident(
            box=Box(Hardware(f"T{number}", outlets=(supply,)), weather, Random(number)),
            site=number // 2, rhythm=Rhythm.PUBLIC, per_day=4.0, fault=fault if number == 0 else None,
        )
        for number in range(4)
    ]  # fmt: skip
    made = Town(residents, Silent(), weather, seed=seed, since=SINCE, until=SINCE + timedelta(days=days), zone=ZONE)
    for one in residents:
        one.box.connected(SINCE)
        one.box.booted = True
    return made


def lived(made: Town) -> list:
    """Let a town live to its end; return everything its chargers said, and when."""
    heard: list = []
    for one in made.residents:
        one.box.witness = lambda item, name=one.box.hardware.identity: heard.append(
            (name, type(item).__name__, item.at)
        )
    while (at := made.next_at()) is not None:
        made.wire.now = at
        made.step(at)
    return heard


def test_there_are_at_least_24_modes_of_all_shapes_and_12_nuisances():
    assert len(MODES) >= 24
    assert len(NUISANCES) >= 12
    assert {mode.shape for mode in MODES.values()} == set(Shape)


def test_the_right_causes_are_families_of_the_network():
    known = {family.value for family in Family}
    for mode in MODES.values():
        assert {family for causes in mode.causes for family in causes} <= known
    assert {family for one in NUISANCES.values() for family in one.tellable} <= known


def test_two_at_once_have_two_causes_to_be_found():
    assert all((len(mode.causes) == 2) == (mode.shape is Shape.DOUBLE) for mode in MODES.values())


def test_the_page_of_fault_modes_is_as_the_tables():
    assert described.written(PAGE.read_text(encoding="utf-8")) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODES)
def test_every_mode_changes_what_a_charger_is(name: str):
    mode = MODES[name]
    made = town(name, dc=mode.power == "dc").residents[0].box
    before = (repr(made.parts), repr(made.station), made.clock_lost_at_restart, made.outlets[1].status)
    mode.wear(made, 1.0)
    if mode.ends is not None:
        mode.ends(made, SINCE)
    assert (repr(made.parts), repr(made.station), made.clock_lost_at_restart, made.outlets[1].status) != before or (
        mode.by_firmware
    )


@pytest.mark.parametrize("name", NUISANCES)
def test_every_nuisance_passes_over_a_town(name: str):
    made = town(days=6)
    came = nuisances.come_over(made, [name], after=SINCE + timedelta(days=1))
    assert SINCE < came[name] < made.until
    assert lived(made)


def test_the_same_seed_gives_the_same_day_and_another_seed_another():
    assert lived(town(seed=5)) == lived(town(seed=5))
    assert lived(town(seed=5)) != lived(town(seed=6))


def test_the_twin_sees_the_same_until_the_fault_begins():
    onset = SINCE + timedelta(days=1)
    faulty = [each for each in lived(town("silent_no_energy")) if each[2] < onset]
    well = [each for each in lived(town()) if each[2] < onset]
    assert faulty == well
    assert faulty


def test_people_come_whatever_is_wrong():
    usual = patrons.Regular(
        name="T0/1", rhythm=Rhythm.PUBLIC, per_day=4.0, cards=patrons.cards(1, 0, 40), zone=ZONE
    )  # fmt: skip
    week = list(patrons.visits(1, usual, SINCE, SINCE + timedelta(days=7)))
    assert week == list(patrons.visits(1, usual, SINCE, SINCE + timedelta(days=7)))
    assert 12 < len(week) < 50
    assert len({visit.token for visit in week}) > 5
    assert all(visit.at.second == 0 for visit in week)


def test_a_site_without_power_is_away_and_the_town_remembers_it():
    made = town(days=6)
    nuisances.come_over(made, ["site_outage"], after=SINCE + timedelta(days=1))
    lived(made)
    long_ones = [one for one in made.away if one.until - one.since > timedelta(hours=2)]
    assert {made.residents[int(one.identity[1:])].site for one in long_ones} in ({0}, {1})
    assert len(long_ones) == 2


def test_the_network_is_asked_for_its_own_limits_every_evening():
    made = town(days=6)
    nuisances.come_over(made, ["own_limits"], after=SINCE + timedelta(days=1))
    lived(made)
    assert ("limit", 8.0, 2) in made.wire.wishes
