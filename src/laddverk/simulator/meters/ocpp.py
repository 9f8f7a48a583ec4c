"""A charger with the site's current transformers: it tells what flows at the grid as values of itself as a whole."""

from __future__ import annotations

from typing import Any

from laddverk.kernel.time import Clock, system_clock
from laddverk.simulator.connection import Link
from laddverk.simulator.dialect import PHASE_NAMES, written
from laddverk.simulator.meters.telling import Currents, Teller
from laddverk.simulator.meters.telling import Told as Reading
from laddverk.simulator.model import Told


class GridMeter(Teller):
    """What a charger says of the grid, of connector 0 (1.6) or EVSE 0 (2.x). It says something when it is told to."""

    def __init__(self, currents: Currents, link: Link, clock: Clock = system_clock) -> None:
        super().__init__(currents, clock)
        self._link = link

    async def tell(self) -> Reading | None:
        """Say what it tells now, wait for the answer, and return what was said. A charger that is away says nothing."""
        told = self.tells()
        if told is not None:
            self._link.charger.say(Told(at=told.at, action="MeterValues", fields=self._fields(told)))
            self._link.wake()
            await self._link.drained()
        return told

    def _fields(self, told: Reading) -> dict[str, Any]:
        is_16 = self._link.charger.hardware.protocol.is_16
        values = [
            {
                "measurand": "Current.Import", "phase": phase, "location": "Inlet",
                "value": f"{amperes:.4f}" if is_16 else amperes,
            }
            for phase, amperes in zip(PHASE_NAMES, told.current_a, strict=True)
        ]  # fmt: skip
        outlet = "connectorId" if is_16 else "evseId"
        return {outlet: 0, "meterValue": [{"timestamp": written(told.at), "sampledValue": values}]}
