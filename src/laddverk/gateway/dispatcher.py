"""The dispatcher: carries queued commands to the chargers that this gateway holds, and records what became of them.

A command is a row before it is a message (law 7). The hint `commands` only makes this faster than its poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from laddverk.firmware import service as firmware
from laddverk.gateway import limits
from laddverk.gateway.connection import CallTimedOut, Connection
from laddverk.kernel.ids import StationId
from laddverk.kernel.time import Clock
from laddverk.ocpp import codec, frames, translate
from laddverk.ocpp.commands import AnyCommand, CommandOutcome, SetStationKey, Verdict
from laddverk.ocpp.errors import Undecodable, Untranslatable
from laddverk.ocpp.structs import Message
from laddverk.platform.database import Away, Database
from laddverk.platform.hints import Hints
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC, QueuedCommand

log = structlog.get_logger()

NOT_KEPT = "*" * 16
"""Stands in the journal for a key."""


class Dispatcher:
    """Sends commands for the connections in `connections`, which the server keeps up to date."""

    def __init__(
        self,
        database: Database,
        hints: Hints,
        clock: Clock,
        connections: Mapping[StationId, Connection],
        wake_worker: Callable[[], None],
        pepper: bytes,
        link_key: bytes,
    ) -> None:
        """`pepper` opens the sealed keys that chargers are sent, `link_key` makes the secrets of links to files."""
        self._database = database
        self._hints = hints
        self._clock = clock
        self._connections = connections
        self._wake_worker = wake_worker
        self._pepper = pepper
        self._link_key = link_key
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Dispatch for ever. Survives the database being away."""
        with self._hints.listening([COMMANDS_TOPIC]) as hints:
            while True:
                try:
                    await self._take()
                except Away as error:
                    log.warning("dispatcher.database_away", error=repr(error))
                except Exception:
                    log.exception("dispatcher.stumbled")  # the queue is in the database: the next look finds it again
                try:
                    await asyncio.wait_for(anext(hints), limits.COMMAND_POLL_S)
                except TimeoutError:
                    continue

    async def _take(self) -> None:
        ready = [station_id for station_id, connection in self._connections.items() if connection.ready.is_set()]
        held = [station_id for station_id, connection in self._connections.items() if connection.may_be_set_up]
        if not ready and not held:
            return
        async with self._database.transaction() as tx:
            taken = await stations.take_queued(tx, ready, self._clock(), set_up_only=held)
            taken = [await stations.with_key(tx, command, self._pepper) for command in taken]
        for command in taken:
            task = asyncio.create_task(self._carry_out(command))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        self._hints.publish(f"station:{command.station_id}" for command in taken)

    async def _carry_out(self, queued: QueuedCommand) -> None:
        connection = self._connections.get(queued.station_id)
        try:
            outcome = await self._ask(connection, queued) if connection else None
            why = "the charger is not connected"
        except CallTimedOut as error:
            outcome, why = None, str(error)
        try:
            await self._keep(queued, outcome, why)
        except Away as error:
            log.warning("dispatcher.outcome_lost", command=str(queued.id), error=repr(error))
        self._hints.publish([f"station:{queued.station_id}", f"command:{queued.id}"])
        self._wake_worker()

    async def _keep(self, queued: QueuedCommand, outcome: CommandOutcome | None, why: str) -> None:
        """Record the outcome; one that cannot be kept as it is has failed, because each command has one (law 7)."""
        if outcome is not None:
            try:
                async with self._database.transaction() as tx:
                    await stations.record_outcome(tx, queued.id, outcome, self._clock())
                return
            except Away:
                raise
            except Exception:
                log.exception("dispatcher.outcome_not_kept", command=str(queued.id))
                outcome = CommandOutcome(verdict=Verdict.FAILED, word="NotKept", detail={})
        async with self._database.transaction() as tx:
            if outcome is None:
                await stations.record_no_answer(tx, queued.id, why, self._clock())
            else:
                await stations.record_outcome(tx, queued.id, outcome, self._clock())

    async def _ask(self, connection: Connection, queued: QueuedCommand) -> CommandOutcome:
        """Return what the charger says to the command; one that cannot be said or understood has failed."""
        try:
            command = connection.treatment.adapted(queued.command)
            if isinstance(command, SetStationKey) and not command.key:
                why = "This key is no longer the one that the station is to get."
                return CommandOutcome(verdict=Verdict.FAILED, word="KeyNotWanted", detail={"why": why})
            action, request = translate.to_call(connection.protocol, firmware.with_secret(command, self._link_key))
            entry = connection.treatment.forbids(action, request)
            if entry is not None:
                why = f"Chargers of this model must never be sent {entry}."
                return CommandOutcome(verdict=Verdict.REFUSED, word="NeverSent", detail={"why": why})
            answer = await connection.call(action, request, noted=_noted(connection, command))
            return await self._outcome(connection, command, action, answer)
        except Untranslatable as error:
            return CommandOutcome(verdict=Verdict.FAILED, word="NotSupported", detail={"why": str(error)})

    async def _outcome(
        self, connection: Connection, command: AnyCommand, action: str, answer: frames.CallResult | frames.CallError
    ) -> CommandOutcome:
        """Return what an answer means. What was odd about it is counted; one that cannot be understood has failed."""
        if isinstance(answer, frames.CallError):
            connection.note_bent(f"{action}Error", answer.flags)
            return translate.outcome(connection.protocol, command, answer)
        try:
            decoded = codec.decode_response(connection.protocol, action, answer.payload)
            connection.note_bent(f"{action}Response", (*answer.flags, *decoded.flags))
            return translate.outcome(connection.protocol, command, decoded.message)
        except Undecodable as error:
            await connection.refuse_answer(answer.unique_id, error.fault, error.description)
            return CommandOutcome(verdict=Verdict.FAILED, word=error.error_code, detail={"why": error.description})


def _noted(connection: Connection, command: AnyCommand) -> Message | None:
    """Return what the journal keeps of a command that holds a secret; None for all others, which it keeps whole."""
    if isinstance(command, SetStationKey):
        return translate.to_call(connection.protocol, SetStationKey(number=command.number, key=NOT_KEPT))[1]
    if getattr(command, "link", ""):
        return translate.to_call(connection.protocol, command)[1]
    return None
