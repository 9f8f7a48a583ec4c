"""Devices and messages in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.notices.push.model import Device, Message, Owner
from laddverk.platform.database import Transaction

OF_OWNER: Final = "SELECT * FROM push_device WHERE owner_kind = $1 AND owner_id = $2 ORDER BY created_at, id"
OF_KIND: Final = "SELECT * FROM push_device WHERE owner_kind = $1 ORDER BY created_at, id LIMIT 2000"
SAVE: Final = """
INSERT INTO push_device (id, owner_kind, owner_id, endpoint, p256dh, auth, name, language, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (owner_kind, owner_id, endpoint)
DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth, name = excluded.name, language = excluded.language,
              error = ''
RETURNING id
"""
REMOVE: Final = "DELETE FROM push_device WHERE id = $1 AND owner_kind = $2 AND owner_id = $3"
REMOVE_ALL: Final = "DELETE FROM push_device WHERE owner_kind = $1 AND owner_id = $2"
# What is gone is gone for everybody who used this browser.
BURY: Final = """
DELETE FROM push_device WHERE endpoint IN (SELECT endpoint FROM push_device AS dead WHERE dead.id = ANY($1))
"""
TAKEN: Final = "UPDATE push_device SET taken_at = $2, error = '' WHERE id = ANY($1)"
REFUSED: Final = "UPDATE push_device SET error = $2 WHERE id = $1"
INSERT: Final = """
INSERT INTO push_message (id, device_id, title, body, path, tag, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
TO_SEND: Final = "SELECT * FROM push_message WHERE id = ANY($1) AND sent_at IS NULL FOR UPDATE"
DEVICES: Final = "SELECT * FROM push_device WHERE id = ANY($1)"
SENT: Final = "UPDATE push_message SET sent_at = $2, error = '', attempts = attempts + 1 WHERE id = $1"
FAILED: Final = "UPDATE push_message SET error = $2, attempts = attempts + 1 WHERE id = $1"
FORGET: Final = "DELETE FROM push_message WHERE created_at < $1"


async def of_owner(tx: Transaction, owner: Owner) -> list[Device]:
    """Return somebody's devices, the oldest first."""
    return await tx.fetch(Device, OF_OWNER, owner.kind, owner.id)


async def of_kind(tx: Transaction, kind: str) -> list[Device]:
    """Return the devices of all owners of a kind."""
    return await tx.fetch(Device, OF_KIND, kind)


async def save(tx: Transaction, device: Device) -> UUID:
    """Write a device; the same browser of the same owner is written anew. Return its id."""
    found: UUID = await tx.value(
        SAVE, device.id, device.owner_kind, device.owner_id, device.endpoint, device.p256dh, device.auth, device.name,
        device.language, device.created_at,
    )  # fmt: skip
    return found


async def remove(tx: Transaction, owner: Owner, device_id: UUID) -> bool:
    """Take one device of an owner away; return False when there was none."""
    return bool(await tx.execute(REMOVE, device_id, owner.kind, owner.id))


async def remove_all(tx: Transaction, owner: Owner) -> int:
    """Take all devices of an owner away."""
    return await tx.execute(REMOVE_ALL, owner.kind, owner.id)


async def bury(tx: Transaction, devices: Iterable[UUID]) -> None:
    """Take away devices whose push service calls them gone."""
    await tx.execute(BURY, list(devices))


async def mark_taken(tx: Transaction, devices: Iterable[UUID], at: datetime) -> None:
    """Note that push services took messages for devices."""
    await tx.execute(TAKEN, list(devices), at)


async def mark_refused(tx: Transaction, device_id: UUID, error: str) -> None:
    """Note why a push service took none."""
    await tx.execute(REFUSED, device_id, error[:300])


async def insert(tx: Transaction, messages: Sequence[Message]) -> None:
    """Write messages that are to go out."""
    for one in messages:
        await tx.execute(INSERT, one.id, one.device_id, one.title, one.body, one.path, one.tag, one.created_at)


async def to_send(tx: Transaction, messages: Sequence[UUID]) -> dict[UUID, Message]:
    """Return those of `messages` that did not go out, locked."""
    return {one.id: one for one in await tx.fetch(Message, TO_SEND, list(messages))}


async def devices(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Device]:
    """Return devices by their id."""
    return {one.id: one for one in await tx.fetch(Device, DEVICES, list(ids))}


async def mark_sent(tx: Transaction, message_id: UUID, at: datetime) -> None:
    """Note that a message was taken."""
    await tx.execute(SENT, message_id, at)


async def mark_failed(tx: Transaction, message_id: UUID, error: str) -> None:
    """Note why a message was not taken."""
    await tx.execute(FAILED, message_id, error[:300])


async def forget(tx: Transaction, before: datetime) -> int:
    """Drop messages that are old; return how many."""
    return await tx.execute(FORGET, before)
