"""What firmware needs from time to time: campaigns ask their next stations, commands report, old files go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.firmware import service
from laddverk.firmware.shelf import FIRMWARE, INCOMING, LOGS, DirectoryShelf
from laddverk.firmware.store import links, logs, updates
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.stations.model import CommandFinished

STATUSES_KEPT: Final = timedelta(days=400)
LINKS_KEPT: Final = timedelta(days=30)  # after their end; then nobody asks any more why one did not open
ORPHAN_AGE_S: Final = 86_400.0  # a file that has no row after a day never gets one

EVERY: Final = (Every("firmware.advance", timedelta(seconds=5)), Every("firmware.clear_away", timedelta(days=1)))


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def advance(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        topics = await service.advance(tx, service.reach_of(house.settings), house.clock())
        _tell(house, tx, topics)

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        finished = [outbox.decoded(CommandFinished, payload) for payload in payloads]
        _tell(house, tx, await service.commands_finished(tx, finished, house.clock()))

    async def clear_away(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        """Drop logs and statuses that are old enough, and files that no row knows."""
        now = house.clock()
        shelf = DirectoryShelf(house.settings.files_dir)
        old = await logs.delete_old(tx, now - timedelta(days=house.settings.logs_kept_days))
        await links.forget(tx, now - LINKS_KEPT)
        await updates.forget_said(tx, now - STATUSES_KEPT)
        orphans = await _orphans(tx, shelf)
        tx.after_commit(lambda: _remove(shelf, [*((LOGS, each) for each in old), *orphans]))

    return {
        "firmware.advance": advance,
        "firmware.command_finished": command_finished,
        "firmware.clear_away": clear_away,
    }


def _tell(house: House, tx: Transaction, topics: list[str]) -> None:
    if topics:
        tx.after_commit(lambda: house.hints.publish(topics))


async def _orphans(tx: Transaction, shelf: DirectoryShelf) -> list[tuple[str, UUID]]:
    """Return files that lie there for a day and that no row knows: an upload was cut off, a row was deleted."""
    found = []
    for section, known in ((LOGS, logs.known_files), (FIRMWARE, logs.known_images), (INCOMING, None)):
        listed = await asyncio.to_thread(shelf.files, section)
        aged = [each for each, changed_s in listed if time.time() - changed_s > ORPHAN_AGE_S]
        in_use = await known(tx, aged) if known and aged else set()
        found += [(section, each) for each in aged if each not in in_use]
    return found


def _remove(shelf: DirectoryShelf, files: Sequence[tuple[str, UUID]]) -> None:
    remove: Callable[[str, UUID], None] = shelf.remove
    for section, file_id in files:
        remove(section, file_id)
