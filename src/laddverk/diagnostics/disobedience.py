"""What load management found out about a charger that does not keep to its limits, as a signal. Pure."""

from __future__ import annotations

from datetime import datetime

from laddverk.diagnostics.detectors.fleet import DISOBEYS
from laddverk.diagnostics.model import Evidence, Signal, Turn
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it


def limit_ignored(evse_number: int, at: datetime, limit_a: float, measured_a: float, *, is_over: bool) -> Signal:
    """Return the signal of D33: an outlet was measured to draw more than it was last told (A), or obeys again."""
    if is_over:
        said = Evidence(text=N_("It keeps to its limit again"), at=at)
    else:
        values: dict[str, str | int | float | None] = {"drawn_a": round(measured_a, 1), "told_a": round(limit_a, 1)}
        said = Evidence(text=N_("It draws %(drawn_a)s; it was last told %(told_a)s"), values=values, at=at)
    return Signal(
        detector=DISOBEYS.id, evse_number=evse_number, turn=Turn.CLEARED if is_over else Turn.RAISED, at=at,
        evidence=(said,),
    )  # fmt: skip
