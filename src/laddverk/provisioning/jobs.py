"""What this room does in the background: follows commands and starts, compares with templates, drops what is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Variable
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.provisioning import service
from laddverk.provisioning.model import RunId
from laddverk.provisioning.recording import job_station
from laddverk.provisioning.service.following import FOLLOWED
from laddverk.provisioning.store import inventories, monitoring, streams
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished, VariablesChanged
from laddverk.stations.store import variables as station_variables

KEPT: Final = timedelta(days=400)  # as long as reports and frames
EVENTS_MAX: Final = 20_000  # of one station: a monitor that flutters must not fill the disk
ALARMS_MAX: Final = 500  # of one station
CHANGES_MAX: Final = 300  # of one variable
STREAM_VALUES_KEPT: Final = timedelta(days=3)  # streams are for looking at; what must stay is metered
STREAM_VALUES_MAX: Final = 100_000  # of one station: three days of two streams, one value in five seconds
CHECK_EVERY: Final = timedelta(hours=6)  # catches what no event tells: a station that moved, another model

EVERY: Final = (
    Every("provisioning.check_all", CHECK_EVERY),
    Every("provisioning.drop_old", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""
    work = {
        "command_finished": _command_finished,
        "after_start": _after_start,
        "variables_changed": _variables_changed,
        "check_all": _check_all,
        "run": _run,
        "drop_old": _drop_old,
    }
    return {f"provisioning.{name}": partial(job, house) for name, job in work.items()}


async def _command_finished(house: House, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    events: list[CommandFinished] = [outbox.decoded(CommandFinished, payload) for payload in payloads]
    followed = [event for event in events if event.kind in FOLLOWED]
    if followed:
        await service.follow_commands(tx, [event.command_id for event in followed], house.clock())
        _tell(house, tx, COMMANDS_TOPIC, *(f"station:{event.station_id}" for event in followed))


async def _after_start(house: House, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    for payload in payloads:
        waited = msgspec.convert(payload.get("waited", []), list[Variable])
        await service.follow_start(tx, job_station(payload), waited, house.clock())
    await service.check_stations(tx, [job_station(payload) for payload in payloads], house.clock())
    _tell(house, tx, COMMANDS_TOPIC)


async def _variables_changed(house: House, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    changed = {outbox.decoded(VariablesChanged, payload).station_id for payload in payloads}
    await service.check_stations(tx, sorted(changed), house.clock())
    _tell(house, tx, *(f"station:{one}" for one in changed))


async def _check_all(house: House, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    for after in {payload.get("after") for payload in payloads}:
        last = await service.check_all(tx, StationId(UUID(after)) if after else None, house.clock())
        if last is not None:
            await enqueue(tx, [NewJob("provisioning.check_all", {"after": str(last)})])


async def _run(house: House, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    for run_id in {payload["run_id"] for payload in payloads}:
        if await service.run_on(tx, RunId(UUID(run_id)), house.clock()):
            await enqueue(tx, [NewJob("provisioning.run", {"run_id": run_id})])
    _tell(house, tx, COMMANDS_TOPIC)


async def _drop_old(house: House, tx: Transaction, _: Sequence[dict[str, Any]]) -> None:
    now = house.clock()
    before = now - KEPT
    await station_variables.prune_history(tx, before, CHANGES_MAX)
    await inventories.drop_old(tx, before)
    await monitoring.drop_old(tx, before, EVENTS_MAX, ALARMS_MAX)
    await streams.drop_old(tx, now - STREAM_VALUES_KEPT, STREAM_VALUES_MAX)


def _tell(house: House, tx: Transaction, *topics: str) -> None:
    """Wake whoever waits for these topics, once the transaction is committed."""
    tx.after_commit(lambda: house.hints.publish(topics))
