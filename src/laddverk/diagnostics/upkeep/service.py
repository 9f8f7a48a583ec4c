"""Work orders: ordered, given to somebody, carried out with a checklist, finished with a cause, proved by a charge."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from laddverk.diagnostics import runbooks
from laddverk.diagnostics.alerting.wording import FAMILIES
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.incidents import reporting, working
from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.upkeep import store
from laddverk.diagnostics.upkeep.model import (
    Check,
    Finish,
    NewWorkOrder,
    OrderEvent,
    Part,
    State,
    WorkOrder,
    WorkOrderId,
)
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

TITLE_MAX: Final = 200
NOTE_MAX: Final = 2000
PARTS_MAX: Final = 50  # of one work order; more is a delivery
COUNT_MAX: Final = 1000
COST_MAX_MINOR: Final = 10_000_000_00  # ten million: a typing error
MINUTES_MAX: Final = 14 * 24 * 60
PHOTOS_MAX: Final = 40  # of one work order: bounds what a lost phone can fill
EVIDENCE_MAX: Final = 20

ORDERED: Final = N_("Ordered.")
GIVEN: Final = N_("Given to %(name)s.")
BEGUN: Final = N_("Somebody is there.")
CHECKED: Final = N_("Done: %(what)s")
UNCHECKED: Final = N_("Not done after all: %(what)s")
USED: Final = N_("Used: %(count)s × %(what)s.")
PHOTOGRAPHED: Final = N_("A photo was taken.")
FINISHED: Final = N_("Finished.")
CANCELLED: Final = N_("Cancelled.")
NOTED: Final = N_("Noted.")
PROVED: Final = N_("The next charge went well: it is mended.")
DISPROVED: Final = N_("The next charge failed: it is not mended.")


async def order(tx: Transaction, actor: Actor, given: NewWorkOrder, language: str, now: datetime) -> WorkOrder:
    """Make a work order. Evidence and checklist are those of the incident, where there is one.

    Needs commands:send, at a site that `actor` sees. Making one for an incident that has an open one returns
    that one. Raises `NotFound`, `Invalid` (field title) when there is neither an incident nor a title.
    """
    actor.require(Permission.COMMANDS_SEND)
    await _seen_station(tx, actor, given)
    if given.incident_id is not None:
        existing = await store.open_of(tx, given.incident_id)
        if existing is not None:
            return existing
    about = await store.about(tx, given.incident_id) if given.incident_id else None
    if about is not None and about.station_id not in (None, given.station_id):
        raise NotFound("There is no such incident at this charger.", field="incident_id")
    title = given.title.strip()[:TITLE_MAX]
    if not title and about is None:
        raise Invalid("Say what is to be done.", field="title")
    book = _runbook_of(about)
    steps = runbooks.runbook(book) if book else None
    made = await store.insert(
        tx,
        {
            "station_id": given.station_id,
            "evse_number": given.evse_number or (about.evse_number if about else 0),
            "incident_id": given.incident_id,
            "title": title or FAMILIES.get(about.family if about else "", ""),
            "family": about.family if about else "",
            "severity": about.severity if about else 3,
            "state": State.ASSIGNED if given.assignee_name else State.PLANNED,
            "assignee_name": given.assignee_name.strip()[:TITLE_MAX],
            "due_on": given.due_on,
            "evidence": msgspec.to_builtins(about.evidence[:EVIDENCE_MAX]) if about else [],
            "runbook": book,
            "checklist": msgspec.to_builtins(_checklist(steps.steps(language)) if steps else []),
            "created_by": actor.name or actor.kind,
        },
        now,
    )
    await _tell(tx, actor, made.id, ORDERED, now)
    await audit.write(tx, actor, "work_order.ordered", "work_order", made.id, at=now, reason=made.title)
    return made


def _runbook_of(about: store.About | None) -> str:
    of = {each.ABOUT.id: each.ABOUT.runbook for each in DETECTORS}
    return next((of[name] for name in about.detectors if name in of), "") if about else ""


def _checklist(steps: runbooks.Steps) -> list[Check]:
    return [Check(text=text) for text in steps.checklist]


async def _seen_station(tx: Transaction, actor: Actor, given: NewWorkOrder) -> None:
    site_id = await store.site_of(tx, given.station_id)
    if site_id is None or (actor.site_ids is not None and site_id not in actor.site_ids):
        raise NotFound("There is no such charger.", field="station_id")


async def _workable(tx: Transaction, actor: Actor, order_id: UUID) -> WorkOrder:
    """Return an open work order that `actor` may work on, locked. Raises `NotFound`, `Conflict` when it is over."""
    actor.require(Permission.COMMANDS_SEND)
    found = await store.locked(tx, order_id)
    site_id = None if found is None else await store.site_of(tx, found.station_id)
    if found is None or (actor.site_ids is not None and site_id not in actor.site_ids):
        raise NotFound("There is no such work order.")
    if not found.is_open:
        raise Conflict("This work order is over.", remedy="Make another one.")
    return found


async def assign(tx: Transaction, actor: Actor, order_id: UUID, name: str, due_on: date | None, now: datetime) -> None:
    """Give it to somebody, by name, and say until when."""
    found = await _workable(tx, actor, order_id)
    name = name.strip()[:TITLE_MAX]
    state = found.state if found.state is State.ON_SITE else State.ASSIGNED if name else State.PLANNED
    await store.save(tx, replace(found, assignee_name=name, due_on=due_on, state=state), now)
    await _tell(tx, actor, found.id, GIVEN, now, name=name or "–")
    await audit.write(tx, actor, "work_order.assigned", "work_order", found.id, at=now, detail={"name": name})


async def begin(tx: Transaction, actor: Actor, order_id: UUID, now: datetime) -> None:
    """Say that somebody is there. The incident is theirs from now on."""
    found = await _workable(tx, actor, order_id)
    if found.state is State.ON_SITE:
        return
    after = replace(
        found, state=State.ON_SITE, started_at=now, assignee_name=found.assignee_name or actor.name or actor.kind
    )
    await store.save(tx, after, now)
    await _tell(tx, actor, found.id, BEGUN, now)


async def tick(tx: Transaction, actor: Actor, order_id: UUID, number: int, now: datetime) -> None:
    """Tick a line of the checklist, or take the tick back. Lines are numbered from 0."""
    found = await _workable(tx, actor, order_id)
    if not 0 <= number < len(found.checklist):
        raise Invalid("There is no such line.", field="check")
    line = found.checklist[number]
    ticked = replace(line, done_at=None if line.done_at else now, by="" if line.done_at else actor.name or actor.kind)
    checklist = (*found.checklist[:number], ticked, *found.checklist[number + 1 :])
    await store.save(tx, replace(found, checklist=checklist), now)
    await _tell(tx, actor, found.id, CHECKED if ticked.done_at else UNCHECKED, now, what=line.text)


async def use(tx: Transaction, actor: Actor, order_id: UUID, part: Part, now: datetime) -> None:
    """Say that parts were used. Raises `Invalid` (fields part, count, part_cost), `TooMany`."""
    found = await _workable(tx, actor, order_id)
    name = part.name.strip()[:TITLE_MAX]
    if not name:
        raise Invalid("Say which part.", field="part")
    if not 1 <= part.count <= COUNT_MAX:
        raise Invalid("So many cannot be.", field="count", remedy="Between 1 and 1000.")
    if not 0 <= part.cost_minor <= COST_MAX_MINOR:
        raise Invalid("The cost cannot be that.", field="part_cost")
    if len(found.parts) >= PARTS_MAX:
        raise TooMany("A work order has at most 50 kinds of parts.")
    await store.save(tx, replace(found, parts=(*found.parts, replace(part, name=name))), now)
    await _tell(tx, actor, found.id, USED, now, count=str(part.count), what=name)


async def photograph(tx: Transaction, actor: Actor, order_id: UUID, content: bytes, now: datetime) -> UUID:
    """Keep a photo: JPEG, PNG or WebP of at most 8 MB. Raises `Invalid` (field photo), `TooMany`."""
    found = await _workable(tx, actor, order_id)
    kind = reporting.kind_of_photo(content)
    if await store.count_photos(tx, found.id) >= PHOTOS_MAX:
        raise TooMany("A work order has at most 40 photos.")
    identity = await store.add_photo(tx, found.id, actor.name or actor.kind, content, kind, now)
    await _tell(tx, actor, found.id, PHOTOGRAPHED, now)
    return identity


async def note(tx: Transaction, actor: Actor, order_id: UUID, text: str, now: datetime) -> None:
    """Write a note. Raises `Invalid` (field note)."""
    found = await _workable(tx, actor, order_id)
    if not text.strip():
        raise Invalid("Write something.", field="note")
    await _tell(tx, actor, found.id, NOTED, now, text.strip()[:NOTE_MAX])


async def finish(
    tx: Transaction, actor: Actor, order_id: UUID, given: Finish, now: datetime, hints: Hints | None = None
) -> None:
    """Say that it is mended, and what it was; its incident is closed with the same cause.

    Raises `Invalid` (fields cause, minutes, cost). An incident that was closed meanwhile stays as it is.
    """
    found = await _workable(tx, actor, order_id)
    if not 0 <= given.minutes <= MINUTES_MAX:
        raise Invalid("The time cannot be that.", field="minutes", remedy="In minutes, at most two weeks.")
    if not 0 <= given.cost_minor <= COST_MAX_MINOR:
        raise Invalid("The cost cannot be that.", field="cost")
    after = replace(
        found, state=State.DONE, done_at=now, done_by=actor.name or actor.kind, started_at=found.started_at or now,
        cause=given.cause, minutes=given.minutes, cost_minor=given.cost_minor, currency=given.currency,
    )  # fmt: skip
    closing = working.NewClosing(
        cause=given.cause, part=", ".join(part.name for part in found.parts)[:TITLE_MAX],
        cost_minor=after.total_minor, currency=given.currency, note=given.note,
    )  # fmt: skip
    working.checked_cause(given.cause)
    if found.incident_id is not None:
        await _close(tx, actor, found.incident_id, closing, now, hints)
    await store.save(tx, after, now)
    await _tell(tx, actor, found.id, FINISHED, now, given.note.strip()[:NOTE_MAX])
    detail = {"cause": given.cause, "cost_minor": after.total_minor, "minutes": given.minutes}
    await audit.write(tx, actor, "work_order.finished", "work_order", found.id, at=now, detail=detail)


async def _close(
    tx: Transaction, actor: Actor, incident_id: IncidentId, closing: working.NewClosing, now: datetime,
    hints: Hints | None,
) -> None:  # fmt: skip
    try:
        async with tx.savepoint():
            await working.close(tx, actor, incident_id, closing, now, hints)
    except (Conflict, NotFound):
        return  # somebody closed it first: what was found stands in the work order


async def cancel(tx: Transaction, actor: Actor, order_id: UUID, reason: str, now: datetime) -> None:
    """Nobody goes there after all. Raises `Invalid` (field reason)."""
    found = await _workable(tx, actor, order_id)
    reason = reason.strip()[:NOTE_MAX]
    if len(reason) < 3:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    await store.save(tx, replace(found, state=State.CANCELLED), now)
    await _tell(tx, actor, found.id, CANCELLED, now, reason)
    await audit.write(tx, actor, "work_order.cancelled", "work_order", found.id, at=now, reason=reason)


async def verify(tx: Transaction, now: datetime) -> int:
    """Let the next charge tell of each finished work order whether it helped; return how many it told of."""
    verdicts = await store.verify(tx, now)
    for one in verdicts:
        text = PROVED if one.verdict == "proved" else DISPROVED
        await store.tell(tx, one.id, OrderEvent(at=now, by_name="", text=text))
    return len(verdicts)


async def order_wanted(tx: Transaction, actor: Actor, given: NewWorkOrder, language: str, now: datetime) -> None:
    """Order what a rule wants; what cannot be ordered any more (the charger is gone) is nothing."""
    try:
        async with tx.savepoint():
            await order(tx, actor, given, language, now)
    except Problem:
        return


async def _tell(
    tx: Transaction, actor: Actor, order_id: WorkOrderId, text: str, now: datetime, note: str = "", **params: str
) -> None:
    event = OrderEvent(at=now, by_name=actor.name or actor.kind, text=text, params=params, note=note)
    await store.tell(tx, order_id, event)
