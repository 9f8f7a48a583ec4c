"""Upgrades of security profiles in PostgreSQL, and how their chargers stand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.certificates.rules_upgrade import Situation, Upgrade
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

UPGRADE = """
SELECT station_id, target, url, slot, interface, anchor_id, step, state, why, command_id, epoch, begun_at, begun_by,
       reason, moved_at, organisation
FROM profile_upgrade WHERE station_id = $1
"""
LOCKED = f"{UPGRADE} FOR UPDATE"


async def upgrade(tx: Transaction, station_id: UUID) -> Upgrade | None:
    """Return the latest upgrade of a station."""
    return await tx.fetch_one(Upgrade, UPGRADE, station_id)


async def locked(tx: Transaction, station_id: StationId) -> Upgrade | None:
    """Return the latest upgrade of a station, locked."""
    return await tx.fetch_one(Upgrade, LOCKED, station_id)


SAVE = """
INSERT INTO profile_upgrade (station_id, target, url, slot, interface, anchor_id, step, state, why, command_id, epoch,
                             begun_at, begun_by, reason, moved_at, organisation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (station_id) DO UPDATE SET target = excluded.target, url = excluded.url, slot = excluded.slot,
    interface = excluded.interface, anchor_id = excluded.anchor_id, step = excluded.step, state = excluded.state,
    why = excluded.why, command_id = excluded.command_id, epoch = excluded.epoch, begun_at = excluded.begun_at,
    begun_by = excluded.begun_by, reason = excluded.reason, moved_at = excluded.moved_at,
    organisation = excluded.organisation
"""


async def save(tx: Transaction, row: Upgrade) -> None:
    """Keep an upgrade in the place of the one before."""
    await tx.execute(
        SAVE, row.station_id, row.target, row.url, row.slot, row.interface, row.anchor_id, row.step.value,
        row.state.value, row.why, row.command_id, row.epoch, row.begun_at, row.begun_by, row.reason, row.moved_at,
        row.organisation,
    )  # fmt: skip


WAITING = """
SELECT station_id FROM profile_upgrade WHERE state = 'under_way' AND step IN ('certificate', 'return')
ORDER BY moved_at LIMIT $1
"""


async def waiting(tx: Transaction, limit: int) -> list[StationId]:
    """Return stations whose upgrade waits for something that no command ends."""
    return [StationId(one) for one in await tx.values(WAITING, limit)]


SITUATION = """
SELECT coalesce(s.protocol, '') AS protocol, s.security_profile AS profile, s.epoch,
       c.station_id IS NOT NULL AND c.disconnected_at IS NULL AS is_connected, c.connected_at,
       $2::uuid IS NULL OR EXISTS (
           SELECT FROM installed_certificate i JOIN trust_anchor_name n
                ON n.issuer_key_hash = i.issuer_key_hash AND n.serial_number = i.serial_normal
           WHERE i.station_id = s.id AND i.use = 'csms_root' AND n.anchor_id = $2) AS root_installed,
       EXISTS (SELECT FROM station_certificate o WHERE o.station_id = s.id AND o.kind = 'station'
               AND o.state = 'active' AND o.not_after > $3) AS has_certificate,
       coalesce((SELECT v.value FROM station_variable v WHERE v.station_id = s.id
                 AND lower(v.variable) = 'networkconfigurationpriority' AND v.attribute IN ('Actual', '')
                 ORDER BY v.attribute DESC LIMIT 1), '') AS slots
FROM station s LEFT JOIN station_connection c ON c.station_id = s.id AND c.epoch = s.epoch
WHERE s.id = $1
"""


async def situation(tx: Transaction, station_id: UUID, anchor_id: UUID | None, now: datetime) -> Situation | None:
    """Return how a station stands, and whether it has the root `anchor_id`."""
    return await tx.fetch_one(Situation, SITUATION, station_id, anchor_id, now)
