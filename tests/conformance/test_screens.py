"""What chargers say is seen: all transcripts are said over a socket, and the screens that the table of coverage names
for a message show something else afterwards. Every page of the station can be read, whatever was said.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken, StaffDetails
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from laddverk.web.console.station_tabs import GROUPS
from tests.cluster import TestCluster
from tests.network import ACTOR, BOOT_16, BOOT_201, Network, ask, network_on

sys.path.append(str(Path(__file__).parents[2] / "tools"))
import ocpp_coverage as coverage

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = "http://testserver"
PASSWORD = "kaffe traktor molnfri"
STATION = "{station_id:str}"
OF_ONE_THING = re.compile(r"\{(?!station_id)\w+:str\}")
INVISIBLE = re.compile(r"<(script|style|svg|nav|header).*?</\1>|<time class=.since.*?</time>", re.DOTALL)
"""What is no word about the message: the frame of the page, and how long ago things were."""
TAG = re.compile(r"<[^>]+>")
FOR_LATER = {
    "ClearedChargingLimit": "there must be a limit: tests/integration/energy/test_profiles.py",
    "ClosePeriodicEventStream": "there must be a stream: tests/integration/provisioning",
    "Heartbeat": "only the time of the last word moves",
    "NotifyCustomerInformation": "somebody must have asked: network/201/n_customer.ocpp",
    "NotifyPriorityCharging": "there must be a session: tests/integration/energy/test_profiles.py",
    "PullDynamicScheduleUpdate": "there must be a dynamic limit: tests/integration/energy/test_profiles.py",
    "ReservationStatusUpdate": "there must be a reservation: network/201/h_reservation.ocpp",
}
"""What a charger says that changes a screen only when something went before, and where that is shown."""


class Eyes:
    """Somebody at the console."""

    def __init__(self, network: Network, client: httpx.AsyncClient) -> None:
        self._network = network
        self._client = client

    async def text(self, address: str) -> str:
        """Return what a page says, without its frame."""
        page = await self._client.get(address)
        assert page.status_code == 200, (address, page.status_code)
        return " ".join(TAG.sub(" ", INVISIBLE.sub("", page.text)).split())

    async def texts(self, screens: list[str], identity: str) -> list[str]:
        """Return what these screens say of a station and its latest session."""
        station_id = self._network.station_ids[identity]
        sql = "SELECT id FROM session WHERE station_id = $1 ORDER BY id DESC LIMIT 1"
        session_id = await self._network.value(sql, station_id)
        found = [screen.replace(STATION, shown("sta", station_id)) for screen in screens]
        if session_id is not None:
            found = [screen.replace("{session_id:str}", shown("ses", session_id)) for screen in found]
        return [await self.text(screen) for screen in found if not OF_ONE_THING.search(screen)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    async with network_on(database, tmp_path_factory.mktemp("state")) as found:
        yield found
    await database.close()
    await cluster.dropped(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eyes(network: Network) -> AsyncIterator[Eyes]:
    house = network.house
    async with house.database.transaction() as tx:
        staff = StaffDetails(email="eyes@example.com", name="Eyes", role=Role.ADMIN)
        await access.create_staff(tx, ACTOR, staff, PASSWORD, house.clock())
        driver = await access.create_driver(tx, ACTOR, NewDriver(email="d@example.com", name="Dee"), house.clock())
        await access.create_token(tx, ACTOR, NewToken(uid="04A1B2C3", driver_id=driver), house.clock())
    transport = httpx.ASGITransport(app=create_app(house))
    async with httpx.AsyncClient(transport=transport, base_url=HOME, timeout=60) as client:
        form = {"email": "eyes@example.com", "password": PASSWORD}
        await client.post("/console/login", data=form, headers={"origin": HOME})
        yield Eyes(network, client)


def said(version: str) -> Iterator[tuple[str, str]]:
    """Yield what a charger says in the transcripts of a version: the action and the frame."""
    for _, line in coverage.lines(version):
        if "says" in line and line["answered"][0] == 3:
            text = line["says"] if isinstance(line["says"], str) else json.dumps(line["says"])
            yield json.loads(text, strict=False)[2], text


@pytest.mark.parametrize("version", list(coverage.VERSIONS))
async def test_every_message_that_is_handled_is_seen_on_its_screen(network: Network, eyes: Eyes, version: str) -> None:
    identity = f"SEEN-{version}"
    await network.add_station(identity)
    screens = {row.action: row.screens for row in coverage.rows(version, coverage.addresses()) if row.heard}
    unseen = set(screens)
    async with network.socket(identity, version=coverage.VERSIONS[version].value) as socket:
        await ask(socket, "BootNotification", BOOT_16 if version == "16" else BOOT_201)
        await ask(socket, *start_of(version))
        for action, text in said(version):
            is_new = action in unseen
            before = await eyes.texts(screens[action], identity) if is_new else []
            await socket.send(text if version != "16" else await with_number(network, identity, text))
            assert (await asyncio.wait_for(answered(socket), 10))[0] == 3
            if is_new:
                await network.house.worker.run_until_idle()
                unseen -= {action} if await eyes.texts(screens[action], identity) != before else set()
    assert {action: screens[action] for action in unseen if action not in FOR_LATER} == {}
    for group in GROUPS:
        for tab in group.tabs:
            await eyes.text(f"/console/stations/{shown('sta', network.station_ids[identity])}{tab.path}")


async def with_number(network: Network, identity: str, text: str) -> str:
    """Return a frame of 1.6 with the number that we gave its session: transcripts have numbers of their own."""
    frame = json.loads(text, strict=False)
    if "transactionId" in frame[3]:
        sql = "SELECT number FROM session WHERE station_id = $1 ORDER BY id DESC LIMIT 1"
        frame[3]["transactionId"] = await network.value(sql, network.station_ids[identity])
    return json.dumps(frame)


async def answered(socket: Any) -> list[Any]:
    """Return the answer to what was said; what is asked of the charger meanwhile is not its business here."""
    while True:
        frame: list[Any] = json.loads(await socket.recv())
        if frame[0] in (3, 4):
            return frame


def start_of(version: str) -> tuple[str, dict[str, Any]]:
    """Return how a session begins, in which readings are seen."""
    if version == "16":
        return "StartTransaction", {
            "connectorId": 1, "idTag": "04A1B2C3", "meterStart": 0, "timestamp": "2026-10-24T19:00:00Z",
        }  # fmt: skip
    return "TransactionEvent", {
        "eventType": "Started", "timestamp": "2026-10-24T19:00:00Z", "triggerReason": "Authorized", "seqNo": 0,
        "transactionInfo": {"transactionId": "seen"}, "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "04A1B2C3", "type": "ISO14443"},
    }  # fmt: skip
