"""What alerting does in the background: calls people, tells programs, sends messages, and beats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.alerting import deadman, delivery, service
from laddverk.diagnostics.alerting.model import What
from laddverk.diagnostics.incidents import reporting
from laddverk.diagnostics.incidents.model import IncidentClosed, IncidentOpened
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.platform.outbox import decoded

CALL: Final = "alerting.call"

EVERY: Final = (Every(CALL, timedelta(minutes=1)), Every("incidents.forget_photos", timedelta(days=1)))


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of alerting by their kind."""

    async def call(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        """Call whoever is due, and beat: this runs behind the same worker as the detectors."""
        now = house.clock()
        await service.call(tx, house, now)
        await deadman.beat(tx, now)

    async def opened(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Something is shown: safety is called at once, and programs are told."""
        for event in (decoded(IncidentOpened, payload) for payload in payloads):
            await service.tell_programs(tx, house, event.incident_id, What.OPENED, house.clock())
        await service.call(tx, house, house.clock())

    async def closed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for event in (decoded(IncidentClosed, payload) for payload in payloads):
            await service.tell_programs(tx, house, event.incident_id, What.CLOSED, house.clock())

    async def forget_photos(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await reporting.forget_photos(tx, house.clock())

    return {
        CALL: call,
        "incidents.forget_photos": forget_photos,
        "alerting.opened": opened,
        "alerting.closed": closed,
        service.DELIVER: delivery.Delivery(house),
    }
