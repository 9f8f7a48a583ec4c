"""The state timeline in PostgreSQL: the same intervals whatever the order, the repetition and the windows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.stations import service
from laddverk.stations.model import ConnectorFaulted
from tests.integration.stations.field import at, status, with_station

WORDS = ("available", "preparing", "charging", "charging", "faulted", "finishing")
INTERVALS = """
SELECT evse_number, started_at, ended_at, same_since, status, received_at FROM connector_state
ORDER BY evse_number, started_at, received_at, content_key
"""
Row = tuple[object, ...]


async def recorded(database: Database, statuses: Sequence[facts.StatusReported]) -> None:
    async with database.transaction() as tx:
        await service.record_statuses(tx, statuses)


async def intervals(database: Database) -> list[Row]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.rows(INTERVALS)]


async def shown(database: Database) -> list[Row]:
    async with database.transaction() as tx:
        return [
            tuple(row)
            for row in await tx.rows(
                "SELECT evse_number, status, status_since, error_code FROM connector ORDER BY evse_number"
            )
        ]


def expected(statuses: Sequence[facts.StatusReported]) -> list[Row]:
    """The intervals that a set of reports has, by definition: sorted, each until the next, runs of the same joined."""
    earliest: dict[tuple[object, ...], facts.StatusReported] = {}
    for one in sorted(statuses, key=lambda one: one.received_at):
        earliest.setdefault((one.evse_number, one.at, one.status), one)
    rows: list[Row] = []
    for evse in sorted({one.evse_number for one in statuses}):
        own = sorted((one for one in earliest.values() if one.evse_number == evse), key=lambda o: (o.at, o.received_at))
        since = own[0].at
        for one, following in pairwise([*own, None]):
            assert one is not None
            if rows and rows[-1][0] == evse and rows[-1][4] != one.status.value:
                since = one.at
            rows.append((evse, one.at, following.at if following else None, since, one.status.value, one.received_at))
    return rows


def reports(station_id: StationId, chance: random.Random) -> list[facts.StatusReported]:
    """Some reports of two connectors, several of them at one instant, none received at the same time as another."""
    count = chance.randint(2, 14)
    received = chance.sample(range(100), count)
    return [
        status(station_id, chance.randint(0, 8), chance.choice(WORDS), evse=chance.choice((1, 2)), received=moment)
        for moment in received
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_order_repetition_and_windows_change_nothing(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    key = await with_station(database)
    given = reports(key.station_id, chance)
    arriving = given + chance.sample(given, len(given) // 2)
    chance.shuffle(arriving)
    while arriving:
        size = chance.randint(1, 4)
        await recorded(database, arriving[:size])
        arriving = arriving[size:]
    assert await intervals(database) == expected(given)


async def test_a_late_report_splits_history_and_the_connector_shows_the_newest(database: Database) -> None:
    key = await with_station(database)
    await recorded(database, [status(key.station_id, 0, "available"), status(key.station_id, 100, "finishing")])
    await recorded(database, [status(key.station_id, 50, "charging", received=200)])
    rows = await intervals(database)
    assert [(row[1], row[2], row[4]) for row in rows] == [
        (at(0), at(50), "available"),
        (at(50), at(100), "charging"),
        (at(100), None, "finishing"),
    ]
    assert (await shown(database))[0] == (1, "finishing", at(100), None)


async def test_a_state_that_is_repeated_has_lasted_since_it_began(database: Database) -> None:
    key = await with_station(database)
    for seconds in (0, 60, 120):
        await recorded(database, [status(key.station_id, seconds, "charging")])
    assert (await shown(database))[0] == (1, "charging", at(0), None)
    assert len(await intervals(database)) == 3


async def test_a_connector_that_nobody_entered_is_created_with_a_code_and_marked(database: Database) -> None:
    key = await with_station(database)
    await recorded(database, [status(key.station_id, 0, "charging", evse=5), status(key.station_id, 1, "charging", 1)])
    async with database.transaction() as tx:
        row = (await tx.rows("SELECT code, status, found_by_itself FROM connector WHERE evse_number = 5"))[0]
    assert tuple(row) == ("GBG-001-5", "charging", True)


async def test_a_charger_cannot_invent_connectors_without_end(database: Database) -> None:
    key = await with_station(database)
    await recorded(database, [status(key.station_id, number, "available", evse=number) for number in range(1, 200)])
    await recorded(database, [status(key.station_id, 300, "available", evse=70_000)])
    async with database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM connector") == 64
        assert await tx.value("SELECT payload->>'evse_number' FROM station_report WHERE kind = 'flag'") == "70000"


async def test_evse_0_is_the_whole_station_and_no_connector(database: Database) -> None:
    key = await with_station(database)
    await recorded(database, [status(key.station_id, 5, "faulted", evse=0, error_code="GroundFailure")])
    async with database.transaction() as tx:
        row = (await tx.rows("SELECT status, status_since, error_code FROM station"))[0]
        assert await tx.value("SELECT count(*) FROM connector") == 2
    assert tuple(row) == ("faulted", at(5), "GroundFailure")


async def test_a_fault_is_told_once_and_only_while_it_is_the_newest_state(database: Database) -> None:
    outbox.subscribe(ConnectorFaulted, "test.faulted")
    key = await with_station(database)
    fault = status(key.station_id, 10, "faulted", error_code="OverVoltage")
    await recorded(database, [fault])
    await recorded(database, [fault, status(key.station_id, 70, "faulted", error_code="OverVoltage")])
    await recorded(database, [status(key.station_id, 100, "available")])
    await recorded(database, [status(key.station_id, 90, "faulted", received=110, error_code="Late")])
    async with database.transaction() as tx:
        told = await tx.rows("SELECT payload->>'error_code' FROM job WHERE kind = 'test.faulted'")
    assert [row[0] for row in told] == ["OverVoltage"]


async def test_hostile_words_are_cut_and_kept(database: Database) -> None:
    key = await with_station(database)
    await recorded(
        database,
        [status(key.station_id, 0, "faulted", info="é" * 60_000, error_code="x" * 5000, vendor_error_code="<b>")],
    )
    assert len(await intervals(database)) == 1
