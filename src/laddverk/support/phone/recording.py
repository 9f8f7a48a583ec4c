"""Pausing what is recorded of a call while a card number is said; and saying that none of it is to be kept.

Only some carriers can pause: Asterisk can, 46elks cannot. Where it cannot be paused it can be stopped, which holds
everywhere: what the carrier recorded is then never fetched. Each is in the audit log, also an attempt that failed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Conflict
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support.phone import desk, service, store
from laddverk.support.phone.model import Call
from laddverk.support.phone.providers.carriers import CARRIERS

AUDITED: Final = "phone_call"


def can_pause(provider: str) -> bool:
    """Return whether a carrier can pause a recording."""
    return CARRIERS[provider].pause_recording is not None


async def pause(house: House, actor: Actor, call_id: UUID, now: datetime, *, is_paused: bool) -> Call:
    """Pause a recording, or go on with it; return the call.

    Raises `NotFound`, `Conflict` where nothing is recorded, the carrier cannot, or it did not do it.
    """
    async with house.database.transaction() as tx:
        call = await _recorded(tx, actor, call_id)
    pauser = CARRIERS[call.provider].pause_recording
    if pauser is None:
        raise Conflict("This carrier cannot pause a recording.", remedy="Stop it instead: then none of it is kept.")
    try:
        await pauser(house.settings, call.reference, is_paused)
    except (Refused, Unanswered) as problem:
        failed = "recording.not_paused" if is_paused else "recording.not_resumed"
        async with house.database.transaction() as tx:
            await audit.write(tx, actor, failed, AUDITED, call_id, at=now, reason=str(problem))
        raise Conflict(
            "The carrier did not do it: the recording goes on as before.",
            remedy="Let no card number be said. Stop the recording: then none of it is kept.",
        ) from None
    async with house.database.transaction() as tx:
        call = replace(await desk.worked_on(tx, actor, call_id), record_paused_at=now if is_paused else None)
        await store.save(tx, call)
        done = "recording.paused" if is_paused else "recording.resumed"
        await audit.write(tx, actor, done, AUDITED, call_id, at=now)
        service.tell(tx, house, call)
    return call


async def stop(house: House, actor: Actor, call_id: UUID, now: datetime) -> Call:
    """Keep nothing of what is recorded of a call; return the call. Raises `NotFound`, `Conflict` as `pause` does."""
    async with house.database.transaction() as tx:
        call = replace(await _recorded(tx, actor, call_id), record_stopped_at=now)
        await store.save(tx, call)
        await audit.write(tx, actor, "recording.stopped", AUDITED, call_id, at=now)
        service.tell(tx, house, call)
    discard = CARRIERS[call.provider].discard_recording
    if discard is None:
        return call
    try:
        await discard(house.settings, call.reference)
    except (Refused, Unanswered) as problem:  # it is never fetched; that the carrier still has it is written down
        async with house.database.transaction() as tx:
            await audit.write(tx, actor, "recording.not_discarded", AUDITED, call_id, at=now, reason=str(problem))
    return call


def is_recorded(call: Call) -> bool:
    """Return whether a call is being recorded, paused or not."""
    return desk.is_talking(call) and call.record_consent_at is not None and call.record_stopped_at is None


async def _recorded(tx: Transaction, actor: Actor, call_id: UUID) -> Call:
    call = await desk.worked_on(tx, actor, call_id)
    if not is_recorded(call):
        raise Conflict("Nothing is being recorded.")
    return call
