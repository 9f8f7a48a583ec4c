"""Contacts: who wanted help, when energy flowed to them, and whether a person of ours took part."""

from __future__ import annotations

from datetime import timedelta

from laddverk.platform.database import Database
from laddverk.sessions import service as sessions
from laddverk.support import contacts
from laddverk.support.contacts import Contact
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
