"""Words of direct debit: mandates, collections, files to and from banks, and what a bank says in one vocabulary."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import BankFileId, CollectionId, DriverId, InvoiceId, MandateId, PaymentId


class Scheme(StrEnum):
    """How money is collected from bank accounts. Its name is also that of the payment's provider."""

    AUTOGIRO = "autogiro"
    SEPA = "sepa"


CURRENCIES: Final = {Scheme.AUTOGIRO: "SEK", Scheme.SEPA: "EUR"}


class Channel(StrEnum):
    """How a mandate was given."""

    PORTAL = "portal"
    PAPER = "paper"
    INTERNET_BANK = "internet_bank"


class MandateState(StrEnum):
    """Where a mandate stands. It only goes forward: once it is over, a new one with a new number is needed."""

    INVITED = "invited"
    """The driver has a number to use in the internet bank."""
    REQUESTED = "requested"
    """Goes to the bank with the next file."""
    SENT = "sent"
    ACTIVE = "active"
    CANCELLING = "cancelling"
    """We end it; the bank is told with the next file."""
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Mandate(Struct, frozen=True, kw_only=True):
    """A driver's leave to collect from one bank account."""

    id: MandateId
    scheme: Scheme
    payer_number: str
    driver_id: DriverId
    channel: Channel
    state: MandateState
    holder: str = ""
    account_sealed: bytes | None = None
    account_last4: str = ""
    consent_text: str = ""
    signed_on: date | None = None
    answer_code: str = ""
    answer: str = ""
    deletion_sent: bool = False
    created_at: datetime
    updated_at: datetime


class BankAccount(Struct, frozen=True):
    """What is sealed with a mandate. Autogiro: 16 digits and 12; SEPA: IBAN, and BIC or nothing."""

    account: str
    person: str = ""


class CollectionKind(StrEnum):
    """Whether money is to come or to go."""

    COLLECT = "collect"
    PAYOUT = "payout"


class CollectionState(StrEnum):
    """Where a collection stands, in the order in which it can only go forward. Where money moved, it moved."""

    PLANNED = "planned"
    SENT = "sent"
    CANCELLING = "cancelling"
    RETRYING = "retrying"
    """There was no money; the bank tries again by itself."""
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PAID = "paid"


OPEN: Final = frozenset(
    {CollectionState.PLANNED, CollectionState.SENT, CollectionState.CANCELLING, CollectionState.RETRYING}
)
"""States in which an answer is still to come."""


class Collection(Struct, frozen=True, kw_only=True):
    """One try to take or pay back one amount, by one mandate."""

    id: CollectionId
    kind: CollectionKind
    scheme: Scheme
    mandate_id: MandateId
    payment_id: PaymentId
    refund_id: UUID | None = None
    invoice_id: InvoiceId | None = None
    attempt: int = 1
    reference: str
    amount_minor: int
    currency: str
    due_on: date
    state: CollectionState = CollectionState.PLANNED
    paid_minor: int = 0
    returned_minor: int = 0
    answer_code: str = ""
    answer: str = ""
    file_id: BankFileId | None = None
    cancel_sent: bool = False
    created_at: datetime
    updated_at: datetime


class Verdict(StrEnum):
    """What a bank says of a payment."""

    PAID = "paid"
    RETRYING = "retrying"
    NO_FUNDS = "no_funds"
    ACCOUNT_CLOSED = "account_closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    """Taken back by the payer's bank, days or months after it was paid."""
    NOTED = "noted"
    """Of interest to people, without an effect."""


class PaymentSaid(Struct, frozen=True, kw_only=True):
    """One line of a file from a bank about one payment. `said` is a msgid."""

    line: int
    kind: CollectionKind
    verdict: Verdict
    reference: str
    payer_number: str = ""
    amount_minor: int
    code: str = ""
    said: str = ""
    on: date | None = None


class MandateVerdict(StrEnum):
    """What a bank says of a mandate."""

    STANDS = "stands"
    REFUSED = "refused"
    ENDED = "ended"
    NOTED = "noted"


class MandateSaid(Struct, frozen=True, kw_only=True):
    """One line of a file from a bank about one mandate. `said` is a msgid."""

    line: int
    verdict: MandateVerdict
    payer_number: str
    code: str = ""
    said: str = ""


class MandateOffered(Struct, frozen=True, kw_only=True):
    """A mandate that a payer gave in the internet bank; it must be answered."""

    line: int
    payer_number: str
    account: str
    person: str
    holder: str = ""
    message: str = ""


class DepositSaid(Struct, frozen=True, kw_only=True):
    """A sum that the bank booked on our account: positive came in, negative went out."""

    line: int
    amount_minor: int
    payments: int
    on: date | None = None


Said = PaymentSaid | MandateSaid | MandateOffered | DepositSaid


class BankFile(Struct, frozen=True, kw_only=True):
    """A file to or from a bank, without its content."""

    id: BankFileId
    scheme: Scheme
    direction: str
    number: int | None = None
    name: str
    sha256: str
    size: int
    records: int = 0
    applied: int = 0
    unmatched: int = 0
    copies: int = 1
    fetched_at: datetime | None = None
    made_at: datetime
    made_by: str = ""


class Outcome(StrEnum):
    """What became of a line of a file."""

    APPLIED = "applied"
    KNOWN = "known"
    UNMATCHED = "unmatched"
    NOTED = "noted"


class BankRecord(Struct, frozen=True, kw_only=True):
    """What one line of a file said, and what became of it."""

    line: int
    what: str
    payer_number: str = ""
    reference: str = ""
    amount_minor: int | None = None
    code: str = ""
    said: str = ""
    outcome: Outcome
    collection_id: CollectionId | None = None
    mandate_id: MandateId | None = None


class Imported(Struct, frozen=True):
    """What taking in a file did. `copies` above one: it was known, and nothing happened."""

    file_id: BankFileId
    records: int
    applied: int
    unmatched: int
    copies: int = 1


def event_detail(**given: Any) -> dict[str, Any]:
    """Return what is kept with an event, without what is empty."""
    return {name: value for name, value in given.items() if value not in (None, "")}
