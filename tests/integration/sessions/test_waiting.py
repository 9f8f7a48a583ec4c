"""A start whose cable has not come: more time, another outlet, and what cannot be waited for any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from laddverk import joints
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import PaymentId, new_id
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.ocpp.answers import Authorisation
from laddverk.ocpp.commands import CommandOutcome, StartCharging, Verdict
from laddverk.payments.model import PaymentFailed
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.sessions.model import PreparedStart
from laddverk.sessions.starting import START_WITHIN
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from tests.integration.sessions.world import PER_KWH, World, at, built, record, row, rows, started
from tests.network import network_on

NOBODY = Actor("anonymous")
PAID = rule("payment authorised")


async def asked(database: Database, world: World) -> PreparedStart:
    """A wish at EVSE 1 that has been given to the charger, which said yes."""
    async with database.transaction() as tx:
        start = await sessions.prepare_start(
            tx, NOBODY, station_id=world.station_id, evse_number=1, payment_id=PaymentId(new_id()), now=at(0)
        )
        await sessions.begin_start(tx, PAID, start.id, at(1))
    await answered(database, world, 1, Verdict.ACCEPTED)
    return start


async def answered(database: Database, world: World, minutes: float, verdict: Verdict) -> StartCharging:
    """The charger answers what it is asked; returns the question."""
    async with database.transaction() as tx:
        (queued,) = await stations.take_queued(tx, [world.station_id], at(minutes))
        await stations.record_outcome(tx, queued.id, CommandOutcome(verdict=verdict, word=verdict.value), at(minutes))
        assert isinstance(queued.command, StartCharging)
        return queued.command


async def request(database: Database) -> dict[str, Any]:
    (found,) = await rows(database, "SELECT * FROM start_request")
    return found


async def test_a_driver_who_needs_more_time_gets_it_and_the_charger_is_asked_anew(database: Database) -> None:
    """The same token is asked for again; that the charger still waits and says no does not end the start."""
    world = await built(database)
    start = await asked(database, world)
    async with database.transaction() as tx:
        command_id = await sessions.wait_more(tx, NOBODY, start.id, at(4))
    again = await answered(database, world, 4, Verdict.REFUSED)

    (newest,) = await rows(database, "SELECT id FROM command ORDER BY created_at DESC LIMIT 1")
    assert command_id == newest["id"]
    assert (again.token_uid, again.remote_start_id) == (start.token_uid, start.remote_start_id)
    kept = await request(database)
    assert (kept["expires_at"], kept["cancelled_at"]) == (at(4) + START_WITHIN, None)


async def test_nobody_keeps_an_outlet_for_ever_by_waiting(database: Database) -> None:
    """After twenty minutes it is somebody else's turn; a start that is over waits for nothing."""
    world = await built(database)
    start = await asked(database, world)
    async with database.transaction() as tx:
        await sessions.wait_more(tx, NOBODY, start.id, at(18))
        assert await tx.value("SELECT expires_at FROM start_request") == at(20)
        with pytest.raises(Conflict, match="waited long enough"):
            await sessions.wait_more(tx, NOBODY, start.id, at(20))
        await sessions.cancel_start(tx, start.id, "cancelled", at(20))
        with pytest.raises(Conflict, match="over"):
            await sessions.wait_more(tx, NOBODY, start.id, at(20))
        with pytest.raises(NotFound):
            await sessions.wait_more(tx, NOBODY, new_id(), at(20))


