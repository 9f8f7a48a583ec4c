"""Words of the wallet."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId
from laddverk.payments.prepaid.model import VoucherPurpose


class Policy(Struct, frozen=True, kw_only=True):
    """What an operator has decided about wallets. Amounts are in minor units of the house's currency."""

    purpose: VoucherPurpose = VoucherPurpose.MULTI
    """What a balance can pay for decides when its VAT falls due."""
    start_minimum_minor: int = 50_00
    """With less than this no charge starts: an hour at a slow outlet costs some 50 kr."""
    stop_at_limit: bool = True
    """Whether a charge is stopped when the balance is used up; else what it costs beyond is an overrun."""
    top_up_amounts: tuple[int, ...] = (100_00, 200_00, 300_00, 500_00, 1_000_00, 2_000_00)
    """To choose from: two rows of three on a phone."""
    auto_times_a_day: int = 2
    """How often a balance may fill itself up within 24 hours; 0 means that it never does."""
    goodwill_max_minor: int = 200_00
    """The most that somebody who may refund gives at a time."""
    goodwill_books_minor: int = 2_000_00
    """The same for somebody who keeps the books."""


class Wallet(Struct, frozen=True, kw_only=True):
    """What a driver has with us now."""

    currency: str
    balance_minor: int
    held_minor: int = 0
    refundable_minor: int = 0
    """What could be paid back: what is available, without goodwill that has not been used."""

    @property
    def available_minor(self) -> int:
        """What nothing keeps apart; below zero after an overrun."""
        return self.balance_minor - self.held_minor


class Used(Struct, frozen=True, kw_only=True):
    """Sums over everything that happened to a balance, for what may be paid back."""

    goodwill_minor: int = 0
    spent_minor: int = 0
    """On charges and invoices, less what of it was given back."""


class Auto(Struct, frozen=True, kw_only=True):
    """A driver's standing wish: below this, add that."""

    driver_id: DriverId
    below_minor: int
    add_minor: int
    method_id: PaymentMethodId
    failures: int = 0
    next_at: datetime
    stopped_at: datetime | None = None
    payment_id: PaymentId | None = None
    agreed_at: datetime


class GivingBack(StrEnum):
    """Where a balance refund stands."""

    ASKED = "asked"
    APPROVED = "approved"
    """The cards have been asked to take their part; a part for a bank account waits for somebody to pay it."""
    PAID = "paid"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """By the driver."""


class BalanceRefund(Struct, frozen=True, kw_only=True):
    """A driver's wish to get the balance back."""

    id: UUID
    driver_id: DriverId
    state: GivingBack
    currency: str
    amount_minor: int
    to_bank_minor: int
    bank_box: bytes | None
    bank_end: str
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str
    bank_paid_at: datetime | None
    bank_reference: str
    closed_at: datetime | None


class TopUp(Struct, frozen=True):
    """A payment into the wallet, as far as it can take something back."""

    payment_id: PaymentId
    provider: str
    left_minor: int
