"""What the desk does by the clock: cases come back, broken promises are told, answers leave whose time has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from laddverk.kernel.actors import rule
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.notices.model import Template
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.support import store as cases
from laddverk.support import words
from laddverk.support.inbox import looking, sending, store
from laddverk.support.model import Case, Entry, EntryKind
from laddverk.support.promising import keeping
from laddverk.support.promising import store as promising
from laddverk.support.promising.store import Late
from laddverk.support.service import TOPIC
from laddverk.support.teams import store as teams
from laddverk.support.teams.model import Person

CLOCK: Final = "support.clock"
EVERY: Final = (Every(CLOCK, timedelta(seconds=15)),)
BY: Final = rule("support's clock")
CASE_PATH: Final = "/console/cases/cas_"


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of the desk by their kind."""

    async def clock(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        await wake(tx, house, now)
        await tell_late(tx, house, now)
        await sending.send_due(tx, house, now)
        await looking.forget(tx, now)

    return {CLOCK: clock}


async def wake(tx: Transaction, house: House, now: datetime) -> int:
    """Bring back the cases that were put aside until now; return how many."""
    identities = await tx.values(store.WAKE, now)
    for identity in identities:
        case = await cases.case(tx, identity)
        assert case is not None
        await cases.save(tx, await keeping.kept(tx, replace(case, snoozed_until=None, changed_at=now), now))
        await cases.add(
            tx, [Entry(case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=words.WOKEN)]
        )  # fmt: skip
    if identities:
        topics = [TOPIC, *(f"case:{identity}" for identity in identities)]
        tx.after_commit(lambda: house.hints.publish(topics))
    return len(identities)


async def tell_late(tx: Transaction, house: House, now: datetime) -> int:
    """Tell of each promise that was broken: the lead of the case's team, and whoever has it. Once; return how many."""
    late = await promising.late(tx, now)
    if not late:
        return 0
    people = {person.id: person for person in await teams.people(tx)}
    known = {team.id: team for team in await teams.teams(tx)}
    for one in late:
        case = await cases.case(tx, one.case_id)
        assert case is not None
        team = known.get(case.team_id) if case.team_id else None
        told = [people[each] for each in {case.assignee_id, team.lead_id if team else None} if each in people]
        for person in told:
            await _mail(tx, house, case, one, person, now)
        await promising.note_late(tx, one, now)
        names = ", ".join(sorted(person.name for person in told)) or "–"
        text = words.LATE_ANSWER if one.what == "answer" else words.LATE_SOLUTION
        entry = Entry(
            case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=text, params={"name": names}
        )  # fmt: skip
        await cases.add(tx, [entry])
        await audit.write(tx, BY, "case.promise_broken", "support_case", case.id, at=now, detail={"what": one.what})
    topics = [TOPIC, *(f"case:{one.case_id}" for one in late)]
    tx.after_commit(lambda: house.hints.publish(topics))
    return len(late)


async def _mail(tx: Transaction, house: House, case: Case, late: Late, person: Person, now: datetime) -> None:
    settings = house.settings
    params = {
        "link": f"{settings.web_url}{CASE_PATH}{case.id.hex}", "number": case.number, "subject": case.subject,
        "what": late.what, "operator": settings.operator_name,
    }  # fmt: skip
    try:
        await notices.send(
            tx, recipient=person.email, language=person.language or "sv", template=Template.CASE_LATE, params=params,
            now=now, unique_key=f"case-late:{case.id}:{late.what}:{person.id}",
        )  # fmt: skip
    except Invalid:  # an address that was entered long ago, and is none
        return
