"""What is known of stations beside what they say: the scene in which their detectors hear."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.detectors.base import EvseScene, Scene
from laddverk.kernel.ids import StationId
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction

FAIL_SHARE: Final = 0.04  # of attempts, where nothing is known of the model: the middle of five open networks

STATIONS: Final = """
SELECT station.id AS station_id, station.site_id, station.vendor, station.model, station.firmware,
       coalesce(station.protocol, 'ocpp1.6') AS protocol, station.quirks, station.connected_at IS NOT NULL AS connected,
       coalesce(exact.fail_share, whole.fail_share) AS fail_share
FROM station
LEFT JOIN model_share AS exact ON exact.vendor = station.vendor AND exact.model = station.model
     AND exact.firmware = station.firmware AND station.firmware <> ''
LEFT JOIN model_share AS whole ON whole.vendor = station.vendor AND whole.model = station.model AND whole.firmware = ''
WHERE station.id = ANY($1::uuid[]) AND station.retired_at IS NULL
"""

EVSES: Final = """
-- An EVSE of several plugs is as strong as its strongest.
SELECT DISTINCT ON (station_id, evse_number) station_id, evse_number, power_type, power_max_w, current_max_a
FROM connector WHERE station_id = ANY($1::uuid[]) AND evse_number > 0
ORDER BY station_id, evse_number, found_by_itself, power_max_w DESC, connector_number
"""

BAD_CARS: Final = "SELECT key FROM cohort_case WHERE kind = 'car' AND cleared_at IS NULL"


class StationRow(Struct, frozen=True):
    """A station as its scene needs it."""

    station_id: StationId
    site_id: Any
    vendor: str
    model: str
    firmware: str
    protocol: str
    quirks: dict[str, Any]
    connected: bool
    fail_share: float | None


class EvseRow(Struct, frozen=True):
    """An outlet as its scene needs it."""

    station_id: StationId
    evse_number: int
    power_type: str
    power_max_w: int
    current_max_a: int


class Scenery:
    """Makes scenes. Those of stations that did not change are made once in a while only."""

    KEPT_S: Final = 60.0  # a new name or limit is seen after this
    KEPT_MAX: Final = 20_000  # stations: about 1 kB each

    def __init__(self, heartbeat_interval_s: int = 300, known: quirks.Registry | None = None) -> None:
        self._heartbeat_interval_s = heartbeat_interval_s
        self._known = known
        self._kept: dict[StationId, tuple[datetime, Scene]] = {}

    async def of(self, tx: Transaction, station_ids: Collection[StationId], now: datetime) -> dict[StationId, Scene]:
        """Return the scenes of stations that are in the network; retired and unknown ones have none."""
        found: dict[StationId, Scene] = {}
        missing: list[StationId] = []
        for station_id in station_ids:
            kept = self._kept.get(station_id)
            if kept is not None and 0 <= (now - kept[0]).total_seconds() < self.KEPT_S:
                found[station_id] = kept[1]
            else:
                missing.append(station_id)
        if missing:
            found.update(await self._made(tx, missing, now))
        return found

    async def _made(self, tx: Transaction, station_ids: list[StationId], now: datetime) -> dict[StationId, Scene]:
        evses: dict[StationId, dict[int, EvseScene]] = {}
        for row in await tx.fetch(EvseRow, EVSES, station_ids):
            evses.setdefault(row.station_id, {})[row.evse_number] = EvseScene(
                evse_number=row.evse_number, power_type=row.power_type, power_max_w=row.power_max_w,
                current_max_a=row.current_max_a,
            )  # fmt: skip
        bad_cars = frozenset(await tx.values(BAD_CARS))
        made = {
            row.station_id: self._scene(row, evses.get(row.station_id, {}), bad_cars)
            for row in await tx.fetch(StationRow, STATIONS, station_ids)
        }
        if len(self._kept) + len(made) > self.KEPT_MAX:
            self._kept.clear()
        self._kept.update({station_id: (now, scene) for station_id, scene in made.items()})
        return made

    def _scene(self, row: StationRow, evses: dict[int, EvseScene], bad_cars: frozenset[str]) -> Scene:
        interval_s = self._heartbeat_interval_s
        if self._known is not None:
            own = self._known.known(row.vendor, row.model, row.firmware, quirks.read(row.quirks)).quirks
            interval_s = own.heartbeat_interval_s or interval_s
        return Scene(
            station_id=row.station_id,
            vendor=row.vendor,
            model=row.model,
            firmware=row.firmware,
            protocol=row.protocol,
            heartbeat_interval_s=interval_s,
            evses=evses,
            fail_share=FAIL_SHARE if row.fail_share is None else row.fail_share,
            bad_cars=bad_cars,
        )
