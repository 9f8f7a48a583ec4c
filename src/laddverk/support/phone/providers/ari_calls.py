"""Requests to Asterisk's REST interface (ARI): what an act becomes, ringing somebody, and fetching what was recorded.

Which requests an act becomes is pure (`requests_of`); `asked` makes one of them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.outgoing import Fetched, NoAnswer, NotAllowed, fetch
from laddverk.platform.settings import Settings
from laddverk.support.phone.model import Act, Then
from laddverk.support.phone.softphones.model import is_browser, name_of

TIMEOUT_S: Final = 10.0
ANSWER_MAX: Final = 64_000
RECORDING_MAX: Final = 20_000_000
MESSAGE_MAX_S: Final = 120
BEEP: Final = "tone:beep"
GONE: Final = 404  # the caller has hung up meanwhile


class Request(Struct, frozen=True):
    """One request to Asterisk."""

    method: str
    path: str
    """Below `/ari`, with its query."""
    body: bytes = b""
    """JSON, where there is any."""


def requests_of(act: Act, channel: str, voice: str, playback: str) -> list[Request]:
    """Return what Asterisk is asked for so that `act` happens on a channel; of `CONNECT` see `connecting`.

    `voice` is the address of the sound, `playback` the name under which its end is told. Keys come as events.
    """
    play = Request("POST", _path("channels", channel, "play", playback, media=f"sound:{voice}" if voice else BEEP))
    if act.then is Then.RECORD:
        return [play]  # the recording begins when the sound has ended
    if act.then is Then.HANG_UP and not act.text:
        return [hang_up(channel)]
    return [play]


def connecting(act: Act, channel: str, leg: str, phone: str, settings: Settings) -> list[Request]:
    """Return what Asterisk is asked for so that `act.number` rings, as the channel `leg`, while the caller waits.

    A browser of ours shows who calls; over the trunk we may only say who we are.
    """
    shown = phone if is_browser(act.number) and phone else settings.phone_number
    path = _path(
        "channels", endpoint=endpoint_of(settings, act.number), app=settings.ari_app, channelId=leg,
        appArgs=f"agent,{channel}", callerId=shown, timeout=str(act.timeout_s),
    )  # fmt: skip
    return [Request("POST", _path("channels", channel, "moh")), Request("POST", path)]


def quieter(settings: Settings) -> Request:
    """Return the request that spares us events of which we make nothing; a call has dozens of them."""
    kinds = ("ChannelVarset", "ChannelDialplan", "ChannelConnectedLine", "ChannelCallerId")
    told = {"disallowed": [{"type": kind} for kind in kinds]}
    return Request("PUT", _path("applications", settings.ari_app, "eventFilter"), msgspec.json.encode(told))


def hang_up(channel: str) -> Request:
    """Return the request that ends a channel."""
    return Request("DELETE", _path("channels", channel))


def answer(channel: str) -> Request:
    """Return the request that answers a channel."""
    return Request("POST", _path("channels", channel, "answer"))


def stop_sound(playback: str) -> Request:
    """Return the request that ends a sound: its caller has pressed a key."""
    return Request("DELETE", _path("playbacks", playback))


def record_message(channel: str, name: str) -> Request:
    """Return the request that records what a caller says."""
    return Request("POST", _path(
        "channels", channel, "record", name=name, format="wav", maxDurationSeconds=str(MESSAGE_MAX_S),
        maxSilenceSeconds="10", beep="true", terminateOn="#", ifExists="overwrite",
    ))  # fmt: skip


def bridge(name: str, caller: str, agent: str, recording: str = "") -> list[Request]:
    """Return the requests that let two channels speak with each other, recorded where their caller agreed."""
    made = [
        Request("DELETE", _path("channels", caller, "moh")),
        Request("POST", _path("bridges", name, type="mixing")),
        Request("POST", _path("bridges", name, "addChannel", channel=f"{caller},{agent}")),
    ]
    if recording:
        made.append(Request("POST", _path("bridges", name, "record", name=recording, format="wav")))
    return made


def take_apart(name: str) -> Request:
    """Return the request that ends a bridge; nobody is in it any more."""
    return Request("DELETE", _path("bridges", name))


def pushed(kind: str, name: str, fields: Sequence[tuple[str, str]]) -> Request:
    """Return the request that puts an object of PJSIP's into Asterisk's configuration, or changes it."""
    told = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields]}
    return Request("PUT", _object(kind, name), msgspec.json.encode(told))


def forgotten(kind: str, name: str) -> Request:
    """Return the request that takes one out again."""
    return Request("DELETE", _object(kind, name))


def _object(kind: str, name: str) -> str:
    return _path("asterisk", "config", "dynamic", "res_pjsip", kind, name)


def endpoint_of(settings: Settings, number: str) -> str:
    """Return how Asterisk reaches a number: a browser by its own name, all else over the trunk."""
    if is_browser(number):
        return f"PJSIP/{name_of(number)}"
    return settings.ari_trunk.replace("{number}", number)


async def pause(settings: Settings, channel: str, is_paused: bool) -> None:
    """Pause the recording of a call, or go on. Raises `Refused` and `Unanswered`."""
    await asked(settings, pause_recording(recording_name(channel), is_paused=is_paused))


async def discard(settings: Settings, channel: str) -> None:
    """End the recording of a call and throw it away. Raises `Refused` and `Unanswered`."""
    await asked(settings, Request("DELETE", _path("recordings", "live", recording_name(channel))))


def recording_name(channel: str) -> str:
    """Return what the recording of a call is called."""
    return f"call-{channel}"


def pause_recording(name: str, *, is_paused: bool) -> Request:
    """Return the request that stops recording for a while (a card number is read aloud), or goes on."""
    return Request("POST" if is_paused else "DELETE", _path("recordings", "live", name, "pause"))


def recording_url(settings: Settings, name: str) -> str:
    """Return where Asterisk has what was recorded."""
    return settings.ari_url.rstrip("/") + "/ari" + _path("recordings", "stored", name, "file")


async def forget_recording(settings: Settings, url: str) -> None:
    """Take a recording that we have off Asterisk's disk; what is not there any more is well. Raises as `asked` does."""
    path = url.removeprefix(settings.ari_url.rstrip("/") + "/ari").removesuffix("/file")
    await asked(settings, Request("DELETE", path))


