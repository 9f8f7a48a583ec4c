"""SEPA direct debit: mandates and collections told to the bank in pain.008, heard back in camt and pain.002."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, InvoiceId, new_id
from laddverk.ledger import service as ledger
from laddverk.payments import service
from laddverk.payments.direct_debit import bank_files, collecting, mandates
from laddverk.payments.direct_debit.mandate_rules import euro_account
from laddverk.payments.direct_debit.model import Channel, Imported, Scheme
from laddverk.payments.model import PaymentRefunded
from laddverk.payments.providers.bankgirot.fields import BadFile
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.integration.payments.conftest import Street, street_on

STAFF = Actor("operator", new_id(), "Finance", frozenset(Permission))
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
ACCOUNT = euro_account("DE89 3704 0044 0532 0130 00", "")
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"


class Euro:
    def __init__(self, street: Street) -> None:
        self.street, self.house, self.now = street, street.house, NOW

    async def invoice(self, gross_minor: int) -> tuple[DriverId, InvoiceId]:
        invoice = InvoiceId(new_id())
        async with self.house.database.transaction() as tx:
            driver = await self.street.world.driver(tx, "ada@example.com")
            await mandates.give(
                tx, self.house, Actor("driver", driver, "Ada"), driver, Scheme.SEPA, ACCOUNT, holder="Ada Öberg",
                channel=Channel.PORTAL, signed_on=self.now.date(), consent="I agree.", now=self.now,
            )  # fmt: skip
            await tx.execute("INSERT INTO invoice_series VALUES ('F2026', 1)")
            await tx.execute(
                "INSERT INTO invoice (id, series, number, kind, driver_id, period, currency, gross_minor, net_minor,"
                " vat_minor, vat, seller, buyer, reference, issued_at, due_on) VALUES ($1, 'F2026', 1, 'invoice', $2,"
                " '2026-10-01', 'EUR', $3, $3, 0, '[]', '{}', '{}', '1', $4, $5)",
                invoice, driver, gross_minor, self.now, self.now.date() + timedelta(days=20),
            )  # fmt: skip
        self.now += timedelta(days=14)
        return driver, invoice

    async def write(self) -> bytes | None:
        async with self.house.database.transaction() as tx:
            made = await collecting.write(tx, self.house, STAFF, Scheme.SEPA, self.now)
            return None if made is None else (await bank_files.fetch(tx, self.house, STAFF, made.file_id, self.now))[1]

    async def take_in(self, content: str | bytes) -> Imported:
        given = content.encode() if isinstance(content, str) else content
        async with self.house.database.transaction() as tx:
            return await bank_files.take_in(tx, self.house, STAFF, Scheme.SEPA, "in.xml", given, self.now)

    async def value(self, sql: str, *args: object) -> Any:
        return await self.street.value(sql, *args)

    async def bank(self) -> int:
        async with self.house.database.transaction() as tx:
            assert (await ledger.check(tx)).sound
            return await ledger.balance(tx, "1930", currency="EUR")


@pytest.fixture
async def euro(database: Database, monkeypatch: pytest.MonkeyPatch) -> Euro:
    settings = Settings(
        demo=True, operator_name="Österlen Laddning", sepa_creditor_id="DE98ZZZ09999999999",
        sepa_iban="DE75512108001245126199", sepa_bic="SOLADEST600", currency="EUR",
    )  # fmt: skip
    found = Euro(await street_on(database, monkeypatch, settings))
    outbox.subscribe(PaymentRefunded, "invoicing.mark_paid")
    found.house.clock = lambda: found.now
    return found


def statement(*entries: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE}camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        f"<Ntfctn>{''.join(entries)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )


def entry(reference: str, amount: str, sign: str = "CRDT", reason: str = "") -> str:
    returned = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls>'
        f'<Refs><EndToEndId>{reference}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>{returned}'
        f"</TxDtls></NtryDtls></Ntry>"
    )


def refusal(reference: str, amount: str, reason: str) -> str:
    return (
        f'<Document xmlns="{NAMESPACE}pain.002.001.10"><CstmrPmtStsRpt><OrgnlPmtInfAndSts><TxInfAndSts>'
        f"<OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn>"
        f'</StsRsnInf><OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>'
        f"</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )


def found_in(content: bytes, name: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(content).iter() if each.tag.endswith("}" + name)]


async def test_an_invoice_in_euro_is_collected_and_booked_once(euro: Euro) -> None:
    driver, invoice = await euro.invoice(12_345)
    content = await euro.write()
    assert content is not None
    assert found_in(content, "EndToEndId") == ["F2026-00001-1"]
    assert found_in(content, "InstdAmt") == ["123.45"]
    assert found_in(content, "MndtId") == ["LADDVERK-1000"]
    assert found_in(content, "SeqTp") == ["RCUR"]
    assert ACCOUNT.account in found_in(content, "IBAN")
    assert found_in(content, "MsgId") == ["LADDVERK-00001"]
    assert await euro.write() is None
    paid = statement(entry("F2026-00001-1", "123.45"))
    assert (await euro.take_in(paid)).applied == 1
    assert (await euro.take_in(paid)).copies == 2
    assert (await euro.take_in(paid.replace("><Ntfctn>", "> <Ntfctn>"))).applied == 0
    await euro.street.settle()
    assert await euro.bank() == 12_345
    assert await euro.value("SELECT paid_minor FROM invoice WHERE id = $1", invoice) == 12_345
    assert driver


@pytest.mark.parametrize("first", ["paid", "returned"])
async def test_a_return_for_lack_of_money_is_tried_again_and_one_by_the_payer_is_not(euro: Euro, first: str) -> None:
    await euro.invoice(500)
    await euro.write()
    files = [
        statement(entry("F2026-00001-1", "5.00")),
        statement(entry("F2026-00001-1", "5.00", "DBIT", "AM04")),
    ]
    for each in files if first == "paid" else reversed(files):
        await euro.take_in(each)
    assert await euro.bank() == 0
    euro.now += timedelta(days=7)
    again = await euro.write()
    assert again is not None
    assert found_in(again, "EndToEndId") == ["F2026-00001-2"]
    await euro.take_in(statement(entry("F2026-00001-2", "5.00")))
    await euro.take_in(statement(entry("F2026-00001-2", "5.00", "DBIT", "MD06")))
    euro.now += timedelta(days=60)
    assert await euro.write() is None
    assert await euro.bank() == 0


async def test_a_refusal_before_the_day_ends_the_try_and_a_wrong_account_the_mandate(euro: Euro) -> None:
    await euro.invoice(500)
    await euro.write()
    await euro.take_in(refusal("F2026-00001-1", "5.00", "AC04"))
    assert await euro.value("SELECT state FROM collection") == "refused"
    assert await euro.value("SELECT state FROM payment") == "failed"
    assert await euro.value("SELECT state FROM mandate") == "cancelled"


async def test_a_repayment_goes_out_as_a_transfer(euro: Euro) -> None:
    _, invoice = await euro.invoice(1_000)
    await euro.write()
    await euro.take_in(statement(entry("F2026-00001-1", "10.00")))
    async with euro.house.database.transaction() as tx:
        await service.refund(tx, STAFF, await tx.value("SELECT id FROM payment"), 250, "too much", euro.now)
    await euro.street.settle()
    content = await euro.write()
    assert content is not None
    assert found_in(content, "EndToEndId") == ["F2026-00001-1R1"]
    assert b"pain.001.001.09" in content
    await euro.take_in(statement(entry("F2026-00001-1R1", "2.50", "DBIT")))
    await euro.street.settle()
    assert await euro.bank() == 750
    assert await euro.value("SELECT paid_minor FROM invoice WHERE id = $1", invoice) == 750


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<", b"<a/>", b"hello", b"\xff\xfe<\x00a\x00/\x00>\x00",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Document><BkToCstmrStmt>&b;</BkToCstmrStmt></Document>',
        statement(entry("F2026-00001-1", "5.001")).encode(),
        statement(entry("F2026-00001-1", "-5")).encode(),
        statement(entry("F2026-00001-1", "NaN")).encode(),
        statement(entry("F2026-00001-1", "5.00")).replace('Ccy="EUR"', 'Ccy="SEK"').encode(),
        statement(entry("F2026-00001-1", "5.00"))[:-30].encode(),
    ],
)  # fmt: skip
async def test_what_is_no_file_of_the_bank_changes_nothing(euro: Euro, content: bytes) -> None:
    await euro.invoice(500)
    await euro.write()
    with pytest.raises(BadFile):
        await euro.take_in(content)
    assert await euro.bank() == 0
    assert await euro.value("SELECT count(*) FROM bank_file WHERE direction = 'in'") == 0


@pytest.mark.parametrize("seed", range(3))
async def test_bank_and_ledger_agree_after_a_hundred_collections_with_files_doubled_shuffled_and_cut(
    euro: Euro, seed: int
) -> None:
    random = Random(seed)
    async with euro.house.database.transaction() as tx:
        await tx.execute("INSERT INTO invoice_series VALUES ('F2026', 1)")
        for number in range(1, 35):
            driver = await euro.street.world.driver(tx, f"driver{number}@example.com")
            await mandates.give(
                tx, euro.house, Actor("driver", driver, "Ada"), driver, Scheme.SEPA, ACCOUNT, holder=f"Ada {number}",
                channel=Channel.PORTAL, signed_on=euro.now.date(), consent="I agree.", now=euro.now,
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO invoice (id, series, number, kind, driver_id, period, currency, gross_minor, net_minor,"
                " vat_minor, vat, seller, buyer, reference, issued_at, due_on) VALUES ($1, 'F2026', $2, 'invoice', $3,"
                " '2026-10-01', 'EUR', $4, $4, 0, '[]', '{}', '{}', '1', $5, $6)",
                InvoiceId(new_id()), number, driver, random.randint(1, 99_999), euro.now,
                euro.now.date() + timedelta(days=20),
            )  # fmt: skip
    truth, ordered = 0, []
    for _ in range(5):
        euro.now += timedelta(days=14)
        content = await euro.write()
        if content is None:
            continue
        amounts = [round(float(each) * 100) for each in found_in(content, "InstdAmt")]
        references = found_in(content, "EndToEndId")
        ordered += references
        files = []
        for reference, cents in zip(references, amounts, strict=True):
            amount, fate = (
                f"{cents // 100}.{cents % 100:02d}",
                random.choice(("paid", "paid", "AM04", "MD06", "refused")),
            )
            if fate == "refused":
                files.append(refusal(reference, amount, random.choice(("AM04", "AC04"))))
                continue
            files.append(statement(entry(reference, amount)))
            truth += cents
            if fate != "paid":
                files.append(statement(entry(reference, amount, "DBIT", fate)))
                truth -= cents
        arriving = files + random.sample(files, len(files) // 2) + [each[: len(each) // 2] for each in files[:3]]
        random.shuffle(arriving)
        for each in arriving:
            with suppress(BadFile):
                await euro.take_in(each)
    assert len(ordered) == len(set(ordered)) > 34
    assert await euro.bank() == truth
    assert await euro.value("SELECT count(*) FROM bank_record WHERE outcome = 'unmatched'") == 0
