"""Sessions that an outlet was kept for: from when, so that their price can count it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from laddverk.ocpp.facts import SessionStarted, SessionUpdated
from laddverk.platform.database import Transaction
from laddverk.sessions import finding
from laddverk.sessions.no_shows import forgive

KEEP: Final = """
-- Once a session has a price its reservation is part of it or not: nothing is added to it afterwards.
UPDATE session AS s SET reserved_from = least(given.reserved_from, s.started_at)
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS given (station_id, transaction_key, reserved_from)
WHERE s.station_id = given.station_id AND s.transaction_key = given.transaction_key
  AND s.reserved_from IS NULL AND s.priced_at IS NULL
"""

Used = tuple[SessionStarted | SessionUpdated, datetime, int]
"""What a charger told of a session that used a reservation, from when the outlet was kept, and which one it was."""


async def keep_reserved(tx: Transaction, used: Sequence[Used]) -> None:
    """Note since when an outlet was kept for sessions. Of several reservations for one the shortest counts.

    One that had expired when its charger told of the car costs nothing by itself any more.
    """
    if not used:
        return
    found = await finding.found(tx, [fact for fact, *_ in used])
    since: dict[finding.Key, datetime] = {}
    for fact, kept_from, number in used:
        named = finding.start_key(fact) if isinstance(fact, SessionStarted) else finding.key_of(fact, found)
        await forgive(tx, fact.station_id, [number], fact.received_at)
        if named is not None:
            key = (fact.station_id, named)
            since[key] = max(kept_from, since.get(key, kept_from))
    await tx.execute(KEEP, [station_id for station_id, _ in since], [name for _, name in since], list(since.values()))
