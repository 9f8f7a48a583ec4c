"""Asterisk by ARI: what its events mean, and what we ask of it then. Pure, but for the state of the lines.

A call enters our Stasis application (`Stasis(laddverk)` in the dialplan). Its sounds are fetched from us by address
(`sound:http…`, res_http_media_cache). Keys come one by one (ChannelDtmfReceived) and are gathered here; the agent is
a second channel, joined by a bridge, which records where the caller agreed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from laddverk.platform.settings import Settings
from laddverk.support.phone.model import Act, Then
from laddverk.support.phone.providers import ari_calls
from laddverk.support.phone.providers.ari_calls import Request

KEYS: Final = frozenset("0123456789*#")
PLAYED: Final = "said-"


class Kind(StrEnum):
    """What an event of Asterisk means to us."""

    RINGS = "rings"
    PRESSED = "pressed"
    ANSWERED = "answered"
    ENDED = "ended"
    RECORDED = "recorded"
    OUT = "out"
    """One of ours has picked up a call that we make: now the other side is rung."""
    NOT_ANSWERED = "not_answered"


class Heard(Struct, frozen=True, kw_only=True):
    """What came of an event: what happened in a call, and what to ask of Asterisk at once."""

    kind: Kind | None = None
    channel: str = ""
    keys: str = ""
    phone: str = ""
    our_number: str = ""
    call_id: str = ""
    url: str = ""
    requests: tuple[Request, ...] = ()


@dataclass
class Line:
    """A channel that is in our menu."""

    act: Act | None = None
    phone: str = ""
    pressed: str = ""
    turn: int = 0
    leg: str = ""
    """The channel that rings one of ours, or whom we call; '' while none does."""
    agent: str = ""
    """The same, once it is answered."""
    recording: str = ""


@dataclass
class Lines:
    """All channels that are ours. What a restart forgets, Asterisk tells no more of: its callers call again."""

    settings: Settings
    of: dict[str, Line] = field(default_factory=dict)
    legs: dict[str, str] = field(default_factory=dict)
    """Channel that rings one of ours → channel of the caller."""

    def hear(self, event: dict[str, Any]) -> Heard:
        """Return what an event means. Events of others, and what is no event, mean nothing."""
        channel = event.get("channel")
        name = str(channel.get("id", ""))[:100] if isinstance(channel, dict) else ""
        match event.get("type"):
            case "StasisStart" if isinstance(channel, dict):
                return self._enters(name, channel, [str(each) for each in event.get("args") or []])
            case "ChannelDtmfReceived":
                return self._key(name, str(event.get("digit", "")))
            case "PlaybackFinished":
                return self._played(event.get("playback"))
            case "RecordingFinished":
                return self._recorded(event.get("recording"))
            case "StasisEnd" | "ChannelDestroyed":
                return self._ends(name)
        return Heard()

    def _enters(self, name: str, channel: dict[str, Any], args: list[str]) -> Heard:
        if args[:1] == ["agent"]:
            return self._answered(name)
        if args[:1] == ["out"] and len(args) > 1:
            self.of[name] = Line()
            return Heard(kind=Kind.OUT, channel=name, call_id=args[1])
        caller_id, dialled = channel.get("caller") or {}, channel.get("dialplan") or {}
        phone = str(caller_id.get("number", ""))[:40]
        self.of[name] = Line(phone=phone)
        return Heard(
            kind=Kind.RINGS, channel=name, phone=phone,
            our_number=str(dialled.get("exten", ""))[:40], requests=(ari_calls.answer(name),),
        )  # fmt: skip

    def _answered(self, leg: str) -> Heard:
        """One of ours has picked up; whoever called may have hung up in the same instant."""
        caller = self.legs.get(leg, "")
        line = self.of.get(caller)
        if line is None or line.leg != leg:
            return Heard(requests=(ari_calls.hang_up(leg),))
        line.agent = leg
        joined = ari_calls.bridge(f"b-{caller}", caller, leg, line.recording)
        return Heard(kind=Kind.ANSWERED, channel=caller, requests=tuple(joined))

    def told(self, channel: str, act: Act, turn: int, voice: str) -> list[Request]:
        """Return what Asterisk is asked for so that `act` happens."""
        line = self.of.get(channel)
        if line is None:
            return []
        before, line.act, line.turn, line.pressed = line.turn, act, turn, ""
        if act.then is Then.CONNECT:
            line.recording = ari_calls.recording_name(channel) if act.records else ""
            line.leg = f"to-{turn}-{channel}"
            self.legs[line.leg] = channel
            # What is still being said would have to end before the two can be joined.
            stop = ari_calls.stop_sound(f"{PLAYED}{before}-{channel}")
            return [stop, *ari_calls.connecting(act, channel, line.leg, line.phone, self.settings)]
        return ari_calls.requests_of(act, channel, voice, f"{PLAYED}{turn}-{channel}")

    def _key(self, name: str, key: str) -> Heard:
        line = self.of.get(name)
        if line is None or line.act is None or line.act.then is not Then.GATHER or key not in KEYS:
            return Heard()
        line.pressed = (line.pressed + key)[-20:]
        stop = (ari_calls.stop_sound(f"{PLAYED}{line.turn}-{name}"),) if len(line.pressed) == 1 else ()
        if len(line.pressed) >= line.act.digits or key == "#":
            pressed, line.pressed = line.pressed, ""
            return Heard(kind=Kind.PRESSED, channel=name, keys=pressed, requests=stop)
        return Heard(requests=stop)

    def silent(self, name: str, turn: int) -> Heard:
        """Return what it means that nothing more was pressed for a while after a sound."""
        line = self.of.get(name)
        if line is None or line.turn != turn or line.agent or line.act is None:
            return Heard()
        pressed, line.pressed = line.pressed, ""
        if line.act.then is Then.CONNECT:
            return self.unanswered(name, turn)
        return Heard(kind=Kind.PRESSED, channel=name, keys=pressed)

    def unanswered(self, name: str, turn: int) -> Heard:
        """Return what it means that nobody picks up: it rang long enough, was declined, or could not ring at all."""
        line = self.of.get(name)
        if line is None or line.turn != turn or line.agent or not line.leg:
            return Heard()
        leg, line.leg = line.leg, ""
        self.legs.pop(leg, None)
        return Heard(kind=Kind.NOT_ANSWERED, channel=name, requests=(ari_calls.hang_up(leg),))

    def _played(self, playback: Any) -> Heard:
        """A sound has ended: a message is recorded, a goodbye is the end; a question leaves a while to answer."""
        target = str(playback.get("target_uri", "")) if isinstance(playback, dict) else ""
        name = target.removeprefix("channel:")
        line = self.of.get(name)
        if line is None or line.act is None:
            return Heard()
        if line.act.then is Then.RECORD:
            return Heard(requests=(ari_calls.record_message(name, f"message-{name}"),))
        if line.act.then is Then.HANG_UP:
            return Heard(requests=(ari_calls.hang_up(name),))
        return Heard()

    def _recorded(self, recording: Any) -> Heard:
        name = str(recording.get("name", "")) if isinstance(recording, dict) else ""
        kind, _, channel = name.partition("-")
        if kind not in ("call", "message") or not channel:
            return Heard()
        url = ari_calls.recording_url(self.settings, name)
        return Heard(kind=Kind.RECORDED, channel=channel, keys=kind, url=url)

    def _ends(self, name: str) -> Heard:
        caller = self.legs.get(name, "")
        if caller:
            line = self.of.get(caller)
            if line is not None and not line.agent:
                return self.unanswered(caller, line.turn)
            self.legs.pop(name)
            return Heard(requests=(ari_calls.hang_up(caller),)) if line is not None else Heard()
        line = self.of.pop(name, None)
        if line is None:
            return Heard()
        requests = (ari_calls.hang_up(line.leg),) if line.leg else ()
        joined = (ari_calls.take_apart(f"b-{name}"),) if line.agent else ()
        return Heard(kind=Kind.ENDED, channel=name, requests=requests + joined)
