"""Keeps the counted use up to date: what was noted, what time adds, and what other outlets change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import structs

from laddverk.planning.usage import due, outlets, rolling, summing
from laddverk.planning.usage.due import Behind, Due, Noted
from laddverk.platform.database import Transaction

OUTLET_DAYS_AT_ONCE: Final = 20_000  # as many sessions or somewhat more: a turn of seconds, and of bounded memory
DAYS_AT_ONCE: Final = 366  # of one site; what is looked at begins 40 days before, so short stretches look often
DAYS_LEAST: Final = 31
LONGER_DAY: Final = timedelta(hours=1)  # the night in which the clock goes back; what is left begins with a whole day
NETWORK_DAYS_AT_ONCE: Final = 31

log = logging.getLogger(__name__)


async def keep_up(tx: Transaction, currency: str, now: datetime) -> bool:
    """Count anew a part of what is due; return whether something is left for another turn.

    `currency` is the one in which revenue and costs are counted. A turn is one transaction: what breaks it off leaves
    what was due noted, and the turns before it done.
    """
    others = [Noted(site_id=site, since=since) for site, since in (await outlets.refresh(tx)).items()]
    turn, later = portion(await due.take(tx, others, now))
    await due.put_back(tx, later, now)
    if turn:
        await rolling.count(tx, turn, currency)
        await summing.add_up(tx, turn)
        await due.made(tx, turn)
    if later:
        log.info("usage is counted: %d stretches of sites are left, %d were counted now", len(later), len(turn))
        return True
    return await summing.add_up_network(tx, NETWORK_DAYS_AT_ONCE)


async def behind(tx: Transaction, now: datetime) -> Behind:
    """Return how much is still to be counted."""
    return await due.behind(tx, now)


def portion(wanted: Iterable[Due]) -> tuple[list[Due], list[Due]]:
    """Divide what is due into what one turn counts and what is left.

    A site is in a turn at most once. A stretch is at most `DAYS_AT_ONCE` long, and shorter at a site of many outlets.
    """
    turn: list[Due] = []
    later: list[Due] = []
    taken: set[UUID] = set()
    room = float(OUTLET_DAYS_AT_ONCE)
    for one in wanted:
        outlets_there = max(one.outlets, 1)
        days = max(DAYS_LEAST, min(DAYS_AT_ONCE, OUTLET_DAYS_AT_ONCE // outlets_there))
        end = min(one.until, one.since + timedelta(days=days) + LONGER_DAY)
        needed = (end - one.since) / timedelta(days=1) * outlets_there
        if one.site_id in taken or (turn and needed > room):
            later.append(one)
            continue
        taken.add(one.site_id)
        turn.append(structs.replace(one, until=end))
        room -= needed
        if end < one.until:
            later.append(structs.replace(one, since=end))
    return turn, later
