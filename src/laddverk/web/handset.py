"""The demo's telephones: pages that hold a handset of the simulated carrier, and hand on what is pressed and said."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from laddverk.platform.house import House
from laddverk.platform.outgoing import NoAnswer, NotAllowed, fetch

BYTES_MAX: Final = 512 * 1024  # two hundred lines of what was said
TIMEOUT_S: Final = 3.0
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


class Line(Struct, frozen=True):
    """Something that was said: by the voice, the caller, the agent, or what happened on the line."""

    who: str
    text: str
    language: str = ""


class Ringing(Struct, frozen=True):
    """A call on a handset."""

    id: str
    number: str
    state: str
    direction: str
    agent: str
    is_asked: bool
    speaks: bool
    lines: tuple[Line, ...] = ()


class Message(Struct, frozen=True):
    """A text message on a handset."""

    text: str
    at: str
    is_ours: bool


class Handset(Struct, frozen=True):
    """What a phone shows."""

    texts: tuple[Message, ...] = ()
    call: Ringing | None = None


def is_there(house: House) -> bool:
    """Return whether the carrier is the simulated one on this machine."""
    return house.settings.demo and urlsplit(house.settings.elks_url).hostname in LOOPBACK


async def look(house: House, *, number: str = "", call: str = "") -> Handset:
    """Return what a handset shows; an empty one when the carrier does not answer."""
    return await _ask(house, "GET", f"look?{urlencode({'number': number, 'call': call})}", {})


async def do(house: House, what: str, **fields: Any) -> Handset:
    """Dial, press, say, answer, hang up or send a text; what the handset shows then."""
    return await _ask(house, "POST", what, {name: str(value) for name, value in fields.items()})


async def _ask(house: House, method: str, what: str, fields: dict[str, str]) -> Handset:
    if not is_there(house):
        return Handset()
    url = f"{house.settings.elks_url.rstrip('/')}/handset/{what}"
    try:
        answer = await fetch(
            method, url, body=urlencode(fields).encode(), headers=FORM, timeout_s=TIMEOUT_S, bytes_max=BYTES_MAX
        )  # fmt: skip
        return msgspec.json.decode(answer.body, type=Handset)
    except (NotAllowed, NoAnswer, msgspec.DecodeError):
        return Handset()
