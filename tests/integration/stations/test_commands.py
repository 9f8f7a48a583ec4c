"""Commands in PostgreSQL: one outcome each, whatever comes first, and none is sent twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import CommandId, SiteId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound, TooMany
from laddverk.ocpp import facts
from laddverk.ocpp.commands import (
    AnyCommand,
    ChangeAvailability,
    CommandOutcome,
    ReadVariables,
    RequestReport,
    Reset,
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
    Verdict,
    WriteVariable,
)
from laddverk.ocpp.facts import Variable
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.stations import service
from laddverk.stations.model import CommandFinished, Deed
from tests.integration.stations.field import TESTS, at, boot, staff, status, with_station

ACCEPTED = CommandOutcome(verdict=Verdict.ACCEPTED, word="Accepted")
START = StartCharging(evse_number=1, token_uid="APP1", remote_start_id=7)


async def asked(database: Database, station_id: StationId, command: AnyCommand, seconds: float = 0) -> CommandId:
    async with database.transaction() as tx:
        return await service.request_command(tx, TESTS, station_id, command, at(seconds), reason="test")


async def sent(database: Database, station_id: StationId, command: AnyCommand, seconds: float = 0) -> CommandId:
    """Return a command that the gateway has taken."""
    command_id = await asked(database, station_id, command, seconds)
    async with database.transaction() as tx:
        taken = await service.take_queued(tx, [station_id], at(seconds))
    assert [one.id for one in taken] == [command_id]
    return command_id


async def answered(database: Database, command_id: CommandId, outcome: CommandOutcome, seconds: float) -> None:
    async with database.transaction() as tx:
        await service.record_outcome(tx, command_id, outcome, at(seconds))


async def state(database: Database, command_id: CommandId) -> str:
    async with database.transaction() as tx:
        return str(await tx.value("SELECT state FROM command WHERE id = $1", command_id))


async def finished(database: Database) -> list[tuple[Any, ...]]:
    async with database.transaction() as tx:
        rows = await tx.rows("SELECT payload->>'state', payload->>'word' FROM job WHERE kind = 'test.done' ORDER BY id")
        return [tuple(row) for row in rows]


@pytest.fixture(autouse=True)
def hearing() -> None:
    outbox.subscribe(CommandFinished, "test.done")


async def test_a_reset_is_confirmed_by_the_next_boot_and_not_by_accepted(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, Reset())
    await answered(database, command_id, ACCEPTED, 1)
    assert await state(database, command_id) == "accepted"
    async with database.transaction() as tx:
        await service.record_boots(tx, [boot(key.station_id, 40)])
    assert await state(database, command_id) == "confirmed"
    assert await finished(database) == [("confirmed", "Accepted")]


async def test_a_boot_from_before_the_reset_confirms_nothing(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, Reset(), 60)
    async with database.transaction() as tx:
        await service.record_boots(tx, [boot(key.station_id, 59)])
    assert await state(database, command_id) == "sent"


async def test_a_charger_that_acts_before_it_answers_has_one_outcome(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, START)
    async with database.transaction() as tx:
        deed = Deed(station_id=key.station_id, kind="start_charging", at=at(2), match={"token_uid": "APP1"})
        assert await service.confirm(tx, [deed, deed], at(2)) == [command_id]
    await answered(database, command_id, CommandOutcome(verdict=Verdict.REFUSED, word="Rejected"), 3)
    assert await state(database, command_id) == "confirmed"
    assert len(await finished(database)) == 1
    async with database.transaction() as tx:
        assert await tx.value("SELECT outcome FROM command WHERE id = $1", command_id) == "Rejected"


async def test_a_deed_of_another_session_or_station_confirms_nothing(database: Database) -> None:
    key = await with_station(database)
    other = await with_station(database, "CP 2", "MOL")
    command_id = await sent(database, key.station_id, StopCharging(transaction_key="k", transaction_number=5))
    async with database.transaction() as tx:
        deeds = [
            Deed(station_id=key.station_id, kind="stop_charging", at=at(2), match={"transaction_number": 6}),
            Deed(station_id=other.station_id, kind="stop_charging", at=at(2), match={"transaction_number": 5}),
        ]
        assert await service.confirm(tx, deeds, at(2)) == []
    assert await state(database, command_id) == "sent"


@pytest.mark.parametrize(("verdict", "expected"), [(Verdict.REFUSED, "refused"), (Verdict.FAILED, "failed")])
async def test_a_no_is_final_in_the_chargers_own_word(database: Database, verdict: Verdict, expected: str) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, Reset())
    await answered(database, command_id, CommandOutcome(verdict=verdict, word="NotSupported"), 1)
    assert await state(database, command_id) == expected
    assert await finished(database) == [(expected, "NotSupported")]


async def test_a_command_that_is_not_sent_in_time_expires_and_is_never_sent(database: Database) -> None:
    key = await with_station(database)
    by_job = await asked(database, key.station_id, START)
    async with database.transaction() as tx:
        assert [one.command_id for one in await service.expire_commands(tx, at(31))] == [by_job]
    by_taking = await asked(database, key.station_id, START, 40)
    async with database.transaction() as tx:
        assert await service.take_queued(tx, [key.station_id], at(80)) == []
    assert await state(database, by_job) == await state(database, by_taking) == "expired"


async def test_accepted_without_the_deed_times_out(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, START)
    await answered(database, command_id, ACCEPTED, 1)
    async with database.transaction() as tx:
        assert await service.expire_commands(tx, at(180)) == []
        assert len(await service.expire_commands(tx, at(182))) == 1
        assert await service.expire_commands(tx, at(999)) == []
    assert await state(database, command_id) == "timed_out"


async def test_a_scheduled_change_may_wait_for_the_session_to_end(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ChangeAvailability(evse_number=1, operative=False))
    await answered(database, command_id, CommandOutcome(verdict=Verdict.ACCEPTED, word="Scheduled"), 1)
    async with database.transaction() as tx:
        assert await service.expire_commands(tx, at(3600 * 10)) == []
        await service.record_statuses(tx, [status(key.station_id, 3600 * 11, "unavailable")])
    assert await state(database, command_id) == "confirmed"


async def test_a_command_whose_gateway_died_times_out(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ReadVariables())
    async with database.transaction() as tx:
        await service.expire_commands(tx, at(121))
        assert await service.take_queued(tx, [key.station_id], at(122)) == []
    assert await state(database, command_id) == "timed_out"


async def test_without_an_answer_a_reset_may_still_be_confirmed(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, Reset())
    async with database.transaction() as tx:
        await service.record_no_answer(tx, command_id, "the connection ended", at(1))
    assert await state(database, command_id) == "sent"
    async with database.transaction() as tx:
        await service.record_boots(tx, [boot(key.station_id, 30)])
    assert await state(database, command_id) == "confirmed"


async def test_without_an_answer_a_reading_has_timed_out(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ReadVariables())
    async with database.transaction() as tx:
        await service.record_no_answer(tx, command_id, "no answer within 30 s", at(30))
        await service.record_no_answer(tx, command_id, "no answer within 30 s", at(31))
    assert await state(database, command_id) == "timed_out"
    assert len(await finished(database)) == 1


@pytest.mark.parametrize("shown_first", [True, False])
async def test_availability_is_confirmed_by_the_state_whichever_comes_first(
    database: Database, shown_first: bool
) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ChangeAvailability(evse_number=2, operative=False))
    shown = [status(key.station_id, 2, "unavailable", evse=2)]
    if not shown_first:
        await answered(database, command_id, ACCEPTED, 1)
    async with database.transaction() as tx:
        await service.record_statuses(tx, shown)
    if shown_first:
        await answered(database, command_id, ACCEPTED, 3)
    assert await state(database, command_id) == "confirmed"


async def test_unlocking_is_confirmed_when_the_connector_is_free_again(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.record_statuses(tx, [status(key.station_id, 0, "finishing")])
    command_id = await sent(database, key.station_id, UnlockConnector(evse_number=1), 1)
    await answered(database, command_id, CommandOutcome(verdict=Verdict.ACCEPTED, word="Unlocked"), 2)
    assert await state(database, command_id) == "accepted"
    async with database.transaction() as tx:
        await service.record_statuses(tx, [status(key.station_id, 9, "available")])
    assert await state(database, command_id) == "confirmed"


async def test_a_trigger_is_confirmed_by_the_message_that_comes(database: Database) -> None:
    key = await with_station(database)
    heartbeat = await sent(database, key.station_id, Trigger(message="Heartbeat"))
    boots = await sent(database, key.station_id, Trigger(message="BootNotification"), 1)
    async with database.transaction() as tx:
        fact = facts.HeartbeatReceived(station_id=key.station_id, at=at(3), received_at=at(3))
        await service.record_heartbeats(tx, [fact])
    assert (await state(database, heartbeat), await state(database, boots)) == ("confirmed", "sent")


async def test_a_report_is_confirmed_by_its_last_part(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, RequestReport(request_id=4))
    await answered(database, command_id, ACCEPTED, 1)
    for seconds, more in ((2, True), (3, False)):
        assert await state(database, command_id) == "accepted"
        async with database.transaction() as tx:
            report = facts.VariablesReported(
                station_id=key.station_id,
                at=at(seconds),
                received_at=at(seconds),
                variables=(Variable(component="OCPPCommCtrlr", variable=f"V{seconds}", value="1"),),
                request_id=4,
                more_follows=more,
            )
            await service.record_variables(tx, [report])
    assert await state(database, command_id) == "confirmed"


async def test_what_is_read_is_kept_as_the_stations_variables(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ReadVariables())
    read = (Variable(variable="HeartbeatInterval", value="300"), Variable(variable="AuthorizationKey", value="secret"))
    await answered(database, command_id, CommandOutcome(verdict=Verdict.DONE, word="Accepted", variables=read), 1)
    async with database.transaction() as tx:
        rows = await tx.rows("SELECT variable, value FROM station_variable ORDER BY variable")
        assert [tuple(row) for row in rows] == [("AuthorizationKey", None), ("HeartbeatInterval", "300")]
        assert "secret" not in await tx.value("SELECT detail::text FROM command")
    assert await state(database, command_id) == "confirmed"


async def test_two_gateways_never_take_the_same_command(database: Database) -> None:
    key = await with_station(database)
    wanted = [await asked(database, key.station_id, Trigger(message=f"M{number}")) for number in range(20)]

    async def taken() -> list[CommandId]:
        async with database.transaction() as tx:
            return [one.id for one in await service.take_queued(tx, [key.station_id], at(1))]

    first, second = await asyncio.gather(taken(), taken())
    assert sorted(first + second) == sorted(wanted)


async def test_commands_are_taken_in_order_and_only_for_the_stations_at_hand(database: Database) -> None:
    key = await with_station(database)
    other = await with_station(database, "CP 2", "MOL")
    wanted = [await asked(database, key.station_id, Trigger(message="Heartbeat"), number) for number in range(3)]
    await asked(database, other.station_id, Reset())
    async with database.transaction() as tx:
        assert [one.id for one in await service.take_queued(tx, [key.station_id], at(5))] == wanted


async def test_who_may_not_and_what_cannot_be_is_refused(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        site_id = SiteId(await tx.value("SELECT site_id FROM station"))
        elsewhere = SiteId(key.station_id)
        with pytest.raises(NotAllowed):
            await service.request_command(tx, staff(Role.FINANCE), key.station_id, Reset(), at(0))
        with pytest.raises(NotFound):
            await service.request_command(tx, staff(Role.TECHNICIAN, elsewhere), key.station_id, Reset(), at(0))
        await service.request_command(tx, staff(Role.TECHNICIAN, site_id), key.station_id, Reset(), at(0))
        write = WriteVariable(variable="AuthorizationKey", value="00" * 20)
        with pytest.raises(Invalid) as refused:
            await service.request_command(tx, TESTS, key.station_id, write, at(0))
        assert refused.value.field == "variable"
        await service.retire_station(tx, TESTS, key.station_id, at(1))
        with pytest.raises(Conflict):
            await service.request_command(tx, TESTS, key.station_id, Reset(), at(2))
        assert await tx.value("SELECT state FROM command") == "expired"


async def test_a_station_cannot_be_buried_in_commands(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        for _ in range(50):
            await service.request_command(tx, TESTS, key.station_id, Reset(), at(0))
        with pytest.raises(TooMany):
            await service.request_command(tx, TESTS, key.station_id, Reset(), at(0))
        assert await tx.value("SELECT count(*) FROM audit_log WHERE action = 'command.requested'") == 50


async def test_a_huge_answer_is_not_stored_whole(database: Database) -> None:
    key = await with_station(database)
    command_id = await sent(database, key.station_id, ReadVariables())
    huge = CommandOutcome(verdict=Verdict.DONE, word="x" * 5000, detail={"data": "y" * 60_000})
    await answered(database, command_id, huge, 1)
    async with database.transaction() as tx:
        assert len(await tx.value("SELECT detail::text || outcome FROM command")) < 1000


async def test_who_asks_may_say_until_when_it_is_worth_sending(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        until = at(0) + timedelta(days=1)
        await service.request_command(tx, TESTS, key.station_id, Reset(), at(0), expires_at=until)
        assert await service.expire_commands(tx, until - timedelta(seconds=1)) == []
        assert len(await service.expire_commands(tx, until)) == 1


async def test_one_evse_that_restarts_is_back_without_a_boot(database: Database) -> None:
    station = await with_station(database)
    command_id = await sent(database, station.station_id, Reset(evse_number=2))
    await answered(database, command_id, ACCEPTED, 1)
    async with database.transaction() as tx:
        await service.record_statuses(tx, [status(station.station_id, 2, "unavailable", evse=2)])
        await service.record_statuses(tx, [status(station.station_id, 3, "available", evse=1)])
    assert await state(database, command_id) == "accepted"
    async with database.transaction() as tx:
        await service.record_statuses(tx, [status(station.station_id, 9, "available", evse=2)])
    assert await state(database, command_id) == "confirmed"


async def test_what_waits_is_taken_back_and_what_was_sent_is_not(database: Database) -> None:
    station = await with_station(database)
    waiting = await asked(database, station.station_id, Reset())
    with pytest.raises(NotAllowed):
        async with database.transaction() as tx:
            await service.cancel_command(tx, staff(Role.SITE_HOST), waiting, at(1))
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await service.cancel_command(tx, staff(Role.OPERATOR, SiteId(new_id())), waiting, at(1))
    async with database.transaction() as tx:
        await service.cancel_command(tx, TESTS, waiting, at(1), reason="wrong charger")
        assert await service.take_queued(tx, [station.station_id], at(2)) == []
    assert await state(database, waiting) == "expired"
    assert await finished(database) == [("expired", "Cancelled")]
    gone = await sent(database, station.station_id, Reset(), 3)
    with pytest.raises(Conflict):
        async with database.transaction() as tx:
            await service.cancel_command(tx, TESTS, gone, at(4))
