"""Webhooks in PostgreSQL, as they came: kept once, however often they come. SQL and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.payments.model import WebhookEvent
from laddverk.platform.database import Transaction

INBOX: Final = """
INSERT INTO webhook_inbox (provider, event_id, kind, payload, received_at, copies)
SELECT provider, event_id, kind, payload::jsonb, received_at, copies
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[])
     AS given (provider, event_id, kind, payload, received_at, copies)
ORDER BY provider, event_id
ON CONFLICT (provider, event_id) DO UPDATE SET copies = webhook_inbox.copies + excluded.copies
RETURNING provider, event_id, copies
"""
INBOX_EVENTS: Final = """
SELECT webhook_inbox.provider, payload FROM unnest($1::text[], $2::text[]) AS given (provider, event_id)
JOIN webhook_inbox USING (provider, event_id) WHERE processed_at IS NULL
"""
INBOX_DONE: Final = """
UPDATE webhook_inbox SET processed_at = given.at
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS given (provider, event_id, at)
WHERE webhook_inbox.provider = given.provider AND webhook_inbox.event_id = given.event_id
"""


class Kept(Struct, frozen=True):
    """A webhook in the inbox, and how many copies of it have come."""

    provider: str
    event_id: str
    copies: int


class _Inbox(Struct, frozen=True):
    provider: str
    payload: WebhookEvent


async def receive(
    tx: Transaction, told: Sequence[tuple[str, WebhookEvent, datetime]]
) -> list[tuple[str, WebhookEvent]]:
    """Keep webhooks with their providers and when they came; return those that are new, each once."""
    first = {(provider, event.id): (provider, event, at) for provider, event, at in reversed(told)}
    copies = Counter((provider, event.id) for provider, event, _ in told)
    kept = await tx.fetch(
        Kept,
        INBOX,
        [provider for provider, _, _ in first.values()],
        [event.id for _, event, _ in first.values()],
        [event.kind for _, event, _ in first.values()],
        [msgspec.json.encode(event).decode() for _, event, _ in first.values()],
        [at for _, _, at in first.values()],
        [copies[name] for name in first],
    )
    new = {(each.provider, each.event_id) for each in kept if each.copies == copies[each.provider, each.event_id]}
    return [(provider, event) for name, (provider, event, _) in first.items() if name in new]


async def unprocessed(tx: Transaction, told: Sequence[tuple[str, str]]) -> list[tuple[str, WebhookEvent]]:
    """Return the webhooks (named by provider and id) that still have to be acted upon, with their providers."""
    wanted = list(dict.fromkeys(told))
    rows = await tx.fetch(_Inbox, INBOX_EVENTS, [each for each, _ in wanted], [event_id for _, event_id in wanted])
    return [(row.provider, row.payload) for row in rows]


def processed(tx: Transaction, provider: str, event_id: str, now: datetime) -> None:
    """Note that a webhook was acted upon."""
    tx.later(_processed, (provider, event_id, now))


async def _processed(tx: Transaction, done: Sequence[tuple[str, str, datetime]]) -> None:
    await tx.execute(INBOX_DONE, *(list(column) for column in zip(*done, strict=True)))
