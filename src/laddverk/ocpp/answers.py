"""Answers: what the rooms decide about a fact that waits for one. `translate` makes messages of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from laddverk.ocpp.certificate_answers import (
    CertificateStatusAnswer,
    ChainStatusAnswer,
    ContractAnswer,
    EvCertificateAnswer,
    SigningAnswer,
)
from laddverk.ocpp.facts.payment import Company
from laddverk.ocpp.facts.smart_charging import ScheduleUpdate


class Authorisation(StrEnum):
    """What we say of a token: the words of OCPP 1.6, a subset of those of 2.x."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT = "ConcurrentTx"


class Registration(StrEnum):
    """What we say to a charger that boots."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class BootAnswer(Struct, frozen=True):
    """Accept or not, and how many seconds between heartbeats (or until the next try)."""

    registration: Registration = Registration.ACCEPTED
    interval_s: int = 300


class AuthorisationAnswer(Struct, frozen=True):
    """Whether a token may charge, until when the charger may remember it, and its group."""

    authorisation: Authorisation
    valid_until: datetime | None = None
    """Until when the charger may remember this answer; it may for as long as it likes when None."""
    group_token: str | None = None
    """The group whose other members may stop the session."""
    language: str | None = None
    """The driver's language, for the charger's display (2.x)."""
    evse_numbers: tuple[int, ...] = ()
    """The only EVSEs of the charger where the token is good; empty: all (2.x)."""
    message: str | None = None
    """What the display says to the driver, in their language (2.x)."""


class StartAnswer(Struct, frozen=True):
    """What a started (or updated, or ended) session is told: our number for it, the token's standing, the cost."""

    transaction_number: int = 0
    authorisation: AuthorisationAnswer | None = None
    """None when the fact carried no token."""
    total_cost: float | None = None
    """Running or final cost in major units for the charger's display (2.x totalCost)."""
    message: str = ""
    """The same in words, for the display (2.x updatedPersonalMessage)."""
    message_language: str = ""
    cost_limit: float | None = None
    """The most that this session may cost, in major units (2.1 transactionLimit)."""


class CostAnswer(Struct, frozen=True):
    """What a session costs with the readings that its charger has just sent, for the charger's display (2.x)."""

    total_cost: float
    """Major units."""
    message: str = ""
    message_language: str = ""


class VendorAnswer(Struct, frozen=True):
    """Answer to a DataTransfer: Accepted, Rejected, UnknownMessageId or UnknownVendorId."""

    status: str = "UnknownVendorId"
    data: Any = None


class StreamAnswer(Struct, frozen=True):
    """Whether a charger may stream the values of a monitor to us (2.1)."""

    accepted: bool = True


class NeedsAnswer(Struct, frozen=True):
    """What becomes of a car's needs: Accepted (a schedule follows), Processing, Rejected or NoChargingProfile (2.1)."""

    status: str = "Rejected"


class PlanAnswer(Struct, frozen=True):
    """Whether the way in which a car means to charge fits what we allow."""

    fits: bool = True


class DynamicLimitAnswer(Struct, frozen=True):
    """The limit of a dynamic profile; None when we have no such profile."""

    update: ScheduleUpdate | None = None


class SettlementAnswer(Struct, frozen=True):
    """A receipt of ours for what a terminal took, where there is one."""

    receipt_id: str | None = None
    receipt_url: str | None = None


class VatAnswer(Struct, frozen=True):
    """Whether a VAT number exists, and whose it is."""

    accepted: bool = False
    company: Company | None = None


Answer = (
    BootAnswer
    | AuthorisationAnswer
    | StartAnswer
    | CostAnswer
    | VendorAnswer
    | StreamAnswer
    | SigningAnswer
    | CertificateStatusAnswer
    | ChainStatusAnswer
    | EvCertificateAnswer
    | ContractAnswer
    | NeedsAnswer
    | PlanAnswer
    | DynamicLimitAnswer
    | SettlementAnswer
    | VatAnswer
)
