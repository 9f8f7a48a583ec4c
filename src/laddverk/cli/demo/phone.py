"""The demo's telephone: a simulated 46elks on this machine carries calls and text messages, and rings the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from laddverk.notices.sms import links
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.simulator.elks import SimulatedElks
from laddverk.simulator.elks_server import get, post, serving

OUR_NUMBER: Final = "+46317000000"
LOOPBACK: Final = "127.0.0.1"


@asynccontextmanager
async def carried(settings: Settings) -> AsyncIterator[tuple[Settings, SimulatedElks | None]]:
    """Yield the settings with a simulated carrier of calls; with the operator's own, where one is set."""
    if settings.elks_user or settings.ari_url:
        yield settings, None
        return
    carrier = SimulatedElks("", "", OUR_NUMBER, post, get)
    async with serving(carrier) as address:
        yield replace(
            settings, elks_url=address, elks_addresses=f"{LOOPBACK},::1", phone_number=OUR_NUMBER,
            sms_provider=settings.sms_provider or "46elks", phone_records=True,
        ), carrier  # fmt: skip


def connect(house: House, carrier: SimulatedElks | None) -> None:
    """Tell the carrier where we want to hear of calls and texts."""
    if carrier is not None:
        carrier.voice_start = links.address(house, "call")
        carrier.sms_url = links.address(house, "text")
