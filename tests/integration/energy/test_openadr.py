"""A program of OpenADR limits a circuit: asked over a real socket, from a server that misbehaves in every way."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.limits import holding
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, LimitFrom, Tree, Version
from laddverk.energy.signals import asking, listening, sealing, service, store
from laddverk.energy.signals.model import Setup, VtnId, Why
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid
from laddverk.simulator.vtn import server as vtn_server
from laddverk.simulator.vtn.server import Fault
from tests.network import ACTOR, network_on

HASTY_S = 0.05
SILENT_A = (10.0, 10.0, 10.0)


@pytest.fixture
async def vtn():
    async with vtn_server.serving() as vtn:
        yield vtn


@pytest.fixture
async def network(database, tmp_path, vtn, monkeypatch):
    monkeypatch.setattr(listening, "LOOK_EVERY_S", HASTY_S)
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.5)
    async with network_on(database, tmp_path, private_hosts=f"127.0.0.1:{vtn.port}") as network:
        yield network


async def connected(network, vtn, **chosen):
    """Enter a circuit of 63 A and a program that limits it."""
    now = datetime.now(UTC)
    grid = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0,) * 3)
    vtn_id = VtnId(new_id())
    chosen = {"program": "capacity", "silent_a": SILENT_A} | chosen
    setup = Setup(url=vtn.url, client_id=vtn_server.CLIENT_ID, **chosen)
    async with network.house.database.transaction() as tx:
        tree = Tree(site_id=network.site_id, version=1, circuits=(grid,))
        await trees.add(tx, tree, Version(version=1, made_at=now, made_by="test", change="made"))
        made = await service.add(
            tx, ACTOR, network.site_id, grid.id, "Elnätet", setup, now, reason="agreed",
            private_hosts=listening.private_hosts(network.house),
            secret=sealing.sealed(network.house.secrets, vtn.secret, vtn_id), vtn_id=vtn_id,
        )  # fmt: skip
    return made, grid


async def asked(network, made, at=None):
    """Ask once, keep what came as of `at`, and return what was heard."""
    came = await listening.once(network.house, made)
    async with network.house.database.transaction() as tx:
        return await listening.kept(tx, made, came, at or datetime.now(UTC))


async def held(network, grid, at=None):
    """Return what limits the circuit at an instant."""
    at = at or datetime.now(UTC)
    async with network.house.database.transaction() as tx:
        signals = await trees.signals(tx, [network.site_id], at)
    return holding(grid, signals, at, UTC)


async def test_an_event_limits_until_it_is_cancelled_and_changes_nothing_when_it_is_said_again(network, vtn):
    program = vtn.add_program("capacity")
    now = datetime.now(UTC)
    event = vtn.limit(program, now - timedelta(minutes=1), "PT1H", 13.8)
    made, grid = await connected(network, vtn)
    heard = await asked(network, made)
    assert (heard.events, heard.limits, heard.program_name, heard.trouble) == (1, 1, "capacity", None)
    holds = await held(network, grid)
    assert (holds.limit_a, holds.source) == ((20.0, 20.0, 20.0), LimitFrom.OPENADR)
    told = "SELECT count(*) FROM audit_log WHERE action = 'circuits.signalled'"
    assert await network.value(told) == 1
    vtn.fault = Fault.DUPLICATES
    await asked(network, made)
    assert await network.value(told) == 1
    vtn.fault = Fault.NONE
    vtn.cancel(event)
    await asked(network, made)
    assert (await held(network, grid)).limit_a == (63.0, 63.0, 63.0)


async def test_what_a_server_does_wrong_is_told_and_the_limit_of_silence_holds_until_it_answers(network, vtn):
    vtn.add_program("capacity")
    made, grid = await connected(network, vtn)
    for fault, why in (
        (Fault.BUSY, Why.BUSY), (Fault.FAILS, Why.FAILED), (Fault.SLOW, Why.NO_ANSWER),
        (Fault.NO_JSON, Why.NOT_READABLE), (Fault.CUT, Why.NO_ANSWER), (Fault.REFUSES, Why.NOT_LET_IN),
    ):  # fmt: skip
        vtn.fault = fault
        heard = await asked(network, made)
        assert (heard.trouble.why, heard.is_silent) == (why, False), fault
        assert (heard.again_at is not None) == (fault is Fault.BUSY)
    later = datetime.now(UTC) + timedelta(hours=1)
    heard = await asked(network, made, later)
    assert heard.is_silent
    holds = await held(network, grid, later + timedelta(hours=20))
    assert (holds.limit_a, holds.source) == (SILENT_A, LimitFrom.OPENADR)
    vtn.fault = Fault.TOKENS_EXPIRE
    heard = await asked(network, made, later)
    assert (heard.trouble, heard.is_silent) == (None, False)
    assert (await held(network, grid, later)).source is None


async def test_a_program_that_is_not_there_and_a_secret_that_opens_no_more_are_told(network, vtn):
    vtn.add_program("other")
    made, _grid = await connected(network, vtn)
    assert (await asked(network, made)).trouble.why is Why.NO_PROGRAM
    await network.value("UPDATE vtn SET secret = 'no seal'::bytea RETURNING true")
    async with network.house.database.transaction() as tx:
        made = await store.vtn(tx, made.id)
    assert (await asked(network, made)).trouble.why is Why.SEAL_BROKEN


async def test_a_token_comes_from_where_the_server_says_on_its_own_host_alone(network, vtn):
    vtn.add_program("capacity")
    made, _grid = await connected(network, vtn)
    vtn.token_url = "http://127.0.0.1:1/token"
    assert (await asked(network, made)).trouble.why is Why.NOT_ALLOWED
    vtn.token_url = f"{vtn.url}/auth/token"
    assert (await asked(network, made)).trouble is None


async def test_wrong_units_a_wrong_clock_and_more_events_than_a_page_are_heard(network, vtn):
    program = vtn.add_program("capacity")
    now = datetime.now(UTC)
    vtn.limit(program, now - timedelta(minutes=1), "PT1H", 20, units="KWH")
    for hour in range(60):
        vtn.limit(program, now + timedelta(hours=2 + hour), "PT1H", 27.6)
    vtn.clock_ahead = timedelta(minutes=5)
    made, grid = await connected(network, vtn)
    heard = await asked(network, made)
    assert (heard.events, heard.limits) == (61, 61)
    assert {one.oddity.value for one in heard.remarks} == {"clock", "units"}
    assert heard.clock_ahead_s == pytest.approx(300, abs=2)
    assert (await held(network, grid)).limit_a == SILENT_A
    assert (await held(network, grid, now + timedelta(hours=1, minutes=57))).limit_a == (40.0, 40.0, 40.0)


@asynccontextmanager
async def listened(network):
    task = asyncio.create_task(listening.listen(network.house))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_programs_are_asked_by_themselves_and_one_that_is_removed_limits_no_more(network, vtn):
    program = vtn.add_program("capacity")
    vtn.limit(program, datetime.now(UTC) - timedelta(minutes=1), "PT1H", 13.8)
    made, grid = await connected(network, vtn)
    async with listened(network), asyncio.timeout(10):
        while (await held(network, grid)).source is None:
            await asyncio.sleep(0.02)
    async with network.house.database.transaction() as tx:
        await service.remove(tx, ACTOR, made.id, datetime.now(UTC), reason="over")
    assert (await held(network, grid)).source is None
    assert await network.value("SELECT secret FROM vtn WHERE id = $1", made.id) is None
    row = await network.value("SELECT row_to_json(audit_log)::text FROM audit_log WHERE action = 'vtn.added'")
    assert vtn.secret not in json.dumps(row)


async def test_who_enters_a_program_is_told_what_is_wrong(network, vtn):
    made, grid = await connected(network, vtn)
    now = datetime.now(UTC)
    good = {"url": "https://vtn.example/openadr3/3.1.0", "program": "p", "client_id": "c"}
    async with network.house.database.transaction() as tx:
        for wrong, field in (
            ({"url": "http://vtn.example"}, "url"), ({"url": "ftp://x"}, "url"), ({"url": "https://a/?x=1"}, "url"),
            ({"program": ""}, "program"), ({"client_id": ""}, "client_id"), ({"every_s": 1.0}, "every"),
            ({"silent_after_s": 70.0}, "silent_after"), ({"silent_a": (80.0, 0.0, 0.0)}, "silent_limit_1"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as caught:
                await service.add(
                    tx, ACTOR, network.site_id, grid.id, "N", Setup(**good | wrong), now, reason="agreed", secret=b"x"
                )
            assert caught.value.field == field
        with pytest.raises(Invalid) as caught:
            await service.change(tx, ACTOR, made.id, grid.id, "N", Setup(**good), now, reason="moved")
        assert caught.value.field == "secret"
