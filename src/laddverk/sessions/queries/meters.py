"""What the meters of a charger say while nobody charges: by the clock, or when they are asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

LATEST: Final = 100  # readings that are looked at: a charger tells of all its outlets at once

METERS: Final = """
-- The latest reading of each EVSE (0: the whole charger) that names no session.
SELECT DISTINCT ON (latest.evse_number) latest.evse_number, latest.at, latest.energy_wh, latest.power_w
FROM (SELECT evse_number, at, energy_wh, power_w FROM sample
      WHERE station_id = $1 AND transaction_key = '' ORDER BY at DESC LIMIT $2) AS latest
WHERE latest.energy_wh IS NOT NULL OR latest.power_w IS NOT NULL
ORDER BY latest.evse_number, latest.at DESC
"""


class MeterRow(Struct, frozen=True):
    """What a meter said last."""

    evse_number: int
    at: datetime
    energy_wh: int | None
    power_w: int | None


async def meters(tx: Transaction, station_id: UUID) -> list[MeterRow]:
    """Return what the meters of a charger said last outside of sessions. The caller has seen that it may be shown."""
    return await tx.fetch(MeterRow, METERS, station_id, LATEST)
