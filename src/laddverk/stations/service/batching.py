"""The same command to many stations at once: each a command with its own outcome, all in one list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import BatchId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations.service.commanding import request_command
from laddverk.stations.store import batches as store

BATCH_MAX: Final = 500  # stations of one batch: about a second in one transaction
REASON_MIN: Final = 3
REASON_MAX: Final = 500
WAIT_MAX: Final = timedelta(days=7)  # for chargers that are away; later nobody remembers having asked


async def request_of_many(
    tx: Transaction,
    actor: Actor,
    station_ids: Sequence[StationId],
    command: AnyCommand,
    now: datetime,
    *,
    reason: str,
    wait: timedelta | None = None,
) -> BatchId:
    """Queue `command` for each of these stations and return the batch.

    Needs what `request_command` needs, at every one of them: raises `NotFound` when one may not be seen, and `Invalid`
    for none, too many, or no reason. `wait` is how long it is worth sending to those that are away (None: as usual for
    the command). A retired station, or one with too much to do, is left out, and the batch says why. The caller
    publishes the hint `commands`.
    """
    wanted = sorted(set(station_ids))
    reason = reason.strip()[:REASON_MAX]
    if not 1 <= len(wanted) <= BATCH_MAX:
        raise Invalid("Choose from 1 to %(max)s chargers.", field="stations", max=BATCH_MAX)
    if len(reason) < REASON_MIN:
        raise Invalid("Say why.", field="reason", remedy="It is kept in the audit log.")
    if wait is not None and not timedelta() < wait <= WAIT_MAX:
        raise Invalid("A command waits for at most a week.", field="wait")
    sites = None if actor.site_ids is None else sorted(actor.site_ids)
    if await store.seen(tx, wanted, sites) != wanted:
        raise NotFound("One of these stations does not exist.", field="stations")
    batch_id = BatchId(new_id())
    by = actor.name or actor.kind
    await store.insert(tx, batch_id, command, by, reason, now)
    left_out: list[store.LeftOut] = []
    for station_id in wanted:
        try:
            async with tx.savepoint():
                await request_command(
                    tx, actor, station_id, command, now, reason=reason, batch_id=batch_id,
                    expires_at=now + wait if wait else None,
                )  # fmt: skip
        except Conflict:
            left_out.append(store.LeftOut(station_id, "retired"))
        except TooMany:
            left_out.append(store.LeftOut(station_id, "busy"))
    await store.leave_out(tx, batch_id, left_out)
    detail = {"batch_id": str(batch_id), "stations": len(wanted), "left_out": len(left_out)}
    await audit.write(tx, actor, "command.batch_requested", "batch", batch_id, at=now, reason=reason, detail=detail)
    return batch_id
