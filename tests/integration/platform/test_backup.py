"""Backups on a real PostgreSQL: what comes back is what was there, or nothing has changed."""

import stat
import zipfile
from datetime import UTC, datetime

import asyncpg
import msgspec
import pytest

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Unavailable
from laddverk.platform.backup import back_up, read_manifest, restore
from laddverk.platform.settings import secrets_in

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEDGER = "SELECT transaction_id, account_id, amount_minor, currency FROM posting ORDER BY id"
ACCOUNT = "INSERT INTO account (id, number, name, currency) VALUES ($1, $2, $2, 'SEK')"
TRANSACTION = (
    "INSERT INTO ledger_transaction (id, idempotency_key, kind, occurred_at, booked_at, source_kind, source_id)"
    " VALUES ($1, $1::uuid::text, 'invoice', $2, $2, 'invoice', $1)"
)
POSTING = "INSERT INTO posting (transaction_id, account_id, amount_minor, currency) VALUES ($1, $2, $3, 'SEK')"


async def connected(dsn, work):
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            return await work(connection)
    finally:
        await connection.close()


async def rows_of(dsn, sql):
    return await connected(dsn, lambda connection: connection.fetch(sql))


async def book(connection):
    debtors, sales = new_id(), new_id()
    await connection.execute(ACCOUNT, debtors, "1510")
    await connection.execute(ACCOUNT, sales, "3001")
    for amount_minor in (12_345, 678):
        transaction = new_id()
        await connection.execute(TRANSACTION, transaction, NOW)
        await connection.execute(POSTING, transaction, debtors, amount_minor)
        await connection.execute(POSTING, transaction, sales, -amount_minor)


@pytest.fixture
async def backup(database_url, tmp_path):
    """A backup of a database with a ledger, its DSN and its file."""
    await connected(database_url, book)
    file = tmp_path / "one.laddverk-backup"
    await back_up(database_url, tmp_path / "old", file, now=NOW, version="0.1.0")
    return database_url, file


async def test_every_row_of_the_ledger_and_the_keys_come_back(backup, empty_database_url, tmp_path):
    source, file = backup
    manifest = await restore(empty_database_url, tmp_path / "new", file, force=False, now=NOW)
    assert manifest.rows["posting"] == 4
    assert await rows_of(empty_database_url, LEDGER) == await rows_of(source, LEDGER)
    assert secrets_in(tmp_path / "new") == secrets_in(tmp_path / "old")


async def test_the_ledger_is_append_only_and_balanced_after_a_restore_too(backup, empty_database_url, tmp_path):
    await restore(empty_database_url, tmp_path / "new", backup[1], force=False, now=NOW)
    with pytest.raises(asyncpg.RestrictViolationError):
        await rows_of(empty_database_url, "UPDATE posting SET amount_minor = 1")
    with pytest.raises(asyncpg.CheckViolationError):
        await rows_of(
            empty_database_url,
            "INSERT INTO posting (transaction_id, account_id, amount_minor, currency)"
            " SELECT transaction_id, account_id, 5, 'SEK' FROM posting LIMIT 1",
        )


async def test_a_backup_goes_on_beside_writers_and_shows_one_instant(backup, tmp_path):
    source, _ = backup
    writer = await asyncpg.connect(source)
    async with writer.transaction():
        await writer.execute(ACCOUNT, new_id(), "1930")
        manifest = await back_up(source, tmp_path / "old", tmp_path / "two", now=NOW, version="0.1.0")
    await writer.close()
    assert manifest.rows["account"] == 2


async def test_data_is_replaced_only_by_force_and_the_old_keys_are_kept(backup, empty_database_url, tmp_path):
    new = tmp_path / "new"
    before = secrets_in(new)
    await rows_of(empty_database_url, "CREATE TABLE precious (id int)")
    with pytest.raises(Conflict, match="not empty"):
        await restore(empty_database_url, new, backup[1], force=False, now=NOW)
    assert secrets_in(new) == before
    await restore(empty_database_url, new, backup[1], force=True, now=NOW)
    assert await rows_of(empty_database_url, "SELECT to_regclass('precious')::text") == [(None,)]
    assert msgspec.json.decode((new / "secrets.20261121T120000Z.json").read_bytes(), type=type(before)) == before


async def test_nothing_is_restored_under_a_running_network(backup, empty_database_url, tmp_path):
    other = await asyncpg.connect(empty_database_url)
    with pytest.raises(Conflict, match="connected"):
        await restore(empty_database_url, tmp_path / "new", backup[1], force=True, now=NOW)
    await other.close()


@pytest.mark.parametrize("at", [0.5, 0.9, 0.99])
async def test_a_damaged_backup_changes_nothing(backup, tmp_path, at):
    source, file = backup
    before = await rows_of(source, LEDGER)
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo("database.dump")
    content = bytearray(file.read_bytes())
    content[entry.header_offset + int(entry.file_size * at)] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises((Invalid, Unavailable), match="nothing was changed"):
        await restore(source, tmp_path / "old", file, force=True, now=NOW)
    assert await rows_of(source, LEDGER) == before


async def test_a_restore_that_lacks_rows_changes_nothing(backup, tmp_path):
    source, file = backup
    manifest = read_manifest(file)
    lying = tmp_path / "lying"
    with zipfile.ZipFile(lying, "w") as new, zipfile.ZipFile(file) as old:
        wrong = msgspec.structs.replace(manifest, rows={**manifest.rows, "posting": 5})
        new.writestr("manifest.json", msgspec.json.encode(wrong))
        for name in ("secrets.json", "database.dump"):
            new.writestr(name, old.read(name))
    with pytest.raises(Unavailable, match="5 rows"):
        await restore(source, tmp_path / "old", lying, force=True, now=NOW)
    assert len(await rows_of(source, LEDGER)) == 4


async def test_what_is_no_backup_is_refused_in_words(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(Invalid, match="not a backup"):
        read_manifest(tmp_path / "text")
    with pytest.raises(NotFound, match="no file"):
        read_manifest(tmp_path / "nowhere")


async def test_a_backup_is_readable_by_us_alone_and_leaves_no_half_file(backup):
    _, file = backup
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]
