"""Where a new site is wanted, as everybody sees it: wishes, and refusals that bottlenecks find. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.model import Kind
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.seeking import rules, store
from laddverk.planning.seeking.rules import Spill, Spot
from laddverk.platform.database import Transaction

WISHES_COUNTED: Final = 5_000  # the newest; more a person does not decide by
MONTHS: Final = 12
ROOM: Final = (Kind.PORTS, Kind.OVERSTAY, Kind.RELIABILITY)


async def spots(tx: Transaction, zone: str, now: datetime) -> list[Spot]:
    """Return the spots of the whole network, the most wanted first."""
    seen = await bottlenecks.observed(tx, None, zone, now)
    refused = {
        one.site_id: sum(each.sessions or 0.0 for each in judged(one).found if each.kind in ROOM) / MONTHS
        for one in seen
    }
    spills = [
        Spill(
            site_id=one.id, site_name=one.name, latitude=one.latitude, longitude=one.longitude,
            refused_month=refused[one.id],
        )
        for one in await store.site_places(tx)
        if one.id in refused
    ]  # fmt: skip
    return rules.spots(await store.wishes(tx, "", "", 0, WISHES_COUNTED), spills)
