"""Somebody is forgotten: nothing names them but what the law keeps, nobody else is touched, the books are whole."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.notices import service as notices
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Database, Transaction
from laddverk.support import contacts, service, working
from laddverk.support.contacts import Contact
from laddverk.support.erasure import asking, clearing
from laddverk.support.erasure import service as erasure
from laddverk.support.erasure.model import WORDS, Obstacle
from laddverk.support.model import Channel, NewCase
from tests.network import Network, network_on

ADMIN = Actor("operator", new_id(), "Ann", PERMISSIONS[Role.ADMIN], None)
TECHNICIAN = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN], None)
DUMMIES = {
    "text": "x", "uuid": None, "timestamp with time zone": None, "integer": 1, "bigint": 1, "boolean": False,
    "bytea": b"x", "jsonb": {}, "date": None, "ARRAY": [], "smallint": 1, "numeric": 1,
}  # fmt: skip
NEEDED = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL
  AND is_identity = 'NO' AND is_generated = 'NEVER'
"""
# Every column that can hold words. What is compressed or encrypted is no words: `clearing.KEPT` says what it is.
WORDED = """
SELECT column_.table_name, column_.column_name FROM information_schema.columns AS column_
JOIN information_schema.tables AS table_ USING (table_schema, table_name)
WHERE column_.table_schema = 'public' AND table_.table_type = 'BASE TABLE'
  AND (column_.data_type IN ('text', 'jsonb', 'bytea', 'ARRAY', 'tsvector', 'character varying'))
ORDER BY 1, 2
"""


