"""The API's accounts: who pays for several drivers, its members and their limits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CustomerAccountId, DriverId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.subscriptions import accounts, queries, rules
from laddverk.subscriptions.model import AccountDetails, AccountKind
from laddverk.web.api.charging import Reason
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class AccountShown(Struct, frozen=True):
    """An account with what its members charged this month."""

    id: str
    kind: str
    name: str
    org_number: str
    owner_id: str
    owner_name: str
    reference: str
    limit_minor: int | None
    members: int
    spent_minor: int
    currency: str
    closed_at: datetime | None


class AccountToOpen(Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be opened, and the driver who pays for it."""

    owner_id: str
    name: str
    kind: AccountKind = AccountKind.COMPANY
    org_number: str = ""
    invoice_email: str = ""
    address: str = ""
    reference: str = ""
    limit_minor: int | None = None


class MemberShown(Struct, frozen=True):
    """A member with what they charged in the month."""

    id: str
    driver_id: str
    name: str
    limit_minor: int | None
    sessions: int
    energy_wh: int
    amount_minor: int
    left_at: datetime | None


class AccountInFull(Struct, frozen=True):
    """An account with its members, and what they charged in a month."""

    account: AccountShown
    month: date
    members: list[MemberShown]


class InvitationToSend(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, by mail, and with which monthly limit."""

    email: str
    limit_minor: int | None = None
    language: Literal["sv", "en"] = "sv"


class LimitToSet(Struct, frozen=True, forbid_unknown_fields=True):
    """A member's monthly limit; null is none."""

    limit_minor: int | None
    reason: str = ""


@get("/accounts", opt=needs(Permission.DRIVERS_READ))
async def list_accounts(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[AccountShown]:
    """List accounts by name: family, company, closed, or all."""
    checked_limit(limit, offset)
    month = rules.month_of(asked.today)
    async with asked.transaction() as tx:
        rows = await queries.accounts(
            tx, month, search, in_state, currency=asked.house.settings.currency, limit=limit, offset=offset
        )
        total = await queries.count_accounts(tx, month, search, in_state)
    return page([_account(row) for row in rows], limit=limit, offset=offset, total=total)


@post("/accounts", opt=needs(Permission.DRIVERS_WRITE))
async def open_account(asked: Asking, data: JSONBody[AccountToOpen]) -> AccountInFull:
    """Open an account that a driver pays for."""
    details = AccountDetails(**{name: getattr(data, name) for name in AccountDetails.__struct_fields__})
    owner_id = DriverId(parsed("drv", data.owner_id, field="owner_id"))
    async with asked.transaction() as tx:
        made = await accounts.open_account(tx, asked.actor, owner_id, details, asked.now)
        return await _in_full(tx, asked, made, rules.month_of(asked.today))


@get("/accounts/{account:str}", opt=needs(Permission.DRIVERS_READ))
async def show_account(asked: Asking, account: FromPath[str], month: FromQuery[date | None] = None) -> AccountInFull:
    """Show one account with its members, and what they charged in the month of `month`, or in this one."""
    async with asked.transaction() as tx:
        return await _in_full(tx, asked, parsed("acc", account), rules.month_of(month or asked.today))


@post("/accounts/{account:str}/invitations", opt=needs(Permission.DRIVERS_WRITE), status_code=202)
async def invite(asked: Asking, account: FromPath[str], data: JSONBody[InvitationToSend]) -> None:
    """Invite somebody by mail to be a member."""
    identity = CustomerAccountId(parsed("acc", account))
    async with asked.transaction() as tx:
        await accounts.invite(
            tx, asked.actor, identity, data.email, data.limit_minor, asked.now, language=data.language
        )


@put("/members/{member:str}/limit", opt=needs(Permission.DRIVERS_WRITE), status_code=204)
async def set_limit(asked: Asking, member: FromPath[str], data: JSONBody[LimitToSet]) -> None:
    """Set what a member may charge for in a month. What runs goes on."""
    async with asked.transaction() as tx:
        await accounts.set_limit(tx, asked.actor, parsed("mbr", member), data.limit_minor, asked.now, data.reason)


@post("/members/{member:str}/remove", opt=needs(Permission.DRIVERS_WRITE), status_code=204)
async def remove_member(asked: Asking, member: FromPath[str], data: JSONBody[Reason]) -> None:
    """Take a member out of an account. They pay for themselves from their next charge."""
    async with asked.transaction() as tx:
        await accounts.remove(tx, asked.actor, parsed("mbr", member), asked.now, data.reason)


def _account(row: queries.AccountRow) -> AccountShown:
    return AccountShown(
        id=shown("acc", row.id),
        kind=row.kind,
        name=row.name,
        org_number=row.org_number,
        owner_id=shown("drv", row.owner_id),
        owner_name=row.owner_name,
        reference=row.reference,
        limit_minor=row.limit_minor,
        members=row.members,
        spent_minor=row.spent_minor,
        currency=row.currency,
        closed_at=row.closed_at,
    )


async def _in_full(tx: Transaction, asked: Asked, account_id: UUID, month: date) -> AccountInFull:
    row = await queries.account(tx, month, account_id, currency=asked.house.settings.currency)
    if row is None:
        raise NotFound("There is no such account.")
    members = await queries.members(tx, account_id, month, limit=500)
    return AccountInFull(
        _account(row),
        month,
        [
            MemberShown(
                id=shown("mbr", each.id),
                driver_id=shown("drv", each.driver_id),
                name=each.name,
                limit_minor=each.limit_minor,
                sessions=each.sessions,
                energy_wh=each.energy_wh,
                amount_minor=each.amount_minor,
                left_at=each.left_at,
            )
            for each in members
        ],
    )


HANDLERS: Final = [list_accounts, open_account, show_account, invite, set_limit, remove_member]
