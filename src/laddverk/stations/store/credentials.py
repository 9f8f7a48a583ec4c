"""How stations prove who they are: keys old and new, profiles, certificates, holds. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.stations.keys import StoredKey


class KeyRow(Struct, frozen=True, kw_only=True):
    """The key of a station and its change, as decisions need them."""

    has_key: bool
    key_weak: bool
    epoch: int
    security_profile: int
    profile_next: int | None = None
    next_key_number: int
    next_key_hash: bytes | None = None
    next_key_sealed: bytes | None = None
    next_key_since: datetime | None = None
    command_open: bool
    """A command with the new key has no outcome yet."""


KEY = """
SELECT key_hash IS NOT NULL AS has_key, key_weak, epoch, security_profile, profile_next, next_key_number,
       next_key_hash, next_key_sealed, next_key_since,
       EXISTS (SELECT FROM command c WHERE c.station_id = station.id AND c.kind = 'set_station_key'
               AND c.finished_at IS NULL) AS command_open
FROM station WHERE id = $1
"""


async def key(tx: Transaction, station_id: StationId) -> KeyRow:
    """Return what is known of a station's key. Raises `LookupError` when there is no such station."""
    row = await tx.fetch_one(KeyRow, KEY, station_id)
    if row is None:
        raise LookupError(f"no station {station_id}")
    return row


SET_KEY = """
UPDATE station SET key_hash = $2, key_salt = $3, key_scheme = $4, key_weak = $5, key_form = NULL, key_since = $6,
       next_key_hash = NULL, next_key_salt = NULL, next_key_sealed = NULL, next_key_since = NULL, held_since = NULL,
       held_why = ''
WHERE id = $1
"""


async def set_key(tx: Transaction, station_id: StationId, stored: StoredKey, now: datetime) -> None:
    """Replace the key of a station at once; a change under way is forgotten, and so is a hold."""
    await tx.execute(SET_KEY, station_id, stored.hash, stored.salt, stored.scheme, stored.weak, now)


SET_NEXT = """
UPDATE station SET next_key_hash = $2, next_key_salt = $3, next_key_sealed = $4, next_key_since = $5,
       next_key_number = next_key_number + 1
WHERE id = $1 RETURNING next_key_number
"""


async def set_next_key(
    tx: Transaction, station_id: StationId, stored: StoredKey, sealed: bytes | None, now: datetime
) -> int:
    """Let a new key open the door beside the present one, and return the number of this change."""
    return int(await tx.value(SET_NEXT, station_id, stored.hash, stored.salt, sealed, now))


DROP_NEXT = """
UPDATE station SET next_key_hash = NULL, next_key_salt = NULL, next_key_sealed = NULL, next_key_since = NULL
WHERE id = $1 AND next_key_hash IS NOT NULL AND ($2::int IS NULL OR next_key_number = $2)
"""


async def drop_next_key(tx: Transaction, station_id: StationId, number: int | None = None) -> bool:
    """Forget the new key of a change (only of change `number`, if given); return whether there was one."""
    return await tx.execute(DROP_NEXT, station_id, number) > 0


PROMOTE = """
UPDATE station SET key_hash = next_key_hash, key_salt = next_key_salt, key_scheme = 'blake2b', key_weak = false,
       key_since = $2, held_since = NULL, held_why = '',
       next_key_hash = NULL, next_key_salt = NULL, next_key_sealed = NULL, next_key_since = NULL
WHERE id = $1 AND next_key_hash IS NOT NULL RETURNING next_key_number
"""


async def promote_key(tx: Transaction, station_id: StationId, now: datetime) -> int | None:
    """Make the new key the only one, and return the number of the change; None when there was none."""
    number: int | None = await tx.value(PROMOTE, station_id, now)
    return number


NOTE_FORM = "UPDATE station SET key_form = $2 WHERE id = $1 AND key_form IS DISTINCT FROM $2"


async def note_form(tx: Transaction, station_id: StationId, form: str) -> None:
    """Remember in which form the charger sent its key."""
    await tx.execute(NOTE_FORM, station_id, form)


NUMBER_OF = "SELECT (command->>'number')::int FROM command WHERE id = $1 AND kind = 'set_station_key'"


async def key_number_of(tx: Transaction, command_id: object) -> int | None:
    """Return which change of a key a command carries; None when it is no such command."""
    number: int | None = await tx.value(NUMBER_OF, command_id)
    return number


SET_PROFILE = """
UPDATE station SET security_profile = $2, profile_next = $3, profile_reason = $4, profile_until = $5 WHERE id = $1
"""


async def set_profile(
    tx: Transaction, station_id: StationId, profile: int, upgrade_to: int | None, reason: str, until: datetime | None
) -> None:
    """Set the security profile of a station, and what it is being raised to."""
    await tx.execute(SET_PROFILE, station_id, profile, upgrade_to, reason, until)


