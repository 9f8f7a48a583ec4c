"""A meter over Modbus TCP with the registers of an Eastron SDM630, on the server of pymodbus. It can misbehave."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from laddverk.kernel.time import Clock, system_clock
from laddverk.simulator.meters.telling import Currents, Fault, PerPhase, Teller

VOLTAGE_V: Final = 230.0
REGISTERS: Final = 0x60  # up to the energies
SILENT_S: Final = 3_600.0  # who asks has given up long before


class SimulatedMeter(Teller):
    """What a meter answers. Set what is wrong with it at any time."""

    def __init__(self, currents: Currents, clock: Clock) -> None:
        super().__init__(currents, clock)
        self.asked = 0
        self.port = 0

    def registers(self, currents: PerPhase) -> list[int]:
        """Return the input registers from 0."""
        values = [0.0] * (REGISTERS // 2)
        for phase, current in enumerate(currents):
            values[phase] = VOLTAGE_V
            values[3 + phase] = abs(current)
            values[6 + phase] = current * VOLTAGE_V
        values[0x34 // 2] = sum(currents) * VOLTAGE_V
        values[0x48 // 2] = 12_345.0
        return list(struct.unpack(f">{REGISTERS}H", struct.pack(f">{REGISTERS // 2}f", *values)))

    async def answer(
        self, _function: int, start: int, _address: int, _count: int, registers: list[int],
        _values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:  # fmt: skip
        """Put what is told into the registers; called by the server for each question."""
        self.asked += 1
        if self.fault is Fault.REFUSES:
            return ExcCodes.ILLEGAL_ADDRESS
        told = self.tells()
        if told is None:
            await asyncio.sleep(SILENT_S)
            return ExcCodes.GATEWAY_NO_RESPONSE
        registers[:] = self.registers(told.current_a)[start : start + len(registers)]
        return None


@asynccontextmanager
async def serving(
    currents: Currents, *, port: int = 0, unit: int = 1, clock: Clock = system_clock
) -> AsyncIterator[SimulatedMeter]:
    """Yield a meter that listens on loopback, at a free port by default."""
    meter = SimulatedMeter(currents, clock)
    device = SimDevice(
        id=unit, simdata=[SimData(0, values=[0] * REGISTERS, datatype=DataType.REGISTERS)], action=meter.answer
    )
    server = ModbusTcpServer(device, address=("127.0.0.1", port))
    serving_task = asyncio.create_task(server.serve_forever(background=True))
    await serving_task
    meter.port = cast(asyncio.Server, server.transport).sockets[0].getsockname()[1]
    try:
        yield meter
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # the library has no types there
