"""A whole session by a charger that others wrote: the PyPI package `ocpp` as client, in 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v21 import call_result as result21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.kernel.ids import SessionId
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.stations.model import COMMANDS_TOPIC
from tests.network import ACTOR, Network, network_on

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
TOKEN = "04A1B2C3D4"


def at(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Charger16(ChargePoint16):  # type: ignore[misc]
    """A foreign 1.6 charger that stops when it is told to."""

    stopped: asyncio.Event

    @on("RemoteStopTransaction")
    async def on_stop(self, transaction_id: int, **_more: Any) -> Any:
        self.stopped.set()
        return result16.RemoteStopTransaction(status="Accepted")


class Charger201(ChargePoint201):  # type: ignore[misc]
    """A foreign 2.0.1 charger that stops when it is told to."""

    stopped: asyncio.Event

    @on("RequestStopTransaction")
    async def on_stop(self, transaction_id: str, **_more: Any) -> Any:
        self.stopped.set()
        return result201.RequestStopTransaction(status="Accepted")


class Charger21(ChargePoint21):  # type: ignore[misc]
    """A foreign 2.1 charger that stops when it is told to."""

    stopped: asyncio.Event

    @on("RequestStopTransaction")
    async def on_stop(self, transaction_id: str, **_more: Any) -> Any:
        self.stopped.set()
        return result21.RequestStopTransaction(status="Accepted")


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A gateway with one station, and a driver with a tag."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("FOREIGN")
        async with database.transaction() as tx:
            driver = NewDriver(email="driver@example.com", name="A Driver")
            driver_id = await access.create_driver(tx, ACTOR, driver, START)
            await access.create_token(tx, ACTOR, NewToken(uid=TOKEN, driver_id=driver_id), START)
        yield found


async def stop_remotely(network: Network) -> None:
    """Ask the charger to stop its session, as a member of staff does in the console."""
    session_id = SessionId(await network.value("SELECT id FROM session"))
    async with network.house.database.transaction() as tx:
        await sessions.request_stop(tx, ACTOR, session_id, network.house.clock(), "test")
    network.house.hints.publish([COMMANDS_TOPIC])


async def command_state(network: Network, wanted: str) -> None:
    """Wait until the one command has reached the state."""
    async with asyncio.timeout(10):
        while await network.value("SELECT state FROM command") != wanted:
            await asyncio.sleep(0.05)


async def energy_and_end(network: Network) -> tuple[int, bool, str]:
    energy_wh = await network.value("SELECT energy_wh FROM session")
    ended = await network.value("SELECT ended_at IS NOT NULL FROM session")
    return energy_wh, ended, await network.value("SELECT d.name FROM session s JOIN driver d ON d.id = s.driver_id")


async def test_a_whole_session_in_16(network: Network) -> None:
    async with network.socket("FOREIGN") as socket:
        charger = Charger16("FOREIGN", socket)
        charger.stopped = asyncio.Event()
        listening = asyncio.create_task(charger.start())

        boot = await charger.call(call16.BootNotification(charge_point_vendor="Foreign", charge_point_model="F16"))
        assert boot.status == "Accepted"
        assert boot.interval > 0
        await charger.call(call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
        authorised = await charger.call(call16.Authorize(id_tag=TOKEN))
        assert authorised.id_tag_info["status"] == "Accepted"
        started = await charger.call(
            call16.StartTransaction(connector_id=1, id_tag=TOKEN, meter_start=1000, timestamp=at(0))
        )
        assert started.transaction_id > 0
        for minutes, register in ((10, 2800), (20, 4600)):
            value = {"timestamp": at(minutes), "sampled_value": [{"value": str(register)}]}
            await charger.call(
                call16.MeterValues(connector_id=1, transaction_id=started.transaction_id, meter_value=[value])
            )
        await stop_remotely(network)
        async with asyncio.timeout(10):
            await charger.stopped.wait()
        await command_state(network, "accepted")
        stop = call16.StopTransaction(
            transaction_id=started.transaction_id, meter_stop=5000, timestamp=at(25), reason="Remote", id_tag=TOKEN
        )
        await charger.call(stop)
        await command_state(network, "confirmed")
        listening.cancel()

    assert await energy_and_end(network) == (4000, True, "A Driver")


@pytest.mark.parametrize(
    ("version", "kind", "call2x"),
    [("ocpp2.0.1", Charger201, call201), ("ocpp2.1", Charger21, call21)],
    ids=["2.0.1", "2.1"],
)
async def test_a_whole_session_in_2x(network: Network, version: str, kind: Any, call2x: Any) -> None:
    async with network.socket("FOREIGN", version=version) as socket:
        charger = kind("FOREIGN", socket)
        charger.stopped = asyncio.Event()
        listening = asyncio.create_task(charger.start())

        boot = await charger.call(
            call2x.BootNotification(charging_station={"vendor_name": "Foreign", "model": "F201"}, reason="PowerUp")
        )
        assert boot.status == "Accepted"
        await charger.call(
            call2x.StatusNotification(timestamp=at(0), connector_status="Occupied", evse_id=1, connector_id=1)
        )
        token = {"id_token": TOKEN, "type": "ISO14443"}
        authorised = await charger.call(call2x.Authorize(id_token=token))
        assert authorised.id_token_info["status"] == "Accepted"

        def event(kind: str, sequence: int, minutes: int, register: int, **more: Any) -> Any:
            reading = {"value": register, "measurand": "Energy.Active.Import.Register", "context": "Sample.Periodic"}
            return call2x.TransactionEvent(
                event_type=kind,
                timestamp=at(minutes),
                trigger_reason="MeterValuePeriodic",
                seq_no=sequence,
                transaction_info={"transaction_id": "foreign-1", "charging_state": "Charging"},
                evse={"id": 1, "connector_id": 1},
                meter_value=[{"timestamp": at(minutes), "sampled_value": [reading]}],
                **more,
            )

        started = await charger.call(event("Started", 0, 0, 1000, id_token=token))
        assert started.id_token_info["status"] == "Accepted"
        await charger.call(event("Updated", 1, 10, 2800))
        await stop_remotely(network)
        async with asyncio.timeout(10):
            await charger.stopped.wait()
        await charger.call(event("Ended", 2, 25, 5000))
        await command_state(network, "confirmed")
        listening.cancel()

    assert await energy_and_end(network) == (4000, True, "A Driver")