RAISE_PROFILE = "UPDATE station SET profile_next = $2 WHERE id = $1"


async def raise_profile(tx: Transaction, station_id: StationId, profile: int) -> None:
    """Let a station in by a higher profile too, until it has come that way."""
    await tx.execute(RAISE_PROFILE, station_id, profile)


SET_PROOF = """
UPDATE station SET basic_user = $2, certificate_name = $3, certificate_sha256 = $4, legacy_tls = $5, may_step_down = $6
WHERE id = $1
"""


async def set_proof(
    tx: Transaction,
    station_id: StationId,
    basic_user: str | None,
    certificate_name: str,
    certificate_sha256: bytes | None,
    *,
    legacy_tls: bool,
    may_step_down: bool,
) -> None:
    """Set what a station is recognised by, besides its key."""
    await tx.execute(SET_PROOF, station_id, basic_user, certificate_name, certificate_sha256, legacy_tls, may_step_down)


EXPIRED = """
UPDATE station SET certificate_expired = $2 WHERE id = $1 AND certificate_expired IS DISTINCT FROM $2
"""


async def note_expired(tx: Transaction, station_id: StationId, expired: bool) -> None:
    """Remember whether the charger came in with a certificate that has expired."""
    await tx.execute(EXPIRED, station_id, expired)


HOLD = "UPDATE station SET held_since = $2, held_why = $3 WHERE id = $1 AND held_since IS NULL"


async def hold(tx: Transaction, station_id: StationId, why: str, now: datetime) -> bool:
    """Send no commands to a station from now on; return whether that is new."""
    return await tx.execute(HOLD, station_id, now, why) > 0


RELEASE = "UPDATE station SET held_since = NULL, held_why = '' WHERE id = $1 AND held_since IS NOT NULL"


async def release(tx: Transaction, station_id: StationId) -> bool:
    """Send commands again; return whether they were held."""
    return await tx.execute(RELEASE, station_id) > 0


class Standing(Struct, frozen=True):
    """What became of a station since it connected."""

    id: StationId
    retired: bool
    held: bool


STANDING = """
SELECT id, retired_at IS NOT NULL AS retired, held_since IS NOT NULL AS held FROM station WHERE id = ANY($1)
AND (retired_at IS NOT NULL OR held_since IS NOT NULL)
"""


async def standing(tx: Transaction, station_ids: Sequence[StationId]) -> list[Standing]:
    """Return those of the stations that are retired or held."""
    return await tx.fetch(Standing, STANDING, list(station_ids))


ALARM = """
INSERT INTO door_alarm AS a (kind, remote_address, first_at, last_at, attempts, identities)
VALUES ($1, $2, $3, $3, $4, $5)
ON CONFLICT (kind, remote_address) DO UPDATE
SET first_at = CASE WHEN a.last_at < $3 - interval '1 hour' THEN $3 ELSE a.first_at END,
    seen_at = CASE WHEN a.last_at < $3 - interval '1 hour' THEN NULL ELSE a.seen_at END,
    attempts = CASE WHEN a.last_at < $3 - interval '1 hour' THEN 0 ELSE a.attempts END + $4,
    identities = greatest(a.identities, $5), last_at = $3
RETURNING attempts = $4
"""

DROP_OLD_ALARMS = """
DELETE FROM door_alarm WHERE (kind, remote_address) IN
    (SELECT kind, remote_address FROM door_alarm ORDER BY last_at DESC, remote_address OFFSET $1)
"""


async def alarm(
    tx: Transaction, kind: str, remote_address: str, attempts: int, identities: int, now: datetime, rows_max: int
) -> bool:
    """Keep that an address tries keys; return whether it is new within the hour."""
    is_new = bool(await tx.value(ALARM, kind, remote_address, now, attempts, identities))
    await tx.execute(DROP_OLD_ALARMS, rows_max)
    return is_new


SEEN_ALARMS = "UPDATE door_alarm SET seen_at = $1, seen_by = $2 WHERE seen_at IS NULL"


async def seen_alarms(tx: Transaction, by: str, now: datetime) -> int:
    """Mark all alarms as seen, and return how many were not."""
    return await tx.execute(SEEN_ALARMS, now, by)


class Home(Struct, frozen=True):
    """From where a station connected last."""

    identity: str
    remote_address: str


HOMES = """
SELECT identity, remote_address FROM station WHERE remote_address IS NOT NULL AND retired_at IS NULL
ORDER BY last_seen_at DESC NULLS LAST LIMIT $1
"""


async def homes(tx: Transaction, limit: int) -> list[Home]:
    """Return from where stations connected last, those that were heard of most recently first."""
    return await tx.fetch(Home, HOMES, limit)
