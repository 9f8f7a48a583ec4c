"""46elks in the small, for the demo and for tests: it rings us by its protocol, and carries what is said as text.

A *handset* is a phone by its number: it dials, presses keys, speaks (a typed sentence stands for what is said), hears
(the words of a sound, from the address beside it that ends in `.txt`), and gets text messages. Numbers that begin with
+4600 are 46elks's web clients: phones in an agent's browser, which take a call at once.

Actions as documented: play, ivr, connect, record, recordcall, hangup, each with `next`; whenhangup; POST /a1/sms and
/a1/calls. Sounds last as long as reading them does, by `pace`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

LETTERS_PER_S: Final = 18.0  # what a voice reads aloud
WEB_CLIENT: Final = "+4600"
LINES_MAX: Final = 200
CALLS_MAX: Final = 200
TEXTS_MAX: Final = 200
TEXT_MAX: Final = 1_000
RING_S: Final = 25.0
REPEATS: Final = 3
KEYS: Final = frozenset("0123456789*#")

Post = Callable[[str, dict[str, str]], Awaitable[tuple[int, bytes]]]
"""Makes one webhook: address and fields in, status and body out."""
Get = Callable[[str], Awaitable[tuple[int, bytes]]]


@dataclass
class Line:
    """Something that was said. `who`: voice, caller, agent, or line (what happened)."""

    who: str
    text: str
    language: str = ""


@dataclass
class Call:
    """A call under way, or over."""

    id: str
    number: str
    """The driver's phone."""
    direction: str = "incoming"
    state: str = "ringing"
    """ringing, hearing, talking, over."""
    lines: list[Line] = field(default_factory=list)
    agent: str = ""
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    is_answered: asyncio.Event = field(default_factory=asyncio.Event)
    agent_left: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: str = ""
    """Where to say that it is over."""
    recordings: dict[str, str] = field(default_factory=dict)
    """By their name: where to say that there is one."""
    is_asked: bool = False
    """Whether keys are expected."""
    speaks: bool = False
    """Whether what the caller says is recorded as a message."""

    def say(self, who: str, text: str, language: str = "") -> None:
        """Add to what was said."""
        if len(self.lines) < LINES_MAX:
            self.lines.append(Line(who, text[:TEXT_MAX], language))


@dataclass
class Text:
    """A text message to or from a handset."""

    number: str
    text: str
    at: datetime
    is_ours: bool
    """Whether it came from the network's side."""


