"""What becomes of our own commands is heard by the detectors, under the command's own name."""

from __future__ import annotations

import msgspec

from laddverk.diagnostics import listening
from laddverk.diagnostics.observations import CommandEnded, Observation
from laddverk.ocpp.commands import CommandOutcome, UnlockConnector, Verdict
from laddverk.platform.database import Database
from laddverk.stations import service
from laddverk.stations.model import CommandFinished, CommandState
from tests.integration.stations.field import TESTS, at, with_station


async def test_a_refused_command_is_heard_with_its_kind_and_outlet(database: Database) -> None:
    station_id = (await with_station(database)).station_id
    async with database.transaction() as tx:
        command = UnlockConnector(evse_number=2)
        command_id = await service.request_command(tx, TESTS, station_id, command, at(0), reason="test")
        await service.take_queued(tx, [station_id], at(0))
        refused = CommandOutcome(verdict=Verdict.REFUSED, word="UnlockFailed")
        await service.record_outcome(tx, command_id, refused, at(4))
        ended = CommandFinished(
            command_id=command_id, station_id=station_id, kind="unlock_connector", state=CommandState.REFUSED, word=""
        )
        await listening.finished(tx, [ended])
    async with database.transaction() as tx:
        heard = [msgspec.msgpack.decode(body, type=Observation) for body in await tx.values(
            "SELECT body FROM observation WHERE station_id = $1 ORDER BY id", station_id
        )]  # fmt: skip
    commands = [one for one in heard if isinstance(one, CommandEnded)]
    assert [(one.kind, one.state, one.word, one.evse_number, one.took_s) for one in commands] == [
        ("unlock_connector", "refused", "UnlockFailed", 2, 4.0)
    ]