def _path(*parts: str, **query: str) -> str:
    path = "".join(f"/{quote(part, safe='')}" for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


async def asked(settings: Settings, request: Request) -> Fetched:
    """Make a request. Raises `Refused` and `Unanswered`; a channel that is gone is refused."""
    url = settings.ari_url.rstrip("/") + "/ari" + request.path
    headers = {"authorization": authorization(settings), "content-type": "application/json"}
    try:
        answered = await fetch(
            request.method, url, body=request.body, headers=headers, timeout_s=TIMEOUT_S, bytes_max=ANSWER_MAX
        )
    except NotAllowed as problem:
        raise Refused(f"Asterisk cannot be asked: {problem}") from None
    except NoAnswer as problem:
        raise Unanswered(f"Asterisk does not answer: {problem}") from None
    if not 200 <= answered.status < 300:
        raise Refused(f"Asterisk answered {answered.status}")
    return answered


async def dial(settings: Settings, call_id: UUID, agent: str) -> str:
    """Ring one of ours; when they answer, the other side is rung. Raises `Refused` and `Unanswered`."""
    path = _path(
        "channels", endpoint=endpoint_of(settings, agent), app=settings.ari_app,
        appArgs=f"out,{call_id}", callerId=settings.phone_number, timeout="30",
    )  # fmt: skip
    await asked(settings, Request("POST", path))
    return str(call_id)


async def recording(settings: Settings, url: str) -> bytes:
    """Fetch what Asterisk recorded. Raises `Refused` where the address is not Asterisk's, `Unanswered` otherwise."""
    if not url.startswith(settings.ari_url.rstrip("/") + "/ari/"):
        raise Refused("the recording is not where Asterisk keeps them")
    try:
        answered = await fetch(
            "GET", url, headers={"authorization": authorization(settings)}, timeout_s=TIMEOUT_S,
            bytes_max=RECORDING_MAX,
        )  # fmt: skip
    except (NotAllowed, NoAnswer) as problem:
        raise Unanswered(str(problem)) from None
    if answered.status != 200 or not answered.body.startswith(b"RIFF"):
        raise Unanswered(f"Asterisk answered {answered.status}")
    return answered.body


def authorization(settings: Settings) -> str:
    """Return the header that we prove ourselves with."""
    return "Basic " + b64encode(f"{settings.ari_user}:{settings.ari_password}".encode()).decode()
