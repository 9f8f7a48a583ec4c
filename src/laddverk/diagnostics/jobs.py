"""What diagnosis does in the background: detectors hear, attempts are made out, what is old is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from laddverk.diagnostics import listening, watching
from laddverk.diagnostics import store_watch as store
from laddverk.diagnostics.scenes import Scenery
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.platform.outbox import decoded
from laddverk.stations.model import CommandFinished, StationOffline, StationOnline

log = structlog.get_logger()

WATCH: Final = "diagnostics.watch"

EVERY: Final = (
    Every(WATCH, timedelta(seconds=5)),
    Every("diagnostics.bound", timedelta(minutes=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""
    scenery = Scenery(house.settings.heartbeat_interval_s, quirks.registry_of(house.settings.quirks_dir))
    watcher = watching.Watcher(house.secrets.charger_pepper, scenery)

    async def watch(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Let the detectors hear; by hand (`thorough`) also what could wait."""
        turn = await watcher.turn(tx, house.clock(), thorough=any(one.get("thorough") for one in payloads))
        if turn.more:
            await enqueue(tx, [NewJob(WATCH, {})])

    async def bound(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Drop what nobody took, and say so."""
        dropped = await store.bounded(tx, watching.INBOX_MAX, house.clock())
        if dropped:
            log.error("diagnostics.observations_dropped", dropped=dropped)
        await store.forget_retired(tx)

    async def linked(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.opened(tx, [decoded(StationOnline, payload) for payload in payloads])

    async def unlinked(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.closed(tx, [decoded(StationOffline, payload) for payload in payloads])

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await listening.finished(tx, [decoded(CommandFinished, payload) for payload in payloads])

    return {
        WATCH: watch,
        "diagnostics.bound": bound,
        "diagnostics.linked": linked,
        "diagnostics.unlinked": unlinked,
        "diagnostics.command_finished": command_finished,
    }
