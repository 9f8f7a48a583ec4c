"""Keeps the hours of use up to date: what was noted, what time adds, and what other outlets change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.planning.usage import outlets, rolling
from laddverk.planning.usage.rolling import Due
from laddverk.platform.database import Transaction

SITES_AT_ONCE: Final = 40  # some hundred outlets: a turn stays within seconds
STRETCH: Final = timedelta(days=31)  # of a site's past in one turn; the rest comes with the next


async def keep_up(tx: Transaction, currency: str, now: datetime) -> bool:
    """Make anew what is due; return whether something is left for another turn.

    `currency` is the one in which revenue is counted.
    """
    others = [Due(site_id=site, since=_hour(since)) for site, since in (await outlets.refresh(tx)).items()]
    due = _earliest([*others, *await rolling.take_due(tx), *await rolling.going_on(tx)], now)
    turn = due[:SITES_AT_ONCE]
    until = [min(one.since + STRETCH, now) for one in turn]
    if turn:
        await rolling.make(tx, turn, until, currency)
    rest = [Due(site_id=one.site_id, since=end) for one, end in zip(turn, until, strict=True) if end < now]
    await rolling.put_back(tx, left := [*rest, *due[SITES_AT_ONCE:]])
    return bool(left)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _earliest(due: Iterable[Due], now: datetime) -> list[Due]:
    """Return each site once, from its earliest instant on; what has not come yet is left out."""
    since: dict[UUID, datetime] = {}
    for one in due:
        since[one.site_id] = min(one.since, since.get(one.site_id, one.since))
    return [Due(site_id=site, since=at) for site, at in sorted(since.items(), key=lambda pair: pair[1]) if at < now]
