"""How load management stands with one charger: whether it obeys, keeps its default, its clock, what to set in it.

Reads only, and never waits for a step that runs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Place, Tree
from laddverk.energy.steering import boxed, other_load, placing, store
from laddverk.energy.steering.model import Belief, Trust
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

CLOCK_TELLS_S: Final = 60.0  # less is drift, and times of limits allow for it
SEEN: Final = """
SELECT beliefs, loads, next_order, tree_version, stepped_at, pending FROM steering_state WHERE site_id = $1
"""


class Stands(Struct, frozen=True, kw_only=True):
    """How it stands with one outlet."""

    evse_number: int
    circuit: str
    trust: Trust
    keeps_default: bool | None
    """Seen over a restart; None: nobody has."""
    default_a: float | None
    """The standing default that it said yes to last; None: none yet."""
    clock_ahead_s: float
    """How far its clock is ahead (below 0: behind); 0 where that is only drift."""
    in_charger_a: float | None
    """What to set in the charger itself; 0: no limit there helps; None: nobody knows yet what else draws current."""
    current_max_a: float
    """What it can give at most."""
    is_dc: bool = False


async def of_station(tx: Transaction, site_id: UUID, station_id: UUID, now: datetime) -> list[Stands]:
    """Return how it stands with each outlet of a station that hangs on its site's circuits; empty where none does."""
    tree = await trees.tree(tx, SiteId(site_id))
    places = [place for place in tree.places if place.station_id == station_id]
    if not places:
        return []
    state = await tx.fetch_one(store.State, SEEN, site_id)
    amperes = await _in_chargers(tx, tree, state, now)
    beliefs = state.beliefs if state is not None else {}
    names = {circuit.id: circuit.name for circuit in tree.circuits}
    return [_stands(one, names[one.circuit_id], beliefs, amperes) for one in sorted(places, key=lambda one: one.key)]


async def _in_chargers(tx: Transaction, tree: Tree, state: store.State | None, now: datetime) -> dict[str, float]:
    zone = ZoneInfo(await store.zone(tx, tree.site_id))
    loads = state.loads if state is not None else {}
    circuits = placing.circuits(tree, (), now, zone, frozenset(UUID(key) for key in loads))
    if not other_load.is_known(circuits[0], loads.get(circuits[0].key)):
        return {}
    worst = [other_load.most_seen(one, loads.get(one.key)) for one in circuits]
    return boxed.in_chargers(circuits, placing.outlets(tree), other_load.with_below(circuits, worst))


def _stands(place: Place, circuit: str, beliefs: dict[str, Belief], amperes: dict[str, float]) -> Stands:
    key = placing.key_of(*place.key)
    belief = beliefs.get(key, Belief())
    held = [one.limit_a for one in belief.standing if one.answered_at is not None]
    ahead = belief.clock_ahead_s if abs(belief.clock_ahead_s) >= CLOCK_TELLS_S else 0.0
    return Stands(
        evse_number=place.evse_number, circuit=circuit, trust=belief.trust, keeps_default=belief.keeps_default,
        default_a=held[-1] if held else None, clock_ahead_s=ahead, in_charger_a=amperes.get(key),
        current_max_a=place.power_max_w / placing.WATTS_PER_A if place.phases == 0 else place.current_max_a,
        is_dc=place.phases == 0,
    )  # fmt: skip
