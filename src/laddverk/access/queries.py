"""What screens read of drivers, tokens, staff and API keys. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class DriverRow(Struct, frozen=True, kw_only=True):
    """A driver in a list."""

    id: UUID
    email: str
    name: str
    phone: str
    address: str
    language: str
    driver_group: str
    settlement: str
    created_at: datetime
    blocked_at: datetime | None
    blocked_why: str
    tokens: int
    starts_held: str = ""
    """Why new starts wait for money; empty when they do not."""


_DRIVERS_NARROWED = """
FROM driver
WHERE ($1 = '' OR concat_ws(' ', driver.name, email, phone) ILIKE '%' || $1 || '%'
       OR EXISTS (SELECT 1 FROM token WHERE token.driver_id = driver.id AND uid ILIKE $1 || '%'))
  AND CASE $2 WHEN 'blocked' THEN blocked_at IS NOT NULL WHEN 'open' THEN blocked_at IS NULL ELSE true END
  AND ($3 = '' OR driver_group = $3)
"""
_DRIVER_COLUMNS = """
SELECT driver.*,
       (SELECT count(*) FROM token WHERE token.driver_id = driver.id AND kind NOT IN ('app', 'adhoc')) AS tokens
"""
DRIVERS = (
    _DRIVER_COLUMNS
    + _DRIVERS_NARROWED
    + """
ORDER BY
    CASE WHEN $4 = '-name' THEN name END DESC, CASE WHEN $4 = 'email' THEN email END,
    CASE WHEN $4 = '-email' THEN email END DESC, CASE WHEN $4 = 'created' THEN created_at END,
    CASE WHEN $4 = '-created' THEN created_at END DESC, name, id
LIMIT $5 OFFSET $6
"""
)
DRIVER_COUNT = "SELECT count(*)" + _DRIVERS_NARROWED
DRIVER = _DRIVER_COLUMNS + " FROM driver WHERE id = $1"
GROUPS = "SELECT DISTINCT driver_group FROM driver WHERE driver_group <> '' ORDER BY driver_group LIMIT 50"


async def drivers(
    tx: Transaction, search: str, state: str, group: str, sort: str, *, limit: int = 50, offset: int = 0
) -> list[DriverRow]:
    """Return a page of drivers. `state` is blocked, open or empty; `sort` is name, email or created."""
    return await tx.fetch(DriverRow, DRIVERS, _like(search), state, group, sort, limit, offset)


# By the index of the words of their names; those who came last first.
DRIVERS_NAMED = (
    _DRIVER_COLUMNS
    + """
FROM driver WHERE to_tsvector('simple', name) @@ to_tsquery('simple', $1) OR email = lower($2)
ORDER BY id DESC LIMIT $3
"""
)
WORD = re.compile(r"[^\W\d_][\w'-]*")
WORDS_MAX = 5


def words_of_name(text: str) -> str:
    """Return a text search for the beginnings of the words in `text`; empty where there are none."""
    words = [word.replace("'", "") for word in WORD.findall(text)[:WORDS_MAX]]
    return " & ".join(f"'{word}':*" for word in words if word)


async def drivers_named(tx: Transaction, text: str, *, limit: int = 8) -> list[DriverRow]:
    """Return drivers in whose names the words of `text` begin words, in any order, or who have it as their address."""
    return await tx.fetch(DriverRow, DRIVERS_NAMED, words_of_name(text), text.strip(), limit)


async def count_drivers(tx: Transaction, search: str, state: str, group: str) -> int:
    """Return how many drivers a filter leaves."""
    return int(await tx.value(DRIVER_COUNT, _like(search), state, group))


async def driver(tx: Transaction, driver_id: UUID) -> DriverRow | None:
    """Return one driver."""
    return await tx.fetch_one(DriverRow, DRIVER, driver_id)


async def driver_groups(tx: Transaction) -> list[str]:
    """Return the groups that drivers are in."""
    return await tx.values(GROUPS)


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token in a list."""

    id: UUID
    uid: str
    label: str
    kind: str
    driver_id: UUID | None
    driver_name: str | None
    valid_until: datetime | None
    blocked_at: datetime | None
    blocked_why: str
    created_at: datetime
    last_used_at: datetime | None
    group_code: str = ""
    is_master: bool = False


