"""How stations stand to their configuration templates, said to the detectors when it was compared anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from laddverk.diagnostics import observing
from laddverk.diagnostics.observations import DriftSeen
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

NAMES_MAX: Final = 10  # keys that differ: a page, not a list of all
STATIONS_MAX: Final = 1_000

COMPARED: Final = """
-- Stations that were compared since the detectors last heard of it, with what differs; those never heard come later.
-- A station without any template left, held against which it still stands, is compared with nothing at $2.
WITH asked AS (
    SELECT station_id FROM configuration_standing
    UNION
    SELECT station_id FROM finding WHERE detector = 'D28' AND cleared_at IS NULL
)
SELECT w.station_id, coalesce(max(s.checked_at), $2) AS checked_at,
       coalesce(array_agg(DISTINCT left(concat_ws('.', nullif(d ->> 'component', ''), d ->> 'variable'), 100))
                FILTER (WHERE s.state = 'drifted' AND (d ->> 'is_known')::boolean
                          AND NOT coalesce((d ->> 'pending')::boolean, false)), '{}') AS names
FROM asked
JOIN station_watch AS w ON w.station_id = asked.station_id
LEFT JOIN configuration_standing AS s ON s.station_id = w.station_id
LEFT JOIN LATERAL jsonb_array_elements(s.differences) AS d ON true
GROUP BY w.station_id, w.drift_checked_at
HAVING max(s.checked_at) IS NULL OR max(s.checked_at) > coalesce(w.drift_checked_at, '-infinity')
LIMIT $1
"""

HEARD: Final = """
UPDATE station_watch AS w SET drift_checked_at = given.checked_at
FROM (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS g (station_id, checked_at) ORDER BY station_id) AS given
WHERE w.station_id = given.station_id
"""


async def observe(tx: Transaction, now: datetime) -> int:
    """Tell the detectors of stations that were compared anew; return of how many."""
    rows: list[Any] = await tx.rows(COMPARED, STATIONS_MAX, now)
    if not rows:
        return 0
    await observing.observe(
        tx,
        [
            (
                StationId(row["station_id"]),
                DriftSeen(at=row["checked_at"], received_at=now, names=tuple(sorted(row["names"])[:NAMES_MAX])),
            )
            for row in rows
        ],
    )
    await tx.execute(HEARD, [row["station_id"] for row in rows], [row["checked_at"] for row in rows])
    return len(rows)
