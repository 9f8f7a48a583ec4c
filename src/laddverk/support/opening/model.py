"""Words of rules at opening."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct


class LooksAt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which new cases a rule is for. What is empty is all; of what is named, one has to fit."""

    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()
    site_ids: tuple[UUID, ...] = ()
    words: tuple[str, ...] = ()
    """In what was written first, whatever their case."""


class Does(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule does. Of several rules that fit, the first that says something about it is heeded; tags add up."""

    team_id: UUID | None = None
    priority: int | None = None
    promise_id: UUID | None = None
    tags: tuple[str, ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """One rule."""

    id: UUID
    name: str
    position: int = 0
    looks_at: LooksAt = LooksAt()
    does: Does = Does()
