"""An outlet that hangs in no tree any more is let go: what load management left in its charger is taken away.

A standing default would hold for ever there, one of 0 A would leave the outlet dead, and nobody steers it any more. A
limit of the session ends by itself within minutes. The next step of the tree that it hangs in now, here or at another
site, finds out anew what is in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from laddverk.energy import service as energy
from laddverk.energy import store as profiles
from laddverk.energy.circuits import store as trees
from laddverk.energy.steering import placing, store
from laddverk.energy.steering.model import Belief
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.facts import Purpose
from laddverk.platform.database import Transaction

REASON: Final = "taken out of the circuits: nothing steers this outlet any more"


async def release(
    tx: Transaction, actor: Actor, beliefs: Mapping[str, Belief], placed: Collection[str], now: datetime
) -> int:
    """Take the default away from each outlet that is believed to hold one and is not `placed`; return how many orders.

    The command waits for a charger that is away, as commands do. One that hangs in another site's tree is that loop's,
    and one that takes no commands any more (retired) is let be.
    """
    gone = [key for key, belief in beliefs.items() if key not in placed and belief.standing]
    if not gone:
        return 0
    elsewhere = await _placed(tx, [placing.outlet_of(key)[0] for key in gone])
    sent = 0
    for key in gone:
        station_id, evse_number = placing.outlet_of(key)
        if key in elsewhere:
            continue
        try:
            async with tx.savepoint():
                sent += await _cleared(tx, actor, StationId(station_id), evse_number, now)
        except Problem:
            continue
    return sent


async def _cleared(tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, now: datetime) -> int:
    """Take away the defaults that load management left at an outlet, on whatever level; return how many orders."""
    ours = [
        one.profile_id
        for one in await profiles.profiles_there(tx, station_id)
        if one.requested_by == actor.name and one.evse_number == evse_number
        and one.profile.purpose is Purpose.TX_DEFAULT
    ]  # fmt: skip
    for number in ours:
        await energy.clear_profiles(tx, actor, station_id, now, profile_id=number, reason=REASON)
    return len(ours)


async def _placed(tx: Transaction, station_ids: Sequence[UUID]) -> frozenset[str]:
    """Return the outlets that hang in the trees of the sites where these stations stand now."""
    sites = await store.sites(tx, station_ids, ())
    return frozenset(placing.key_of(*place.key) for tree in await trees.trees(tx, sites) for place in tree.places)
