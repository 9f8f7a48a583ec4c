"""Words of the ways to pay: the means, a driver's choice, tries that were made, and what holds back new starts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId, PaymentMethodId, SessionId


class WayKind(StrEnum):
    """What a driver pays with."""

    WALLET = "wallet"
    """What they have with us."""
    METHOD = "method"
    """A saved card, or a consent given in Swish."""
    BANK = "bank"
    """The mandate on their account: invoices are collected by file."""
    INVOICE = "invoice"
    """An invoice that they pay by themselves."""


class Way(Struct, frozen=True):
    """One means of one driver."""

    kind: WayKind
    method_id: PaymentMethodId | None = None


class Means(Struct, frozen=True, kw_only=True):
    """A way that a driver has, and whether it does now."""

    way: Way
    provider: str = ""
    brand: str = ""
    last4: str = ""
    expires: str = ""
    stopped_code: str = ""
    """Why it does not any more; empty while it does."""
    balance_minor: int | None = None
    """Of the wallet: what is free to use."""

    @property
    def works(self) -> bool:
        """Whether it may be tried."""
        return not self.stopped_code


class Choice(Struct, frozen=True, kw_only=True):
    """How a driver wants to pay. Without a first way of their own, the newest card does."""

    driver_id: DriverId
    first: Way | None = None
    fallback: Way | None = None
    at_once: bool = False
    """After each charge; else once a month, by the invoice."""
    gather_below_minor: int = 0
    """Sums below this wait for the month's invoice."""
    may_owe: bool | None = None
    """This driver's own rule; None is the operator's."""
    may_start_until: datetime | None = None
    may_start_why: str = ""


class Policy(Struct, frozen=True, kw_only=True):
    """What the operator allows, for all drivers."""

    may_owe: bool = True
    """What could not be debited may go to the driver's next invoice."""
    free_without_energy: bool = True
    """A charge that gave no energy costs nothing: all that was reserved or paid goes back."""
    debit_after_days: int = 2
    """From the day of an invoice to the day it is debited, so that the driver has seen it."""
    hold_without_way: bool = False
    """Hold back starts of drivers who pay at once and have nothing to pay with."""
    hold_overdue_days: int | None = 14
    hold_unpaid_minor: int | None = None


class Verdict(StrEnum):
    """What a decline means for later tries."""

    AGAIN = "again"
    """Another day may be better: no money, a limit, a bank that is down."""
    PERSON = "person"
    """The bank wants to see its customer: no use without them."""
    NEVER = "never"
    """Lost, closed, revoked: this way will not do again."""


class Tried(Struct, frozen=True, kw_only=True):
    """One try as it stands."""

    payment_id: PaymentId
    attempt: int
    round: int
    kind: WayKind
    method_id: PaymentMethodId | None
    state: str
    failure_code: str | None
    made_at: datetime

    @property
    def way(self) -> Way:
        """The way that was tried."""
        return Way(self.kind, self.method_id)


class Debit(Struct, frozen=True, kw_only=True):
    """Where the debit of an invoice stands."""

    invoice_id: InvoiceId
    driver_id: DriverId
    begins_at: datetime
    round: int = 0
    next_at: datetime | None = None
    ended_why: str = ""


class Held(StrEnum):
    """Why new starts wait. The words stand with `access.rules`."""

    NOT = ""
    TO_PAY = "to_pay"
    """A charge could not be debited and is not paid."""
    OVERDUE = "overdue"
    TOO_MUCH = "too_much"
    NO_WAY = "no_way"


class Owing(Struct, frozen=True, kw_only=True):
    """What a driver owes, as the rule for starts needs it."""

    driver_id: DriverId
    held: str = ""
    at_once: bool = False
    sessions_minor: int = 0
    """Charges that are asked for, in whatever currency: any of them counts."""
    unpaid_minor: int = 0
    """Those, and what remains of invoices that are due, as far as it is in the currency of the limit."""
    overdue_since: datetime | None = None
    """When the oldest unpaid invoice fell due that nobody is collecting just now."""
    has_way: bool = True
    may_start_until: datetime | None = None


class Unpaid(Struct, frozen=True, kw_only=True):
    """A charge that the driver is asked to pay."""

    session_id: SessionId
    driver_id: DriverId
    currency: str
    amount_minor: int
    why: str
    since: datetime
    grace_until: datetime | None = None
    """Until then it holds no start back: the bank only wants its customer to confirm."""