@pytest.mark.parametrize(
    ("has_run_out", "closed_after", "told"),
    [(False, 60, "expired"), (False, 1, "payment_failed"), (True, None, "expired"), (False, None, "payment_failed")],
)
async def test_who_does_not_pay_in_time_is_told_so_and_who_was_refused_or_went_back_that_however_late_it_is_heard(
    database: Database, tmp_path: Path, has_run_out: bool, closed_after: float | None, told: str
) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        start = await sessions.prepare_start(
            tx, NOBODY, station_id=world.station_id, evse_number=1, payment_id=PaymentId(new_id()), now=at(0)
        )
    async with network_on(database, tmp_path) as network, database.transaction() as tx:
        give_up = joints.handlers(network.house)["wiring.give_up_start"]
        for start_id in (start.id, new_id()):
            event = PaymentFailed(
                payment_id=PaymentId(new_id()), purpose="session", start_request_id=start_id,
                has_run_out=has_run_out, closed_at=None if closed_after is None else at(closed_after),
            )  # fmt: skip
            await give_up(tx, [msgspec.to_builtins(event)])
    assert (await request(database))["cancelled_why"] == told


async def test_where_the_charger_was_asked_it_is_not_said_that_nobody_paid_in_time(database: Database) -> None:
    """What was reserved is gone, and the hour has passed at which the charger should have started."""
    world = await built(database)
    start = await asked(database, world)
    until = (await request(database))["expires_at"]
    async with database.transaction() as tx:
        assert await sessions.give_up_unpaid(tx, start.id, until, has_run_out=True)
        assert not await sessions.give_up_unpaid(tx, new_id(), until, has_run_out=True)
    assert (await request(database))["cancelled_why"] == "payment_failed"


async def test_a_start_goes_to_the_outlet_where_the_cable_is(database: Database) -> None:
    """The other outlet is asked, and the session that begins there is the driver's, paid as agreed."""
    world = await built(database)
    start = await asked(database, world)
    async with database.transaction() as tx:
        await tx.execute("UPDATE connector SET status = 'preparing' WHERE evse_number = 2")
        await sessions.move_start(tx, NOBODY, start.id, world.station_id, 2, 1, at(2))
    command = await answered(database, world, 2, Verdict.ACCEPTED)
    (told,) = await record(
        database, [started(world, minutes=3, evse_number=2, token_uid=start.token_uid, register_wh=0)]
    )  # fmt: skip

    assert (command.evse_number, command.token_uid) == (2, start.token_uid)
    assert told.authorisation.authorisation is Authorisation.ACCEPTED
    session = await row(database)
    assert (session["evse_number"], session["start_request_id"], session["doubts"]) == (2, start.id, [])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("UPDATE connector SET status = 'faulted' WHERE evse_number = 2", "cannot start"),
        ("UPDATE station SET connected_at = NULL", "cannot start"),
        (
            "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, received_at, timezone)"
            " SELECT gen_random_uuid(), id, 2, 'other', now(), now(), 'Europe/Stockholm' FROM station",
            "cannot start",
        ),
    ],
)
async def test_a_start_is_not_moved_to_where_it_cannot_begin(database: Database, change: str, complaint: str) -> None:
    """Broken, out of contact or taken: the driver is told, and the start stays where it was."""
    world = await built(database)
    start = await asked(database, world)
    async with database.transaction() as tx:
        await tx.execute(change)
        with pytest.raises(Conflict, match=complaint):
            await sessions.move_start(tx, NOBODY, start.id, world.station_id, 2, 1, at(2))
        with pytest.raises(NotFound):
            await sessions.move_start(tx, NOBODY, start.id, world.station_id, 7, 1, at(2))
    assert (await request(database))["evse_number"] == 1


async def test_a_start_is_not_moved_to_another_price(database: Database) -> None:
    """What was agreed counts; a dearer station is started anew, with its price shown."""
    world = await built(database)
    start = await asked(database, world)
    async with database.transaction() as tx:
        other = await tariffs.create(tx, PAID, "Dearer", PER_KWH, at(-1))
        await tariffs.choose(tx, PAID, other.tariff_id, at(-1), station_id=world.station_id)
        with pytest.raises(Conflict, match="price is another"):
            await sessions.move_start(tx, NOBODY, start.id, world.station_id, 2, 1, at(2))