class Person:
    """Somebody whose every word can be found again."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.email = f"{name.capitalize()} Ek", f"{name}@example.se"
        self.phone, self.street, self.tag = f"+4670123450{number}", f"{name.capitalize()}gatan 7", f"{name.upper()}77"
        self.id, self.actor = DriverId(new_id()), Actor("anonymous")

    @property
    def traces(self) -> tuple[str, ...]:
        """What would name them, in small letters."""
        return (self.name.split()[0].lower(), self.phone[3:])


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        await made.add_station("S1")
        yield made


async def put(tx: Transaction, network: Network, table: str, **given: Any) -> Any:
    """Insert a row with what is given; what else must be there is filled in."""
    now = network.house.clock()
    for column, kind in [(row["column_name"], row["data_type"]) for row in await tx.rows(NEEDED, table)]:
        if column not in given:
            value = DUMMIES[kind]
            fresh = {"uuid": new_id(), "timestamp with time zone": now, "date": now.date()}
            given[column] = fresh.get(kind, value)
    names = ", ".join(given)
    places = ", ".join(f"${number}" for number in range(1, len(given) + 1))
    await tx.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *given.values())
    return given.get("id")


async def a_life(network: Network, person: Person) -> UUID:
    """Somebody who did all that a driver can do; return their case, which is closed."""
    house = network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        details = DriverDetails(email=person.email, name=person.name, phone=person.phone, address=person.street)
        person.id = await access.create_driver(tx, ADMIN, details, now)
        person.actor = Actor("driver", person.id, person.name)
        token = NewToken(uid=person.tag, driver_id=person.id, label=f"{person.name}s bricka")
        await access.create_token(tx, ADMIN, token, now)
        case = await _support(tx, network, person)
        await _money(tx, network, person)
        await _charging(tx, network, person)
        await _account(tx, network, person)
        await working.close(tx, house, ADMIN, case, "solved", f"{person.name} är nöjd", now)
    return case


async def _support(tx: Transaction, network: Network, person: Person) -> UUID:
    house, now = network.house, network.house.clock()
    given = NewCase(text=f"Jag heter {person.name}", kind="refund", channel=Channel.CHAT)
    case = await service.open_by_driver(tx, house, person.actor, given, now)
    (entry,) = await tx.values("SELECT id FROM case_entry WHERE case_id = $1 AND body <> ''", case.id)
    contact = Contact(key=f"case:{case.id}", channel="chat", driver_id=person.id, case_id=case.id)
    await contacts.begin(tx, contact, now)
    await sms.send(tx, recipient=person.phone, text=f"Hej {person.name}", now=now, case_id=case.id)
    await sms.send(tx, recipient=person.phone, text=f"Kvitto, {person.name}", now=now)
    chat = await put(tx, network, "chat", id=new_id(), language="sv", driver_id=person.id, contact_email=person.email)
    await put(tx, network, "chat_line", chat_id=chat, who="driver", body=person.name)
    call = await put(
        tx, network, "phone_call", id=new_id(), provider="46elks", direction="in", phone=person.phone,
        key=str(new_id()), menu={"said": person.name},
    )  # fmt: skip
    await put(tx, network, "phone_recording", call_id=call, kind="call", content=person.name.encode())
    for case_id, entry_id in ((case.id, entry), (None, None)):
        await put(
            tx, network, "support_mail", inbox="lmtp", message_id=str(new_id()), sender=person.email, case_id=case_id,
            verdict="joined" if case_id else "ignored", entry_id=entry_id, quoted=person.name,
            raw=person.name.encode(),
        )  # fmt: skip
    # A case of theirs that was written before they had an account.
    stranger = NewCase(text=f"{person.name} igen", kind="other", contact_email=person.email, contact_name=person.name)
    old = await service.open_by_driver(tx, house, Actor("anonymous"), stranger, now)
    await working.close(tx, house, ADMIN, old.id, "solved", "", now)
    await put(tx, network, "driver_plate", plate="KUM777", driver_id=person.id, added_by=person.name)
    await put(tx, network, "place_wish", driver_id=person.id, place=person.street, note=person.name)
    return case.id


async def _money(tx: Transaction, network: Network, person: Person) -> None:
    method = await put(
        tx, network, "payment_method", id=new_id(), driver_id=person.id, provider="stripe",
        customer_ref=f"cus_{person.tag}", method_ref=f"pm_{person.tag}", last4="4242", brand="visa",
    )  # fmt: skip
    payment = await put(
        tx, network, "payment", id=new_id(), purpose="session", driver_id=person.id, provider="stripe",
        state="captured", currency="SEK", amount_minor=5000, authorised_minor=5000, captured_minor=5000,
        return_url=f"https://x.example/{person.tag}", method_id=method,
    )  # fmt: skip
    await put(tx, network, "payment_card", payment_id=payment, last4="4242", brand="visa")
    await put(
        tx, network, "webhook_inbox", provider="stripe", event_id=str(new_id()), kind="checkout",
        payload={"customer_details": {"email": person.email, "name": person.name}},
    )  # fmt: skip
    await put(
        tx, network, "payment_refund", payment_id=payment, state="succeeded", reason=f"till {person.name}",
        requested_by=person.name, amount_minor=100,
    )  # fmt: skip
    mandate = await put(
        tx, network, "mandate", id=new_id(), scheme="autogiro", payer_number=f"90{person.id.int % 10**14:014}",
        driver_id=person.id, channel="portal", state="cancelled", holder=person.name, account_last4="1234",
        consent_text=f"{person.name} medger", account_sealed=person.name.encode(),
    )  # fmt: skip
    await put(tx, network, "mandate_event", mandate_id=mandate, detail={"holder": person.name})
    await put(
        tx, network, "wallet_refund", driver_id=person.id, state="paid", currency="SEK", bank_end="1234",
        reason=person.name,
    )  # fmt: skip
    await tx.execute("INSERT INTO invoice_series VALUES ('F2026', 100) ON CONFLICT DO NOTHING")
    invoice = await put(
        tx, network, "invoice", id=new_id(), series="F2026", number=person.id.int % 10**9, kind="invoice",
        driver_id=person.id, currency="SEK", gross_minor=5000, net_minor=4000, vat_minor=1000, paid_minor=5000,
        buyer={"name": person.name, "address": person.street, "email": person.email}, vat=[],
    )  # fmt: skip
    await put(tx, network, "invoice_file", invoice_id=invoice, language="sv", content=person.name.encode())
    await put(tx, network, "invoice_buyer", driver_id=person.id, kind="person", name=person.name, email=person.email)
    await put(
        tx, network, "deposit", way="bankgiro", state="returned", amount_minor=5000, currency="SEK", payer=person.name,
        reference=f"{person.name} 12345", driver_id=person.id,
    )  # fmt: skip
    account = await put(
        tx, network, "customer_account", id=new_id(), kind="family", name=f"{person.name}s familj", owner_id=person.id,
        invoice_email=person.email, closed_at=network.house.clock(),
    )  # fmt: skip
    await put(tx, network, "customer_member", account_id=account, driver_id=person.id)
    await put(tx, network, "customer_invite", account_id=account, email=person.email, token_hash=person.id.bytes)


async def _charging(tx: Transaction, network: Network, person: Person) -> None:
    now, station = network.house.clock(), network.station_ids["S1"]
    payment = (await tx.values("SELECT id FROM payment WHERE driver_id = $1", person.id))[0]
    await put(
        tx, network, "session", station_id=station, transaction_key=str(new_id()), token_uid=person.tag,
        stop_token_uid=person.tag, driver_id=person.id, settlement="payment", ended_at=now, price_minor=5000,
        energy_wh=9000, currency="SEK", payment_id=payment, access_hash=person.id.bytes,
    )  # fmt: skip
    await put(
        tx, network, "reservation", station_id=station, driver_id=person.id, token_uid=person.tag,
        token_type="ISO14443", state="used", requested_by=person.name,
    )  # fmt: skip
    request = await put(
        tx, network, "customer_request", id=new_id(), driver_id=person.id, kind="read", requested_by=person.name,
        reason=f"{person.name} frågar",
    )  # fmt: skip
    await put(tx, network, "customer_answer", request_id=request, station_id=station, token_uid=person.tag)
    number = await tx.value("SELECT number FROM customer_answer WHERE request_id = $1", request)
    await put(tx, network, "customer_part", station_id=station, number=number, data=f"{person.name} {person.tag}")
    await put(
        tx, network, "authorisation", station_id=station, token_uid=person.tag, driver_id=person.id, status="accepted"
    )
    await put(tx, network, "token_presence", station_id=station, token_uid=person.tag)


async def _account(tx: Transaction, network: Network, person: Person) -> None:
    house, now = network.house, network.house.clock()
    device = await put(
        tx, network, "push_device", id=new_id(), owner_kind="driver", owner_id=person.id, name=f"{person.name} mobil",
        endpoint=f"https://push.example/{person.tag}", language="sv",
    )  # fmt: skip
    await put(tx, network, "push_message", device_id=device, title=person.name)
    await put(
        tx, network, "web_session", subject_kind="driver", subject_id=person.id, token_hash=person.id.bytes,
        user_agent=f"Firefox of {person.name}",
    )  # fmt: skip
    await put(tx, network, "sign_in_link", driver_id=person.id, token_hash=person.id.bytes)
    await put(tx, network, "sign_in_failure", subject=person.email)
    await notices.send(
        tx, recipient=person.email, language="sv", template="sign_in", now=now,
        params={"link": f"https://x.example/{person.tag}", "operator": "X"},
    )  # fmt: skip
    await access.block_driver(tx, ADMIN, person.id, f"{person.name} bad om det", now)
    await access.unblock_driver(tx, ADMIN, person.id, f"{person.name} är tillbaka", now)
    await access.set_settlement(tx, person.actor, person.id, "card")
    assert house


async def traces_of(network: Network, person: Person) -> set[str]:
    """Return where something still names somebody, as table.column, in whatever form it stands there."""
    found = set()
    async with network.house.database.transaction() as tx:
        for table, column in [tuple(row.values()) for row in await tx.rows(WORDED)]:
            for trace in person.traces:
                words = f"encode({column}, 'escape')" if await _is_bytes(tx, table, column) else f"{column}::text"
                sql = f"SELECT EXISTS (SELECT FROM {table} WHERE strpos(lower({words}), $1) > 0)"
                if await tx.value(sql, trace):
                    found.add(f"{table}.{column}")
    return found


async def _is_bytes(tx: Transaction, table: str, column: str) -> bool:
    sql = "SELECT data_type = 'bytea' FROM information_schema.columns WHERE table_name = $1 AND column_name = $2"
    return bool(await tx.value(sql, table, column))


async def ask(network: Network, person: Person, actor: Actor | None = None, reason: str = "") -> list[Obstacle]:
    async with network.house.database.transaction() as tx:
        now = network.house.clock()
        return await erasure.ask(tx, network.house, actor or person.actor, person.id, now, reason=reason)


async def test_after_all_that_a_driver_can_do_nothing_names_them_but_what_the_law_keeps(network: Network) -> None:
    kim, bo = Person("kumquat", 1), Person("bergamott", 2)
    await a_life(network, kim)
    other = await a_life(network, bo)
    await network.house.worker.run_until_idle()
    before = await traces_of(network, bo)
    assert len(await traces_of(network, kim)) > 40  # there was something to be forgotten
    async with network.house.database.transaction() as tx:
        booked = await tx.rows("SELECT series, number, gross_minor FROM invoice ORDER BY number")
        charges = await tx.rows("SELECT id, energy_wh, price_minor, driver_id FROM session ORDER BY id")
    assert await ask(network, kim) == []
    await network.house.worker.run_until_idle()
    left = await traces_of(network, kim)
    assert left - set(clearing.KEPT) == set()
    assert {"invoice.buyer", "invoice_file.content"} <= left
    assert await traces_of(network, bo) == before  # nobody else was touched
    async with network.house.database.transaction() as tx:
        assert await tx.rows("SELECT series, number, gross_minor FROM invoice ORDER BY number") == booked
        assert await tx.rows("SELECT id, energy_wh, price_minor, driver_id FROM session ORDER BY id") == charges
        assert (await ledger.check(tx)).sound
        assert await tx.value("SELECT count(*) FROM support_case WHERE id = $1 AND subject <> '–'", other) == 1
        row = (await tx.rows("SELECT state, reason, removed FROM erasure"))[0]
        assert (row["state"], row["reason"], row["removed"]["token"]) == ("done", "", 1)
        # The last mail says that it is done; its address goes when it has left.
        assert await tx.value("SELECT count(*) FROM mail WHERE template = 'account_erased' AND recipient <> ''") == 1
        await tx.execute("UPDATE mail SET sent_at = created_at")
        await erasure.forget_told(tx, network.house.clock())
        # Seven years after the year, documents lose the name too.
        await erasure.forget_invoices(tx, network.house.clock() + timedelta(days=365 * 6))
        assert await tx.value("SELECT count(*) FROM invoice_file") == 2
        assert await erasure.forget_invoices(tx, network.house.clock() + timedelta(days=365 * 8 + 3)) == 1
        assert await tx.value("SELECT count(*) FROM invoice_file") == 1
    assert await traces_of(network, kim) == set()
    # They may come back, as somebody new.
    async with network.house.database.transaction() as tx:
        details = DriverDetails(email=kim.email, name=kim.name)
        assert await access.create_driver(tx, ADMIN, details, network.house.clock()) != kim.id


async def test_what_stands_in_the_way_is_waited_for_and_no_charge_is_started_meanwhile(network: Network) -> None:
    kim, house = Person("kumquat", 1), network.house
    await a_life(network, kim)
    async with house.database.transaction() as tx:
        given = NewCase(text="En sak till", kind="other", channel=Channel.PORTAL)
        case = await service.open_by_driver(tx, house, kim.actor, given, house.clock())
        await tx.execute("UPDATE invoice SET paid_minor = 0")
        await tx.execute("UPDATE mandate SET state = 'active'")
        await put(tx, network, "session", station_id=network.station_ids["S1"], transaction_key="t2", driver_id=kim.id)
    assert set(await ask(network, kim)) == {Obstacle.CHARGES, Obstacle.TO_PAY, Obstacle.MANDATE, Obstacle.CASE}
    assert set(await ask(network, kim)) == {Obstacle.CHARGES, Obstacle.TO_PAY, Obstacle.MANDATE, Obstacle.CASE}
    await house.worker.run_until_idle()
    async with house.database.transaction() as tx:
        assert await tx.value("SELECT name FROM driver WHERE id = $1", kim.id) == kim.name
        assert await tx.value("SELECT blocked_why FROM driver WHERE id = $1", kim.id) == "erasure"
        assert await tx.value("SELECT count(*) FROM erasure") == 1
        await erasure.withdraw(tx, kim.actor, kim.id, house.clock())
        assert await tx.value("SELECT blocked_at FROM driver WHERE id = $1", kim.id) is None
        with pytest.raises(Conflict):
            await erasure.withdraw(tx, kim.actor, kim.id, house.clock())
    await ask(network, kim)
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE invoice SET paid_minor = gross_minor")
        await tx.execute("UPDATE mandate SET state = 'cancelled'")
        await tx.execute("UPDATE session SET ended_at = started_at, price_minor = 0 WHERE transaction_key = 't2'")
        await working.close(tx, house, ADMIN, case.id, "solved", "", house.clock())
        await tx.execute("UPDATE job SET run_at = run_at - interval '1 day'")
        await erasure.ask(tx, house, ADMIN, kim.id, house.clock(), reason="asked again on the phone")
    await house.worker.run_until_idle()
    assert await traces_of(network, kim) - set(clearing.KEPT) == set()
    with pytest.raises(Conflict):
        await ask(network, kim)
    assert set(WORDS) == set(Obstacle)


async def test_only_the_driver_or_whoever_may_change_drivers_asks_and_staff_say_why(network: Network) -> None:
    kim, bo = Person("kumquat", 1), Person("bergamott", 2)
    await a_life(network, kim)
    await a_life(network, bo)
    with pytest.raises(NotAllowed):
        await ask(network, kim, TECHNICIAN, "because")
    with pytest.raises(NotAllowed):
        await ask(network, kim, bo.actor)
    with pytest.raises(Invalid):
        await ask(network, kim, ADMIN, "  ")
    host = Actor("operator", new_id(), "Hon", PERMISSIONS[Role.ADMIN], frozenset({new_id()}))
    with pytest.raises(NotFound):
        await ask(network, kim, host, "because")
    async with network.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM erasure") == 0


async def test_nobody_else_takes_words_out_of_the_log_or_documents_away(network: Network) -> None:
    await a_life(network, Person("kumquat", 1))
    tries = (
        "UPDATE audit_log SET detail = '{}'", "DELETE FROM audit_log", "DELETE FROM invoice_file",
        "UPDATE invoice_file SET content = ''",
    )  # fmt: skip
    allowed = {"UPDATE audit_log SET detail = '{}'", "DELETE FROM invoice_file"}
    for sql in (*tries, "UPDATE audit_log SET action = 'x'"):
        for forgets in (False, True):
            connection = await asyncpg.connect(network.house.database.dsn)
            try:
                async with connection.transaction():
                    if forgets:
                        await connection.execute(clearing.FORGETS)
                    if forgets and sql in allowed:
                        await connection.execute(sql)
                    else:
                        with pytest.raises(asyncpg.RestrictViolationError):
                            async with connection.transaction():
                                await connection.execute(sql)
                    raise KeyError  # all of it is undone
            except KeyError:
                pass
            finally:
                await connection.close()


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
            await asking.send_code(tx, house, who, "sv", now)
            said = str(await tx.value(sql))
        found = re.search(r"\b\d{6}\b", said)
        assert found is not None, said
        return found[0]

    async with house.database.transaction() as tx:
        # Who is not known here, and who has an account, gets no code; the answer is the same.
        for who in ("nobody@example.se", "+46709999999"):
            await asking.send_code(tx, house, who, "sv", now)
        assert await tx.value("SELECT count(*) FROM own_data_code") == 0
        for who in ("", "not a number", "a@b@c", "x" * 300):
            with pytest.raises(Invalid):
                await asking.send_code(tx, house, who, "sv", now)
    ada, cia = asking.whose("ADA@example.se"), asking.whose("0705556677")
    code = await code_to("Ada@Example.se", "SELECT body_text FROM mail WHERE template = 'own_data_code'")
    async with house.database.transaction() as tx:
        assert not await asking.is_right(tx, house, ada, "000000" if code != "000000" else "111111", now)
        assert not await asking.is_right(tx, house, cia, code, now)
        assert not await asking.is_right(tx, house, ada, code, now + timedelta(minutes=11))
        assert await asking.is_right(tx, house, ada, f" {code[:3]} {code[3:]} ", now)
        assert not await asking.is_right(tx, house, ada, code, now)  # once
        told = json.dumps(await asking.told_of(tx, ada, now), default=str)
        assert "Ada skriver" in told
        assert "Cia" not in told
        assert "ergamott" not in told
        with pytest.raises(Conflict):
            await asking.remove(tx, ada, now)
        for case in cases.values():
            await working.close(tx, house, ADMIN, case.id, "solved", "", now)
        assert await asking.remove(tx, ada, now) == 1
        assert "Ada skriver" not in json.dumps(await asking.told_of(tx, ada, now), default=str)
        for table in ("support_case", "case_entry", "mail", "support_mail"):
            assert not await tx.value(f"SELECT EXISTS (SELECT FROM {table} AS t WHERE t::text LIKE '%ada@example%')")
    code = await code_to("070 555 66 77", "SELECT body FROM text_message WHERE unique_key LIKE 'support-code:%'")
    async with house.database.transaction() as tx:
        assert await asking.is_right(tx, house, cia, code, now)
        assert "Cia skriver" in json.dumps(await asking.told_of(tx, cia, now), default=str)
        assert await asking.remove(tx, cia, now) == 1
        assert not await tx.value("SELECT EXISTS (SELECT FROM text_message AS t WHERE t::text LIKE '%5556677%')")
    assert "support_case.words" in await traces_of(network, bo)


async def test_a_code_cannot_be_guessed_nor_sent_all_night(network: Network) -> None:
    house = network.house
    now = house.clock()
    async with house.database.transaction() as tx:
        given = NewCase(text="Hej", kind="other", contact_email="ada@example.se")
        await service.open_by_driver(tx, house, Actor("anonymous"), given, now)
        ada = asking.whose("ada@example.se")
        for _ in range(10):
            await asking.send_code(tx, house, "ada@example.se", "en", now)
        assert await tx.value("SELECT count(*) FROM mail WHERE template = 'own_data_code'") == asking.PER_PERSON_MAX
        said = str(await tx.value("SELECT body_text FROM mail WHERE template = 'own_data_code' ORDER BY id DESC"))
        code = next(word for word in said.split() if word.isdigit() and len(word) == 6)
        for _ in range(asking.TRIES_MAX):
            assert not await asking.is_right(tx, house, ada, "12345", now)
        assert not await asking.is_right(tx, house, ada, code, now)
        await asking.forget(tx, now + timedelta(days=2))
        assert await tx.value("SELECT count(*) FROM own_data_code") == 0
