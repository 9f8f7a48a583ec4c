"""What chargers report of themselves: boots, and what no room acts on yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from laddverk.ocpp.facts import Booted
from laddverk.platform.database import Transaction
from laddverk.stations.model import Report

BOOTED = """
UPDATE station s SET vendor = b.vendor, model = b.model, serial = b.serial, firmware = b.firmware,
       boot_reason = b.reason, booted_at = b.at, last_seen_at = greatest(s.last_seen_at, b.at)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
     AS b (station_id, vendor, model, serial, firmware, reason, at)
WHERE s.id = b.station_id AND (s.booted_at IS NULL OR s.booted_at <= b.at)
"""


async def booted(tx: Transaction, boots: Sequence[Booted]) -> None:
    """Show what chargers said of themselves when they started: one boot for each; an older one changes nothing."""
    await tx.execute(
        BOOTED,
        [boot.station_id for boot in boots],
        [boot.vendor for boot in boots],
        [boot.model for boot in boots],
        [boot.serial for boot in boots],
        [boot.firmware for boot in boots],
        [boot.reason for boot in boots],
        [boot.received_at for boot in boots],
    )


KEEP_REPORTS = """
INSERT INTO station_report (id, station_id, received_at, said_at, kind, payload)
SELECT id, station_id, received_at, said_at, kind, payload::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[])
     AS given (id, station_id, received_at, said_at, kind, payload)
WHERE NOT EXISTS (
    SELECT FROM station_report r
    WHERE r.station_id = given.station_id AND r.kind = given.kind AND r.payload = given.payload::jsonb
      AND r.received_at > given.received_at - $7::interval AND r.received_at <= given.received_at)
ON CONFLICT (id) DO NOTHING
"""


async def keep_reports(tx: Transaction, reports: Sequence[tuple[UUID, Report]], same_within: timedelta) -> None:
    """Keep reports, but for those that say exactly what the station said within `same_within` before (quirk 74)."""
    await tx.execute(
        KEEP_REPORTS,
        [report_id for report_id, _ in reports],
        [report.station_id for _, report in reports],
        [report.received_at for _, report in reports],
        [report.said_at for _, report in reports],
        [report.kind for _, report in reports],
        [msgspec.json.encode(report.payload).decode() for _, report in reports],
        same_within,
    )


DROP_REPORTS = "DELETE FROM station_report WHERE received_at < $1"


async def drop_reports(tx: Transaction, before: datetime) -> int:
    """Delete reports received before `before`; their frames stay in the journal as long as that is kept."""
    return await tx.execute(DROP_REPORTS, before)


REVIEW = """
UPDATE quarantine q SET reviewed_at = $4, reviewed_by = $3
FROM station s
WHERE q.id = ANY($1) AND q.reviewed_at IS NULL AND s.id = q.station_id AND ($2::uuid[] IS NULL OR s.site_id = ANY($2))
RETURNING q.id
"""


async def review_quarantined(
    tx: Transaction, quarantine_ids: Sequence[UUID], site_ids: Collection[UUID] | None, by: str, now: datetime
) -> list[UUID]:
    """Mark quarantined messages of stations at `site_ids` (None: all) as looked at; return those that were not."""
    sites = None if site_ids is None else list(site_ids)
    return await tx.values(REVIEW, list(quarantine_ids), sites, by, now)
