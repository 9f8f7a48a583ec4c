"""The interface between the house and any payment provider: a few verbs, whole states back, two ways to fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Problem
from laddverk.payments.disputes.model import DisputeSeen, Evidence
from laddverk.payments.model import Card, Payment, Refund, RefundState, Snapshot, WebhookEvent
from laddverk.payments.payouts.model import ItemSeen, PayoutSeen


class Unanswered(Exception):
    """A call had no answer that says what became of it: it may have been done. Ask before trying anything else."""


class Refused(Exception):
    """The provider said no, and nothing was done."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Forged(Problem):
    """A webhook without a good and recent signature. It had no effect."""

    status = 400
    code = "bad_signature"


class Order(Struct, frozen=True, kw_only=True):
    """What is to be paid, or which card is to be saved (an amount of 0)."""

    payment_id: PaymentId
    currency: str
    amount_minor: int
    capture_at_once: bool
    return_url: str
    """Where the person comes back to, paid or not; the page there asks us, never the address."""
    description: str
    page_until: datetime
    """When a hosted page closes by itself; the same on every call, for providers compare repeated calls."""
    language: str = "sv"
    customer_ref: str | None = None
    email: str | None = None


class HostedPage(Struct, frozen=True):
    """A page of the provider where a person pays."""

    url: str
    checkout_ref: str
    provider_ref: str | None = None


class RefundSeen(Struct, frozen=True):
    """What the provider says of one refund."""

    state: RefundState
    provider_ref: str | None = None
    failure_text: str | None = None


class PaymentProvider(Protocol):
    """Moves money. Every verb may be repeated with the same payment: keys are made from our own ids.

    All raise `Unanswered` when nobody knows what became of the call, and `Refused` when nothing was done.
    """

    name: str

    def smallest_minor(self, currency: str) -> int:
        """Return the smallest amount it can capture."""
        ...

    async def checkout(self, order: Order) -> HostedPage:
        """Return a page on which a person authorises (or pays at once, or saves a card)."""
        ...

    async def charge(self, order: Order, card: Card) -> Snapshot:
        """Authorise, or with `capture_at_once` take, an amount from a saved card while nobody is there.

        A card that is declined, or would need its holder, comes back as failed.
        """
        ...

    async def capture(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Take `amount_minor` of what is authorised; the rest is released."""
        ...

    async def cancel(self, payment: Payment) -> Snapshot:
        """Release what is authorised, or close the page that nobody paid on."""
        ...

    async def refund(self, payment: Payment, refund: Refund) -> RefundSeen:
        """Give `refund.amount_minor` back."""
        ...

    async def refunded(self, payment: Payment, refund_id: UUID) -> RefundSeen | None:
        """Return what became of a refund of ours; None when the provider never heard of it."""
        ...

    async def fetch(self, payment: Payment, customer_ref: str | None) -> Snapshot | None:
        """Return how the provider sees a payment, found by its references or by our id; None when it knows none."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> WebhookEvent:
        """Return what a webhook is about. Raises `Forged` unless its signature is good and less than 5 minutes old.

        Header names are given in lower case.
        """
        ...


@runtime_checkable
class Raises(Protocol):
    """A provider that can reserve more on top of what is authorised (incremental authorisation)."""

    async def raise_to(self, payment: Payment, amount_minor: int) -> Snapshot:
        """Reserve `amount_minor` in all. Raises as the verbs of `PaymentProvider`; refused, the old amount stays."""
        ...


@runtime_checkable
class Disputes(Protocol):
    """A provider whose payers can dispute a payment with their bank."""

    async def disputes(self, payment: Payment) -> list[DisputeSeen]:
        """Return how all disputes of a payment stand."""
        ...

    async def answer_dispute(self, ref: str, evidence: Evidence) -> DisputeSeen:
        """Send evidence, once and for good; return how the dispute stands then."""
        ...

    async def accept_dispute(self, ref: str) -> DisputeSeen:
        """Give in; return how the dispute stands then: lost."""
        ...


@runtime_checkable
class PaysOut(Protocol):
    """A provider that gathers money and pays it to our bank account."""

    name: str

    async def payouts(self, since: datetime) -> list[PayoutSeen]:
        """Return the payouts made since an instant, the newest first."""
        ...

    async def payout_items(self, ref: str) -> list[ItemSeen]:
        """Return all that a payout is made of."""
        ...
