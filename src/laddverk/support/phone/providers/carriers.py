"""What a carrier of calls can be asked for, whichever it is. What a carrier has no way to do stands as None."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from msgspec import Struct

from laddverk.notices.sms import links
from laddverk.notices.sms.port import Refused
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.support.phone.model import Call
from laddverk.support.phone.providers import ari_calls, elks

Asked = Callable[[Settings, str], Awaitable[None]]
"""Asks for something about a call or a recording, by the carrier's name or address of it."""


class Carrier(Struct, frozen=True, kw_only=True):
    """What one carrier can be asked for. Each raises `Refused` and `Unanswered`."""

    dial: Callable[[House, Call], Awaitable[str]]
    """Rings one of ours, and then who is called; returns the carrier's name of the call."""
    fetch_recording: Callable[[Settings, str], Awaitable[bytes]]
    """Returns what stands at an address that the carrier told."""
    forget_recording: Asked | None = None
    """Takes a recording, by its address, from where the carrier keeps it. None: it forgets by itself, within days."""
    pause_recording: Callable[[Settings, str, bool], Awaitable[None]] | None = None
    """Pauses (True) what is recorded of a call, or goes on with it."""
    discard_recording: Asked | None = None
    """Ends what is recorded of a call and throws it away. None: what it has is never fetched."""
    tells_answer: bool = False
    """Whether it tells when one of ours picks up. Else they speak from when they took the call."""


async def _dialled_by_elks(house: House, call: Call) -> str:
    base = links.address(house, f"out/{call.id}")
    return await elks.dial(house.settings, call.taken_number, base, f"{base}/hangup")


async def _dialled_by_ari(house: House, call: Call) -> str:
    return await ari_calls.dial(house.settings, call.id, call.taken_number)


async def _only_tells(*_: object) -> NoReturn:
    raise Refused("a PBX of one's own only tells of its calls")


CARRIERS: Final[dict[str, Carrier]] = {
    # 46elks has no way to change `recordcall` once somebody is connected.
    "46elks": Carrier(dial=_dialled_by_elks, fetch_recording=elks.recording),
    "ari": Carrier(
        dial=_dialled_by_ari, fetch_recording=ari_calls.recording, forget_recording=ari_calls.forget_recording,
        pause_recording=ari_calls.pause, discard_recording=ari_calls.discard, tells_answer=True,
    ),
    "cti": Carrier(dial=_only_tells, fetch_recording=_only_tells),
}  # fmt: skip
"""By `Call.provider`."""


def chosen(settings: Settings) -> str:
    """Return the carrier by which we ring."""
    return "ari" if settings.ari_url else "46elks"
