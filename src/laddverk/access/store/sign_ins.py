"""Web sessions, sign-in links, API keys, and who guessed wrong. Only hashes of secrets ever come here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import ApiKeyId, DriverId
from laddverk.platform.database import Transaction

INSERT_SESSION = """
INSERT INTO web_session (token_hash, subject_kind, subject_id, created_at, seen_at, expires_at, remote_address,
                         user_agent)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7)
"""

DROP_SURPLUS = """
DELETE FROM web_session WHERE token_hash IN (
    SELECT token_hash FROM web_session WHERE subject_kind = $1 AND subject_id = $2 ORDER BY seen_at DESC OFFSET $3)
"""


async def insert_session(
    tx: Transaction,
    token_hash: bytes,
    kind: str,
    subject_id: UUID,
    now: datetime,
    expires_at: datetime,
    *,
    remote_address: str,
    user_agent: str,
    sessions_max: int,
) -> None:
    """Add a sign-in, and end the longest unused ones beyond `sessions_max` of the same person."""
    await tx.execute(INSERT_SESSION, token_hash, kind, subject_id, now, expires_at, remote_address, user_agent)
    await tx.execute(DROP_SURPLUS, kind, subject_id, sessions_max)


class SessionRow(Struct, frozen=True, kw_only=True):
    """A sign-in and the person it belongs to."""

    subject_kind: str
    subject_id: UUID
    seen_at: datetime
    expires_at: datetime
    name: str
    email: str
    language: str
    role: str | None
    site_ids: list[UUID]


SESSION = """
SELECT w.subject_kind, w.subject_id, w.seen_at, w.expires_at,
       coalesce(o.name, d.name) AS name, coalesce(o.email, d.email) AS email,
       coalesce(o.language, d.language) AS language, o.role,
       coalesce((SELECT array_agg(site_id) FROM operator_site s WHERE s.operator_id = o.id), '{}') AS site_ids
FROM web_session w
LEFT JOIN operator o ON w.subject_kind = 'operator' AND o.id = w.subject_id AND o.disabled_at IS NULL
LEFT JOIN driver d ON w.subject_kind = 'driver' AND d.id = w.subject_id
WHERE w.token_hash = $1 AND w.expires_at > $2 AND (o.id IS NOT NULL OR d.id IS NOT NULL)
"""


async def session(tx: Transaction, token_hash: bytes, now: datetime) -> SessionRow | None:
    """Return the sign-in with this token, if it has not ended and its person may still sign in."""
    return await tx.fetch_one(SessionRow, SESSION, token_hash, now)


TOUCH_SESSION = "UPDATE web_session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2"


async def touch_session(tx: Transaction, token_hash: bytes, now: datetime) -> None:
    """Note that a sign-in is in use."""
    await tx.execute(TOUCH_SESSION, token_hash, now)


DELETE_SESSION = "DELETE FROM web_session WHERE token_hash = $1"


async def delete_session(tx: Transaction, token_hash: bytes) -> None:
    """End a sign-in."""
    await tx.execute(DELETE_SESSION, token_hash)


DELETE_SESSIONS = "DELETE FROM web_session WHERE subject_kind = $1 AND subject_id = $2"


async def delete_sessions(tx: Transaction, kind: str, subject_id: UUID) -> None:
    """End all sign-ins of a person."""
    await tx.execute(DELETE_SESSIONS, kind, subject_id)


INSERT_LINK = "INSERT INTO sign_in_link (token_hash, driver_id, created_at, expires_at) VALUES ($1, $2, $3, $4)"


async def insert_link(
    tx: Transaction, token_hash: bytes, driver_id: DriverId, now: datetime, expires_at: datetime
) -> None:
    """Add a sign-in link."""
    await tx.execute(INSERT_LINK, token_hash, driver_id, now, expires_at)


USE_LINK = """
UPDATE sign_in_link SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING driver_id
"""


async def use_link(tx: Transaction, token_hash: bytes, now: datetime) -> DriverId | None:
    """Use up a link and return whose it is; None when it was used, is too old, or never was."""
    driver_id: DriverId | None = await tx.value(USE_LINK, token_hash, now)
    return driver_id


FAILED = "INSERT INTO sign_in_failure (at, subject, remote_address) VALUES ($1, $2, $3)"


async def failed(tx: Transaction, subject: str, remote_address: str, now: datetime) -> None:
    """Note a wrong guess, or an asked link."""
    await tx.execute(FAILED, now, subject, remote_address)


class Guesses(Struct, frozen=True):
    """How often was guessed: by this address at this account, by this address, at this account."""

    pair: int
    address: int
    subject: int


GUESSES = """
SELECT count(*) FILTER (WHERE subject = $1 AND remote_address = $2) AS pair,
       count(*) FILTER (WHERE remote_address = $2) AS address,
       count(*) FILTER (WHERE subject = $1) AS subject
FROM sign_in_failure WHERE at > $3 AND starts_with(subject, $4)
"""


async def guesses(tx: Transaction, subject: str, remote_address: str, since: datetime, kind: str) -> Guesses:
    """Return how often was guessed since then, among subjects that begin with `kind`."""
    counted = await tx.fetch_one(Guesses, GUESSES, subject, remote_address, since, kind)
    return counted or Guesses(0, 0, 0)


FORGIVE = "DELETE FROM sign_in_failure WHERE subject = $1 AND remote_address = $2"


async def forgive(tx: Transaction, subject: str, remote_address: str) -> None:
    """Forget the wrong guesses of an address at an account that has now signed in from there."""
    await tx.execute(FORGIVE, subject, remote_address)


INSERT_KEY = """
INSERT INTO api_key (id, name, key_hash, scopes, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def insert_key(
    tx: Transaction,
    key_id: ApiKeyId,
    name: str,
    key_hash: bytes,
    scopes: Sequence[str],
    created_by: UUID | None,
    now: datetime,
) -> None:
    """Add an API key."""
    await tx.execute(INSERT_KEY, key_id, name, key_hash, list(scopes), created_by, now)


class KeyRow(Struct, frozen=True):
    """An API key that is in force."""

    id: ApiKeyId
    name: str
    scopes: list[str]
    last_used_at: datetime | None = None


KEY = "SELECT id, name, scopes, last_used_at FROM api_key WHERE key_hash = $1 AND revoked_at IS NULL"


async def key(tx: Transaction, key_hash: bytes) -> KeyRow | None:
    """Return the key with this hash, if it is in force."""
    return await tx.fetch_one(KeyRow, KEY, key_hash)


TOUCH_KEY = "UPDATE api_key SET last_used_at = $2 WHERE id = $1"


async def touch_key(tx: Transaction, key_id: ApiKeyId, now: datetime) -> None:
    """Note that a key was used."""
    await tx.execute(TOUCH_KEY, key_id, now)


REVOKE_KEY = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"


async def revoke_key(tx: Transaction, key_id: ApiKeyId, now: datetime) -> bool:
    """Take a key out of force; return whether it was in force."""
    return await tx.execute(REVOKE_KEY, key_id, now) > 0


SWEEP_FAILURES = "DELETE FROM sign_in_failure WHERE at < $1"
SWEEP_LINKS = "DELETE FROM sign_in_link WHERE expires_at < $1"
SWEEP_SESSIONS = "DELETE FROM web_session WHERE expires_at < $1"


async def sweep(tx: Transaction, now: datetime, before: datetime) -> None:
    """Delete sign-ins that have ended, and guesses and links from before `before`."""
    await tx.execute(SWEEP_FAILURES, before)
    await tx.execute(SWEEP_LINKS, before)
    await tx.execute(SWEEP_SESSIONS, now)
