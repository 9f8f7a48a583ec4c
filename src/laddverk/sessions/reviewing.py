"""People who decide about doubtful sessions: bill them, write them off, give them the tariff they lack."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SessionId, TariffVersionId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import store, store_review
from laddverk.sessions.model import SessionClosed, Settlement
from laddverk.sessions.refold import refold
from laddverk.tariffs import service as tariffs


async def approve(tx: Transaction, actor: Actor, session_id: SessionId, now: datetime, reason: str) -> None:
    """Let a session that is held for review be billed as it is, in spite of its doubts.

    It is priced again, and what is published then says how it is settled. Raises `NotFound`, `Invalid` without a
    reason, `Conflict` when it is not held, still runs, has no price to be billed or nobody to bill.
    """
    await _require_held(tx, actor, session_id, reason)
    version = await store_review.approve(tx, session_id)
    await refold(tx, await store.locked_by_ids(tx, [session_id]))
    if await store_review.settlement(tx, session_id) == Settlement.REVIEW:
        raise Conflict(
            "This session cannot be billed: it has no tariff, or nobody to bill.",
            remedy="Choose a tariff, or write it off.",
        )
    await _price_again(tx, actor, "session.approved", session_id, version, now, reason)


async def write_off(tx: Transaction, actor: Actor, session_id: SessionId, now: datetime, reason: str) -> None:
    """Let a session that is held for review be paid by nobody; what it would have cost stays to be seen.

    `SessionPriced` with settlement `free` follows, so that what was reserved is given back. Raises as `approve` does.
    """
    await _require_held(tx, actor, session_id, reason)
    version = await store_review.write_off(tx, session_id)
    await refold(tx, await store.locked_by_ids(tx, [session_id]))
    await _price_again(tx, actor, "session.written_off", session_id, version, now, reason)


async def assign_tariff(
    tx: Transaction, actor: Actor, session_id: SessionId, version_id: TariffVersionId, now: datetime, reason: str
) -> None:
    """Give a session that started where no tariff was chosen a tariff, and price it. Raises as `approve` does."""
    await _require_held(tx, actor, session_id, reason)
    found = (await tariffs.versions(tx, [version_id])).get(version_id)
    if found is None:
        raise NotFound("There is no such tariff.", field="tariff_id")
    version = await store_review.assign_tariff(tx, session_id, found.id, found.tariff)
    if version is None:
        raise Conflict("This session has its tariff already, from when it started.")
    await refold(tx, await store.locked_by_ids(tx, [session_id]))
    await _price_again(tx, actor, "session.tariff_assigned", session_id, version, now, reason)


async def _require_held(tx: Transaction, actor: Actor, session_id: SessionId, reason: str) -> None:
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("Say why, in a few words.", field="reason")
    settlement = await store_review.settlement(tx, session_id)
    if settlement is None:
        raise NotFound("There is no such session.", field="session_id")
    if settlement != Settlement.REVIEW:
        raise Conflict("This session is not held for review.")


async def _price_again(
    tx: Transaction, actor: Actor, action: str, session_id: SessionId, version: int, now: datetime, reason: str
) -> None:
    await outbox.publish(tx, [SessionClosed(session_id=session_id, version=version)])
    await audit.write(tx, actor, action, "session", session_id, at=now, reason=reason)


async def resolve_orphan(tx: Transaction, actor: Actor, orphan_id: UUID, now: datetime, reason: str) -> None:
    """Mark the end of an unknown session as looked at. Raises `NotFound`, `Invalid` without a reason."""
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("Say why, in a few words.", field="reason")
    station_id = await store_review.resolve_orphan(tx, orphan_id, now)
    if station_id is None:
        raise NotFound("There is no such message to look at.")
    await audit.write(tx, actor, "session_orphan.resolved", "station", station_id, at=now, reason=reason)
