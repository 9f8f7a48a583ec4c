"""What is understood and kept, and has no fact of its own."""

from __future__ import annotations

from typing import Any

from laddverk.ocpp.facts.base import Fact


class OtherReported(Fact, frozen=True, kw_only=True):
    """A message that is understood, answered and kept, and that no room acts on yet."""

    action: str
    payload: dict[str, Any]
