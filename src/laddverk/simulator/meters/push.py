"""A meter, or the program beside it, that pushes its readings to the API with a key of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import httpx

from laddverk.kernel.time import Clock, system_clock
from laddverk.simulator.meters.telling import Currents, Teller, Told

PATH: Final = "/api/v1/meters/{}/readings"
TIMEOUT_S: Final = 10.0


class PushingMeter(Teller):
    """What a meter pushes. It says something when it is told to; `status` is what the network answered last."""

    def __init__(self, currents: Currents, client: httpx.AsyncClient, meter: str, clock: Clock) -> None:
        super().__init__(currents, clock)
        self.status = HTTPStatus.OK
        self._client, self._path = client, PATH.format(meter)

    async def tell(self) -> Told | None:
        """Push what it tells now, and return that. What is no number goes out as `NaN`, which is no JSON."""
        told = self.tells()
        if told is not None:
            body = {"readings": [{"at": told.at.isoformat(), "current_a": told.current_a}]}
            answer = await self._client.post(
                self._path, content=json.dumps(body), headers={"Content-Type": "application/json"}
            )
            self.status = HTTPStatus(answer.status_code)
        return told


@asynccontextmanager
async def pushing(
    currents: Currents, *, url: str, key: str, meter: str, clock: Clock = system_clock
) -> AsyncIterator[PushingMeter]:
    """Yield a meter that pushes to the network at `url`; `meter` is what the API calls it."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_S) as client:
        yield PushingMeter(currents, client, meter, clock)
