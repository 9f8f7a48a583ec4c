"""The line from a charger to the network: a WebSocket that comes back, and messages that are not forgotten.

One call at a time, as OCPP asks. What is durable stays first in the queue until it is acknowledged; it is said again
under a new message id after a timeout, an error or a lost link, which is exactly what real chargers do.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import secrets
import ssl
from typing import Any, Final

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from laddverk.kernel.time import Clock, system_clock
from laddverk.ocpp import frames
from laddverk.ocpp.errors import Fault
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.accents import Accent
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect import Dialect
from laddverk.simulator.dialect16 import DIALECT_16
from laddverk.simulator.dialect201 import DIALECT_21, DIALECT_201
from laddverk.simulator.ledger import Ledger
from laddverk.simulator.model import Boot, Counters, Item
from laddverk.simulator.transfers import Transfers
from laddverk.simulator.ways import Way, chosen

FRAME_MAX: Final = 65_536  # bytes; a charger has little memory
QUEUE_MAX: Final = 8  # frames that wait to be read
OPEN_TIMEOUT_S: Final = 20.0
CLOSE_TIMEOUT_S: Final = 2.0
PING_INTERVAL_S: Final = 120.0  # WebSocketPingInterval of many boxes
BOOT_RETRY_MAX_S: Final = 60.0
DIALECTS: Final = {Protocol.V16: DIALECT_16, Protocol.V201: DIALECT_201, Protocol.V21: DIALECT_21}
REFUSALS_MAX: Final = 5  # after so many errors a message is given up, and the ledger says so


class Patience(Struct, frozen=True):
    """How long a charger waits before it does something again, in seconds."""

    answer_s: float = 30.0
    reconnect_first_s: float = 1.0
    reconnect_max_s: float = 30.0
    refused_first_s: float = 1.0
    transfer_step_s: float = 1.0
    """Between the steps of an update: downloading, checking, installing."""


PATIENT: Final = Patience()


class Link:
    """One charger and its socket. `run` lives until it is cancelled."""

    __slots__ = (
        "_accent",
        "_away_until",
        "_dialect",
        "_idle",
        "_ledger",
        "_number",
        "_password",
        "_patience",
        "_pending",
        "_prefix",
        "_refusals",
        "_socket",
        "_tls_url",
        "_transfers",
        "_usual",
        "_woken",
        "charger",
        "clock",
        "counters",
        "last_problem",
    )

    def __init__(
        self,
        charger: Charger,
        url: str,
        password: str,
        *,
        ledger: Ledger | None = None,
        clock: Clock = system_clock,
        patience: Patience = PATIENT,
        tls: ssl.SSLContext | None = None,
        accent: Accent | None = None,
        tls_url: str = "",
    ) -> None:
        """`url` is that of the network, without the charger's identity: `ws://host:9000/ocpp`.

        `tls_url` is where a charger of 1.6 goes once it is told a security profile with TLS; 2.x is told the address.

        `tls` is what the charger trusts and shows on a `wss://` address; without it, what the machine trusts. With an
        `accent` it bends what it says.
        """
        self.charger = charger
        self.clock = clock
        self.counters = Counters()
        self.last_problem = ""
        self._usual = Way(url.rstrip("/"), tls)
        self._tls_url = tls_url.rstrip("/")
        self._password = password
        self._dialect: Dialect = DIALECTS[charger.hardware.protocol]
        self._ledger = ledger
        self._patience = patience
        self._accent = accent
        self._away_until = 0.0
        self._socket: ClientConnection | None = None
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._pending: tuple[str, asyncio.Future[frames.CallResult | frames.CallError]] | None = None
        self._prefix = secrets.token_hex(4)
        self._number = 0
        self._refusals = 0
        self._transfers = Transfers(self, patience.transfer_step_s)
        if ledger is not None:
            identity = charger.hardware.identity
            charger.witness = lambda item: ledger.metered(identity, item)

    @property
    def is_connected(self) -> bool:
        """Whether the socket is up."""
        return self._socket is not None

    def wake(self) -> None:
        """Say what is in the outbox now. To be called after whatever was done to the charger."""
        self._idle.clear()
        self._woken.set()

    async def drained(self) -> None:
        """Return when the charger is connected and everything it had to say was answered."""
        await self._idle.wait()

    def lose(self, seconds: float) -> None:
        """Cut the line without a word, and stay away for `seconds`."""
        self._away_until = asyncio.get_running_loop().time() + seconds
        if self._socket is not None:
            self._socket.transport.abort()

    async def run(self) -> None:
        """Connect, speak and listen, for ever."""
        try:
            await self._for_ever()
        finally:
            await self._transfers.end()

    async def _for_ever(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(max(0.0, self._away_until - asyncio.get_running_loop().time()))
            try:
                async with self._connecting(failures) as socket:
                    failures = 0
                    await self._converse(socket)
            except InvalidStatus as refusal:
                self.last_problem = f"refused with HTTP {refusal.response.status_code}"
            except (OSError, WebSocketException, TimeoutError, EOFError) as error:
                self.last_problem = str(error) or type(error).__name__
            failures += 1
            longest = min(self._patience.reconnect_first_s * 2 ** (failures - 1), self._patience.reconnect_max_s)
            await asyncio.sleep(longest * random.uniform(0.5, 1.0))

    def _connecting(self, failures: int) -> connect:
        way = chosen(self.charger, self._usual, self._tls_url, failures)
        identity = self.charger.hardware.identity
        credentials = base64.b64encode(f"{identity}:{self._password}".encode()).decode()
        layer: dict[str, Any] = {} if way.tls is None else {"ssl": way.tls}
        return connect(
            f"{way.url.rstrip('/')}/{identity}",
            subprotocols=[Subprotocol(self.charger.hardware.protocol.value)],
            additional_headers={"Authorization": f"Basic {credentials}"} if way.sends_key else {},
            user_agent_header=None,
            compression=None,
            proxy=None,
            max_size=FRAME_MAX,
            max_queue=QUEUE_MAX,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            **layer,
        )

    async def _converse(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.counters.connections += 1
        self.charger.connected(self.clock())
        self._idle.clear()
        speaking = asyncio.create_task(self._speak(socket))
        speaking.add_done_callback(lambda task: None if task.cancelled() else socket.transport.abort())
        try:
            async for data in socket:
                await self._heard(socket, data)
        except asyncio.CancelledError:
            await socket.close(1001, "going away")
            raise
        finally:
            self._socket = None
            self._idle.clear()
            self.charger.disconnected()
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, WebSocketException):
                await speaking

    # Speaking.

    async def _speak(self, socket: ClientConnection) -> None:
        while True:
            outbox = self.charger.outbox
            if self.charger.wants_restart and not any(item.durable for item in outbox):
                await socket.close(1000, "restart")
                return  # and the line is cut
            if not outbox:
                self._idle.set()
                self._woken.clear()
                await self._woken.wait()
                continue
            if await self._say(socket, outbox[0]) and self.charger.outbox:
                self.charger.outbox.popleft()

    async def _say(self, socket: ClientConnection, item: Item) -> bool:
        """Say `item` and take the answer. Returns whether it is done with."""
        call = self._dialect.said(self.charger, item)
        if call is None:
            return True
        action, message = call
        if self.charger.hardware.protocol.actions[action][1] is None:  # nobody answers it (2.1)
            await socket.send(frames.encode_send(self._next_id(), action, message))
            self.counters.said += 1
            self.counters.by_action[action] = self.counters.by_action.get(action, 0) + 1
            return True
        frame = frames.encode_call(self._next_id(), action, message)
        answer = await self._asked(socket, action, self._accent(frame) if self._accent else frame)
        match answer:
            case frames.CallResult(payload=payload):
                return await self._acknowledged(socket, item, payload)
            case frames.CallError(code=code, description=description):
                self.counters.refused += 1
                self.last_problem = f"{action} was refused: {code} {description}"
                return await self._given_up(item)
        self.counters.timed_out += 1
        self.last_problem = f"{action} was not answered"
        return not item.durable

    async def _acknowledged(self, socket: ClientConnection, item: Item, payload: msgspec.Raw) -> bool:
        self.counters.acknowledged += 1
        self._refusals = 0
        try:
            verdict = self._dialect.verdict(item, payload)
        except msgspec.MsgspecError as error:
            self.last_problem = f"an answer that cannot be understood: {error}"
            protocol = self.charger.hardware.protocol
            if protocol is Protocol.V21:
                await socket.send(frames.encode_result_error(protocol, self._last_id, Fault.FORMAT, str(error)))
            return await self._given_up(item)
        self.charger.answered(item, verdict, self.clock() if not item.offline else item.at)
        if self._ledger is not None:
            self._ledger.acknowledged(self.charger.hardware.identity, item)
        if isinstance(item, Boot) and not verdict.accepted:
            await asyncio.sleep(min(verdict.interval_s or BOOT_RETRY_MAX_S, BOOT_RETRY_MAX_S))
            return False
        return True

    async def _given_up(self, item: Item) -> bool:
        """Wait a little longer each time; return True when there is no use in saying it again."""
        self._refusals += 1
        if not item.durable or self._refusals >= REFUSALS_MAX:
            self._refusals = 0
            if self._ledger is not None:
                self._ledger.refused(self.charger.hardware.identity, item)
            return True
        await asyncio.sleep(self._patience.refused_first_s * 2 ** (self._refusals - 1))
        return False

    async def _asked(
        self, socket: ClientConnection, action: str, frame: str
    ) -> frames.CallResult | frames.CallError | None:
        """Send a call and return its answer, or None when none came in time."""
        waiting: asyncio.Future[frames.CallResult | frames.CallError] = asyncio.get_running_loop().create_future()
        self._pending = (self._last_id, waiting)
        self.counters.said += 1
        self.counters.by_action[action] = self.counters.by_action.get(action, 0) + 1
        try:
            await socket.send(frame)
            async with asyncio.timeout(self._patience.answer_s):
                return await waiting
        except TimeoutError:
            return None
        finally:
            self._pending = None

    def _next_id(self) -> str:
        self._number += 1
        return self._last_id

    @property
    def _last_id(self) -> str:
        return f"{self._prefix}-{self._number}"

    # Listening.

    async def _heard(self, socket: ClientConnection, data: str | bytes) -> None:
        match frames.decode(data):
            case frames.CallResult() | frames.CallError() as answer:
                if self._pending is not None and self._pending[0] == answer.unique_id:
                    waiting = self._pending[1]
                    if not waiting.done():
                        waiting.set_result(answer)
            case frames.Call() as call:
                await socket.send(self._carried_out(call))
                self._transfers.begin()
                self.wake()

    def _carried_out(self, call: frames.Call) -> str:
        """Return the frame that answers a command."""
        self.counters.commands += 1
        protocol = self.charger.hardware.protocol
        if call.action not in self._dialect.orders:
            return frames.encode_error(protocol, call.unique_id, Fault.NOT_IMPLEMENTED, call.action)
        shape, carry_out = self._dialect.orders[call.action]
        try:
            asked = msgspec.json.decode(call.payload, type=shape)
        except msgspec.MsgspecError as error:
            return frames.encode_error(protocol, call.unique_id, Fault.FORMAT, str(error))
        return frames.encode_result(call.unique_id, carry_out(self.charger, asked, self.clock()))
