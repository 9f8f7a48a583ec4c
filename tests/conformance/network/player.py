"""Plays a transcript: one charger on a real socket against a whole network, and staff who ask things of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from laddverk.kernel.ids import CommandId
from laddverk.kernel.problems import Problem
from laddverk.ocpp import codec
from laddverk.ocpp.commands import AnyCommand
from laddverk.ocpp.frames import CALL, CALL_ERROR, CALL_RESULT, CALL_RESULT_ERROR, SEND
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.conformance.network import deeds
from tests.conformance.network.script import Case, Mismatch, Step, filled, match, matches, written
from tests.network import ACTOR, Network

VERSIONS = {"16": Protocol.V16, "201": Protocol.V201, "21": Protocol.V21}
PATIENCE_S = 6.0  # for anything to come or to be shown; a busy test machine is slow
CONNECTORS = 2
BOOTS = {
    "16": {"chargePointVendor": "Laddbox", "chargePointModel": "One", "chargePointSerialNumber": "SN1"},
    "201": {"reason": "PowerUp", "chargingStation": {"vendorName": "Laddbox", "model": "Two", "serialNumber": "SN2"}},
}
BOOTED_BEFORE = timedelta(hours=2)  # so that whatever the transcript tells came later
REFUSED = "CALLERROR"


class Player:
    """One charger, and what was said so far."""

    def __init__(self, network: Network, case: Case, identity: str, names: dict[str, Any]) -> None:
        self.network = network
        self.case = case
        self.identity = identity
        self.names = names
        self.protocol = VERSIONS[case.version]
        self.now = network.house.clock().replace(microsecond=0)
        self.command_id: CommandId | None = None
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._calls: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[list[Any]]] = {}
        self._answer: list[Any] = []
        self._asked: list[Any] = []

    async def play(self) -> None:
        """Follow every step. Raises `Mismatch` with file and line."""
        self.names["station"] = str(self.network.station_ids[self.identity])
        self.names["identity"] = self.identity
        try:
            if self.case.steps[0].verb != "connects":
                await self._do_connects(Step(self.case.line, "connects"))
            for step in self.case.steps:
                await self._follow(step)
        finally:
            await self._do_drops(Step(0, "drops"))

    async def _follow(self, step: Step) -> None:
        do: Callable[[Step], Awaitable[None]] = getattr(self, f"_do_{step.verb}")
        try:
            body = filled(step.body, self.names, self.now)
            word = filled(step.word, self.names, self.now)
            await do(Step(step.line, step.verb, str(word), body))
        except Exception as error:
            raise Mismatch(f"{self.case.path.name}:{step.line} {step.verb} {step.word}: {error!r}") from error

    # The socket

    async def _do_connects(self, step: Step) -> None:
        version = step.word or self.protocol.value
        self._socket = await connect(
            self.network.url(self.identity),
            subprotocols=[version],  # type: ignore[list-item]
            additional_headers=self.network.headers(self.identity),
            compression=None,
        )
        self._listening = asyncio.create_task(self._listen(self._socket))

    async def _do_drops(self, _step: Step) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._listening is not None:
            await self._listening

    async def _do_closed(self, step: Step) -> None:
        assert self._socket is not None
        async with asyncio.timeout(PATIENCE_S):
            await self._socket.wait_closed()
        if step.word:
            match(int(step.word), self._socket.close_code, self.names)

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                frame = json.loads(data)
                if frame[0] in (CALL, SEND):
                    self._calls.put_nowait(frame)
                elif str(frame[1]) in self._answers:
                    self._answers.pop(str(frame[1])).set_result(frame)
                else:
                    self._calls.put_nowait(frame)
        except ConnectionClosed:
            pass

    async def _send(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send(text)

    # What the charger says

    async def _do_boot(self, _step: Step) -> None:
        await self._do_says(Step(0, "says", "BootNotification", BOOTS["16" if self.protocol.is_16 else "201"]))
        await self._do_hears(Step(0, "hears", "", {"status": "Accepted"}))
        for number in range(1, CONNECTORS + 1):
            status: dict[str, Any] = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
            if not self.protocol.is_16:
                moment = written(self.now - BOOTED_BEFORE)
                status = {"timestamp": moment, "evseId": number, "connectorId": 1, "connectorStatus": "Available"}
            await self._do_says(Step(0, "says", "StatusNotification", status))

    async def _do_says(self, step: Step) -> None:
        unique_id = str(uuid4())
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._answers[unique_id] = answer
        await self._send(json.dumps([CALL, unique_id, step.word, step.body]))
        self._answer = await asyncio.wait_for(answer, PATIENCE_S)
        if self._answer[0] == CALL_RESULT:
            kind = self.protocol.actions[step.word][1]
            codec.strictly(kind or Message, json.dumps(self._answer[2]).encode())

    async def _do_sends(self, step: Step) -> None:
        await self._send(json.dumps([SEND, str(uuid4()), step.word, step.body]))

    async def _do_raw(self, step: Step) -> None:
        """Send exactly this text; what comes back, if anything, is a `call` or the answer to id `raw`."""
        self._answers["raw"] = answer = asyncio.get_running_loop().create_future()
        await self._send(step.word)
        if '"raw"' in step.word:
            self._answer = await asyncio.wait_for(answer, PATIENCE_S)

    async def _do_hears(self, step: Step) -> None:
        if step.word.startswith(REFUSED):
            match([CALL_ERROR, step.word.removeprefix(REFUSED).strip()], self._answer[:1] + self._answer[2:3], {})
        else:
            match(CALL_RESULT, self._answer[0], {}, f"the kind of answer {self._answer}")
            match(step.body, self._answer[2], self.names)

    async def _do_refuses(self, step: Step) -> None:
        await self._send(json.dumps([CALL_RESULT_ERROR, self._answer[1], step.word, "it makes no sense", {}]))

    # What staff ask, and how the charger answers

    async def _do_asks(self, step: Step) -> None:
        command = msgspec.convert({"kind": step.word, **step.body}, AnyCommand)
        house = self.network.house
        async with house.database.transaction() as tx:
            self.command_id = await stations.request_command(
                tx, ACTOR, self.network.station_ids[self.identity], command, house.clock(), reason=self.case.title
            )
        house.hints.publish([COMMANDS_TOPIC])

    async def _do_does(self, step: Step) -> None:
        done = await getattr(deeds, step.word)(self.network, self.network.station_ids[self.identity], **step.body)
        if isinstance(done, UUID):
            self.command_id = CommandId(done)
        elif isinstance(done, dict):
            self.names.update(done)
        self.network.house.hints.publish([COMMANDS_TOPIC])
        self.network.house.worker.wake()

    async def _do_fails(self, step: Step) -> None:
        try:
            await self._do_does(step)
        except Problem:
            return
        raise Mismatch(f"{step.word} was done")

    async def _do_call(self, step: Step) -> None:
        """Wait for a call of ours; others that come first are refused, as a simple charger does."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._asked = await self._calls.get()
                if self._asked[2] == step.word:
                    break
                if self._asked[0] == CALL:
                    await self._send(json.dumps([CALL_ERROR, self._asked[1], "NotSupported", "", {}]))
        codec.strictly(self.protocol.actions[step.word][0], json.dumps(self._asked[3]).encode())
        match(step.body, self._asked[3], self.names)

    async def _do_reply(self, step: Step) -> None:
        if step.word.startswith(REFUSED):
            frame: list[Any] = [CALL_ERROR, self._asked[1], step.word.removeprefix(REFUSED).strip(), "", {}]
        else:
            frame = [CALL_RESULT, self._asked[1], step.body]
        await self._send(json.dumps(frame))

    async def _do_told(self, step: Step) -> None:
        """Wait for the CALLRESULTERROR to the last reply."""
        async with asyncio.timeout(PATIENCE_S):
            while (frame := await self._calls.get())[0] != CALL_RESULT_ERROR:
                pass
        match([self._asked[1], step.word], frame[1:3], {})

    async def _do_ends(self, step: Step) -> None:
        state, _, word = step.word.partition(" ")
        wanted = {"id": str(self.command_id), "state": state, **({"outcome": word} if word else {})}
        await self._until_shown("command", wanted)

    # What the database shows

    async def _do_shows(self, step: Step) -> None:
        await self._until_shown(step.word, step.body)

    async def _do_shows_no(self, step: Step) -> None:
        await self._settled()
        found = [row for row in await self._rows(step.word) if matches(step.body, row, {})]
        if found:
            raise Mismatch(f"{step.word} shows {found}")

    async def _until_shown(self, table: str, wanted: dict[str, Any]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            await self._settled()
            rows = await self._rows(table)
            if any(matches(wanted, row, self.names) for row in rows):
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Mismatch(f"{table} does not show {wanted}, but {_told(rows, wanted)}")
            await asyncio.sleep(0.02)

    async def _rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of `table` that belong to this station, as JSON."""
        if not table.isidentifier():
            raise ValueError(f"{table} is no table")
        by = {"station": "id", "event": "subject_id"}.get(table, "station_id")
        sql = f"SELECT coalesce(json_agg(t), '[]')::text FROM {table} t WHERE t.{by} = $1"
        return json.loads(await self.network.value(sql, self.network.station_ids[self.identity]))

    async def _settled(self) -> None:
        """Let the jobs that wait do their work."""
        await deeds.work_off(self.network)


def _told(rows: list[dict[str, Any]], wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Return of each row what was asked for."""
    return [{key: row.get(key, "(no such column)") for key in wanted} for row in rows[-5:]]
