"""Accounts, their members and invitations in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CustomerAccountId, DriverId, SessionId, StationId, new_id
from laddverk.platform.database import Transaction
from laddverk.subscriptions.model import Account, AccountDetails, Cost, Invite, Member

INSERT: Final = """
INSERT INTO customer_account (id, kind, name, owner_id, org_number, invoice_email, address, reference, limit_minor,
                              created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
UPDATE: Final = """
UPDATE customer_account SET name = $2, org_number = $3, invoice_email = $4, address = $5, reference = $6,
       limit_minor = $7
WHERE id = $1
"""
CLOSE: Final = "UPDATE customer_account SET closed_at = $2 WHERE id = $1"
ACCOUNT: Final = "SELECT * FROM customer_account WHERE id = $1"
ACCOUNT_LOCKED: Final = "SELECT * FROM customer_account WHERE id = $1 FOR NO KEY UPDATE"
OF_OWNER: Final = "SELECT * FROM customer_account WHERE owner_id = $1 AND closed_at IS NULL"

JOIN: Final = """
INSERT INTO customer_member (id, account_id, driver_id, limit_minor, shares_places, joined_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (driver_id) WHERE left_at IS NULL DO NOTHING RETURNING id
"""
MEMBER: Final = "SELECT * FROM customer_member WHERE id = $1 FOR NO KEY UPDATE"
MEMBER_OF: Final = "SELECT * FROM customer_member WHERE driver_id = $1 AND left_at IS NULL"
COUNT: Final = "SELECT count(*) FROM customer_member WHERE account_id = $1 AND left_at IS NULL"
LEAVE: Final = "UPDATE customer_member SET left_at = $2 WHERE id = $1 AND left_at IS NULL"
LEAVE_ALL: Final = "UPDATE customer_member SET left_at = $2 WHERE account_id = $1 AND left_at IS NULL"
SET_LIMIT: Final = "UPDATE customer_member SET limit_minor = $2 WHERE id = $1"
SET_SHARING: Final = "UPDATE customer_member SET shares_places = $2 WHERE id = $1"

INSERT_INVITE: Final = """
INSERT INTO customer_invite (id, account_id, email, limit_minor, token_hash, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
SHOWN_INVITE: Final = """
SELECT invite.*, account.name AS account_name, account.kind, driver.name AS owner_name
FROM customer_invite AS invite
JOIN customer_account AS account ON account.id = invite.account_id AND account.closed_at IS NULL
JOIN driver ON driver.id = account.owner_id
"""
INVITE_BY_TOKEN: Final = SHOWN_INVITE + "WHERE invite.token_hash = $1 FOR NO KEY UPDATE OF invite"
OPEN_INVITES: Final = (
    SHOWN_INVITE
    + """
WHERE invite.account_id = $1 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2
ORDER BY invite.created_at DESC
"""
)
USE_INVITE: Final = "UPDATE customer_invite SET used_at = $2 WHERE id = $1"
WITHDRAW_INVITE: Final = """
UPDATE customer_invite SET withdrawn_at = $3 WHERE id = $1 AND account_id = $2 AND used_at IS NULL
"""
DRIVER_BY_EMAIL: Final = "SELECT id FROM driver WHERE email = $1"

MEMBERSHIPS: Final = """
-- The account that paid for each driver at an instant, with the owner and how the owner pays.
SELECT given.place, member.id AS member_id, account.id AS account_id, account.owner_id, account.name,
       account.limit_minor, member.limit_minor AS member_limit_minor, owner.settlement,
       (given.at AT TIME ZONE coalesce(site.timezone, given.zone))::date AS day
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[]) WITH ORDINALITY
     AS given (driver_id, station_id, at, zone, place)
JOIN customer_member AS member ON member.driver_id = given.driver_id AND member.joined_at <= given.at
     AND (member.left_at IS NULL OR member.left_at > given.at)
