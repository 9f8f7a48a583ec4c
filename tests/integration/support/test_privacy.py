"""What support knows of a driver is handed out whole, removed when they ask, and forgotten when it is old."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Database
from laddverk.support import attachments, contacts, privacy, proving, service, working
from laddverk.support.contacts import Contact
from laddverk.support.model import Channel, NewCase
from laddverk.support.own_data import store as own_data
from laddverk.web import driver_data
from tests.network import Network, network_on

ADMIN = Actor("operator", new_id(), "Ann", PERMISSIONS[Role.ADMIN], None)
SECRET = "kumquat"  # stands in everything that was said
# Tables that know somebody's case, chat or call, or that support keeps of drivers.
KNOWING = """
SELECT DISTINCT column_.table_name FROM information_schema.columns AS column_
JOIN information_schema.tables AS table_ USING (table_schema, table_name)
WHERE column_.table_schema = 'public' AND table_.table_type = 'BASE TABLE'
  AND (column_.column_name IN ('case_id', 'chat_id', 'call_id')
       OR (column_.column_name = 'driver_id'
           AND column_.table_name ~ '^(support|case|chat|phone|text|driver_plate|situation)'))
ORDER BY 1
"""


async def a_life(network: Network) -> tuple[DriverId, UUID, UUID]:
    """A driver who has written, called, chatted, sent a file and been sent a code; and another one who did too."""
    house = network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        ids = []
        for name in ("ada", "bo"):
            driver = DriverId(new_id())
            await tx.execute(
                "INSERT INTO driver (id, name, email, phone, created_at) VALUES ($1, $2, $3, $4, $5)",
                driver, name, f"{name}@example.se", f"+4670123450{len(ids)}", now,
            )  # fmt: skip
            actor = Actor("driver", driver, name)
            given = NewCase(text=f"{SECRET} of {name}", kind="refund", channel=Channel.CHAT)
            case = await service.open_by_driver(tx, house, actor, given, now)
            (entry,) = await tx.values("SELECT id FROM case_entry WHERE case_id = $1 AND body <> ''", case.id)
            await attachments.keep(tx, case.id, entry, f"{SECRET}.png", b"\x89PNG\r\n\x1a\n" + SECRET.encode(), now)
            await contacts.begin(
                tx, Contact(key=f"case:{case.id}", channel="chat", driver_id=driver, case_id=case.id), now
            )
            await sms.send(tx, recipient=f"+4670123450{len(ids)}", text=f"{SECRET} by text", now=now, case_id=case.id)
            await proving.send_code(tx, house, ADMIN, case.id, now)
            chat, call = new_id(), new_id()
            await tx.execute(
                "INSERT INTO chat (id, opened_at, changed_at, language, driver_id, case_id, seen_at, read_at)"
                " VALUES ($1, $2, $2, 'sv', $3, $4, $2, $2)", chat, now, driver, case.id,
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO chat_line (id, chat_id, at, who, body) VALUES ($1, $2, $3, 'driver', $4)",
                new_id(), chat, now, f"{SECRET} in the chat",
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO phone_call (id, key, provider, direction, phone, started_at, driver_id, case_id)"
                " VALUES ($1, $6, '46elks', 'in', $2, $3, $4, $5)",
                call, f"+4670123450{len(ids)}", now, driver, case.id, str(call),
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO phone_recording (id, call_id, at, kind, content) VALUES ($1, $2, $3, 'call', $4)",
                new_id(), call, now, f"{SECRET} spoken".encode(),
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, verdict, case_id, entry_id,"
                " quoted, raw, raw_size) VALUES ($1, $2, 'lmtp', $8, '', $3, 'joined', $4, $5, $6, $7, 9)",
                new_id(), now, f"{name}@example.se", case.id, entry, f"{SECRET} quoted", f"{SECRET} raw".encode(),
                str(call),
            )  # fmt: skip
            report = new_id()
            await tx.execute(
                "INSERT INTO driver_report (id, station_id, evse_number, at, kind, text, person_key, photo)"
                " VALUES ($1, $2, 1, $3, 'cable', $4, $5, $6)",
                report, network.station_ids["S1"], now, f"{SECRET} reported by {name}", name, SECRET.encode(),
            )  # fmt: skip
            await tx.execute("UPDATE support_case SET report_id = $2 WHERE id = $1", case.id, report)
            ids.append((driver, case.id))
    return ids[0][0], ids[0][1], ids[1][1]


async def everything(network: Network, tables: list[str]) -> str:
    async with network.house.database.transaction() as tx:
        rows = [await tx.values(f"SELECT to_jsonb(t)::text FROM {name} AS t") for name in tables]
    return "\n".join(str(row) for of_one in rows for row in of_one)


async def test_all_of_it_is_handed_out_removed_and_nothing_of_anybody_else(database: Database, tmp_path: Path) -> None:
    async with network_on(database, tmp_path) as network:
        house, tables = network.house, [*privacy.HANDED_OUT]
        await network.add_station("S1")
        driver, case, other = await a_life(network)
        async with house.database.transaction() as tx:
            now = house.clock()
            told = json.loads(await driver_data.all_of(tx, ADMIN, driver, now, now.date()))["support"]
        for name in ("support_case", "case_entry", "support_mail", "support_attachment", "chat", "chat_line",
                     "phone_call", "phone_recording", "text_message", "support_contact", "support_code",
                     "driver_report"):  # fmt: skip
            assert told[name], name
        assert str(other) not in json.dumps(told)
        assert "digest" not in json.dumps(told)
        (report,) = told["driver_report"]
        assert report["text"] == f"{SECRET} reported by ada"
        assert b64decode(report["photo"]) == SECRET.encode()
        assert len(told["support_contact"]) == 1, "each row once"
        async with house.database.transaction() as tx:
            with pytest.raises(Conflict):  # it is open
                await privacy.remove(tx, ADMIN, driver, "asked", house.clock())
            await working.close(tx, house, ADMIN, case, "solved", f"{SECRET} noted", house.clock())
            with pytest.raises(Invalid):
                await privacy.remove(tx, ADMIN, driver, " ", house.clock())
            technician = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN], None)
            with pytest.raises(NotAllowed):
                await privacy.remove(tx, technician, driver, "asked", house.clock())
            assert await privacy.remove(tx, ADMIN, driver, "asked", house.clock()) == 1
        left = await everything(network, tables)
        assert f"{SECRET} of ada" not in left
        assert "ada@example.se" not in left
        assert "+46701234500" not in left
        assert f"{SECRET} of bo" in left
        async with house.database.transaction() as tx:
            for table, count in (("chat", 1), ("phone_recording", 1), ("support_mail", 1), ("support_attachment", 1)):
                assert await tx.value(f"SELECT count(*) FROM {table}") == count, table
            assert await tx.value("SELECT outcome FROM support_case WHERE id = $1", case) == "solved"
            # Bo's is closed, and old: files go first, and what was said after three years.
            await working.close(tx, house, ADMIN, other, "solved", "", house.clock())
            later = house.clock() + timedelta(days=400)
            assert await privacy.forget_old(tx, later - timedelta(days=1095), later - timedelta(days=365)) == 0
            assert await tx.value("SELECT count(*) FROM support_attachment") == 0
            assert await tx.value("SELECT count(*) FROM support_mail") == 0
            assert await privacy.forget_old(tx, later, later) == 1
            assert await privacy.forget_old(tx, later, later) == 0
        assert f"{SECRET} of bo" not in await everything(network, tables)


async def test_no_table_that_knows_a_case_a_chat_or_a_call_is_forgotten(database: Database) -> None:
    async with database.transaction() as tx:
        found = set(await tx.values(KNOWING))
    handed_out = set(privacy.HANDED_OUT) | set(privacy.HANDED_OUT_BESIDE)
    named = handed_out | set(privacy.REMOVED) | set(privacy.OF_DRIVER) | set(privacy.KEPT)
    assert found - named == set()
    # What is handed out can also be removed: by itself, or with what it belongs to.
    removed = set(privacy.REMOVED) | set(privacy.OF_DRIVER)
    assert handed_out - removed - set(privacy.KEPT) == set()
    assert removed - handed_out == set(privacy.NOT_HANDED_OUT), "what is removed is handed out too"
    assert set(privacy.REMOVED) - set(privacy.HANDED_OUT) == set(privacy.NOT_HANDED_OUT)
    assert set(privacy.OF_DRIVER) == set(privacy.HANDED_OUT_BESIDE) - set(privacy.KEPT)
    for way, gone in own_data.GONE.items():
        assert set(gone) == set(own_data.BESIDE[way]) - set(privacy.KEPT), way
