"""Work orders in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.diagnostics.model import Evidence
from laddverk.diagnostics.upkeep.model import OrderEvent, WorkOrder, WorkOrderId
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.platform.database import Transaction

ONE: Final = "SELECT * FROM work_order WHERE id = $1 FOR UPDATE"
OF_INCIDENT: Final = """
SELECT * FROM work_order WHERE incident_id = $1 AND state IN ('planned', 'assigned', 'on_site') FOR UPDATE
"""
SITE_OF: Final = "SELECT site_id FROM station WHERE id = $1 AND retired_at IS NULL"
INSERT: Final = """
INSERT INTO work_order (id, station_id, evse_number, incident_id, title, family, severity, state, assignee_name, due_on,
                        evidence, runbook, checklist, created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14) RETURNING *
"""
SAVE: Final = """
UPDATE work_order SET state = $2, assignee_name = $3, due_on = $4, checklist = $5, parts = $6, cost_minor = $7,
       currency = $8, minutes = $9, cause = $10, started_at = $11, done_at = $12, done_by = $13, changed_at = $14
WHERE id = $1
"""
TELL: Final = """
INSERT INTO work_order_event (work_order_id, id, at, by_name, text, params, note) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
PHOTO: Final = """
INSERT INTO work_order_photo (id, work_order_id, at, by_name, content, kind) VALUES ($1, $2, $3, $4, $5, $6)
"""
PHOTOS: Final = "SELECT count(*) FROM work_order_photo WHERE work_order_id = $1"
ABOUT: Final = """
SELECT incident.family, incident.severity, incident.evse_number, incident.station_id,
       coalesce((SELECT array_agg(DISTINCT detector) FROM finding WHERE incident_id = incident.id), '{}') AS detectors,
       coalesce((SELECT jsonb_agg(said) FROM finding, jsonb_array_elements(evidence) AS said
                 WHERE incident_id = incident.id), '[]') AS evidence
FROM incident WHERE incident.id = $1
"""
# The next attempt to charge after the work tells whether it helped.
VERIFY: Final = """
UPDATE work_order SET verdict = CASE WHEN next.outcome = 'ok' THEN 'proved' ELSE 'disproved' END, verdict_at = $1,
       state = CASE WHEN next.outcome = 'ok' THEN 'verified' ELSE state END, changed_at = $1
FROM (SELECT DISTINCT ON (done.id) done.id, outcome.outcome FROM work_order AS done
      JOIN session_outcome AS outcome ON outcome.station_id = done.station_id
       AND done.evse_number IN (0, outcome.evse_number) AND outcome.began_at > done.done_at
      WHERE done.state = 'done' AND done.verdict = '' AND outcome.outcome NOT IN ('excluded', 'no_auth')
      ORDER BY done.id, outcome.began_at) AS next
WHERE work_order.id = next.id
RETURNING work_order.id, work_order.verdict
"""


class About(Struct, frozen=True):
    """What an incident says of a work order for it."""

    family: str
    severity: int
    evse_number: int
    station_id: StationId | None
    detectors: tuple[str, ...]
    evidence: tuple[Evidence, ...]


class Verdict(Struct, frozen=True):
    """What the next charge said of a work order."""

    id: WorkOrderId
    verdict: str


async def locked(tx: Transaction, order_id: UUID) -> WorkOrder | None:
    """Return a work order; its row is locked until `tx` ends."""
    return await tx.fetch_one(WorkOrder, ONE, order_id)


async def open_of(tx: Transaction, incident_id: UUID) -> WorkOrder | None:
    """Return the open work order of an incident."""
    return await tx.fetch_one(WorkOrder, OF_INCIDENT, incident_id)


async def site_of(tx: Transaction, station_id: StationId) -> SiteId | None:
    """Return the site of a station that still stands."""
    found: SiteId | None = await tx.value(SITE_OF, station_id)
    return found


async def about(tx: Transaction, incident_id: UUID) -> About | None:
    """Return what is known of an incident."""
    return await tx.fetch_one(About, ABOUT, incident_id)


async def insert(tx: Transaction, given: dict[str, Any], now: datetime) -> WorkOrder:
    """Write a new work order; `given` has the columns of `INSERT` by name, in builtin types."""
    made = await tx.fetch_one(
        WorkOrder, INSERT, new_id(), given["station_id"], given["evse_number"], given["incident_id"], given["title"],
        given["family"], given["severity"], given["state"], given["assignee_name"], given["due_on"],
        given["evidence"], given["runbook"], given["checklist"], now, given["created_by"],
    )  # fmt: skip
    assert made is not None
    return made


async def save(tx: Transaction, order: WorkOrder, now: datetime) -> None:
    """Write what changed."""
    await tx.execute(
        SAVE, order.id, order.state, order.assignee_name, order.due_on, msgspec.to_builtins(order.checklist),
        msgspec.to_builtins(order.parts), order.cost_minor, order.currency, order.minutes, order.cause,
        order.started_at, order.done_at, order.done_by, now,
    )  # fmt: skip


async def tell(tx: Transaction, order_id: WorkOrderId, event: OrderEvent) -> None:
    """Add to its timeline."""
    await tx.execute(TELL, order_id, new_id(), event.at, event.by_name, event.text, event.params, event.note)


async def add_photo(
    tx: Transaction, order_id: WorkOrderId, by_name: str, content: bytes, kind: str, now: datetime
) -> UUID:
    """Keep a photo."""
    identity = new_id()
    await tx.execute(PHOTO, identity, order_id, now, by_name, content, kind)
    return identity


async def count_photos(tx: Transaction, order_id: WorkOrderId) -> int:
    """Return how many photos it has."""
    return int(await tx.value(PHOTOS, order_id))


async def verify(tx: Transaction, now: datetime) -> list[Verdict]:
    """Give finished work orders their verdict by the next charge; return those that got one."""
    return await tx.fetch(Verdict, VERIFY, now)
