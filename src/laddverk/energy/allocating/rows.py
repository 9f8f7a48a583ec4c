"""The limits of a situation as rows of numbers: each row is one phase of one branch, and who loads it by how much.

On a star, and where nothing is known of angles, currents add as amounts. On a delta, currents of one line that are up
to 60° apart add as vectors: their sum is held inside a polygon that lies within the circle of the limit, one row for
each of its sides. All weights of a row are positive, so a car that draws less than it may never raises a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import cos, radians
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from laddverk.energy.allocating.model import Branch, Demand

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PHASES: Final = 3
DIRECTIONS_DEG: Final = (-30.0, -22.5, -15.0, -7.5, 0.0, 7.5, 15.0, 22.5, 30.0)
"""The sides of the polygon; seven and a half degrees apart they give away 0.2 % of the limit."""
INSIDE: Final = cos(radians(3.75))  # the polygon's corners lie on the circle
NOWHERE: Final = -1


class Rows(NamedTuple):
    """`demands` are n, `limit_a` has r rows; `row_of` and `load` are n x k: where a demand weighs, and how much."""

    limit_a: Floats
    row_of: Ints
    """Rows a demand loads; r itself, a row without limit, where there is none."""
    load: Floats
    """What an ampere of the demand's limit puts on that row."""
    directions: int
    """How many rows each phase of a branch has."""

    def branch_and_phase(self, row: int) -> tuple[int, int]:
        """Return the place of a row's branch, and its phase as 1, 2 or 3."""
        phase_row = row // self.directions
        return phase_row // PHASES, phase_row % PHASES + 1

    def loaded(self, current_a: Floats) -> Floats:
        """Return what currents of the demands put on each row."""
        of_pairs = (self.load * current_a[:, None]).ravel()
        sums = np.bincount(self.row_of.ravel(), weights=of_pairs, minlength=len(self.limit_a) + 1)
        return sums[:-1].astype(np.float64, copy=False)

    def loaded_by_each(self) -> list[list[tuple[int, float]]]:
        """Return for each demand the rows that it loads, and what an ampere of it puts there."""
        ones, columns = np.nonzero(self.load)
        pairs = list(zip(self.row_of[ones, columns].tolist(), self.load[ones, columns].tolist(), strict=True))
        bounds = np.searchsorted(ones, np.arange(len(self.load) + 1)).tolist()
        return [pairs[begins:ends] for begins, ends in pairwise(bounds)]


def rows_of(branches: Sequence[Branch], demands: Sequence[Demand]) -> Rows:
    """Return the rows of a tree. Raises ValueError when a parent does not stand before its child, or a branch lacks."""
    above = _with_ancestors(branches)
    depth = max(map(len, above), default=1)
    ancestors = np.full((len(branches) + 1, depth), NOWHERE)
    for place, line in enumerate(above):
        ancestors[place, : len(line)] = line
    places = np.array([demand.branch for demand in demands], dtype=np.int64)
    if len(places) and not (places.min() >= 0 and places.max() < len(branches)):
        raise ValueError("a demand hangs on a branch that does not exist")

    limits = np.array([branch.limit_a for branch in branches], dtype=np.float64).reshape(-1)
    limits = np.where(limits > 0, limits, 0.0)  # what is no number lets nothing through
    use = np.array([demand.use_a for demand in demands], dtype=np.float64).reshape(-1, PHASES)
    weights, directions = _weights(use, demands)
    if directions > 1:
        limits = np.repeat(limits * INSIDE, directions)

    phase_rows = np.arange(PHASES * directions)
    circuits = ancestors[places]
    row_of = (circuits[:, :, None] * (PHASES * directions) + phase_rows).reshape(len(places), -1)
    load = np.broadcast_to(weights[:, None, :], (len(places), depth, PHASES * directions)).reshape(len(places), -1)
    absent = (row_of < 0) | (load <= 0)
    return Rows(
        limit_a=limits, row_of=np.where(absent, len(limits), row_of), load=np.where(absent, 0.0, load),
        directions=directions,
    )  # fmt: skip


def _with_ancestors(branches: Sequence[Branch]) -> list[tuple[int, ...]]:
    """Return each branch's own place and those of all above it."""
    lines: list[tuple[int, ...]] = []
    for place, branch in enumerate(branches):
        if not NOWHERE <= branch.parent < place:
            raise ValueError("a branch stands before its parent")
        lines.append((place, *lines[branch.parent]) if branch.parent >= 0 else (place,))
    return lines


def _weights(use: Floats, demands: Sequence[Demand]) -> tuple[Floats, int]:
    """Return what an ampere weighs on each phase and direction (n x 3d), and how many directions there are."""
    angles = [demand.angle_deg for demand in demands]
    if all(angle is None for angle in angles):
        return use, 1
    known = np.array([angle is not None for angle in angles])
    leads = np.radians(np.array([angle or (0.0, 0.0, 0.0) for angle in angles], dtype=np.float64))
    apart = np.cos(leads[:, :, None] - np.radians(DIRECTIONS_DEG))
    weights = use[:, :, None] * np.where(known[:, None, None], np.maximum(apart, 0.0), 1.0)
    return weights.reshape(len(use), -1), len(DIRECTIONS_DEG)
