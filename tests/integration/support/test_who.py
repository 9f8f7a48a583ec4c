"""Who it is that turns to us, and which charge they mean."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from laddverk.platform.database import Database, Transaction
from laddverk.support.situations import who
from tests.integration.support.field import NOW, driver, outlet, session, start

MINUTE = timedelta(minutes=1)


async def test_a_number_finds_its_driver_in_any_writing_and_nobody_where_two_share_it(database: Database) -> None:
    """Swedish numbers with and without a country, with spaces and dashes; hostile texts find nobody."""
    async with database.transaction() as tx:
        anna = await driver(tx, "anna@example.com", "070-123 45 67")
        await driver(tx, "bo@example.com", "08 12 34 56")
        await driver(tx, "bo2@example.com", "+46 (0)8-123456")
        for written in ("+46701234567", "0701234567", "0046 70 123 45 67", "070/1234567", "+46 (0)70-123 45 67"):
            assert await who.driver_by_phone(tx, written) == anna, written
        for written in ("0812345 6", "", "+", "anonymous", "0701", "\x00", "+4670123456", "9" * 500, "'; DROP TABLE"):
            assert await who.driver_by_phone(tx, written) is None, written
        assert await who.driver_by_email(tx, " Anna@Example.com ") == anna
        assert await who.driver_by_email(tx, "nobody@example.com\x00") is None


async def test_a_driver_means_what_runs_else_what_was_newest(database: Database) -> None:
    """What is over for long, and what is somebody else's, is not meant."""
    async with database.transaction() as tx:
        anna, bo = await driver(tx, "anna@example.com", ""), await driver(tx, "bo@example.com", "")
        here, there = await outlet(tx, "GBG-014-1"), await outlet(tx, "GBG-015-1")
        assert await who.subject_of_driver(tx, anna, NOW) is None
        await session(tx, here, anna, NOW - 300 * MINUTE, NOW - 200 * MINUTE)
        assert await who.subject_of_driver(tx, anna, NOW) is None, "long over"
        assert await _at_code(tx, "gbg-014-1", anna) == (here, None, None)

        over = await session(tx, here, anna, NOW - 90 * MINUTE, NOW - 30 * MINUTE)
        assert await _of(tx, anna) == (here, None, over)
        failed = await start(tx, there, anna, NOW - 10 * MINUTE)
        assert await _of(tx, anna) == (there, failed, None)
        assert await _at_code(tx, "GBG-015-1", anna) == (there, failed, None)

        assert await _at_code(tx, "GBG-014-1", anna) == (here, None, over)
        anew = await start(tx, here, anna, NOW - 25 * MINUTE)
        assert await _at_code(tx, "GBG-014-1", anna) == (here, anew, None), (
            "who wished anew does not mean the old charge"
        )

        running = await session(tx, here, anna, NOW - 20 * MINUTE, None)
        assert await _of(tx, anna) == (here, None, running), "what runs comes before what came to nothing later"
        assert await _at_code(tx, "GBG-014-1", anna) == (here, None, running)
        assert await _at_code(tx, "GBG-014-1", bo) == (here, None, None), "somebody else's charge is not told of"
        assert await _at_code(tx, "GBG-014-1", None) == (here, None, None)
        for odd in ("", "XXX-1", "\x00", "G" * 100):
            assert await who.subject_of_code(tx, odd, NOW, anna) is None


async def _of(tx: Transaction, driver_id: UUID) -> tuple[UUID | None, UUID | None, UUID | None]:
    found = await who.subject_of_driver(tx, driver_id, NOW)
    assert found is not None
    assert found.driver_id == driver_id
    return found.station_id, found.start_request_id, found.session_id


async def _at_code(
    tx: Transaction, code: str, driver_id: UUID | None
) -> tuple[UUID | None, UUID | None, UUID | None]:  # fmt: skip
    found = await who.subject_of_code(tx, code, NOW, driver_id)
    assert found is not None
    assert found.evse_number == 1
    return found.station_id, found.start_request_id, found.session_id
