"""Who may connect, who is connected, and who was not let in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.stations.model import Credential, Knock

CREDENTIAL = """
SELECT id AS station_id, site_id, identity, serial, key_hash, key_salt, key_scheme, key_weak, next_key_hash,
       next_key_salt, security_profile, profile_next, profile_until, may_step_down, legacy_tls, basic_user,
       certificate_name, certificate_sha256, held_since, quirks, clock_offset_ms, retired_at IS NOT NULL AS retired,
       vendor, model, firmware, boot_answer, (SELECT timezone FROM site WHERE site.id = site_id) AS site_timezone
FROM station WHERE identity = $1
"""


async def credential(tx: Transaction, identity: str) -> Credential | None:
    """Return what is known of the station with this OCPP identity; None when there is none."""
    return await tx.fetch_one(Credential, CREDENTIAL, identity)


class Opened(Struct, frozen=True):
    """A connection that was opened, and whether it took the place of one that was still open."""

    epoch: int
    was_connected: bool


OPEN = """
-- The subquery sees the row as it was before the update.
UPDATE station SET epoch = station.epoch + 1, connected_at = $4, disconnected_at = NULL, protocol = $2,
       remote_address = $3, last_seen_at = greatest(station.last_seen_at, $4)
FROM (SELECT id, connected_at IS NOT NULL AS was_connected FROM station WHERE id = $1 FOR UPDATE) AS before
WHERE station.id = before.id
RETURNING station.epoch, before.was_connected
"""

KEEP_OPENED = """
INSERT INTO station_connection (station_id, epoch, connected_at, protocol, remote_address, profile, tls, contested)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def open_connection(
    tx: Transaction,
    station_id: StationId,
    protocol: str,
    remote_address: str,
    now: datetime,
    *,
    profile: int | None = None,
    tls: str = "",
    contested: bool = False,
) -> Opened:
    """Record a new connection and return its epoch. Raises `LookupError` when there is no such station."""
    opened = await tx.fetch_one(Opened, OPEN, station_id, protocol, remote_address, now)
    if opened is None:
        raise LookupError(f"no station {station_id}")
    await tx.execute(KEEP_OPENED, station_id, opened.epoch, now, protocol, remote_address, profile, tls, contested)
    return opened


class Recent(Struct, frozen=True):
    """How often one living connection of a station has displaced another lately, and from how many addresses."""

    contests: int
    addresses: int


RECENT = """
SELECT count(*) FILTER (WHERE contested) AS contests, count(DISTINCT remote_address) AS addresses
FROM station_connection WHERE station_id = $1 AND epoch > $2 AND connected_at > $3
"""


async def recent(tx: Transaction, station_id: StationId, after_epoch: int, since: datetime) -> Recent:
    """Return how contested a station was since an instant, looking no further back than `after_epoch`."""
    return await tx.fetch_one(Recent, RECENT, station_id, after_epoch, since) or Recent(0, 0)


KEEP_CLOSED = """
UPDATE station_connection SET disconnected_at = greatest($3, connected_at), close_code = $4, close_reason = $5
WHERE station_id = $1 AND epoch = $2 AND disconnected_at IS NULL
"""

CLOSE = """
UPDATE station SET connected_at = NULL, disconnected_at = $3
WHERE id = $1 AND epoch = $2 AND connected_at IS NOT NULL
"""


async def close_connection(
    tx: Transaction, station_id: StationId, epoch: int, code: int | None, reason: str | None, now: datetime
) -> bool:
    """Record the end of connection `epoch`; return whether the station is offline by it: not if a newer one is open."""
    await tx.execute(KEEP_CLOSED, station_id, epoch, now, code, reason)
    return await tx.execute(CLOSE, station_id, epoch, now) > 0


CLOSE_ALL = """
UPDATE station SET disconnected_at = least($1, greatest(connected_at, last_seen_at)), connected_at = NULL
WHERE connected_at IS NOT NULL RETURNING id
"""

KEEP_ALL_CLOSED = """
UPDATE station_connection AS c
SET disconnected_at = greatest(c.connected_at, least($1, s.last_seen_at)), close_reason = 'the gateway ended'
FROM station s WHERE s.id = c.station_id AND c.disconnected_at IS NULL
"""


async def close_all(tx: Transaction, now: datetime) -> list[StationId]:
    """Mark every station as not connected since it was last seen, and return those that were."""
    await tx.execute(KEEP_ALL_CLOSED, now)
    return await tx.values(CLOSE_ALL, now)


# A row that somebody else holds is left for later: waiting for it, with other rows held, is how deadlocks are made.
SEEN = """
WITH given AS (
    SELECT station_id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS g (station_id, at)
    GROUP BY station_id
), behind AS (
    SELECT station.id, given.at FROM station JOIN given ON given.station_id = station.id
    WHERE station.last_seen_at IS NULL OR station.last_seen_at < given.at
), free AS (
    SELECT station.id FROM station WHERE id IN (SELECT id FROM behind) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE station SET last_seen_at = behind.at FROM behind JOIN free USING (id)
    WHERE station.id = behind.id AND (station.last_seen_at IS NULL OR station.last_seen_at < behind.at)
)
SELECT id FROM behind WHERE id NOT IN (SELECT id FROM free)
"""


async def seen(tx: Transaction, stations: Sequence[tuple[StationId, datetime]]) -> list[StationId]:
    """Move `last_seen_at` of these stations forward, never back; return those whose rows were held by somebody else."""
    return await tx.values(SEEN, [station_id for station_id, _ in stations], [at for _, at in stations])


RECORD_KNOCKS = """
INSERT INTO knock AS k (identity, remote_address, reason, first_at, last_at, count)
SELECT identity, remote_address, (array_agg(reason ORDER BY at DESC))[1], min(at), max(at), count(*)
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS given (identity, remote_address, reason, at)
GROUP BY identity, remote_address
ON CONFLICT (identity, remote_address) DO UPDATE
SET reason = excluded.reason, last_at = greatest(k.last_at, excluded.last_at), count = k.count + excluded.count
"""

DROP_OLD_KNOCKS = """
DELETE FROM knock WHERE (identity, remote_address) IN
    (SELECT identity, remote_address FROM knock ORDER BY last_at DESC, identity, remote_address OFFSET $1)
"""


async def record_knocks(tx: Transaction, knocks: Sequence[Knock], rows_max: int) -> None:
    """Count `knocks` by identity and address, and keep the `rows_max` latest."""
    await tx.execute(
        RECORD_KNOCKS,
        [knock.identity for knock in knocks],
        [knock.remote_address for knock in knocks],
        [knock.reason for knock in knocks],
        [knock.at for knock in knocks],
    )
    await tx.execute(DROP_OLD_KNOCKS, rows_max)


FORGET_KNOCKS = "DELETE FROM knock WHERE identity = ANY($1)"


async def forget_knocks(tx: Transaction, identities: Sequence[str]) -> int:
    """Delete the knocks of `identities` and return how many there were."""
    return await tx.execute(FORGET_KNOCKS, list(identities))
