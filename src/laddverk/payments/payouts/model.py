"""Words of payouts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DisputeId, PaymentId, PayoutId


class PayoutState(StrEnum):
    """Where a payout stands, in the provider's words."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    """The bank sent it back. It may come after `paid`."""
    CANCELED = "canceled"


class ItemKind(StrEnum):
    """What an item of a payout is."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"
    OTHER = "other"


class Wrong(StrEnum):
    """Why an item does not agree with our books."""

    NOTHING = ""
    UNKNOWN = "unknown"
    """It belongs to no payment, refund or dispute of ours."""
    AMOUNT = "amount"
    """We have it with another amount."""
    TWICE = "twice"
    """An earlier payout held it already."""


class PayoutSeen(Struct, frozen=True, kw_only=True):
    """What a provider says of a payout now. The amount is what the bank gets, in minor units."""

    provider_ref: str
    state: PayoutState
    currency: str
    amount_minor: int
    arrives_on: date
    made_at: datetime
    failure_text: str | None = None


class ItemSeen(Struct, frozen=True, kw_only=True):
    """One item as the provider lists it: `net_minor` = `amount_minor` - `fee_minor`; what goes back is negative."""

    provider_ref: str
    kind: ItemKind
    amount_minor: int
    fee_minor: int
    net_minor: int
    source_ref: str = ""
    text: str = ""
    at: datetime
    payment_ref: str | None = None
    """The provider's number of the payment behind it, where it tells one."""
    payment_id: PaymentId | None = None
    refund_id: UUID | None = None
    dispute_ref: str | None = None


class Payout(Struct, frozen=True, kw_only=True):
    """One payout as it is kept. `booked_…` is what the ledger has of it now."""

    id: PayoutId
    provider: str
    provider_ref: str
    state: PayoutState
    currency: str
    amount_minor: int
    arrives_on: date
    made_at: datetime
    failure_text: str | None = None
    items: int = 0
    unmatched: int = 0
    fees_minor: int = 0
    difference_minor: int = 0
    booked_bank: int = 0
    booked_fees: int = 0
    booked_difference: int = 0
    bookings: int = 0


class Item(Struct, frozen=True, kw_only=True):
    """One item as it is kept, with what it is in our books."""

    provider_ref: str
    kind: ItemKind
    source_ref: str
    text: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    at: datetime
    payment_id: PaymentId | None = None
    refund_id: UUID | None = None
    dispute_id: DisputeId | None = None
    problem: Wrong = Wrong.NOTHING


class Ours(Struct, frozen=True, kw_only=True):
    """What our books say of what an item names. None where they know of no such thing."""

    payment_id: PaymentId | None = None
    captured_minor: int | None = None
    refund_id: UUID | None = None
    refund_minor: int | None = None
    dispute_id: DisputeId | None = None
    elsewhere: bool = False
    """Another payout holds it."""
    came_back: bool = False
    """It is an earlier payout that the bank sent back."""
