"""Autogiro from the mandate to the ledger: files out, files in, late, twice, in any order, in half."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import BankFileId, DriverId, InvoiceId, MandateId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.payments import bank_files, bank_jobs, collecting, mandate_rules, mandates, service
from laddverk.payments.mandate_model import BankAccount, Channel, Imported, MandateState, Scheme
from laddverk.payments.model import PaymentRefunded
from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import BadFile, Record
from laddverk.payments.providers.bankgirot.files import Content, File, Section
from laddverk.payments.providers.bankgirot.simulator import Bankgirot, carried
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


async def test_a_mandate_is_asked_for_once_and_stands_when_the_bank_says_so(office: Office) -> None:
    driver = await office.driver()
    mandate = await office.give(driver)
    content = await office.write()
    assert content is not None
    (request,) = files.read(content).sections[0].records[1:]
    assert isinstance(request, r.MandateRequest)
    assert (request.account, request.person) == (ACCOUNT.account, ACCOUNT.person)
    assert await office.write() is None
    taken = await office.take_in(advice(request.payer_number, "32", office.now.date()))
    assert (taken.records, taken.applied, taken.unmatched) == (1, 1, 0)
    assert await office.value("SELECT state FROM mandate WHERE id = $1", mandate) == "active"


async def test_no_account_stands_in_the_database_in_clear(office: Office) -> None:
    number = await office.active(await office.driver())
    for table in ("mandate", "mandate_event", "bank_file", "bank_record", "audit_log", "job"):
        rows = await office.value(f"SELECT string_agg(to_jsonb({table})::text, ' ') FROM {table}") or ""
        assert ACCOUNT.account not in rows
        assert ACCOUNT.person not in rows
    assert number


async def test_an_invoice_is_collected_on_its_day_and_booked_on_the_bank(office: Office) -> None:
    number, invoice, order = await office.sent()
    assert (order.payer_number, order.amount_minor, order.reference) == (number, 12_345, "F2026-00001-1")
    assert order.day is not None
    assert order.day >= date(2026, 12, 13)
    assert await office.write() is None
    await office.take_in(report(order, "0", order.day))
    assert await office.paid(invoice) == 12_345
    assert await office.bank() == 12_345


async def test_9_a_file_that_comes_twice_and_a_line_that_comes_in_another_file_are_booked_once(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    first = report(order, "0", order.day)
    assert (await office.take_in(first)).applied == 1
    again = await office.take_in(first, "copy.txt")
    assert (again.applied, again.copies) == (0, 2)
    other = await office.take_in(report(order, "0", order.day + timedelta(days=1)))
    assert (other.applied, other.copies) == (0, 1)
    assert await office.bank() == 12_345
    assert await office.paid(invoice) == 12_345


async def test_10_the_same_run_twice_orders_nothing_twice_and_the_file_can_be_fetched_again(office: Office) -> None:
    await office.sent()
    file_id = BankFileId(
        await office.value("SELECT id FROM bank_file WHERE direction = 'out' ORDER BY number DESC LIMIT 1")
    )
    async with office.house.database.transaction() as tx:
        one = await bank_files.fetch(tx, office.house, STAFF, file_id, office.now)
        two = await bank_files.fetch(tx, office.house, STAFF, file_id, office.now)
    assert one == two
    for _ in range(3):
        assert await office.write() is None
    assert await office.value("SELECT count(*) FROM collection") == 1
    assert await office.value("SELECT array_agg(number ORDER BY number) FROM bank_file WHERE direction='out'") == [1, 2]


async def test_23_no_money_is_tried_again_twice_and_then_left_to_people(office: Office) -> None:
    _, invoice, order = await office.sent()
    days = [order.day or MONDAY.date()]
    for attempt in (2, 3):
        assert order.day is not None
        office.now = datetime(order.day.year, order.day.month, order.day.day, 15, tzinfo=UTC)
        await office.take_in(report(order, "1", order.day))
        assert await office.value("SELECT state FROM payment ORDER BY created_at DESC LIMIT 1") == "failed"
        content = await office.write()
        assert content is not None
        (order,) = orders_in(content)
        assert order.reference == f"F2026-00001-{attempt}"
        days.append(order.day or MONDAY.date())
    assert all(later - earlier >= timedelta(days=7) for earlier, later in pairwise(days))
    assert order.day is not None
    await office.take_in(report(order, "1", order.day))
    office.now += timedelta(days=30)
    assert await office.write() is None
    assert (await office.bank(), await office.paid(invoice)) == (0, 0)
    told = await office.value("SELECT array_agg(body_text ORDER BY created_at, id) FROM mail")
    assert ["ungefär en vecka" in text for text in told] == [True, True, False]
    assert all("F2026-00001" in text and "inte tillräckligt med pengar" in text for text in told)


async def test_23_when_the_bank_tries_again_by_itself_nothing_is_tried_by_us(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "9", order.day))
    assert await office.write() is None
    assert await office.value("SELECT state FROM payment") == "submitted"
    await office.take_in(report(order, "0", order.day + timedelta(days=2)))
    assert await office.paid(invoice) == 12_345


async def test_23_a_closed_account_ends_the_mandate(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "2", order.day))
    assert await office.value("SELECT state FROM mandate") == "cancelled"
    office.now += timedelta(days=30)
    assert await office.write() is None
    assert await office.paid(invoice) == 0


@pytest.mark.parametrize("first", ["paid", "taken back"])
async def test_23_a_payment_that_is_taken_back_is_owed_again_whichever_file_came_first(
    office: Office, first: str
) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    arriving = [report(order, "0", order.day), taken_back(order, "03", order.day + timedelta(days=40))]
    for content in arriving if first == "paid" else reversed(arriving):
        await office.take_in(content)
        await office.take_in(content)
    assert (await office.bank(), await office.paid(invoice)) == (0, 0)
    async with office.house.database.transaction() as tx:
        assert await ledger.balance(tx, "1510") == 0  # the test's invoice was never posted: nothing is left of either
    office.now += timedelta(days=60)
    assert await office.write() is None


async def test_24_a_mandate_that_is_withdrawn_before_the_file_leaves_the_invoice_to_other_ways(office: Office) -> None:
    driver = await office.driver()
    number = await office.active(driver)
    invoice = await office.invoice(driver, 500)
    async with office.house.database.transaction() as tx:
        assert await collecting.plan(tx, office.house, AG, office.now) == 1
    await office.take_in(advice(number, "02", office.now.date(), "03"))
    office.now += timedelta(days=14)
    assert await office.write() is None
    assert await office.value("SELECT state || ' ' || answer_code FROM collection") == "cancelled no_mandate"
    page = await service.open_invoice(office.house, invoice, return_url="/my", now=office.now)
    assert page.url


async def test_49_an_invoice_that_is_with_the_bank_cannot_be_paid_by_card_at_the_same_time(office: Office) -> None:
    _, invoice, _ = await office.sent()
    with pytest.raises(Conflict, match="collected from your bank account"):
        await service.open_invoice(office.house, invoice, return_url="/my", now=office.now)


async def test_an_invoice_that_was_paid_otherwise_is_not_collected(office: Office) -> None:
    driver = await office.driver()
    await office.active(driver)
    invoice = await office.invoice(driver, 500)
    async with office.house.database.transaction() as tx:
        await collecting.plan(tx, office.house, AG, office.now)
        await tx.execute("UPDATE invoice SET credited_minor = 500 WHERE id = $1", invoice)
    office.now += timedelta(days=14)
    assert await office.write() is None
    assert await office.value("SELECT answer_code FROM collection") == "paid_otherwise"


async def test_an_invoice_that_was_credited_in_part_is_collected_for_the_rest(office: Office) -> None:
    driver = await office.driver()
    await office.active(driver)
    invoice = await office.invoice(driver, 500)
    async with office.house.database.transaction() as tx:
        await collecting.plan(tx, office.house, AG, office.now)
        await tx.execute("UPDATE invoice SET credited_minor = 200 WHERE id = $1", invoice)
    office.now += timedelta(days=14)
    content = await office.write()
    assert content is not None
    assert [each.amount_minor for each in orders_in(content)] == [300]


async def test_a_collection_is_taken_back_in_time(office: Office) -> None:
    _, invoice, order = await office.sent()
    collection = await office.value("SELECT id FROM collection")
    async with office.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await collecting.cancel(tx, STAFF, collection, " ", office.now)
        await collecting.cancel(tx, STAFF, collection, "the driver moved", office.now)
    content = await office.write()
    assert content is not None
    (change,) = files.read(content).sections[0].records[1:]
    assert isinstance(change, r.ChangeOrder)
    assert (change.code, change.reference, change.amount_minor) == ("25", order.reference, 12_345)
    assert await office.write() is None
    done = r.Change(
        code="25", day=order.day, payer_number=order.payer_number, kind="82", amount_minor=12_345, word="REFERENS",
        new_day=None, reference=order.reference, comment="12",
    )  # fmt: skip
    end = r.SumsEnd(on=office.now.date(), amount_out_minor=0, payments_out=0, payments_in=1, amount_in_minor=12_345)
    await office.take_in(made(Content.CHANGES, head("MAKULERING/ÄNDRING", office.now.date()), done, end))
    assert await office.value("SELECT state FROM collection") == "cancelled"
    assert await office.value("SELECT state FROM payment") == "cancelled"
    assert await office.paid(invoice) == 0


async def test_a_refund_goes_back_to_the_account(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "0", order.day))
    payment = await office.value("SELECT id FROM payment")
    async with office.house.database.transaction() as tx:
        await service.refund(tx, STAFF, payment, 2_345, "too much", office.now)
    await office.street.settle()
    office.now = datetime(order.day.year, order.day.month, order.day.day, 8, tzinfo=UTC)
    content = await office.write()
    assert content is not None
    (out,) = orders_in(content)
    assert (out.code, out.amount_minor, out.reference) == ("32", 2_345, "F2026-00001-1R1")
    assert out.day is not None
    assert await office.bank() == 12_345
    answer = report(out, "0", out.day)
    await office.take_in(answer)
    await office.take_in(answer)
    assert (await office.bank(), await office.paid(invoice)) == (10_000, 10_000)
    assert await office.value("SELECT state FROM payment_refund") == "succeeded"


async def test_a_refund_that_the_bank_refuses_is_still_owed(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "0", order.day))
    async with office.house.database.transaction() as tx:
        await service.refund(tx, STAFF, await tx.value("SELECT id FROM payment"), 345, "too much", office.now)
    await office.street.settle()
    content = await office.write()
    assert content is not None
    (out,) = orders_in(content)
    await office.take_in(report(out, "2", office.now.date()))
    assert await office.value("SELECT state FROM payment_refund") == "failed"
    assert (await office.bank(), await office.paid(invoice)) == (12_345, 12_345)


async def test_a_number_from_us_is_accepted_in_the_internet_bank_and_any_other_refused(office: Office) -> None:
    driver = await office.driver()
    async with office.house.database.transaction() as tx:
        invited = await mandates.invite(tx, office.house, Actor("driver", driver, "Ada"), driver, AG, office.now)
    on = office.now.date()
    offers: list[Record] = []
    for number in (invited.payer_number, "9".zfill(16)):
        offers += [
            r.BankMandate(
                bankgiro="0001234567", payer_number=number, account=ACCOUNT.account, person=ACCOUNT.person, message="0"
            ),
            r.BankMandateAddress(code="54", first="ADA ÖBERG", second=""),
        ]  # fmt: skip
    content = made(
        Content.BANK_MANDATES,
        r.BankMandateHead(on=on, bankgiro="0001234567"),
        *offers,
        r.BankMandateEnd(on=on, records=4),
    )
    taken = await office.take_in(content)
    assert (taken.applied, taken.unmatched) == (1, 1)
    out = await office.write()
    assert out is not None
    answers = files.read(out).sections[0].records[1:]
    assert [
        (each.payer_number, each.account, each.answer) for each in answers if isinstance(each, r.MandateRequest)
    ] == [
        (invited.payer_number, "", ""),
        ("9".zfill(16), "", "AV"),
    ]
    assert await office.write() is None


async def test_a_number_that_was_given_back_is_refused_in_the_internet_bank(office: Office) -> None:
    driver = await office.driver()
    async with office.house.database.transaction() as tx:
        invited = await mandates.invite(tx, office.house, Actor("driver", driver, "Ada"), driver, AG, office.now)
    await office.give(driver)
    on = office.now.date()
    offer = r.BankMandate(
        bankgiro="0001234567", payer_number=invited.payer_number, account=ACCOUNT.account, person=ACCOUNT.person,
        message="1",
    )  # fmt: skip
    opened = r.BankMandateHead(on=on, bankgiro="0001234567")
    await office.take_in(made(Content.BANK_MANDATES, opened, offer, r.BankMandateEnd(on=on, records=1)))
    out = await office.write()
    assert out is not None
    answers = [each for each in files.read(out).sections[0].records if isinstance(each, r.MandateRequest)]
    assert [(each.payer_number == invited.payer_number, each.answer) for each in answers] == [(False, ""), (True, "AV")]


async def test_lines_that_belong_to_nothing_are_kept_for_people(office: Office) -> None:
    _, _, order = await office.sent()
    on = office.now.date()
    strange = r.PaymentOrder(
        code="82", day=on, payer_number=order.payer_number, amount_minor=777, bankgiro=order.bankgiro, reference="X1"
    )
    assert (await office.take_in(report(strange, "0", on))).unmatched == 1
    more = r.PaymentOrder(
        code="82", day=on, payer_number=order.payer_number, amount_minor=99_999, bankgiro=order.bankgiro,
        reference=order.reference,
    )  # fmt: skip
    assert (await office.take_in(report(more, "0", on))).unmatched == 1
    assert await office.bank() == 0
    assert await office.value("SELECT count(*) FROM bank_record WHERE outcome = 'unmatched'") == 2


async def test_half_a_file_or_one_of_another_bankgiro_changes_nothing(office: Office) -> None:
    _, _, order = await office.sent()
    assert order.day is not None
    content = report(order, "0", order.day)
    for damaged in (
        content[:-90],
        content.replace(b"0001234567", b"0007654321"),
        b"",
        content.replace(b"12345", b"12346", 1),
    ):
        with pytest.raises(BadFile):
            await office.take_in(damaged)
    assert await office.bank() == 0
    assert await office.value("SELECT count(*) FROM bank_file WHERE direction = 'in'") == 1


async def test_only_those_who_move_money_may_and_drivers_only_for_themselves(office: Office) -> None:
    driver, other = await office.driver(1), await office.driver(2)
    mandate = await office.give(driver)
    guest = Actor("operator", new_id(), "Support", frozenset({Permission.PAYMENTS_READ}))
    async with office.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await collecting.write(tx, office.house, guest, AG, office.now)
        with pytest.raises(NotAllowed):
            await bank_files.take_in(tx, office.house, guest, AG, "a", b"", office.now)
        with pytest.raises(NotAllowed):
            await mandates.end(tx, guest, mandate, "why", office.now)
        with pytest.raises(NotFound):
            await mandates.end(tx, Actor("driver", other, "Eve"), mandate, "", office.now)
        with pytest.raises(NotFound):
            await collecting.write(tx, office.house, STAFF, Scheme.SEPA, office.now)
        with pytest.raises(Conflict):
            await mandates.give(
                tx, office.house, Actor("driver", driver, "Ada"), driver, AG, ACCOUNT, holder="Ada",
                channel=Channel.PORTAL, signed_on=office.now.date(), consent="", now=office.now,
            )  # fmt: skip


async def test_a_driver_ends_her_mandate_and_the_bank_is_told(office: Office) -> None:
    driver = await office.driver()
    number = await office.active(driver)
    async with office.house.database.transaction() as tx:
        mandate = MandateId(await tx.value("SELECT id FROM mandate"))
        ended = await mandates.end(tx, Actor("driver", driver, "Ada"), mandate, "", office.now)
    assert ended.state == MandateState.CANCELLING
    content = await office.write()
    assert content is not None
    (deletion,) = files.read(content).sections[0].records[1:]
    assert isinstance(deletion, r.MandateDeletion)
    assert deletion.payer_number == number
    assert await office.write() is None
    await office.take_in(advice(number, "33", office.now.date(), "03"))
    assert await office.value("SELECT state FROM mandate") == "cancelled"
    await office.take_in(advice(number, "32", office.now.date()))
    assert await office.value("SELECT state FROM mandate") == "cancelled"
    assert mandate_rules.luhn_holds(number)
    assert isinstance(mandate, UUID)
    assert rule("x").may(Permission.PAYMENTS_REFUND)


@pytest.mark.parametrize("seed", range(4))
async def test_a_thousand_collections_by_a_bank_and_a_carrier_that_misbehave_end_with_bank_and_ledger_agreed(
    office: Office, seed: int
) -> None:
    """Four worlds of 25 drivers with ten invoices each: 1,000, with tries that are repeated some 1,300 collections."""
    random = Random(seed)
    bank = Bankgirot("1234567", "765432", random)
    drivers = [await office.driver(number) for number in range(25)]
    for driver in drivers:
        await office.give(driver)
    late: list[bytes] = []
    number = 0
    for week in range(26):
        if 1 <= week <= 10:
            for driver in drivers:
                number += 1
                await office.invoice(driver, random.randint(100, 90_000), number, office.now.date())
        content = await office.write()
        if content is not None:
            bank.receive(content, office.now.date())
        made_today = [each for day in range(7) for each in bank.day((office.now + timedelta(days=day)).date())]
        held = [each for each in made_today if random.randrange(5) == 0]
        arriving = carried([each for each in made_today if each not in held] + late, random)
        late = held
        for each in arriving:
            try:
                await office.take_in(each)
            except BadFile:
                continue
        office.now += timedelta(days=7)
    for each in late:
        await office.take_in(each)
    assert number == 250
    assert set(bank.orders.values()) == {1}, "nothing was ever ordered twice"
    assert await office.bank() == bank.balance_minor
    assert bank.balance_minor > 0
    assert await office.value("SELECT count(*) FROM bank_record WHERE outcome = 'unmatched'") == 0
    assert await office.value("SELECT count(*) FROM collection WHERE returned_minor > paid_minor") == 0
    booked = "SELECT coalesce(sum(captured_minor - refunded_minor), 0) FROM payment"
    assert await office.value(booked) == bank.balance_minor


async def test_files_go_and_come_by_the_folder_shared_with_the_bank(office: Office, tmp_path: Path) -> None:
    office.house.settings = msgspec.structs.replace(office.house.settings, bank_folder=tmp_path)
    driver = await office.driver()
    await office.give(driver)
    await by_the_clock(office)
    (sent,) = (tmp_path / "to-bank").iterdir()
    (request,) = files.read(sent.read_bytes()).sections[0].records[1:]
    assert isinstance(request, r.MandateRequest)
    inbox = tmp_path / "from-bank"
    inbox.mkdir()
    answer = advice(request.payer_number, "32", office.now.date())
    (inbox / "1.txt").write_bytes(answer)
    (inbox / "2.txt").write_bytes(answer)
    (inbox / "3.txt").write_bytes(answer[:100])
    (inbox / ".4.txt.part").write_bytes(b"still being written")
    await by_the_clock(office)
    assert await office.value("SELECT state FROM mandate") == "active"
    assert sorted(each.name for each in (inbox / "done").iterdir()) == ["1.txt", "2.txt"]
    assert sorted(each.name for each in (inbox / "refused").iterdir()) == ["3.txt", "3.txt.reason.txt"]
    assert "Line" in (inbox / "refused" / "3.txt.reason.txt").read_text()
    assert (inbox / ".4.txt.part").exists()
    assert await office.value("SELECT fetched_at IS NOT NULL FROM bank_file WHERE direction = 'out'")


async def test_nothing_is_written_by_the_clock_when_banks_rest_or_it_is_too_late(office: Office) -> None:
    await office.give(await office.driver())
    for at in (MONDAY - timedelta(days=1), MONDAY + timedelta(hours=4), MONDAY - timedelta(hours=3)):
        office.now = at
        await by_the_clock(office)
        assert await office.value("SELECT count(*) FROM bank_file") == 0
    office.now = MONDAY
    await by_the_clock(office)
    assert await office.value("SELECT count(*) FROM bank_file") == 1


async def by_the_clock(office: Office) -> None:
    async with office.house.database.transaction() as tx:
        await bank_jobs.round_of(tx, office.house, office.now)


async def test_6_two_runs_at_once_write_one_file_and_order_everything_once(office: Office) -> None:
    drivers = [await office.driver(number) for number in range(5)]
    for number, driver in enumerate(drivers, start=1):
        await office.active(driver)
        await office.invoice(driver, 1_000, number)
    office.now += timedelta(days=14)
    written = await asyncio.gather(*(office.write() for _ in range(4)))
    (content,) = [each for each in written if each is not None]
    assert len({each.reference for each in orders_in(content)}) == len(orders_in(content)) == 5
    imported = await asyncio.gather(
        *(office.take_in(report(orders_in(content)[0], "0", MONDAY.date())) for _ in range(4))
    )
    assert sorted(each.applied for each in imported) == [0, 0, 0, 1]
    assert await office.bank() == 1_000
