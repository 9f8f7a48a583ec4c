"""Words of teams."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from msgspec import Struct

MEMBERS_MAX: Final = 200


class Team(Struct, frozen=True, kw_only=True):
    """People who share cases. New cases of its kinds and at its sites come to it; what is empty is all."""

    id: UUID
    name: str
    lead_id: UUID | None = None
    """Who is told when a promise is broken."""
    members: tuple[UUID, ...] = ()
    kinds: tuple[str, ...] = ()
    site_ids: tuple[UUID, ...] = ()
    takes_turns: bool = False
    """New cases go round its members."""
    last_given_id: UUID | None = None


class Person(Struct, frozen=True):
    """Somebody of ours who can have cases."""

    id: UUID
    name: str
    email: str
    language: str | None
