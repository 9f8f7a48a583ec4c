"""Words of prepaid cards."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import DriverId


class VoucherPurpose(StrEnum):
    """What a card can pay for decides when its VAT falls due."""

    MULTI = "multi"
    """Several things or rates: VAT when it is used."""
    SINGLE = "single"
    """Charging in Sweden at one rate only: VAT when it is sold."""


class CardState(StrEnum):
    """Where a card stands. A made card is worth nothing until it is activated, when it is sold."""

    MADE = "made"
    ACTIVE = "active"
    REDEEMED = "redeemed"
    BLOCKED = "blocked"
    EXPIRED = "expired"


class NewBatch(Struct, frozen=True, kw_only=True):
    """Cards to be made: how many, of what value each."""

    name: str
    cards: int
    amount_minor: int
    currency: str = "SEK"
    purpose: VoucherPurpose = VoucherPurpose.MULTI
    vat_percent: Decimal = Decimal(25)
    expires_on: date | None = None


class Batch(NewBatch, frozen=True, kw_only=True):
    """Cards that were made together."""

    id: UUID
    created_at: datetime
    created_by: str


class PrepaidCard(Struct, frozen=True, kw_only=True):
    """One card, with what its batch says of it."""

    id: UUID
    batch_id: UUID
    place: int
    code_end: str
    state: CardState
    amount_minor: int
    currency: str
    purpose: VoucherPurpose
    vat_percent: Decimal
    expires_on: date | None
    driver_id: DriverId | None = None
    redeemed_at: datetime | None = None


class Printed(Struct, frozen=True):
    """One line of a sheet."""

    place: int
    code: str
