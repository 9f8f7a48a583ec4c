"""Calls that a PBX only tells of: who it is, what they are stuck in, the case that opens, and what was missed."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support.phone import desk, service, store
from laddverk.support.phone.model import Call, Place
from laddverk.support.phone.providers.cti import Told, What
from laddverk.support.phone.service import Ringing, key_of

PROVIDER = service.ELSEWHERE


async def hear(tx: Transaction, house: House, told: Told, now: datetime) -> Call | None:
    """Write down what a PBX tells of a call. Events come twice and out of order; each counts once."""
    call = await store.by_key(tx, key_of(PROVIDER, told.reference))
    if call is None:
        call = await _rings(tx, house, told, now)
    if told.what is What.ANSWERED and call.answered_at is None:
        call = await _answered(tx, house, call, told.who, now)
    elif told.what is What.ENDED:
        return await service.hang_up(tx, house, call.key, now)
    return call


async def _rings(tx: Transaction, house: House, told: Told, now: datetime) -> Call:
    ringing = Ringing(PROVIDER, told.reference, told.phone, told.our_number)
    call, _act = await service.ring(tx, house, ringing, now)
    queued = now if told.is_incoming else None
    direction = "in" if told.is_incoming else "out"
    call = replace(call, queued_at=queued)
    await store.save(tx, call)
    await store.set_direction(tx, call.id, direction)
    return replace(call, direction=direction)


async def _answered(tx: Transaction, house: House, call: Call, who: str, now: datetime) -> Call:
    """Somebody of ours speaks: the case is there, the one that was touched lately or a new one."""
    call = await desk.with_case(tx, house, call, now)
    menu = replace(call.menu, place=Place.CONNECTED)
    call = replace(call, answered_at=now, taken_name=who, menu=menu)
    await store.save(tx, call)
    service.tell(tx, house, call)
    return call
