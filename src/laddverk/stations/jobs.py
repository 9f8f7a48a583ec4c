"""What stations need from time to time: overdue commands get their outcome, old frames are packed and dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform import journal, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.stations import service
from laddverk.stations.model import CommandFinished
from laddverk.stations.store import quirks, reports

FRAMES_SETTLE: Final = timedelta(hours=1)  # frames stay rows this long: the newest are what people look at
FRAMES_KEPT: Final = timedelta(days=400)  # more than a year: a bill can be recomputed until it is long closed
REPORTS_KEPT: Final = timedelta(days=400)

EVERY: Final = (
    Every("stations.expire_commands", timedelta(seconds=5)),
    Every("stations.pack_frames", timedelta(minutes=5)),
    Every("stations.drop_old", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def expire_commands(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        finished = await service.expire_commands(tx, house.clock())
        topics = [f"{kind}:{key}" for one in finished for kind, key in
                  (("station", one.station_id), ("command", one.command_id))]  # fmt: skip
        if topics:
            tx.after_commit(lambda: house.hints.publish(topics))

    async def pack_frames(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        moved = await journal.compact(tx, house.clock() - FRAMES_SETTLE)
        if moved == journal.COMPACT_FRAMES_MAX:
            await enqueue(tx, [NewJob("stations.pack_frames", {})])

    async def drop_old(tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
        await journal.prune(tx, house.clock() - FRAMES_KEPT)
        await reports.drop_reports(tx, house.clock() - REPORTS_KEPT)
        await quirks.drop_bent(tx, house.clock() - REPORTS_KEPT)

    async def key_command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """A charger that refused its new key keeps the old one."""
        finished = [outbox.decoded(CommandFinished, payload) for payload in payloads]
        await service.key_commands_finished(tx, [one for one in finished if one.kind == "set_station_key"])

    return {
        "stations.key_command_finished": key_command_finished,
        "stations.expire_commands": expire_commands,
        "stations.pack_frames": pack_frames,
        "stations.drop_old": drop_old,
    }
