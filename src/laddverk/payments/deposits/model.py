"""Words of deposits: what came to the bank account, what it settles, and what it might belong to."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DepositId, DriverId, InvoiceId, PaymentId


class Way(StrEnum):
    """How the money came. Each is also the name of the rail of the payment that it makes."""

    BANKGIRO = "bankgiro"
    SWISH_NUMBER = "swish_number"
    """To our number, without a request of ours."""
    TRANSFER = "transfer"


class DepositState(StrEnum):
    """What became of a deposit."""

    BOOKED = "booked"
    ASIDE = "aside"
    """Nobody knows yet what it is for."""
    RETURNED = "returned"
    """It was nobody's here, and went back."""
    UNDONE = "undone"
    """It was entered by mistake."""


OPEN_STATES: Final = frozenset({DepositState.BOOKED, DepositState.ASIDE})


class NewDeposit(Struct, frozen=True, kw_only=True):
    """What a person read on the bank account. Without an invoice it is kept aside."""

    form_key: UUID
    way: Way
    received_on: date
    amount_minor: int
    reference: str = ""
    payer: str = ""
    invoice_id: InvoiceId | None = None


class Split(Struct, frozen=True):
    """What a deposit comes to, in minor units: amount + rounding = settled + advance."""

    settled_minor: int = 0
    """Of the invoice."""
    rounding_minor: int = 0
    """What we let go (above zero) or keep (below) because it is less than a krona."""
    advance_minor: int = 0
    """What the payer has with us afterwards."""


class Deposit(Struct, frozen=True, kw_only=True):
    """A deposit as it is kept."""

    id: DepositId
    form_key: UUID
    way: Way
    state: DepositState
    received_on: date
    amount_minor: int
    currency: str
    reference: str
    payer: str
    invoice_id: InvoiceId | None
    driver_id: DriverId | None
    payment_id: PaymentId | None
    settled_minor: int
    rounding_minor: int
    advance_minor: int
    booked_at: datetime
    booked_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_why: str = ""


class Owed(Struct, frozen=True, kw_only=True):
    """An invoice that money may be for, with what remains of it by its payments."""

    id: InvoiceId
    label: str
    reference: str
    driver_id: DriverId
    buyer: str
    currency: str
    remaining_minor: int
    due_on: date


class Likeness(StrEnum):
    """Why a deposit might be for an invoice."""

    REFERENCE = "reference"
    """The payer wrote its reference."""
    NUMBER = "number"
    """The payer wrote its number."""
    NEARLY = "nearly"
    """The reference differs by one digit, or two that changed places."""
    AMOUNT = "amount"
    """Just this much remains to be paid of it."""
    NAME = "name"
    """The payer has the buyer's name."""


class Proposal(Struct, frozen=True):
    """An invoice that a deposit might be for, and why."""

    invoice: Owed
    why: tuple[Likeness, ...]

    @property
    def is_sure(self) -> bool:
        """Whether the payer said so: the reference is its own."""
        return Likeness.REFERENCE in self.why
