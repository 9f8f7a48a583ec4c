"""Drivers and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.access.model import DriverDetails, NewToken, TokenDetails
from laddverk.kernel.ids import DriverId, TokenId
from laddverk.platform.database import Transaction

WITHDRAWN_MAX = 1000  # uids that one event names; more are seen when the lists are compared


INSERT_DRIVERS = """
INSERT INTO driver (id, email, name, phone, address, language, driver_group, settlement, created_at)
SELECT *, $9 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
"""


async def insert_drivers(tx: Transaction, new: Sequence[tuple[DriverId, DriverDetails]], now: datetime) -> None:
    """Add drivers."""
    details = [driver for _, driver in new]
    await tx.execute(
        INSERT_DRIVERS,
        [driver_id for driver_id, _ in new],
        [driver.email for driver in details],
        [driver.name for driver in details],
        [driver.phone for driver in details],
        [driver.address for driver in details],
        [driver.language for driver in details],
        [driver.driver_group for driver in details],
        [driver.settlement for driver in details],
        now,
    )


UPDATE_DRIVER = """
UPDATE driver SET email = $2, name = $3, phone = $4, address = $5, language = $6, driver_group = $7, settlement = $8
WHERE id = $1
"""


async def update_driver(tx: Transaction, driver_id: DriverId, driver: DriverDetails) -> bool:
    """Change a driver; return whether there is one."""
    touched = await tx.execute(
        UPDATE_DRIVER, driver_id, driver.email, driver.name, driver.phone, driver.address, driver.language,
        driver.driver_group, driver.settlement,
    )  # fmt: skip
    return touched > 0


SET_SETTLEMENT = "UPDATE driver SET settlement = $2 WHERE id = $1"


async def set_settlement(tx: Transaction, driver_id: DriverId, settlement: str) -> bool:
    """Write when a driver pays; return whether there is one."""
    return await tx.execute(SET_SETTLEMENT, driver_id, settlement) > 0


BLOCK_DRIVER = "UPDATE driver SET blocked_at = coalesce(blocked_at, $2), blocked_why = $3 WHERE id = $1"
UNBLOCK_DRIVER = "UPDATE driver SET blocked_at = NULL, blocked_why = '' WHERE id = $1"
HOLD_STARTS = """
UPDATE driver SET starts_held = $2, starts_held_at = CASE WHEN $2 <> '' THEN $3::timestamptz END
WHERE id = $1 AND starts_held <> $2
"""
BLOCK_TOKEN = "UPDATE token SET blocked_at = coalesce(blocked_at, $2), blocked_why = $3 WHERE id = $1"  # noqa: S105
UNBLOCK_TOKEN = "UPDATE token SET blocked_at = NULL, blocked_why = '' WHERE id = $1"  # noqa: S105


async def block_driver(tx: Transaction, driver_id: DriverId, why: str | None, now: datetime) -> bool:
    """Block a driver, or unblock when `why` is None; return whether there is one."""
    if why is None:
        return await tx.execute(UNBLOCK_DRIVER, driver_id) > 0
    return await tx.execute(BLOCK_DRIVER, driver_id, now, why) > 0


async def hold_starts(tx: Transaction, driver_id: DriverId, why: str, now: datetime) -> bool:
    """Hold a driver's new starts back for a reason, or let them in when it is empty; return whether that is news."""
    return await tx.execute(HOLD_STARTS, driver_id, why, now) == 1


async def block_token(tx: Transaction, token_id: TokenId, why: str | None, now: datetime) -> bool:
    """Block a token, or unblock when `why` is None; return whether there is one."""
    if why is None:
        return await tx.execute(UNBLOCK_TOKEN, token_id) > 0
    return await tx.execute(BLOCK_TOKEN, token_id, now, why) > 0


INSERT_TOKENS = """
INSERT INTO token (id, driver_id, uid, label, kind, valid_until, group_code, is_master, created_at)
SELECT *, $9 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                         $8::boolean[])
"""


async def insert_tokens(tx: Transaction, new: Sequence[tuple[TokenId, NewToken]], now: datetime) -> None:
    """Add tokens whose uids are normalised."""
    details = [token for _, token in new]
    await tx.execute(
        INSERT_TOKENS,
        [token_id for token_id, _ in new],
        [token.driver_id for token in details],
        [token.uid for token in details],
        [token.label for token in details],
        [token.kind for token in details],
        [token.valid_until for token in details],
        [token.group_code for token in details],
        [token.is_master for token in details],
        now,
    )


