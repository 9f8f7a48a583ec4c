"""Finds dead links: a charger that is silent for a while is pinged, and any frame of it shows that it lives (quirk 12).

A charger that cannot stand pings is given up after several of its heartbeats have failed to come (quirks 13, 14).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from laddverk.gateway.treatment import Treatment

HEARTBEATS_MISSED_MAX: Final = 3  # a timeout of one interval would close a charger just before it speaks (quirk 13)
LOOK_EVERY_S: Final = 1.0  # at a charger that is not pinged; there are few


async def is_gone(socket: ServerConnection, treatment: Treatment, silent_s: Callable[[], float]) -> None:
    """Return when the charger must be taken for gone. Cancelled when the connection ends.

    `silent_s` tells how long ago the last frame came. Treatment and intervals may change meanwhile.
    """
    while True:
        interval_s = treatment.ping_interval_s
        if interval_s is None:
            if await _is_overdue(treatment, silent_s):
                return
        elif silent_s() < interval_s:
            await asyncio.sleep(interval_s - silent_s())
        elif not await _lives(socket, treatment.ping_timeout_s, silent_s):
            return
        else:
            await asyncio.sleep(interval_s)


async def _is_overdue(treatment: Treatment, silent_s: Callable[[], float]) -> bool:
    if silent_s() > HEARTBEATS_MISSED_MAX * treatment.heartbeat_interval_s:
        return True
    await asyncio.sleep(LOOK_EVERY_S)
    return False


async def _lives(socket: ServerConnection, timeout_s: float, silent_s: Callable[[], float]) -> bool:
    """Return whether an answer to a ping, or any frame, comes in time."""
    try:
        answered = await socket.ping()
        await asyncio.wait_for(asyncio.shield(answered), timeout_s)
    except TimeoutError:
        return silent_s() < timeout_s
    except ConnectionClosed:
        return True  # it has ended by itself, and whoever reads it knows
    return True
