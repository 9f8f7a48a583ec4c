"""Monitors, events, alarms and streams; and what is dropped when it is old."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

from laddverk import wiring
from laddverk.ocpp import facts
from laddverk.ocpp.commands import (
    ClearMonitors,
    CommandOutcome,
    SetMonitors,
    Verdict,
    WantedMonitor,
)
from laddverk.ocpp.facts import Monitor, Variable
from laddverk.platform.database import Database
from laddverk.provisioning import recording, service
from laddverk.stations import service as stations
from tests.integration.provisioning.room import HISTORY, Room, event, told
from tests.integration.provisioning.room import room as room
from tests.integration.stations.field import NOW, TESTS, at

# Monitors, events, streams


def monitors(station_id: Any, seconds: float, *numbers: int, **more: Any) -> facts.MonitorsReported:
    return facts.MonitorsReported(
        station_id=station_id,
        at=at(seconds),
        received_at=at(seconds),
        monitors=tuple(
            Monitor(monitor_id=n, component="EVSE@1", variable="Power", kind="UpperThreshold", value=5000, severity=2)
            for n in numbers
        ),
        **more,
    )


async def test_a_complete_report_of_all_monitors_forgets_the_others(room: Room) -> None:
    async with room.database.transaction() as tx:
        await recording.record_monitors(tx, [monitors(room.station_id, 1, 1, 2, 3)])
        await service.request_monitors(tx, TESTS, room.station_id, at(10))
        number = await tx.value("SELECT request_id FROM station_inventory")
        first = monitors(room.station_id, 11, 1, request_id=number, more_follows=True)
        await recording.record_monitors(tx, [first])
        assert await tx.value("SELECT count(*) FROM station_monitor") == 3
        await recording.record_monitors(tx, [monitors(room.station_id, 12, 2, request_id=number, seq=1)])
        assert await tx.values("SELECT monitor_id FROM station_monitor ORDER BY 1") == [1, 2]


async def test_monitors_that_we_set_are_kept_under_the_numbers_they_got_and_cleared_ones_are_gone(room: Room) -> None:
    wanted = [
        WantedMonitor(component="EVSE@1", variable="Power", kind="UpperThreshold", value=1, severity=4),
        WantedMonitor(component="EVSE@2", variable="Power", kind="Delta", value=2, severity=5),
    ]
    async with room.database.transaction() as tx:
        await stations.request_command(tx, TESTS, room.station_id, SetMonitors(monitors=tuple(wanted)), at(0))
    results = [
        {
            "component": "EVSE@2",
            "variable": "Power",
            "kind": "Delta",
            "severity": 5,
            "status": "Accepted",
            "monitor_id": 8,
        },
        {"component": "EVSE@1", "variable": "Power", "kind": "UpperThreshold", "severity": 4, "status": "Rejected"},
    ]
    await room.answers(1, CommandOutcome(verdict=Verdict.DONE, word="Rejected", detail={"results": results}))
    shown = "SELECT monitor_id, component, kind, value, set_by FROM station_monitor"
    assert await room.rows(shown) == [(8, "EVSE@2", "Delta", 2.0, "tests")]
    async with room.database.transaction() as tx:
        await stations.request_command(tx, TESTS, room.station_id, ClearMonitors(monitor_ids=(8,)), at(2))
    gone = [{"monitor_id": 8, "status": "Accepted"}]
    await room.answers(3, CommandOutcome(verdict=Verdict.DONE, word="Accepted", detail={"results": gone}))
    assert await room.rows(shown) == []


ALARMS = "SELECT severity, raised_at, last_at, cleared_at, tech_code FROM station_alarm"


async def test_an_alarm_that_is_kept_at_the_same_moment_as_its_monitor_gets_its_severity(room: Room) -> None:
    async def set_monitors() -> None:
        async with room.database.transaction() as tx:
            await recording.record_monitors(tx, [monitors(room.station_id, 0, 1)])

    async with room.database.transaction() as tx:
        await recording.record_events(tx, [event(room.station_id, 10)])
        setting = asyncio.create_task(set_monitors())
        await asyncio.wait([setting], timeout=0.3)
    await setting
    assert await room.rows("SELECT severity FROM station_alarm") == [(2,)]


async def test_an_alarm_follows_from_its_events_in_any_order_and_repetition(room: Room) -> None:
    async with room.database.transaction() as tx:
        await recording.record_monitors(tx, [monitors(room.station_id, 0, 1)])
    events = [
        event(room.station_id, 10, tech_code="E1"),
        event(room.station_id, 20, cleared=True),
        event(room.station_id, 30, tech_code="E2"),
        event(room.station_id, 40, value="9500"),
    ]
    for seed in range(3):
        arriving = events + events[:2]
        random.Random(seed).shuffle(arriving)
        async with room.database.transaction() as tx:
            await tx.execute("DELETE FROM station_alarm")
            await tx.execute("DELETE FROM station_event")
            for one in arriving:
                await recording.record_events(tx, [one])
            assert await tx.value("SELECT count(*) FROM station_event") == 4
        assert await room.rows(ALARMS) == [(2, at(30), at(40), None, "E2")]
    async with room.database.transaction() as tx:
        await recording.record_events(tx, [event(room.station_id, 50, cleared=True)])
    assert await room.rows(ALARMS) == [(2, at(30), at(50), at(50), "E2")]


async def test_an_event_of_a_monitor_that_is_known_later_gets_its_severity(room: Room) -> None:
    async with room.database.transaction() as tx:
        await recording.record_events(tx, [event(room.station_id, 1)])
        assert await tx.value("SELECT severity FROM station_alarm") is None
        known = Monitor(monitor_id=1, component="EVSE@1", variable="Power", kind="UpperThreshold", value=1, severity=2)
        report = facts.MonitorsReported(station_id=room.station_id, at=at(2), received_at=at(2), monitors=(known,))
        await recording.record_monitors(tx, [report])
        assert await tx.value("SELECT severity FROM station_alarm") == 2
        assert await tx.value("SELECT severity FROM station_event") == 2


async def test_an_event_tells_the_value_of_a_variable_that_is_known_and_makes_up_none(room: Room) -> None:
    await room.tells(told(room.station_id, 1, Variable(component="EVSE@1", variable="Power", value="0")))
    async with room.database.transaction() as tx:
        await recording.record_events(tx, [event(room.station_id, 5), event(room.station_id, 6, variable="Nothing")])
    assert await room.rows("SELECT variable, value, changed_at FROM station_variable") == [("Power", "9000", at(5))]
    assert (await room.rows(HISTORY))[-1] == ("Power", "9000", "event", "")


async def test_hostile_events_are_kept_within_limits(room: Room) -> None:
    flood = [
        event(room.station_id, n, component="C" * 9_000, variable=f"V{n}", value="x" * 9_000, tech_info="t" * 9_000)
        for n in range(50)
    ]
    async with room.database.transaction() as tx:
        await recording.record_events(tx, flood)
        await recording.record_events(tx, [event(room.station_id, 90, variable="BasicAuthPassword", value="hunter2")])
        assert (
            await tx.value("SELECT max(length(component) + length(value) + length(tech_info)) FROM station_event")
            <= 3_200
        )
        assert await tx.value("SELECT count(*) FROM station_event WHERE value LIKE '%hunter2%'") == 0


async def test_streams_are_let_in_up_to_a_limit_and_their_values_kept_once(room: Room) -> None:
    def opened(number: int) -> facts.StreamOpened:
        return facts.StreamOpened(
            station_id=room.station_id, at=at(0), received_at=at(0), stream_id=number, monitor_id=1, interval_s=10
        )

    async with room.database.transaction() as tx:
        answers = await recording.record_opened_streams(tx, [opened(n) for n in range(25)])
        assert [answer.accepted for answer in answers] == [True] * 20 + [False] * 5
        values = tuple(facts.StreamValue(at(n), str(n)) for n in range(5))
        sent = facts.StreamReceived(station_id=room.station_id, at=at(5), received_at=at(5), stream_id=1, values=values)
        await recording.record_stream_values(tx, [sent, sent])
        await recording.record_stream_values(tx, [sent])
        unknown = facts.StreamReceived(
            station_id=room.station_id, at=at(5), received_at=at(5), stream_id=77, values=values
        )
        await recording.record_stream_values(tx, [unknown])
        assert await tx.value("SELECT count(*) FROM stream_value") == 5
        assert await tx.value("SELECT last_value FROM event_stream WHERE stream_id = 1") == "4"
        closed = facts.StreamClosed(station_id=room.station_id, at=at(9), received_at=at(9), stream_id=1)
        await recording.record_closed_streams(tx, [closed])
        assert await tx.value("SELECT closed_at FROM event_stream WHERE stream_id = 1") == at(9)


async def test_what_is_old_goes_and_present_values_stay(room: Room, database: Database) -> None:
    for seconds in range(5):
        await room.tells(told(room.station_id, seconds, Variable(variable="A", value=str(seconds))))
    async with database.transaction() as tx:
        from laddverk.provisioning.store import monitoring, streams
        from laddverk.stations.store import variables

        await variables.prune_history(tx, NOW + timedelta(days=1), 3)
        await recording.record_events(tx, [event(room.station_id, n, value=str(n)) for n in range(5)])
        await monitoring.drop_old(tx, at(2), 2, 1)
        await streams.drop_old(tx, at(0), 100)
        assert await tx.value("SELECT count(*) FROM station_event") == 2
    assert await room.rows("SELECT value FROM station_variable_change") == [("4",)]


def test_every_job_of_the_room_has_a_handler() -> None:
    kinds = {kind for listeners in wiring.LISTENERS.values() for kind in listeners if kind.startswith("provisioning.")}
    assert kinds == {"provisioning.command_finished", "provisioning.variables_changed"}
