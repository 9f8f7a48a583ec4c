"""A meter that tells a broker, as adapters of HAN and P1 ports do: JSON without a time on a topic (MQTT 3.1.1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiomqtt

from laddverk.kernel.time import Clock, system_clock
from laddverk.simulator.meters.telling import Currents, Teller, Told

FIELDS: Final = {"current_l1": "i1", "current_l2": "i2", "current_l3": "i3"}
"""Where in its messages the currents stand, in A."""


class PublishingMeter(Teller):
    """What a meter says on its topic. It says something when it is told to."""

    def __init__(self, currents: Currents, client: aiomqtt.Client, topic: str, clock: Clock) -> None:
        super().__init__(currents, clock)
        self._client, self._topic = client, topic

    async def tell(self) -> Told | None:
        """Publish what it tells now, and return that. What is no number goes out as `NaN`, which is no JSON."""
        told = self.tells()
        if told is not None:
            currents = dict(zip(FIELDS.values(), told.current_a, strict=True))
            await self._client.publish(self._topic, json.dumps(currents))
        return told


@asynccontextmanager
async def publishing(
    currents: Currents, *, port: int, topic: str, user: str, password: str, clock: Clock = system_clock
) -> AsyncIterator[PublishingMeter]:
    """Yield a meter that is connected to the broker at a port of loopback."""
    async with aiomqtt.Client("127.0.0.1", port, username=user, password=password) as client:
        yield PublishingMeter(currents, client, topic, clock)
