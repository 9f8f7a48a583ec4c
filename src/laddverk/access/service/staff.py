"""Members of staff: entered, changed, disabled; never the last administrator, never beyond one's own rights."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.access import rules
from laddverk.access.model import StaffDetails
from laddverk.access.service import passwords
from laddverk.access.store import sign_ins
from laddverk.access.store import staff as store
from laddverk.access.store.staff import StaffRow
from laddverk.kernel.actors import Actor, Permission, Role
from laddverk.kernel.ids import OperatorId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.platform.uniqueness import told_apart

NAME_LENGTH_MAX: Final = 100
TAKEN: Final = {"operator_email_key": ("email", marked("Somebody already signs in with this address."))}


async def create_staff(
    tx: Transaction, actor: Actor, details: StaffDetails, password: str, now: datetime
) -> OperatorId:
    """Add a member of staff and return their id. Needs staff:write and everything their role may do."""
    actor.require(Permission.STAFF_WRITE)
    details = _checked(actor, details)
    rules.checked_password(password, details.email, details.name)
    operator_id = OperatorId(new_id())
    password_hash = await passwords.hashed(password)
    async with told_apart(tx, TAKEN):
        await store.insert(tx, operator_id, details, password_hash, now)
    await _set_sites(tx, operator_id, details)
    await audit.write(tx, actor, "staff.created", "operator", operator_id, at=now, detail=_plain(details))
    return operator_id


async def update_staff(
    tx: Transaction, actor: Actor, operator_id: OperatorId, details: StaffDetails, now: datetime
) -> None:
    """Change a member of staff; a new role counts from their next page on. Raises `Conflict` for the last admin."""
    actor.require(Permission.STAFF_WRITE)
    before = await _locked(tx, actor, operator_id)
    details = _checked(actor, details)
    if details.role is not Role.ADMIN:
        await _check_not_last_admin(tx, before)
    async with told_apart(tx, TAKEN):
        await store.update(tx, operator_id, details)
    await _set_sites(tx, operator_id, details)
    detail = {"before": {"email": before.email, "role": before.role.value}, "after": _plain(details)}
    await audit.write(tx, actor, "staff.changed", "operator", operator_id, at=now, detail=detail)


async def set_password(tx: Transaction, actor: Actor, operator_id: OperatorId, password: str, now: datetime) -> None:
    """Give a member of staff a new password, and end all their sign-ins. Needs staff:write."""
    actor.require(Permission.STAFF_WRITE)
    await _replace_password(tx, actor, await _locked(tx, actor, operator_id), password, now)


async def change_own_password(tx: Transaction, actor: Actor, old_password: str, password: str, now: datetime) -> None:
    """Change one's own password, and end all one's sign-ins. Raises `Invalid` when the old one is wrong."""
    person = await store.lock(tx, OperatorId(actor.id)) if actor.kind == "operator" and actor.id else None
    if person is None:
        raise NotFound("There is no such member of staff.")
    if not await passwords.verified(person.password_hash, old_password[: rules.PASSWORD_LENGTH_MAX + 1]):
        raise Invalid("The present password is wrong.", field="old_password")
    await _replace_password(tx, actor, person, password, now)


async def _replace_password(tx: Transaction, actor: Actor, person: StaffRow, password: str, now: datetime) -> None:
    rules.checked_password(password, person.email, person.name)
    await store.set_password(tx, person.id, await passwords.hashed(password))
    await sign_ins.delete_sessions(tx, "operator", person.id)
    await audit.write(tx, actor, "staff.password_changed", "operator", person.id, at=now)


async def disable_staff(
    tx: Transaction, actor: Actor, operator_id: OperatorId, now: datetime, *, reason: str = ""
) -> None:
    """Keep somebody from signing in and end their sign-ins. Raises `Conflict` for oneself and the last admin."""
    actor.require(Permission.STAFF_WRITE)
    person = await _locked(tx, actor, operator_id)
    if actor.kind == "operator" and actor.id == operator_id:
        raise Conflict("You cannot shut yourself out.", remedy="Ask another administrator.")
    await _check_not_last_admin(tx, person)
    await store.set_disabled(tx, operator_id, now)
    await sign_ins.delete_sessions(tx, "operator", operator_id)
    await audit.write(tx, actor, "staff.disabled", "operator", operator_id, at=now, reason=reason)


async def enable_staff(
    tx: Transaction, actor: Actor, operator_id: OperatorId, now: datetime, *, reason: str = ""
) -> None:
    """Let somebody sign in again."""
    actor.require(Permission.STAFF_WRITE)
    await _locked(tx, actor, operator_id)
    await store.set_disabled(tx, operator_id, None)
    await audit.write(tx, actor, "staff.enabled", "operator", operator_id, at=now, reason=reason)


async def _locked(tx: Transaction, actor: Actor, operator_id: OperatorId) -> StaffRow:
    """Return the person, locked. Nobody changes somebody who may more than they do."""
    person = await store.lock(tx, operator_id)
    if person is None:
        raise NotFound("There is no such member of staff.")
    rules.check_may_grant(actor, rules.permissions_of(person.role))
    return person


async def _check_not_last_admin(tx: Transaction, person: StaffRow) -> None:
    if person.role is Role.ADMIN and person.disabled_at is None and not await store.other_admins(tx, person.id):
        raise Conflict(
            "There must be an administrator.", field="role", remedy="Make somebody else an administrator first."
        )


def _checked(actor: Actor, details: StaffDetails) -> StaffDetails:
    rules.check_may_grant(actor, rules.permissions_of(details.role))
    if details.role is Role.SITE_HOST and not details.site_ids:
        raise Invalid("A site host needs at least one site.", field="sites", remedy="Choose what they may see.")
    return msgspec.structs.replace(
        details,
        email=rules.checked_email(details.email),
        name=rules.checked_text("name", details.name, NAME_LENGTH_MAX, may_be_empty=False),
        language=rules.checked_choice("language", details.language, rules.LANGUAGES),
        site_ids=details.site_ids if details.role is Role.SITE_HOST else (),
    )


async def _set_sites(tx: Transaction, operator_id: OperatorId, details: StaffDetails) -> None:
    if await store.set_sites(tx, operator_id, details.site_ids) != len(set(details.site_ids)):
        raise Invalid("There is no such site.", field="sites")


def _plain(details: StaffDetails) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(details)
    return plain
