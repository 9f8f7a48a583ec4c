"""Security events: kept, counted, alarmed, and looked at by somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from laddverk.certificates import rules_events, store_events
from laddverk.certificates.model import NewEvent, SecurityEventNoted
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.facts import SecurityEventReported
from laddverk.ocpp.tolerance import storable
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.stations.model import IdentityShared, KeyGuessed

REASON_MIN: Final = 3
REASON_MAX: Final = 200
AT_ONCE_MAX: Final = 500  # events that are looked at with one click


async def record_events(tx: Transaction, facts: Sequence[SecurityEventReported]) -> None:
    """Keep what chargers noticed. Told again, it is kept once; the same kind of thing within the hour is counted."""
    for fact in facts:
        event = NewEvent(
            station_id=fact.station_id,
            at=fact.at,
            received_at=fact.received_at,
            kind=fact.kind,
            tech_info=fact.tech_info,
        )
        if not await store_events.was_said(tx, bounded(event)):
            await note(tx, event)


def bounded(event: NewEvent) -> NewEvent:
    """Return the event with its words cut to what is kept and shown."""
    return msgspec.structs.replace(
        event,
        kind=storable(event.kind)[: rules_events.KIND_MAX],
        tech_info=storable(event.tech_info)[: rules_events.INFO_MAX],
    )


async def note(tx: Transaction, event: NewEvent) -> bool:
    """Keep a security event, whoever noticed it; return whether it is a new one. An alarm is published."""
    event = bounded(event)
    critical = rules_events.is_alarm(event.kind)
    same_since = event.received_at - rules_events.SAME_WITHIN
    is_new = await store_events.note(tx, new_id(), event, critical=critical, same_since=same_since)
    if is_new and critical:
        noted = SecurityEventNoted(
            station_id=event.station_id, kind=event.kind, tech_info=event.tech_info, at=event.received_at
        )
        await outbox.publish(tx, [noted])
    return is_new


async def identity_shared(tx: Transaction, event: IdentityShared) -> None:
    """Note that the key of a station is in two hands."""
    shared = NewEvent(
        station_id=event.station_id, at=event.at, received_at=event.at, kind="IdentityShared",
        tech_info="several addresses connect in turn with one key", source="house",
    )  # fmt: skip
    await note(tx, shared)


async def key_guessed(tx: Transaction, event: KeyGuessed) -> None:
    """Note that somebody tries keys: one address, or very many together."""
    guessed = NewEvent(
        station_id=None, at=event.at, received_at=event.at, kind="GuessedKeys",
        tech_info=f"from {event.remote_address}" if event.remote_address else "from many addresses", source="house",
    )  # fmt: skip
    await note(tx, guessed)


async def foreign_transaction(tx: Transaction, station_id: StationId, number: int, at: datetime) -> None:
    """Note that a charger spoke of a transaction of another one; nothing of it was believed (T7)."""
    named = NewEvent(
        station_id=station_id, at=at, received_at=at, kind="ForeignTransaction",
        tech_info=f"it ended transaction {number}, which is another charger's; nothing was changed", source="house",
    )  # fmt: skip
    await note(tx, named)


async def acknowledge(tx: Transaction, actor: Actor, event_ids: Sequence[UUID], reason: str, now: datetime) -> int:
    """Say that somebody has looked at security events, and what came of it; return how many were still open.

    Needs stations:write. Events at stations that `actor` does not see are left alone; none at all is `NotFound`.
    """
    actor.require(Permission.STATIONS_WRITE)
    why = reason.strip()
    if not REASON_MIN <= len(why) <= REASON_MAX or "\x00" in why:
        raise Invalid("Say in a few words what it was.", field="reason")
    if not event_ids or len(event_ids) > AT_ONCE_MAX:
        raise NotFound("There is no such event.")
    sites = None if actor.site_ids is None else sorted(actor.site_ids)
    touched = await store_events.acknowledge(tx, event_ids, sites, now, actor.name or actor.kind, why)
    for event_id in touched:
        await audit.write(tx, actor, "security_event.seen", "security_event", event_id, at=now, reason=why)
    return len(touched)
