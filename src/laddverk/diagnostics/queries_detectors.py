"""How much each detector finds, and how much of that was of use. Reads only; some sites see only what touches those."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

JUDGED_ENOUGH: Final = 5  # a share of fewer says nothing


class Record(Struct, frozen=True, kw_only=True):
    """What one detector found lately, and what people said of the incidents that were made of it."""

    detector: str
    open: int
    """Findings that stand now."""
    stations: int
    """Where they stand."""
    found: int
    """Findings since the beginning of the time that was asked for."""
    useful: int
    useless: int
    unjudged: int
    """Incidents that ended without anybody having looked."""

    @property
    def judged(self) -> int:
        """Incidents of which a person said whether they were of use."""
        return self.useful + self.useless

    @property
    def useful_share(self) -> float | None:
        """The measured share of useful incidents; None while too few were judged."""
        return self.useful / self.judged if self.judged >= JUDGED_ENOUGH else None


RECORDS: Final = """
WITH found AS (
    SELECT detector, count(*) FILTER (WHERE cleared_at IS NULL)::int AS open,
           count(DISTINCT station_id) FILTER (WHERE cleared_at IS NULL)::int AS stations,
           count(*) FILTER (WHERE raised_at >= $2)::int AS found
    FROM finding JOIN station ON station.id = finding.station_id
    WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND (cleared_at IS NULL OR raised_at >= $2)
    GROUP BY detector
), judged AS (
    SELECT detector, count(*) FILTER (WHERE useful)::int AS useful,
           count(*) FILTER (WHERE NOT useful)::int AS useless, count(*) FILTER (WHERE useful IS NULL)::int AS unjudged
    FROM incident_closing AS closing JOIN incident ON incident.id = closing.incident_id,
         unnest(closing.detectors) AS detector
    WHERE closing.at >= $2 AND ($1::uuid[] IS NULL OR incident.sites && $1)
    GROUP BY detector
)
SELECT detector, coalesce(open, 0) AS open, coalesce(stations, 0) AS stations, coalesce(found, 0) AS found,
       coalesce(useful, 0) AS useful, coalesce(useless, 0) AS useless, coalesce(unjudged, 0) AS unjudged
FROM found FULL JOIN judged USING (detector) ORDER BY detector
"""


async def records(tx: Transaction, sites: frozenset[UUID] | None, since: datetime) -> Sequence[Record]:
    """Return what each detector has found and what of it was judged since; those without anything are left out."""
    return await tx.fetch(Record, RECORDS, list(sites) if sites is not None else None, since)
