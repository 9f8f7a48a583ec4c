"""Words of Swish: one request in a payer's app, what a page shows of it, and what Swish tells of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
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


class SwishPayment(Struct, frozen=True, rename="camel"):
    """A payment request or a refund as Swish tells it."""

    id: str
    status: str
    """Payments: CREATED, PAID, DECLINED, ERROR, CANCELLED. Refunds: VALIDATED, DEBITED, PAID, ERROR."""
    amount: Decimal = Decimal(0)
    currency: str = "SEK"
    payment_reference: str | None = None
    payer_alias: str | None = None
    error_code: str | None = None
    error_message: str | None = None


class Payer(Struct, frozen=True):
    """Who gave a consent."""

    alias: str = ""


class Consent(Struct, frozen=True, rename="camel"):
    """A payer's consent to be debited without being asked each time."""

    consent_id: str
    status: str
    """CREATED, ACTIVE, DECLINED, CANCELLED or ERROR."""
    error_code: str | None = None
    payer: Payer | None = None


class ConsentPayment(Struct, frozen=True, rename="camel"):
    """One payment under a consent."""

    payment_id: str
    status: str
    payment_reference: str | None = None
    error_code: str | None = None
    error_message: str | None = None
