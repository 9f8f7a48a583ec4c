"""How attempts at real sockets went, as it is written down; and written down anew when more becomes known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.diagnostics.observations import CommandEnded, LimitSet, Observation
from laddverk.diagnostics.outcomes import queries
from laddverk.diagnostics.outcomes import service as outcomes
from laddverk.kernel.ids import CommandId, new_id
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.sessions.model import StartFailed
from laddverk.stations.model import CommandFinished, CommandState
from tests.network import ACTOR, BOOT_16, Network, ask, network_on

LONG = timedelta(minutes=10)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def settle(network: Network, later: timedelta = LONG) -> list[dict[str, Any]]:
    """Let everything be heard and made out, some time later, and return the outcomes."""
    house = network.house
    await house.worker.run_until_idle()
    handlers = dict(house.worker._handlers)
    async with house.database.transaction() as tx:
        await handlers["diagnostics.watch"](tx, [{"thorough": True}])
    async with house.database.transaction() as tx:
        await outcomes.make_out(tx, house.secrets.charger_pepper, {}, house.clock() + later)
    async with house.database.transaction() as tx:
        return [dict(row) for row in await tx.rows("SELECT * FROM session_outcome ORDER BY began_at, attempt_key")]


async def status(socket: ClientConnection, word: str, at: datetime, error: str = "NoError") -> None:
    await ask(
        socket,
        "StatusNotification",
        {"connectorId": 1, "status": word, "errorCode": error, "timestamp": at.isoformat()},
    )


async def charge(socket: ClientConnection, tag: str, at: datetime, wh: int, reason: str = "Local") -> None:
    """A charge of an hour that ends with `wh`."""
    start = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": at.isoformat()}
    number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
    stop = {"transactionId": number, "meterStop": 1000 + wh, "timestamp": (at + timedelta(hours=1)).isoformat()}
    await ask(socket, "StopTransaction", {**stop, "reason": reason})


async def token(network: Network, uid: str) -> None:
    async with network.house.database.transaction() as tx:
        now = network.house.clock()
        driver_id = await access.create_driver(tx, ACTOR, DriverDetails(email=f"{uid}@example.se", name="Bo Ek"), now)
        await access.create_token(tx, ACTOR, NewToken(uid=uid, driver_id=driver_id), now)


async def test_charges_that_go_well_and_not(network: Network) -> None:
    await network.add_station("CP-1", connectors=1)
    await token(network, "CAFE0001")
    at = datetime.now(UTC) - timedelta(hours=8)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        for number, (wh, reason, error) in enumerate(
            [(9000, "Local", "NoError"), (0, "Local", "NoError"), (9000, "PowerLoss", "GroundFailure")]
        ):
            began = at + timedelta(hours=2 * number)
            await status(socket, "Preparing", began - timedelta(minutes=1))
            if wh:
                await status(socket, "Charging", began + timedelta(seconds=5), error)
            await charge(socket, "CAFE0001", began, wh, reason)
            await status(socket, "Available", began + timedelta(minutes=61))
        rows = await settle(network)
    assert [row["outcome"] for row in rows] == ["ok", "plug_no_start", "abnormal_end"]
    assert len({row["token_key"] for row in rows}) == 1
    assert rows[2]["error_codes"] == ["GroundFailure"]
    assert len({row["visit_key"] for row in rows}) == 3


async def test_a_cable_that_is_put_in_and_taken_out_is_an_attempt_of_nobody(network: Network) -> None:
    await network.add_station("CP-1", connectors=1)
    at = datetime.now(UTC) - timedelta(hours=1)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await status(socket, "Preparing", at)
        await status(socket, "Available", at + timedelta(seconds=59))
        await status(socket, "Preparing", at + timedelta(minutes=10))
        await status(socket, "Available", at + timedelta(minutes=12))
        rows = await settle(network)
    assert [(row["outcome"], row["began_at"]) for row in rows] == [("no_auth", at + timedelta(minutes=10))]


async def test_a_card_that_is_refused_is_a_failure_and_the_detectors_hear_of_it_once(network: Network) -> None:
    await network.add_station("CP-1", connectors=1)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "Authorize", {"idTag": "NOBODY01"})
        await ask(socket, "Authorize", {"idTag": "NOBODY01"})
        rows = await settle(network)
        assert [(row["outcome"], row["why"]) for row in rows] == [("auth_fail", ["refused"])]
        assert await network.value("SELECT count(*) FROM observation") == 1
        await settle(network)
    assert await network.value("SELECT count(*) FROM observation") == 0


async def test_what_is_known_later_changes_the_outcome_and_leaves_no_second_one(network: Network) -> None:
    await network.add_station("CP-1", connectors=1)
    await token(network, "CAFE0001")
    at = datetime.now(UTC) - timedelta(minutes=30)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await status(socket, "Preparing", at - timedelta(seconds=20))
        await ask(socket, "Authorize", {"idTag": "CAFE0001"})
        rows = await settle(network)
        assert [row["outcome"] for row in rows] == ["plug_no_start"]
        now = datetime.now(UTC)
        start = {"connectorId": 1, "idTag": "CAFE0001", "meterStart": 0, "timestamp": now.isoformat()}
        number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        over = {"transactionId": number, "meterStop": 8000, "timestamp": (now + timedelta(hours=1)).isoformat()}
        await ask(socket, "StopTransaction", over)
        rows = await settle(network, timedelta(hours=2))
    assert [(row["outcome"], row["energy_wh"]) for row in rows] == [("ok", 8000)]
    assert rows[0]["first_of_visit"]


async def test_rates_count_visits_and_first_attempts_and_leave_out_what_says_nothing(network: Network) -> None:
    station_id = await network.add_station("CP-1", connectors=1)
    start = datetime.now(UTC) - timedelta(days=2)
    rows = [
        ("ok", 0, "v1"),
        ("zero_energy", 60, "v2"),
        ("ok", 65, "v2"),
        ("plug_no_start", 200, "v3"),
        ("excluded", 300, "v4"),
        ("no_auth", 400, "v5"),
    ]
    async with network.house.database.transaction() as tx:
        for outcome, minute, visit in rows:
            at = start + timedelta(minutes=minute)
            await tx.execute(
                "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome,"
                " visit_key, error_codes, car_make) VALUES ($1, 1, $2, $3, $2, $3, $4, $5, '4C:FC:AA')",
                station_id, at, outcome, visit, ["GroundFailure"] if outcome == "zero_energy" else [],
            )  # fmt: skip
    span = queries.Span(since=start - timedelta(days=1), until=start + timedelta(days=2))
    async with network.house.database.transaction() as tx:
        for by in queries.By:
            groups = await queries.rates(tx, None, span, by)
            assert sum(group.attempts for group in groups) == 4
        whole = (await queries.rates(tx, None, span))[0]
        assert (whole.ok, whole.visits, whole.visits_ok, whole.first_ok) == (2, 3, 2, 1)
        assert (whole.excluded, whole.nobody, whole.success) == (1, 1, 0.5)
        assert [(row.code, row.times) for row in await queries.codes(tx, None, span)] == [("GroundFailure", 1)]
        assert await queries.rates(tx, frozenset(), span) == []
        assert [mark.outcome for mark in (await queries.marks(tx, station_id))[1]] == [row[0] for row in rows]


async def test_a_start_that_was_not_paid_for_and_one_that_nobody_plugged_in_for(network: Network) -> None:
    station_id = await network.add_station("CP-1", connectors=1)
    now = network.house.clock() - timedelta(minutes=20)
    async with network.house.database.transaction() as tx:
        for why in ("payment_failed", "timed_out", "unreachable", "busy"):
            identity = new_id()
            await tx.execute(
                "INSERT INTO start_request (id, station_id, evse_number, token_uid, created_at, expires_at,"
                " cancelled_at, cancelled_why) VALUES ($1, $2, 1, $3, $4, $5, $5, $6)",
                identity, station_id, identity.hex, now, now + timedelta(minutes=2), why,
            )  # fmt: skip
            await outbox.publish(tx, [StartFailed(start_request_id=identity, why=why)])
    rows = await settle(network)
    assert sorted((row["outcome"], *row["why"]) for row in rows) == [
        ("excluded", "never_plugged"),
        ("payment_fail", "payment"),
        ("plug_no_start", "unreachable"),
    ]


async def test_a_limit_of_our_own_and_the_ends_of_commands_are_heard(network: Network) -> None:
    station_id = await network.add_station("CP-1", connectors=1)
    now = network.house.clock()
    period = {"start_s": 0, "limit": 0.0}
    schedule = {"unit": "A", "periods": [period], "starts_at": now.isoformat()}
    profile = {"id": 1, "purpose": "TxDefaultProfile", "schedules": [schedule]}
    command = {"kind": "set_profile", "evse_number": 1, "profile": profile}
    identity = new_id()
    async with network.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO command (id, station_id, kind, command, state, requested_by, actor_kind, created_at,"
            " expires_at, sent_at, finished_at, outcome)"
            " VALUES ($1, $2, 'set_profile', $3, 'accepted', 'x', 'operator', $4, $4, $4, $5, 'Accepted')",
            identity, station_id, command, now, now + timedelta(seconds=2),
        )  # fmt: skip
        done = CommandFinished(
            command_id=CommandId(identity), station_id=station_id, kind="set_profile", state=CommandState.ACCEPTED,
            word="Accepted",
        )  # fmt: skip
        await outbox.publish(tx, [done])
    await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        bodies = await tx.values("SELECT body FROM observation WHERE station_id = $1 ORDER BY id", station_id)
    heard = [msgspec.msgpack.decode(body, type=Observation) for body in bodies]
    assert {type(one) for one in heard} == {CommandEnded, LimitSet}
    ended, held = (next(one for one in heard if isinstance(one, kind)) for kind in (CommandEnded, LimitSet))
    assert (ended.kind, ended.took_s, ended.by_person) == ("set_profile", 2.0, True)
    assert (held.evse_number, held.limit_a) == (1, 0.0)
