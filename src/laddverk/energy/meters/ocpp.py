"""A charger's own meter at the grid: what it says of itself as a whole (connector or EVSE 0), as OCPP brought it.

Some chargers carry the site's current transformers and report them so: 1.6 as MeterValues of connector 0, 2.x of EVSE
0, at location Inlet (before the charger) or none. Readings are taken from what was recorded; nothing is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.meters import rules
from laddverk.energy.meters.model import Meter, Reading, Unreadable, Why
from laddverk.kernel.time import Clock
from laddverk.platform.database import Database

LOOK_EVERY_S: Final = 2.0
SILENT_S: Final = 120.0
INLET: Final = ("Inlet", "Upstream")  # of the grid: before the charger, or above it (2.1)
MEASURED: Final = "Current.Import"
GIVEN_BACK: Final = "Current.Export"

LATEST: Final = """
SELECT at, current_l1_a, current_l2_a, current_l3_a, voltage_l1_v, voltage_l2_v, voltage_l3_v, power_w, energy_wh,
       energy_export_wh, rest
FROM sample WHERE station_id = $1 AND transaction_key = '' AND evse_number = 0
ORDER BY at DESC LIMIT 1
"""


class Said(Struct, frozen=True):
    """What a charger said of itself as a whole."""

    at: datetime
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    voltage_l1_v: float | None
    voltage_l2_v: float | None
    voltage_l3_v: float | None
    power_w: int | None
    energy_wh: int | None
    energy_export_wh: int | None
    rest: dict[str, Any] | None


class OcppMeter:
    """One charger as a meter. Raises `Unreadable` alone."""

    def __init__(self, meter: Meter, database: Database, clock: Clock) -> None:
        self._meter, self._database, self._clock = meter, database, clock

    async def readings(self) -> AsyncIterator[Reading | Unreadable]:
        """Yield what the charger says, as it comes."""
        loop = asyncio.get_running_loop()
        before, heard_at = None, loop.time()
        while True:
            said = await self._latest()
            if said is not None and said.at != before:
                before, heard_at = said.at, loop.time()
                yield reading_of(said, self._meter.setup.ratio, self._clock())
            elif loop.time() - heard_at > SILENT_S:
                raise Unreadable(Why.NO_ANSWER, "MeterValues 0")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _latest(self) -> Said | None:
        station_id: UUID | None = self._meter.setup.station_id
        async with self._database.transaction() as tx:
            return await tx.fetch_one(Said, LATEST, station_id)


def reading_of(said: Said, ratio: float, now: datetime) -> Reading | Unreadable:
    """Return the reading that a charger's values make, or why they make none. Pure.

    Values at the inlet count before others. A phase that it does not tell counts as the highest that it tells.
    """
    rest = said.rest or {}
    given = _at(rest, MEASURED, INLET) or [said.current_l1_a, said.current_l2_a, said.current_l3_a]
    back = _at(rest, GIVEN_BACK, (*INLET, "")) or [None, None, None]
    told = [one for one in given if one is not None]
    if not told:
        return Unreadable(Why.NOT_READABLE, MEASURED)
    currents = [(one if one is not None else max(told)) - (away or 0.0) for one, away in zip(given, back, strict=True)]
    first, second, third = (one * ratio for one in currents)
    volts = said.voltage_l1_v, said.voltage_l2_v, said.voltage_l3_v
    reading = Reading(
        at=said.at, current_a=(first, second, third),
        voltage_v=(volts[0], volts[1], volts[2]) if volts[0] and volts[1] and volts[2] else None,
        power_w=_times(said.power_w, ratio), import_wh=_times(said.energy_wh, ratio),
        export_wh=_times(said.energy_export_wh, ratio),
    )  # fmt: skip
    wrong = rules.fault(reading, now)
    return Unreadable(Why.IMPLAUSIBLE, wrong) if wrong else reading


def _at(rest: Mapping[str, Any], measurand: str, locations: Sequence[str]) -> list[float | None]:
    """Return a quantity's phases at the first of these locations that has any; nothing where none has."""
    for location in locations:
        names = ["/".join(filter(None, (measurand, f"L{phase}", location))) for phase in (1, 2, 3)]
        found = [_amperes(rest.get(name)) for name in names]
        if any(one is not None for one in found):
            return found
    return []


def _amperes(kept: object) -> float | None:
    """Return what `rest` keeps with its unit, where that is amperes."""
    if not isinstance(kept, dict) or kept.get("unit") not in (None, "A"):
        return None
    value = kept.get("value")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _times(value: int | None, ratio: float) -> float | None:
    return None if value is None else value * ratio
