"""Calling people about incidents, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from laddverk.diagnostics.alerting import links, rota, rules, store, wording
from laddverk.diagnostics.alerting.model import Alert, Channel, Person, Step, Swap, What
from laddverk.diagnostics.incidents import queries, working
from laddverk.diagnostics.incidents import store as incident_store
from laddverk.diagnostics.incidents.model import ByKind, TimelineEvent
from laddverk.diagnostics.incidents.working import Deed
from laddverk.diagnostics.model import IncidentId
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import new_id, shown
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.notices.push import store as push_store
from laddverk.notices.push.model import OwnerKind
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

DELIVER: Final = "alerting.deliver"
"""The errand that sends one alert: payload `{alert_id, attempts}`."""
TOLD: Final = N_("%(who)s is told (%(channels)s), level %(level)s")


async def call(tx: Transaction, house: House, now: datetime) -> int:
    """Call whoever is due about whatever is shown; return how many messages that makes."""
    await incident_store.lock(tx)
    steps = tuple(await store.steps(tx))
    if not steps:
        return 0
    people = {person.id: person for person in await store.people(tx)}
    swaps = await store.swaps(tx, now)
    zone = ZoneInfo(house.settings.timezone)
    with_device = {device.owner_id for device in await push_store.of_kind(tx, OwnerKind.ON_CALL)}
    made = 0
    for incident in await store.callable_incidents(tx):
        due = rules.call_due(incident, steps, now)
        if due is None:
            continue
        await store.mark_called(tx, incident.id, rules.level_after(incident, due, steps), now)
        person = reachable(steps, due.level, swaps, people, now, zone)
        if person is None:
            continue
        channels = rules.ways_of(person, has_device=person.id in with_device, loud=due.loud)
        at = now if due.urgent or due.loud else rota.wakes_at(person, now, zone)
        made += await _told(tx, person, channels, incident.id, due.level, due.what, now, at)
    return made


def reachable(
    steps: Sequence[Step], level: int, swaps: Sequence[Swap], people: dict[UUID, Person], now: datetime, zone: ZoneInfo
) -> Person | None:
    """Return who is to be told on a level; where nobody is there, of the next one that has somebody."""
    for step in (step for step in steps if step.level >= level):
        person_id = rota.on_call(step, swaps, now, zone)
        if person_id in people:
            return people[person_id]
    return None


async def _told(
    tx: Transaction,
    person: Person,
    channels: Sequence[Channel],
    incident_id: IncidentId,
    level: int,
    what: What,
    now: datetime,
    at: datetime,
) -> int:
    alerts = [
        Alert(
            id=new_id(), incident_id=incident_id, person_id=person.id, channel=each, level=level, what=what,
            created_at=now, not_before=at,
        )
        for each in channels
    ]  # fmt: skip
    await post(tx, alerts)
    said = {"who": person.name, "channels": ", ".join(channels) or "–", "level": level}
    event = TimelineEvent(incident_id=incident_id, at=now, by_kind=ByKind.RULE, text=TOLD, params=said)
    await incident_store.write_events(tx, [event])
    return len(alerts)


async def tell_otherwise(tx: Transaction, alert: Alert, person: Person, now: datetime) -> None:
    """Tell somebody by mail or text message what no device took as a notification, unless they were told so already."""
    if alert.incident_id is None:
        return
    channel = rules.way_instead(person, await store.channels_of(tx, alert))
    if channel is not None:
        await _told(tx, person, [channel], alert.incident_id, alert.level, alert.what, now, now)


async def post(tx: Transaction, alerts: Sequence[Alert]) -> None:
    """Write alerts and let them be delivered at their time."""
    await store.insert(tx, alerts)
    await enqueue(
        tx, [NewJob(DELIVER, {"alert_id": str(one.id), "attempts": 0}, run_at=one.not_before) for one in alerts]
    )


async def tell_programs(tx: Transaction, house: House, incident_id: IncidentId, what: What, now: datetime) -> None:
    """Let every webhook be told of an incident."""
    webhooks = await store.webhooks(tx)
    row = await queries.incident(tx, None, incident_id) if webhooks else None
    if row is None:
        return
    link = house.settings.web_url + "/console/incidents/" + shown("inc", row.id)
    body = msgspec.json.encode(wording.webhook_body(row, what, now.isoformat(), link)).decode()
    await post(
        tx,
        [
            Alert(
                id=new_id(), incident_id=incident_id, webhook_id=webhook.id, channel=Channel.WEBHOOK, what=what,
                body=body, created_at=now, not_before=now,
            )
            for webhook in webhooks
        ],
    )  # fmt: skip


async def behind(tx: Transaction, house: House, token: str, now: datetime) -> tuple[Alert, Person]:
    """Return the alert that a signed address names, and whom it was sent to. Raises `NotFound` when it is too old."""
    found = await store.alert(tx, links.alert_behind(house.secrets, token))
    if found is None or found.incident_id is None or now > found.created_at + links.LASTS:
        raise NotFound("There is no such page.", remedy="The address in a message holds for a week.")
    person = next((each for each in await store.people(tx) if each.id == found.person_id), None)
    if person is None:
        raise NotFound("There is no such page.")
    return found, person


async def answer(
    tx: Transaction, house: House, token: str, deed: Deed, now: datetime, hints: Hints | None = None
) -> None:
    """Acknowledge, or begin to work on, what a message was about. Raises `NotFound`, `Conflict` when it is over."""
    found, person = await behind(tx, house, token, now)
    assert found.incident_id is not None
    actor = Actor("on_call", person.id, person.name, frozenset({Permission.COMMANDS_SEND}))
    if deed not in (Deed.ACKNOWLEDGE, Deed.WORK):
        raise Conflict("This can be done in the console only.")
    await working.do(tx, actor, found.incident_id, deed, "", now, hints)
    await store.mark_acknowledged(tx, found.id, now)
