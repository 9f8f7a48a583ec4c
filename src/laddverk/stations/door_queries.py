"""What screens read of how stations prove who they are, and of who tries to get in. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class Proof(Struct, frozen=True, kw_only=True):
    """How one station proves who it is. Holds no key."""

    security_profile: int
    profile_next: int | None
    profile_reason: str
    profile_until: datetime | None
    may_step_down: bool
    legacy_tls: bool
    basic_user: str | None
    has_key: bool
    key_weak: bool
    key_form: str | None
    key_since: datetime | None
    next_key_since: datetime | None
    next_key_sent: bool
    """The new key travels to the charger by itself; else a person enters it."""
    certificate_name: str
    certificate_sha256: bytes | None
    certificate_expired: bool
    held_since: datetime | None
    held_why: str
    command_state: str | None
    """What became of the latest command that carried a new key."""
    command_word: str | None


PROOF = """
SELECT security_profile, profile_next, profile_reason, profile_until, may_step_down, legacy_tls, basic_user,
       key_hash IS NOT NULL AS has_key, key_weak, key_form, key_since,
       CASE WHEN next_key_hash IS NOT NULL THEN next_key_since END AS next_key_since,
       next_key_sealed IS NOT NULL AS next_key_sent, certificate_name, certificate_sha256, certificate_expired,
       held_since, held_why, c.state AS command_state, c.outcome AS command_word
FROM station LEFT JOIN LATERAL (
    SELECT state, outcome FROM command
    WHERE command.station_id = station.id AND kind = 'set_station_key' ORDER BY created_at DESC LIMIT 1) AS c ON true
WHERE station.id = $1
"""


async def proof(tx: Transaction, station_id: UUID) -> Proof:
    """Return how a station proves who it is. Raises `LookupError` when there is no such station."""
    row = await tx.fetch_one(Proof, PROOF, station_id)
    if row is None:
        raise LookupError(f"no station {station_id}")
    return row


class Entry(Struct, frozen=True, kw_only=True):
    """One connection, and how it was opened."""

    connected_at: datetime
    disconnected_at: datetime | None
    remote_address: str
    profile: int | None
    tls: str
    contested: bool


ENTRIES = """
SELECT connected_at, disconnected_at, remote_address, profile, tls, contested FROM station_connection
WHERE station_id = $1 ORDER BY epoch DESC LIMIT $2
"""


async def entries(tx: Transaction, station_id: UUID, limit: int = 10) -> list[Entry]:
    """Return the latest connections of a station, the newest first."""
    return await tx.fetch(Entry, ENTRIES, station_id, limit)


class Alarm(Struct, frozen=True, kw_only=True):
    """Somebody who tries keys; all together when the address is empty."""

    remote_address: str
    first_at: datetime
    last_at: datetime
    attempts: int
    identities: int
    seen_at: datetime | None


ALARMS = """
SELECT remote_address, first_at, last_at, attempts, identities, seen_at FROM door_alarm
WHERE last_at > $1 ORDER BY seen_at IS NOT NULL, last_at DESC, remote_address LIMIT $2
"""


async def alarms(tx: Transaction, since: datetime, limit: int = 20) -> list[Alarm]:
    """Return who has tried keys since an instant, those that nobody has seen first."""
    return await tx.fetch(Alarm, ALARMS, since, limit)
