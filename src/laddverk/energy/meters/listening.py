"""Listens to all meters beside the worker: a task for each; what they say is kept once a second, in one commit."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from msgspec import Struct

from laddverk.energy.circuits.model import MeterId
from laddverk.energy.meters import service, store
from laddverk.energy.meters.modbus import ModbusMeter
from laddverk.energy.meters.model import Meter, Readable, Reading, Trouble, Unreadable, Way, Why
from laddverk.energy.meters.mqtt import MqttMeter
from laddverk.energy.meters.ocpp import OcppMeter
from laddverk.platform.database import Away
from laddverk.platform.house import House

LOOK_EVERY_S: Final = 5.0  # how soon a new or changed meter is read
KEEP_EVERY_S: Final = 1.0
AGAIN_FIRST_S: Final = 2.0
AGAIN_MAX_S: Final = 60.0  # a meter that comes back is found within a minute
STAGGER_S: Final = 0.02  # between the first connections after a start

log = structlog.get_logger()


class _Listened(Struct):
    meter: Meter
    task: asyncio.Task[None]


class Listener:
    """Tasks by meter, and what came since the last commit: of each meter the latest reading alone."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._listened: dict[MeterId, _Listened] = {}
        self._came: dict[MeterId, Reading] = {}
        self._troubles: dict[MeterId, Trouble] = {}
        self._logged: dict[MeterId, Why] = {}

    async def run(self) -> None:
        """Listen until cancelled. Whatever one meter does, the others are heard."""
        loop = asyncio.get_running_loop()
        looked_at = -LOOK_EVERY_S
        try:
            while True:
                try:
                    if loop.time() - looked_at >= LOOK_EVERY_S:
                        looked_at = loop.time()
                        await self._look()
                    await self._keep()
                except Away as error:
                    log.warning("meters.database_away", error=repr(error))
                except Exception as error:
                    # Reading meters must not end the network; chargers fall back on their own.
                    log.error("meters.failed", exc_info=error)
                await asyncio.sleep(KEEP_EVERY_S)
        finally:
            await self._end(list(self._listened))

    async def _look(self) -> None:
        """Begin to listen to what is new, and end what has changed or is gone."""
        async with self._house.database.transaction() as tx:
            wanted = {meter.id: meter for meter in await store.meters(tx) if meter.setup.way is not Way.PUSH}
        await self._end([key for key, one in self._listened.items() if one.meter != wanted.get(key)])
        for turn, (key, meter) in enumerate(wanted.items()):
            if key not in self._listened:
                task = asyncio.create_task(self._listen(meter, STAGGER_S * turn))
                self._listened[key] = _Listened(meter, task)

    async def _end(self, keys: list[MeterId]) -> None:
        ended = [self._listened.pop(key).task for key in keys]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        for key in keys:
            self._came.pop(key, None)
            self._troubles.pop(key, None)

    async def _listen(self, meter: Meter, after_s: float) -> None:
        """Listen to one meter for as long as it is wanted; after trouble again, ever more seldom."""
        await asyncio.sleep(after_s)
        wait_s = AGAIN_FIRST_S
        while True:
            try:
                async for reading in readable(self._house, meter).readings():
                    wait_s = AGAIN_FIRST_S
                    if isinstance(reading, Unreadable):
                        self._say(meter, reading.why, reading.detail)
                        continue
                    self._came[meter.id] = reading
                    self._troubles.pop(meter.id, None)
                    self._logged.pop(meter.id, None)
                raise Unreadable(Why.NO_ANSWER)
            except Unreadable as trouble:
                self._say(meter, trouble.why, trouble.detail)
            except Exception as error:
                log.error("meters.adapter_failed", meter=str(meter.id), exc_info=error)
                self._say(meter, Why.NOT_READABLE, type(error).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(AGAIN_MAX_S, wait_s * 2)

    def _say(self, meter: Meter, why: Why, detail: str) -> None:
        text = detail.replace("\0", "")
        if self._logged.get(meter.id) is not why:
            self._logged[meter.id] = why
            log.info("meters.trouble", site=str(meter.site_id), meter=str(meter.id), why=why.value, detail=text)
        self._troubles[meter.id] = Trouble(why=why, detail=text, since=self._house.clock())

    async def _keep(self) -> None:
        came, self._came = self._came, {}
        troubles, self._troubles = self._troubles, {}
        if not came and not troubles:
            return
        now = self._house.clock()
        async with self._house.database.transaction() as tx:
            for meter_id, reading in sorted(came.items()):
                await service.keep(tx, meter_id, reading, now)
            for meter_id, trouble in sorted(troubles.items()):
                await store.set_trouble(tx, meter_id, trouble)
        self._house.worker.wake()


def readable(house: House, meter: Meter) -> Readable:
    """Return who tells a meter's readings."""
    if meter.setup.way is Way.MQTT:
        return MqttMeter(meter, house.settings, house.secrets, house.clock)
    if meter.setup.way is Way.OCPP:
        return OcppMeter(meter, house.database, house.clock)
    return ModbusMeter(meter.setup, house.settings, house.clock)


async def listen(house: House) -> None:
    """Listen to all meters as long as the process lives. Never raises but for being cancelled."""
    await Listener(house).run()
