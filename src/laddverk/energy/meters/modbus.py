"""Meters over Modbus TCP: asks for the registers of a map again and again, one connection for each meter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from laddverk.energy.meters import networks, register_maps, rules
from laddverk.energy.meters.model import Reading, Setup, Unreadable, Why
from laddverk.energy.meters.register_maps import Field, RegisterMap
from laddverk.kernel.time import Clock
from laddverk.platform.settings import Settings

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient

TIMEOUT_S: Final = 2.0  # of one answer: a gateway asks its slow bus meanwhile
RETRIES: Final = 1

Raw = dict[str, tuple[int, ...]]
"""What registers held, by `quantity@address`."""
Ask = Callable[[int, int], Awaitable[tuple[int, ...]]]


class Read(Struct, frozen=True):
    """A reading, with the registers that it was made of."""

    reading: Reading
    raw: Raw


class ModbusMeter:
    """One meter. Raises `Unreadable` alone."""

    def __init__(self, setup: Setup, settings: Settings, clock: Clock) -> None:
        self._setup, self._settings, self._clock = setup, settings, clock

    async def readings(self) -> AsyncIterator[Reading | Unreadable]:
        """Yield a reading every `every_s`."""
        loop = asyncio.get_running_loop()
        async with self._connected() as (client, registers):
            while True:
                began = loop.time()
                yield (await self._read(client, registers)).reading
                await asyncio.sleep(max(0.0, self._setup.every_s - (loop.time() - began)))

    async def once(self) -> Read:
        """Return one reading with its registers, for who looks at it."""
        async with self._connected() as (client, registers):
            return await self._read(client, registers)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AsyncModbusTcpClient, RegisterMap]]:
        # Here and not above: it takes some megabytes, and most networks never ask a meter.
        from pymodbus.client import AsyncModbusTcpClient

        registers = register_maps.known(self._settings.meter_maps_dir).get(self._setup.model)
        if registers is None:
            raise Unreadable(Why.MODEL_UNKNOWN, self._setup.model)
        address = await networks.address_of(self._setup.host, self._setup.port, self._settings)
        client = AsyncModbusTcpClient(
            address, port=self._setup.port, timeout=TIMEOUT_S, retries=RETRIES, reconnect_delay=0
        )
        try:
            if not await client.connect():
                raise Unreadable(Why.NO_CONNECTION, f"{self._setup.host}:{self._setup.port}")
            yield client, registers
        finally:
            client.close()

    async def _read(self, client: AsyncModbusTcpClient, registers: RegisterMap) -> Read:
        async def ask(address: int, count: int) -> tuple[int, ...]:
            return await _asked(client, registers.function, address, count, self._setup.unit)

        values, raw = await _values(registers, ask)
        return Read(reading_of(values, self._setup.ratio, self._clock()), raw)


async def _asked(client: AsyncModbusTcpClient, function: int, address: int, count: int, unit: int) -> tuple[int, ...]:
    from pymodbus.exceptions import ModbusException

    call = client.read_holding_registers if function == 3 else client.read_input_registers
    try:
        answer = await call(address, count=count, device_id=unit)
    except ModbusException as error:
        raise Unreadable(Why.NO_ANSWER, f"register {address}: {error}") from None
    if answer.isError():
        raise Unreadable(Why.REFUSED, f"register {address}: {getattr(answer, 'exception_code', answer)}")
    if len(answer.registers) != count:
        raise Unreadable(Why.NOT_READABLE, f"register {address}: {len(answer.registers)} of {count}")
    return tuple(answer.registers)


async def _values(registers: RegisterMap, ask: Ask) -> tuple[dict[str, tuple[float, ...]], Raw]:
    """Return every quantity of a map, and the registers: one question for each, or three where phases stand apart."""
    values: dict[str, tuple[float, ...]] = {}
    raw: Raw = {}
    for named, phases in ((registers.phases, 3), (registers.totals, 1)):
        for name, field in named.items():
            found: list[float] = []
            for address, count in questions(field, phases):
                told = await ask(address, count)
                raw[f"{name}@{address}"] = told
                step = register_maps.width(field.type)
                found += [
                    register_maps.value(told[at : at + step], field, low_word_first=registers.low_word_first)
                    for at in range(0, count, step)
                ]
            values[name] = tuple(found)
    return values, raw


def questions(field: Field, phases: int) -> list[tuple[int, int]]:
    """Return what is asked for a quantity: first register and how many. Pure."""
    step = register_maps.width(field.type)
    if isinstance(field.address, list):
        return [(address, step) for address in field.address[:phases]]
    return [(field.address, step * phases)]


def reading_of(values: dict[str, tuple[float, ...]], ratio: float, at: datetime) -> Reading:
    """Return the reading that quantities make. Raises `Unreadable` for what cannot be. Pure."""
    scaled = {name: tuple(one if name == "voltage_v" else one * ratio for one in found)
              for name, found in values.items()}  # fmt: skip
    volts = scaled.get("voltage_v")
    reading = Reading(
        at=at,
        current_a=rules.signed(scaled["current_a"], scaled.get("power_phase_w")),
        voltage_v=(volts[0], volts[1], volts[2]) if volts else None,
        power_w=_first(scaled, "power_w"), import_wh=_first(scaled, "import_wh"), export_wh=_first(scaled, "export_wh"),
    )  # fmt: skip
    wrong = rules.fault(reading, at)
    if wrong:
        raise Unreadable(Why.IMPLAUSIBLE, wrong)
    return reading


def _first(values: dict[str, tuple[float, ...]], name: str) -> float | None:
    found = values.get(name)
    return found[0] if found else None
