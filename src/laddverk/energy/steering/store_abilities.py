"""What stations say of their smart charging, for all outlets of a site at once. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from laddverk.energy.steering.abilities import Said
from laddverk.platform.database import Transaction

SAID: Final = """
-- What stations said of their smart charging, by lower-case names; a row for each, with an empty object at least.
SELECT station.id, station.protocol, station.vendor, station.model, station.firmware, station.quirks,
       coalesce(said.variables, '{}'::jsonb) AS said
FROM station LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(lower(variable), value) AS variables FROM station_variable
    WHERE station_id = station.id AND attribute = 'Actual' AND (component = 'SmartChargingCtrlr' OR (component = ''
      AND lower(variable) IN ('chargingscheduleallowedchargingrateunit', 'chargeprofilemaxstacklevel')))
) AS said ON true
WHERE station.id = ANY($1)
"""


async def said(tx: Transaction, station_ids: Sequence[UUID]) -> list[Said]:
    """Return what stations say of their smart charging."""
    return await tx.fetch(Said, SAID, list(station_ids))
