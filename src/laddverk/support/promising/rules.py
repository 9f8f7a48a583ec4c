"""Which promise a case has, when it is due, and what stops its clock. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.support.model import KINDS, Case, Priority, State, WaitsFor
from laddverk.support.promising.hours import ALWAYS, Hours, after, between
from laddverk.support.promising.model import MINUTES_MAX, How, Promise, Ring

NEAR_SHARE: Final = 0.75  # of the time is gone: whoever looks at the list sees it coming
MINUTE_S: Final = 60


def checked(promise: Promise) -> Promise:
    """Return a promise that can be kept. Raises `Invalid` (fields name, answer_minutes, solve_minutes, kinds …)."""
    if not promise.name.strip():
        raise Invalid("Give it a name.", field="name")
    if promise.answer_minutes is None and promise.solve_minutes is None:
        raise Invalid("Promise something.", field="answer_minutes")
    for field in ("answer_minutes", "solve_minutes"):
        minutes = getattr(promise, field)
        if minutes is not None and not 0 < minutes <= MINUTES_MAX:
            raise Invalid("Enter minutes, at most 90 days.", field=field)
    if not set(promise.kinds) <= set(KINDS) or not set(promise.priorities) <= {int(each) for each in Priority}:
        raise Invalid("Choose from the list.", field="kinds")
    return replace(promise, name=promise.name.strip()[:80])


def fitting(promises: Iterable[Promise], case: Case, accounts: Collection[UUID]) -> Promise | None:
    """Return the first promise that fits a case of a driver who is a member of `accounts`; what a rule gave stays."""
    for promise in sorted(promises, key=lambda each: (not each.only_by_rule, each.position)):
        if promise.only_by_rule:
            if promise.id == case.promise_id:
                return promise
        elif (
            (not promise.priorities or int(case.priority) in promise.priorities)
            and (not promise.kinds or case.kind in promise.kinds)
            and (not promise.site_ids or case.site_id in promise.site_ids)
            and (not promise.account_ids or not set(promise.account_ids).isdisjoint(accounts))
        ):
            return promise
    return None


def is_stopped(case: Case) -> bool:
    """Return whether a case's clock stands still: we wait for the driver, or it is over."""
    return case.is_closed or (case.state is State.WAITING and case.waits_for is WaitsFor.DRIVER)


def promised(case: Case, promise: Promise | None, hours: Mapping[UUID, Hours], now: datetime) -> Case:
    """Return `case` as it is to be kept: its promise, its clock stopped or running, and when what is due.

    Called with each change; the same state at the same time gives the same answer. A case that we opened ourselves,
    and in which nobody waits for a word, has no time for the first answer.
    """
    if promise is None:
        return replace(case, promise_id=None, paused_at=None, paused_s=0, answer_due_at=None, solve_due_at=None)
    working = hours.get(promise.hours_id, ALWAYS) if promise.hours_id else ALWAYS
    paused_s, paused_at = case.paused_s, case.paused_at
    if paused_at is not None and (not is_stopped(case) or case.closed_at == now):
        paused_s, paused_at = paused_s + between(working, paused_at, now), None
    if paused_at is None and is_stopped(case):
        paused_at = now
    answer_due_at = solve_due_at = None
    if promise.answer_minutes is not None and case.created_by == "driver":
        answer_due_at = after(working, case.created_at, promise.answer_minutes * MINUTE_S)
    if promise.solve_minutes is not None:
        solve_due_at = after(working, case.created_at, promise.solve_minutes * MINUTE_S + paused_s)
    return replace(
        case, promise_id=promise.id, paused_at=paused_at, paused_s=paused_s, answer_due_at=answer_due_at,
        solve_due_at=solve_due_at,
    )  # fmt: skip


def ring(case: Case, now: datetime) -> Ring | None:
    """Return what a row shows of a case's promises: the first answer until it is given, then the solution."""
    if case.answer_due_at is not None and case.answered_at is None and not case.is_closed:
        return _running("answer", case, case.answer_due_at, now)
    if case.solve_due_at is None:
        if case.answer_due_at is None:
            return None
        kept = case.answered_at is not None and case.answered_at <= case.answer_due_at
        return Ring(what="answer", how=How.KEPT if kept else How.BROKEN, due_at=case.answer_due_at, share=1.0)
    if case.closed_at is not None:
        kept = case.closed_at <= case.solve_due_at
        return Ring(what="solve", how=How.KEPT if kept else How.BROKEN, due_at=case.solve_due_at, share=1.0)
    if case.paused_at is not None:
        late = case.paused_at > case.solve_due_at
        share = _share(case.created_at, case.solve_due_at, case.paused_at)
        return Ring(what="solve", how=How.BROKEN if late else How.PAUSED, due_at=case.solve_due_at, share=share)
    return _running("solve", case, case.solve_due_at, now)


def _running(what: str, case: Case, due_at: datetime, now: datetime) -> Ring:
    share = _share(case.created_at, due_at, now)
    how = How.LATE if now > due_at else How.NEAR if share >= NEAR_SHARE else How.RUNS
    return Ring(what=what, how=how, due_at=due_at, share=share)


def _share(begin: datetime, end: datetime, now: datetime) -> float:
    length = (end - begin).total_seconds()
    return 1.0 if length <= 0 else min(1.0, max(0.0, (now - begin).total_seconds() / length))
