"""The words that the physics of a site shares."""

from __future__ import annotations

from typing import Final

PerPhase = tuple[float, float, float]
"""Amperes on L1, L2 and L3 of the grid."""
NOTHING: Final[PerPhase] = (0.0, 0.0, 0.0)
CURRENT_MIN_A: Final = 6.0  # IEC 61851: no car charges with less
