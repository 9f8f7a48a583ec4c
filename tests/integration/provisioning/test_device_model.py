"""Values and their history, reports in parts, and what waits for a start."""

from __future__ import annotations

import random

import msgspec
import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.problems import Invalid
from laddverk.ocpp import facts
from laddverk.ocpp.commands import (
    CommandOutcome,
    NewValue,
    Reset,
    Verdict,
    WriteVariables,
)
from laddverk.ocpp.facts import Variable
from laddverk.provisioning import recording, service
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from tests.integration.provisioning.room import HISTORY, REASON, Room, told
from tests.integration.provisioning.room import room as room
from tests.integration.stations.field import TESTS, at, boot, staff, status


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
