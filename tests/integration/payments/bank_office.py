"""An operator with Autogiro, a driver with an invoice, and a bank that answers as a test says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, InvoiceId, MandateId, new_id
from laddverk.ledger import service as ledger
from laddverk.payments.direct_debit import bank_files, collecting, mandates
from laddverk.payments.direct_debit.model import BankAccount, Channel, Imported, Scheme
from laddverk.payments.model import PaymentRefunded
from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import Record
from laddverk.payments.providers.bankgirot.files import Content, File, Section
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.integration.payments.conftest import Street, street_on

AG = Scheme.AUTOGIRO
MONDAY = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
STAFF = Actor("operator", new_id(), "Finance", frozenset(Permission))
ACCOUNT = BankAccount("5001000001000020", "199001012385")


class Office:
    """The operator's side of Autogiro, with a clock to turn."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.house = street.house
        self.now = MONDAY

    async def driver(self, number: int = 1) -> DriverId:
        async with self.house.database.transaction() as tx:
            return await self.street.world.driver(tx, f"driver{number}@example.com")

    async def give(self, driver: DriverId) -> MandateId:
        async with self.house.database.transaction() as tx:
            return await mandates.give(
                tx, self.house, Actor("driver", driver, "Ada"), driver, AG, ACCOUNT, holder="Ada Öberg",
                channel=Channel.PORTAL, signed_on=self.now.date(), consent="Jag medger.", now=self.now,
            )  # fmt: skip

    async def invoice(self, driver: DriverId, gross_minor: int, number: int = 1, due: date | None = None) -> InvoiceId:
        invoice = InvoiceId(new_id())
        async with self.house.database.transaction() as tx:
            await tx.execute("INSERT INTO invoice_series VALUES ('F2026', 1) ON CONFLICT DO NOTHING")
            await tx.execute(
                "INSERT INTO invoice (id, series, number, kind, driver_id, period, currency, gross_minor, net_minor,"
                " vat_minor, vat, seller, buyer, reference, issued_at, due_on) VALUES ($1, 'F2026', $2, 'invoice', $3,"
                " '2026-10-01', 'SEK', $4, $4, 0, '[]', '{}', '{}', $5, $6, $7)",
                invoice, number, driver, gross_minor, str(number), self.now,
                due or self.now.date() + timedelta(days=20),
            )  # fmt: skip
        return invoice

    async def write(self) -> bytes | None:
        async with self.house.database.transaction() as tx:
            made = await collecting.write(tx, self.house, STAFF, AG, self.now)
            if made is None:
                return None
            _, content = await bank_files.fetch(tx, self.house, STAFF, made.file_id, self.now)
            return content

    async def take_in(self, content: bytes, name: str = "in.txt") -> Imported:
        async with self.house.database.transaction() as tx:
            return await bank_files.take_in(tx, self.house, STAFF, AG, name, content, self.now)

    async def active(self, driver: DriverId) -> str:
        """A mandate that the bank said yes to; its payer number."""
        mandate = await self.give(driver)
        await self.write()
        number = str(await self.value("SELECT payer_number FROM mandate WHERE id = $1", mandate))
        await self.take_in(advice(number, "32", self.now.date()))
        return number

    async def sent(self, gross_minor: int = 12_345) -> tuple[str, InvoiceId, r.PaymentOrder]:
        """An invoice that was written to a file to the bank."""
        driver = await self.driver()
        number = await self.active(driver)
        invoice = await self.invoice(driver, gross_minor)
        self.now += timedelta(days=14)
        content = await self.write()
        assert content is not None
        (order,) = orders_in(content)
        return number, invoice, order

    async def value(self, sql: str, *args: object) -> Any:
        return await self.street.value(sql, *args)

    async def bank(self) -> int:
        async with self.house.database.transaction() as tx:
            check = await ledger.check(tx)
            assert check.sound
            return await ledger.balance(tx, "1930")

    async def paid(self, invoice: InvoiceId) -> int:
        await self.street.settle()
        return int(await self.value("SELECT paid_minor FROM invoice WHERE id = $1", invoice))


def orders_in(content: bytes) -> list[r.PaymentOrder]:
    return [each for part in files.read(content).sections for each in part.records if isinstance(each, r.PaymentOrder)]


def head(content: str, on: date) -> r.ReportHead:
    return r.ReportHead(on=on, content=content, customer="765432", bankgiro="0001234567")


def advice(payer_number: str, status: str, on: date, info: str = "04") -> bytes:
    said = r.MandateAdvice(
        bankgiro="0001234567", payer_number=payer_number, account="", person="", filler="", info=info, status=status,
        on=on,
    )  # fmt: skip
    return made(Content.MANDATES, head("AG-MEDAVI", on), said, r.CountEnd(on=on, records=1))


def made(content: Content, *records: Record) -> bytes:
    return files.written(File((Section(content, records),)))


def report(order: r.PaymentOrder, status: str, on: date) -> bytes:
    paid = status == "0"
    deposit = r.Deposit(
        code="15" if order.code == "82" else "16", account="1" * 35, on=on, serial="00001",
        amount_minor=order.amount_minor * paid, payments=int(paid),
    )  # fmt: skip
    said = r.PaymentReport(
        code=order.code, on=on, period="0", repeats="", payer_number=order.payer_number,
        amount_minor=order.amount_minor, bankgiro=order.bankgiro, reference=order.reference.rjust(16, "0"),
        status=status,
    )  # fmt: skip
    into = order.code == "82"
    end = r.ReportEnd(
        on=on, sections_in=int(into), payments_in=paid * into, sections_out=int(not into),
        payments_out=paid * (not into), sections_refunded=0, payments_refunded=0,
    )  # fmt: skip
    return made(Content.PAYMENTS, head("BET. SPEC & STOPP TK", on), deposit, said, end)


def taken_back(order: r.PaymentOrder, reason: str, on: date) -> bytes:
    deposit = r.Deposit(code="17", account="1" * 35, on=on, serial="00001", amount_minor=order.amount_minor, payments=1)
    said = r.RefundReport(
        on=order.day or on, period="0", repeats="", payer_number=order.payer_number, amount_minor=order.amount_minor,
        bankgiro=order.bankgiro, reference=order.reference, refunded_on=on, reason=reason,
    )  # fmt: skip
    end = r.ReportEnd(
        on=on, sections_in=0, payments_in=0, sections_out=0, payments_out=0, sections_refunded=1, payments_refunded=1
    )
    return made(Content.PAYMENTS, head("BET. SPEC & STOPP TK", on), deposit, said, end)


@pytest.fixture
async def office(database: Database, monkeypatch: pytest.MonkeyPatch) -> Office:
    settings = Settings(demo=True, autogiro_bankgiro="123-4567", autogiro_customer="765432", operator_name="Elnät AB")
    found = Office(await street_on(database, monkeypatch, settings))
    outbox.subscribe(PaymentRefunded, "invoicing.mark_paid")
    found.house.clock = lambda: found.now
    return found
