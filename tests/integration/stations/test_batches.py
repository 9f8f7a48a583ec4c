"""The same command to many stations: one outcome each, one list of them, and who cannot be asked is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.ocpp.commands import ClearCache, CommandOutcome, Reset, Verdict
from laddverk.platform.database import Database
from laddverk.stations import command_queries as queries
from laddverk.stations import service
from tests.integration.stations.field import TESTS, at, staff, with_station


async def three(database: Database) -> list[StationId]:
    return [(await with_station(database, f"CP {code}", code)).station_id for code in ("AAA", "BBB", "CCC")]


async def test_each_has_its_own_outcome_and_the_batch_counts_them(database: Database) -> None:
    first, second, third = await three(database)
    async with database.transaction() as tx:
        await service.retire_station(tx, TESTS, third, at(0), reason="sold")
        batch_id = await service.request_of_many(
            tx, TESTS, [first, second, third, first], ClearCache(), at(0), reason="moved", wait=timedelta(hours=6)
        )
    async with database.transaction() as tx:
        (taken,) = await service.take_queued(tx, [first], at(3600))
        done = CommandOutcome(verdict=Verdict.DONE, word="Accepted")
        await service.record_outcome(tx, taken.id, done, at(3601))
        row = await queries.batch(tx, None, batch_id)
        assert row is not None
        assert (row.asked, row.waiting, row.confirmed, row.failed, row.is_over) == (2, 1, 1, 0, False)
        (waiting,) = await queries.history(tx, None, queries.HistoryFilter(batch_id=batch_id, state="open"))
        assert waiting.station_id == second
        assert [(one.station_id, one.why) for one in await queries.left_out(tx, None, batch_id)] == [(third, "retired")]
        assert [one.id for one in await queries.batches(tx, None)] == [batch_id]
        await service.expire_commands(tx, at(7 * 3600))
        row = await queries.batch(tx, None, batch_id)
        assert row is not None
        assert (row.failed, row.is_over) == (1, True)


async def test_who_does_not_see_a_station_asks_nothing_of_any(database: Database) -> None:
    first, second, _third = await three(database)
    async with database.transaction() as tx:
        site_id = await tx.value("SELECT site_id FROM station WHERE id = $1", first)
    host = staff(Role.OPERATOR, site_id)
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await service.request_of_many(tx, host, [first, second], Reset(), at(0), reason="test")
    with pytest.raises(NotAllowed):
        async with database.transaction() as tx:
            await service.request_of_many(tx, staff(Role.SITE_HOST), [first], Reset(), at(0), reason="test")
    async with database.transaction() as tx:
        batch_id = await service.request_of_many(tx, TESTS, [first, second], Reset(), at(0), reason="test")
        row = await queries.batch(tx, [site_id], batch_id)
        assert row is not None
        assert row.asked == 1
        assert await queries.batch(tx, [new_id()], batch_id) is None
        seen = await queries.history(tx, [site_id], queries.HistoryFilter())
        assert [one.station_id for one in seen] == [first]


@pytest.mark.parametrize(
    ("count", "reason", "wait"), [(0, "test", None), (1, " ", None), (1, "test", timedelta(days=8))]
)
async def test_a_batch_needs_stations_a_reason_and_an_end(
    database: Database, count: int, reason: str, wait: timedelta | None
) -> None:
    stations = (await three(database))[:count]
    with pytest.raises(Invalid):
        async with database.transaction() as tx:
            await service.request_of_many(tx, TESTS, stations, Reset(), at(0), reason=reason, wait=wait)
