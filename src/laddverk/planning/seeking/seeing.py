"""Where a new site is wanted, as everybody sees it: wishes, and refusals as they were last reckoned."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.model import Kind
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.seeking import rules, store
from laddverk.planning.seeking.rules import Spot
from laddverk.platform.database import Transaction

WISHES_COUNTED: Final = 5_000  # the newest; more a person does not decide by
SITES_AT_ONCE: Final = 100  # of a thousand at the promised size, which take eleven seconds: no turn is long
MONTHS: Final = 12
ROOM: Final = (Kind.PORTS, Kind.OVERSTAY, Kind.RELIABILITY)


async def spots(tx: Transaction) -> list[Spot]:
    """Return the spots of the whole network, the most wanted first."""
    return rules.spots(await store.wishes(tx, "", "", 0, WISHES_COUNTED), await store.spills(tx))


async def reckon(tx: Transaction, zone: str, after: UUID | None, now: datetime) -> UUID | None:
    """Find how many drivers some sites send away, those after a site; return the last one where more are left."""
    sites = await store.sites_after(tx, after, SITES_AT_ONCE)
    seen = await bottlenecks.observed(tx, frozenset(sites), zone, now) if sites else []
    refused = {
        one.site_id: sum(each.sessions or 0.0 for each in judged(one).found if each.kind in ROOM) / MONTHS
        for one in seen
    }
    await store.keep_refusals(tx, refused, now)
    return sites[-1] if len(sites) == SITES_AT_ONCE else None
