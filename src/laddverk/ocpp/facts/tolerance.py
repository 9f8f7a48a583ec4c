"""What is told of a message itself, beside what it states."""

from __future__ import annotations

from laddverk.ocpp.facts.base import Fact


class MessageBent(Fact, frozen=True, kw_only=True):
    """A message was not as the standard wants it, and was understood all the same: `flags` tell how."""

    action: str
