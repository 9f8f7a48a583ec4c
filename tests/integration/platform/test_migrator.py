"""Migrations on a real PostgreSQL: each is applied once, in order, whole or not at all."""

import asyncio

import asyncpg
import pytest

from laddverk.kernel.problems import Conflict
from laddverk.platform.migrator import Migration, applied_to, known_migrations, migrate

FIRST = Migration(
    "0001_pre_first.sql",
    "CREATE TABLE thing (id int); CREATE FUNCTION two() RETURNS int AS $$ BEGIN RETURN 2; END $$ LANGUAGE plpgsql;",
)
AFTER = Migration("0002_post_drop.sql", "ALTER TABLE thing DROP COLUMN id")
BROKEN = Migration("0003_pre_broken.sql", "CREATE TABLE half (id int); SELECT 1/0")


@pytest.fixture
async def connection(empty_database_url):
    connected = await asyncpg.connect(empty_database_url)
    yield connected
    await connected.close()


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


async def test_two_programs_that_start_at_once_do_not_collide(empty_database_url, connection):
    other = await asyncpg.connect(empty_database_url)
    done = await asyncio.gather(migrate(connection), migrate(other))
    await other.close()
    assert sorted(done[0] + done[1]) == [migration.name for migration in known_migrations()]
