"""Sessions whose end was lost: another session on the same EVSE shows that they must be over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.platform.database import Transaction
from laddverk.sessions import store
from laddverk.sessions.model import Detail, Kind, StoredEvent
from laddverk.sessions.refold import refold

KNOWN_FOR: Final = timedelta(minutes=15)  # a queue that is being delivered may still hold the end
BATCH_MAX: Final = 200


async def close_overtaken(tx: Transaction, now: datetime) -> int:
    """Close open sessions that a later one has overtaken, as an estimate to be reviewed; return how many.

    The end that the charger told after all, however late, outranks this one: the fold prefers it.
    """
    found = await store.overtaken(tx, now - KNOWN_FOR, BATCH_MAX)
    if not found:
        return 0
    events = [
        StoredEvent(
            each.station_id, each.transaction_key, Kind.SUPERSEDED.value, Kind.SUPERSEDED, each.at, now, None, Detail()
        )
        for each in found
    ]
    rows = await store.locked_by_ids(tx, [each.id for each in found])
    await store.insert_events(tx, events)
    await refold(tx, rows)
    return len(found)
