"""What people allow self-healing to do: the kill switch, and models that are left alone. Audited, with reasons."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

from laddverk.diagnostics.remedies import doing, store
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

REASON_MAX: Final = 500

OFF: Final = "UPDATE remedy_setting SET switched_off_at = $1, switched_off_by = $2, switched_off_why = $3"
# A model that is allowed again is new once more: what made people leave it alone is to be seen to be gone.
EXCLUDE: Final = """
UPDATE remedy_model SET excluded_at = $3, excluded_by = $4, excluded_why = $5,
                        began_at = CASE WHEN $3::timestamptz IS NULL AND excluded_at IS NOT NULL THEN $6
                                        ELSE began_at END
WHERE vendor = $1 AND model = $2
"""
UNSENT: Final = """
SELECT command.id FROM remedy JOIN command ON command.id = remedy.command_id
WHERE command.state = 'queued' AND command.finished_at IS NULL
"""
LOOK_AGAIN: Final = "DELETE FROM remedy_hold"


async def switch(tx: Transaction, actor: Actor, now: datetime, *, on: bool, reason: str) -> None:
    """Let self-healing act, or stop it everywhere at once. Needs stations:write and the whole network.

    Raises `Invalid` without a reason. What is not sent yet is never sent; what a charger has is not called back.
    """
    actor.require(Permission.STATIONS_WRITE)
    actor.require_everywhere()
    reason = _reason(reason)
    await store.lock(tx)
    await store.setting(tx, now)
    await tx.execute(OFF, None if on else now, "" if on else _name(actor), "" if on else reason)
    await tx.execute(LOOK_AGAIN)
    for command_id in [] if on else await tx.values(UNSENT):
        with suppress(Conflict):  # it was sent meanwhile
            await stations.cancel_command(tx, doing.ACTOR, CommandId(command_id), now, reason=reason)
    action = "remedies.switched_on" if on else "remedies.switched_off"
    await audit.write(tx, actor, action, "remedies", None, at=now, reason=reason)


async def exclude(
    tx: Transaction, actor: Actor, vendor: str, model: str, now: datetime, *, on: bool, reason: str
) -> None:
    """Leave chargers of a model alone (`on`), or let self-healing mend them again. Needs stations:write.

    Raises `NotFound` for a model that it has never met, `Invalid` without a reason.
    """
    actor.require(Permission.STATIONS_WRITE)
    actor.require_everywhere()
    reason = _reason(reason)
    await store.lock(tx)
    done = await tx.execute(
        EXCLUDE, vendor, model, now if on else None, _name(actor) if on else "", reason if on else "", now
    )
    if not done:
        raise NotFound("Self-healing has not met this model.")
    await tx.execute(LOOK_AGAIN)
    detail = {"vendor": vendor, "model": model}
    action = "remedies.model_excluded" if on else "remedies.model_allowed"
    await audit.write(tx, actor, action, "remedies", None, at=now, reason=reason, detail=detail)


def _reason(given: str) -> str:
    reason = given.strip()
    if not 3 <= len(reason) <= REASON_MAX:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    return reason


def _name(actor: Actor) -> str:
    return actor.name or actor.kind
