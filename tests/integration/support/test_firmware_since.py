"""Migration 0163: what the old program wrote while the new one was brought in learns the firmware of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Database, Transaction
from laddverk.platform.migrator import known_migrations
from laddverk.support import contacts, store
from laddverk.support.contacts import Contact
from laddverk.support.model import Case, CaseId, Channel, Priority
from tests.integration.sessions.world import built

(FILE,) = [each for each in known_migrations() if each.name.startswith("0163_")]
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
UPDATED = """
WITH image AS (
    INSERT INTO firmware_image (id, version, file_name, size_bytes, sha256, sha512, md5, signature_state, uploaded_by,
                                uploaded_at)
    VALUES ($1, '2.0', 'x', 1, '', '', '', 'none', 'Eva', $3)
)
INSERT INTO firmware_update (id, station_id, image_id, state, version_before, version_booted, queued_at, changed_at,
                             finished_at)
VALUES ($1, $2, $1, 'verified', '1.4', '2.0', $3, $3, $3)
"""


async def case_at(tx: Transaction, station_id: StationId, at: datetime) -> UUID:
    """A case as the old program wrote it."""
    case = Case(
        id=CaseId(new_id()), subject="x", kind="other", channel=Channel.PHONE, priority=Priority.NORMAL,
        station_id=station_id, created_at=at, created_by="Eva", changed_at=at,
    )  # fmt: skip
    return (await store.save(tx, case)).id


async def filled(tx: Transaction) -> dict[UUID, str | None]:
    """What cases have once the file has run; twice is as good as once."""
    for statement in FILE.statements() * 2:
        await tx.execute(statement)
    return {row["id"]: row["firmware"] for row in await tx.rows("SELECT id, firmware FROM support_case")}


async def test_the_version_of_its_day_is_filled_in_where_the_old_program_left_it_out(database: Database) -> None:
    """What is older was filled before, or is not known; what is known stays."""
    world = await built(database)
    async with database.transaction() as tx:
        for at in (NOW, NOW - 72 * HOUR):
            day = "INSERT INTO cohort_day (day, station_id, vendor, model, firmware) VALUES ($1, $2, 'v', 'm', '1.4')"
            await tx.execute(day, at.date(), world.station_id)
        late, old, known = [
            await case_at(tx, world.station_id, at) for at in (NOW, NOW - 72 * HOUR, NOW)
        ]  # fmt: skip
        await tx.execute("UPDATE support_case SET firmware = '1.3' WHERE id = $1", known)
        await contacts.begin(tx, Contact(key="chat:a", channel="chat", station_id=world.station_id), NOW)
        assert await filled(tx) == {late: "1.4", old: None, known: "1.3"}
        assert await tx.value("SELECT firmware FROM support_contact") == "1.4"


async def test_else_an_update_says_which_version_it_was(database: Database) -> None:
    world = await built(database)
    async with database.transaction() as tx:
        after, before = [await case_at(tx, world.station_id, at) for at in (NOW, NOW - 2 * HOUR)]
        assert await filled(tx) == {after: None, before: None}
        await tx.execute(UPDATED, new_id(), world.station_id, NOW - HOUR)
        assert await filled(tx) == {after: "2.0", before: "1.4"}
