"""How many outlets stood there at any time: what use is measured against, over any stretches at once. Pure."""

from __future__ import annotations

import numpy as np

from laddverk.planning.usage.censoring import Numbers
from laddverk.planning.usage.figures import HOUR_S
from laddverk.planning.usage.queries import Stood


class Park:
    """Outlets that open and close, with their rated power. Instants are seconds since 1970."""

    def __init__(self, stood: Stood) -> None:
        self._power_w = stood.power_w
        self._opened_s, self._closed_s = stood.opened_s, np.maximum(stood.closed_s, stood.opened_s)
        closes = np.isfinite(self._closed_s)
        at = np.concatenate([self._opened_s, self._closed_s[closes]])
        order = np.argsort(at, kind="stable")
        self._at = at[order]
        self._zero = float(self._at[0]) if len(self._at) else 0.0  # near it the sums lose no digits
        ports = np.concatenate([np.ones_like(stood.power_w), -np.ones_like(stood.power_w[closes])])[order]
        watts = np.concatenate([stood.power_w, -stood.power_w[closes]])[order]
        # Since each change: of how many, and of how many at which instants. The time up to t is n × t less the latter.
        self._sums = [(np.cumsum(part), np.cumsum(part * (self._at - self._zero))) for part in (ports, watts)]

    def stood(self, since_s: Numbers, until_s: Numbers) -> tuple[Numbers, Numbers]:
        """Return for each stretch how long outlets stood there, seconds, and what rated power would have given, Wh.

        A stretch that ends before it begins is none.
        """
        until_s = np.maximum(since_s, until_s)
        ports, watts = (self._up_to(part, until_s) - self._up_to(part, since_s) for part in range(2))
        return ports, watts / HOUR_S

    def rated_w(self, since_s: float, until_s: float) -> float:
        """Return the rated power of all that stood there at any time between two instants."""
        return float(self._power_w[(self._opened_s < until_s) & (self._closed_s > since_s)].sum())

    def _up_to(self, part: int, at_s: Numbers) -> Numbers:
        count, since = self._sums[part]
        place = np.searchsorted(self._at, at_s, side="right") - 1
        if not len(self._at):
            return np.zeros_like(at_s)
        return np.where(place >= 0, count[place] * (at_s - self._zero) - since[place], 0.0)
