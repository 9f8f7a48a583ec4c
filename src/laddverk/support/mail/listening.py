"""Listens for mail beside the worker: to our mail server, and to a mailbox. Nothing listens unless it is set."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from laddverk.platform.house import House
from laddverk.support.mail import imap, lmtp

AGAIN_S: Final = 10.0  # until a port that was taken is tried again

log = structlog.get_logger()


async def listen(house: House) -> None:
    """Listen as long as the process lives. Never raises but for being cancelled."""
    settings = house.settings
    if not settings.support_address:
        await asyncio.Event().wait()
    parts = []
    if settings.support_lmtp_port is not None:
        parts.append(_lmtp(house))
    if settings.support_imap_url is not None:
        parts.append(imap.read(house))
    await asyncio.gather(*parts)
    await asyncio.Event().wait()


async def _lmtp(house: House) -> None:
    while True:
        try:
            server = await lmtp.start(house)
        except OSError as error:
            log.error("mail.cannot_listen", error=str(error))
            await asyncio.sleep(AGAIN_S)
            continue
        async with server:
            await server.serve_forever()
