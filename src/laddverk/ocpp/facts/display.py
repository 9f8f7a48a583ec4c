"""Facts about displays (block O), and the words for a message on one, which commands use as well."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class DisplayText(Struct, frozen=True):
    """A text in one language."""

    text: str
    language: str = ""
    """RFC 5646: `sv`, `en`; empty when it was not said."""
    format: str = "UTF8"


class DisplayMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message on a charger's display. Further languages go over the wire in 2.1 only."""

    id: int
    texts: tuple[DisplayText, ...]
    priority: str = "NormalCycle"
    """AlwaysFront, InFront or NormalCycle."""
    state: str | None = None
    """Shown only in this state: Charging, Faulted, Idle, Unavailable; 2.1 also Suspended, Discharging."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    transaction_key: str | None = None
    """Shown only while this session runs."""


class MessagesReported(Fact, frozen=True, kw_only=True):
    """A part of the messages that a charger has."""

    request_id: int
    messages: tuple[DisplayMessage, ...] = ()
    more_follows: bool = False
