"""Drivers who did all that a driver can do, and where something names them still."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.notices import service as notices
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.support import contacts, service, working
from laddverk.support.contacts import Contact
from laddverk.support.model import Channel, NewCase
from tests.network import Network

ADMIN = Actor("operator", new_id(), "Ann", PERMISSIONS[Role.ADMIN], None)
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
