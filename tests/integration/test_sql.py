"""Every SQL statement of the program is one that PostgreSQL accepts against the migrated schema."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import asyncpg
import pytest

import laddverk
from laddverk.platform.database import Database

STATEMENT = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
FRAGMENTS = (
    "_COLUMNS",
    "_FROM",
    "_NARROWED",
    "_SHOWN",
    "_CONDITIONS",
)  # beginnings of statements, never carried out alone

SHARDED = ("frame", "frame_segment", "sample", "session_event", "connector_state")
"""High-volume tables: a distributed engine may spread them by station (docs/architecture.md)."""


def statements() -> Iterator[tuple[str, str]]:
    """Yield every module constant that is a statement, with its name."""
    for module in pkgutil.walk_packages(laddverk.__path__, "laddverk."):
        if ".simulator" in module.name:
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            if name.isupper() and isinstance(value, str) and STATEMENT.match(value) and not name.endswith(FRAGMENTS):
                yield f"{module.name}.{name}", value


async def test_every_statement_can_be_prepared(database: Database) -> None:
    refused = []
    count = 0
    async with database.pool.acquire() as connection:
        for name, sql in statements():
            count += 1
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as error:
                refused.append(f"{name}: {error}")
    assert refused == []
    assert count > 100


PRIMARY_KEY = """
SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indrelid = $1::text::regclass AND indisprimary
"""
FOREIGN_KEYS = "SELECT count(*) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'f'"


@pytest.mark.parametrize("table", SHARDED)
async def test_high_volume_tables_could_be_spread_by_station(database: Database, table: str) -> None:
    async with database.transaction() as tx:
        assert "station_id" in await tx.values(PRIMARY_KEY, table)
        assert await tx.value(FOREIGN_KEYS, table) == 0


@pytest.mark.parametrize("table", ["posting", "ledger_transaction", "audit_log", "tariff_version"])
async def test_books_and_the_audit_log_refuse_to_be_changed(database: Database, table: str) -> None:
    async with database.transaction() as tx:
        triggers = await tx.values("SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass", table)
    assert any("append_only" in name for name in triggers)
