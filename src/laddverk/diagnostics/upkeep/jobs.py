"""What upkeep does by itself: orders the visits that rules want, and lets charges prove those that were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.remedies.doing import ACTOR, VisitNeeded
from laddverk.diagnostics.upkeep import service
from laddverk.diagnostics.upkeep.model import NewWorkOrder
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded

EVERY: Final = (Every("diagnostics.verify_visits", timedelta(minutes=10)),)
LANGUAGE: Final = "sv"  # of the checklists that rules write: the language of the field


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of upkeep by their kind."""

    async def visit_needed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """All that may be done from here has been tried."""
        for event in (decoded(VisitNeeded, payload) for payload in payloads):
            given = NewWorkOrder(
                station_id=event.station_id, evse_number=event.evse_number, incident_id=event.incident_id
            )
            await service.order_wanted(tx, ACTOR, given, LANGUAGE, house.clock())

    async def verify_visits(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """The next charge tells."""
        await service.verify(tx, house.clock())

    return {"diagnostics.visit_needed": visit_needed, "diagnostics.verify_visits": verify_visits}
