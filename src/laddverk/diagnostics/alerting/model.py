"""Words of alerting: people on call, the chain, and messages."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import IncidentId


class Channel(StrEnum):
    """How somebody is told."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"
    PUSH = "push"
    """A notification in the browsers that a person has let be told."""


class What(StrEnum):
    """What somebody is told."""

    OPENED = "opened"
    ESCALATED = "escalated"
    """Nobody answered, or it goes on for long."""
    CLOSED = "closed"
    TEST = "test"


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who can be on call."""

    id: UUID
    name: str
    email: str = ""
    phone: str = ""
    """E.164, `+46…`."""
    language: str = "sv"
    quiet_from: time | None = None
    """Local; safety heeds no quiet hours."""
    quiet_until: time | None = None


class Step(Struct, frozen=True, kw_only=True):
    """One level of the chain: its people take turns, and after `wait_minutes` without an answer the next is called."""

    level: int
    people: tuple[UUID, ...]
    days_each: int
    starts_on: date
    """The first day of the first in `people`."""
    handover_time: time
    """Local."""
    wait_minutes: int


class Swap(Struct, frozen=True, kw_only=True):
    """Somebody takes over a level for a while."""

    id: UUID
    level: int
    person_id: UUID
    from_at: datetime
    until_at: datetime
    author: str = ""


class Webhook(Struct, frozen=True, kw_only=True):
    """An address of a program that is told. Its secret is made from our key and stored nowhere."""

    id: UUID
    url: str
    note: str = ""
    created_at: datetime


class Alert(Struct, frozen=True, kw_only=True):
    """One message."""

    id: UUID
    incident_id: IncidentId | None
    person_id: UUID | None = None
    webhook_id: UUID | None = None
    channel: Channel
    level: int = 1
    what: What
    body: str = ""
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None = None
    provider_ref: str = ""
    error: str = ""
    attempts: int = 0
    acknowledged_at: datetime | None = None
