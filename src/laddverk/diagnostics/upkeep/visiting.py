"""Visits: several work orders planned for one person on one day; changed, taken apart, and read by calendars."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.upkeep import store
from laddverk.diagnostics.upkeep.model import OrderEvent, State, WorkOrder, WorkOrderId
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

ORDERS_MAX: Final = 20  # of one visit: more is a week
AHEAD_MAX: Final = timedelta(days=400)
BEHIND_MAX: Final = timedelta(days=31)  # what was planned on paper may be written down afterwards
TEXT_MAX: Final = 200
NOTE_MAX: Final = 2_000
SECRET_BYTES: Final = 32
CALENDARS_MAX: Final = 100

PLANNED: Final = N_("Planned for %(day)s in visit %(number)s.")
TAKEN_OUT: Final = N_("Taken out of visit %(number)s.")

INSERT: Final = """
INSERT INTO visit (id, planned_on, starts_at, technician, note, created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $6) RETURNING id, number, planned_on, starts_at, technician, note, cancelled_at
"""
LOCKED: Final = """
SELECT id, number, planned_on, starts_at, technician, note, cancelled_at FROM visit WHERE id = $1 FOR UPDATE
"""
SAVE: Final = """
UPDATE visit SET planned_on = $2, starts_at = $3, technician = $4, note = $5, changed_at = $6, revision = revision + 1
WHERE id = $1
"""
CANCEL: Final = "UPDATE visit SET cancelled_at = $2, changed_at = $2, revision = revision + 1 WHERE id = $1"
TOUCH: Final = "UPDATE visit SET changed_at = $2, revision = revision + 1 WHERE id = $1"
PUT: Final = """
UPDATE work_order SET visit_id = $2, assignee_name = CASE WHEN $3 = '' THEN assignee_name ELSE $3 END,
       state = CASE WHEN state = 'planned' AND $3 <> '' THEN 'assigned' ELSE state END, changed_at = $4
