"""A simulated charger that is started from afar with a limit holds the session to it, and no other session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, Schedule
from laddverk.simulator.abilities import smart_charging
from laddverk.simulator.car import Car
from laddverk.simulator.charger import Charger
from laddverk.simulator.model import Hardware

AT = datetime(2026, 10, 24, 20, tzinfo=UTC)


LIMIT = Profile(
    id=7, purpose=Purpose.TX, kind=ProfileKind.RELATIVE, schedules=(Schedule(periods=(Period(limit=8.0),)),)
)  # fmt: skip


@pytest.fixture
def charger() -> Charger:
    made = Charger(Hardware("CP1"))
    made.online = made.booted = True
    return made


def started(charger: Charger, at: datetime) -> None:
    assert charger.remote_start(1, "APP1", "Central", 5, at)
    smart_charging.start_with(charger, 1, LIMIT, at)


def test_the_session_is_held_to_it_from_the_cable_on_and_the_next_one_is_not(charger: Charger) -> None:
    started(charger, AT)
    assert charger.outlets[1].limit_a is None
    charger.plug(1, Car(battery_wh=60_000, charged_wh=20_000), AT + timedelta(seconds=20))
    smart_charging.pass_time(charger, AT + timedelta(seconds=21))
    assert charger.outlets[1].limit_a == 8.0
    charger.unplug(1, AT + timedelta(minutes=5))
    charger.plug(1, Car(battery_wh=60_000, charged_wh=20_000), AT + timedelta(minutes=6))
    charger.begin(1, "OTHER", AT + timedelta(minutes=6))
    smart_charging.pass_time(charger, AT + timedelta(minutes=7))
    assert charger.outlets[1].limit_a is None


def test_a_start_that_nobody_came_for_leaves_no_limit(charger: Charger) -> None:
    started(charger, AT)
    charger.advance(1, 1.0, AT + timedelta(minutes=2))
    smart_charging.pass_time(charger, AT + timedelta(minutes=2))
    charger.begin(1, "OTHER", AT + timedelta(minutes=3))
    smart_charging.pass_time(charger, AT + timedelta(minutes=4))
    assert charger.outlets[1].limit_a is None
