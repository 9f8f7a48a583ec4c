"""Migrations on a real PostgreSQL: each is applied once, in order, whole or not at all."""

import asyncio

import asyncpg
import pytest

from laddverk.kernel.problems import Conflict, Unavailable
from laddverk.platform.migrator import Migration, Patience, applied_to, known_migrations, migrate

FIRST = Migration(
    "0001_pre_first.sql",
    "CREATE TABLE thing (id int); CREATE FUNCTION two() RETURNS int AS $$ BEGIN RETURN 2; END $$ LANGUAGE plpgsql;",
)
AFTER = Migration("0002_post_drop.sql", "ALTER TABLE thing DROP COLUMN id")
BROKEN = Migration("0003_pre_broken.sql", "CREATE TABLE half (id int); SELECT 1/0")
INDEXED = Migration(
    "0002_pre_indexed.sql",
    """-- outside a transaction: the table is in use

CREATE INDEX CONCURRENTLY IF NOT EXISTS thing_upwards ON thing (id);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS thing_once ON thing (id)
    WHERE id > 0;
ANALYZE thing;
""",
)
BRIEF = Patience(lock_s=0.05, tries=2, rest_s=0)
STUBBORN = Patience(lock_s=0.05, tries=10_000, rest_s=0)
INDEXES = """
SELECT relname, indexrelid, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'thing'::regclass ORDER BY relname
"""
BUILDS = "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database() AND lockers_total > 0"
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'thing'::regclass"


@pytest.fixture
async def connection(empty_database_url):
    connected = await asyncpg.connect(empty_database_url)
    yield connected
    await connected.close()


@pytest.fixture
async def other(empty_database_url):
    """Somebody else's connection to the same database."""
    connected = await asyncpg.connect(empty_database_url)
    yield connected
    await connected.close()


async def until(asking, question, ended):
    """Wait until the database says so, or what should bring it about has ended."""
    while not await asking.fetchval(question) and not ended.done():
        await asyncio.sleep(0)


async def test_a_second_run_changes_nothing(connection):
    assert await migrate(connection, known=[FIRST, AFTER]) == [FIRST.name, AFTER.name]
    assert await migrate(connection, known=[FIRST, AFTER]) == []
    assert await connection.fetchval("SELECT two()") == 2


async def test_post_migrations_wait_for_their_phase(connection):
    assert await migrate(connection, phase="pre", known=[FIRST, AFTER]) == [FIRST.name]
    assert await migrate(connection, phase="post", known=[FIRST, AFTER]) == [AFTER.name]


async def test_a_file_that_fails_leaves_nothing_behind_and_keeps_those_before(connection):
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection, known=[FIRST, AFTER, BROKEN])
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert list(await applied_to(connection)) == [FIRST.name, AFTER.name]


async def test_an_applied_file_that_was_changed_is_refused(connection):
    await migrate(connection, known=[FIRST])
    with pytest.raises(Conflict, match=FIRST.name):
        await migrate(connection, known=[Migration(FIRST.name, "SELECT 1")])


async def test_a_database_newer_than_the_program_is_refused(connection):
    await migrate(connection, known=[FIRST, AFTER])
    with pytest.raises(Conflict, match="newer schema"):
        await migrate(connection, known=[FIRST])


async def test_two_programs_that_start_at_once_do_not_collide(connection, other):
    done = await asyncio.gather(migrate(connection), migrate(other))
    assert sorted(done[0] + done[1]) == [migration.name for migration in known_migrations()]


async def test_who_waits_for_another_program_is_not_waited_for_by_its_indexes(connection, other):
    """A statement that waits is a transaction too: the index would wait for it, and it for who builds the index."""
    both = [migrate(each, known=[FIRST, INDEXED]) for each in (connection, other)]
    done = await asyncio.wait_for(asyncio.gather(*both), 30)
    assert sorted(done[0] + done[1]) == [FIRST.name, INDEXED.name]
    assert await connection.fetchval("SHOW lock_timeout") == await other.fetchval("SHOW lock_timeout") == "0"


async def test_a_file_outside_a_transaction_that_broke_off_begins_anew(connection):
    """What it had built stays; the index that is not whole is built again."""
    await migrate(connection, known=[FIRST])
    await connection.execute("INSERT INTO thing VALUES (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await migrate(connection, known=[FIRST, INDEXED])
    once, upwards = await connection.fetch(INDEXES)
    assert (once["indisvalid"], upwards["indisvalid"]) == (False, True)
    assert list(await applied_to(connection)) == [FIRST.name]

    await connection.execute("DELETE FROM thing")
    assert await migrate(connection, known=[FIRST, INDEXED]) == [INDEXED.name]
    again, kept = await connection.fetch(INDEXES)
    assert (again["relname"], again["indisvalid"]) == ("thing_once", True)
    assert kept == upwards
    assert await migrate(connection, known=[FIRST, INDEXED]) == []


@pytest.mark.parametrize("begins", ["", "-- outside a transaction: it takes long.\n"])
async def test_a_file_may_work_longer_than_a_connection_lets_other_statements(empty_database_url, begins):
    """The program migrates by a connection of its pool, which ends what people would wait for."""
    hurried = await asyncpg.connect(empty_database_url, command_timeout=0.5)
    long = Migration("0001_pre_long.sql", f"{begins}SELECT pg_sleep(0.8);\n")
    try:
        assert await migrate(hurried, known=[long]) == [long.name]
    finally:
        await hurried.close()


async def test_others_go_on_writing_while_an_index_is_built(empty_database_url, connection, other):
    """It waits for what was open before it; nobody waits for it."""
    await migrate(connection, known=[FIRST])
    third = await asyncpg.connect(empty_database_url, server_settings={"lock_timeout": "50"})
    async with other.transaction():
        await other.execute("INSERT INTO thing VALUES (1)")
        building = asyncio.create_task(migrate(connection, known=[FIRST, INDEXED], patience=BRIEF))
        await until(third, BUILDS, building)
        await third.execute("INSERT INTO thing VALUES (2)")
        assert not building.done()
    assert await building == [INDEXED.name]
    assert [row["indisvalid"] for row in await third.fetch(INDEXES)] == [True, True]
    await third.close()


async def test_who_is_in_the_way_of_a_file_is_named_and_nobody_queues_behind_it_for_ever(connection, other):
    await migrate(connection, known=[FIRST])
    async with other.transaction():
        await other.execute("SELECT FROM thing")
        with pytest.raises(Unavailable, match=f"{AFTER.name}.*process {other.get_server_pid()} ") as told:
            await migrate(connection, known=[FIRST, AFTER], patience=BRIEF)
        assert "pg_terminate_backend" in (told.value.remedy or "")
        assert await connection.fetchval("SHOW lock_timeout") == "0"
    assert await migrate(connection, known=[FIRST, AFTER]) == [AFTER.name]


async def test_a_file_that_finds_others_in_its_way_tries_again(empty_database_url, connection, other):
    await migrate(connection, known=[FIRST])
    third = await asyncpg.connect(empty_database_url)
    async with other.transaction():
        await other.execute("SELECT FROM thing")
        trying = asyncio.create_task(migrate(connection, known=[FIRST, AFTER], patience=STUBBORN))
        await until(third, WAITS, trying)
    assert await trying == [AFTER.name]
    await third.close()
