"""What load management found out about the meters of a site, as a signal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.diagnostics.detectors.fleet import SITE_METER
from laddverk.diagnostics.model import Evidence, Signal, Turn
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

WELL: Final = N_("All meters of the site are well again")
TEXTS: Final[Mapping[str, str]] = {
    "silent": N_("The meter %(meter)s at %(circuit)s is silent. The highest other load counts, so that cars get less"),
    "frozen": N_("The meter %(meter)s at %(circuit)s has shown the same to the last digit for an hour"),
    "above": N_("The meter %(meter)s at %(circuit)s shows %(shown_a)s on L%(phase)s, far more than the fuse carries"),
    "negative": N_(
        "The meter %(meter)s at %(circuit)s shows %(shown_a)s on L%(phase)s, towards the grid, where neither solar "
        "cells nor a battery are entered: its clamp may be the wrong way round"
    ),
}
"""By what is wrong: the words of `energy.meters.health`."""


def meters_ill(at: datetime, meters: Sequence[Mapping[str, Any]]) -> Signal:
    """Return the signal of D34: these meters are ill; none of them: all are well.

    Each has name, circuit, what, since, phase and value_a.
    """
    if not meters:
        return Signal(detector=SITE_METER.id, turn=Turn.CLEARED, at=at, evidence=(Evidence(text=WELL, at=at),))
    said = tuple(
        Evidence(
            text=TEXTS[one["what"]], at=one["since"],
            values={"meter": one["name"], "circuit": one["circuit"], "shown_a": one["value_a"], "phase": one["phase"]},
        )
        for one in meters
        if one["what"] in TEXTS
    )  # fmt: skip
    return Signal(
        detector=SITE_METER.id, turn=Turn.RAISED, at=at, since=min(one["since"] for one in meters), evidence=said
    )
