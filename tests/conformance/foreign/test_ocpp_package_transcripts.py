"""The transcripts, block by block, played by the PyPI package `ocpp` as the charger: it holds our calls and answers
against its own copy of the schemas, and we hold its messages against ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from ocpp import v16, v21, v201
from ocpp.charge_point import ChargePoint, camel_to_snake_case
from ocpp.exceptions import OCPPError
from ocpp.routing import create_route_map, on
from websockets.asyncio.client import ClientConnection

from laddverk.ocpp import codec
from laddverk.ocpp.commands import AnyCommand
from laddverk.ocpp.frames import CALL_RESULT
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.cluster import TestCluster
from tests.network import ACTOR, BOOT_16, BOOT_201, Network, network_on

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSCRIPTS = Path(__file__).parents[1] / "ocpp" / "transcripts"
PACKAGES = {"16": v16, "201": v201, "21": v21}
NAMES = {"16": "ocpp1.6", "201": "ocpp2.0.1", "21": "ocpp2.1"}
WAIT_S = 10.0


CANNOT = {
    ("16", "SecurityEventNotification"): "wants techInfo, which may be absent",
    ("16", "GetLocalListVersion"): "calls the field of the answer by another name",
    ("21", "Authorize"): "loses the names of certificate fields",
    ("21", "BatterySwap"): "spells soC as SoC",
    ("21", "Get15118EVCertificate"): "loses the names of its fields",
    ("21", "NotifyPeriodicEventStream"): "knows no message that is only sent",
    ("21", "ReportDERControl"): "spells fixedPF as fixedPf",
}
"""What this version of the package cannot say, or not always, though the standard has it."""


class Foreign:
    """A charger of the package: says what a line says, and answers what we ask as a line has it."""

    def __init__(self, network: Network, version: str, identity: str, socket: ClientConnection) -> None:
        self.network = network
        self.version = version
        self.package = PACKAGES[version]
        self.station_id = network.station_ids[identity]
        self.unsaid: set[tuple[str, str]] = set()
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._socket = socket
        self._sent = 0
        self.charger: ChargePoint = self.package.ChargePoint(identity, self)

    async def send(self, text: str) -> None:
        """Send what the package made; it holds this for its socket."""
        self._sent += 1
        await self._socket.send(text)

    async def recv(self) -> str | bytes:
        """Return what comes next."""
        return await self._socket.recv()

    async def says(self, action: str, payload: dict[str, Any]) -> None:
        """Say it, unless the package refuses to. Raises what the package raises when it does not like the answer."""
        sent = self._sent
        try:
            message = getattr(self.package.call, action)(**camel_to_snake_case(payload))
            await self.charger.call(message, suppress=False)
        except (AttributeError, TypeError, OCPPError):
            if self._sent != sent:
                raise
            self.unsaid.add((self.version, action))

    async def is_asked(self, line: dict[str, Any]) -> None:
        """Have staff ask it, and answer as the line has it: the command ends with the outcome of the line."""
        action, payload = line["call"][2], line["reply"][2]
        try:
            answer = getattr(self.package.call_result, action)(**camel_to_snake_case(payload))
        except TypeError:
            self.unsaid.add((self.version, action))
            return
        self.charger.route_map = create_route_map(_answering(action, answer, self._asked))
        house = self.network.house
        async with house.database.transaction() as tx:
            command = msgspec.convert(line["command"], AnyCommand)
            command_id = await stations.request_command(tx, ACTOR, self.station_id, command, house.clock())
        house.hints.publish([COMMANDS_TOPIC])
        async with asyncio.timeout(WAIT_S):
            while await self.network.value("SELECT answered_at FROM command WHERE id = $1", command_id) is None:
                await asyncio.sleep(0.01)
        assert self._asked.get_nowait() == action
        outcome = await self.network.value("SELECT outcome FROM command WHERE id = $1", command_id)
        assert outcome == line["outcome"]["word"]


def _answering(action: str, answer: Any, asked: asyncio.Queue[str]) -> object:
    """Return what the package finds its one route in."""

    class Answering:
        @on(action)
        async def reply(self, **_fields: Any) -> Any:
            asked.put_nowait(action)
            return answer

    return Answering()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    async with network_on(database, tmp_path_factory.mktemp("state")) as found:
        yield found
    await database.close()
    await cluster.dropped(name)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what a charger does that keeps to the standard: no error, and nothing that has to be bent."""
    protocol = Protocol(NAMES[path.stem.split("_")[0]])
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line.get("answered", line.get("reply"))[0] != CALL_RESULT:
            continue
        if "says" not in line:
            action, payload = line["call"][2], line["reply"][2]
            decoded = codec.decode_response(protocol, action, json.dumps(payload).encode())
        elif isinstance(line["says"], str):
            continue
        else:
            action, payload = line["says"][2:]
            decoded = codec.decode_request(protocol, action, json.dumps(payload).encode())
        if not decoded.flags and not any(fact.get("flags") for fact in line.get("facts", ())):
            yield line


@pytest.mark.parametrize("stem", [path.stem for path in sorted(TRANSCRIPTS.glob("*.jsonl"))])
async def test_a_block_is_understood_both_ways_by_the_package(network: Network, stem: str) -> None:
    version = stem.split("_")[0]
    await network.add_station(stem)
    async with network.socket(stem, version=NAMES[version]) as socket:
        foreign = Foreign(network, version, stem, socket)
        listening = asyncio.create_task(foreign.charger.start())
        await foreign.says("BootNotification", BOOT_16 if version == "16" else BOOT_201)
        for line in lines(TRANSCRIPTS / f"{stem}.jsonl"):
            if "says" in line:
                await foreign.says(line["says"][2], line["says"][3])
            else:
                await foreign.is_asked(line)
        listening.cancel()
    assert foreign.unsaid - set(CANNOT) == set()
    for table in ("quarantine", "station_quirk"):
        sql = f"SELECT count(*) FROM {table} WHERE station_id = $1"
        assert await network.value(sql, network.station_ids[stem]) == 0, table
