"""A meter over Modbus TCP with the registers of an Eastron SDM630, on the server of pymodbus. It can misbehave."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Final, cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

VOLTAGE_V: Final = 230.0
REGISTERS: Final = 0x60  # up to the energies
SILENT_S: Final = 3_600.0

Currents = Callable[[], tuple[float, float, float]]
"""What flows now on L1, L2 and L3, in A; negative towards the grid."""


class Fault(StrEnum):
    """What can be wrong with a meter."""

    NONE = "none"
    SILENT = "silent"
    FROZEN = "frozen"
    NO_NUMBER = "no_number"
    WRONG_SCALE = "wrong_scale"
    WRONG_SIGN = "wrong_sign"
    REFUSES = "refuses"


class SimulatedMeter:
    """What a meter says, by what flows and what is wrong with it. Set `fault` at any time."""

    def __init__(self, currents: Currents) -> None:
        self.fault = Fault.NONE
        self.asked = 0
        self.port = 0
        self._currents = currents
        self._said: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def says(self) -> tuple[float, float, float]:
        """Return the currents that it tells."""
        if self.fault is not Fault.FROZEN:
            self._said = self._currents()
        first, second, third = self._said
        factor = {Fault.NO_NUMBER: float("nan"), Fault.WRONG_SCALE: 1_000.0, Fault.WRONG_SIGN: -1.0}.get(
            self.fault, 1.0
        )
        return first * factor, second * factor, third * factor

    def registers(self) -> list[int]:
        """Return the input registers from 0."""
        values = [0.0] * (REGISTERS // 2)
        currents = self.says()
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
        if self.fault is Fault.SILENT:
            await asyncio.sleep(SILENT_S)
        if self.fault is Fault.REFUSES:
            return ExcCodes.ILLEGAL_ADDRESS
        registers[:] = self.registers()[start : start + len(registers)]
        return None


@asynccontextmanager
async def serving(currents: Currents, *, port: int = 0, unit: int = 1) -> AsyncIterator[SimulatedMeter]:
    """Yield a meter that listens on loopback, at a free port by default."""
    meter = SimulatedMeter(currents)
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
