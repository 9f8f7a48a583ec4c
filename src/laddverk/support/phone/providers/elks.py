"""Calls by 46elks: webhooks in (form), actions out (JSON), and calls that we make (`POST /a1/calls`).

After its documentation: an answer holds one action, chained by `next`, which may be an address or the next action; a
webhook that is not answered by 2xx is repeated for hours, so a turn that was counted is not counted again. Webhooks
are not signed: a secret is in their address, and they come from a few addresses only.
"""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch
from laddverk.platform.settings import Settings
from laddverk.support.phone.model import Act, Then

BEEP: Final = "sound/beep"
MESSAGE_MAX_S: Final = 120  # of a spoken message
TIMEOUT_S: Final = 15.0
ANSWER_MAX: Final = 8_192
RECORDING_MAX: Final = 20_000_000  # an hour of telephone sound
RESULTS: Final = frozenset({"success", "failed", "busy"})


class Addresses(Struct, frozen=True, kw_only=True):
    """Where 46elks turns to with one call."""

    voice: str
    """Of the sound that is played; '' where nothing can be read aloud."""
    following: str
    hung_up: str
    recorded_call: str
    recorded_message: str


def action_of(act: Act, at: Addresses) -> dict[str, Any]:
    """Return the action that 46elks is answered with."""
    sound = at.voice or BEEP
    if act.then is Then.GATHER:
        asked = {"ivr": sound, "digits": act.digits, "timeout": act.timeout_s, "repeat": 1, "next": at.following}
        return asked | {"whenhangup": at.hung_up}
    if act.then is Then.RECORD:
        record = {"record": at.recorded_message, "timelimit": MESSAGE_MAX_S, "next": at.following}
        return {"play": sound, "next": {"play": BEEP, "next": record}, "whenhangup": at.hung_up}
    if act.then is Then.CONNECT:
        connect = {"connect": act.number, "timeout": act.timeout_s, "next": at.following}
        line = {"recordcall": at.recorded_call} | connect if act.records else connect
        return {"play": sound, "skippable": False, "next": line, "whenhangup": at.hung_up}
    return {"play": sound, "whenhangup": at.hung_up} if act.text else {"hangup": "reject"}


def keys_in(form: dict[str, str]) -> str:
    """Return what a caller pressed, '' for nothing; of a line to one of ours, how it went."""
    result = form.get("result", "")[:40]
    if result and all(letter in "0123456789*#" for letter in result):
        return result
    return result if result in RESULTS else ""


def comes_from_46elks(address: str, settings: Settings) -> bool:
    """Return whether a webhook comes from where 46elks says that its own come from."""
    try:
        remote = ip_address(address)
        return any(
            remote in ip_network(each.strip()) for each in settings.elks_addresses.split(",") if each.strip()
        )  # fmt: skip
    except ValueError:
        return False


class Made(Struct, frozen=True):
    """What we use of the answer to a call of ours."""

    id: str


async def dial(settings: Settings, agent: str, voice_start: str, hung_up: str) -> str:
    """Ring one of ours; what they hear next is asked of `voice_start`. Return 46elks's name of the call.

    Raises `Refused` for what will never be taken, `Unanswered` for what nobody knows.
    """
    asked = {
        "from": settings.phone_number, "to": agent, "voice_start": voice_start, "whenhangup": hung_up, "timeout": "30",
    }  # fmt: skip
    headers = {"authorization": authorization(settings), "content-type": "application/x-www-form-urlencoded"}
    try:
        answer = await fetch(
            "POST", settings.elks_url.rstrip("/") + "/a1/calls", body=urlencode(asked).encode(), headers=headers,
            timeout_s=TIMEOUT_S, bytes_max=ANSWER_MAX,
        )  # fmt: skip
    except NotAllowed as problem:
        raise Refused(f"46elks cannot be asked: {problem}") from None
    except NoAnswer as problem:
        raise Unanswered(f"46elks does not answer: {problem}") from None
    if not 200 <= answer.status < 300:
        raise Refused(f"46elks answered {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=Made).id[:100]
    except msgspec.DecodeError:
        raise Unanswered("46elks answered with something that is no call") from None


async def recording(settings: Settings, url: str) -> bytes:
    """Fetch what 46elks recorded. Raises `Refused` where the address is not 46elks's own, `Unanswered` otherwise."""
    if not url.startswith(settings.elks_url.rstrip("/") + "/"):
        raise Refused("the recording is not where 46elks keeps them")
    headers = {"authorization": authorization(settings)}
    try:
        answer = await fetch("GET", url, headers=headers, timeout_s=TIMEOUT_S, bytes_max=RECORDING_MAX)
    except NotAllowed as problem:
        raise Refused(str(problem)) from None
    except NoAnswer as problem:
        raise Unanswered(str(problem)) from None
    if answer.status != 200:
        raise Unanswered(f"46elks answered {answer.status}")
    if not answer.body.startswith((b"RIFF", b"ID3", b"OggS")) and answer.body[:1] != b"\xff":
        raise Refused("what was recorded is no sound")
    return answer.body


def authorization(settings: Settings) -> str:
    """Return the header that we prove ourselves with."""
    return "Basic " + b64encode(f"{settings.elks_user}:{settings.elks_password}".encode()).decode()
