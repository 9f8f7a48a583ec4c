"""One station that speaks, and the jobs that follow: what the tests of this room share."""

from __future__ import annotations

from typing import Any

import pytest

from laddverk.ocpp import facts
from laddverk.ocpp.commands import (
    CommandOutcome,
)
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Database
from laddverk.provisioning import recording, service
from laddverk.stations import service as stations
from tests.integration.stations.field import NOW, at, boot, with_station

REASON = "as agreed"
HISTORY = "SELECT variable, value, cause, changed_by FROM station_variable_change ORDER BY at, variable"


def told(station_id: Any, seconds: float, *variables: Variable, request_id: int | None = None, **more: Any) -> Any:
    return facts.VariablesReported(
        station_id=station_id, at=at(seconds), received_at=at(seconds), variables=variables, request_id=request_id,
        **more,
    )  # fmt: skip


def event(station_id: Any, seconds: float, **more: Any) -> facts.EventNotified:
    given = {"event_id": int(seconds), "trigger": "Alerting", "component": "EVSE@1", "variable": "Power", **more}
    return facts.EventNotified(
        station_id=station_id, at=at(seconds), received_at=at(seconds), **{"value": "9000", "monitor_id": 1, **given}
    )


class Room:
    """One station that speaks, and the jobs that follow."""

    def __init__(self, database: Database, station_id: Any) -> None:
        self.database = database
        self.station_id = station_id

    async def speaks(self, protocol: str, vendor: str = "Acme", model: str = "Wall") -> None:
        async with self.database.transaction() as tx:
            await stations.open_connection(tx, self.station_id, protocol, "127.0.0.1", NOW)
            await stations.record_boots(tx, [boot(self.station_id, 0, vendor=vendor, model=model)])

    async def tells(self, *reports: facts.VariablesReported) -> None:
        async with self.database.transaction() as tx:
            await stations.record_variables(tx, reports)
            await recording.record_inventories(tx, reports)

    async def answers(self, seconds: float, outcome: CommandOutcome) -> Any:
        """Answer the oldest command that waits, and let what follows happen; return the command."""
        async with self.database.transaction() as tx:
            (taken, *_) = await stations.take_queued(tx, [self.station_id], at(seconds))
            await stations.record_outcome(tx, taken.id, outcome, at(seconds))
            await service.follow_commands(tx, [taken.id], at(seconds))
            await service.check_stations(tx, [self.station_id], at(seconds))
        return taken.command

    async def queued(self, seconds: float) -> list[Any]:
        async with self.database.transaction() as tx:
            return [one.command for one in await stations.take_queued(tx, [self.station_id], at(seconds))]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await tx.rows(sql)]


@pytest.fixture
async def room(database: Database) -> Room:
    return Room(database, (await with_station(database)).station_id)
