"""People on call, the chain and alerts in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.diagnostics.alerting.model import Alert, Channel, Person, Step, Swap, Webhook
from laddverk.diagnostics.incidents.model import Incident
from laddverk.platform.database import Transaction

PEOPLE: Final = "SELECT * FROM on_call_person WHERE removed_at IS NULL ORDER BY name, id"
SAVE_PERSON: Final = """
INSERT INTO on_call_person (id, name, email, phone, language, quiet_from, quiet_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET name = $2, email = $3, phone = $4, language = $5, quiet_from = $6, quiet_until = $7
"""
REMOVE_PERSON: Final = "UPDATE on_call_person SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
LEAVE_STEPS: Final = "UPDATE on_call_step SET people = array_remove(people, $1)"
END_SWAPS: Final = "DELETE FROM on_call_swap WHERE person_id = $1"
STEPS: Final = "SELECT * FROM on_call_step ORDER BY level"
SAVE_STEP: Final = """
INSERT INTO on_call_step (level, people, days_each, starts_on, handover_time, wait_minutes)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (level) DO UPDATE SET people = $2, days_each = $3, starts_on = $4, handover_time = $5, wait_minutes = $6
"""
REMOVE_STEP: Final = "DELETE FROM on_call_step WHERE level = $1"
SWAPS: Final = "SELECT * FROM on_call_swap WHERE until_at > $1 ORDER BY from_at, id"
ADD_SWAP: Final = """
INSERT INTO on_call_swap (id, level, person_id, from_at, until_at, author) VALUES ($1, $2, $3, $4, $5, $6)
"""
REMOVE_SWAP: Final = "DELETE FROM on_call_swap WHERE id = $1"
WEBHOOKS: Final = "SELECT * FROM alert_webhook WHERE removed_at IS NULL ORDER BY created_at, id"
ADD_WEBHOOK: Final = "INSERT INTO alert_webhook (id, url, note, created_at) VALUES ($1, $2, $3, $4)"
REMOVE_WEBHOOK: Final = "UPDATE alert_webhook SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
INSERT: Final = """
INSERT INTO alert (id, incident_id, person_id, webhook_id, channel, level, what, body, created_at, not_before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
TO_SEND: Final = "SELECT * FROM alert WHERE id = ANY($1) AND sent_at IS NULL FOR UPDATE"
ONE: Final = "SELECT * FROM alert WHERE id = $1 FOR UPDATE"
# By which ways the same was told to the same person.
CHANNELS_OF: Final = """
SELECT DISTINCT channel FROM alert WHERE incident_id = $1 AND person_id = $2 AND level = $3 AND what = $4
  AND created_at >= $5
"""
SENT: Final = "UPDATE alert SET sent_at = $2, provider_ref = $3, error = '', attempts = attempts + 1 WHERE id = $1"
FAILED: Final = "UPDATE alert SET error = $2, attempts = attempts + 1 WHERE id = $1"
ACKNOWLEDGED: Final = "UPDATE alert SET acknowledged_at = $2 WHERE id = $1 AND acknowledged_at IS NULL"
CALLABLE: Final = """
SELECT * FROM incident
WHERE state IN ('new', 'acknowledged', 'in_work') AND hidden_by = '' AND severity <= 2
ORDER BY severity, since, id FOR UPDATE
"""
CALLED: Final = "UPDATE incident SET level = $2, called_at = $3 WHERE id = $1"


async def people(tx: Transaction) -> list[Person]:
    """Return everybody who can be on call, by name."""
    return await tx.fetch(Person, PEOPLE)


async def save_person(tx: Transaction, person: Person, now: datetime) -> None:
    """Write a person, new or changed."""
    await tx.execute(
        SAVE_PERSON, person.id, person.name, person.email, person.phone, person.language, person.quiet_from,
        person.quiet_until, now,
    )  # fmt: skip


async def remove_person(tx: Transaction, person_id: UUID, now: datetime) -> bool:
    """Take a person out of everything that lies ahead; return False when there was none."""
    if not await tx.execute(REMOVE_PERSON, person_id, now):
        return False
    await tx.execute(LEAVE_STEPS, person_id)
    await tx.execute(END_SWAPS, person_id)
    return True


async def steps(tx: Transaction) -> list[Step]:
    """Return the chain, the first called first."""
    return await tx.fetch(Step, STEPS)


async def save_step(tx: Transaction, step: Step) -> None:
    """Write one level of the chain."""
    await tx.execute(
        SAVE_STEP, step.level, list(step.people), step.days_each, step.starts_on, step.handover_time, step.wait_minutes
    )


async def remove_step(tx: Transaction, level: int) -> bool:
    """Take a level out of the chain; return False when there was none."""
    return bool(await tx.execute(REMOVE_STEP, level))


async def swaps(tx: Transaction, now: datetime) -> list[Swap]:
    """Return the swaps that are not over."""
    return await tx.fetch(Swap, SWAPS, now)


async def add_swap(tx: Transaction, swap: Swap) -> None:
    """Write a swap."""
    await tx.execute(ADD_SWAP, swap.id, swap.level, swap.person_id, swap.from_at, swap.until_at, swap.author)


async def remove_swap(tx: Transaction, swap_id: UUID) -> bool:
    """Take a swap back; return False when there was none."""
    return bool(await tx.execute(REMOVE_SWAP, swap_id))


async def webhooks(tx: Transaction) -> list[Webhook]:
    """Return the addresses of programs that are told."""
    return await tx.fetch(Webhook, WEBHOOKS)


async def add_webhook(tx: Transaction, webhook: Webhook) -> None:
    """Write an address."""
    await tx.execute(ADD_WEBHOOK, webhook.id, webhook.url, webhook.note, webhook.created_at)


async def remove_webhook(tx: Transaction, webhook_id: UUID, now: datetime) -> bool:
    """Take an address out; return False when there was none."""
    return bool(await tx.execute(REMOVE_WEBHOOK, webhook_id, now))


async def insert(tx: Transaction, alerts: Sequence[Alert]) -> None:
    """Write alerts that are to go out."""
    for one in alerts:
        await tx.execute(
            INSERT, one.id, one.incident_id, one.person_id, one.webhook_id, one.channel, one.level, one.what, one.body,
            one.created_at, one.not_before,
        )  # fmt: skip


async def to_send(tx: Transaction, alerts: Sequence[UUID]) -> dict[UUID, Alert]:
    """Return those of `alerts` that did not go out, locked."""
    return {one.id: one for one in await tx.fetch(Alert, TO_SEND, list(alerts))}


async def alert(tx: Transaction, alert_id: UUID) -> Alert | None:
    """Return one alert, locked."""
    return await tx.fetch_one(Alert, ONE, alert_id)


async def channels_of(tx: Transaction, alert: Alert) -> frozenset[Channel]:
    """Return by which ways its person was told what an alert says, with it or after it."""
    found = await tx.values(
        CHANNELS_OF, alert.incident_id, alert.person_id, alert.level, alert.what, alert.created_at
    )  # fmt: skip
    return frozenset(Channel(each) for each in found)


async def mark_sent(tx: Transaction, alert_id: UUID, at: datetime, reference: str = "") -> None:
    """Note that somebody took it."""
    await tx.execute(SENT, alert_id, at, reference)


async def mark_failed(tx: Transaction, alert_id: UUID, error: str) -> None:
    """Note why it did not go out."""
    await tx.execute(FAILED, alert_id, error[:500])


async def mark_acknowledged(tx: Transaction, alert_id: UUID, at: datetime) -> None:
    """Note that its reader has answered."""
    await tx.execute(ACKNOWLEDGED, alert_id, at)


async def callable_incidents(tx: Transaction) -> list[Incident]:
    """Return the incidents about which somebody may have to be called, locked."""
    return await tx.fetch(Incident, CALLABLE)


async def mark_called(tx: Transaction, incident_id: UUID, level: int, at: datetime) -> None:
    """Note how far an incident was escalated."""
    await tx.execute(CALLED, incident_id, level, at)
