"""Configuration keys and variables: newest value and history, within limits, without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Variable
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.stations import rules
from laddverk.stations.model import VariablesChanged
from laddverk.stations.store import variables as store

VARIABLES_MAX: Final = 10_000  # of one station; the largest inventories seen have about 2,000
NAME_LENGTH_MAX: Final = 150  # a component with instance and EVSE is at most about 110; also what an index row can hold
VALUE_LENGTH_MAX: Final = 10_000  # 2.x allows 2,500
WORD_LENGTH_MAX: Final = 1_000  # of a list of choices, as the standard has it

Told = tuple[StationId, Sequence[Variable], datetime]
"""What a station told, and when we received it."""


class Source(Struct, frozen=True):
    """How values are known: a report of the charger, a command of ours that it took, or an event of a monitor."""

    cause: str = "report"
    changed_by: str = ""
    command_id: UUID | None = None


REPORTED: Final = Source()


async def keep_variables(tx: Transaction, told: Sequence[Told], source: Source = REPORTED) -> None:
    """Keep the newest value of everything in `told`, and what it was before. Publishes `VariablesChanged`.

    A station that tells too many keeps those that it has.
    """
    newest: dict[tuple[StationId, str, str, str], store.KeptVariable] = {}
    for station_id, variables, at in told:
        for variable in map(_bounded, variables):
            key = (station_id, variable.component, variable.variable, variable.attribute)
            candidate = store.KeptVariable(station_id, variable, at, source.cause, source.changed_by, source.command_id)
            if key not in newest or _age(candidate) > _age(newest[key]):
                newest[key] = candidate
    if not newest:
        return
    kept = await _within_limit(tx, newest)
    changed = await store.keep_variables(tx, kept)
    await outbox.publish(tx, [VariablesChanged(station_id=station_id) for station_id in sorted(changed)])


async def _within_limit(
    tx: Transaction, newest: dict[tuple[StationId, str, str, str], store.KeptVariable]
) -> list[store.KeptVariable]:
    """Return what is kept of `newest`, in order: new ones only while the station has fewer than `VARIABLES_MAX`."""
    ordered = [newest[key] for key in sorted(newest)]
    stations = sorted({one.station_id for one in ordered})
    room = dict.fromkeys(stations, VARIABLES_MAX)
    for station_id, count in (await store.count_variables(tx, stations)).items():
        room[station_id] = VARIABLES_MAX - count
    if all(room[station_id] >= len(ordered) for station_id in stations):
        return ordered
    names = [store.Name(one.station_id, one.variable.component, one.variable.variable) for one in ordered]
    known = await store.known(tx, names)
    kept = []
    for one, name in zip(ordered, names, strict=True):
        if name not in known:
            room[one.station_id] -= 1
        if name in known or room[one.station_id] >= 0:
            kept.append(one)
    return kept


def _age(kept: store.KeptVariable) -> tuple[datetime, str]:
    return kept.reported_at, kept.variable.value or ""


def _bounded(variable: Variable) -> Variable:
    value = None if rules.is_secret(variable.variable) else variable.value
    return msgspec.structs.replace(
        variable,
        component=variable.component[:NAME_LENGTH_MAX],
        variable=variable.variable[:NAME_LENGTH_MAX],
        attribute=variable.attribute[:NAME_LENGTH_MAX],
        value=value[:VALUE_LENGTH_MAX] if value else value,
        values_list=variable.values_list[:WORD_LENGTH_MAX] if variable.values_list else None,
    )


async def keep_known(tx: Transaction, told: Sequence[Told], source: Source) -> None:
    """Keep the values in `told` of those variables that the station has told of before; others are left out."""
    names = [
        store.Name(station_id, variable.component, variable.variable)
        for station_id, variables, _ in told
        for variable in variables
    ]
    known = await store.known(tx, names)
    kept = [
        (station_id, [one for one in variables if store.Name(station_id, one.component, one.variable) in known], at)
        for station_id, variables, at in told
    ]
    await keep_variables(tx, kept, source)


async def await_start(
    tx: Transaction, station_id: StationId, written: Sequence[tuple[Variable, str]], now: datetime
) -> None:
    """Note values that a charger took and that are in force from its next start (RebootRequired)."""
    for variable, value in written:
        await store.await_start(tx, station_id, variable, value[:VALUE_LENGTH_MAX], now)


async def start_ends_wait(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, list[Variable]]:
    """Return what waited for a start of these stations, which has happened: to be read again."""
    waited: dict[StationId, list[Variable]] = {}
    for row in await store.start_ends_wait(tx, station_ids):
        variable = Variable(component=row.component, variable=row.variable, attribute=row.attribute)
        waited.setdefault(row.station_id, []).append(variable)
    return waited
