"""What planned sites draw beside charging, and what sources give, by the quarter, in PostgreSQL. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.planning_ahead.surroundings import DrawnQuarter, Quarter
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

SESSION_MAX: Final = timedelta(days=30)  # a car that was plugged in before charges no more

METERED: Final = """
-- The means of the minutes of each quarter. A minute holds its highest current: the mean is a little high, never low.
SELECT meter_id AS series, date_bin('15 minutes', minute, 'epoch'::timestamptz) AS at,
       ARRAY[avg(current_a[1]), avg(current_a[2]), avg(current_a[3])] AS current_a, avg(power_w) AS power_w
FROM meter_minute WHERE meter_id = ANY($1) AND minute >= $2 AND minute < $3 GROUP BY 1, 2 ORDER BY 1, 2
"""
DRAWN: Final = """
-- By sessions: samples are kept under their keys.
SELECT sample.station_id, sample.evse_number, date_bin('15 minutes', sample.at, 'epoch'::timestamptz) AS at,
       avg(coalesce(current_l1_a, 0))::double precision AS current_l1_a,
       avg(coalesce(current_l2_a, 0))::double precision AS current_l2_a,
       avg(coalesce(current_l3_a, 0))::double precision AS current_l3_a,
       avg(coalesce(sample.power_w, 230 * (coalesce(current_l1_a, 0) + coalesce(current_l2_a, 0)
                                           + coalesce(current_l3_a, 0))))::double precision AS power_w
FROM session
JOIN sample ON sample.station_id = session.station_id AND sample.evse_number = session.evse_number
    AND sample.transaction_key = ANY(ARRAY[session.transaction_key, ''])
    AND sample.at >= greatest(session.started_at, $3) AND sample.at < least(session.ended_at, $4)
WHERE session.station_id = ANY($1) AND session.started_at > $2 AND session.started_at < $4
  AND (session.ended_at IS NULL OR session.ended_at > $3)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
KEPT_UNTIL: Final = "SELECT max(at) FROM load_quarter WHERE site_id = $1"
KEEP: Final = """
INSERT INTO load_quarter (series, at, site_id, current_a, power_w)
SELECT q.series, q.at, $2, q.current_a, q.power_w
FROM jsonb_to_recordset($1::jsonb) AS q (series uuid, at timestamptz, current_a double precision[],
                                         power_w double precision)
ON CONFLICT (series, at) DO UPDATE SET current_a = excluded.current_a, power_w = excluded.power_w
"""
QUARTERS: Final = """
SELECT series, at, current_a, power_w FROM load_quarter WHERE series = ANY($1) AND at >= $2 AND at < $3
ORDER BY series, at
"""
DROP_OLD: Final = "DELETE FROM load_quarter WHERE at < $1"
POSITION: Final = "SELECT latitude, longitude, timezone FROM site WHERE id = $1"


class Place(Struct, frozen=True):
    """Where a site lies, as far as it is known."""

    latitude: float | None
    longitude: float | None
    timezone: str


async def metered(tx: Transaction, meters: Sequence[UUID], since: datetime, until: datetime) -> list[Quarter]:
    """Return the quarters of meters."""
    return await tx.fetch(Quarter, METERED, list(meters), since, until)


async def drawn(tx: Transaction, stations: Sequence[UUID], since: datetime, until: datetime) -> list[DrawnQuarter]:
    """Return what the outlets of stations drew, in quarters in which they said something."""
    return await tx.fetch(DrawnQuarter, DRAWN, list(stations), since - SESSION_MAX, since, until)


async def kept_until(tx: Transaction, site_id: SiteId) -> datetime | None:
    """Return the latest quarter that is kept of a site."""
    found: datetime | None = await tx.value(KEPT_UNTIL, site_id)
    return found


async def keep(tx: Transaction, site_id: SiteId, quarters: Sequence[Quarter]) -> None:
    """Keep quarters of circuits and sources; what was kept of the same ones is replaced."""
    rows: list[dict[str, Any]] = [
        {"series": one.series, "at": one.at, "current_a": list(one.current_a), "power_w": one.power_w or 0.0}
        for one in quarters
    ]
    if rows:
        await tx.execute(KEEP, rows, site_id)


async def quarters(tx: Transaction, series: Sequence[UUID], since: datetime, until: datetime) -> list[Quarter]:
    """Return what is kept of circuits and sources between two instants."""
    return await tx.fetch(Quarter, QUARTERS, list(series), since, until)


async def drop_old(tx: Transaction, before: datetime) -> int:
    """Forget quarters from before; return how many."""
    return await tx.execute(DROP_OLD, before)


async def place_of(tx: Transaction, site_id: SiteId) -> Place | None:
    """Return where a site lies."""
    return await tx.fetch_one(Place, POSITION, site_id)
