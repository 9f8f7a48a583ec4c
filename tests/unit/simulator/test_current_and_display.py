"""A simulated charger's limits and display: its own reckoning against the house's, and what people see on it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.energy.composite import limit_at
from laddverk.energy.model import Feed, Running
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities import display, smart_charging
from laddverk.simulator.abilities.smart_charging import Installed, Profiles
from laddverk.simulator.car import Car, Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect201 import DIALECT_21
from laddverk.simulator.model import Hardware, Started
from tests.property.energy.test_composite import NOW, instant, one_of_each_rank, placed

AC22 = Supply(3, 32.0, 22_000)


def charging(at=NOW, key="tx-1"):
    charger = Charger(Hardware("CP1", protocol=Protocol.V21, outlets=(AC22, AC22)))
    charger.connected(at)
    charger.booted = True
    charger.plug(1, Car(60_000, 20_000.0), at)
    assert charger.begin(1, "04A1", at)
    charger.outlets[1].charging.key = key
    return charger


@settings(max_examples=150, deadline=None)
@given(
    st.lists(placed(), max_size=5, unique_by=lambda one: one.profile.id).filter(one_of_each_rank),
    st.integers(1, 2), st.integers(0, 90), st.booleans(),
)  # fmt: skip
def test_the_charger_and_the_house_come_to_the_same_limit(found, evse, second, priority):
    charger = charging(instant(-30))
    known = charger.of(Profiles)
    known.by_id = {one.profile.id: Installed(one.profile, one.evse_number, one.since) for one in found}
    if priority:
        known.priority.add("tx-1")
    running = Running("tx-1", instant(-30), priority) if evse == 1 else None
    theirs = smart_charging.limit_a(charger, charger.outlets[evse], instant(second))
    ours = limit_at(found, evse, instant(second), Feed(), running).limit_a
    assert (ours is None) == (theirs is None)
    assert ours is None or abs(ours - theirs) < 1e-6


def message(number, text, **more):
    return {"id": number, "priority": "NormalCycle", "message": {"format": "UTF8", "content": text}, **more}


def test_what_is_in_front_stands_alone_and_what_is_over_is_gone():
    charger = charging()
    ends = (NOW + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    charger.of(display.Display).messages = {
        1: message(1, "one"),
        2: message(2, "two", state="Idle"),
        3: message(3, "three", priority="InFront", endDateTime=ends),
    }
    assert display.shows(charger, NOW) == ["three"]
    later = NOW + timedelta(minutes=6)
    display.pass_time(charger, later)
    assert display.shows(charger, later) == ["one"]


def test_the_running_price_stands_on_the_display_until_the_session_ends():
    charger = charging()
    (started,) = [one for one in charger.outbox if isinstance(one, Started)]
    charger.answered(started, DIALECT_21.verdict(started, msgspec.Raw(b'{"totalCost": 12.5}')), NOW)
    assert display.shows(charger, NOW) == ["1: 12.50 SEK"]
    charger.end(1, NOW + timedelta(minutes=1), "Local")
    assert display.shows(charger, NOW + timedelta(minutes=1)) == []
