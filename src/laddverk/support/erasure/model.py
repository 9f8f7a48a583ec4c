"""Words of erasure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for


class Obstacle(StrEnum):
    """What must be over before a driver can be forgotten."""

    CHARGES = "charges"
    RESERVED = "reserved"
    TO_PAY = "to_pay"
    TO_INVOICE = "to_invoice"
    BALANCE = "balance"
    MONEY_MOVES = "money_moves"
    MANDATE = "mandate"
    PLAN = "plan"
    ACCOUNT = "account"
    CASE = "case"


WORDS: Final = {
    Obstacle.CHARGES: N_("A charge is under way."),
    Obstacle.RESERVED: N_("A charger is kept for you: let it go first."),
    Obstacle.TO_PAY: N_("Something is still to be paid."),
    Obstacle.TO_INVOICE: N_("A charge has not been invoiced or paid yet: that happens by itself."),
    Obstacle.BALANCE: N_("You have money with us: ask for it back first."),
    Obstacle.MONEY_MOVES: N_("Money is on its way to or from you: that takes a few days."),
    Obstacle.MANDATE: N_("Your direct debit is still valid: end it first."),
    Obstacle.PLAN: N_("You have a plan: end it first."),
    Obstacle.ACCOUNT: N_("You pay for others: close the family or company account first."),
    Obstacle.CASE: N_("A case at support is still open."),
}
STAFF_WORDS: Final = {
    Obstacle.CHARGES: N_("A charge is under way."),
    Obstacle.RESERVED: N_("A charger is kept for them."),
    Obstacle.TO_PAY: N_("Something is still to be paid."),
    Obstacle.TO_INVOICE: N_("A charge is neither invoiced nor paid."),
    Obstacle.BALANCE: N_("They have money with us that can be paid back."),
    Obstacle.MONEY_MOVES: N_("A payment, a refund, a dispute or a collection is not over."),
    Obstacle.MANDATE: N_("Their direct debit has not ended."),
    Obstacle.PLAN: N_("They have a plan."),
    Obstacle.ACCOUNT: N_("They pay for others by a family or company account."),
    Obstacle.CASE: N_("A case of theirs is open."),
}
WHERE: Final = {
    Obstacle.CHARGES: "/my", Obstacle.RESERVED: "/my/reservations", Obstacle.TO_PAY: "/my/invoices",
    Obstacle.BALANCE: "/my/wallet/back", Obstacle.MANDATE: "/my/bank-account", Obstacle.PLAN: "/my/plan",
    Obstacle.ACCOUNT: "/my/family", Obstacle.CASE: "/help/write",
}  # fmt: skip
"""Where a driver does something about it; the others go by themselves."""


class Account(Struct, frozen=True, kw_only=True):
    """What is asked of an account before it is erased."""

    email: str
    language: str
    is_blocked: bool
    is_erased: bool


class Erasure(Struct, frozen=True, kw_only=True):
    """One wish to be forgotten."""

    id: UUID
    driver_id: UUID
    state: str
    asked_at: datetime
    asked_by: str
    reason: str = ""
    was_blocked: bool = False
    ended_at: datetime | None = None
    removed: dict[str, Any] = {}
