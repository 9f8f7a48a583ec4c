"""What upkeep does by itself: makes the work orders that rules want, and lets charges prove those that were done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.remedies.doing import ACTOR, WorkOrderNeeded
from laddverk.diagnostics.upkeep import service
from laddverk.diagnostics.upkeep.model import NewWorkOrder
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded

EVERY: Final = (Every("diagnostics.verify_work_orders", timedelta(minutes=10)),)
LANGUAGE: Final = "sv"  # of the checklists that rules write: the language of the field


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of upkeep by their kind."""

    async def work_order_needed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """All that may be done from here has been tried."""
        for event in (decoded(WorkOrderNeeded, payload) for payload in payloads):
            given = NewWorkOrder(
                station_id=event.station_id, evse_number=event.evse_number, incident_id=event.incident_id
            )
            await service.order_wanted(tx, ACTOR, given, LANGUAGE, house.clock())

    async def verify_work_orders(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """The next charge tells."""
        await service.verify(tx, house.clock())

    return {"diagnostics.work_order_needed": work_order_needed, "diagnostics.verify_work_orders": verify_work_orders}