JOIN customer_account AS account ON account.id = member.account_id
JOIN driver AS owner ON owner.id = account.owner_id
LEFT JOIN station ON station.id = given.station_id
LEFT JOIN site ON site.id = station.site_id
"""
SPENT: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint AS account_minor,
       coalesce(sum(amount_minor) FILTER (WHERE driver_id = $3), 0)::bigint AS member_minor
FROM customer_charge WHERE account_id = $1 AND month = $2 AND NOT voided
"""
SAVE_CHARGE: Final = """
INSERT INTO customer_charge (session_id, account_id, member_id, driver_id, payer_id, station_id, month, started_at,
                             ended_at, energy_wh, amount_minor, currency)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (session_id) DO UPDATE SET account_id = excluded.account_id, member_id = excluded.member_id,
    driver_id = excluded.driver_id, payer_id = excluded.payer_id, station_id = excluded.station_id,
    month = excluded.month, started_at = excluded.started_at, ended_at = excluded.ended_at,
    energy_wh = excluded.energy_wh, amount_minor = excluded.amount_minor, currency = excluded.currency, voided = false
"""
DROP_CHARGES: Final = (
    "DELETE FROM customer_charge WHERE session_id = ANY($1::uuid[]) AND NOT session_id = ANY($2::uuid[])"
)
VOID_CHARGES: Final = "UPDATE customer_charge SET voided = true WHERE session_id = ANY($1::uuid[])"
PAYER: Final = "SELECT payer_id FROM customer_charge WHERE session_id = $1"


class Membership(Struct, frozen=True):
    """Which account pays for a driver; `place` is that of the question, counted from 1."""

    place: int
    member_id: UUID
    account_id: CustomerAccountId
    owner_id: DriverId
    name: str
    limit_minor: int | None
    member_limit_minor: int | None
    settlement: str
    day: date


class Spent(Struct, frozen=True):
    """What an account, and one member, charged for in a month."""

    account_minor: int
    member_minor: int


async def insert(
    tx: Transaction, account_id: CustomerAccountId, owner_id: DriverId, details: AccountDetails, now: datetime
) -> None:
    """Write an account."""
    await tx.execute(
        INSERT, account_id, details.kind, details.name, owner_id, details.org_number, details.invoice_email,
        details.address, details.reference, details.limit_minor, now,
    )  # fmt: skip


async def save(tx: Transaction, account_id: CustomerAccountId, details: AccountDetails) -> None:
    """Write what may change of an account."""
    await tx.execute(
        UPDATE, account_id, details.name, details.org_number, details.invoice_email, details.address,
        details.reference, details.limit_minor,
    )  # fmt: skip


async def close(tx: Transaction, account_id: CustomerAccountId, now: datetime) -> None:
    """End an account and all memberships."""
    await tx.execute(CLOSE, account_id, now)
    await tx.execute(LEAVE_ALL, account_id, now)


async def account(tx: Transaction, account_id: UUID, *, lock: bool = False) -> Account | None:
    """Return an account."""
    return await tx.fetch_one(Account, ACCOUNT_LOCKED if lock else ACCOUNT, account_id)


async def of_owner(tx: Transaction, owner_id: DriverId) -> Account | None:
    """Return the open account that a driver owns."""
    return await tx.fetch_one(Account, OF_OWNER, owner_id)


async def join(
    tx: Transaction,
    account_id: CustomerAccountId,
    driver_id: DriverId,
    limit_minor: int | None,
    now: datetime,
    *,
    shares_places: bool,
) -> UUID | None:
    """Make a driver a member; None when they are one somewhere already."""
    found: UUID | None = await tx.value(JOIN, new_id(), account_id, driver_id, limit_minor, shares_places, now)
    return found


async def member(tx: Transaction, member_id: UUID) -> Member | None:
    """Return a membership, locked."""
    return await tx.fetch_one(Member, MEMBER, member_id)


async def member_of(tx: Transaction, driver_id: DriverId) -> Member | None:
    """Return a driver's membership."""
    return await tx.fetch_one(Member, MEMBER_OF, driver_id)


async def count_members(tx: Transaction, account_id: CustomerAccountId) -> int:
    """Return how many members an account has."""
    return int(await tx.value(COUNT, account_id))


