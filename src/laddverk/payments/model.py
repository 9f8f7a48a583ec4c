"""Words of payments: what is to be paid, where it stands, what the outside says, and what is told to others."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId, PaymentMethodId, SessionId


class Purpose(StrEnum):
    """What a payment is for."""

    SESSION = "session"
    INVOICE = "invoice"
    SAVE_CARD = "save_card"
    """No money moves: a card, or a consent to be debited, is kept for later."""
    TOP_UP = "top_up"
    """A driver adds money to what they have with us."""


class State(StrEnum):
    """Where a payment stands, in the order in which it can only go forward.

    `unknown` stands beside that order: the last call had no answer, and the provider must be asked first of all.
    """

    CREATED = "created"
    CHECKOUT = "checkout"
    SUBMITTED = "submitted"
    """In a file to the bank, which answers in days."""
    FAILED = "failed"
    AUTHORISED = "authorised"
    CAPTURING = "capturing"
    CANCELLED = "cancelled"
    CAPTURED = "captured"
    SAVED = "saved"
    UNKNOWN = "unknown"


class Wish(StrEnum):
    """What we want to become of an authorised payment."""

    NOTHING = ""
    CAPTURE = "capture"
    CANCEL = "cancel"


class Payment(Struct, frozen=True, kw_only=True):
    """One payment as we know it. Amounts are in minor units of `currency`."""

    id: PaymentId
    purpose: Purpose
    state: State
    currency: str
    amount_minor: int
    """To authorise."""
    authorised_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    unused_minor: int = 0
    """Of what was captured before a charge: what the charge did not cost. It is owed to the payer until it is back."""
    due_minor: int | None = None
    """What it really cost, known when the session is priced; more than was authorised leaves a shortfall."""
    wish: Wish = Wish.NOTHING
    session_id: SessionId | None = None
    start_request_id: UUID | None = None
    invoice_id: InvoiceId | None = None
    driver_id: DriverId | None = None
    provider: str = "sandbox"
    provider_ref: str | None = None
    checkout_ref: str | None = None
    checkout_url: str = ""
    method_id: PaymentMethodId | None = None
    return_url: str = ""
    failure_code: str | None = None
    failure_text: str | None = None
    created_at: datetime
    updated_at: datetime
    calling_until: datetime | None = None
    """While somebody speaks to the provider about it; one that has passed was left by a process that ended."""

    def is_called(self, now: datetime) -> bool:
        """Return whether somebody speaks to the provider about it just now."""
        return self.calling_until is not None and self.calling_until > now

    @property
    def shortfall_minor(self) -> int:
        """What the session cost beyond what was authorised: a receivable."""
        return max(0, (self.due_minor or 0) - self.captured_minor) if self.state == State.CAPTURED else 0


class Outside(StrEnum):
    """How a provider sees a payment."""

    OPEN = "open"
    """The person is still at it."""
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """Refused for good: an attempt that may be repeated on the hosted page is still open."""
    SAVED = "saved"
    """A card was saved, no money moved."""


class Card(Struct, frozen=True):
    """A saved card by the provider's own ids: never a card number."""

    customer_ref: str
    method_ref: str
    brand: str = ""
    last4: str = ""
    expires: str = ""


class CardUsed(Struct, frozen=True):
    """The card that somebody paid with, as it may be shown to people."""

    brand: str = ""
    last4: str = ""
    wallet: str = ""
    """How it was held out, when not by itself: `apple_pay`, `google_pay`, `link`."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """What a provider says of one payment now: the whole state, never a change."""

    status: Outside
    provider_ref: str | None = None
    checkout_ref: str | None = None
    authorised_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    card: Card | None = None
    used: CardUsed | None = None
    capture_before: datetime | None = None
    """When the provider lets go of what is authorised by itself."""
    can_raise: bool = False
    """More may be asked for on top of what is authorised."""
    failure_code: str | None = None
    failure_text: str | None = None
    has_run_out: bool = False
    """Nobody refused, and nobody paid in time."""


class Checkout(Struct, frozen=True):
    """Where to send a person to pay."""

    payment_id: PaymentId
    url: str


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refund(Struct, frozen=True, kw_only=True):
    """Money that goes back. Requested ones count against what was captured as much as those that succeeded."""

    id: UUID
    payment_id: PaymentId
    amount_minor: int
    state: RefundState
    reason: str
    provider_ref: str | None = None
    created_at: datetime


class Method(Struct, frozen=True, kw_only=True):
    """What a driver can be debited by without being there: a saved card, or a consent given in Swish."""

    id: PaymentMethodId
    driver_id: DriverId
    provider: str
    customer_ref: str
    method_ref: str
    brand: str
    last4: str
    expires: str
    frozen_at: datetime | None = None
    """Since when it is disputed: it is not debited while nobody is there."""


class WebhookEvent(Struct, frozen=True):
    """A message from a provider whose signature was good: which payment to look at again."""

    id: str
    kind: str
    payment_id: PaymentId | None
    provider_ref: str | None
    checkout_ref: str | None
    body: dict[str, Any]
    says: Snapshot | None = None
    """How the payment stood when the message was written, where it tells all of it: it may say nothing new."""


class PaymentAuthorised(Event, frozen=True, kw_only=True):
    """The money for a session is reserved: it may start."""

    payment_id: PaymentId
    start_request_id: UUID | None = None
    amount_minor: int = 0


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """Money was taken."""

    payment_id: PaymentId
    purpose: str
    invoice_id: InvoiceId | None = None
    amount_minor: int = 0


class PaymentFailed(Event, frozen=True, kw_only=True):
    """Nothing will be paid by this payment: refused, given up, or released."""

    payment_id: PaymentId
    purpose: str
    start_request_id: UUID | None = None
    why: str = ""
    """The provider's code, or the state that the payment ended in."""
    has_run_out: bool = False
    """Nobody refused, the time for paying was over."""
    closed_at: datetime | None = None
    """When a page was closed that nobody refused on either: by the payer, or by the clock."""


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """Money went back."""

    payment_id: PaymentId
    purpose: str
    invoice_id: InvoiceId | None = None
    amount_minor: int = 0
