"""Wishes and spill-over on the map, gathered into spots and scored. Pure.

Score of a spot = its wishes (each driver counts once) + refusals a month of sites near by × e^(−distance / 1.5 km).
A refusal is counted where a site saw all its outlets taken, as its bottlenecks say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import asin, cos, exp, radians, sin, sqrt
from typing import Final
from uuid import UUID

from msgspec import Struct

CELL_DEG: Final = 0.01  # about 1.1 km from south to north
FADES_KM: Final = 1.5  # how far drivers go for a charger falls off within a few kilometres
NEAR_KM: Final = 6.0
EARTH_KM: Final = 6_371.0
NAMED_FROM: Final = 3  # drivers: the words of fewer, often one's own street, may tell who they are
STATES: Final = ("new", "considered", "built", "declined")


class Wish(Struct, frozen=True, kw_only=True):
    """A driver's request for a charger at a place."""

    id: UUID
    at: datetime
    who: str
    """The same for the same driver, as far as is known."""
    place: str
    note: str
    latitude: float | None
    longitude: float | None
    state: str
    decided_by: str = ""
    decided_at: datetime | None = None


class Spill(Struct, frozen=True, kw_only=True):
    """A site that sends drivers away."""

    site_id: UUID
    site_name: str
    latitude: float
    longitude: float
    refused_month: float


class Spot(Struct, frozen=True, kw_only=True):
    """A part of the map where a charger is wanted: its middle, or the site that sends drivers away."""

    latitude: float
    longitude: float
    wishes: tuple[Wish, ...]
    drivers: int
    spills: tuple[tuple[Spill, float], ...]
    """Sites near by with their distance in km, the nearest first."""
    spilled: float
    """Refusals a month that may come here instead."""

    @property
    def score(self) -> float:
        """How much a charger is wanted here."""
        return self.drivers + self.spilled

    @property
    def place(self) -> str:
        """What people call it, in the words of the newest wish; '' where there is none."""
        return self.wishes[0].place if self.wishes else ""

    @property
    def place_of_several(self) -> str:
        """The same for who does not see the wishes themselves; '' where too few drivers wish."""
        return self.place if self.drivers >= NAMED_FROM else ""


def spots(wishes: Sequence[Wish], spills: Sequence[Spill]) -> list[Spot]:
    """Return the spots, the most wanted first. Wishes that were built or declined do not count, nor those nowhere."""
    cells: dict[tuple[int, int], list[Wish]] = {}
    for wish in wishes:
        if wish.state in ("new", "considered") and wish.latitude is not None and wish.longitude is not None:
            cell = int(wish.latitude // CELL_DEG), int(wish.longitude // (CELL_DEG * 2))
            cells.setdefault(cell, []).append(wish)
    found = [
        _spot(inside, spills, ((south + 0.5) * CELL_DEG, (west + 0.5) * CELL_DEG * 2))
        for (south, west), inside in cells.items()
    ]
    for spill in spills:
        if spill.refused_month >= 1 and not any(_km(spill, one.latitude, one.longitude) < 1.0 for one in found):
            found.append(_spot([], spills, (spill.latitude, spill.longitude)))
    return sorted(found, key=lambda one: (-one.score, one.latitude, one.longitude))


def _spot(wishes: Sequence[Wish], spills: Sequence[Spill], at: tuple[float, float]) -> Spot:
    near = sorted(((one, _km(one, *at)) for one in spills), key=lambda pair: pair[1])
    near = [(one, away) for one, away in near if away <= NEAR_KM and one.refused_month > 0]
    return Spot(
        latitude=at[0], longitude=at[1], wishes=tuple(sorted(wishes, key=lambda one: one.at, reverse=True)),
        drivers=len({one.who for one in wishes}), spills=tuple(near),
        spilled=sum(one.refused_month * exp(-away / FADES_KM) for one, away in near),
    )  # fmt: skip


def _km(site: Spill, latitude: float, longitude: float) -> float:
    """Return the way between two places over the ground, as the crow flies."""
    south, north = radians(site.latitude), radians(latitude)
    east = radians(longitude - site.longitude)
    part = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(part))