WHERE id = ANY($1)
"""
TAKE_OUT: Final = "UPDATE work_order SET visit_id = NULL, changed_at = $2 WHERE id = ANY($1)"
ORDERS_OF: Final = """
SELECT work_order.id, work_order.state, station.site_id FROM work_order
JOIN station ON station.id = work_order.station_id WHERE work_order.visit_id = $1
"""
ADD_CALENDAR: Final = """
INSERT INTO visit_calendar (id, technician, language, secret_hash, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
COUNT_CALENDARS: Final = "SELECT count(*) FROM visit_calendar WHERE revoked_at IS NULL"
REVOKE: Final = "UPDATE visit_calendar SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING technician"
BEHIND: Final = """
UPDATE visit_calendar SET read_at = $2 WHERE secret_hash = $1 AND revoked_at IS NULL RETURNING technician, language
"""


class Visit(Struct, frozen=True, kw_only=True):
    """A drive of somebody to some chargers."""

    id: UUID
    number: int
    planned_on: date
    starts_at: time | None
    technician: str
    note: str
    cancelled_at: datetime | None


class Plan(Struct, frozen=True, kw_only=True):
    """What people say of a visit."""

    on: date
    starts_at: time | None = None
    technician: str = ""
    note: str = ""


class Reader(Struct, frozen=True, kw_only=True):
    """Whose visits a secret link shows, and in which language."""

    technician: str
    language: str


class _Order(Struct, frozen=True):
    id: WorkOrderId
    state: State
    site_id: UUID


async def plan(tx: Transaction, actor: Actor, orders: Sequence[UUID], given: Plan, now: datetime) -> Visit:
    """Plan one visit for work orders; those in another visit change over.

    Needs commands:send at all their sites. Raises `NotFound`, `Invalid` (fields orders, planned_on).
    """
    actor.require(Permission.COMMANDS_SEND)
    if not 1 <= len(set(orders)) <= ORDERS_MAX:
        raise Invalid("Choose between 1 and %(max)s work orders.", field="orders", max=ORDERS_MAX)
    said = _checked(given, now)
    found = [await _open_order(tx, actor, one) for one in sorted(set(orders))]
    made = await tx.fetch_one(
        Visit, INSERT, new_id(), said.on, said.starts_at, said.technician, said.note, now, actor.name or actor.kind
    )
    assert made is not None
    await _put(tx, actor, made, [order.id for order in found], now)
    detail = {"orders": len(found), "planned_on": said.on.isoformat(), "technician": said.technician}
    await audit.write(tx, actor, "visit.planned", "visit", made.id, at=now, detail=detail)
    return made


async def change(tx: Transaction, actor: Actor, visit_id: UUID, given: Plan, now: datetime) -> None:
    """Plan a visit anew: another day, somebody else. Raises `NotFound`, `NotAllowed`, `Invalid`."""
    visit, orders = await _held(tx, actor, visit_id)
    said = _checked(given, now)
    await tx.execute(SAVE, visit.id, said.on, said.starts_at, said.technician, said.note, now)
    after = Visit(
        id=visit.id, number=visit.number, planned_on=said.on, starts_at=said.starts_at, technician=said.technician,
        note=said.note, cancelled_at=None,
    )  # fmt: skip
    await _put(tx, actor, after, [one.id for one in orders if one.state in (State.PLANNED, State.ASSIGNED)], now)
    detail = {"planned_on": said.on.isoformat(), "technician": said.technician}
    await audit.write(tx, actor, "visit.changed", "visit", visit.id, at=now, detail=detail)


async def take_out(tx: Transaction, actor: Actor, visit_id: UUID, order_id: UUID, now: datetime) -> None:
    """Take one work order out of a visit; it remains to be done."""
    visit, orders = await _held(tx, actor, visit_id)
    if order_id not in {one.id for one in orders}:
        raise NotFound("There is no such work order in this visit.", field="order")
    await tx.execute(TAKE_OUT, [order_id], now)
    await tx.execute(TOUCH, visit.id, now)
    await _tell(tx, actor, [WorkOrderId(order_id)], TAKEN_OUT, {"number": visit.number}, now)
    await audit.write(tx, actor, "visit.changed", "visit", visit.id, at=now, detail={"taken_out": str(order_id)})


async def cancel(tx: Transaction, actor: Actor, visit_id: UUID, reason: str, now: datetime) -> None:
    """Nobody goes that day; its work orders remain to be done. Raises `NotFound`, `NotAllowed`, `Invalid` (reason)."""
    visit, orders = await _held(tx, actor, visit_id)
    reason = reason.strip()[:NOTE_MAX]
    if len(reason) < 3:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    still = [one.id for one in orders if one.state in (State.PLANNED, State.ASSIGNED)]
    await tx.execute(TAKE_OUT, still, now)
    await tx.execute(CANCEL, visit.id, now)
    await _tell(tx, actor, still, TAKEN_OUT, {"number": visit.number}, now)
    await audit.write(tx, actor, "visit.cancelled", "visit", visit.id, at=now, reason=reason)


async def _put(tx: Transaction, actor: Actor, visit: Visit, orders: Sequence[WorkOrderId], now: datetime) -> None:
    await tx.execute(PUT, list(orders), visit.id, visit.technician, now)
    said = {"day": visit.planned_on.isoformat(), "number": visit.number}
    await _tell(tx, actor, orders, PLANNED, said, now)


async def _tell(
    tx: Transaction, actor: Actor, orders: Sequence[WorkOrderId], text: str, params: dict[str, object], now: datetime
) -> None:
    for order_id in orders:
        event = OrderEvent(at=now, by_name=actor.name or actor.kind, text=text, params=params)
        await store.tell(tx, order_id, event)


async def _open_order(tx: Transaction, actor: Actor, order_id: UUID) -> WorkOrder:
    found = await store.locked(tx, order_id)
    site_id = None if found is None else await store.site_of(tx, found.station_id)
    if found is None or (actor.site_ids is not None and site_id not in actor.site_ids):
        raise NotFound("There is no such work order.", field="orders")
    if not found.is_open:
        raise Invalid("Work order %(number)s is over.", field="orders", number=found.number)
    return found


async def _held(tx: Transaction, actor: Actor, visit_id: UUID) -> tuple[Visit, list[_Order]]:
    """Return a visit that stands and its orders, locked. Whoever changes it must see all the sites that it goes to."""
    actor.require(Permission.COMMANDS_SEND)
    visit = await tx.fetch_one(Visit, LOCKED, visit_id)
    orders = await tx.fetch(_Order, ORDERS_OF, visit_id)
    seen = [one for one in orders if actor.site_ids is None or one.site_id in actor.site_ids]
    if visit is None or visit.cancelled_at is not None or (actor.site_ids is not None and not seen):
        raise NotFound("There is no such visit.")
    if len(seen) < len(orders):
        raise NotAllowed("This visit goes to sites of others too.")
    return visit, orders


def _checked(given: Plan, now: datetime) -> Plan:
    if not now.date() - BEHIND_MAX <= given.on <= now.date() + AHEAD_MAX:
        raise Invalid("The day is too far away.", field="planned_on", remedy="Choose a day within a year.")
    return Plan(
        on=given.on, starts_at=given.starts_at, technician=given.technician.strip()[:TEXT_MAX],
        note=given.note.strip()[:NOTE_MAX],
    )  # fmt: skip


async def open_calendar(tx: Transaction, actor: Actor, technician: str, language: str, now: datetime) -> str:
    """Make a secret link to the visits of somebody and return its secret, which is kept nowhere.

    Needs commands:send for the whole network. Raises `NotAllowed`, `Invalid` (field technician).
    """
    _whole(actor)
    name = technician.strip()[:TEXT_MAX]
    if not name:
        raise Invalid("Say whose calendar.", field="technician")
    if int(await tx.value(COUNT_CALENDARS)) >= CALENDARS_MAX:
        raise Invalid("There are too many links.", field="technician", remedy="Revoke those that nobody reads.")
    secret, identity = secrets.token_urlsafe(SECRET_BYTES), new_id()
    await tx.execute(ADD_CALENDAR, identity, name, language, _hash(secret), now, actor.name or actor.kind)
    await audit.write(
        tx, actor, "visit_calendar.opened", "visit_calendar", identity, at=now, detail={"technician": name}
    )
    return secret


async def revoke_calendar(tx: Transaction, actor: Actor, calendar_id: UUID, now: datetime) -> None:
    """End a secret link. Raises `NotAllowed`, `NotFound`."""
    _whole(actor)
    technician = await tx.value(REVOKE, calendar_id, now)
    if technician is None:
        raise NotFound("There is no such link.")
    await audit.write(
        tx, actor, "visit_calendar.revoked", "visit_calendar", calendar_id, at=now, detail={"technician": technician}
    )


async def reader_behind(tx: Transaction, secret: str, now: datetime) -> Reader | None:
    """Return whose visits a secret shows, None for one that never was or was revoked."""
    if not secret.isascii() or len(secret) > 4 * SECRET_BYTES:
        return None
    return await tx.fetch_one(Reader, BEHIND, _hash(secret), now)


def _whole(actor: Actor) -> None:
    actor.require(Permission.COMMANDS_SEND)
    if actor.site_ids is not None:
        raise NotAllowed("These are the visits of the whole network.")


def _hash(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"visit_calendar").digest()
