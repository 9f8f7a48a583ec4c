"""What people do with cases: take and give them, say what they are about, let them wait, close and reopen them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from laddverk.diagnostics.incidents.model import OVER
from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rating, rules, store, words
from laddverk.support.inbox import tags
from laddverk.support.model import Case, Entry, EntryKind, Links, Outcome, Priority
from laddverk.support.service import keep, linked, voice, worked_on
from laddverk.support.teams import store as teams

OUTCOMES = frozenset(each.value for each in Outcome)


async def take(tx: Transaction, house: House, actor: Actor, case_id: UUID, now: datetime) -> Case:
    """Take a case. Raises `NotFound`, `Conflict` when it is closed."""
    case = await _open(tx, actor, case_id)
    taken = replace(case, assignee_id=actor.id, assignee_name=actor.name, changed_at=now)
    return await keep(tx, actor, taken, [_deed(case, actor, words.TAKEN, now)], "taken", now, house.hints)


async def give(tx: Transaction, house: House, actor: Actor, case_id: UUID, to: UUID | None, now: datetime) -> Case:
    """Give a case to somebody, or back to all (None). Raises `Invalid` (field assignee) for nobody of ours."""
    case = await _open(tx, actor, case_id)
    name = await store.staff_name(tx, to) if to is not None else ""
    if name is None:
        raise Invalid("Choose somebody.", field="assignee")
    given = replace(case, assignee_id=to, assignee_name=name, changed_at=now)
    deed = _deed(case, actor, words.GIVEN if to else words.FREED, now, name=name)
    return await keep(tx, actor, given, [deed], "given", now, house.hints)


async def set_priority(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, priority: Priority, now: datetime
) -> Case:
    """Say how urgent it is."""
    case = await _open(tx, actor, case_id)
    changed = replace(case, priority=priority, changed_at=now)
    return await keep(tx, actor, changed, [_deed(case, actor, words.PRIORITY, now)], "prioritised", now, house.hints)


async def give_to_team(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, to: UUID | None, now: datetime
) -> Case:
    """Give a case to a team, or to none. Raises `Invalid` (field team)."""
    case = await _open(tx, actor, case_id)
    team = await teams.team(tx, to)
    if to is not None and team is None:
        raise Invalid("Choose from the list.", field="team")
    given = replace(case, team_id=to, changed_at=now)
    deed = _deed(case, actor, words.TEAM_GIVEN if team else words.TEAM_FREED, now, name=team.name if team else "")
    return await keep(tx, actor, given, [deed], "given_to_team", now, house.hints)


async def set_tags(
    tx: Transaction,
    house: House,
    actor: Actor,
    case_id: UUID,
    given: Iterable[str],
    now: datetime,
    *,
    add: bool = False,
) -> Case:
    """Say which tags a case has, or with `add` which it has besides. Raises `Invalid` (field tags)."""
    case = await worked_on(tx, actor, case_id)
    found = tags.checked([*given, *(case.tags if add else ())])
    if found == case.tags:
        return case
    deed = _deed(case, actor, words.TAGGED if found else words.UNTAGGED, now, tags=", ".join(found))
    return await keep(tx, actor, replace(case, tags=found), [deed], "tagged", now, house.hints)


async def snooze(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, until: datetime | None, now: datetime
) -> Case:
    """Put a case aside until an instant, or take it out again (None). It comes back by itself, and when its driver
    writes. Raises `Invalid` (field until), `Conflict` when it is closed.
    """
    case = await _open(tx, actor, case_id)
    if until is not None and until <= now:
        raise Invalid("Choose a day to come.", field="until")
    deed = _deed(case, actor, words.SNOOZED, now, until_at=until) if until else _deed(case, actor, words.WOKEN_BY, now)
    aside = replace(case, snoozed_until=until, changed_at=now)
    return await keep(tx, actor, aside, [deed], "snoozed" if until else "woken", now, house.hints)


async def link(tx: Transaction, house: House, actor: Actor, case_id: UUID, links: Links, now: datetime) -> Case:
    """Say what a case is about; one that now speaks of a charger joins its incident. Raises `NotFound` with a field."""
    case = await worked_on(tx, actor, case_id)
    about = await linked(tx, actor, case, links)
    spoken = await voice(tx, house, replace(about, changed_at=now), links, now, await store.spoken_at(tx, case_id))
    return await keep(tx, actor, spoken, [_deed(case, actor, words.LINKED, now)], "linked", now, house.hints)


async def wait_for_incident(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, *, tell_driver: bool, now: datetime
) -> Case:
    """Let a case wait until its incident is over. Raises `Conflict` when it speaks of none that is open."""
    case = await _open(tx, actor, case_id)
    incident = await store.incident_of(tx, case)
    if incident is None or incident.state in OVER:
        raise Conflict("It speaks of no problem that is open.", remedy="Say first which charger it is about.")
    waiting = replace(rules.waiting_for_incident(case, now), tell_when_mended=tell_driver)
    deed = _deed(case, actor, words.WAITS, now, number=incident.number)
    return await keep(tx, actor, waiting, [deed], "waits", now, house.hints)


async def close(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, outcome: str, note: str, now: datetime
) -> Case:
    """Close a case and say how it ended. Raises `Invalid` (field outcome), `Conflict` when it is closed."""
    case = await _open(tx, actor, case_id)
    if outcome not in OUTCOMES:
        raise Invalid("Choose how it ended.", field="outcome")
    body = rules.checked_text(note, "closing_note") if note.strip() else ""
    deed = replace(_deed(case, actor, words.CLOSED, now, outcome=outcome), body=body)
    over = rules.closed(case, Outcome(outcome), actor.name, now)
    closed = await keep(tx, actor, over, [deed], "closed", now, house.hints, reason=outcome)
    await rating.ask(tx, house, closed, now)
    return closed


async def reopen(tx: Transaction, house: House, actor: Actor, case_id: UUID, now: datetime) -> Case:
    """Open a case again. Raises `NotFound`, `Conflict` when it is open."""
    case = await worked_on(tx, actor, case_id)
    if not case.is_closed:
        raise Conflict("It is not closed.")
    deed = _deed(case, actor, words.REOPENED, now)
    return await keep(tx, actor, rules.opened_again(case, now), [deed], "reopened", now, house.hints)


async def _open(tx: Transaction, actor: Actor, case_id: UUID) -> Case:
    case = await worked_on(tx, actor, case_id)
    if case.is_closed:
        raise Conflict("It is closed.", remedy="Open it again first.")
    return case


def _deed(case: Case, actor: Actor, text: str, now: datetime, **params: object) -> Entry:
    return Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=text,
        params={"who": actor.name or actor.kind, **params},
    )  # fmt: skip
