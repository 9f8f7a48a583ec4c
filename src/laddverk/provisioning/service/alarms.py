"""Alarms that chargers raise: somebody says that they are dealt with."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.provisioning.store import commands as commands_store
from laddverk.provisioning.store import monitoring as store

NOTE_LENGTH_MIN: Final = 3
NOTE_LENGTH_MAX: Final = 200


async def acknowledge_alarm(
    tx: Transaction, actor: Actor, station_id: StationId, alarm_key: str, now: datetime, *, note: str
) -> None:
    """Say that somebody deals with an alarm, and how. It stands until the charger takes it back.

    Needs commands:send at a site that `actor` sees. Seen before, it stays as it was. Raises `NotFound`, `Invalid`
    without a note, `Conflict` when the alarm is over.
    """
    actor.require(Permission.COMMANDS_SEND)
    (traits,) = await commands_store.traits(tx, [station_id]) or (None,)
    if traits is None or (actor.site_ids is not None and traits.site_id not in actor.site_ids):
        raise NotFound("There is no such station.")
    stands = await store.alarm_stands(tx, station_id, alarm_key)
    if stands is None:
        raise NotFound("There is no such alarm.")
    note = note.strip()
    if not NOTE_LENGTH_MIN <= len(note) <= NOTE_LENGTH_MAX or "\x00" in note:
        raise Invalid("Say why, in a few words.", field="reason")
    if not stands:
        raise Conflict("The alarm is over.")
    if await store.see_alarm(tx, station_id, alarm_key, now, by=actor.name or actor.kind, note=note):
        detail = {"alarm": alarm_key}
        await audit.write(tx, actor, "alarm.acknowledged", "station", station_id, at=now, reason=note, detail=detail)
