"""Completes what is said of charges: who says when they leave, but not how much they need, needs what is usual.

The guess is made once for a charge and kept with it: what its page shows is what the allocator counts with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import store, store_wishes
from laddverk.energy.planning_ahead.gathering import PAST_KEPT
from laddverk.energy.planning_ahead.guessing import Came, guessed, usual_of
from laddverk.energy.planning_ahead.store import Past
from laddverk.energy.planning_ahead.store_wishes import Told
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction


async def completed(tx: Transaction, site_id: SiteId, now: datetime) -> Sequence[Told]:
    """Return what is said of the charges that run at a site, with a guess kept for each that needs one."""
    told = await store_wishes.running_at(tx, site_id, now)
    lacking = [each for each in told if each.wants_guess]
    if not lacking:
        return told
    past = await past_of(tx, await circuits.tree(tx, site_id), now)
    known = await asyncio.to_thread(usual_of, [each.who for each in lacking], past)
    for each in lacking:
        guess = guessed(Came(each.who, each.started_at, each.had_wh), known[each.who], now)
        await store_wishes.keep_guess(tx, each.session_id, guess, now)
    return await store_wishes.running_at(tx, site_id, now)


async def past_of(tx: Transaction, tree: Tree, now: datetime) -> Sequence[Past]:
    """Return the charges at the outlets of a tree that habits are learnt from, the newest first."""
    return await store.past_sessions(tx, sorted({place.station_id for place in tree.places}), now - PAST_KEPT)
