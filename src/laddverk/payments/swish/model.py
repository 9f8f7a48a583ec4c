"""Words of Swish: one request in a payer's app, and what a page shows of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import PaymentId


class Kind(StrEnum):
    """How a request reaches the payer."""

    TOKEN = "token"  # noqa: S105 - a kind of request, no secret
    """A link on the phone, a QR code beside it (m-commerce)."""
    PHONE = "phone"
    """It appears in the app of a phone number (e-commerce)."""
    CONSENT = "consent"
    """A consent to be debited later, by a token."""


class Stage(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    """Written down; whether Swish has it is not known yet."""
    OPEN = "open"
    PAID = "paid"
    """Paid; of a consent: given."""
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Attempt(Struct, frozen=True, kw_only=True):
    """One request in the payer's app. Its id is the instruction id at Swish."""

    id: UUID
    payment_id: PaymentId
    number: int
    kind: Kind
    state: Stage
    token: str = ""
    payer_last4: str = ""
    payer_hash: bytes | None = None
    error_code: str | None = None
    payment_reference: str | None = None
    created_at: datetime
    looked_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it may still be paid, as far as we know."""
        return self.state in (Stage.ASKED, Stage.OPEN)