UPDATE_TOKENS = """
UPDATE token SET driver_id = given.driver_id, label = given.label, valid_until = given.valid_until,
       group_code = given.group_code, is_master = given.is_master
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::boolean[])
     AS given (id, driver_id, label, valid_until, group_code, is_master)
WHERE token.id = given.id
"""


async def update_tokens(tx: Transaction, changes: Sequence[tuple[TokenId, TokenDetails]]) -> int:
    """Change tokens and return how many there are."""
    return await tx.execute(
        UPDATE_TOKENS,
        [token_id for token_id, _ in changes],
        [details.driver_id for _, details in changes],
        [details.label for _, details in changes],
        [details.valid_until for _, details in changes],
        [details.group_code for _, details in changes],
        [details.is_master for _, details in changes],
    )


UIDS_OF_TOKEN = "SELECT uid FROM token WHERE id = $1"  # noqa: S105 - a statement, no secret
UIDS_OF_DRIVER = "SELECT uid FROM token WHERE driver_id = $1 ORDER BY uid LIMIT $2"


async def uids_of(tx: Transaction, *, token_id: TokenId | None = None, driver_id: DriverId | None = None) -> list[str]:
    """Return the uid of a token, or those of a driver's tokens, at most `WITHDRAWN_MAX`."""
    if token_id is not None:
        return await tx.values(UIDS_OF_TOKEN, token_id)
    return await tx.values(UIDS_OF_DRIVER, driver_id, WITHDRAWN_MAX)


class KnownToken(Struct, frozen=True, kw_only=True):
    """A token and its driver, as deciding about it needs them."""

    id: TokenId
    uid: str
    label: str
    valid_until: datetime | None
    blocked_at: datetime | None
    blocked_why: str
    driver_id: DriverId | None
    driver_blocked_at: datetime | None
    driver_blocked_why: str | None
    driver_group: str | None
    language: str | None
    settlement: str | None
    group_code: str
    is_master: bool
    cache_hours: int | None
    starts_held: str | None


TOKENS_BY_UID = """
SELECT t.id, t.uid, t.group_code, t.is_master, (SELECT cache_hours FROM access_policy) AS cache_hours,
       t.label, t.valid_until, t.blocked_at, t.blocked_why, t.driver_id,
       d.blocked_at AS driver_blocked_at, d.blocked_why AS driver_blocked_why, d.driver_group, d.language, d.settlement,
       d.starts_held
FROM token t LEFT JOIN driver d ON d.id = t.driver_id
WHERE t.uid = ANY($1)
"""


async def tokens_by_uid(tx: Transaction, uids: Sequence[str]) -> dict[str, KnownToken]:
    """Return the tokens with these normalised uids."""
    return {token.uid: token for token in await tx.fetch(KnownToken, TOKENS_BY_UID, list(uids))}


USED = """
UPDATE token SET last_used_at = given.at
FROM (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS g (id, at) GROUP BY id) AS given
WHERE token.id = given.id AND (token.last_used_at IS NULL OR token.last_used_at < given.at)
"""


async def used(tx: Transaction, tokens: Sequence[tuple[TokenId, datetime]]) -> None:
    """Move `last_used_at` of these tokens forward, never back."""
    await tx.execute(USED, [token_id for token_id, _ in tokens], [at for _, at in tokens])


class FoundDriver(Struct, frozen=True):
    """A driver, as a sign-in or a list of tokens names them."""

    id: DriverId
    email: str
    name: str
    language: str
    blocked_at: datetime | None = None


DRIVERS_NAMED = """
SELECT id, email, name, language, blocked_at FROM driver WHERE email = ANY($1) OR lower(name) = ANY($1)
"""


async def drivers_named(tx: Transaction, words: Sequence[str]) -> list[FoundDriver]:
    """Return the drivers whose e-mail address or whole name, in lower case, is among `words`."""
    return await tx.fetch(FoundDriver, DRIVERS_NAMED, list(words))


DRIVER_BY_EMAIL = "SELECT id, email, name, language, blocked_at FROM driver WHERE email = $1"


async def driver_by_email(tx: Transaction, email: str) -> FoundDriver | None:
    """Return the driver with this address (lower case)."""
    return await tx.fetch_one(FoundDriver, DRIVER_BY_EMAIL, email)
