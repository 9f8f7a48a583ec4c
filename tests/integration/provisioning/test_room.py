"""The device model, templates and monitors of stations, as chargers tell and staff ask, on a real database."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from laddverk import wiring
from laddverk.kernel.actors import Role
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ocpp import facts
from laddverk.ocpp.commands import (
    ClearMonitors,
    CommandOutcome,
    NewValue,
    Reset,
    SetMonitors,
    SetNetworkProfile,
    Verdict,
    WantedMonitor,
    WriteVariables,
)
from laddverk.ocpp.facts import Monitor, Variable
from laddverk.platform.database import Database
from laddverk.provisioning import recording, service
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from tests.integration.stations.field import NOW, TESTS, at, boot, staff, status, with_station

REASON = "as agreed"


def told(station_id: Any, seconds: float, *variables: Variable, request_id: int | None = None, **more: Any) -> Any:
    return facts.VariablesReported(
        station_id=station_id, at=at(seconds), received_at=at(seconds), variables=variables, request_id=request_id,
        **more,
    )  # fmt: skip


def event(station_id: Any, seconds: float, **more: Any) -> facts.EventNotified:
    given = {"event_id": int(seconds), "trigger": "Alerting", "component": "EVSE@1", "variable": "Power", **more}
    return facts.EventNotified(
        station_id=station_id, at=at(seconds), received_at=at(seconds), **{"value": "9000", "monitor_id": 1, **given}
    )


class Room:
    """One station that speaks, and the jobs that follow."""

    def __init__(self, database: Database, station_id: Any) -> None:
        self.database = database
        self.station_id = station_id

    async def speaks(self, protocol: str, vendor: str = "Acme", model: str = "Wall") -> None:
        async with self.database.transaction() as tx:
            await stations.open_connection(tx, self.station_id, protocol, "127.0.0.1", NOW)
            await stations.record_boots(tx, [boot(self.station_id, 0, vendor=vendor, model=model)])

    async def tells(self, *reports: facts.VariablesReported) -> None:
        async with self.database.transaction() as tx:
            await stations.record_variables(tx, reports)
            await recording.record_inventories(tx, reports)

    async def answers(self, seconds: float, outcome: CommandOutcome) -> Any:
        """Answer the oldest command that waits, and let what follows happen; return the command."""
        async with self.database.transaction() as tx:
            (taken, *_) = await stations.take_queued(tx, [self.station_id], at(seconds))
            await stations.record_outcome(tx, taken.id, outcome, at(seconds))
            await service.follow_commands(tx, [taken.id], at(seconds))
            await service.check_stations(tx, [self.station_id], at(seconds))
        return taken.command

    async def queued(self, seconds: float) -> list[Any]:
        async with self.database.transaction() as tx:
            return [one.command for one in await stations.take_queued(tx, [self.station_id], at(seconds))]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await tx.rows(sql)]


@pytest.fixture
async def room(database: Database) -> Room:
    return Room(database, (await with_station(database)).station_id)


HISTORY = "SELECT variable, value, cause, changed_by FROM station_variable_change ORDER BY at, variable"


async def test_each_other_value_is_a_line_of_history_and_the_same_is_none(room: Room) -> None:
    for seconds, value in ((1, "60"), (2, "60"), (3, "90")):
        await room.tells(told(room.station_id, seconds, Variable(variable="HeartbeatInterval", value=value)))
    assert await room.rows(HISTORY) == [
        ("HeartbeatInterval", "60", "report", ""),
        ("HeartbeatInterval", "90", "report", ""),
    ]
    assert await room.rows("SELECT changed_at FROM station_variable") == [(at(3),)]


async def test_a_value_that_we_write_is_known_at_once_with_who_asked(room: Room) -> None:
    await room.tells(told(room.station_id, 1, Variable(component="X", variable="A", value="1", mutability="ReadWrite")))
    async with room.database.transaction() as tx:
        await service.write_values(
            tx, staff(Role.TECHNICIAN), room.station_id, [NewValue(component="X", variable="A", value="2")], at(5),
            reason=REASON,
        )  # fmt: skip
    results = [{"component": "X", "variable": "A", "attribute": "Actual", "status": "Accepted"}]
    command = await room.answers(6, CommandOutcome(verdict=Verdict.DONE, word="Accepted", detail={"results": results}))
    assert isinstance(command, WriteVariables)
    assert (await room.rows(HISTORY))[-1] == ("A", "2", "command", "technician")


async def test_a_value_that_needs_a_start_waits_for_it_and_is_read_afterwards(room: Room) -> None:
    await room.speaks("ocpp1.6")
    await room.tells(told(room.station_id, 1, Variable(variable="LightIntensity", value="10")))
    async with room.database.transaction() as tx:
        await service.write_values(
            tx, TESTS, room.station_id, [NewValue(variable="LightIntensity", value="50")], at(2), reason=REASON
        )
    await room.answers(3, CommandOutcome(verdict=Verdict.DONE, word="RebootRequired"))
    pending = "SELECT value, pending_value, pending_since FROM station_variable"
    assert await room.rows(pending) == [("10", "50", at(3))]
    async with room.database.transaction() as tx:
        await recording.record_boots(tx, [boot(room.station_id, 10)])
        (payload,) = await tx.values("SELECT payload FROM job WHERE kind = 'provisioning.after_start'")
        waited = [Variable(**each) for each in payload["waited"]]
        await service.follow_start(tx, room.station_id, waited, at(10))
    assert await room.rows(pending) == [("10", None, None)]
    (read,) = await room.queued(11)
    assert [one.variable for one in read.variables] == ["LightIntensity"]


async def test_reading_a_variable_forgets_nothing_that_a_report_said_of_it(room: Room) -> None:
    full = Variable(component="X", variable="A", value="1", mutability="ReadOnly", unit="W", min_limit=0, max_limit=9)
    await room.tells(told(room.station_id, 1, full))
    await room.tells(told(room.station_id, 2, Variable(component="X", variable="A", value="2", mutability="")))
    assert await room.rows("SELECT value, mutability, unit, min_limit, max_limit FROM station_variable") == [
        ("2", "ReadOnly", "W", 0, 9)
    ]


async def test_many_values_go_in_as_many_messages_as_the_charger_asks_for(room: Room) -> None:
    limit = Variable(component="DeviceDataCtrlr", variable="ItemsPerMessage[SetVariables]", value="2")
    await room.tells(told(room.station_id, 1, limit))
    values = [NewValue(component="X", variable=f"V{n}", value="1") for n in range(5)]
    async with room.database.transaction() as tx:
        await service.write_values(tx, TESTS, room.station_id, values, at(2), reason=REASON)
    assert [len(command.values) for command in await room.queued(3)] == [2, 2, 1]


async def test_keys_of_16_are_written_one_at_a_time(room: Room) -> None:
    values = [NewValue(variable=f"V{n}", value="1") for n in range(3)]
    async with room.database.transaction() as tx:
        await service.write_values(tx, TESTS, room.station_id, values, at(2), reason=REASON)
    assert [command.variable for command in await room.queued(3)] == ["V0", "V1", "V2"]


async def test_a_secret_is_written_by_no_command_and_stands_in_no_template(room: Room) -> None:
    secret = NewValue(component="SecurityCtrlr", variable="BasicAuthPassword", value="hunter2")
    async with room.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.write_values(tx, TESTS, room.station_id, [secret], at(2), reason=REASON)
        with pytest.raises(Invalid):
            await service.create_template(tx, TESTS, TemplateDetails(name="x", wanted=(secret,)), at(2))


async def test_parts_of_a_report_are_counted_once_in_any_order(room: Room) -> None:
    async with room.database.transaction() as tx:
        await service.request_report(tx, TESTS, room.station_id, at(0))
        number = await tx.value("SELECT request_id FROM station_inventory")
    parts = [
        told(room.station_id, 1 + seq, Variable(component="X", variable=f"V{seq}"), request_id=number, seq=seq,
             more_follows=seq < 3)
        for seq in range(4)
    ]  # fmt: skip
    arriving = parts + parts[:2]
    random.Random(7).shuffle(arriving)
    for part in arriving:
        await room.tells(part)
    assert await room.rows("SELECT parts, last_part, items FROM station_inventory") == [([0, 1, 2, 3], 3, 4)]


async def test_a_report_without_end_fills_what_a_station_may_have_and_what_is_known_stays_true(room: Room) -> None:
    def part(number: int, value: str = "1") -> facts.VariablesReported:
        variables = [
            Variable(component=f"C{number}", variable=f"V{place}", value=value, mutability="ReadOnly")
            for place in range(1500)
        ]
        return told(room.station_id, number, *variables, request_id=9, seq=number, more_follows=True)

    for number in range(9):
        await room.tells(part(number))
    count = "SELECT count(*) FROM station_variable WHERE component LIKE 'C%'"
    assert await room.rows(count) == [(10_000,)]
    async with room.database.transaction() as tx:
        again = msgspec.structs.replace(part(0, "2"), received_at=at(60))
        await stations.record_variables(tx, [again])
    assert await room.rows("SELECT DISTINCT value FROM station_variable WHERE component = 'C0'") == [("2",)]
    assert await room.rows(count) == [(10_000,)]


async def test_an_answer_of_16_that_is_cut_is_completed_by_name(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        await service.request_report(tx, TESTS, room.station_id, at(0))
    read = (Variable(variable="GetConfigurationMaxKeys", value="2"), Variable(variable="HeartbeatInterval", value="1"))
    await room.answers(1, CommandOutcome(verdict=Verdict.DONE, word="Accepted", variables=read))
    asked = [command.variables for command in await room.queued(2)]
    assert {len(each) for each in asked[:-1]} == {2}
    names = {one.variable for each in asked for one in each}
    assert "NumberOfConnectors" in names
    assert "LocalAuthListEnabled" in names
    assert await room.rows("SELECT parts, last_part, items FROM station_inventory") == [([0], 0, 2)]


async def test_an_evse_that_is_available_again_shows_that_it_has_restarted(room: Room) -> None:
    async with room.database.transaction() as tx:
        await stations.request_command(tx, TESTS, room.station_id, Reset(evse_number=2), at(0))
    async with room.database.transaction() as tx:
        (taken,) = await stations.take_queued(tx, [room.station_id], at(1))
        await stations.record_outcome(tx, taken.id, CommandOutcome(verdict=Verdict.ACCEPTED, word="Accepted"), at(1))
        await recording.record_statuses(tx, [status(room.station_id, 2, "available", evse=1)])
        assert await tx.value("SELECT state FROM command") == "accepted"
        await recording.record_statuses(tx, [status(room.station_id, 3, "unavailable", evse=2)])
        assert await tx.value("SELECT state FROM command") == "accepted"
        await recording.record_statuses(tx, [status(room.station_id, 4, "available", evse=2)])
        assert await tx.value("SELECT state FROM command") == "confirmed"


# Templates


def template(**more: Any) -> TemplateDetails:
    wanted = tuple(
        NewValue(variable=key, value=value) for key, value in more.pop("wanted", {"A": "1", "B": "2"}).items()
    )
    return TemplateDetails(**{"name": "Standard", "vendor": "Acme", "wanted": wanted, **more})


STANDINGS = "SELECT state, version, differences FROM configuration_standing"


async def test_a_station_drifts_from_its_template_and_is_brought_back(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(), at(1))
        await service.check_all(tx, None, at(1))
    assert [row[0] for row in await room.rows(STANDINGS)] == ["unknown"]
    await room.tells(told(room.station_id, 2, Variable(variable="A", value="1"), Variable(variable="b", value="9")))
    async with room.database.transaction() as tx:
        await service.check_stations(tx, [room.station_id], at(3))
    ((state, _, differences),) = await room.rows(STANDINGS)
    assert (state, [(one["variable"], one["value"], one["wanted"]) for one in differences]) == (
        "drifted", [("B", "9", "2")],
    )  # fmt: skip
    async with room.database.transaction() as tx:
        run_id = await service.apply_template(tx, TESTS, template_id, at(4), reason=REASON)
        assert await service.run_on(tx, run_id, at(4)) is False
    command = await room.answers(5, CommandOutcome(verdict=Verdict.DONE, word="Accepted"))
    assert (command.variable, command.value) == ("B", "2")
    # The charger calls it b, and we wrote B: they are the same key.
    await room.tells(told(room.station_id, 6, Variable(variable="b", value="2")))
    async with room.database.transaction() as tx:
        await service.check_stations(tx, [room.station_id], at(7))
        with pytest.raises(Conflict):
            await service.apply_template(tx, TESTS, template_id, at(8), reason=REASON)
    assert [row[0] for row in await room.rows(STANDINGS)] == ["in_step"]


async def test_a_revised_template_has_both_versions_and_stations_are_compared_with_the_new_one(room: Room) -> None:
    await room.speaks("ocpp1.6")
    await room.tells(told(room.station_id, 2, Variable(variable="A", value="1")))
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(wanted={"A": "1"}), at(1))
        number = await service.revise_template(
            tx, TESTS, template_id, template(wanted={"A": "3"}), at(9), reason=REASON
        )
        await service.check_all(tx, None, at(9))
    assert number == 2
    assert [row[:2] for row in await room.rows(STANDINGS)] == [("drifted", 2)]
    assert await room.rows("SELECT number, reason FROM configuration_template_version ORDER BY 1") == [
        (1, ""), (2, REASON),
    ]  # fmt: skip
    audited = await room.rows("SELECT action FROM audit_log WHERE object_kind = 'template' ORDER BY at")
    assert [action for (action,) in audited] == ["template.created", "template.revised"]


async def test_a_retired_template_is_compared_with_no_more_and_its_name_is_free(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        template_id = await service.create_template(tx, TESTS, template(), at(1))
        await service.check_all(tx, None, at(1))
        await service.retire_template(tx, TESTS, template_id, at(2), reason=REASON)
        await service.check_all(tx, None, at(2))
        await service.create_template(tx, TESTS, template(vendor="Other"), at(3))
    assert await room.rows(STANDINGS) == []


async def test_a_site_host_neither_makes_templates_nor_reaches_beyond_the_own_sites(room: Room) -> None:
    async with room.database.transaction() as tx:
        site_id = await tx.value("SELECT site_id FROM station")
        with pytest.raises(NotAllowed):
            await service.create_template(tx, staff(Role.SITE_HOST, site_id), template(), at(1))
        local = staff(Role.TECHNICIAN, site_id)
        with pytest.raises(Invalid):
            await service.create_template(tx, local, template(), at(1))
        await service.create_template(tx, local, template(site_id=site_id), at(1))
        other = await service.create_template(tx, TESTS, template(name="All"), at(1))
        with pytest.raises(NotFound):
            await service.revise_template(tx, local, other, template(site_id=site_id), at(2), reason=REASON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"wanted": {}},
        {"wanted": {f"V{n}": "1" for n in range(41)}},
        {"wanted": {"A": "x" * 2501}},
        {"wanted": {"A": "\x00"}},
        {"wanted": {"A": "1", "a": "2"}},
        {"model": "m" * 101},
    ],
)
async def test_a_template_that_makes_no_sense_is_refused(room: Room, wrong: dict[str, Any]) -> None:
    async with room.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.create_template(tx, TESTS, template(**wrong), at(1))


async def test_a_charger_is_compared_after_a_start_when_the_template_says_so(room: Room) -> None:
    await room.speaks("ocpp1.6")
    async with room.database.transaction() as tx:
        await service.create_template(tx, TESTS, template(checks_at_start=True), at(1))
        await recording.record_boots(tx, [boot(room.station_id, 10)])
        assert await tx.value("SELECT count(*) FROM job WHERE kind = 'provisioning.after_start'") == 1
        await service.follow_start(tx, room.station_id, [], at(10))
    (read,) = await room.queued(11)
    assert sorted(one.variable for one in read.variables) == ["A", "B"]


# Network profiles


async def test_a_network_profile_that_was_taken_is_shown(room: Room) -> None:
    profile = SetNetworkProfile(slot=1, url="wss://ocpp.example.com/ocpp", security_profile=2)
    async with room.database.transaction() as tx:
        await service.set_network_profile(tx, TESTS, room.station_id, profile, at(1), reason=REASON)
    await room.answers(2, CommandOutcome(verdict=Verdict.DONE, word="Accepted"))
    assert await room.rows("SELECT slot, url, security_profile, set_at FROM network_profile") == [
        (1, "wss://ocpp.example.com/ocpp", 2, at(2))
    ]


@pytest.mark.parametrize(
    "url", ["", "https://x.example", "wss://user:pass@x.example", "wss://", "wss://x/" + "y" * 512]
)
async def test_an_address_that_no_charger_can_call_is_refused(room: Room, url: str) -> None:
    profile = SetNetworkProfile(slot=1, url=url, security_profile=2)
    async with room.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.set_network_profile(tx, TESTS, room.station_id, profile, at(1), reason=REASON)


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
