"""Whose sessions may be seen."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

Sites = Collection[UUID] | None
"""The only sites that may be seen; None for all."""
