"""What subscriptions and accounts have to do with a session's price: the energy that is included, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from laddverk.kernel.ids import DriverId, SessionId
from laddverk.platform.database import Transaction
from laddverk.sessions.store_fold import Unpriced
from laddverk.subscriptions import service as subscriptions
from laddverk.tariffs.model import Priced

SETTLED: Final = """
-- Sessions that keep their price: their money has moved, or a payment for them is on its way.
SELECT session.id FROM session
WHERE session.id = ANY($1::uuid[]) AND (
    EXISTS (SELECT FROM session_settled WHERE session_settled.session_id = session.id)
    OR (session.settlement = 'payment' AND session.priced_at IS NOT NULL)
    OR EXISTS (SELECT FROM payment WHERE payment.session_id = session.id
               AND payment.state NOT IN ('failed', 'cancelled', 'expired')))
"""
UNPRICE: Final = """
UPDATE session SET priced_at = NULL, version = version + 1,
       approved_version = CASE WHEN approved_version = version THEN version + 1 ELSE approved_version END
WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL AND priced_at IS NOT NULL
RETURNING id
"""
LOCK: Final = "SELECT id FROM session WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


async def included(tx: Transaction, sessions: Sequence[Unpriced]) -> dict[SessionId, int]:
    """Return how much of each session's energy a subscription includes, in Wh; those without any are missing."""
    used = [
        subscriptions.Used(
            session_id=each.id,
            driver_id=DriverId(each.driver_id),
            station_id=each.station_id,
            started_at=each.started_at,
            ended_at=each.ended_at,
            energy_wh=each.energy_wh,
            timezone=each.timezone,
            is_free=each.tariff.free,
        )
        for each in sessions
        if each.driver_id is not None
    ]
    return await subscriptions.share_out(tx, used, partial(settled_among, tx)) if used else {}


async def record_costs(tx: Transaction, priced: Sequence[tuple[Unpriced, Priced]], now: datetime) -> None:
    """Tell the accounts whose members charged what the sessions came to."""
    costs = [
        subscriptions.Cost(
            session_id=session.id,
            driver_id=DriverId(session.driver_id),
            station_id=session.station_id,
            started_at=session.started_at,
            ended_at=session.ended_at,
            energy_wh=session.energy_wh,
            amount_minor=0 if session.settlement == "free" else found.amount_minor,
            currency=found.currency,
            timezone=session.timezone,
        )
        for session, found in priced
        if session.driver_id is not None and session.payment_id is None
    ]
    if costs:
        await subscriptions.record_costs(tx, costs, now)


async def settled_among(tx: Transaction, session_ids: Sequence[SessionId]) -> frozenset[SessionId]:
    """Return those of the sessions that keep the price they have."""
    return frozenset(SessionId(each) for each in await tx.values(SETTLED, list(session_ids)))


async def unprice(tx: Transaction, session_ids: Sequence[SessionId]) -> list[SessionId]:
    """Take the price from those of the sessions that may get another; return them."""
    await tx.execute(LOCK, sorted(session_ids))
    settled = await settled_among(tx, session_ids)
    return [SessionId(each) for each in await tx.values(UNPRICE, sorted(set(session_ids) - settled))]
