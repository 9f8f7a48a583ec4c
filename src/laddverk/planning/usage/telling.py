"""Every figure by its name: what pages, CSV and the API tell of what was chosen, and of a group. Pure."""

from __future__ import annotations

from typing import Final

from laddverk.planning.usage.figures import FORMULAS, Figures
from laddverk.planning.usage.reading import Line, Reading

OF_GROUPS: Final = (
    "began", "energy_wh", "time_utilisation", "able_utilisation", "charging_utilisation", "energy_utilisation",
    "charging_power_w", "sessions_per_port_day", "energy_per_port_day_wh", "stay_s", "session_wh", "idle_share",
    "turnover_per_h", "empty_share", "revenue_minor", "revenue_per_kwh_minor", "revenue_per_port_day_minor",
    "margin_minor",
)  # fmt: skip
"""What is told of a group, by whatever it is grouped; the rest is of everything that was chosen together."""
SUMMED: Final = frozenset({"began", "energy_wh", "revenue_minor"})
"""Of these: what is a sum. `Figures` has a mean of some of the same name."""


def of_group(line: Line) -> dict[str, float | None]:
    """Return each figure of `OF_GROUPS`, in the unit that its name ends in; None where it cannot be said."""
    return _of(line.figures)


def of_all(reading: Reading) -> dict[str, float | None]:
    """Return each figure of `FORMULAS`, in their order and in the unit that the name ends in; None as above."""
    peaks, attempts = reading.peaks, reading.attempts
    told = {
        **_of(reading.whole),
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


def _of(figures: Figures) -> dict[str, float | None]:
    sums = figures.sums
    return {name: getattr(sums if name in SUMMED else figures, name) for name in OF_GROUPS}
