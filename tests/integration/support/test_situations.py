"""Situations as they arise: a charger says something over its socket, and what is told of it is right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.access.rules import HELD_BACK
from laddverk.platform.database import Database
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Complaint, Told
from tests.integration.authorisation.field import until
from tests.network import BOOT_16, Network, ask, network_on

IDENTITY = "TST-1"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        await made.add_station(IDENTITY, connectors=1)
        yield made


async def told(
    network: Network, *, after: timedelta = timedelta(), complaint: Complaint = Complaint.NONE, **given: Any
) -> Told:
    """What is told of the outlet `after` a while of nothing."""
    subject = Subject(station_id=network.station_ids[IDENTITY], evse_number=1, complaint=complaint, **given)
    async with network.house.database.transaction() as tx:
        return choosing.told(await facts_of(tx, subject, network.house.clock() + after))


async def says(socket: ClientConnection, status: str, at: datetime, **more: str) -> None:
    """The outlet changes state."""
    said = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": at.isoformat()} | more
    await ask(socket, "StatusNotification", said)


async def begun(socket: ClientConnection, at: datetime) -> int:
    """A charge begins; its number."""
    start = {"connectorId": 1, "idTag": "NOBODY", "meterStart": 1000, "timestamp": at.isoformat()}
    answer = await ask(socket, "StartTransaction", start)
    return int(answer[2]["transactionId"])


async def ended(socket: ClientConnection, number: int, at: datetime, meter_wh: int, reason: str) -> None:
    stop = {"transactionId": number, "meterStop": meter_wh, "timestamp": at.isoformat(), "reason": reason}
    await ask(socket, "StopTransaction", stop)


async def of_latest(network: Network) -> dict[str, Any]:
    """The driver whose charge it is asks about it."""
    return {"session_id": await network.value("SELECT id FROM session ORDER BY started_at DESC LIMIT 1")}


async def test_what_a_charger_says_before_a_charge_is_told_to_the_driver(network: Network) -> None:
    """Free, plugged in without a payer, an unknown tag, out of service, broken, and no contact."""
    async with network.socket(IDENTITY) as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await says(socket, "Available", network.house.clock())
        assert (await told(network)).situation.key == "outlet-well"

        await says(socket, "Preparing", network.house.clock())
        assert (await told(network, after=MINUTE)).situation.key == "plugged-not-authorised"

        await ask(socket, "Authorize", {"idTag": "NOBODY"})
        refused = await told(network)
        assert (refused.situation.key, refused.match.variant) == ("tag-refused", "unknown")

        await says(socket, "Unavailable", network.house.clock())
        closed = await told(network, after=20 * MINUTE)
        assert (closed.situation.key, closed.match.variant) == ("out-of-order", "closed")

        await says(socket, "Available", network.house.clock())
    await until(lambda: network.value("SELECT bool_and(connected_at IS NULL) FROM station"))
    assert (await told(network, after=20 * MINUTE)).situation.key == "offline"


async def test_what_is_dangerous_is_told_before_all_else(network: Network) -> None:
    """An earth fault and an emergency stop, in the standard's words and a maker's."""
    async with network.socket(IDENTITY) as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await says(socket, "Faulted", network.house.clock(), errorCode="GroundFailure")
        earth = await told(network, complaint=Complaint.CABLE)
        assert (earth.situation.key, earth.match.variant) == ("safety", "earth")

        await says(socket, "Faulted", network.house.clock(), errorCode="OtherError", vendorErrorCode="CX008")
        pressed = await told(network)
    assert pressed.situation.key == "emergency-stop"


async def test_how_a_charge_goes_and_ends_is_told(network: Network) -> None:
    """Without energy, cut short by a power cut, over without energy, and a cable that sticks."""
    async with network.socket(IDENTITY) as socket:
        await ask(socket, "BootNotification", BOOT_16)
        began = network.house.clock() - 20 * MINUTE
        await says(socket, "Charging", began)
        number = await begun(socket, began)
        mine = await of_latest(network)
        assert (await told(network, **mine)).situation.key == "no-energy"
        assert (await told(network, complaint=Complaint.CABLE, **mine)).situation.key == "cable-while-charging"
        assert (await told(network)).situation.key == "taken", "to anybody else it is another's charge"

        await ended(socket, number, network.house.clock() - MINUTE, 6000, "PowerLoss")
        cut = await told(network, **mine)
        assert (cut.situation.key, cut.match.variant) == ("stopped-early", "power")
        assert cut.match.values["energy_wh"] == 5000

        number = await begun(socket, network.house.clock() - MINUTE)
        await ended(socket, number, network.house.clock(), 1000, "Local")
        mine = await of_latest(network)
        assert (await told(network, **mine)).situation.key == "ended-without-energy"

        await says(socket, "Finishing", network.house.clock())
        stuck = await told(network, complaint=Complaint.CABLE, after=5 * MINUTE, **mine)
    assert stuck.situation.key == "cable-stuck-at-charger"
    assert len(stuck.match.evidence) == 2, "the driver says so, and the outlet still waits"


async def test_somebody_elses_refused_tag_is_not_told(network: Network) -> None:
    """A driver hears of their own tag only."""
    async with network.socket(IDENTITY) as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await says(socket, "Available", network.house.clock())
        await ask(socket, "Authorize", {"idTag": "NOBODY"})
        async with network.house.database.transaction() as tx:
            await tx.execute("UPDATE authorisation SET driver_id = gen_random_uuid()")
            somebody = await tx.value("SELECT gen_random_uuid()")

        assert (await told(network)).situation.key == "tag-refused"
        assert (await told(network, driver_id=somebody)).situation.key == "outlet-well"


async def test_an_unpaid_invoice_a_foreign_contract_and_a_cable_of_its_own_are_seen(network: Network) -> None:
    """What a refused tag means, and that nothing is locked at a charger whose cable is its own."""
    station = network.station_ids[IDENTITY]
    async with network.socket(IDENTITY) as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await says(socket, "Available", network.house.clock())
        await ask(socket, "Authorize", {"idTag": "DE8AACA2B3C4D59"})
        assert (await told(network)).situation.key == "roaming-refused"
        async with network.house.database.transaction() as tx:
            await tx.execute("UPDATE authorisation SET status = 'Blocked', reason = $1", f"{HELD_BACK}overdue")
        owing = await told(network)
        assert (owing.situation.key, owing.match.variant) == ("tag-refused", "owes")
        stuck = await told(network, after=20 * MINUTE, complaint=Complaint.CABLE)
        assert stuck.situation.key == "cable-stuck-at-charger"
        async with network.house.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO station_variable (station_id, component, variable, value, reported_at, changed_at)"
                " VALUES ($1, 'Connector@1.1', 'ConnectorType', 'cType2', now(), now())",
                station,
            )
        stuck = await told(network, after=20 * MINUTE, complaint=Complaint.CABLE)
    assert stuck.situation.key == "cable-stuck-in-car"
