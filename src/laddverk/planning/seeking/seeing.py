"""Where a new site is wanted, as everybody sees it: wishes, and refusals as they were last reckoned."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.rules import refused
from laddverk.planning.seeking import rules, store
from laddverk.planning.seeking.rules import Spot
from laddverk.platform.database import Transaction

WISHES_COUNTED: Final = 5_000  # the newest; more a person does not decide by
SITES_AT_ONCE: Final = 100
"""Of a thousand at the promised size, which took eleven seconds while prices and circuits were read for it as well: no
turn is long."""
MONTHS: Final = 12


async def spots(tx: Transaction) -> list[Spot]:
    """Return the spots of the whole network, the most wanted first."""
    return rules.spots(await store.wishes(tx, "", "", 0, WISHES_COUNTED), await store.spills(tx))


async def reckon(tx: Transaction, zone: str, after: UUID | None, now: datetime) -> UUID | None:
    """Find how many drivers some sites send away, those after a site; return the last one where more are left."""
    sites = await store.sites_after(tx, after, SITES_AT_ONCE)
    seen = await bottlenecks.rooms(tx, frozenset(sites), zone, now) if sites else []
    await store.keep_refusals(tx, {one.site_id: refused(one) / MONTHS for one in seen}, now)
    return sites[-1] if len(sites) == SITES_AT_ONCE else None
