"""Which families of faults an outlet complained of lately, in events: the outcomes of OCPP 2.x name no codes.

A charger of 1.6 puts its code into the state of the connector, from where it comes into the outcome of the attempt; one
of 2.x sends an event of its own. Who asks what an attempt failed of asks both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.codes import decoded_event
from laddverk.diagnostics.detectors.base import Scene
from laddverk.diagnostics.model import Family
from laddverk.diagnostics.observations import EventSeen, OutcomeSeen

KEPT: Final = 8  # outcomes come minutes after their attempt; more events in between are one storm
BEFORE: Final = timedelta(seconds=60)
AFTER: Final = timedelta(seconds=120)  # as for the codes of 1.6 (`outcomes.attempts`)


class Said(Struct, array_like=True, frozen=True):
    """An event that names a fault of this family."""

    at: datetime
    family: Family


class Complained(Struct, omit_defaults=True):
    """The last complaints that were understood."""

    said: tuple[Said, ...] = ()

    def hear(self, event: EventSeen, scene: Scene) -> None:
        """Note what an event complains of; one that takes a complaint back says nothing of when it was made."""
        if event.cleared:
            return
        codes = decoded_event(
            scene.vendor, scene.model, event.component, event.variable, event.tech_code, event.tech_info, event.value
        )
        new = [Said(event.at, family) for family in sorted({code.family for code in codes if code.is_known})]
        if new:
            self.said = (*self.said, *new)[-KEPT:]

    def during(self, outcome: OutcomeSeen) -> set[Family]:
        """Return the families that were complained of from a minute before an attempt until two minutes after it."""
        return {one.family for one in self.said if outcome.began_at <= one.at + BEFORE and one.at <= outcome.at + AFTER}
