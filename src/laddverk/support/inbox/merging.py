"""Cases that are one, two or related: merging, splitting and relating. Audited; a merge can be undone for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import rules, words
from laddverk.support import store as cases
from laddverk.support.inbox import store
from laddverk.support.model import Case, CaseId, Entry, EntryKind, Outcome, State, WaitsFor
from laddverk.support.service import keep, worked_on

UNDONE_WITHIN: Final = timedelta(days=1)
ENTRIES_MAX: Final = 100  # that are split off at once


def same_person(one: Case, other: Case) -> bool:
    """Return whether two cases are of one person: else a merge would show one's words to the other."""
    return bool(
        (one.driver_id is not None and one.driver_id == other.driver_id)
        or (one.contact_email and one.contact_email == other.contact_email)
        or (one.contact_phone and one.contact_phone == other.contact_phone)
    )


async def merge(tx: Transaction, house: House, actor: Actor, case_id: UUID, number: int, now: datetime) -> Case:
    """Make a case part of the one with `number`, and return that one: its link and mails lead on there.

    Raises `Invalid` (field number) for none that may be seen, `Conflict` for one of somebody else, or one that is
    merged itself.
    """
    case = await worked_on(tx, actor, case_id)
    target = await _numbered(tx, actor, number)
    if target.id == case.id or case.merged_into_id is not None or target.merged_into_id is not None:
        raise Conflict("These two cannot be merged.", field="number", remedy="Choose a case that is not merged itself.")
    if not same_person(case, target):
        raise Conflict("They are of different people.", field="number", remedy="Say that they belong together instead.")
    was = {"state": case.state.value, "waits_for": case.waits_for.value, "outcome": case.outcome}
    await store.keep_merge(tx, case, target.id, was, actor.name, now)
    over = replace(rules.closed(case, Outcome.DUPLICATE, actor.name, now), merged_into_id=CaseId(target.id))
    await keep(tx, actor, over, [_deed(case, actor, words.MERGED_INTO, now, target.number)], "merged", now, house.hints)
    open_again = rules.opened_again(target, now) if not case.is_closed and case.state is State.OPEN else target
    joined = replace(
        open_again, changed_at=now, answered_at=target.answered_at or case.answered_at,
        tags=tuple(sorted({*target.tags, *case.tags})),
    )  # fmt: skip
    deed = _deed(target, actor, words.MERGED, now, case.number)
    return await keep(tx, actor, joined, [deed], "merged_into", now, house.hints)


async def undo(tx: Transaction, house: House, actor: Actor, case_id: UUID, now: datetime) -> Case:
    """Make a merged case one of its own again, as it was. Raises `Conflict` after a day."""
    case = await worked_on(tx, actor, case_id)
    merge_ = await store.merge_of(tx, case.id)
    if merge_ is None or case.merged_into_id is None or now > merge_.at + UNDONE_WITHIN:
        raise Conflict("This cannot be undone any more.", remedy="Split it off instead.")
    await store.undo_merge(tx, merge_)
    target = await worked_on(tx, actor, merge_.into_id)
    state = State(merge_.was["state"])
    own = replace(rules.opened_again(case, now), merged_into_id=None)
    if state is State.CLOSED:
        own = replace(rules.closed(own, Outcome.OTHER, actor.name, now), outcome=merge_.was["outcome"])
    else:
        own = replace(own, state=state, waits_for=WaitsFor(merge_.was["waits_for"]))
    deed = _deed(target, actor, words.UNMERGED, now, case.number)
    await keep(tx, actor, replace(target, changed_at=now), [deed], "unmerged", now, house.hints)
    told = _deed(case, actor, words.UNMERGED, now, case.number)
    return await keep(tx, actor, own, [told], "unmerged", now, house.hints)


async def split(
    tx: Transaction, house: House, actor: Actor, case_id: UUID, entries: Sequence[UUID], now: datetime
) -> Case:
    """Make a new case of chosen entries of one, of the same driver, and return it. Raises `Invalid` (field entries)."""
    case = await worked_on(tx, actor, case_id)
    if not 0 < len(entries) <= ENTRIES_MAX:
        raise Invalid("Choose what is to go into a case of its own.", field="entries")
    if case.merged_into_id is not None:
        raise Conflict("This case is merged into another.")
    subject = rules.subject_of("", await store.first_words(tx, entries)) or case.subject
    made = replace(
        case, id=CaseId(new_id()), number=0, subject=subject, state=State.OPEN, waits_for=WaitsFor.NOTHING,
        incident_id=None, report_id=None, tell_when_mended=False, outcome="", snoozed_until=None, answered_at=None,
        closed_at=None, closed_by="", created_at=now, created_by=actor.name or actor.kind, changed_at=now,
        promise_id=None, paused_at=None, paused_s=0, answer_due_at=None, solve_due_at=None,
    )  # fmt: skip
    saved = await cases.save(tx, made)
    if not await store.move_entries(tx, case.id, saved.id, entries):
        raise Invalid("Choose what is to go into a case of its own.", field="entries")
    if not await store.count_said(tx, case.id):
        raise Invalid("Nothing would be left in this one.", field="entries", remedy="Leave at least one entry.")
    await store.relate(tx, case.id, saved.id, actor.name, now)
    told = _deed(case, actor, words.SPLIT_OFF, now, saved.number)
    await keep(tx, actor, replace(case, changed_at=now), [told], "split", now, house.hints)
    return await keep(
        tx, actor, saved, [_deed(saved, actor, words.SPLIT_FROM, now, case.number)], "opened", now, house.hints
    )  # fmt: skip


async def relate(tx: Transaction, house: House, actor: Actor, case_id: UUID, number: int, now: datetime) -> Case:
    """Say that the case with `number` belongs to one. Raises `Invalid` (field number)."""
    case, other = await worked_on(tx, actor, case_id), await _numbered(tx, actor, number)
    if case.id == other.id:
        raise Invalid("This is the same case.", field="number")
    await store.relate(tx, case.id, other.id, actor.name, now)
    deed = _deed(case, actor, words.RELATED, now, other.number)
    return await keep(tx, actor, replace(case, changed_at=now), [deed], "related", now, house.hints)


async def unrelate(tx: Transaction, house: House, actor: Actor, case_id: UUID, number: int, now: datetime) -> Case:
    """Say that two cases do not belong together after all. Raises `Invalid` (field number) where they did not."""
    case, other = await worked_on(tx, actor, case_id), await _numbered(tx, actor, number)
    if not await store.unrelate(tx, case.id, other.id):
        raise Invalid("There is no case with this number.", field="number")
    deed = _deed(case, actor, words.UNRELATED, now, other.number)
    return await keep(tx, actor, replace(case, changed_at=now), [deed], "unrelated", now, house.hints)


async def _numbered(tx: Transaction, actor: Actor, number: int) -> Case:
    identity = await store.numbered(tx, number)
    case = await cases.case(tx, identity) if identity is not None else None
    if case is None or (actor.site_ids is not None and case.site_id not in actor.site_ids):
        raise Invalid("There is no case with this number.", field="number")
    return case


def _deed(case: Case, actor: Actor, text: str, now: datetime, number: int) -> Entry:
    return Entry(
        case_id=case.id, at=now, kind=EntryKind.DEED, by_kind="person", by_name=actor.name, text=text,
        params={"who": actor.name or actor.kind, "number": number},
    )  # fmt: skip
