"""Chargers for fault tests that forget nothing: each message is sent, in order, until it is answered.

Written against the standard alone, so that what they hold us to is not our own opinion of it.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

BEGIN = datetime(2026, 10, 5, 6, tzinfo=UTC)
AGAIN_S = 0.1
ANSWER_S = 60.0
READINGS = 3
STEP_WH = 1000

Message = tuple[str, dict[str, Any]]


def stamp(minutes: int) -> str:
    return (BEGIN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Stubborn:
    """One charger. `sessions` are charged one after another; 0 makes it idle: it only holds its socket."""

    identity: str
    key: str
    version: str
    sessions: int
    answered: int = 0
    errors: list[Any] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    closed: list[tuple[float, int | None]] = field(default_factory=list)
    """When (monotonic) sockets ended, and with which code."""
    is_open: bool = False
    stays_away: bool = False
    _number: int | None = None

    @property
    def registers(self) -> list[list[int]]:
        """What the meter shows in each session: at its start, at each reading, and at its end."""
        steps = READINGS + 1
        return [[(session * steps + step) * STEP_WH for step in range(steps + 1)] for session in range(self.sessions)]

    async def run(self, url: str) -> None:
        """Say everything, whatever happens to the link; then hold the socket until cancelled."""
        left = self._messages()
        message = next(left, None)
        while not self.stays_away:
            try:
                async with self._socket(url) as socket:
                    self.is_open = True
                    while message is not None:
                        await self._say(socket, message)
                        message = next(left, None)
                    await socket.wait_closed()
                    self._note_end(socket)
            except InvalidStatus as refusal:
                self.refused[refusal.response.status_code] += 1
            except ConnectionClosed:
                self._note_end(socket)
            except (OSError, InvalidHandshake, TimeoutError):
                pass  # the listener itself is away
            self.is_open = False
            await asyncio.sleep(AGAIN_S)

    def _socket(self, url: str) -> connect:
        basic = base64.b64encode(f"{self.identity}:{self.key}".encode()).decode()
        return connect(
            f"{url}/{self.identity}",
            subprotocols=[self.version],  # type: ignore[list-item]
            additional_headers={"Authorization": f"Basic {basic}"},
            compression=None,
            proxy=None,
        )

    def _note_end(self, socket: ClientConnection) -> None:
        self.closed.append((time.monotonic(), socket.close_code))

    async def _say(self, socket: ClientConnection, message: Message) -> None:
        """Return once `message` has a CALLRESULT. A retry has an id of its own, as from most chargers."""
        action, payload = message
        if "transactionId" in payload:
            payload = {**payload, "transactionId": self._number}
        unique_id = f"{self.answered}-{time.monotonic_ns()}"
        await socket.send(json.dumps([2, unique_id, action, payload]))
        while True:
            answer = json.loads(await asyncio.wait_for(socket.recv(), ANSWER_S))
            if answer[0] == 2:
                await socket.send(json.dumps([4, answer[1], "NotSupported", "", {}]))
            elif answer[1] == unique_id:
                break
        if answer[0] != 3:
            self.errors.append(answer)
            raise AssertionError(f"{self.identity} was refused: {answer}")
        self.answered += 1
        self._number = answer[2].get("transactionId", self._number)

    def _messages(self) -> Iterator[Message]:
        say = self._session_16 if self.version == "ocpp1.6" else self._session_201
        return itertools.chain.from_iterable(say(number, shown) for number, shown in enumerate(self.registers))

    def _session_16(self, number: int, shown: list[int]) -> Iterator[Message]:
        at = number * 60
        yield "StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": shown[0], "timestamp": stamp(at)}
        for step, register in enumerate(shown[1:-1], start=1):
            value = {"timestamp": stamp(at + step * 10), "sampledValue": [{"value": str(register)}]}
            yield "MeterValues", {"connectorId": 1, "transactionId": None, "meterValue": [value]}
        end = {"transactionId": None, "meterStop": shown[-1], "timestamp": stamp(at + 50)}
        yield "StopTransaction", end

    def _session_201(self, number: int, shown: list[int]) -> Iterator[Message]:
        last = len(shown) - 1
        for step, register in enumerate(shown):
            at = stamp(number * 60 + (50 if step == last else step * 10))
            context = {0: "Transaction.Begin", last: "Transaction.End"}.get(step, "Sample.Periodic")
            yield (
                "TransactionEvent",
                {
                    "eventType": {0: "Started", last: "Ended"}.get(step, "Updated"),
                    "timestamp": at,
                    "triggerReason": "MeterValuePeriodic",
                    "seqNo": step,
                    "transactionInfo": {"transactionId": f"{self.identity}-{number}"},
                    "evse": {"id": 1, "connectorId": 1},
                    "meterValue": [{"timestamp": at, "sampledValue": [{"value": register, "context": context}]}],
                },
            )
