"""A gG fuse after IEC 60269-1: how long it holds a current, and how much of that it has used up. Pure.

The curve is the *lower* edge of the standard's zone: a fuse on the market holds longer. Up to the conventional
non-fusing current (1.25 times its rating) it holds for ever here; at the gates for 10 s and 0.1 s it holds as long as
the standard demands of every fuse; between these points the curve is straight in logarithms.
"""

from __future__ import annotations

from bisect import bisect_left
from math import exp, inf, log
from typing import Final

from msgspec import Struct

NON_FUSING: Final = 1.25  # times the rating: must hold for the conventional time (IEC 60269-1 table 2)
GATES_A: Final[dict[float, tuple[float, float]]] = {
    16: (33, 85), 20: (42, 110), 25: (52, 150), 32: (75, 200), 35: (83, 224), 40: (95, 260), 50: (125, 350),
    63: (160, 450), 80: (215, 610), 100: (290, 820), 125: (355, 1_100), 160: (460, 1_450), 200: (610, 1_910),
    250: (750, 2_590),
}  # fmt: skip
"""By rating: the currents that a fuse must hold for 10 s and for 0.1 s (IEC 60269-1 table 3)."""
COOLS_S: Final = 600.0  # a fuse link and its holder forget a short overload in some ten minutes


def conventional_s(rating_a: float) -> float:
    """Return the conventional time of a rating, in seconds (IEC 60269-1 table 2)."""
    return 3_600.0 * (1 if rating_a <= 63 else 2 if rating_a <= 160 else 3 if rating_a <= 400 else 4)


def gates_a(rating_a: float) -> tuple[float, float]:
    """Return the currents held for 10 s and for 0.1 s; for a rating between the standard ones those of the smaller,
    in proportion.
    """
    known = sorted(GATES_A)
    below = known[max(0, bisect_left(known, rating_a + 1e-9) - 1)]
    ten, tenth = GATES_A[below]
    return ten * rating_a / below, tenth * rating_a / below


class Curve(Struct, frozen=True):
    """The points of a fuse's curve, as logarithms of amperes and seconds."""

    rating_a: float
    points: tuple[tuple[float, float], ...]

    def holds_s(self, current_a: float) -> float:
        """Return for how many seconds a cold fuse holds this current; infinite up to 1.25 times its rating."""
        if current_a <= NON_FUSING * self.rating_a:
            return inf
        wanted = log(current_a)
        for (from_a, from_s), (to_a, to_s) in zip(self.points, self.points[1:], strict=False):
            if wanted <= to_a or (to_a, to_s) == self.points[-1]:
                return exp(from_s + (wanted - from_a) / (to_a - from_a) * (to_s - from_s))
        raise AssertionError("a curve has two points at least")


def curve(rating_a: float) -> Curve:
    """Return the curve of a rating in amperes."""
    ten, tenth = gates_a(rating_a)
    marks = ((NON_FUSING * rating_a, conventional_s(rating_a)), (ten, 10.0), (tenth, 0.1))
    return Curve(rating_a, tuple((log(amperes), log(seconds)) for amperes, seconds in marks))


class Fuse(Struct):
    """One fuse: `used` is the share of its curve that is used up (1 opens it), cooling when the current is low."""

    curve: Curve
    used: float = 0.0
    worst: float = 0.0
    """The highest that `used` ever was."""
    above_rating_as: float = 0.0
    """Ampere-seconds above the rating: allowed by the curve, but counted."""
    above_curve_as: float = 0.0
    """Ampere-seconds above the rating that flowed, or would have, after the curve was used up."""

    @property
    def is_open(self) -> bool:
        """Whether it has opened."""
        return self.worst >= 1.0

    def carry(self, current_a: float, seconds: float) -> None:
        """Let a current flow for a time. An open fuse is told of what would flow, so that the excess is counted."""
        excess_as = max(0.0, current_a - self.curve.rating_a) * seconds
        self.above_rating_as += excess_as
        if self.is_open:
            self.above_curve_as += excess_as
            return
        if current_a <= self.curve.rating_a * NON_FUSING:
            self.used *= max(0.0, 1.0 - seconds / COOLS_S)
            return
        self.used += seconds / self.curve.holds_s(current_a)
        if self.used > self.worst:
            self.worst = self.used
