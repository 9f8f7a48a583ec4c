"""Whose stations may be seen, and what is looked for."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

Sites = Collection[UUID] | None
"""The only sites that may be seen; None for all."""


def as_list(sites: Sites) -> list[UUID] | None:
    """Return `sites` as PostgreSQL takes it."""
    return None if sites is None else list(sites)


def like_text(text: str) -> str:
    """Return `text` so that `%`, `_` and the backslash stand for themselves in LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
