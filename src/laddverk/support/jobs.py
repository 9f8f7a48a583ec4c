"""What support does in the background: cases hear that their incident is over, contacts are seen to their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.diagnostics.incidents import store as incident_store
from laddverk.diagnostics.incidents.model import IncidentClosed
from laddverk.diagnostics.incidents.model import State as IncidentState
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Work
from laddverk.platform.outbox import decoded
from laddverk.support import contacts, rules, store, telling, words
from laddverk.support.model import Entry, EntryKind
from laddverk.support.promising import keeping
from laddverk.support.service import TOPIC
from laddverk.support.stepping import service as stepping

SETTLE: Final = "support.settle_contacts"

STEPS: Final = "support.situation_steps"

EVERY: Final[tuple[Every, ...]] = (
    Every(SETTLE, timedelta(seconds=30)),
    Every(STEPS, timedelta(seconds=10)),
)


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of support by their kind."""

    async def incident_closed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """An incident is over: its cases are told, and drivers who asked for it."""
        for event in (decoded(IncidentClosed, payload) for payload in payloads):
            await hear_closed(tx, house, event)

    async def settle(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await contacts.settle(tx, house.clock())

    async def steps(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await stepping.take_steps(tx, house, house.clock())

    return {"support.incident_closed": incident_closed, SETTLE: settle, STEPS: steps}


async def hear_closed(tx: Transaction, house: House, event: IncidentClosed) -> int:
    """Tell the cases of an incident that it is over; return how many. Part of a larger one: they go with it."""
    incident = await incident_store.incident(tx, event.incident_id)
    if incident is None:
        return 0
    if event.state is IncidentState.MERGED:
        if incident.parent_id is not None:
            await store.move_incident(tx, incident.id, incident.parent_id)
        return 0
    is_false = event.state is IncidentState.FALSE
    cases = await store.of_incident(tx, incident.id)
    topics = [TOPIC, *(f"case:{case.id}" for case in cases)]
    tx.after_commit(lambda: house.hints.publish(topics))
    for case in cases:
        now = house.clock()
        await store.add(
            tx,
            [
                Entry(
                    case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule",
                    text=words.INCIDENT_FALSE if is_false else words.INCIDENT_CLOSED,
                    params={"number": incident.number},
                )
            ],
        )  # fmt: skip
        if case.tell_when_mended and not is_false:
            await telling.mended(tx, house, case, now)
        await store.save(tx, await keeping.kept(tx, rules.after_incident(case, now), now))
    return len(cases)
