"""What the door reads and writes of certificates of chargers, in PostgreSQL. No decision is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from laddverk.certificates.model import Shown
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

SHOWN = """
SELECT c.fingerprint_sha256, c.station_id, c.kind, c.state,
       EXISTS (SELECT FROM station_certificate n
               WHERE n.station_id = c.station_id AND n.kind = c.kind AND n.used_at IS NOT NULL
                 AND n.made_at > c.made_at) AS newer_used
FROM station_certificate c WHERE c.fingerprint_sha256 = ANY($1)
"""


async def shown(tx: Transaction, fingerprints: Sequence[bytes]) -> list[Shown]:
    """Return those of the certificates that were issued here."""
    return await tx.fetch(Shown, SHOWN, list(fingerprints))


FIRST_USED = """
UPDATE station_certificate SET used_at = $3
WHERE station_id = $1 AND fingerprint_sha256 = $2 AND used_at IS NULL RETURNING id
"""


async def first_used(tx: Transaction, station_id: StationId, fingerprint: bytes, now: datetime) -> UUID | None:
    """Note that a station has come in with a certificate; return its id when that was the first time."""
    found: UUID | None = await tx.value(FIRST_USED, station_id, fingerprint, now)
    return found


REVOKE = """
UPDATE station_certificate SET state = 'revoked', next_step_at = NULL, ended_at = $2, ended_by = $3, ended_why = $4
WHERE id = $1
"""


async def revoke(tx: Transaction, certificate_id: UUID, now: datetime, by: str, why: str) -> None:
    """Withdraw a certificate."""
    await tx.execute(REVOKE, certificate_id, now, by, why)


SEEN = """
SELECT c.id FROM station_certificate c JOIN station s ON s.id = c.station_id
WHERE c.id = $1 AND c.station_id = $2 AND ($3::uuid[] IS NULL OR s.site_id = ANY($3))
"""


async def is_seen(tx: Transaction, certificate_id: UUID, station_id: StationId, sites: list[UUID] | None) -> bool:
    """Return whether there is this certificate of the station, at one of the sites (None: all)."""
    return await tx.value(SEEN, certificate_id, station_id, sites) is not None
