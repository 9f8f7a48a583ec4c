"""What wears by being used: plugs by matings, contactors by switchings, against what they are built for. Pure.

A counter knows no defect: what it says of a year to come is its pace so far, with the interval of a count. Energy has
no published life; it is shown and weighs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import sqrt
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.detectors.wear import LOADED_LIFE, SWITCHINGS_LIFE

MATINGS_LIFE: Final = 10_000  # IEC 62196-1: a plug is tested with so many
SWITCHINGS_OF_SESSION: Final = 2  # it closes and opens, at least: what was charged before we listened counts so
LATELY_DAYS: Final = 90.0
TENTH_SIGMAS: Final = 1.2816  # of a normal distribution: one in ten is beyond
DAYS_PER_YEAR: Final = 365.25


class Used(Struct, frozen=True, kw_only=True):
    """The counters of an outlet."""

    sessions: int
    energy_wh: int
    lately: int
    """Sessions of the last 90 days."""
    switchings: int = 0
    loaded: int = 0
    since: datetime
    """When its charger was registered: nothing was counted before."""


class Worn(Struct, frozen=True, kw_only=True):
    """How far a part is used up."""

    part: str
    """A cause of `stocking.PARTS`."""
    count: int
    life: int
    share: float
    years: float | None
    """Until its life is over at the pace of the last 90 days; None where nobody charges."""
    low_years: float | None
    high_years: float | None


def worn(used: Used) -> tuple[Worn, ...]:
    """Return how far plug and contactor are used up, the plug first."""
    switchings = max(used.switchings, SWITCHINGS_OF_SESSION * used.sessions)
    by_load = used.loaded / LOADED_LIFE > switchings / SWITCHINGS_LIFE
    contactor = (
        _worn("contactor", used.loaded, LOADED_LIFE, used.lately * used.loaded / max(used.sessions, 1), used.lately)
        if by_load
        else _worn("contactor", switchings, SWITCHINGS_LIFE, SWITCHINGS_OF_SESSION * used.lately, used.lately)
    )
    return (_worn("cable_or_plug", used.sessions, MATINGS_LIFE, used.lately, used.lately), contactor)


def _worn(part: str, count: int, life: int, lately: float, sessions: int) -> Worn:
    left = max(0, life - count)
    a_year = lately / LATELY_DAYS * DAYS_PER_YEAR
    share_off = TENTH_SIGMAS / sqrt(sessions) if sessions else 0.0
    slowest = a_year * (1 - share_off)
    return Worn(
        part=part, count=count, life=life, share=count / life, years=left / a_year if a_year else None,
        low_years=left / (a_year * (1 + share_off)) if a_year else None,
        high_years=left / slowest if slowest > 0 else None,
    )  # fmt: skip


def due_within(parts: Sequence[Worn], days: float) -> frozenset[str]:
    """Return the parts whose life ends within `days`, at the pace so far."""
    return frozenset(one.part for one in parts if one.years is not None and one.years * DAYS_PER_YEAR <= days)
