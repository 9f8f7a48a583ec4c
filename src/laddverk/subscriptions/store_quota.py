"""Which subscription counts where, and what sessions took of the energy it includes, in PostgreSQL. SQL only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId, SessionId, StationId, SubscriptionId
from laddverk.platform.database import Transaction
from laddverk.subscriptions.model import Terms, Use, Used

COUNTING: Final = """
-- The subscription that counts for each driver at a station: their own before that of their account. Not while paused.
SELECT DISTINCT ON (given.place) given.place, subscription.id AS subscription_id, version.body AS terms
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS given (driver_id, station_id, at, place)
JOIN station ON station.id = given.station_id
JOIN site ON site.id = station.site_id
LEFT JOIN customer_member AS member ON member.driver_id = given.driver_id AND member.joined_at <= given.at
     AND (member.left_at IS NULL OR member.left_at > given.at)
JOIN subscription ON subscription.driver_id = given.driver_id OR subscription.account_id = member.account_id
JOIN subscription_piece AS piece ON piece.subscription_id = subscription.id AND piece.kind <> 'paused'
     AND piece.from_day <= (given.at AT TIME ZONE site.timezone)::date
     AND coalesce(piece.until_day, 'infinity') > (given.at AT TIME ZONE site.timezone)::date
JOIN plan_version AS version ON version.id = piece.version_id
WHERE version.site_ids = '{}' OR site.id = ANY(version.site_ids)
ORDER BY given.place, subscription.driver_id NULLS LAST, subscription.id
"""
OLD_PLACES: Final = "SELECT DISTINCT subscription_id, month FROM included_use WHERE session_id = ANY($1::uuid[])"
DROP: Final = "DELETE FROM included_use WHERE session_id = ANY($1::uuid[]) AND NOT session_id = ANY($2::uuid[])"
SAVE: Final = """
INSERT INTO included_use (session_id, subscription_id, month, ended_at, energy_wh, used_wh)
VALUES ($1, $2, $3, $4, $5, 0)
ON CONFLICT (session_id) DO UPDATE SET subscription_id = excluded.subscription_id, month = excluded.month,
    ended_at = excluded.ended_at, energy_wh = excluded.energy_wh, voided = false,
    used_wh = least(included_use.used_wh, excluded.energy_wh)
"""
USES: Final = """
SELECT session_id, ended_at, energy_wh, used_wh, voided FROM included_use WHERE subscription_id = $1 AND month = $2
"""
SET_USED: Final = """
UPDATE included_use SET used_wh = given.used_wh
FROM unnest($1::uuid[], $2::bigint[]) AS given (session_id, used_wh)
WHERE included_use.session_id = given.session_id
"""
VOID: Final = "UPDATE included_use SET voided = true, used_wh = 0 WHERE session_id = ANY($1::uuid[])"
BESIDE: Final = """
-- All sessions of the months that these are in: what they take depends on one another.
SELECT DISTINCT other.session_id FROM included_use AS one
JOIN included_use AS other ON other.subscription_id = one.subscription_id AND other.month = one.month
WHERE one.session_id = ANY($1::uuid[])
"""


class Counting(Struct, frozen=True):
    """A subscription that counts for a driver; `place` is that of the question, counted from 1."""

    place: int
    subscription_id: SubscriptionId
    terms: Terms


class Place(Struct, frozen=True):
    """A month of a subscription."""

    subscription_id: SubscriptionId
    month: date


async def counting(tx: Transaction, asked: Sequence[tuple[DriverId, StationId, datetime]]) -> dict[int, Counting]:
    """Return the subscription that counts for each (driver, station, instant), by the place in `asked`, from 0."""
    rows = await tx.fetch(
        Counting, COUNTING, [each[0] for each in asked], [each[1] for each in asked], [each[2] for each in asked]
    )
    return {row.place - 1: row for row in rows}


async def places_of(tx: Transaction, sessions: Collection[SessionId]) -> list[Place]:
    """Return the months in which these sessions stand now."""
    return await tx.fetch(Place, OLD_PLACES, list(sessions))


async def drop(tx: Transaction, sessions: Collection[SessionId], but: Collection[SessionId]) -> None:
    """Forget what `sessions` took, but for those of `but`."""
    await tx.execute(DROP, list(sessions), list(but))


async def save(tx: Transaction, subscription_id: SubscriptionId, month: date, used: Used) -> None:
    """Keep that a session ended in a month of a subscription."""
    await tx.execute(SAVE, used.session_id, subscription_id, month, used.ended_at, used.energy_wh)


async def uses(tx: Transaction, place: Place) -> list[Use]:
    """Return the sessions of a month of a subscription."""
    return await tx.fetch(Use, USES, place.subscription_id, place.month)


async def set_used(tx: Transaction, shares: Sequence[tuple[SessionId, int]]) -> None:
    """Write what sessions take."""
    await tx.execute(SET_USED, [each[0] for each in shares], [each[1] for each in shares])


async def void(tx: Transaction, sessions: Collection[UUID]) -> None:
    """These sessions were credited: they took nothing."""
    await tx.execute(VOID, list(sessions))


async def beside(tx: Transaction, sessions: Collection[SessionId]) -> list[SessionId]:
    """Return all sessions that share a month of a subscription with these."""
    return [SessionId(each) for each in await tx.values(BESIDE, list(sessions))]
