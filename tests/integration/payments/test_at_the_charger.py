"""Money and a charger on a real socket: what gave no energy is given back at once, and held starts wait, never stop."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.kernel.ids import DriverId, PaymentId
from laddverk.kernel.problems import NotAllowed
from laddverk.payments import service as payments
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_swish_books import swish_in
from laddverk.payments.providers.sandbox_web import application
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.sessions.model import PreparedStart
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.network import ACTOR, BOOT_16, Network, ask, network_on

PER_KWH = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.00")),))
FORM = {"content-type": "application/x-www-form-urlencoded"}
WITHIN_S = 60.0  # what the promise says; it takes a second


class Place:
    """A network with one charger on its socket, and what a test does there."""

    def __init__(self, network: Network, socket: ClientConnection) -> None:
        self.network, self.house, self.socket = network, network.house, socket

    async def does(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Say something as the charger; what the house asks meanwhile is accepted."""
        unique_id = f"{action}{id(payload)}"
        await self.socket.send(json.dumps([2, unique_id, action, payload]))
        while True:
            message = json.loads(await self.socket.recv())
            if message[0] == 3 and message[1] == unique_id:
                answer: dict[str, Any] = message[2]
                return answer
            if message[0] == 2:
                await self.socket.send(json.dumps([3, message[1], {"status": "Accepted"}]))

    async def told(self, action: str) -> dict[str, Any]:
        """Wait until the house asks the charger for `action`, and accept it."""
        async with asyncio.timeout(10):
            while True:
                message = json.loads(await self.socket.recv())
                await self.socket.send(json.dumps([3, message[1], {"status": "Accepted"}]))
                if message[2] == action:
                    asked: dict[str, Any] = message[3]
                    return asked

    async def settle(self) -> None:
        await self.house.worker.run_until_idle()

    async def until(self, sql: str, wanted: object, *args: object) -> None:
        """Work until the database says so; a minute is the promise."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                await self.settle()
                async with self.house.database.transaction() as tx:
                    await tx.execute("UPDATE job SET run_at = now() WHERE kind = 'sandbox.swish'")
                if await self.network.value(sql, *args) == wanted:
                    return
                await asyncio.sleep(0.05)

    async def prepared(self, driver_id: DriverId | None = None) -> PreparedStart:
        async with self.house.database.transaction() as tx:
            return await sessions.prepare_start(
                tx, ACTOR, station_id=self.network.station_ids["CP1"], evse_number=1, driver_id=driver_id,
                now=self.house.clock(),
            )  # fmt: skip

    async def paid(self, start: UUID, provider: str | None) -> PaymentId:
        """Pay on the provider's page, as a person without an account does."""
        page = await payments.open_adhoc(
            self.house, start_request_id=start, amount_minor=30_000, return_url="/s/a", now=self.house.clock(),
            provider=provider,
        )  # fmt: skip
        if provider == "swish":
            instruction = await self.network.value(
                "SELECT id FROM swish_attempt WHERE payment_id = $1", page.payment_id
            )
            async with self.house.database.transaction() as tx:
                await swish_in(tx, self.house).pay(instruction.hex.upper(), "46701234567")
        else:
            path = re.sub(r"^https?://[^/]+", "", page.url)
            await in_process(application(self.house))("POST", path, FORM, b"card=good&do=pay")
        await self.settle()
        return page.payment_id

    async def driver(self, uid: str) -> DriverId:
        async with self.house.database.transaction() as tx:
            new = NewDriver(email=f"{uid.lower()}@example.se", name="Ada", language="en")
            driver_id = await access.create_driver(tx, ACTOR, new, self.house.clock())
            await access.create_token(tx, ACTOR, NewToken(uid=uid, driver_id=driver_id), self.house.clock())
        return driver_id


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    async with network_on(database, tmp_path, demo=True) as network:
        await network.add_station("CP1")
        async with database.transaction() as tx:
            now = network.house.clock()
            version = await tariffs.create(tx, ACTOR, "All", PER_KWH, now - timedelta(days=1))
            await tariffs.choose(tx, ACTOR, version.tariff_id, now, site_id=network.site_id)
        async with network.socket("CP1") as socket:
            await ask(socket, "BootNotification", BOOT_16)
            there = Place(network, socket)
            await there.does("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
            yield there


def start_of(uid: str) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": uid, "meterStart": 1_000, "timestamp": "2026-11-21T10:00:00Z"}


def stop_of(transaction: int, meter: int) -> dict[str, Any]:
    return {
        "transactionId": transaction,
        "meterStop": meter,
        "timestamp": "2026-11-21T10:02:00Z",
        "reason": "EVDisconnected",
    }


@pytest.mark.parametrize("provider", [None, "swish"])
async def test_paid_but_no_energy_is_given_back_by_itself_within_a_minute(place: Place, provider: str | None) -> None:
    start = await place.prepared()
    payment_id = await place.paid(start.id, provider)
    asked = await place.told("RemoteStartTransaction")
    begun = await place.does("StartTransaction", start_of(asked["idTag"]))
    await place.does("StopTransaction", stop_of(begun["transactionId"], 1_000))
    await place.until("SELECT state FROM payment WHERE id = $1", "cancelled", payment_id)
    await place.until("SELECT captured_minor - refunded_minor FROM payment WHERE id = $1", 0, payment_id)
    assert await place.network.value("SELECT settlement || energy_wh FROM session") == "free0"
    assert await place.network.value("SELECT coalesce(sum(abs(amount_minor)), 0) FROM account_balance") == 0


@pytest.mark.parametrize("provider", [None, "swish"])
async def test_paid_and_the_charger_says_no_is_given_back_by_itself(place: Place, provider: str | None) -> None:
    start = await place.prepared()
    payment_id = await place.paid(start.id, provider)
    for asked in (1, 2):  # once more, before the money is let go of
        await place.until("SELECT count(*) FROM command WHERE kind = 'start_charging'", asked)
        message = json.loads(await place.socket.recv())
        assert message[2] == "RemoteStartTransaction"
        await place.socket.send(json.dumps([3, message[1], {"status": "Rejected"}]))
    await place.until("SELECT state FROM payment WHERE id = $1", "cancelled", payment_id)
    await place.until("SELECT captured_minor - refunded_minor FROM payment WHERE id = $1", 0, payment_id)


async def test_a_held_driver_starts_nothing_new_and_what_runs_goes_on_to_its_end(place: Place) -> None:
    ada = await place.driver("A1B2C3D4")
    begun = await place.does("StartTransaction", start_of("A1B2C3D4"))
    assert begun["idTagInfo"]["status"] == "Accepted"
    async with place.house.database.transaction() as tx:
        await access.hold_starts(tx, ACTOR, ada, "overdue", place.house.clock())
    await place.settle()

    assert await place.network.value("SELECT count(*) FROM session WHERE ended_at IS NULL") == 1
    assert await place.network.value("SELECT count(*) FROM command WHERE kind = 'stop_charging'") == 0
    again = await place.does("Authorize", {"idTag": "A1B2C3D4"})
    assert again["idTagInfo"]["status"] == "Accepted", "the tag must end what it began"
    other = await place.does("StartTransaction", start_of("A1B2C3D4") | {"connectorId": 2})
    assert other["idTagInfo"]["status"] == "Blocked"
    with pytest.raises(NotAllowed, match="overdue"):
        await place.prepared(ada)

    ended = await place.does("StopTransaction", stop_of(begun["transactionId"], 9_000) | {"idTag": "A1B2C3D4"})
    assert ended["idTagInfo"]["status"] == "Accepted"
    after = await place.does("Authorize", {"idTag": "A1B2C3D4"})
    assert after["idTagInfo"]["status"] == "Blocked"
    async with place.house.database.transaction() as tx:
        await access.hold_starts(tx, ACTOR, ada, "", place.house.clock())
    assert (await place.does("Authorize", {"idTag": "A1B2C3D4"}))["idTagInfo"]["status"] == "Accepted"
