"""How the last sessions of an outlet looked from inside: did the car wait, was current offered, did any flow?

An outcome is made out some time after its session; by then these are asked for by when the attempt began.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Final

from msgspec import Struct

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.observations import Observation, OutcomeSeen
from laddverk.ocpp.facts import Status

KEPT: Final = 4
SAME_START_S: Final = 60.0
FLOWS_A: Final = 1.0
FLOWS_W: Final = 300.0
POWER_MAX_W: Final = 2_000_000.0  # what is said beyond is no power
VOLTS: Final = 230.0
PAUSE_A: Final = 6.0  # below, no car may charge (IEC 61851)

SESSION_STATES: Final = (seen.SessionBegan, seen.SessionChanged, seen.SessionOver, seen.StateSeen, seen.Metered)
"""What it hears."""


class Look(Struct, array_like=True, omit_defaults=True):
    """One session from inside."""

    began_at: datetime
    waits: bool = False
    """At its end the car itself did not want current: it was full, or a clock of its own held it. A charger whose
    contactor does not close may take that for the car's wish too: such sessions say less, and not nothing."""
    is_held: bool = False
    """The charger offered less than any car may charge with."""
    flowed: bool | None = None
    """Whether current or power was read at all; None where neither is told."""


class LastSessions(Struct, omit_defaults=True):
    """The session that runs, and the last ones."""

    now: Look | None = None
    kept: tuple[Look, ...] = ()

    def hear(self, seen_now: Observation, evse_number: int) -> None:
        """Take in what the outlet says of its session."""
        if isinstance(seen_now, seen.SessionBegan):
            self.now = Look(seen_now.at)
        elif self.now is None:
            return
        elif isinstance(seen_now, seen.Metered):
            self._metered(self.now, seen_now)
        elif isinstance(seen_now, seen.SessionChanged):
            self.now.waits = seen_now.charging_state == "suspended_ev"
        elif isinstance(seen_now, seen.StateSeen):
            if seen_now.evse_number == evse_number and seen_now.status in (Status.CHARGING, Status.SUSPENDED_EV):
                self.now.waits = seen_now.status is Status.SUSPENDED_EV
        elif isinstance(seen_now, seen.SessionOver):
            self.kept, self.now = (*self.kept, self.now)[-KEPT:], None

    def of(self, outcome: OutcomeSeen) -> Look | None:
        """Return the session of that attempt, None when none was seen."""
        fitting = [one for one in self.kept if abs((one.began_at - outcome.began_at).total_seconds()) <= SAME_START_S]
        return fitting[-1] if fitting else None

    @staticmethod
    def _metered(look: Look, metered: seen.Metered) -> None:
        if metered.offered_a is not None and isfinite(metered.offered_a):
            look.is_held = metered.offered_a < PAUSE_A
        if metered.power_w is not None or metered.current_a is not None:
            look.flowed = bool(look.flowed) or flowing_w(metered) > 0


def flowing_w(metered: seen.Metered) -> float:
    """Return the power that flows by the readings beside the register; 0 when none says that any does."""
    if metered.power_w is not None and FLOWS_W < metered.power_w < POWER_MAX_W:
        return float(metered.power_w)
    amperes = [abs(one) for one in metered.current_a or () if one is not None and isfinite(one)]
    power_w = sum(amperes) * VOLTS
    return power_w if max(amperes, default=0.0) > FLOWS_A and power_w < POWER_MAX_W else 0.0
