"""Members of staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import OperatorId, SiteId
from laddverk.platform.database import Transaction

INSERT = """
INSERT INTO operator (id, email, name, role, password_hash, language, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def insert(
    tx: Transaction, operator_id: OperatorId, staff: StaffDetails, password_hash: str, now: datetime
) -> None:
    """Add a member of staff."""
    await tx.execute(INSERT, operator_id, staff.email, staff.name, staff.role.value, password_hash, staff.language, now)


UPDATE = "UPDATE operator SET email = $2, name = $3, role = $4, language = $5 WHERE id = $1"


async def update(tx: Transaction, operator_id: OperatorId, staff: StaffDetails) -> None:
    """Change a member of staff."""
    await tx.execute(UPDATE, operator_id, staff.email, staff.name, staff.role.value, staff.language)


FORGET_SITES = "DELETE FROM operator_site WHERE operator_id = $1"
ADD_SITES = "INSERT INTO operator_site (operator_id, site_id) SELECT $1, id FROM site WHERE id = ANY($2)"


async def set_sites(tx: Transaction, operator_id: OperatorId, site_ids: Sequence[SiteId]) -> int:
    """Make these the only sites of a member of staff, and return how many of them exist."""
    await tx.execute(FORGET_SITES, operator_id)
    return await tx.execute(ADD_SITES, operator_id, list(site_ids))


class StaffRow(Struct, frozen=True, kw_only=True):
    """A member of staff, as signing in and changing need them."""

    id: OperatorId
    email: str
    name: str
    role: Role
    language: str
    password_hash: str
    disabled_at: datetime | None = None


COLUMNS = "id, email, name, role, language, password_hash, disabled_at"
BY_EMAIL = f"SELECT {COLUMNS} FROM operator WHERE email = $1"  # noqa: S608 - a constant
LOCK = f"SELECT {COLUMNS} FROM operator WHERE id = $1 FOR UPDATE"  # noqa: S608 - a constant


async def by_email(tx: Transaction, email: str) -> StaffRow | None:
    """Return the member of staff with this address (lower case), whether disabled or not."""
    return await tx.fetch_one(StaffRow, BY_EMAIL, email)


async def lock(tx: Transaction, operator_id: OperatorId) -> StaffRow | None:
    """Return a member of staff, locked."""
    return await tx.fetch_one(StaffRow, LOCK, operator_id)


OTHER_ADMINS = """
SELECT id FROM operator WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1 ORDER BY id FOR UPDATE
"""


async def other_admins(tx: Transaction, operator_id: OperatorId) -> list[OperatorId]:
    """Return the administrators who can sign in, but for this one; locked, so that two cannot remove each other."""
    return await tx.values(OTHER_ADMINS, operator_id)


SET_PASSWORD = "UPDATE operator SET password_hash = $2 WHERE id = $1"  # noqa: S105 - a statement


async def set_password(tx: Transaction, operator_id: OperatorId, password_hash: str) -> None:
    """Replace a password hash."""
    await tx.execute(SET_PASSWORD, operator_id, password_hash)


SET_DISABLED = "UPDATE operator SET disabled_at = $2 WHERE id = $1"


async def set_disabled(tx: Transaction, operator_id: OperatorId, at: datetime | None) -> None:
    """Keep somebody from signing in since `at`, or let them again when None."""
    await tx.execute(SET_DISABLED, operator_id, at)
