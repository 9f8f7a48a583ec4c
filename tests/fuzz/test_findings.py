"""What fuzzing has found, each finding as it was sent: over a socket, with the same watch as in a storm.

A line of `findings/*.jsonl` has a `frame` to send, or a `reply` to a command that is queued first; `@ID@` is the id of
the command's call, `@DEEP@` a message that nests as deep as a frame can hold.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from laddverk.ocpp.commands import Reset
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.fuzz.generators import VERSIONS
from tests.fuzz.pages import looked_at
from tests.fuzz.watch import watching
from tests.network import ACTOR, BOOT_16, BOOT_201, Network, ask, network_on

FINDINGS = [
    json.loads(line)
    for path in sorted((Path(__file__).parent / "findings").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
DEEP = '[2,"deep","DataTransfer",{"vendorId":"x","data":' + "[" * 30_000 + "]" * 30_000 + "}]"
PATIENCE_S = 10.0


async def called(network: Network, identity: str, socket: ClientConnection) -> str:
    """Queue a command and return the id of the call that it makes."""
    async with network.house.database.transaction() as tx:
        await stations.request_command(tx, ACTOR, network.station_ids[identity], Reset(), network.house.clock())
    network.house.hints.publish([COMMANDS_TOPIC])
    call = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
    assert call[2] == "Reset"
    return str(call[1])


async def replayed(network: Network, identity: str, finding: dict[str, Any]) -> None:
    """Send what was found, and go on as if nothing had happened."""
    protocol = VERSIONS[finding["version"]]
    async with network.socket(identity, version=protocol.value) as socket:
        await ask(socket, "BootNotification", BOOT_16 if protocol.is_16 else BOOT_201)
        unique_id = await called(network, identity, socket) if "reply" in finding else ""
        texts = [json.dumps(finding["reply"])] if "reply" in finding else []
        texts += [finding["frame"]] if "frame" in finding else []
        for text in texts:
            await socket.send(text.replace("@ID@", unique_id).replace("@DEEP@", DEEP))
        await socket.send('[2,"after","Heartbeat",{}]')
        async with asyncio.timeout(PATIENCE_S):
            while json.loads(await socket.recv())[1] != "after":
                pass
        if unique_id:
            async with asyncio.timeout(PATIENCE_S):
                while await network.value(OPEN, network.station_ids[identity]):
                    await asyncio.sleep(0.02)


OPEN = "SELECT count(*) FROM command WHERE station_id = $1 AND answered_at IS NULL"


async def test_what_was_found_once_harms_no_more(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        with watching() as watch:
            for number, finding in enumerate(FINDINGS):
                await network.add_station(f"FOUND-{number}")
                try:
                    await replayed(network, f"FOUND-{number}", finding)
                except Exception as error:
                    pytest.fail(f"{finding['why']}: {error!r}")
            await network.house.worker.run_until_idle()
            statuses = await looked_at(network)
        assert not watch.errors, "\n\n".join(watch.errors)
        assert max(statuses) < 500
