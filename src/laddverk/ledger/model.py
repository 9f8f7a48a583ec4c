"""Words of the ledger: accounts by their BAS numbers, entries and their lines."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import HoldId
from laddverk.kernel.problems import Conflict, Invalid

RECEIVABLES: Final = "1510"
DISPUTED: Final = "1515"
PROVIDER: Final = "1580"
PROVIDER_DIFFERENCES: Final = "1589"
BANK: Final = "1930"
ADVANCES: Final = "2420"
VOUCHERS: Final = "2421"
VAT_25: Final = "2611"
VAT_WAITING: Final = "2618"
VAT_12: Final = "2621"
VAT_6: Final = "2631"
SUSPENSE: Final = "2999"
SALES_25: Final = "3001"
SALES_12: Final = "3002"
SALES_6: Final = "3003"
SALES_0: Final = "3004"
GOODWILL: Final = "3730"
ROUNDING: Final = "3740"
LAPSED: Final = "3990"
LOSSES: Final = "6351"
FEES: Final = "6570"

ACCOUNT_NAMES: Final = {
    RECEIVABLES: "Receivables from customers",
    DISPUTED: "Disputed payments",
    PROVIDER: "Receivables from payment providers",
    PROVIDER_DIFFERENCES: "Differences with payment providers",
    BANK: "Bank",
    ADVANCES: "Advances from customers",
    VOUCHERS: "Prepaid cards not redeemed",
    VAT_25: "Output VAT 25 %",
    VAT_WAITING: "VAT paid on vouchers not used",
    VAT_12: "Output VAT 12 %",
    VAT_6: "Output VAT 6 %",
    SUSPENSE: "Money whose owner is not known yet",
    SALES_25: "Sales of charging, VAT 25 %",
    SALES_12: "Sales of charging, VAT 12 %",
    SALES_6: "Sales of charging, VAT 6 %",
    SALES_0: "Sales of charging without VAT",
    GOODWILL: "Goodwill given to drivers",
    ROUNDING: "Rounding",
    LAPSED: "Prepaid cards that became too old",
    LOSSES: "Losses on receivables",
    FEES: "Bank and provider fees",
}
"""The part of the Swedish BAS chart that the house posts to. The names are msgids."""

SALES_AND_VAT: Final = {
    Decimal(25): (SALES_25, VAT_25),
    Decimal(12): (SALES_12, VAT_12),
    Decimal(6): (SALES_6, VAT_6),
    Decimal(0): (SALES_0, VAT_25),
}
"""Where a sale and its VAT are posted, for each Swedish rate; at 0 % the VAT is 0 and no line is made."""


class Line(Struct, frozen=True):
    """One side of an entry: debit positive, credit negative. `owner` makes it the sub-account of a driver."""

    account: str
    amount_minor: int
    currency: str
    owner: UUID | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """One business event to be posted once, with all its lines."""

    idempotency_key: str
    kind: str
    """`invoice`, `credit_note`, `capture` or `refund`."""
    occurred_at: datetime
    source_kind: str
    source_id: UUID
    lines: tuple[Line, ...]
    text: str = ""


class HoldState(StrEnum):
    """What became of money that was kept apart."""

    ACTIVE = "active"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class NewHold(Struct, frozen=True, kw_only=True):
    """Money of an owner to be kept apart until it is captured, released, or too old."""

    idempotency_key: str
    account: str
    owner: UUID
    amount_minor: int
    currency: str
    source_kind: str
    source_id: UUID
    expires_at: datetime


class Hold(Struct, frozen=True, kw_only=True):
    """Money kept apart: `amount_minor` of what an account's owner has is not available to anything else."""

    id: HoldId
    account: str
    owner: UUID
    amount_minor: int
    currency: str
    state: HoldState
    captured_minor: int
    source_kind: str
    source_id: UUID
    expires_at: datetime


class HoldExpired(Event, frozen=True, kw_only=True):
    """Nobody captured or released a hold in its time: the money is its owner's again."""

    hold_id: HoldId
    source_kind: str
    source_id: UUID


class LedgerUnsound(Event, frozen=True, kw_only=True):
    """The nightly look found a ledger that does not agree with itself."""

    check_id: UUID
    unbalanced: int
    wrong_balances: int
    sum_minor: int


class TrialBalanceRow(Struct, frozen=True):
    """All that was posted to one account number in one currency."""

    number: str
    name: str
    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit less credit."""
        return self.debit_minor - self.credit_minor


class ChartRow(Struct, frozen=True):
    """What an operator calls an account of the house: its number in their own chart, and its name if it has another."""

    account: str
    number: str
    name: str = ""


class LedgerCheck(Struct, frozen=True):
    """What a full look at the ledger found. Everything but the counts must be zero."""

    transactions: int
    postings: int
    unbalanced: int
    """Transactions that do not sum to zero in a currency."""
    wrong_balances: int
    """Accounts whose kept balance is not the sum of their postings."""
    sum_minor: int
    """Of all postings, whatever the currency: zero."""

    @property
    def sound(self) -> bool:
        """Whether the ledger is as it must be."""
        return not (self.unbalanced or self.wrong_balances or self.sum_minor)


class NotEnough(Conflict):
    """An account has less than what is asked for: `available_minor` in `currency`."""

    code = "not_enough"

    def __init__(self, available_minor: int, currency: str) -> None:
        super().__init__("There is not enough left on the account.", field="amount", remedy="Add money, or take less.")
        self.available_minor = available_minor
        self.currency = currency


def sales_and_vat(rate_percent: Decimal) -> tuple[str, str]:
    """Return the accounts for a sale at `rate_percent` and for its VAT. Raises `Invalid` for a rate Sweden lacks."""
    found = SALES_AND_VAT.get(Decimal(rate_percent))
    if found is None:
        raise Invalid(
            "There is no account for a VAT rate of %(rate)s %%.",
            field="vat_percent",
            remedy="Use one of the Swedish rates 25, 12, 6 or 0.",
            rate=str(rate_percent),
        )
    return found
