"""A central system that answers everything and remembers all it was told: what chargers are tried against alone."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve

ACCEPTED_16 = {"idTagInfo": {"status": "Accepted"}}
ANSWERS: dict[str, dict[str, dict[str, Any]]] = {
    "ocpp1.6": {
        "BootNotification": {"status": "Accepted", "interval": 300, "currentTime": "2026-03-02T06:00:00Z"},
        "Heartbeat": {"currentTime": "2026-03-02T06:00:00Z"},
        "Authorize": ACCEPTED_16,
        "DataTransfer": {"status": "Accepted"},
    },
    "ocpp2.0.1": {
        "BootNotification": {"status": "Accepted", "interval": 300, "currentTime": "2026-03-02T06:00:00Z"},
        "Heartbeat": {"currentTime": "2026-03-02T06:00:00Z"},
        "Authorize": {"idTokenInfo": {"status": "Accepted"}},
        "DataTransfer": {"status": "Accepted"},
    },
}


class Central:
    """Listens on a free port of 127.0.0.1. `heard` holds (identity, message id, action, payload) in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str, dict[str, Any]]] = []
        self.answers: list[list[Any]] = []
        self.sockets: dict[str, ServerConnection] = {}
        self.authorizations: list[str | None] = []
        self.refuse: set[str] = set()
        """Actions that get a CALLERROR."""
        self.swallow: set[str] = set()
        """Actions that get no answer, until they are taken out again."""
        self.unknown_cards: set[str] = set()
        self._transactions = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Central:
        self._server = await serve(
            self._converse,
            "127.0.0.1",
            0,
            subprotocols=["ocpp2.0.1", "ocpp1.6"],
            compression=None,  # type: ignore[list-item]
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ocpp"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def of(self, action: str) -> list[dict[str, Any]]:
        """The payloads of all calls of `action`."""
        return [payload for _, _, name, payload in self.heard if name == action]

    async def until(self, condition: Any, timeout_s: float = 5.0) -> None:
        """Return when `condition()` is true."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(condition)

    async def ask(self, identity: str, action: str, payload: dict[str, Any]) -> list[Any]:
        """Send a command and return the frame that answers it."""
        unique_id = f"ask-{len(self.answers)}-{action}"
        await self.sockets[identity].send(msgspec.json.encode([2, unique_id, action, payload]).decode())
        await self.until(lambda: any(frame[1] == unique_id for frame in self.answers))
        return next(frame for frame in self.answers if frame[1] == unique_id)

    async def _converse(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        identity = socket.request.path.rsplit("/", 1)[1]
        self.authorizations.append(socket.request.headers.get("Authorization"))
        self.sockets[identity] = socket
        async for data in socket:
            frame = msgspec.json.decode(data)
            if frame[0] != 2:
                self.answers.append(frame)
            else:
                self.heard.append((identity, frame[1], frame[2], frame[3]))
                await self._answer(socket, frame)
            async with self._changed:
                self._changed.notify_all()

    async def _answer(self, socket: ServerConnection, frame: list[Any]) -> None:
        _, unique_id, action, payload = frame
        if action in self.swallow:
            return
        if action in self.refuse:
            await socket.send(msgspec.json.encode([4, unique_id, "InternalError", "", {}]).decode())
            return
        answer = ANSWERS[str(socket.subprotocol)].get(action, {})
        if action == "StartTransaction":
            self._transactions += 1
            answer = {"transactionId": self._transactions, "idTagInfo": {"status": self._judge(payload["idTag"])}}
        elif action == "Authorize" and "idTag" in payload:
            answer = {"idTagInfo": {"status": self._judge(payload["idTag"])}}
        await socket.send(msgspec.json.encode([3, unique_id, answer]).decode())

    def _judge(self, card: str) -> str:
        return "Invalid" if card in self.unknown_cards else "Accepted"
