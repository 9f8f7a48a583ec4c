"""Pricing closed sessions with the tariff they started under, a batch at a time; and people who decide on doubts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PaymentId, SessionId, TariffVersionId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import store, store_fold
from laddverk.sessions.fold import fold
from laddverk.sessions.model import Point, SessionClosed, SessionPriced, Settlement
from laddverk.sessions.refold import refold
from laddverk.sessions.store_fold import SavedPrice, Span, Unpriced
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Charge, Priced
from laddverk.tariffs.rules import price


async def price_closed(tx: Transaction, closed: Sequence[SessionClosed], now: datetime) -> int:
    """Price those of `closed` that have no price yet, and publish `SessionPriced`; return how many there were.

    An older version than the row's is priced as what the row is now. A session without a tariff waits for one.
    """
    sessions = await store_fold.unpriced(tx, list({event.session_id for event in closed}))
    if not sessions:
        return 0
    curves = await _curves(tx, sessions)
    priced = [(session, price(session.tariff, _charge(session, curves[session.id]))) for session in sessions]
    await store_fold.save_prices(tx, [_saved(session, found, now) for session, found in priced])
    await outbox.publish(tx, [_event(session, found) for session, found in priced])
    return len(priced)


async def _curves(tx: Transaction, sessions: Sequence[Unpriced]) -> dict[SessionId, tuple[Point, ...]]:
    """How the energy of each session grew, folded again from its messages and readings."""
    rows = await store.locked_by_ids(tx, [session.id for session in sessions])
    events = await store_fold.events_of(tx, rows)
    spans = [_span(session) for session in sessions]
    samples = await store_fold.samples_of(tx, spans)
    around = await store_fold.surroundings_of(tx, spans)
    return {
        session.id: fold(
            events[session.station_id, session.transaction_key],
            samples.get(session.id, ()),
            around[session.id].power_max_w,
        ).curve
        for session in sessions
    }


def _span(session: Unpriced) -> Span:
    return Span(
        session.id,
        session.station_id,
        session.transaction_key,
        session.evse_number,
        session.connector_number,
        session.started_at,
        session.ended_at,
    )


def _charge(session: Unpriced, curve: Sequence[Point]) -> Charge:
    return Charge(
        started_at=session.started_at,
        ended_at=session.ended_at,
        charging_ended_at=session.charging_ended_at,
        readings=tuple((point.at, point.energy_wh) for point in curve),
        energy_wh=session.energy_wh,
        timezone=session.timezone,
    )


def _saved(session: Unpriced, found: Priced, now: datetime) -> SavedPrice:
    return SavedPrice(
        id=session.id,
        price_minor=found.amount_minor,
        vat_minor=found.vat_minor,
        vat_percent=found.vat_percent,
        currency=found.currency,
        price_lines=found.lines,
        priced_at=now,
    )


def _event(session: Unpriced, found: Priced) -> SessionPriced:
    return SessionPriced(
        session_id=session.id,
        version=session.version,
        price_minor=found.amount_minor,
        vat_minor=found.vat_minor,
        vat_percent=found.vat_percent,
        currency=found.currency,
        settlement=Settlement(session.settlement),
        payment_id=PaymentId(session.payment_id) if session.payment_id else None,
        driver_id=DriverId(session.driver_id) if session.driver_id else None,
    )


APPROVE = """
UPDATE session SET approved_version = version, priced_at = NULL WHERE id = $1 RETURNING version
"""

WRITE_OFF = """
UPDATE session SET doubts = doubts || 'written_off'::text, priced_at = NULL WHERE id = $1 RETURNING version
"""

ASSIGN_TARIFF = """
UPDATE session SET tariff_version_id = $2, tariff = $3 WHERE id = $1 AND tariff_version_id IS NULL RETURNING version
"""


async def approve(tx: Transaction, actor: Actor, session_id: SessionId, now: datetime, reason: str) -> None:
    """Let a session that is held for review be billed as it is, in spite of its doubts.

    It is priced again, and what is published then says how it is settled. Raises `NotFound`, `Invalid` without a
    reason, `Conflict` when it is not held, still runs, has no price to be billed or nobody to bill.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    await _require_held(tx, session_id, reason)
    version: Any = await tx.value(APPROVE, session_id)
    rows = await store.locked_by_ids(tx, [session_id])
    await refold(tx, rows)
    if await tx.value("SELECT settlement FROM session WHERE id = $1", session_id) == Settlement.REVIEW:
        raise Conflict(
            "This session cannot be billed: it has no tariff, or nobody to bill.",
            remedy="Choose a tariff, or write it off.",
        )
    await outbox.publish(tx, [SessionClosed(session_id=session_id, version=version)])
    await audit.write(tx, actor, "session.approved", "session", session_id, at=now, reason=reason)


async def write_off(tx: Transaction, actor: Actor, session_id: SessionId, now: datetime, reason: str) -> None:
    """Let a session that is held for review be paid by nobody; what it would have cost stays to be seen.

    `SessionPriced` with settlement `free` follows, so that what was reserved is given back. Raises as `approve` does.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    await _require_held(tx, session_id, reason)
    version: Any = await tx.value(WRITE_OFF, session_id)
    await refold(tx, await store.locked_by_ids(tx, [session_id]))
    await outbox.publish(tx, [SessionClosed(session_id=session_id, version=version)])
    await audit.write(tx, actor, "session.written_off", "session", session_id, at=now, reason=reason)


async def assign_tariff(
    tx: Transaction, actor: Actor, session_id: SessionId, version_id: TariffVersionId, now: datetime, reason: str
) -> None:
    """Give a session that started where no tariff was chosen a tariff, and price it. Raises as `approve` does."""
    actor.require(Permission.PAYMENTS_REFUND)
    await _require_held(tx, session_id, reason)
    found = (await tariffs.versions(tx, [version_id])).get(version_id)
    if found is None:
        raise NotFound("There is no such tariff.", field="tariff_id")
    version: Any = await tx.value(ASSIGN_TARIFF, session_id, found.id, found.tariff)
    if version is None:
        raise Conflict("This session has its tariff already, from when it started.")
    await refold(tx, await store.locked_by_ids(tx, [session_id]))
    await outbox.publish(tx, [SessionClosed(session_id=session_id, version=version)])
    await audit.write(tx, actor, "session.tariff_assigned", "session", session_id, at=now, reason=reason)


async def _require_held(tx: Transaction, session_id: SessionId, reason: str) -> None:
    if not reason.strip():
        raise Invalid("Say why, in a few words.", field="reason")
    if not await store.locked_by_ids(tx, [session_id]):
        raise NotFound("There is no such session.", field="session_id")
    held = await tx.value(
        "SELECT settlement = 'review' AND ended_at IS NOT NULL FROM session WHERE id = $1", session_id
    )
    if not held:
        raise Conflict("This session is not held for review.")
