"""Who is told in the browser, and telling them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.notices.push import rules, store
from laddverk.notices.push.model import DEVICES_MAX, Device, Message, Owner, Words
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings

DELIVER: Final = "notices.push"
"""The errand that hands one message to a push service: payload `{message_id, attempts}`."""


async def subscribe(
    tx: Transaction,
    settings: Settings,
    actor: Actor,
    owner: Owner,
    given: str,
    *,
    user_agent: str,
    language: str,
    now: datetime,
) -> UUID:
    """Tell this browser from now on; `given` is the JSON of its subscription. Return the device.

    The same browser is kept once. Whether `actor` may speak for `owner` is the caller's to know. Raises `Invalid`
    (field subscription), `Conflict` for too many devices.
    """
    subscription = rules.checked_subscription(given, settings)
    known = await store.of_owner(tx, owner)
    if len(known) >= DEVICES_MAX and subscription.endpoint not in {one.endpoint for one in known}:
        raise Conflict("There are too many devices.", remedy="Remove one that is not used any more.")
    device = Device(
        id=new_id(), owner_kind=owner.kind, owner_id=owner.id, endpoint=subscription.endpoint,
        p256dh=subscription.p256dh, auth=subscription.auth, name=rules.device_name(user_agent), language=language,
        created_at=now,
    )  # fmt: skip
    device_id = await store.save(tx, device)
    detail = {"name": device.name, "owner": owner.kind.value}
    await audit.write(tx, actor, "push.subscribed", "push_device", device_id, at=now, detail=detail)
    return device_id


async def remove(tx: Transaction, actor: Actor, owner: Owner, device_id: UUID, now: datetime) -> None:
    """Tell a device no more. Raises `NotFound` when the owner has no such device."""
    if not await store.remove(tx, owner, device_id):
        raise NotFound("There is no such device.")
    await audit.write(tx, actor, "push.removed", "push_device", device_id, at=now)


async def tell(tx: Transaction, owner: Owner, said: Callable[[str], Words], now: datetime) -> int:
    """Tell all devices of somebody what `said` says in their language; return how many there are."""
    messages = [_message(device, said(device.language), now) for device in await store.of_owner(tx, owner)]
    await store.insert(tx, messages)
    await enqueue(tx, [NewJob(DELIVER, {"message_id": str(one.id), "attempts": 0}) for one in messages])
    return len(messages)


def _message(device: Device, words: Words, now: datetime) -> Message:
    return Message(
        id=new_id(), device_id=device.id, title=rules.shortened(words.title, rules.TITLE_MAX),
        body=rules.shortened(words.body, rules.BODY_MAX), path=words.path, tag=words.tag, created_at=now,
    )  # fmt: skip