async def leave(tx: Transaction, member_id: UUID, now: datetime) -> bool:
    """End a membership; False when it has ended before."""
    return bool(await tx.execute(LEAVE, member_id, now))


async def set_limit(tx: Transaction, member_id: UUID, limit_minor: int | None) -> None:
    """Write a member's monthly limit."""
    await tx.execute(SET_LIMIT, member_id, limit_minor)


async def set_sharing(tx: Transaction, member_id: UUID, *, shares_places: bool) -> None:
    """Write whether a member lets the owner see places and times."""
    await tx.execute(SET_SHARING, member_id, shares_places)


async def insert_invite(
    tx: Transaction,
    account_id: CustomerAccountId,
    email: str,
    limit_minor: int | None,
    token_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> UUID:
    """Write an invitation."""
    invite_id = new_id()
    await tx.execute(INSERT_INVITE, invite_id, account_id, email, limit_minor, token_hash, now, expires_at)
    return invite_id


async def invite(tx: Transaction, token_hash: bytes) -> Invite | None:
    """Return the invitation that a link opens, locked; None too when its account is closed."""
    return await tx.fetch_one(Invite, INVITE_BY_TOKEN, token_hash)


async def open_invites(tx: Transaction, account_id: CustomerAccountId, now: datetime) -> list[Invite]:
    """Return the invitations that can still be accepted."""
    return await tx.fetch(Invite, OPEN_INVITES, account_id, now)


async def use_invite(tx: Transaction, invite_id: UUID, now: datetime) -> None:
    """Mark an invitation as used."""
    await tx.execute(USE_INVITE, invite_id, now)


async def withdraw_invite(tx: Transaction, invite_id: UUID, account_id: CustomerAccountId, now: datetime) -> bool:
    """Take an invitation back; False when there is none that could be."""
    return bool(await tx.execute(WITHDRAW_INVITE, invite_id, account_id, now))


async def driver_with(tx: Transaction, email: str) -> DriverId | None:
    """Return the driver with this address."""
    found = await tx.value(DRIVER_BY_EMAIL, email)
    return DriverId(found) if found else None


async def memberships(
    tx: Transaction, asked: Sequence[tuple[DriverId, StationId | None, datetime, str]]
) -> dict[int, Membership]:
    """Return which account paid for (driver, station, instant, time zone), by the place in `asked`, from 0."""
    rows = await tx.fetch(
        Membership,
        MEMBERSHIPS,
        [each[0] for each in asked],
        [each[1] for each in asked],
        [each[2] for each in asked],
        [each[3] for each in asked],
    )
    return {row.place - 1: row for row in rows}


async def spent(tx: Transaction, account_id: CustomerAccountId, month: date, driver_id: DriverId | None) -> Spent:
    """Return what an account and one of its members charged for in a month."""
    return await tx.fetch_one(Spent, SPENT, account_id, month, driver_id) or Spent(0, 0)


async def save_charge(tx: Transaction, its: Membership, cost: Cost, month: date) -> None:
    """Write what a member's session came to, again if it changed."""
    await tx.execute(
        SAVE_CHARGE, cost.session_id, its.account_id, its.member_id, cost.driver_id, its.owner_id, cost.station_id,
        month, cost.started_at, cost.ended_at, cost.energy_wh, cost.amount_minor, cost.currency,
    )  # fmt: skip


async def drop_charges(tx: Transaction, sessions: Sequence[SessionId], but: Sequence[SessionId]) -> None:
    """Forget that `sessions` were members', but for those of `but`: another driver turned out to have charged."""
    await tx.execute(DROP_CHARGES, list(sessions), list(but))


async def void_charges(tx: Transaction, sessions: Sequence[SessionId]) -> None:
    """What was credited no longer counts towards limits."""
    await tx.execute(VOID_CHARGES, list(sessions))


async def session_payer(tx: Transaction, session_id: SessionId) -> DriverId | None:
    """Return the owner of the account that pays for a priced session; None when its driver does."""
    found = await tx.value(PAYER, session_id)
    return DriverId(found) if found else None
