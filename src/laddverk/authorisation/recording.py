"""Recorders: which tags were shown where. The other recorders stand with what they record."""

from __future__ import annotations

from collections.abc import Sequence

from laddverk.access.rules import normalised_uid
from laddverk.authorisation import store_lists as store
from laddverk.ocpp.facts import SessionStarted, SessionUpdated, TokenPresented
from laddverk.platform.database import Transaction

Shown = TokenPresented | SessionStarted | SessionUpdated
UID_LENGTH_MAX = 255


async def record_presence(tx: Transaction, facts: Sequence[Shown]) -> None:
    """Record where tags that we know were shown: whose cache they may be in, and whose site their driver comes to."""
    shown = [
        (fact.station_id, normalised_uid(fact.token_uid)[:UID_LENGTH_MAX], fact.received_at)
        for fact in facts
        if fact.token_uid
    ]
    await store.present(tx, shown)