class SimulatedElks:
    """The carrier."""

    def __init__(
        self, voice_start: str, sms_url: str, our_number: str, post: Post, get: Get, pace: float = 1.0
    ) -> None:
        self.voice_start = voice_start
        self.sms_url = sms_url
        self.our_number = our_number
        self.pace = pace
        self.calls: dict[str, Call] = {}
        self.texts: list[Text] = []
        self.base = ""
        """Where our API is; set by whoever serves it."""
        self._post = post
        self._get = get
        self._tasks: set[asyncio.Task[None]] = set()

    # What handsets do

    def dial(self, number: str, our_number: str = "") -> Call:
        """Somebody calls us; `number` '' is withheld."""
        call = self._new(number)
        told = self._about(call) | {"to": our_number or self.our_number}
        self._go(call, self._asked_and_run(call, self.voice_start, told))
        return call

    def press(self, call: Call, key: str) -> None:
        """Press a key."""
        if key in KEYS and not call.is_over.is_set():
            call.say("caller", key)
            call.keys.put_nowait(key)

    def speak(self, call: Call, text: str, who: str = "caller") -> None:
        """Say something; `who` is caller or agent."""
        if text.strip() and (call.state == "talking" or call.speaks):
            call.say(who, text.strip())

    def answer(self, call: Call) -> None:
        """Pick up a call that rings at a handset."""
        call.is_answered.set()

    def hang_up(self, call: Call, who: str = "caller") -> None:
        """End a call; when the agent does, the carrier asks what comes next."""
        if who == "agent" and call.direction == "incoming":
            call.agent_left.set()
        else:
            call.is_over.set()

    async def text(self, number: str, text: str) -> None:
        """A handset sends us a text message."""
        self._keep(Text(number, text[:TEXT_MAX], datetime.now(UTC), is_ours=False))
        fields = {
            "direction": "incoming", "id": "s" + secrets.token_hex(16), "from": number, "to": self.our_number,
            "created": datetime.now(UTC).isoformat(), "message": text[:TEXT_MAX],
        }  # fmt: skip
        await self._post(self.sms_url, fields)

    def ringing_at(self, number: str) -> Call | None:
        """Return a call that rings at, or is spoken on, a handset; else the last one there."""
        of_number = [call for call in reversed(list(self.calls.values())) if number and call.number == number]
        return next((call for call in of_number if call.state != "over"), of_number[0] if of_number else None)

    def texts_of(self, number: str) -> list[Text]:
        """Return the text messages of a handset, newest first."""
        return [one for one in reversed(self.texts) if one.number == number][:20]

    # What 46elks's own API takes

    def api_text(self, form: dict[str, str]) -> dict[str, Any]:
        """Take a text message that we send (POST /a1/sms)."""
        name = "s" + secrets.token_hex(16)
        self._keep(Text(form.get("to", ""), form.get("message", "")[:TEXT_MAX], datetime.now(UTC), is_ours=True))
        if form.get("whendelivered"):
            told = {"id": name, "status": "delivered", "delivered": datetime.now(UTC).isoformat()}
            self._later(self._post(form["whendelivered"], told))
        return {"id": name, "status": "created", "from": form.get("from", ""), "to": form.get("to", ""), "parts": 1}

    def api_call(self, form: dict[str, str]) -> dict[str, Any]:
        """Take a call that we make (POST /a1/calls): a web client answers at once."""
        call = self._new("", direction="outgoing")
        call.agent = form.get("to", "")
        call.hung_up = form.get("whenhangup", "")
        told = self._about(call) | {"direction": "outgoing", "from": form.get("from", ""), "to": call.agent}
        self._go(call, self._asked_and_run(call, form.get("voice_start", ""), told))
        return {"id": call.id, "state": "ongoing", "direction": "outgoing", "from": form.get("from", "")}

    def api_recording(self, name: str) -> bytes | None:
        """Return what was recorded (GET /a1/recordings/…): a second of nothing, as WAV."""
        return silence() if any(name in call.recordings for call in self.calls.values()) else None

    # The way of a call

    def _new(self, number: str, direction: str = "incoming") -> Call:
        while len(self.calls) >= CALLS_MAX:
            self.calls.pop(next(iter(self.calls)))
        call = Call(id="c" + secrets.token_hex(16), number=number, direction=direction)
        self.calls[call.id] = call
        return call

    def _about(self, call: Call) -> dict[str, str]:
        return {
            "callid": call.id, "direction": "incoming", "from": call.number or "anonymous", "to": self.our_number,
            "created": datetime.now(UTC).isoformat(),
        }  # fmt: skip

    def _go(self, call: Call, way: Any) -> None:
        async def lived() -> None:
            walking = asyncio.ensure_future(way)
            over = asyncio.ensure_future(call.is_over.wait())
            try:
                await asyncio.wait([walking, over], return_when=asyncio.FIRST_COMPLETED)
            finally:  # also where the carrier is closed: nobody is asked what comes next any more
                for one in (walking, over):
                    one.cancel()
            for one in (walking, over):
                with contextlib.suppress(asyncio.CancelledError, OSError, ValueError):
                    await one
            await self._end(call)

        self._later(lived())

    def _later(self, what: Any) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, call: Call) -> None:
        call.state, call.is_asked = "over", False
        call.is_over.set()
        call.say("line", "over")
        for name, url in call.recordings.items():
            if url:
                await self._recorded(call, name, url)
        if call.hung_up:
            told = self._about(call) | {"id": call.id, "state": "success", "duration": "1"}
            with contextlib.suppress(OSError):
                await self._post(call.hung_up, told)

    async def _recorded(self, call: Call, name: str, url: str) -> None:
        call.recordings[name] = ""
        wav = f"{self.base}/a1/recordings/{name}.wav"
        with contextlib.suppress(OSError):
            await self._post(url, self._about(call) | {"wav": wav, "duration": "1"})

    async def _asked_and_run(self, call: Call, url: str, told: dict[str, str]) -> None:
        """Ask what is next, do it, and so on until nothing is."""
        action: Any = url
        while action:
            if isinstance(action, str):
                status, body = await self._post(action, told)
                action = json.loads(body) if 200 <= status <= 204 and body else {}
            if not isinstance(action, dict):
                return
            call.hung_up = action.get("whenhangup") or call.hung_up
            result = await self._act(call, action)
            told = self._about(call) | {"result": result}
            action = action.get("next")

    async def _act(self, call: Call, action: dict[str, Any]) -> str:
        if "recordcall" in action:
            call.recordings["r" + secrets.token_hex(8)] = action["recordcall"]
        if "connect" in action:
            return await self._connect(call, action)
        call.state = "hearing"
        if "ivr" in action:
            return await self._ivr(call, action)
        if "play" in action:
            await self._hear(call, action["play"], interrupted=action.get("skippable", True))
            return "success"
        if "record" in action:
            return await self._record(call, action)
        return "success"

    async def _hear(self, call: Call, sound: str, *, interrupted: bool) -> str:
        """Play a sound; return the key that ended it."""
        if not sound.startswith("http"):
            call.say("line", "tone")
            return ""
        status, words = await self._get(sound.removesuffix(".wav") + ".txt")
        text = words.decode("utf-8", "replace") if status == 200 else "…"
        call.say("voice", text)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(len(text) / LETTERS_PER_S * self.pace):
                if interrupted:
                    return await call.keys.get()
                await asyncio.Event().wait()
        return ""

    async def _ivr(self, call: Call, action: dict[str, Any]) -> str:
        digits, timeout_s = int(action.get("digits", 1)), float(action.get("timeout", 10))
        for _repeat in range(int(action.get("repeat", REPEATS))):
            call.is_asked = True
            pressed = await self._hear(call, str(action["ivr"]), interrupted=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s * self.pace if not pressed else None):
                    while len(pressed) < digits and not pressed.endswith("#"):
                        pressed += await self._key(call, timeout_s)
            if pressed:
                return pressed.rstrip("#") or "#"
        return "failed"

    async def _key(self, call: Call, timeout_s: float) -> str:
        try:
            async with asyncio.timeout(timeout_s * max(self.pace, 0.01)):
                return await call.keys.get()
        except TimeoutError:
            return "#"

    async def _record(self, call: Call, action: dict[str, Any]) -> str:
        call.speaks = True
        name = "r" + secrets.token_hex(8)
        call.recordings[name] = str(action["record"])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(float(action.get("timelimit", 60)) * self.pace):
                await call.keys.get()
        call.speaks = False
        await self._recorded(call, name, str(action["record"]))
        return "success"

    async def _connect(self, call: Call, action: dict[str, Any]) -> str:
        number = str(action["connect"])
        if call.direction == "outgoing":
            call.number = number
        if not number.startswith(WEB_CLIENT):
            call.state = "ringing"
            try:
                async with asyncio.timeout(min(float(action.get("timeout", RING_S)), RING_S)):
                    await call.is_answered.wait()
            except TimeoutError:
                return "failed"
        else:
            call.agent = number
        call.state = "talking"
        call.say("line", "connected")
        await call.agent_left.wait()
        call.agent_left.clear()
        return "success"

    def _keep(self, text: Text) -> None:
        self.texts.append(text)
        del self.texts[:-TEXTS_MAX]

    async def close(self) -> None:
        """End all calls."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def silence(seconds: float = 1.0) -> bytes:
    """Return a WAV of nothing: 8 kHz, 8 bits, as telephones have it."""
    samples = b"\x80" * int(8_000 * seconds)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 8_000, 1, 8) + b"data"
    size = struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", 4 + 24 + 8 + len(samples)) + head + size + samples
