"""What load management found out about the phase that an outlet lies on, as a signal. Pure."""

from __future__ import annotations

from datetime import datetime

from laddverk.diagnostics.detectors.fleet import WRONG_PHASE
from laddverk.diagnostics.model import Evidence, Signal, Turn
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it


def rotation_contradicted(
    evse_number: int, at: datetime, entered: str, phase: int, steps: int, *, is_over: bool
) -> Signal:  # fmt: skip
    """Return the signal of D35: an outlet's steps show on another phase (1, 2, 3) than entered, or agree again."""
    if is_over:
        said = Evidence(text=N_("The order of phases that is entered and the steps in the meter agree"), at=at)
    else:
        said = Evidence(
            text=N_("Entered is %(entered)s; %(steps)s steps of single cars show that its first phase is L%(phase)s"),
            values={"entered": entered, "steps": steps, "phase": phase}, at=at,
        )  # fmt: skip
    return Signal(
        detector=WRONG_PHASE.id, evse_number=evse_number, turn=Turn.CLEARED if is_over else Turn.RAISED, at=at,
        evidence=(said,),
    )  # fmt: skip
