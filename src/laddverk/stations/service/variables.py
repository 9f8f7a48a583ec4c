"""Configuration keys and variables, as chargers report them: newest value, within limits, without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction
from laddverk.stations import rules
from laddverk.stations.store import reports as store

VARIABLES_MAX: Final = 10_000  # of one station; the largest inventories seen have about 2,000
NAME_LENGTH_MAX: Final = 150  # a component with instance and EVSE is at most about 110; also what an index row can hold
VALUE_LENGTH_MAX: Final = 10_000  # 2.x allows 2,500

Told = tuple[StationId, Sequence[Variable], datetime]
"""What a station told, and when we received it."""


async def keep_variables(tx: Transaction, told: Sequence[Told]) -> None:
    """Keep the newest value of everything in `told`. A station that tells too many keeps those that it has."""
    newest: dict[tuple[StationId, str, str, str], store.KeptVariable] = {}
    for station_id, variables, at in told:
        for variable in map(_bounded, variables):
            key = (station_id, variable.component, variable.variable, variable.attribute)
            candidate = store.KeptVariable(station_id, variable, at)
            if key not in newest or _age(candidate) > _age(newest[key]):
                newest[key] = candidate
    if not newest:
        return
    counts = await store.count_variables(tx, sorted({key[0] for key in newest}))
    kept = [newest[key] for key in sorted(newest) if counts.get(key[0], 0) < VARIABLES_MAX]
    await store.keep_variables(tx, kept)


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
    )
