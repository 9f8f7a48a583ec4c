"""Words of text messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

BODY_MAX: Final = 1_600  # ten parts: what carriers join; a page's address belongs into what is longer


class Direction(StrEnum):
    """Which way a text goes."""

    OUT = "out"
    IN = "in"


class Text(Struct, frozen=True, kw_only=True):
    """A text message as it is kept."""

    id: UUID
    direction: Direction
    phone: str
    """E.164: the receiver's of one that goes out, the sender's of one that came."""
    body: str
    created_at: datetime
    case_id: UUID | None = None
    unique_key: str | None = None
    reference: str = ""
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    error: str = ""
    attempts: int = 0
