"""Which outlets there are and since when: what use is measured against."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

CHANGED: Final = """
-- Outlets as they stand now, where they are not known so: with the site that each was at before, if any.
WITH standing AS (
    SELECT DISTINCT ON (c.station_id, c.evse_number)
        c.station_id, c.evse_number, s.site_id, c.plug, s.vendor, s.model, c.power_max_w AS power_w, i.timezone,
        least(s.registered_at, f.started_at) AS opened_at,
        least(s.retired_at, i.retired_at) AS closed_at
    FROM connector c
    JOIN station s ON s.id = c.station_id
    JOIN site i ON i.id = s.site_id
    LEFT JOIN LATERAL (
        SELECT started_at FROM session v WHERE v.station_id = s.id ORDER BY started_at LIMIT 1
    ) f ON true
    WHERE c.evse_number > 0
    ORDER BY c.station_id, c.evse_number, c.power_max_w DESC, c.connector_number
)
SELECT n.*, o.site_id AS site_before, least(n.opened_at, o.opened_at) AS since,
       (o.site_id, o.plug, o.vendor, o.model, o.timezone, o.opened_at, o.closed_at) IS DISTINCT FROM
       (n.site_id, n.plug, n.vendor, n.model, n.timezone, n.opened_at, n.closed_at) AS is_other
FROM standing n LEFT JOIN usage_outlet o USING (station_id, evse_number)
WHERE (o.site_id, o.plug, o.vendor, o.model, o.power_w, o.timezone, o.opened_at, o.closed_at)
    IS DISTINCT FROM (n.site_id, n.plug, n.vendor, n.model, n.power_w, n.timezone, n.opened_at, n.closed_at)
"""
KEEP: Final = """
INSERT INTO usage_outlet
SELECT * FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                     $9::timestamptz[], $10::timestamptz[])
ON CONFLICT (station_id, evse_number) DO UPDATE SET
    site_id = excluded.site_id, plug = excluded.plug, vendor = excluded.vendor, model = excluded.model,
    power_w = excluded.power_w, timezone = excluded.timezone, opened_at = excluded.opened_at,
    closed_at = excluded.closed_at
"""


class Changed(Struct, frozen=True, kw_only=True):
    """An outlet that is not known as it stands."""

    station_id: UUID
    evse_number: int
    site_id: UUID
    plug: str
    vendor: str
    model: str
    power_w: int
    timezone: str
    opened_at: datetime
    closed_at: datetime | None
    site_before: UUID | None
    since: datetime
    """From when on what was made of it may be wrong."""
    is_other: bool
    """Hours made before depend on what changed."""


async def refresh(tx: Transaction) -> dict[UUID, datetime]:
    """Learn which outlets there are; return the sites whose hours this changes, and from when on."""
    changed = await tx.fetch(Changed, CHANGED)
    if changed:
        await tx.execute(
            KEEP,
            *(
                [getattr(one, name) for one in changed]
                for name in (
                    "station_id", "evse_number", "site_id", "plug", "vendor", "model", "power_w", "timezone",
                    "opened_at", "closed_at",
                )
            ),
        )  # fmt: skip
    since: dict[UUID, datetime] = {}
    for one in changed:
        if one.is_other:
            for site in {one.site_id, one.site_before or one.site_id}:
                since[site] = min(one.since, since.get(site, one.since))
    return since
