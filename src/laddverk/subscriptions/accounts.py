"""Accounts: a family or a company whose owner pays; inviting, joining, leaving and limits. One transaction each."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CustomerAccountId, DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.subscriptions import store, store_accounts, subscribing
from laddverk.subscriptions.model import (
    Account,
    AccountDetails,
    AccountKind,
    Cancel,
    Holder,
    Invite,
    Member,
    SubscriberToTell,
)
from laddverk.subscriptions.rules_terms import (
    INVITE_LASTS,
    INVITES_MAX,
    MEMBERS_MAX,
    checked_account,
    checked_email,
    checked_limit,
    hashed,
    new_token,
)

KIND: Final = "customer_account"


async def open_account(
    tx: Transaction, actor: Actor, owner_id: DriverId, details: AccountDetails, now: datetime
) -> CustomerAccountId:
    """Open an account that `owner_id` pays for; the owner is its first member.

    Raises `Invalid`, `NotFound`, `Conflict` when the driver owns one or is a member of one.
    """
    if actor.kind == "driver" and actor.id != owner_id:
        raise NotFound("There is no such driver.")
    if actor.kind != "driver":
        actor.require(Permission.DRIVERS_WRITE)
    checked = checked_account(details)
    if not await store.lock_driver(tx, owner_id):
        raise NotFound("There is no such driver.")
    if await store_accounts.of_owner(tx, owner_id) is not None:
        raise Conflict("This driver pays for an account already.")
    account_id = CustomerAccountId(new_id())
    await store_accounts.insert(tx, account_id, owner_id, checked, now)
    if await store_accounts.join(tx, account_id, owner_id, None, now, shares_places=True) is None:
        raise Conflict("This driver is a member of another account.", remedy="Leave that one first.")
    detail = {"name": checked.name, "kind": checked.kind, "owner": str(owner_id)}
    await audit.write(tx, actor, "account.opened", KIND, account_id, at=now, detail=detail)
    return account_id


async def change(
    tx: Transaction,
    actor: Actor,
    account_id: CustomerAccountId,
    details: AccountDetails,
    now: datetime,
    reason: str = "",
) -> None:
    """Change what is known of an account. Its kind stays. Raises `NotFound`, `Invalid`."""
    account = await own(tx, actor, account_id)
    checked = checked_account(msgspec.structs.replace(details, kind=account.kind))
    await store_accounts.save(tx, account_id, checked)
    changed = {
        name: getattr(checked, name)
        for name in AccountDetails.__struct_fields__
        if getattr(checked, name) != getattr(account, name)
    }
    await audit.write(
        tx, actor, "account.changed", KIND, account_id, at=now, reason=reason, detail={"fields": sorted(changed)}
    )


async def close(
    tx: Transaction, actor: Actor, account_id: CustomerAccountId, now: datetime, *, zone: str, reason: str = ""
) -> None:
    """Close an account: nobody is a member any more, and each pays for themselves from now on.

    What was charged until now stays its owner's. Raises `NotFound`, `Conflict` while its subscription is bound.
    """
    await own(tx, actor, account_id)
    today = subscribing.day_of(now, zone)
    held = await subscribing.going(tx, Holder(account_id=account_id), today)
    if held is not None and held.ends_on is None:
        if held.bound_until is not None and held.bound_until > today and actor.kind == "driver":
            raise Conflict("The account's subscription is bound.", remedy="Cancel it, and close when it has ended.")
        await subscribing.carry_out(tx, actor, held.id, Cancel(), now, zone=zone, reason=reason)
    await store_accounts.close(tx, account_id, now)
    await audit.write(tx, actor, "account.closed", KIND, account_id, at=now, reason=reason)


async def invite(
    tx: Transaction,
    actor: Actor,
    account_id: CustomerAccountId,
    email: str,
    limit_minor: int | None,
    now: datetime,
    *,
    language: str,
) -> str:
    """Invite somebody by mail to be a member, and return the secret of the link; it is kept nowhere.

    Raises `NotFound`, `Invalid`, `TooMany` when there are as many open invitations or members as may be.
    """
    account = await own(tx, actor, account_id)
    address = checked_email(email)
    pending = await store_accounts.open_invites(tx, account_id, now)
    if any(each.email == address for each in pending):
        raise Conflict("This person is invited already.", remedy="Take the invitation back to send a new one.")
    if len(pending) >= INVITES_MAX or await store_accounts.count_members(tx, account_id) >= MEMBERS_MAX:
        raise TooMany("There are as many members and invitations as there may be.")
    invited = await store_accounts.driver_with(tx, address)
    if invited is not None:
        member = await store_accounts.member_of(tx, invited)
        if member is not None and member.account_id == account_id:
            raise Invalid("This person is a member already.", field="email")
    token = new_token()
    invite_id = await store_accounts.insert_invite(
        tx, account_id, address, checked_limit(limit_minor), hashed(token), now, now + INVITE_LASTS
    )
    readers = await store.readers(tx, [account.owner_id, *([invited] if invited else [])])
    told = SubscriberToTell(
        recipient=address,
        language=readers[invited].language if invited else language,
        template="account_invite",
        params={
            "path": f"/join/{token}",
            "account": account.name,
            "owner": readers[account.owner_id].name,
            "is_company": account.kind is AccountKind.COMPANY,
            "until_on": (now + INVITE_LASTS).date().isoformat(),
        },
        unique_key=f"account_invite:{invite_id}",
    )
    await outbox.publish(tx, [told])
    detail = {"email": address, "limit_minor": limit_minor}
    await audit.write(tx, actor, "account.invited", KIND, account_id, at=now, detail=detail)
    return token


async def withdraw_invite(
    tx: Transaction, actor: Actor, account_id: CustomerAccountId, invite_id: UUID, now: datetime
) -> None:
    """Take an invitation back. Raises `NotFound`."""
    await own(tx, actor, account_id)
    if not await store_accounts.withdraw_invite(tx, invite_id, account_id, now):
        raise NotFound("There is no such invitation.")
    await audit.write(tx, actor, "account.invite_withdrawn", KIND, account_id, at=now)


async def invitation(tx: Transaction, token: str, now: datetime) -> Invite:
    """Return what the link of an invitation opens. Raises `NotFound` when it is used, withdrawn or too old."""
    found = await store_accounts.invite(tx, hashed(token))
    if found is None or found.used_at or found.withdrawn_at or found.expires_at <= now:
        raise NotFound("This invitation has been used, or is too old.", remedy="Ask for a new one.")
    return found


async def accept(
    tx: Transaction, actor: Actor, token: str, driver_id: DriverId, now: datetime, *, shares_places: bool
) -> CustomerAccountId:
    """Make the driver whose address was invited a member. The link proves the address.

    Raises `NotFound` for a link that is no good or another's, `Conflict` for who is a member somewhere already.
    """
    found = await invitation(tx, token, now)
    if await store_accounts.driver_with(tx, found.email) != driver_id:
        raise NotFound("This invitation is for somebody else.")
    if await store_accounts.count_members(tx, found.account_id) >= MEMBERS_MAX:
        raise TooMany("There are as many members and invitations as there may be.")
    member_id = await store_accounts.join(
        tx, found.account_id, driver_id, found.limit_minor, now, shares_places=shares_places
    )
    if member_id is None:
        raise Conflict("You are a member of an account already.", remedy="Leave that one first.")
    await store_accounts.use_invite(tx, found.id, now)
    detail = {"driver": str(driver_id), "shares_places": shares_places}
    await audit.write(tx, actor, "account.joined", KIND, found.account_id, at=now, detail=detail)
    return found.account_id


async def remove(tx: Transaction, actor: Actor, member_id: UUID, now: datetime, reason: str = "") -> None:
    """End a membership: by the member, the owner, or staff. What runs goes on. Raises `NotFound`, `Conflict`."""
    member, account = await _membership(tx, member_id)
    if actor.kind != "driver":
        actor.require(Permission.DRIVERS_WRITE)
    elif actor.id not in (member.driver_id, account.owner_id):
        raise NotFound("There is no such member.")
    if member.driver_id == account.owner_id:
        raise Conflict("Who pays cannot leave.", remedy="Close the account instead.")
    await store_accounts.leave(tx, member_id, now)
    detail = {"driver": str(member.driver_id)}
    await audit.write(tx, actor, "account.left", KIND, account.id, at=now, reason=reason, detail=detail)


async def set_limit(
    tx: Transaction, actor: Actor, member_id: UUID, limit_minor: int | None, now: datetime, reason: str = ""
) -> None:
    """Set what a member may charge for in a month; None is no limit. Never ends what runs. Raises `NotFound`."""
    member, account = await _membership(tx, member_id)
    await own(tx, actor, account.id)
    await store_accounts.set_limit(tx, member_id, checked_limit(limit_minor))
    detail = {"driver": str(member.driver_id), "before_minor": member.limit_minor, "limit_minor": limit_minor}
    await audit.write(tx, actor, "account.limit_set", KIND, account.id, at=now, reason=reason, detail=detail)


async def share_places(tx: Transaction, actor: Actor, now: datetime, *, shares_places: bool) -> None:
    """Let the owner see where and when the asker charges, or no longer. The member alone decides."""
    member = await store_accounts.member_of(tx, DriverId(actor.id)) if actor.kind == "driver" and actor.id else None
    if member is None:
        raise NotFound("There is no such member.")
    await store_accounts.set_sharing(tx, member.id, shares_places=shares_places)
    detail = {"driver": str(actor.id), "shares_places": shares_places}
    await audit.write(tx, actor, "account.sharing_set", KIND, member.account_id, at=now, detail=detail)


async def own(tx: Transaction, actor: Actor, account_id: CustomerAccountId) -> Account:
    """Return an open account that this actor may change, locked. Raises `NotFound`."""
    account = await store_accounts.account(tx, account_id, lock=True)
    if actor.kind != "driver":
        actor.require(Permission.DRIVERS_WRITE)
    if account is None or account.closed_at or (actor.kind == "driver" and account.owner_id != actor.id):
        raise NotFound("There is no such account.")
    return account


async def _membership(tx: Transaction, member_id: UUID) -> tuple[Member, Account]:
    member = await store_accounts.member(tx, member_id)
    if member is None or member.left_at is not None:
        raise NotFound("There is no such member.")
    account = await store_accounts.account(tx, member.account_id)
    assert account is not None
    return member, account
