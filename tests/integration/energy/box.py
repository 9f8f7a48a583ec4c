"""A charger on a socket that answers each call as a test says, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection

from tests.network import BOOT_16, BOOT_201, Network

Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


class Box:
    """One charger: `says` speaks, `asked` holds what it was asked, `answers` says what it answers."""

    def __init__(self, network: Network, socket: ClientConnection) -> None:
        self.network = network
        self.socket = socket
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._heard = asyncio.Event()

    async def says(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Say something and return the answer's payload."""
        unique_id = str(uuid4())
        self._waiting[unique_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, unique_id, action, payload]))
        return await asyncio.wait_for(self._waiting[unique_id], 10)

    async def was_asked(self, action: str, times: int = 1) -> dict[str, Any]:
        """Return the latest request of this action, once there were so many."""

        async def there() -> dict[str, Any]:
            while True:
                found = [payload for name, payload in self.asked if name == action]
                if len(found) >= times:
                    return found[-1]
                self._heard.clear()
                await self._heard.wait()

        self.network.house.hints.publish(["commands"])
        payload = await asyncio.wait_for(there(), 10)
        await self.settled()
        return payload

    async def settled(self) -> None:
        """Wait until every command that was sent has its answer kept, and do the jobs that follow."""
        for _ in range(200):
            if not await self.network.value("SELECT count(*) FROM command WHERE state IN ('queued', 'sent')"):
                break
            await asyncio.sleep(0.02)
        await self.network.house.worker.run_until_idle()

    async def listen(self) -> None:
        """Answer calls and hand out answers, for ever."""
        async for text in self.socket:
            kind, unique_id, *rest = json.loads(text)
            if kind == 2:
                await self._answer(unique_id, *rest)
            elif unique_id in self._waiting:
                self._waiting.pop(unique_id).set_result(rest[0] if kind == 3 else {"error": rest})

    async def _answer(self, unique_id: str, action: str, payload: dict[str, Any]) -> None:
        answer = self.answers.get(action, {"status": "Accepted"})
        given = answer(payload) if callable(answer) else answer
        if "error" in given:
            await self.socket.send(json.dumps([4, unique_id, given["error"], "", {}]))
        else:
            await self.socket.send(json.dumps([3, unique_id, given]))
        self.asked.append((action, payload))
        self._heard.set()


@asynccontextmanager
async def boxed(network: Network, identity: str, version: str = "ocpp2.0.1") -> AsyncIterator[Box]:
    """Yield a registered charger that has booted."""
    if identity not in network.keys:
        await network.add_station(identity)
    async with network.socket(identity, version=version) as socket:
        box = Box(network, socket)
        listening = asyncio.create_task(box.listen())
        try:
            await box.says("BootNotification", BOOT_16 if version == "ocpp1.6" else BOOT_201)
            yield box
        finally:
            listening.cancel()
