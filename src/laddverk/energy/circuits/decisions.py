"""What load management decided for a site and what meters showed, as screens and programs read it. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.loads import Key
from laddverk.energy.circuits.model import PerPhase, Reading
from laddverk.platform.database import Transaction

READING_AGE_MAX: Final = timedelta(minutes=10)  # what is older says nothing of now
STEP_AGE_MAX: Final = timedelta(minutes=2)  # a loop of ten seconds that is silent for so long does not run

SHARES: Final = """
SELECT latest.* FROM unnest($2::uuid[], $3::int[]) AS outlet (station_id, evse_number)
CROSS JOIN LATERAL (
    SELECT station_id, evse_number, at, limit_a, worst_a, reason FROM steering_share
    WHERE site_id = $1 AND station_id = outlet.station_id AND evse_number = outlet.evse_number
    ORDER BY at DESC LIMIT 1
) AS latest
"""
STEP: Final = "SELECT alarms, tree_version, stepped_at FROM steering_state WHERE site_id = $1"
PHASES: Final = """
SELECT station_id, evse_number, phase, answers, jsonb_array_length(steps) AS steps, confidence, at FROM steering_phase
WHERE site_id = $1 AND phase IS NOT NULL
"""
FORGETTING: Final = """
SELECT believed.key FROM steering_state CROSS JOIN LATERAL jsonb_each(beliefs) AS believed
WHERE site_id = $1 AND believed.value->>'keeps_default' = 'false'
"""
READINGS: Final = "SELECT circuit_id, at, current_a FROM circuit_load WHERE site_id = ANY($1) AND at > $2"


class Share(Struct, frozen=True, kw_only=True):
    """What an outlet gets, and why, as data."""

    station_id: UUID
    evse_number: int
    at: datetime
    limit_a: float
    worst_a: float
    """The most that it may draw, whatever was decided."""
    reason: dict[str, Any]

    @property
    def key(self) -> Key:
        """What names the outlet."""
        return self.station_id, self.evse_number


class Alarm(Struct, frozen=True, kw_only=True):
    """Something is wrong, at an outlet or a circuit."""

    kind: str
    key: str
    phase: int | None = None
    value_a: float = 0.0
    limit_a: float = 0.0


class Step(Struct, frozen=True):
    """When the loop looked at a site last, for which tree, and what it found wrong."""

    alarms: list[Alarm]
    tree_version: int
    stepped_at: datetime


class Measured(Struct, frozen=True, kw_only=True):
    """On which phase of the grid (0, 1, 2) the first one of an outlet was measured to lie, and the evidence."""

    station_id: UUID
    evse_number: int
    phase: int
    answers: PerPhase
    """The share of its steps that L1, L2 and L3 of the meter answered with."""
    steps: int
    confidence: float
    at: datetime


async def shares(tx: Transaction, site_id: UUID, outlets: Collection[Key]) -> dict[Key, Share]:
    """Return what these outlets of a site were given last."""
    stations, numbers = [key[0] for key in outlets], [key[1] for key in outlets]
    return {share.key: share for share in await tx.fetch(Share, SHARES, site_id, stations, numbers)}


async def step(tx: Transaction, site_id: UUID) -> Step | None:
    """Return the last step of a site's loop, or None."""
    return await tx.fetch_one(Step, STEP, site_id)


async def phases(tx: Transaction, site_id: UUID) -> dict[Key, Measured]:
    """Return on which phases outlets of a site were measured to lie, where their steps say so."""
    return {(one.station_id, one.evse_number): one for one in await tx.fetch(Measured, PHASES, site_id)}


async def forgetting(tx: Transaction, site_id: UUID) -> frozenset[Key]:
    """Return the outlets that were seen to lose their lasting default at a restart."""
    keys = [str(key).rpartition(":") for key in await tx.values(FORGETTING, site_id)]
    return frozenset((UUID(station), int(number)) for station, _, number in keys)


async def readings(tx: Transaction, sites: Sequence[UUID], now: datetime) -> dict[UUID, Reading]:
    """Return what the meters of these sites showed last, by circuit; what is too old is not among it."""
    found = await tx.fetch(Reading, READINGS, list(sites), now - READING_AGE_MAX)
    return {reading.circuit_id: reading for reading in found}
