"""How much intervals of stays must be widened to hold as often as they say: from stays that are over. Pure.

Each of the latest stays is forecast from what had ended before it came, as it would have been then; what those
forecasts missed by widens the next ones (split conformal prediction).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from msgspec import Struct

from laddverk.energy.planning_ahead.forecasting import OWN_MIN, Source, Stays, score, stay, widened

CALIBRATED_ON: Final = 150  # stays: a rank of 120 of them is steady, and a site's forecasts take some 20 ms
NOT_WIDENED: Final = (0.0, 0.0)


class Ended(Struct, frozen=True):
    """A stay that is over."""

    who: str
    began_at: datetime
    ended_at: datetime
    hour_of_week: float
    hours: float
    energy_kwh: float


def widenings(ended: Sequence[Ended]) -> dict[Source, tuple[float, float]]:
    """Return by source of the forecast by how many hours and kWh its intervals are to be widened (or narrowed).

    With fewer than twenty scores of a source its intervals stay as they are.
    """
    if not ended:
        return {}
    ordered = sorted(ended, key=lambda each: each.ended_at)
    table = Stays(*(np.array([getattr(each, name) for each in ordered]) for name in Stays.__struct_fields__))
    ends = np.array([each.ended_at.timestamp() for each in ordered])
    whos = np.array([each.who for each in ordered])
    scores: dict[Source, tuple[list[float], list[float]]] = {}
    for each in sorted(ended, key=lambda one: one.began_at)[-CALIBRATED_ON:]:
        known = ends <= each.began_at.timestamp()
        own = known & (whos == each.who) if each.who else np.zeros(len(ends), dtype=bool)
        intervals = stay(_only(table, own), _only(table, known), each.hour_of_week)
        if intervals[0].source is Source.NOTHING:
            continue
        kept = scores.setdefault(intervals[0].source, ([], []))
        for into, interval, truth in zip(kept, intervals, (each.hours, each.energy_kwh), strict=True):
            into.append(score(interval, truth))
    return {source: (widened(hours), widened(energy)) for source, (hours, energy) in scores.items()}


def widening_of(own: Stays, known: Mapping[Source, tuple[float, float]]) -> tuple[float, float]:
    """Return the widening of the forecast that `stay` makes where a user's own past is `own`."""
    return known.get(Source.OWN_HABIT if len(own) >= OWN_MIN else Source.EVERYBODY, NOT_WIDENED)


def _only(past: Stays, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Stays:
    return Stays(past.hour_of_week[which], past.hours[which], past.energy_kwh[which])
