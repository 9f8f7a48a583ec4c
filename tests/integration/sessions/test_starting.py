"""Wishes to charge: made, carried out, answered by the charger, refused, too late."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import CommandId, DriverId, PaymentId, SessionId, new_id
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound
from laddverk.ocpp.answers import Authorisation
from laddverk.ocpp.commands import CommandOutcome, StartCharging, Verdict
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.sessions.model import PreparedStart, StartFailed, WhyFailed
from laddverk.sessions.starting import PAY_WITHIN, START_WITHIN, give_up_refused
from laddverk.stations import service as stations
from tests.integration.sessions.world import World, at, built, ended, record, row, rows, started

NOBODY = Actor("anonymous")
PAID = rule("payment authorised")


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """`StartFailed` is heard: it becomes jobs."""
    monkeypatch.setattr(outbox, "_listeners", {})
    outbox.subscribe(StartFailed, "test.failed")


async def prepared(database: Database, world: World, minutes: float = 0, **more: Any) -> PreparedStart:
    """An ad-hoc wish at EVSE 1."""
    given: dict[str, Any] = {"evse_number": 1, "payment_id": PaymentId(new_id())} | more
    async with database.transaction() as tx:
        return await sessions.prepare_start(tx, NOBODY, station_id=world.station_id, now=at(minutes), **given)


async def begun(database: Database, start: PreparedStart, minutes: float = 1) -> CommandId | None:
    """The wish, given to the charger."""
    async with database.transaction() as tx:
        return await sessions.begin_start(tx, PAID, start.id, at(minutes))


async def why_failed(database: Database) -> list[str]:
    """The reasons that were told to whoever holds the money."""
    return [
        found["payload"]["why"]
        for found in await rows(database, "SELECT payload FROM job WHERE kind = 'test.failed' ORDER BY id")
    ]


@pytest.mark.parametrize("version", ["1.6", "2.x"])
async def test_an_ad_hoc_wish_becomes_a_session_that_its_payment_settles(database: Database, version: str) -> None:
    world = await built(database)
    payment_id = PaymentId(new_id())
    start = await prepared(database, world, payment_id=payment_id)
    command_id = await begun(database, start)
    async with database.transaction() as tx:
        (queued,) = await stations.take_queued(tx, [world.station_id], at(1))
        assert isinstance(queued.command, StartCharging)
        assert (queued.command.token_uid, queued.command.remote_start_id) == (start.token_uid, start.remote_start_id)
        await stations.record_outcome(tx, queued.id, CommandOutcome(verdict=Verdict.ACCEPTED, word="Accepted"), at(1.1))
    if version == "1.6":
        fact = started(world, minutes=2, token_uid=start.token_uid, register_wh=0)
    else:
        fact = started(world, minutes=2, token_uid=None, remote_start_id=start.remote_start_id, register_wh=0)
    (answer,) = await record(database, [fact])
    assert answer.authorisation.authorisation is Authorisation.ACCEPTED
    await record(database, [ended(world, register_wh=3_000)])
    closed = await row(database)
    assert (closed["settlement"], closed["payment_id"], closed["doubts"]) == ("payment", payment_id, [])
    (command,) = await rows(database, "SELECT state FROM command WHERE id = $1", command_id)
    assert command["state"] == "confirmed"
    async with database.transaction() as tx:
        seen = await sessions.by_access_token(tx, start.access_token, at(3))
        assert seen is not None
        assert seen.session is not None
        assert (seen.session.id, seen.session.energy_wh) == (closed["id"], 3_000)
        assert await sessions.by_access_token(tx, start.access_token + "x", at(3)) is None


async def test_a_driver_starts_in_the_app_and_pays_as_agreed(database: Database) -> None:
    world = await built(database)
    eva = Actor("driver", world.driver_id, "Eva")
    async with database.transaction() as tx:
        start = await sessions.prepare_start(
            tx, eva, station_id=world.station_id, evse_number=1, driver_id=world.driver_id, now=at(0)
        )
        assert await sessions.by_access_token(tx, start.access_token, at(0)) is not None
        assert await sessions.begin_start(tx, eva, start.id, at(0)) is not None
    await record(database, [started(world, token_uid=start.token_uid, register_wh=0), ended(world, register_wh=1)])
    closed = await row(database)
    assert (closed["driver_id"], closed["settlement"], closed["start_request_id"]) == (
        world.driver_id,
        "invoice",
        start.id,
    )


async def test_nobody_starts_for_another_driver_or_for_a_blocked_one(database: Database) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await sessions.prepare_start(
                tx, Actor("driver", DriverId(new_id())), station_id=world.station_id, evse_number=1,
                driver_id=world.driver_id, now=at(0),
            )  # fmt: skip
        await tx.execute("UPDATE driver SET blocked_at = now()")
    with pytest.raises(NotAllowed):
        await prepared(database, world, driver_id=world.driver_id)


async def test_of_two_payers_at_one_connector_one_starts_and_the_other_gets_the_money_back(
    database: Database, failures: None
) -> None:
    world = await built(database)
    slow = await prepared(database, world)
    with pytest.raises(Conflict):
        await prepared(database, world, 1)
    quick = await prepared(database, world, 4)
    assert await begun(database, quick, 5) is not None
    assert await begun(database, slow, 6) is None
    assert await why_failed(database) == ["busy"]


async def test_a_payment_that_is_told_twice_starts_once(database: Database) -> None:
    world = await built(database)
    start = await prepared(database, world)
    assert await begun(database, start) == await begun(database, start)
    assert len(await rows(database, "SELECT id FROM command")) == 1


@pytest.mark.parametrize("status", ["charging", "faulted", "unavailable", "reserved", "suspended_ev"])
async def test_a_connector_that_cannot_start_is_refused_before_anybody_pays(database: Database, status: str) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        await tx.execute("UPDATE connector SET status = $1", status)
    with pytest.raises(Conflict):
        await prepared(database, world)


@pytest.mark.failure_mode(36)
async def test_a_charger_that_is_away_or_a_place_without_a_price_is_refused(database: Database) -> None:
    world = await built(database, tariff=None)
    with pytest.raises(Conflict, match="price"):
        await prepared(database, world)
    async with database.transaction() as tx:
        await tx.execute("UPDATE station SET connected_at = NULL")
    with pytest.raises(Conflict, match="not connected"):
        await prepared(database, world)
    with pytest.raises(NotFound):
        await prepared(database, world, evse_number=7)


async def test_an_evse_in_use_is_refused(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0)])
    with pytest.raises(Conflict, match="else"):
        await prepared(database, world)
    await prepared(database, world, evse_number=2)


async def test_a_wish_that_nobody_paid_or_no_charger_started_is_given_up(database: Database, failures: None) -> None:
    world = await built(database)
    unpaid = await prepared(database, world)
    unstarted = await prepared(database, world, evse_number=2)
    await begun(database, unstarted, 1)
    async with database.transaction() as tx:
        assert await sessions.expire_starts(tx, at(2)) == []
        assert await sessions.expire_starts(tx, at(1) + START_WITHIN) == [unstarted.id]
        assert await sessions.expire_starts(tx, at(0) + PAY_WITHIN) == [unpaid.id]
    assert await why_failed(database) == ["timed_out", "expired"]
    assert await begun(database, unpaid, 30) is None
    (answer,) = await record(database, [started(world, evse_number=2, token_uid=unstarted.token_uid)])
    assert answer.authorisation.authorisation is Authorisation.INVALID


async def test_a_refused_command_gives_the_wish_up_at_once(database: Database, failures: None) -> None:
    world = await built(database)
    start = await prepared(database, world)
    command_id = await begun(database, start)
    assert command_id is not None
    async with database.transaction() as tx:
        assert await give_up_refused(tx, {command_id: WhyFailed.REFUSED}, at(2)) == [start.id]
        assert await give_up_refused(tx, {command_id: WhyFailed.REFUSED}, at(2)) == []
    assert await why_failed(database) == ["refused"]


async def test_a_one_time_token_is_good_for_one_session(database: Database) -> None:
    world = await built(database)
    start = await prepared(database, world)
    await begun(database, start)
    first = started(world, "one", token_uid=start.token_uid, register_wh=0)
    (answer,) = await record(database, [first])
    (again,) = await record(database, [first])
    assert answer == again
    await record(database, [ended(world, "one", 10, register_wh=10)])
    (second,) = await record(database, [started(world, "two", 20, token_uid=start.token_uid, register_wh=10)])
    assert second.authorisation.authorisation is Authorisation.INVALID
    assert (await rows(database))[1]["payment_id"] is None


async def test_a_stop_is_asked_for_and_confirmed_by_the_end(database: Database) -> None:
    world = await built(database)
    await record(database, [started(world, register_wh=0)])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await sessions.request_stop(tx, Actor("operator"), session_id, at(5))
        command_id = await sessions.request_stop(tx, PAID, session_id, at(5), "enough")
        (queued,) = await stations.take_queued(tx, [world.station_id], at(5))
        await stations.record_outcome(tx, queued.id, CommandOutcome(verdict=Verdict.ACCEPTED, word="Accepted"), at(5))
    await record(database, [ended(world, minutes=6, register_wh=100, reason="Remote")])
    (command,) = await rows(database, "SELECT state FROM command WHERE id = $1", command_id)
    assert command["state"] == "confirmed"
    async with database.transaction() as tx:
        with pytest.raises(Conflict):
            await sessions.request_stop(tx, PAID, session_id, at(7))
        with pytest.raises(NotFound):
            await sessions.request_stop(tx, PAID, SessionId(new_id()), at(7))
