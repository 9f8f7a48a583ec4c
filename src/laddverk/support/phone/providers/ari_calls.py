"""Requests to Asterisk's REST interface (ARI): what an act becomes, ringing somebody, and fetching what was recorded.

Which requests an act becomes is pure (`requests_of`); `asked` makes one of them.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

from msgspec import Struct

from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.outgoing import Fetched, NoAnswer, NotAllowed, fetch
from laddverk.platform.settings import Settings
from laddverk.support.phone.model import Act, Then

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


def requests_of(act: Act, channel: str, voice: str, playback: str, settings: Settings) -> list[Request]:
    """Return what Asterisk is asked for so that `act` happens on a channel.

    `voice` is the address of the sound, `playback` the name under which its end is told. Keys come as events.
    """
    play = Request("POST", _path("channels", channel, "play", playback, media=f"sound:{voice}" if voice else BEEP))
    if act.then is Then.RECORD:
        return [play]  # the recording begins when the sound has ended
    if act.then is Then.CONNECT:
        leg = _path(
            "channels", endpoint=settings.ari_trunk.replace("{number}", act.number), app=settings.ari_app,
            appArgs=f"agent,{channel}", callerId=settings.phone_number, timeout=str(act.timeout_s),
        )  # fmt: skip
        return [Request("POST", _path("channels", channel, "moh")), Request("POST", leg)]
    if act.then is Then.HANG_UP and not act.text:
        return [hang_up(channel)]
    return [play]


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


def pause_recording(name: str, *, is_paused: bool) -> Request:
    """Return the request that stops recording for a while (a card number is read aloud), or goes on."""
    return Request("POST" if is_paused else "DELETE", _path("recordings", "live", name, "pause"))


def recording_url(settings: Settings, name: str) -> str:
    """Return where Asterisk has what was recorded."""
    return settings.ari_url.rstrip("/") + "/ari" + _path("recordings", "stored", name, "file")


def _path(*parts: str, **query: str) -> str:
    path = "".join(f"/{quote(part, safe='')}" for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


async def asked(settings: Settings, request: Request) -> Fetched:
    """Make a request. Raises `Refused` and `Unanswered`; a channel that is gone is refused."""
    url = settings.ari_url.rstrip("/") + "/ari" + request.path
    try:
        answered = await fetch(
            request.method, url, headers={"authorization": authorization(settings)}, timeout_s=TIMEOUT_S,
            bytes_max=ANSWER_MAX,
        )  # fmt: skip
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
        "channels", endpoint=settings.ari_trunk.replace("{number}", agent), app=settings.ari_app,
        appArgs=f"out,{call_id}", callerId=settings.phone_number, timeout="30",
    )  # fmt: skip
    await asked(settings, Request("POST", path))
    return str(call_id)


async def recording(settings: Settings, url: str) -> bytes:
    """Fetch what Asterisk recorded."""
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
