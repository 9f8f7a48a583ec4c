"""Words of subscriptions: plans and their terms, who subscribes, accounts, members, and what is due."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import (
    CustomerAccountId,
    DriverId,
    PlanId,
    PlanVersionId,
    SessionId,
    StationId,
    SubscriptionId,
)


class Audience(StrEnum):
    """Who may choose a plan."""

    PRIVATE = "private"
    COMPANY = "company"


class Terms(Struct, frozen=True, kw_only=True):
    """What a version of a plan costs and gives."""

    fee_minor: int
    """For a calendar month, including VAT."""
    currency: str = "SEK"
    vat_percent: Decimal = Decimal(25)
    included_wh: int = 0
    """In a calendar month, at no further cost."""
    driver_group: str = ""
    """Whose tariffs its drivers get; empty: those they would have without it."""
    binding_months: int = 0
    trial_days: int = 0
    """Free of the fee, at the start."""
    notice_days: int = 0
    audience: Audience = Audience.PRIVATE
    site_ids: tuple[UUID, ...] = ()
    """Where it counts; nothing is everywhere."""
    text: str = ""
    """What it is, in the operator's words."""


class PlanVersion(Struct, frozen=True, kw_only=True):
    """A version of a plan as it is kept. Never changed."""

    id: PlanVersionId
    plan_id: PlanId
    name: str
    number: int
    body: Terms
    created_at: datetime
    withdrawn_at: datetime | None = None

    @property
    def terms(self) -> Terms:
        """What it costs and gives."""
        return self.body


class Kind(StrEnum):
    """How a subscription is on some days."""

    TRIAL = "trial"
    ACTIVE = "active"
    PAUSED = "paused"


class Piece(Struct, frozen=True, order=True):
    """From a day until another (exclusive; None goes on) a subscription was like this."""

    from_day: date
    until_day: date | None
    kind: Kind
    version_id: PlanVersionId


Timeline = tuple[Piece, ...]
"""The pieces of one subscription, in order."""


class State(StrEnum):
    """How a subscription stands on a day."""

    COMING = "coming"
    TRIAL = "trial"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Subscription(Struct, frozen=True, kw_only=True):
    """One subscription with its pieces."""

    id: SubscriptionId
    driver_id: DriverId | None
    account_id: CustomerAccountId | None
    signed_on: date
    bound_until: date | None
    ends_on: date | None
    pieces: Timeline


class FeePart(Struct, frozen=True):
    """What a month's fee is made of: some days under one version."""

    from_day: date
    until_day: date
    version_id: PlanVersionId
    amount_minor: int
    """Its share of the month's fee, which is rounded once."""


class DueFee(Struct, frozen=True, kw_only=True):
    """A part of a month's fee that stands on no invoice yet, with who pays it."""

    subscription_id: SubscriptionId
    month: date
    payer_id: DriverId
    currency: str
    vat_percent: Decimal
    gross_minor: int
    text: str
    """The name of the plan."""
    from_day: date
    until_day: date
    """Exclusive."""


class AccountKind(StrEnum):
    """What an account is."""

    FAMILY = "family"
    COMPANY = "company"


class Account(Struct, frozen=True, kw_only=True):
    """Somebody who pays for several drivers."""

    id: CustomerAccountId
    kind: AccountKind
    name: str
    owner_id: DriverId
    org_number: str = ""
    invoice_email: str = ""
    address: str = ""
    reference: str = ""
    limit_minor: int | None = None
    closed_at: datetime | None = None


class AccountDetails(Struct, frozen=True, kw_only=True):
    """What people enter about an account."""

    kind: AccountKind = AccountKind.FAMILY
    name: str = ""
    org_number: str = ""
    invoice_email: str = ""
    address: str = ""
    reference: str = ""
    limit_minor: int | None = None


class Member(Struct, frozen=True, kw_only=True):
    """A driver whom an account pays for."""

    id: UUID
    account_id: CustomerAccountId
    driver_id: DriverId
    limit_minor: int | None
    shares_places: bool
    left_at: datetime | None


class Invite(Struct, frozen=True, kw_only=True):
    """An invitation to be a member."""

    id: UUID
    account_id: CustomerAccountId
    account_name: str
    kind: AccountKind
    owner_name: str
    email: str
    limit_minor: int | None
    expires_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None


class Asking(Struct, frozen=True):
    """A driver who wants to charge somewhere."""

    driver_id: DriverId
    station_id: StationId
    at: datetime


class Standing(Struct, frozen=True, kw_only=True):
    """What subscriptions and accounts make of a driver at a station."""

    payer_id: DriverId
    """The driver who pays: the owner of the account, or the driver."""
    settlement: str | None = None
    """How the payer pays, when it is somebody else."""
    account_id: CustomerAccountId | None = None
    driver_group: str = ""
    """Whose tariffs count; empty: those of the driver."""
    refused: bool = False
    """The month's limit is reached: no start is let through, and what runs goes on."""


class Payer(Struct, frozen=True, kw_only=True):
    """Who pays for what a driver charges."""

    driver_id: DriverId
    account_id: CustomerAccountId | None = None
    account_name: str = ""
    left_minor: int | None = None
    """What may still be charged for this month before starts are refused; None is no limit."""


class Used(Struct, frozen=True, kw_only=True):
    """A session that is about to be priced, as the room needs it to find what is included."""

    session_id: SessionId
    driver_id: DriverId
    station_id: StationId
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    timezone: str
    is_free: bool = False
    """Its tariff is free: it takes nothing of what is included."""


class Use(Struct, frozen=True, kw_only=True):
    """What a session took of what was included."""

    session_id: SessionId
    ended_at: datetime
    energy_wh: int
    used_wh: int
    voided: bool = False


class Cost(Struct, frozen=True, kw_only=True):
    """What a session came to, for the account that pays for it."""

    session_id: SessionId
    driver_id: DriverId
    station_id: StationId
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    amount_minor: int
    currency: str
    timezone: str


class SubscriberToTell(Event, frozen=True, kw_only=True):
    """Somebody must be told something by mail. Fields of `params` that end in `_on` are dates, as ISO text."""

    recipient: str
    language: str
    template: str
    params: dict[str, Any]
    unique_key: str


class IncludedChanged(Event, frozen=True, kw_only=True):
    """Sessions that have a price take another part of what is included than they did: they are to be priced again."""

    session_ids: tuple[SessionId, ...]


class Holder(Struct, frozen=True, kw_only=True):
    """Who subscribes: one of the two."""

    driver_id: DriverId | None = None
    account_id: CustomerAccountId | None = None


class Change(Struct, frozen=True, tag="change"):
    """A wish for another plan."""

    plan_id: PlanId


class Pause(Struct, frozen=True, tag="pause"):
    """A wish to pause between two days (the second exclusive)."""

    since: date
    until: date


class Resume(Struct, frozen=True, tag="resume"):
    """A wish to end a pause."""


class Cancel(Struct, frozen=True, tag="cancel"):
    """A wish to end it as soon as it may be."""


class Keep(Struct, frozen=True, tag="keep"):
    """A wish to take a cancellation back."""


Wish = Change | Pause | Resume | Cancel | Keep


class MonthSum(Struct, frozen=True):
    """What a month costs and includes before a change and after it."""

    month: date
    before_minor: int
    after_minor: int
    before_wh: int
    after_wh: int


class Intended(Struct, frozen=True, kw_only=True):
    """What a wish comes to, to be read before it is carried out."""

    before: Subscription
    after: Subscription
    counts_from: date
    """The first day that is other than before."""
    months: tuple[MonthSum, ...]
    """This month and the next."""
    currency: str
