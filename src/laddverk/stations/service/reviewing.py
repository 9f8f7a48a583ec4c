"""What could not be understood, looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations.store import reports as store


async def review_quarantined(tx: Transaction, actor: Actor, quarantine_ids: Sequence[UUID], now: datetime) -> int:
    """Mark messages in quarantine as looked at, and return how many were not yet. Needs stations:write.

    Those of stations that `actor` does not see are left as they are.
    """
    actor.require(Permission.STATIONS_WRITE)
    reviewed = await store.review_quarantined(tx, quarantine_ids, actor.site_ids, actor.name or actor.kind, now)
    for quarantine_id in reviewed:
        await audit.write(tx, actor, "quarantine.reviewed", "quarantine", quarantine_id, at=now)
    return len(reviewed)
