"""One socket of one charger: its calls are handled in order, our calls go out one at a time.

A call is decoded, made into facts, recorded by the window, and answered after the commit. An answer to our own call
goes to whoever waits for it; reading never stops for it (quirk 34). What had to be bent is told as a fact of its own.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from laddverk.gateway import keepalive, limits
from laddverk.gateway.asking import Outside
from laddverk.gateway.doorway import Allowance
from laddverk.gateway.treatment import Treatment, asked_by, may_say
from laddverk.gateway.window import DatabaseAway, Entry, Quarantined, Window
from laddverk.kernel.ids import StationId
from laddverk.kernel.time import Clock
from laddverk.ocpp import codec, frames, translate
from laddverk.ocpp.answers import Answer, BootAnswer, Registration
from laddverk.ocpp.codec import TRANSACTION_ACTIONS
from laddverk.ocpp.errors import Fault, Undecodable
from laddverk.ocpp.facts import Booted, Fact, MessageBent
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.platform.journal import Frame
from laddverk.stations import secrecy

log = structlog.get_logger()

REPLACED = 4001
"""Close code of our own: a newer connection of the same station has taken over."""


class CallTimedOut(Exception):
    """The charger did not answer our call in time, or the connection ended before it did."""


class Connection:
    """A charger that is connected and authenticated."""

    def __init__(
        self,
        socket: ServerConnection,
        *,
        station_id: StationId,
        identity: str,
        epoch: int,
        protocol: Protocol,
        clock_offset_ms: int,
        treatment: Treatment,
        window: Window,
        clock: Clock,
    ) -> None:
        self.socket = socket
        self.station_id = station_id
        self.identity = identity
        self.epoch = epoch
        self.protocol = protocol
        self.treatment = treatment
        self.ready = asyncio.Event()
        """Set once we may call: the boot was accepted, or the charger was already running."""
        self.may_be_set_up = False
        """Its boot was answered Pending: it may be sent what sets it up, and nothing else (B02)."""
        self.outside: Outside | None = None
        """Who is asked about facts that only somebody outside can answer."""
        self._origin_offset = timedelta(milliseconds=clock_offset_ms)
        self._window = window
        self._clock = clock
        self._allowance = Allowance()
        self._numbers = itertools.count(1)
        self._calling = asyncio.Lock()
        self._pending: dict[str, asyncio.Future[frames.CallResult | frames.CallError]] = {}
        self._asked: frozenset[str] = frozenset()
        self._began_s = self._heard_s = 0.0
        self._unanswered = 0
        self._malformed = 0
        self._answered: deque[tuple[frames.UniqueId, str]] = deque(maxlen=limits.ANSWERS_REMEMBERED)

    async def serve(self) -> None:
        """Handle what the charger sends until the socket closes."""
        loop = asyncio.get_running_loop()
        self._began_s = self._heard_s = loop.time()
        self.socket.protocol.max_message_size = self.treatment.frame_bytes_max
        grace = loop.call_later(self.treatment.boot_grace_s, self._grace_is_over)
        watch = asyncio.create_task(self._watch())
        try:
            async for data in self.socket:
                self._heard_s = loop.time()
                wait_s = self._allowance.wait_s(self._heard_s)
                if wait_s:
                    await asyncio.sleep(wait_s)
                if isinstance(data, bytes):
                    await self.close(CloseCode.UNSUPPORTED_DATA, "OCPP-J is spoken in text frames")
                    return
                await self._handle(data)
        except ConnectionClosed:
            pass
        except DatabaseAway:
            await self.close(CloseCode.TRY_AGAIN_LATER, "the database is away; keep your messages")
        finally:
            grace.cancel()
            watch.cancel()
            for waiting in self._pending.values():
                if not waiting.done():
                    waiting.set_exception(CallTimedOut("the connection ended"))
                    waiting.exception()  # who waited may have given up in this very moment; that is no accident

    async def _watch(self) -> None:
        """Close the socket when the charger is silent and does not answer pings either."""
        loop = asyncio.get_running_loop()
        await keepalive.is_gone(self.socket, self.treatment, lambda: loop.time() - self._heard_s)
        await self.close(CloseCode.INTERNAL_ERROR, "nothing was heard")

    def _grace_is_over(self) -> None:
        if self.treatment.held is Registration.ACCEPTED and not self.treatment.waits_for_boot:
            self.ready.set()

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; never raises."""
        await self.socket.close(code, reason)

    async def call(
        self, action: str, request: Message, *, noted: Message | None = None
    ) -> frames.CallResult | frames.CallError:
        """Send a CALL and return its answer. One at a time (OCPP-J 4.1.1). Raises `CallTimedOut`.

        `noted` is what the journal keeps instead of a request that holds a secret.
        """
        async with self._calling:
            unique_id = str(uuid4())
            timeout_s = self.treatment.call_timeout_s
            self._asked |= asked_by(action, request)
            answer: asyncio.Future[frames.CallResult | frames.CallError] = asyncio.get_running_loop().create_future()
            self._pending[unique_id] = answer
            try:
                kept = frames.encode_call(unique_id, action, request if noted is None else noted)
                await self._send(frames.encode_call(unique_id, action, request), kept)
                result = await asyncio.wait_for(answer, timeout_s)
            except TimeoutError:
                await self._count_unanswered()
                raise CallTimedOut(f"no answer within {timeout_s:.0f} s") from None
            except ConnectionClosed:
                raise CallTimedOut("the connection ended") from None
            finally:
                del self._pending[unique_id]
            self._unanswered = 0
            return result

    async def refuse_answer(self, unique_id: frames.UniqueId, fault: Fault, why: str) -> None:
        """Tell the charger that its answer to our call could not be used, where its version has a word for that."""
        if self.protocol is Protocol.V21:
            await self._send(frames.encode_result_error(self.protocol, unique_id, fault, why))

    def note_bent(self, action: str, flags: Sequence[str]) -> None:
        """Count what was odd about an answer to our call, with the next commit."""
        if flags:
            self._window.state([self._bent(action, flags, self._clock())])

    def _bent(self, action: str, flags: Sequence[str], at: datetime) -> MessageBent:
        kept = tuple(dict.fromkeys(flags))
        return MessageBent(station_id=self.station_id, at=at, received_at=at, action=action, flags=kept)

    async def _count_unanswered(self) -> None:
        self._unanswered += 1
        if self._unanswered >= self.treatment.unanswered_calls_max:
            await self.close(CloseCode.POLICY_VIOLATION, "too many calls went unanswered")

    async def _handle(self, data: str) -> None:
        received = self._frame(b">", data)
        frame = frames.as_spoken(self.protocol, frames.decode(data))
        if isinstance(frame, frames.Call):
            await self._handle_call(frame, received)
        elif isinstance(frame, frames.CallResult | frames.CallError):
            self._window.note(received)
            self._resolve(frame)
        elif isinstance(frame, frames.Send):
            await self._handle_send(frame, received)
        elif isinstance(frame, frames.Malformed):
            await self._handle_malformed(frame, received)
        else:
            await self._handle_refused_answer(frame, received)

    async def _handle_call(self, call: frames.Call, received: Frame) -> None:
        try:
            decoded = self._understood(call)
        except Undecodable as error:
            kept = None if error.fault is Fault.SECURITY else f"{error.error_code}: {error.description}"
            await self._record((), received, call.action, kept)
            await self._send(frames.encode_error(self.protocol, call.unique_id, error.fault, error.description))
            return
        facts, doubt = self._stated(call.action, decoded, received, call.flags)
        if self.outside is not None:
            facts = await self.outside.asked(facts)
        answers = await self._record(facts, received, call.action, doubt)
        response = translate.answer(self.protocol, call.action, decoded.message, answers, self._clock())
        if self.protocol is Protocol.V21:
            self._answered.append((call.unique_id, call.action))
        await self._send(frames.encode_result(call.unique_id, response))
        self._note_readiness(facts, answers)

    def _understood(self, call: frames.Call | frames.Send) -> codec.Decoded:
        """Return the message of a call. Raises `Undecodable`, SecurityError for what must wait until the boot is
        accepted.
        """
        if not may_say(self.protocol, self.treatment.held, call.action, self._asked):
            raise Undecodable(self.protocol, Fault.SECURITY, "the boot is not accepted yet")
        strict = self.treatment.is_strict
        if strict and call.flags and call.action not in TRANSACTION_ACTIONS:
            raise Undecodable(self.protocol, Fault.FORMAT, call.flags[0])
        if strict and not isinstance(call.unique_id, str) and call.action not in TRANSACTION_ACTIONS:
            raise Undecodable(self.protocol, Fault.FORMAT, "the unique id is no text")
        return codec.decode_request(self.protocol, call.action, call.payload, strict=strict)

    async def _handle_send(self, send: frames.Send, received: Frame) -> None:
        try:
            decoded = self._understood(send)
        except Undecodable as error:
            await self._record((), received, send.action, f"{error.error_code}: {error.description}")
            return
        facts, doubt = self._stated(send.action, decoded, received, send.flags)
        await self._record(facts, received, send.action, doubt)

    async def _handle_refused_answer(self, refused: frames.CallResultError, received: Frame) -> None:
        """Count that the charger could not use our answer (2.1); what it told us stands recorded all the same."""
        action = next((action for unique_id, action in self._answered if unique_id == refused.unique_id), None)
        why = f"refused our answer: {refused.code} {refused.description}"
        bent = self._bent(action or "", [why, *refused.flags], received.received_at)
        await self._record([bent], received, action)
        log.warning("gateway.answer_refused", station=self.identity, action=action, code=refused.code[:50])

    async def _handle_malformed(self, malformed: frames.Malformed, received: Frame) -> None:
        self._malformed += 1
        waiting = self._pending.get(str(malformed.unique_id))
        if (
            waiting is not None
            and not waiting.done()
            and malformed.message_type in (frames.CALL_RESULT, frames.CALL_ERROR)
        ):
            waiting.set_result(frames.CallError(str(malformed.unique_id), Fault.FORMAT.value, malformed.why))
        bent = self._bent("", [f"not understood: {malformed.why}"], received.received_at)
        await self._record([bent], received, None, malformed.why)
        refusal = frames.refusal(self.protocol, malformed)
        if refusal is not None:
            await self._send(refusal)
        if self._malformed >= limits.MALFORMED_MAX:
            await self.close(CloseCode.PROTOCOL_ERROR, "too many malformed frames")

    def _stated(
        self, action: str, decoded: codec.Decoded, received: Frame, flags: Sequence[str]
    ) -> tuple[Sequence[Any], str | None]:
        """Return what a message states. Where our own reading fails: nothing, and why; it is kept and answered."""
        try:
            return self._facts(action, decoded, received, flags), None
        except Exception as error:
            log.exception("gateway.untranslated", station=self.identity, action=action)
            return (), repr(error)[: limits.REASON_LENGTH_MAX]

    def _facts(self, action: str, decoded: codec.Decoded, received: Frame, flags: Sequence[str]) -> Sequence[Any]:
        origin = translate.Origin(
            station_id=self.station_id,
            received_at=received.received_at,
            clock_offset=self._origin_offset,
            zone=self.treatment.zone,
            flags=(*flags, *decoded.flags),
        )
        facts: list[Fact] = translate.to_facts(self.protocol, action, decoded.message, origin)
        told = [*origin.flags, *(flag for fact in facts for flag in fact.flags)]
        return [*facts, self._bent(action, told, received.received_at)] if told else facts

    async def _record(
        self, facts: Sequence[Any], received: Frame, action: str | None, doubt: str | None = None
    ) -> list[Answer | None]:
        kept = Quarantined(self.station_id, received.received_at, action, received.body, doubt) if doubt else None
        return await self._window.record(Entry(facts, [received], kept, action))

    def _note_readiness(self, facts: Sequence[Any], answers: Sequence[Answer | None]) -> None:
        """A charger may be called once its boot is accepted; one that talks without booting was already running."""
        boots = [
            (fact, answer)
            for fact, answer in zip(facts, answers, strict=True)
            if isinstance(fact, Booted) and isinstance(answer, BootAnswer)
        ]
        if boots:
            boot, answer = boots[-1]
            self.treatment.booted(boot)
            self.treatment.answered(answer)
            self.may_be_set_up = answer.registration is Registration.PENDING
            if answer.registration is Registration.ACCEPTED:
                self.ready.set()
            else:
                self.ready.clear()
        elif facts and not any(isinstance(fact, Booted) for fact in facts) and self._is_running():
            self.ready.set()

    def _is_running(self) -> bool:
        """Whether talking shows that the charger was running before: not if it is held, or talks before it boots."""
        if self.treatment.held is not Registration.ACCEPTED:
            return False
        return not self.treatment.waits_for_boot or self._heard_s - self._began_s > self.treatment.boot_grace_s

    def _resolve(self, answer: frames.CallResult | frames.CallError) -> None:
        """Hand an answer to the call that waits for it. An id that matches nothing is dropped (quirk 25), but for
        the error with id -1 or none, which can only mean our one outstanding call (quirk 85).
        """
        unique_id = str(answer.unique_id)
        if unique_id in ("-1", "") and isinstance(answer, frames.CallError) and len(self._pending) == 1:
            unique_id = next(iter(self._pending))
        waiting = self._pending.get(unique_id)
        if waiting is None or waiting.done():
            log.info("gateway.answer_to_nothing", station=self.identity)
        else:
            waiting.set_result(answer)

    async def _send(self, text: str, noted: str | None = None) -> None:
        self._window.note(self._frame(b"<", text if noted is None else noted))
        await self.socket.send(text)

    def _frame(self, direction: bytes, text: str) -> Frame:
        if direction == b">":
            text = secrecy.journalled(text)
        return Frame(
            station_id=self.station_id,
            received_at=self._clock(),
            epoch=self.epoch,
            number=next(self._numbers),
            direction=direction.decode(),
            body=text.encode(errors="surrogatepass"),
        )
