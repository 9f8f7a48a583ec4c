"""Answers: what the rooms decide about a fact that waits for one. `translate` makes messages of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


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
    group_token: str | None = None


class StartAnswer(Struct, frozen=True):
    """What a started (or updated, or ended) session is told: our number for it, the token's standing, the cost."""

    transaction_number: int = 0
    authorisation: AuthorisationAnswer | None = None
    """None when the fact carried no token."""
    total_cost: float | None = None
    """Running or final cost in major units for the charger's display (2.x totalCost)."""


class VendorAnswer(Struct, frozen=True):
    """Answer to a DataTransfer: Accepted, Rejected, UnknownMessageId or UnknownVendorId."""

    status: str = "UnknownVendorId"
    data: Any = None


Answer = BootAnswer | AuthorisationAnswer | StartAnswer | VendorAnswer
