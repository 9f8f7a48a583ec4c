"""The database is killed, stopped, full, or choked by one fact: no charger is lied to, and nothing is lost (law 1)."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode

from laddverk import running, wiring
from laddverk.cli.replay.network import free_port
from laddverk.gateway import limits
from laddverk.gateway.window import Entry, RecorderTable
from laddverk.kernel.actors import rule
from laddverk.ocpp import facts
from laddverk.ocpp.answers import Answer
from laddverk.platform.database import Database, Transaction
from laddverk.platform.embedded import postmaster
from laddverk.platform.embedded.cluster import located
from laddverk.platform.embedded.server import Server
from laddverk.platform.house import House
from laddverk.platform.migrator import migrate
from laddverk.platform.settings import Settings
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from tests.faults.stubborn import STEP_WH, Stubborn
from tests.network import Network, ask, network_on

pytestmark = [pytest.mark.faults]

BUSY, IDLE, SESSIONS = 16, 4, 12
CLOSED_WITHIN_S = 10.0
BACK_WITHIN_S = 60.0
ACTOR = rule("test")

RECORDED = """
SELECT identity, register_start_wh, register_end_wh, energy_wh, doubts
FROM session JOIN station ON station.id = station_id ORDER BY 1, 2
"""
SAMPLED = """
SELECT identity, energy_wh, count(*) AS times FROM sample JOIN station ON station.id = station_id
GROUP BY 1, 2 ORDER BY 1, 2
"""
EVENTS = "SELECT kind, count(*) AS times FROM session_event WHERE kind IN ('started', 'ended') GROUP BY kind"


async def until(holds: Callable[[], Awaitable[bool] | bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not (await said if isinstance(said := holds(), Awaitable) else said):
            await asyncio.sleep(0.02)


async def chargers_of(house: House) -> list[Stubborn]:
    """Register stations, half of each version; the last of them are idle."""
    async with house.database.transaction() as tx:
        site = await stations.create_site(tx, ACTOR, SiteDetails(name="Kaj", code="KAJ"), house.clock())
        outlets = (NewConnector(evse_number=1),)
        new = [NewStation(site_id=site, identity=f"K{n}", name=f"K{n}", connectors=outlets) for n in range(BUSY + IDLE)]
        keys = await stations.create_stations(tx, ACTOR, new, house.clock(), house.secrets.charger_pepper)
    return [
        Stubborn(f"K{n}", key.password, "ocpp2.0.1" if n % 2 else "ocpp1.6", SESSIONS if n < BUSY else 0)
        for n, key in enumerate(keys)
    ]


@asynccontextmanager
async def charging(url: str, chargers: Sequence[Stubborn]) -> AsyncIterator[None]:
    """Let the chargers charge as long as the block lasts. An end of one of them is a failure."""
    tasks = [asyncio.create_task(charger.run(url)) for charger in chargers]
    try:
        yield
        for task, charger in zip(tasks, chargers, strict=True):
            if task.done() and not charger.stays_away:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def in_all(chargers: Sequence[Stubborn]) -> int:
    return sum(charger.answered for charger in chargers)


def has_answered(chargers: Sequence[Stubborn], part: float) -> Callable[[], bool]:
    """Return whether about `part` of all there is to say has been answered."""
    wanted = part * sum(len(registers) for charger in chargers for registers in charger.registers)
    return lambda: in_all(chargers) >= wanted or any(charger.errors for charger in chargers)


async def compare(database: Database, chargers: Sequence[Stubborn]) -> None:
    """Hold what the meters showed against what is recorded: each session, each reading and each message once."""
    async with database.transaction() as tx:
        recorded = [tuple(row)[:4] for row in await tx.rows(RECORDED)]
        sampled = {(row["identity"], row["energy_wh"]): row["times"] for row in await tx.rows(SAMPLED)}
        events = {row["kind"]: row["times"] for row in await tx.rows(EVENTS)}
    showed = sorted(
        (charger.identity, shown[0], shown[-1], shown[-1] - shown[0])
        for charger in chargers
        for shown in charger.registers
    )
    assert [charger.errors for charger in chargers if charger.errors] == []
    assert recorded == showed
    assert events == {"started": len(showed), "ended": len(showed)}
    said = {
        (charger.identity, register)
        for charger in chargers
        for shown in charger.registers
        for register in (shown[1:-1] if charger.version == "ocpp1.6" else shown)
    }
    assert set(sampled) == said
    begins = {shown[0] for charger in chargers for shown in charger.registers if shown[0]}
    assert {key: times for key, times in sampled.items() if times != 1 and key[1] not in begins} == {}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
async def test_while_the_database_is_away_chargers_are_shut_out_and_then_everything_arrives_once(how: int) -> None:
    with tempfile.TemporaryDirectory(prefix="laddverk-away-") as place:
        server = Server(located(Path(place)))  # durable: what is lost otherwise is what this is about
        server.launch()
        try:
            await asyncio.to_thread(server.wait_ready)
            connection = await asyncpg.connect(server.dsn)
            await migrate(connection)
            await connection.close()
            database = await Database.connected(server.dsn, size_max=4)
            async with network_on(database, Path(place)) as network:
                await lost_and_found(network, server, how)
            await database.close()
        finally:
            server.stop()


async def lost_and_found(network: Network, server: Server, how: int) -> None:
    """Take the database away in the middle, look what the gateway does without it, and give it back."""
    chargers = await chargers_of(network.house)
    leaver = chargers[-1]
    url = f"ws://127.0.0.1:{network.gateway.port}/ocpp"
    async with charging(url, chargers):
        await until(lambda: has_answered(chargers, 0.3)() and all(charger.is_open for charger in chargers), 30)
        assert server.pid is not None
        os.kill(server.pid, how)
        gone_at = time.monotonic()
        leaver.stays_away = True
        await until(lambda: all(charger.closed for charger in chargers), CLOSED_WITHIN_S)
        await until(lambda: not any(charger.is_open for charger in chargers), CLOSED_WITHIN_S)
        assert max(at for charger in chargers for at, _ in charger.closed) - gone_at < CLOSED_WITHIN_S
        assert {code for charger in chargers for _, code in charger.closed} == {CloseCode.TRY_AGAIN_LATER}
        answered = in_all(chargers)
        await until(lambda: all(charger.refused for charger in chargers if charger is not leaver), 15)
        assert {status for charger in chargers for status in charger.refused} == {503}
        assert in_all(chargers) == answered

        server.launch()
        await asyncio.to_thread(server.wait_ready)
        await until(has_answered(chargers, 1), BACK_WITHIN_S)

        async def is_offline() -> bool:
            since = await network.value("SELECT connected_at FROM station WHERE identity = $1", leaver.identity)
            return since is None

        await until(is_offline, 10)
        assert await network.value("SELECT count(*) FROM station WHERE connected_at IS NOT NULL") == BUSY + IDLE - 1
    assert answered < in_all(chargers)
    await compare(network.house.database, chargers)


@pytest.mark.slow
async def test_a_database_that_dies_again_and_again_is_started_again_and_the_house_goes_on() -> None:
    with tempfile.TemporaryDirectory(prefix="laddverk-away-") as place:
        settings = Settings(state_dir=Path(place), ocpp_port=free_port(), web_port=free_port())
        stop = asyncio.Event()
        opened: asyncio.Future[tuple[House, running.Addresses]] = asyncio.get_running_loop().create_future()

        async def ready(house: House, addresses: running.Addresses) -> None:
            opened.set_result((house, addresses))

        task = asyncio.create_task(running.run(settings, ready=ready, stop=stop))
        try:
            either: list[asyncio.Future[Any]] = [task, opened]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            house, addresses = opened.result()
            chargers = await chargers_of(house)
            data_dir = located(settings.state_dir).data_dir
            async with charging(addresses.ocpp_url, chargers):
                for part, how in ((0.2, signal.SIGKILL), (0.6, signal.SIGINT)):
                    await until(has_answered(chargers, part), BACK_WITHIN_S)
                    described = postmaster.described(data_dir)
                    assert described is not None
                    os.kill(described.pid, how)
                await until(has_answered(chargers, 1), BACK_WITHIN_S)
            await compare(house.database, chargers)
            await until_all_is_priced(house)
            async with httpx.AsyncClient(base_url=addresses.web_url) as web:
                assert (await web.get("/health")).status_code == 200
            assert not task.done()
        finally:
            stop.set()
            await task


async def until_all_is_priced(house: House) -> None:
    """The jobs survive too: each session that ended gets its settlement."""

    async def none_waits() -> bool:
        async with house.database.transaction() as tx:
            return not await tx.value("SELECT count(*) FROM job WHERE kind = 'sessions.price'")

    await until(none_waits, 30)


def with_poison(fatal: str, seen: list[int]) -> RecorderTable:
    """Return the recorders, of which the one for starts runs `fatal` when it meets the token POISON."""

    async def record_starts(tx: Transaction, starts: Sequence[facts.SessionStarted]) -> Any:
        seen.append(len(starts))
        if any(start.token_uid == "POISON" for start in starts):
            await tx.execute(fatal)
        return await sessions.record_starts(tx, starts)

    return tuple(
        (kind, record_starts if kind is facts.SessionStarted else recorder) for kind, recorder in wiring.RECORDERS
    )


def start_of(token: str) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": token, "meterStart": STEP_WH, "timestamp": "2026-10-05T06:00:00Z"}


@asynccontextmanager
async def held_window(network: Network, opener: ClientConnection, wanted: int) -> AsyncIterator[None]:
    """Let `opener` open a window that is held until `wanted` messages wait for the next one, however fast we are."""
    window = network.gateway._window
    commit, entered, enough = window._commit, asyncio.Event(), asyncio.Event()

    async def held(entries: Sequence[Entry]) -> list[list[Answer | None]]:
        entered.set()
        await enough.wait()
        return await commit(entries)

    window._commit = held  # type: ignore[method-assign]
    try:
        async with asyncio.timeout(10):
            await opener.send('[2,"first","Heartbeat",{}]')
            await entered.wait()
            yield
            while len(window._waiting) < wanted:
                await asyncio.sleep(0.005)
    finally:
        window._commit = commit  # type: ignore[method-assign]
        enough.set()


async def test_one_poisonous_fact_is_quarantined_and_answered_alone(database: Database, tmp_path: Path) -> None:
    seen: list[int] = []
    async with network_on(database, tmp_path, with_poison("SELECT 1 / 0", seen)) as network:
        identities = [f"P{n}" for n in range(21)]
        for identity in [*identities, "OPENER"]:
            await network.add_station(identity, connectors=1)
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(network.socket(identity)) for identity in identities]
            opener = await stack.enter_async_context(network.socket("OPENER"))
            async with held_window(network, opener, 21):
                asking = [
                    asyncio.create_task(ask(socket, "StartTransaction", start_of("POISON" if n == 7 else "GOOD")))
                    for n, socket in enumerate(sockets)
                ]
            async with asyncio.timeout(20):
                answers = await asyncio.gather(*asking)

        assert seen[0] == 21, "all of them shared one window"
        assert {answer[0] for answer in answers} == {3}
        assert len({answer[2]["transactionId"] for answer in answers}) == 21
        assert all(answer[2]["transactionId"] > 0 for answer in answers)
        assert await network.value("SELECT count(*) FROM session") == 20
        assert await network.value("SELECT array_agg(action) FROM quarantine") == ["StartTransaction"]
        assert b"POISON" in await network.value("SELECT body FROM quarantine")
        assert await network.value("SELECT identity FROM station JOIN quarantine ON station_id = station.id") == "P7"


async def test_a_full_disk_closes_sockets_instead_of_refusing_or_quarantining(
    database: Database, tmp_path: Path
) -> None:
    disk_is_full = "DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
    async with network_on(database, tmp_path, with_poison(disk_is_full, [])) as network:
        await network.add_station("A")
        async with network.socket("A") as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await ask(socket, "StartTransaction", start_of("POISON"))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.TRY_AGAIN_LATER
        assert await network.value("SELECT count(*) FROM quarantine") == 0


ODD_STARTS: tuple[dict[str, Any], ...] = (
    {"idTag": "a\x00b"},
    {"idTag": "\ud800"},
    {"idTag": "x" * 5000},
    {"idTag": None},
    {"meterStart": -1},
    {"meterStart": 2**63},
    {"meterStart": "1e9999999"},
    {"meterStart": []},
    {"connectorId": 2**31},
    {"connectorId": "one"},
    {"timestamp": "0001-01-01T00:00:00Z"},
    {"timestamp": "9999-12-31T23:59:59.999999Z"},
    {"timestamp": "222222017-10-27T19:10:11Z"},
    {"timestamp": "\x00"},
    {"reservationId": -(2**63)},
    {"unknown": {"a": [{"\x00": 1e308}]}},
)


async def test_however_odd_a_start_and_its_end_are_they_are_answered(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        await network.add_station("A")
        async with network.socket("A") as socket:
            refused = {}
            for odd in ODD_STARTS:
                started = await ask(socket, "StartTransaction", start_of("T") | odd)
                number = started[2].get("transactionId") if started[0] == 3 else 0
                end = {"transactionId": number, "meterStop": 5, "timestamp": "2026-10-05T07:00:00Z"}
                ended = await ask(socket, "StopTransaction", {**end, **{key: odd[key] for key in odd if key in end}})
                if (started[0], ended[0]) != (3, 3) or not number:
                    refused[str(odd)] = (started, ended)
        assert refused == {}
        assert await network.value("SELECT count(*) FROM session WHERE started_at > now() + interval '2 days'") == 0
        assert await network.value("SELECT count(*) FROM quarantine WHERE action = 'StartTransaction'") == 0


@pytest.mark.parametrize("frame", ['[2,"1","\\u0000Boot",{}]', '[2,"\\u0000","Heartbeat",{}]', '[6,"1","\\u0000",{}]'])
async def test_no_frame_can_stop_the_window_for_the_others(database: Database, tmp_path: Path, frame: str) -> None:
    async with network_on(database, tmp_path) as network:
        for identity in ("A", "B"):
            await network.add_station(identity)
        async with network.socket("A", version="ocpp2.0.1") as hostile, network.socket("B") as other:
            await hostile.send(frame)
            await hostile.send('[2,"alive","Heartbeat",{}]')
            async with asyncio.timeout(10):
                while b'"alive"' not in (await hostile.recv(decode=False)):
                    pass
                assert (await ask(other, "StartTransaction", start_of("T")))[0] == 3


async def test_a_gateway_that_lost_its_database_looks_for_it_every_second(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        await network.add_station("A")
        network.gateway._database_away = True
        with pytest.raises(InvalidStatus) as refused:
            async with network.socket("A"):
                pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"]
        await until(lambda: not network.gateway._database_away, limits.KNOCKS_FLUSH_S + 5)
        async with network.socket("A") as socket:
            assert (await ask(socket, "Heartbeat", {}))[0] == 3