_TOKENS_NARROWED = """
FROM token LEFT JOIN driver ON driver.id = token.driver_id
WHERE ($1 = '' OR concat_ws(' ', uid, label, group_code, driver.name, driver.email) ILIKE '%' || $1 || '%')
  AND CASE $2 WHEN 'blocked' THEN token.blocked_at IS NOT NULL
              WHEN 'open' THEN token.blocked_at IS NULL AND (valid_until IS NULL OR valid_until > $3)
              WHEN 'expired' THEN valid_until <= $3
              WHEN 'loose' THEN token.driver_id IS NULL AND NOT is_master
              WHEN 'master' THEN is_master
              WHEN 'unused' THEN last_used_at IS NULL ELSE true END
  AND ($4::uuid IS NULL OR token.driver_id = $4)
  AND token.kind NOT IN ('app', 'adhoc')
"""
TOKENS = (
    "SELECT token.*, driver.name AS driver_name"
    + _TOKENS_NARROWED
    + """
ORDER BY
    CASE WHEN $5 = 'driver' THEN driver.name END, CASE WHEN $5 = '-driver' THEN driver.name END DESC NULLS LAST,
    CASE WHEN $5 = 'used' THEN last_used_at END NULLS FIRST,
    CASE WHEN $5 = '-used' THEN last_used_at END DESC NULLS LAST,
    CASE WHEN $5 = '-uid' THEN uid END DESC, uid
LIMIT $6 OFFSET $7
"""
)
TOKEN_COUNT = "SELECT count(*)" + _TOKENS_NARROWED
TOKEN = "SELECT token.*, driver.name AS driver_name FROM token LEFT JOIN driver ON driver.id = token.driver_id WHERE token.id = $1"  # noqa: S105, E501 - one statement in one piece


async def tokens(
    tx: Transaction,
    search: str,
    state: str,
    now: datetime,
    *,
    driver_id: UUID | None = None,
    sort: str = "uid",
    limit: int = 50,
    offset: int = 0,
) -> list[TokenRow]:
    """Return a page of tags. `state` is blocked, open, expired, loose, master, unused or empty.

    `sort` is uid, driver or used, with a minus for the other way round.
    """
    return await tx.fetch(TokenRow, TOKENS, _like(search), state, now, driver_id, sort, limit, offset)


TOKENS_BEGINNING = """
SELECT token.*, driver.name AS driver_name FROM token LEFT JOIN driver ON driver.id = token.driver_id
WHERE uid LIKE upper($1) || '%' AND token.kind NOT IN ('app', 'adhoc') ORDER BY uid LIMIT $2
"""


async def tokens_beginning(tx: Transaction, text: str, *, limit: int = 8) -> list[TokenRow]:
    """Return the tags whose numbers begin with `text`; none for an empty text."""
    return await tx.fetch(TokenRow, TOKENS_BEGINNING, _like(text.strip()), limit) if text.strip() else []


async def count_tokens(tx: Transaction, search: str, state: str, now: datetime) -> int:
    """Return how many tags a filter leaves."""
    return int(await tx.value(TOKEN_COUNT, _like(search), state, now, None))


async def token(tx: Transaction, token_id: UUID) -> TokenRow | None:
    """Return one tag."""
    return await tx.fetch_one(TokenRow, TOKEN, token_id)


class StaffRow(Struct, frozen=True, kw_only=True):
    """A member of staff."""

    id: UUID
    email: str
    name: str
    role: str
    language: str
    created_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None
    site_ids: list[UUID]
    site_names: list[str]


STAFF = """
SELECT operator.id, email, operator.name, role, language, operator.created_at, disabled_at,
       (SELECT max(seen_at) FROM web_session WHERE subject_kind = 'operator' AND subject_id = operator.id) AS seen_at,
       coalesce(array_agg(site.id) FILTER (WHERE site.id IS NOT NULL), '{}') AS site_ids,
       coalesce(array_agg(site.name ORDER BY site.name) FILTER (WHERE site.id IS NOT NULL), '{}') AS site_names
FROM operator
LEFT JOIN operator_site ON operator_site.operator_id = operator.id
LEFT JOIN site ON site.id = operator_site.site_id
WHERE $1::uuid IS NULL OR operator.id = $1
GROUP BY operator.id ORDER BY disabled_at IS NOT NULL, operator.name, operator.id
"""


async def staff(tx: Transaction) -> list[StaffRow]:
    """Return everybody who may sign in to the console, those who no longer may at the end."""
    return await tx.fetch(StaffRow, STAFF, None)


async def member(tx: Transaction, operator_id: UUID) -> StaffRow | None:
    """Return one member of staff."""
    return await tx.fetch_one(StaffRow, STAFF, operator_id)


class ApiKeyRow(Struct, frozen=True, kw_only=True):
    """An API key, without anything that opens a door."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    created_by_name: str | None
    last_used_at: datetime | None
    revoked_at: datetime | None


API_KEYS = """
SELECT api_key.id, api_key.name, scopes, api_key.created_at, operator.name AS created_by_name, last_used_at, revoked_at
FROM api_key LEFT JOIN operator ON operator.id = api_key.created_by
ORDER BY revoked_at IS NOT NULL, api_key.created_at DESC LIMIT 500
"""


async def api_keys(tx: Transaction) -> list[ApiKeyRow]:
    """Return the API keys, those that are revoked at the end."""
    return await tx.fetch(ApiKeyRow, API_KEYS)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
