"""What other rooms know and do not publish becomes observations: orders under way, outlets we closed, alarms.

Looked up once a minute, by what changed lately. The same may be told twice: detectors that hear it bear that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from laddverk.certificates.model import SecurityEventNoted
from laddverk.certificates.rules_events import HOUSE
from laddverk.diagnostics import observing
from laddverk.diagnostics.observations import CommandEnded, Observation, SecuritySeen
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded

TELL: Final = "diagnostics.tell"
TELL_CLOSED: Final = "diagnostics.tell_closed"
EVERY: Final = (Every(TELL, timedelta(minutes=1)), Every(TELL_CLOSED, timedelta(minutes=10)))

LATELY: Final = timedelta(minutes=3)  # a turn that is late still sees what changed
UNDER_WAY: Final = ("reset", "update_firmware", "change_availability")
"""Orders after which a charger may go away or out of service."""

ORDERED: Final = """
SELECT station_id, kind, answered_at FROM command
WHERE finished_at IS NULL AND kind = ANY($1) AND state = 'accepted' AND answered_at >= $2 AND created_at >= $3
  AND NOT coalesce((command ->> 'operative')::boolean, false)
ORDER BY answered_at
"""
ORDERS_LAST: Final = timedelta(hours=6)  # an order that waited longer was queued for a charger that was away


CLOSED: Final = """
-- Outlets that are unavailable because the last order on that said so, however long ago.
SELECT DISTINCT connector.station_id, connector.evse_number
FROM connector JOIN station ON station.id = connector.station_id
WHERE connector.status = 'unavailable' AND station.connected_at IS NOT NULL AND station.retired_at IS NULL
  AND NOT (
    SELECT (command ->> 'operative')::boolean FROM command
    WHERE command.station_id = connector.station_id AND kind = 'change_availability'
      AND state IN ('accepted', 'confirmed', 'timed_out')
      AND coalesce((command ->> 'evse_number')::int, 0) IN (0, connector.evse_number)
    ORDER BY created_at DESC LIMIT 1)
"""


class ClosedRow(Struct, frozen=True):
    """An outlet that we took out of service."""

    station_id: StationId
    evse_number: int


class OrderRow(Struct, frozen=True):
    """An order that a charger has accepted and not yet carried out."""

    station_id: StationId
    kind: str
    answered_at: datetime


async def tell(tx: Transaction, now: datetime) -> None:
    """Observe what changed lately."""
    orders = await tx.fetch(OrderRow, ORDERED, list(UNDER_WAY), now - LATELY, now - ORDERS_LAST)
    told: list[tuple[StationId, Observation]] = [
        (row.station_id, CommandEnded(at=row.answered_at, received_at=row.answered_at, kind=row.kind, state="accepted"))
        for row in orders
    ]
    await observing.observe(tx, told)


async def tell_closed(tx: Transaction, now: datetime) -> None:
    """Observe that outlets are out of service because we said so: a charger that restarts only says that they are."""
    rows = await tx.fetch(ClosedRow, CLOSED)
    told = [
        CommandEnded(
            at=now, received_at=now, kind="change_availability", state="confirmed", evse_number=row.evse_number
        )
        for row in rows
    ]
    await observing.observe(tx, [(row.station_id, said) for row, said in zip(rows, told, strict=True)])


async def noted(tx: Transaction, events: Sequence[SecurityEventNoted]) -> None:
    """Observe what the house noticed of a charger; what the charger said itself is observed when it comes."""
    await observing.observe(
        tx,
        [
            (
                event.station_id,
                SecuritySeen(
                    at=event.at, received_at=event.at, kind=event.kind, critical=True,
                    tech_info=observing.short(event.tech_info),
                ),
            )
            for event in events
            if event.station_id is not None and event.kind in HOUSE
        ],
    )  # fmt: skip


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs by their kind."""

    async def look(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await tell(tx, house.clock())

    async def look_for_closed(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await tell_closed(tx, house.clock())

    async def security_noted(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        await noted(tx, [decoded(SecurityEventNoted, payload) for payload in payloads])

    return {TELL: look, TELL_CLOSED: look_for_closed, "diagnostics.security_noted": security_noted}
