"""Who has no account gets what support has of them by a code, and may remove it; nobody guesses a code."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.notices import service as notices
from laddverk.platform.database import Database
from laddverk.support import codes, service, working
from laddverk.support.model import NewCase
from laddverk.support.own_data import service as own_data
from laddverk.support.own_data import store
from tests.integration.support.lives import ADMIN, Person, a_life, traces_of
from tests.network import Network, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        await made.add_station("S1")
        yield made


async def test_somebody_without_an_account_gets_what_is_theirs_by_a_code_and_may_remove_it(network: Network) -> None:
    house = network.house
    now = house.clock()
    bo = Person("bergamott", 2)
    await a_life(network, bo)
    cases = {}
    async with house.database.transaction() as tx:
        for name, email, phone in (("Ada", "ada@example.se", ""), ("Cia", "", "070-555 66 77")):
            given = NewCase(text=f"{name} skriver", kind="other", contact_email=email, contact_phone=phone)
            cases[name] = await service.open_by_driver(tx, house, Actor("anonymous"), given, now)

    async def code_to(who: str, sql: str) -> str:
        async with house.database.transaction() as tx:
            await own_data.send_code(tx, house, who, "sv", now)
            said = str(await tx.value(sql))
        found = re.search(r"\b\d{6}\b", said)
        assert found is not None, said
        return found[0]

    async with house.database.transaction() as tx:
        # Who is not known here, and who has an account, gets no code; the answer is the same.
        for who in ("nobody@example.se", "+46709999999"):
            await own_data.send_code(tx, house, who, "sv", now)
        assert await tx.value("SELECT count(*) FROM own_data_code") == 0
        for who in ("", "not a number", "a@b@c", "x" * 300):
            with pytest.raises(Invalid):
                await own_data.send_code(tx, house, who, "sv", now)
    ada, cia = own_data.person_in("ADA@example.se"), own_data.person_in("0705556677")
    code = await code_to("Ada@Example.se", "SELECT body_text FROM mail WHERE template = 'own_data_code'")
    async with house.database.transaction() as tx:
        assert not await own_data.is_right(tx, house, ada, "000000" if code != "000000" else "111111", now)
        assert not await own_data.is_right(tx, house, cia, code, now)
        assert not await own_data.is_right(tx, house, ada, code, now + timedelta(minutes=11))
        assert await own_data.is_right(tx, house, ada, f" {code[:3]} {code[3:]} ", now)
        assert not await own_data.is_right(tx, house, ada, code, now)  # once
        told = json.dumps(await own_data.told_of(tx, ada, now), default=str)
        assert "Ada skriver" in told
        assert "Cia" not in told
        assert "ergamott" not in told
        with pytest.raises(Conflict):
            await own_data.remove(tx, ada, now)
        for case in cases.values():
            await working.close(tx, house, ADMIN, case.id, "solved", "", now)
        assert await own_data.remove(tx, ada, now) == 1
        assert "Ada skriver" not in json.dumps(await own_data.told_of(tx, ada, now), default=str)
        for table in ("support_case", "case_entry", "mail", "support_mail"):
            assert not await tx.value(f"SELECT EXISTS (SELECT FROM {table} AS t WHERE t::text LIKE '%ada@example%')")
    code = await code_to("070 555 66 77", "SELECT body FROM text_message WHERE unique_key LIKE 'support-code:%'")
    async with house.database.transaction() as tx:
        assert await own_data.is_right(tx, house, cia, code, now)
        assert "Cia skriver" in json.dumps(await own_data.told_of(tx, cia, now), default=str)
        assert await own_data.remove(tx, cia, now) == 1
        assert not await tx.value("SELECT EXISTS (SELECT FROM text_message AS t WHERE t::text LIKE '%5556677%')")
    assert "support_case.words" in await traces_of(network, bo)


async def test_a_code_cannot_be_guessed_nor_sent_all_night(network: Network) -> None:
    house = network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        given = NewCase(text="Hej", kind="other", contact_email="ada@example.se")
        await service.open_by_driver(tx, house, Actor("anonymous"), given, now)
        ada = own_data.person_in("ada@example.se")
        for _ in range(10):
            await own_data.send_code(tx, house, "ada@example.se", "en", now)
        assert await tx.value("SELECT count(*) FROM mail WHERE template = 'own_data_code'") == own_data.PER_PERSON_MAX
        said = str(await tx.value("SELECT body_text FROM mail WHERE template = 'own_data_code' ORDER BY id DESC"))
        code = next(word for word in said.split() if word.isdigit() and len(word) == 6)
        for _ in range(codes.TRIES_MAX):
            assert not await own_data.is_right(tx, house, ada, "12345", now)
        assert not await own_data.is_right(tx, house, ada, code, now)
        await own_data.forget(tx, now + timedelta(days=2))
        assert await tx.value("SELECT count(*) FROM own_data_code") == 0


async def test_what_was_spoken_and_chatted_without_a_case_is_handed_out_and_then_gone(network: Network) -> None:
    house = network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        call = new_id()
        await tx.execute(
            "INSERT INTO phone_call (id, key, provider, direction, phone, started_at)"
            " VALUES ($1, 'c', '46elks', 'in', $2, $3)",
            call, "+46705556677", now,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO phone_recording (id, call_id, at, kind, content) VALUES ($1, $2, $3, 'message', 'spoken')",
            new_id(), call, now,
        )  # fmt: skip
        for phone, email, words in (("+46705556677", "", "by number"), ("", "ada@example.se", "by address")):
            chat = new_id()
            await tx.execute(
                "INSERT INTO chat (id, opened_at, changed_at, language, contact_phone, contact_email, seen_at, read_at)"
                " VALUES ($1, $2, $2, 'sv', $3, $4, $2, $2)", chat, now, phone, email,
            )  # fmt: skip
            line = "INSERT INTO chat_line (id, chat_id, at, who, body) VALUES ($1, $2, $3, 'driver', $4)"
            await tx.execute(line, new_id(), chat, now, words)
        await notices.send(
            tx, recipient="ada@example.se", language="sv", template="own_data_code",
            params={"code": "123456", "operator": "x"}, now=now,
        )  # fmt: skip
    for who, words, tables in (
        ("070-555 66 77", "by number", ("phone_call", "phone_recording", "chat", "chat_line")),
        ("ada@example.se", "by address", ("mail", "chat", "chat_line")),
    ):
        person = own_data.person_in(who)
        async with house.database.transaction() as tx:
            assert await store.is_known(tx, person)
            told = await own_data.told_of(tx, person, now)
            assert [len(told[table]) for table in tables] == [1] * len(tables)
            assert [line["body"] for line in told["chat_line"]] == [words]
            if "phone_recording" in tables:
                assert b64decode(told["phone_recording"][0]["content"]) == b"spoken"
            await own_data.remove(tx, person, now)
            gone = await own_data.told_of(tx, person, now)
        assert [table for table, rows in gone.items() if table != "handed_out_at" and rows] == []


def _unfound(plan: Any) -> list[str]:
    """Return the tables that a plan reads without a condition of an index."""
    here = [plan["Relation Name"]] if "Relation Name" in plan and not {"Index Cond", "Recheck Cond"} & set(plan) else []
    return here + [name for part in plan.get("Plans", ()) for name in _unfound(part)]


@pytest.mark.parametrize(("way", "key"), [("email", "ada@example.se"), ("sms", "+46705556677")])
async def test_what_the_open_form_asks_is_found_by_indexes(database: Database, way: str, key: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, verdict, raw, raw_size)"
            " SELECT gen_random_uuid(), now(), 'lmtp', n::text, '', n || '@example.com', 'stored', '', 0"
            " FROM generate_series(1, 3000) AS n"
        )
        await tx.execute("ANALYZE support_mail")
        await tx.execute("SET LOCAL enable_seqscan = off")
        for sql in (store.KNOWS[way], store.CASES[way]):
            plan = (await tx.value(f"EXPLAIN (FORMAT JSON) {sql}", key))[0]["Plan"]
            assert _unfound(plan) == [], sql
