"""Words of disputes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import DisputeId, PaymentId


class DisputeState(StrEnum):
    """Where a dispute stands, in the order in which it can only go forward."""

    INQUIRY = "inquiry"
    """The bank asks; no money is taken yet."""
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    CLOSED = "closed"
    """An inquiry that came to nothing."""
    LOST = "lost"
    WON = "won"


OVER: Final = frozenset({DisputeState.CLOSED, DisputeState.LOST, DisputeState.WON})
ANSWERABLE: Final = frozenset({DisputeState.INQUIRY, DisputeState.NEEDS_RESPONSE})


class DisputeSeen(Struct, frozen=True, kw_only=True):
    """What a provider says of one dispute now: the whole state. Amounts are sums, in minor units."""

    provider_ref: str
    state: DisputeState
    reason: str
    currency: str
    amount_minor: int
    withdrawn_minor: int = 0
    returned_minor: int = 0
    fee_minor: int = 0
    fee_back_minor: int = 0
    due_at: datetime | None = None
    evidence_sent: bool = False
    opened_at: datetime


class Dispute(Struct, frozen=True, kw_only=True):
    """One dispute as it is kept."""

    id: DisputeId
    payment_id: PaymentId
    provider: str
    provider_ref: str
    state: DisputeState
    reason: str
    currency: str
    amount_minor: int
    withdrawn_minor: int = 0
    returned_minor: int = 0
    fee_minor: int = 0
    fee_back_minor: int = 0
    lost_minor: int = 0
    due_at: datetime | None = None
    evidence_at: datetime | None = None
    evidence_by: str | None = None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is not over yet."""
        return self.state not in OVER

    @property
    def held_minor(self) -> int:
        """What is withdrawn and neither returned nor written off."""
        return self.withdrawn_minor - self.returned_minor - self.lost_minor


class Evidence(Struct, frozen=True, kw_only=True):
    """What is sent to the bank of the card holder."""

    text: str
    """In words: what was delivered, when, and how the price was known."""
    service_date: str
    customer_name: str = ""
    customer_email: str = ""
    document: bytes = b""
    """A PDF."""
    document_name: str = "evidence.pdf"
