"""What flowed through circuits over time: what chargers took and what meters showed, in steps. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits import editing, loads
from laddverk.energy.circuits.loads import Drawn
from laddverk.energy.circuits.model import NO_CURRENT, Circuit, PerPhase, Tree
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

DRAWN: Final = """
-- The highest of each step, by outlet. By way of the sessions of the time: readings are kept by session.
SELECT session.station_id, session.evse_number, date_bin($4::interval, drawn.at, $2) AS at,
       max(drawn.current_l1_a) AS current_l1_a, max(drawn.current_l2_a) AS current_l2_a,
       max(drawn.current_l3_a) AS current_l3_a, max(drawn.power_w) AS power_w
FROM session JOIN sample AS drawn
     ON drawn.station_id = session.station_id AND drawn.transaction_key = session.transaction_key
    AND drawn.at >= $2 AND drawn.at < $3
WHERE session.station_id = ANY($1) AND session.started_at < $3 AND (session.ended_at IS NULL OR session.ended_at > $2)
GROUP BY 1, 2, 3
"""
METERED: Final = """
SELECT date_bin($4::interval, minute, $2) AS at,
       ARRAY[max(current_a[1]), max(current_a[2]), max(current_a[3])] AS current_a
FROM meter_minute WHERE meter_id = $1 AND minute >= $2 AND minute < $3 GROUP BY 1 ORDER BY 1
"""


class _Row(Struct, frozen=True):
    station_id: StationId
    evse_number: int
    at: datetime
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    power_w: int | None


class _Metered(Struct, frozen=True):
    at: datetime
    current_a: PerPhase


class Step(Struct, frozen=True):
    """What flowed through a circuit in one step: the highest of it, on each phase."""

    at: datetime
    charging_a: PerPhase
    metered_a: PerPhase | None
    """What its meter showed, chargers included; None: nothing did."""

    @property
    def other_a(self) -> PerPhase:
        """What flowed besides charging; nothing where no meter tells."""
        if self.metered_a is None:
            return NO_CURRENT
        first, second, third = (
            max(0.0, all_a - cars_a) for all_a, cars_a in zip(self.metered_a, self.charging_a, strict=True)
        )
        return first, second, third


async def flowed(
    tx: Transaction, tree: Tree, circuit: Circuit, from_at: datetime, until_at: datetime, step: timedelta
) -> list[Step]:
    """Return what flowed through a circuit, a row for each step in which something is known, oldest first.

    By the tree of now. What chargers took is the sum of the highest of each outlet: never less than what flowed.
    """
    below = editing.below(tree, circuit.id)
    places = {place.key: place for place in tree.places if place.circuit_id in below}
    charging: dict[datetime, PerPhase] = {}
    if places:
        stations = sorted({place.station_id for place in places.values()})
        for row in await tx.fetch(_Row, DRAWN, stations, from_at, until_at, step):
            place = places.get((row.station_id, row.evse_number))
            if place is not None:
                drawn = Drawn(current_a=(row.current_l1_a, row.current_l2_a, row.current_l3_a), power_w=row.power_w)
                amperes = loads.on_grid(place, drawn, tree.wiring)
                charging[row.at] = loads.added(charging.get(row.at, NO_CURRENT), amperes)
    metered = await meter_steps(tx, circuit.meter_id, from_at, until_at, step) if circuit.meter_id is not None else {}
    return steps_of(charging, metered)


def steps_of(charging: Mapping[datetime, PerPhase], metered: Mapping[datetime, PerPhase]) -> list[Step]:
    """Return both together, by time. Pure."""
    instants: Collection[datetime] = charging.keys() | metered.keys()
    return [Step(at, charging.get(at, NO_CURRENT), metered.get(at)) for at in sorted(instants)]


async def meter_steps(
    tx: Transaction, meter_id: UUID, from_at: datetime, until_at: datetime, step: timedelta
) -> dict[datetime, PerPhase]:
    """Return what a meter showed at most in each step."""
    rows: Sequence[_Metered] = await tx.fetch(_Metered, METERED, meter_id, from_at, until_at, step)
    return {row.at: row.current_a for row in rows}
