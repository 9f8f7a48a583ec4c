"""Self-healing at a real socket: small steps first, a reset that proves itself, and nothing while somebody charges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.remedies import proving, service
from laddverk.kernel.ids import StationId
from laddverk.ocpp import quirks
from laddverk.platform.database import Database
from tests.integration.diagnostics.incident_field import cleared, look, raised
from tests.network import BOOT_16, Network, ask, network_on

KNOWN = quirks.registry_of(None)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


class Ward:
    """One stuck charger of a network where self-healing has been trusted for long, and time that passes by hand."""

    def __init__(self, network: Network, station_id: StationId) -> None:
        self.network = network
        self.station_id = station_id
        self.now = network.house.clock() + timedelta(minutes=5)  # what it kept while it was offline has been told

    async def trusted(self, days: int = 20) -> None:
        long_ago = self.now - timedelta(days=days)
        await self.run("INSERT INTO remedy_setting (began_at) VALUES ($1)", long_ago)
        await self.run("INSERT INTO remedy_model (vendor, model, began_at) VALUES ('Test', 'One', $1)", long_ago)

    async def ill(self, family: Family = Family.STUCK_STATE, severity: Severity = Severity.DOWN) -> None:
        since = self.now - timedelta(hours=1)
        await raised(self.network, self.station_id, self.now, "D13", family, severity, 1, since)
        await look(self.network, self.now)

    async def heal(self, after: timedelta = timedelta(minutes=4)) -> int:
        """Let time pass and look once; return how many chargers were sent something."""
        self.now += after
        async with self.network.house.database.transaction() as tx:
            return len(await service.heal(tx, KNOWN, self.now))

    async def run(self, sql: str, *args: object) -> None:
        async with self.network.house.database.transaction() as tx:
            await tx.execute(sql, *args)

    async def steps(self) -> list[tuple[str, str, str]]:
        async with self.network.house.database.transaction() as tx:
            rows: list[Any] = await tx.rows("SELECT action, state, verdict FROM remedy ORDER BY number")
        return [tuple(row) for row in rows]

    async def sent(self, socket: ClientConnection) -> tuple[str, dict[str, Any]]:
        """Return what the charger is asked, after it has said yes."""
        self.network.house.hints.publish(["commands"])
        call = json.loads(await asyncio.wait_for(socket.recv(), 10))
        yes = {"UnlockConnector": "Unlocked"}.get(call[2], "Accepted")
        await socket.send(json.dumps([3, call[1], {"status": yes}]))
        return call[2], call[3]

    async def settled(self, at: datetime | None = None) -> None:
        """Take over what became of all commands so far, once none is open any more."""
        for _ in range(100):
            if not await self.network.value("SELECT count(*) FROM command WHERE state IN ('queued', 'sent')"):
                break
            await asyncio.sleep(0.05)
        async with self.network.house.database.transaction() as tx:
            await tx.execute("UPDATE command SET state = 'confirmed', finished_at = $1 WHERE finished_at IS NULL",
                             at or self.now)  # fmt: skip
            await service.follow(tx, await tx.values("SELECT id FROM command"), self.now)


@pytest.fixture
async def ward(network: Network) -> Ward:
    station_id = await network.add_station("CP-1")
    return Ward(network, station_id)


async def test_a_stuck_charger_is_asked_then_started_again_and_proves_it(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        done = []
        for _ in range(5):
            assert await ward.heal() == 1
            done.append(await ward.sent(socket))
            await ward.settled()
    assert [each[0] for each in done] == [
        "TriggerMessage", "ChangeAvailability", "UnlockConnector", "UnlockConnector", "Reset",
    ]  # fmt: skip
    assert done[-1][1] == {"type": "Soft"}
    await cleared(network, ward.station_id, ward.now, "D13", 1)
    await ward.run(
        "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome)"
        " VALUES ($1, 1, $2, 'next', $3, 'ok')",
        ward.station_id, ward.now + timedelta(hours=2), ward.now + timedelta(hours=3),
    )  # fmt: skip
    async with network.house.database.transaction() as tx:
        await proving.prove(tx, ward.now + timedelta(hours=23))
    assert (await ward.steps())[-1] == ("reset_soft", "confirmed", "")
    async with network.house.database.transaction() as tx:
        await proving.prove(tx, ward.now + timedelta(hours=25))
    steps = await ward.steps()
    assert steps[-1] == ("reset_soft", "confirmed", "cured")
    assert {verdict for _, _, verdict in steps[:-1]} == {"failed"}


async def test_nobody_who_charges_is_disturbed(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill(Family.CONTROLLER)
        assert await ward.heal() == 1
        assert (await ward.sent(socket))[0] == "TriggerMessage"
        await ward.settled()
        start = {"connectorId": 2, "idTag": "A", "meterStart": 0, "timestamp": network.house.clock().isoformat()}
        number = (await ask(socket, "StartTransaction", start))[2]["transactionId"]
        for _ in range(5):
            assert await ward.heal() == 0
        stop = {"transactionId": number, "meterStop": 5, "timestamp": network.house.clock().isoformat()}
        await ask(socket, "StopTransaction", stop)
        assert await ward.heal() == 1
        assert (await ward.sent(socket))[0] == "Reset"


async def test_the_first_fourteen_days_it_only_says_what_it_would_do(network: Network, ward: Ward) -> None:
    await ward.trusted(days=13)
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill(Family.CONTROLLER)
        for _ in range(30):
            assert await ward.heal(timedelta(minutes=20)) == 0
    assert await ward.steps() == [
        ("ask_state", "dry", ""), ("reset_soft", "dry", ""), ("reset_hard", "dry", ""), ("work_order", "dry", ""),
    ]  # fmt: skip
    assert await network.value("SELECT count(*) FROM command") == 0


async def test_what_is_dangerous_is_taken_out_of_service_and_never_started_again(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill(Family.GROUND_FAULT, Severity.SAFETY)
        assert await ward.heal() == 1
        assert await ward.sent(socket) == ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        await ward.settled()
        for _ in range(5):
            assert await ward.heal(timedelta(hours=3)) == 0
    assert [action for action, _, _ in await ward.steps()] == ["take_out_of_service", "work_order"]


async def test_a_person_who_has_taken_it_is_not_disturbed(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        await ward.run("UPDATE incident SET state = 'acknowledged'")
        assert await ward.heal() == 0
    assert await ward.steps() == []


async def test_a_restart_of_ours_takes_no_step_twice(network: Network, ward: Ward) -> None:
    await ward.trusted()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ward.ill()
        await asyncio.gather(*(ward.heal(timedelta(0)) for _ in range(4)))
        assert (await ward.sent(socket))[0] == "TriggerMessage"
    assert len(await ward.steps()) == 1
