"""Words of reconciliation: a payment as four sides see it, flows, and differences."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import PaymentId


class Kind(StrEnum):
    """What does not agree. The words for people, and what to do, are the console's."""

    LEDGER = "ledger"
    """The ledger has another amount for a payment than the payment itself."""
    PROVIDER = "provider"
    """The provider has taken or given back another amount than we have."""
    UNKNOWN = "unknown"
    """The provider knows of no such payment, and we count it as taken."""
    LATE = "late"
    """Taken long ago, and in no payout yet."""
    BANK = "bank"
    """The bank's files say another amount than we have."""
    PAYOUT = "payout"
    """A payout is not the sum of what is in it."""
    BANK_LINE = "bank_line"
    """A line of a bank's file belongs to nothing we know."""
    ASIDE = "aside"
    """Money on the bank account that nobody knows the purpose of."""
    OVERPAID = "overpaid"
    """More was paid on an invoice than it asked for."""


class SideBySide(Struct, frozen=True, kw_only=True):
    """One payment as we, its provider, the bank and the ledger see it. Minor units; None: that side was not heard."""

    id: PaymentId
    rail: str
    currency: str
    taken_at: datetime
    captured_minor: int
    refunded_minor: int
    ledger_minor: int
    """What stands on the account where the rail's money arrives: taken less given back."""
    is_known: bool | None
    """Whether the provider knows it; None: not asked since it last moved."""
    seen_captured_minor: int | None
    seen_refunded_minor: int | None
    bank_minor: int | None
    """What came to the bank account for it, less what went back."""
    fee_minor: int = 0
    """What the provider kept of it before it paid out."""
    undisputed: bool = True

    @property
    def net_minor(self) -> int:
        """What we say was taken and not given back."""
        return self.captured_minor - self.refunded_minor


class Flow(Struct, frozen=True, kw_only=True):
    """The payments of a rail that were taken in a span of days, as each side sees them. Minor units."""

    rail: str
    currency: str
    payments: int
    captured_minor: int
    refunded_minor: int
    ledger_minor: int
    asked: int
    """Of how many the provider was asked since they last moved."""
    seen_minor: int
    """What the provider says of those: taken less given back."""
    asked_minor: int
    """What we say of those."""
    arrived: int
    """Of how many the bank was heard."""
    bank_minor: int
    fee_minor: int

    @property
    def net_minor(self) -> int:
        """What we say was taken and not given back."""
        return self.captured_minor - self.refunded_minor


class Difference(Struct, frozen=True, kw_only=True):
    """Where two sides disagree. `ours_minor` is what we have, `theirs_minor` what the other side has."""

    kind: Kind
    rail: str
    subject_kind: str
    subject_id: UUID
    payment_id: PaymentId | None
    label: str
    currency: str
    ours_minor: int
    theirs_minor: int

    @property
    def key(self) -> str:
        """What makes it the same difference when it is found again."""
        return f"{self.kind}:{self.subject_id}:{self.label}" if self.kind is Kind.BANK_LINE else self.short_key

    @property
    def short_key(self) -> str:
        """The key where a subject has one difference of a kind at most."""
        return f"{self.kind}:{self.subject_id}"


class DifferenceRow(Struct, frozen=True, kw_only=True):
    """A difference as it is kept."""

    key: str
    kind: str
    rail: str
    subject_kind: str
    subject_id: UUID
    payment_id: UUID | None
    label: str
    currency: str
    ours_minor: int
    theirs_minor: int
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    explained_at: datetime | None
    explained_by: str
    explained_why: str

    @property
    def amount_minor(self) -> int:
        """How far the two sides are apart: ours less theirs."""
        return self.ours_minor - self.theirs_minor


class Span(Struct, frozen=True):
    """Local days, both inclusive, as instants: from `since` to before `until`."""

    since: datetime
    until: datetime
    first: date
    last: date


class RunRow(Struct, frozen=True, kw_only=True):
    """One comparison: when, by whom, and what it found."""

    made_at: datetime
    made_by: str
    payments: int
    differences: int
    fresh: int
