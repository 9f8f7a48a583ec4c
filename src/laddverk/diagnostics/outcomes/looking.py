"""Which stations are to be looked at, since somebody may have tried to charge there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.diagnostics.observations import Observation, SessionBegan, SessionOver, StateSeen, TokenSeen
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

SETTLES_AFTER: Final = timedelta(minutes=3)  # who shows a token or plugs in has a session by then, or will have none
TELLING: Final = (TokenSeen, StateSeen, SessionBegan, SessionOver)

LOOK: Final = """
INSERT INTO attempt_look (station_id, since, look_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS given (station_id, since, look_at)
ORDER BY station_id
ON CONFLICT (station_id) DO UPDATE SET since = least(attempt_look.since, excluded.since)
"""


async def look(tx: Transaction, observed: Mapping[StationId, Sequence[Observation]]) -> None:
    """Note the stations where tokens were shown, cables moved or sessions began or ended."""
    since: dict[StationId, datetime] = {}
    latest: dict[StationId, datetime] = {}
    for station_id, seen in observed.items():
        telling = [each for each in seen if isinstance(each, TELLING)]
        if telling:
            since[station_id] = min(each.at for each in telling)
            latest[station_id] = max(each.received_at for each in telling)
    if since:
        await tx.execute(
            LOOK, list(since), list(since.values()), [latest[station_id] + SETTLES_AFTER for station_id in since]
        )
