"""Contacts: who wanted help, when energy flowed to them, and whether a person of ours took part."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.support import contacts, listing, store
from laddverk.support.contacts import Contact
from laddverk.support.listing import CaseFilter
from laddverk.support.model import Case, CaseId, Channel, Priority
from laddverk.support.reporting import queries as reports
from laddverk.support.reporting.model import By, Group, Span
from tests.integration.sessions.world import START, built, started

MINUTE = timedelta(minutes=1)


async def test_a_contact_is_one_however_often_it_speaks_and_ends_by_itself_or_by_a_person(database: Database) -> None:
    """Energy that flows after it is its own; two hours without a person make it solved by itself."""
    world = await built(database)
    async with database.transaction() as tx:
        for number, key in enumerate(("chat:a", "call:b", "chat:far")):
            await contacts.begin(tx, Contact(key=key, channel=key.partition(":")[0]), START)
            station = world.station_id if number < 2 else None
            said = Contact(key=key, channel="", station_id=station, evse_number=1, situation="no-energy")
            await contacts.begin(tx, said, START + MINUTE)
        await contacts.pressed(tx, "chat:a", "unlock")
        await contacts.met_human(tx, START + 2 * MINUTE, key="call:b")
        await sessions.record_starts(tx, [started(world, minutes=5)])
        await tx.execute("UPDATE session SET energy_wh = 500, power_w = 11000")
        await contacts.settle(tx, START + 10 * MINUTE)
        assert await tx.value("SELECT count(*) FROM support_contact") == 3
        waited = "SELECT energy_at - at FROM support_contact WHERE key = $1"
        assert await tx.value(waited, "chat:a") == 5 * MINUTE
        assert await tx.value(waited, "chat:far") is None
        assert await tx.value("SELECT count(*) FROM support_contact WHERE settled_at IS NULL") == 3

        await contacts.settle(tx, START + timedelta(hours=3))
        by = dict(await tx.value("SELECT jsonb_object_agg(key, settled_by) FROM support_contact"))
        assert by == {"chat:a": "self", "call:b": "human", "chat:far": "self"}
        assert await tx.value("SELECT deed FROM support_contact WHERE key = 'chat:a'") == "unlock"


async def test_who_comes_again_to_a_person_was_not_helped_by_the_page(database: Database) -> None:
    async with database.transaction() as tx:
        for key, start in (("start:a", 1), ("start:b", 2)):
            request = UUID(int=start)
            await contacts.begin(tx, Contact(key=key, channel="page", start_request_id=request), START)
        again = Contact(key="chat:a", channel="chat", start_request_id=UUID(int=1))
        await contacts.begin(tx, again, START + 9 * MINUTE)
        await contacts.met_human(tx, START + 10 * MINUTE, key="chat:a")
        await contacts.settle(tx, START + timedelta(hours=5))
        by = dict(await tx.value("SELECT jsonb_object_agg(key, settled_by) FROM support_contact"))
        assert by == {"start:a": "human", "start:b": "self", "chat:a": "human"}


async def test_reports_count_who_needed_no_case_and_the_firmware_of_then(database: Database) -> None:
    """A charger that is updated takes no case with it to its new version; a case that names another takes that's."""
    world = await built(database)
    span = Span(START - timedelta(days=1), START + timedelta(days=1))
    async with database.transaction() as tx:
        await tx.execute("UPDATE station SET firmware = '1.4' WHERE id = $1", world.station_id)
        said = {"station_id": world.station_id, "evse_number": 1, "situation": "no-energy"}
        for key in ("start:a", "chat:b"):
            await contacts.begin(tx, Contact(key=key, channel=key.partition(":")[0], **said), START)
        case = Case(
            id=CaseId(new_id()), subject="x", kind="other", channel=Channel.PHONE, priority=Priority.NORMAL,
            station_id=world.station_id, situation="no-energy", created_at=START, created_by="Eva", changed_at=START,
        )  # fmt: skip
        case = await store.save(tx, case)
        await contacts.settle(tx, START + timedelta(hours=5))
        await tx.execute("UPDATE station SET firmware = '2.0' WHERE id = $1", world.station_id)
        await store.save(tx, replace(case, subject="y"))
        for by, key in ((By.SITUATION, "no-energy"), (By.FIRMWARE, "1.4")):
            (group,) = await reports.groups(tx, span, by, START - timedelta(days=3))
            assert (group.key, group.cases, group.alone) == (key, 1, 2), by
        by_way = await reports.groups(tx, span, By.CHANNEL, START - timedelta(days=3))
        assert {one.key: (one.cases, one.alone) for one in by_way} == {
            "phone": (1, 0), "start": (0, 1), "chat": (0, 1)
        }  # fmt: skip
        assert await reports.groups(tx, span, By.KIND, START - timedelta(days=3)) == [
            Group("other", "", 1, 0, None, None)
        ]
        found = await reports.read(tx, span, START + timedelta(hours=5))
        assert (found.contacts.settled, found.contacts.alone) == (2, 2)
        for firmware, count in (("1.4", 1), ("2.0", 0)):
            assert await listing.count(tx, None, CaseFilter(state="all", firmware=firmware)) == count
        await store.save(tx, replace(case, station_id=None))
        await store.save(tx, case)
        assert await tx.value("SELECT firmware FROM support_case") == "2.0", "that of when it was said"
