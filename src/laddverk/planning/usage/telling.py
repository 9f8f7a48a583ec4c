"""Every figure by its name: what pages, CSV and the API tell of what was chosen, and of a group. Pure."""

from __future__ import annotations

from typing import Final

from laddverk.planning.usage.figures import FORMULAS, Figures
from laddverk.planning.usage.reading import By, Line, Reading

OF_GROUPS: Final = (
    "began", "energy_wh", "time_utilisation", "able_utilisation", "charging_utilisation", "energy_utilisation",
    "charging_power_w", "sessions_per_port_day", "energy_per_port_day_wh", "stay_s", "session_wh", "idle_share",
    "turnover_per_h", "empty_share", "revenue_minor", "revenue_per_kwh_minor", "revenue_per_port_day_minor",
    "margin_minor",
)  # fmt: skip
"""What is told of a group; the rest is of everything that was chosen together."""
NOT_BY_HOUR: Final = frozenset({"able_utilisation", "revenue_minor", "revenue_per_port_day_minor"})
"""Beside what has no sessions to divide by: what belongs to a session as a whole, or is counted by day, has no hour."""


def of_group(line: Line, by: By) -> dict[str, float | None]:
    """Return each figure of `OF_GROUPS`, in the unit that its name ends in; None where it cannot be said."""
    told = _of(line.figures, line.margin_minor)
    return {name: None if by is By.HOUR and name in NOT_BY_HOUR else value for name, value in told.items()}


def of_all(reading: Reading) -> dict[str, float | None]:
    """Return each figure of `FORMULAS`, in their order and in the unit that the name ends in; None as above."""
    peaks, attempts = reading.peaks, reading.attempts
    told = {
        **_of(reading.whole, reading.margin.margin_minor),
        "peak_w": peaks.peak_w,
        "coincidence": peaks.coincidence,
        "taken_max": peaks.taken_max,
        "full_s": peaks.full_s,
        "full_share": peaks.full_share,
        "unseen": peaks.unseen,
        "attempts": attempts.attempts,
        "failed_starts": attempts.failed,
        "retries": attempts.retries,
        "given_up": attempts.failed - attempts.retries,
        "waits": peaks.waits,
    }
    return {name: told[name] for name in FORMULAS}


def _of(figures: Figures, margin_minor: float | None) -> dict[str, float | None]:
    summed = {
        "began": figures.sums.began, "energy_wh": figures.sums.energy_wh, "revenue_minor": figures.sums.revenue_minor,
        "margin_minor": margin_minor,
    }  # fmt: skip
    return {name: summed[name] if name in summed else getattr(figures, name) for name in OF_GROUPS}
