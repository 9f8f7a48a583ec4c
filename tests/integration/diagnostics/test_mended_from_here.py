"""The whole way of self-healing: a simulated charger hangs, is found, the ladder is climbed, a charge proves it.

Nothing is mocked but the clock, which both sides share.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from laddverk.diagnostics.remedies import queries
from laddverk.kernel.time import system_clock
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.simulator.car import Car
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.model import Hardware, Outlet
from tests.integration.certificates.conftest import HASTY
from tests.network import Network, network_on

WAIT_S = 20
ROUND = (
    "stations.expire_commands", "diagnostics.attend", "diagnostics.attempts", "diagnostics.heal", "diagnostics.prove",
)  # fmt: skip
STEPS = "SELECT action, state, verdict FROM remedy ORDER BY number"

ORDERS = """
SELECT count(*) FROM work_order WHERE state = 'planned' AND incident_id = (SELECT incident_id FROM remedy LIMIT 1)
"""


class Hanging(Charger):
    """A charger whose first outlet is not available, though nobody ordered it, until its program starts again."""

    hung = False
    incurable = False

    def _turn(self, outlet: Outlet, status: Status, at: datetime, info: str = "") -> None:
        super()._turn(outlet, Status.UNAVAILABLE if self.hung and outlet.number == 1 else status, at, info)

    def hang(self, at: datetime) -> None:
        self.hung = True
        self._turn(self.outlets[1], Status.UNAVAILABLE, at)

    def restart(self, reason: str) -> None:
        if self.hung and not self.incurable:
            self.hung = False
            self.outlets[1].status = Status.AVAILABLE
        super().restart(reason)


WAITING = """
SELECT count(*) FROM command WHERE state IN ('queued', 'sent') OR (kind = 'reset' AND state = 'accepted')
"""


class Day:
    """The network, its charger and the time that they share."""

    network: Network
    charger: Hanging

    def __init__(self) -> None:
        self.ahead = timedelta()

    def clock(self) -> datetime:
        return system_clock() + self.ahead

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not await condition():
                await self.network.house.worker.run_until_idle()
                await asyncio.sleep(0.02)

    async def pass_time(self, span: timedelta) -> None:
        """Let time pass, then everything that the clock does, and the charger answer what it was asked."""
        self.ahead += span
        self.charger.trigger("Heartbeat", None, self.clock())
        await self.until(self.has_said_all)
        async with self.network.house.database.transaction() as tx:
            await enqueue(tx, [NewJob("diagnostics.watch", {"thorough": True})])
        await self.network.house.worker.run_until_idle()
        async with self.network.house.database.transaction() as tx:
            await enqueue(tx, [NewJob(kind, {}) for kind in ROUND])
        await self.network.house.worker.run_until_idle()
        self.network.house.hints.publish(["commands"])
        await self.until(self.is_answered)

    async def has_said_all(self) -> bool:
        return self.charger.online and not self.charger.outbox

    async def is_answered(self) -> bool:
        """Nothing is on its way, and a charger that restarts is back: that takes a moment, whatever the clock says."""
        return not await self.network.value(WAITING)

    async def steps(self) -> list[tuple[str, str, str]]:
        async with self.network.house.database.transaction() as tx:
            rows: list[Any] = await tx.rows(STEPS)
        return [tuple(row) for row in rows]

    async def is_trusted(self) -> None:
        """Let the dry run be over, for this model too."""
        async with self.network.house.database.transaction() as tx:
            await tx.execute("INSERT INTO remedy_setting (began_at) SELECT now() - interval '20 days'")
            await tx.execute("INSERT INTO remedy_model (vendor, model, began_at)"
                             " SELECT vendor, model, now() - interval '20 days' FROM station")  # fmt: skip

    async def charge(self) -> None:
        """Let somebody charge for half an hour."""
        charger = self.charger
        charger.plug(1, Car(battery_wh=60_000, charged_wh=10_000.0), self.clock())
        charger.begin(1, "CARD", self.clock())
        for _ in range(6):
            self.ahead += timedelta(minutes=5)
            charger.advance(1, 300, self.clock())
            charger.sample(1, charger.reading(1, self.clock()))
        charger.end(1, self.clock(), "EVDisconnected")
        charger.unplug(1, self.clock())
        await self.until(self.is_over)
        await self.until(self.has_said_all)

    async def is_over(self) -> bool:
        return bool(await self.network.value("SELECT count(*) FROM session WHERE ended_at IS NOT NULL"))


@asynccontextmanager
async def charging(day: Day, network: Network) -> AsyncIterator[None]:
    await network.add_station("CP1")
    charger = Hanging(Hardware("CP1"))
    day.network, day.charger = network, charger
    link = Link(charger, network.url("").rstrip("/"), network.keys["CP1"], patience=HASTY, clock=day.clock)
    charger.witness = lambda _item: asyncio.get_running_loop().call_soon(link.wake)
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(WAIT_S):
            while not charger.booted:
                await asyncio.sleep(0.01)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def day(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Day]:
    made = Day()
    monkeypatch.setattr("tests.network.system_clock", made.clock)
    async with network_on(database, tmp_path) as network, charging(made, network):
        yield made


async def test_a_charger_that_hangs_is_mended_from_here_and_the_next_charge_proves_it(day: Day) -> None:
    await day.is_trusted()
    day.charger.hang(day.clock())
    for _ in range(40):
        await day.pass_time(timedelta(minutes=4))
        if not day.charger.hung:
            break
    assert [action for action, _, _ in await day.steps()] == [
        "ask_state", "make_operative", "unlock", "unlock", "reset_soft",
    ]  # fmt: skip
    for _ in range(2):
        await day.pass_time(timedelta(minutes=4))
    assert (await day.steps())[-1] == ("reset_soft", "confirmed", "")
    await day.charge()
    await day.pass_time(timedelta(hours=1))
    await day.pass_time(timedelta(hours=25))
    steps = await day.steps()
    assert steps[-1] == ("reset_soft", "confirmed", "cured")
    assert {verdict for _, _, verdict in steps[:-1]} == {"failed"}
    async with day.network.house.database.transaction() as tx:
        figures = await queries.figures(tx, None, day.clock() - timedelta(days=90))
    assert (figures.incidents, figures.incidents_cured, figures.resets, figures.sessions_cut) == (1, 1, 1, 0)


async def test_a_charger_that_stays_broken_ends_in_a_work_order(day: Day) -> None:
    await day.is_trusted()
    day.charger.incurable = True
    day.charger.hang(day.clock())
    for _ in range(70):
        await day.pass_time(timedelta(minutes=4))
        if await day.network.value("SELECT count(*) FROM work_order"):
            break
    assert [action for action, _, _ in await day.steps()][-3:] == ["reset_soft", "reset_hard", "work_order"]
    assert await day.network.value(ORDERS) == 1
