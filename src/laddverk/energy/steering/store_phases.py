"""Evidence of which phases outlets use. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.steering.phase_steps import Watched
from laddverk.energy.steering.rotations import Found, Step
from laddverk.platform.database import Transaction

SNAPSHOTS: Final = "SELECT snapshots FROM steering_state WHERE site_id = $1"
KEEP_SNAPSHOTS: Final = "UPDATE steering_state SET snapshots = $2 WHERE site_id = $1"
EVIDENCE: Final = "SELECT station_id, evse_number, steps, is_wrong FROM steering_phase WHERE site_id = $1"
KEEP: Final = """
INSERT INTO steering_phase (site_id, station_id, evse_number, steps, phase, answers, confidence, is_wrong, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (site_id, station_id, evse_number) DO UPDATE
SET steps = excluded.steps, phase = excluded.phase, answers = excluded.answers, confidence = excluded.confidence,
    is_wrong = excluded.is_wrong, at = excluded.at
"""


class Evidence(Struct, frozen=True):
    """The steps of an outlet, and whether they contradicted what people entered when they were looked at last."""

    station_id: UUID
    evse_number: int
    steps: tuple[Step, ...]
    is_wrong: bool


async def snapshots(tx: Transaction, site_id: UUID) -> dict[str, Any]:
    """Return the last certain moment of each metered circuit of a site."""
    return await tx.value(SNAPSHOTS, site_id) or {}


async def keep_snapshots(tx: Transaction, site_id: UUID, kept: Mapping[str, Watched]) -> None:
    """Keep the last certain moments."""
    await tx.execute(KEEP_SNAPSHOTS, site_id, dict(kept))


async def evidence(tx: Transaction, site_id: UUID) -> list[Evidence]:
    """Return the steps of a site's outlets."""
    return await tx.fetch(Evidence, EVIDENCE, site_id)


async def keep(
    tx: Transaction, site_id: UUID, one: Evidence, found: Found | None, now: datetime, *, is_wrong: bool
) -> None:
    """Keep the steps of an outlet and what they say."""
    await tx.execute(
        KEEP, site_id, one.station_id, one.evse_number, list(one.steps), found.phase if found else None,
        list(found.answers) if found else None, found.confidence if found else None, is_wrong, now,
    )  # fmt: skip
