"""Autogiro from the mandate to the ledger: files out, files in, late, twice, in any order, in half."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from laddverk.kernel.ids import BankFileId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ledger import service as ledger
from laddverk.payments import service
from laddverk.payments.direct_debit import bank_files, collecting
from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.files import Content
from tests.integration.payments.bank_office import (
    ACCOUNT,
    AG,
    MONDAY,
    STAFF,
    Office,
    advice,
    head,
    made,
    orders_in,
    report,
    taken_back,
)
from tests.integration.payments.bank_office import office as office


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


async def test_f09_a_file_or_a_line_of_it_that_comes_twice_is_booked_once(office: Office) -> None:
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


async def test_f10_the_same_run_twice_orders_nothing_twice_and_the_file_can_be_fetched_again(office: Office) -> None:
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


async def test_f23_no_money_is_tried_again_twice_and_then_left_to_people(office: Office) -> None:
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


async def test_f23_when_the_bank_tries_again_by_itself_nothing_is_tried_by_us(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "9", order.day))
    assert await office.write() is None
    assert await office.value("SELECT state FROM payment") == "submitted"
    await office.take_in(report(order, "0", order.day + timedelta(days=2)))
    assert await office.paid(invoice) == 12_345


async def test_f23_a_closed_account_ends_the_mandate(office: Office) -> None:
    _, invoice, order = await office.sent()
    assert order.day is not None
    await office.take_in(report(order, "2", order.day))
    assert await office.value("SELECT state FROM mandate") == "cancelled"
    office.now += timedelta(days=30)
    assert await office.write() is None
    assert await office.paid(invoice) == 0


@pytest.mark.parametrize("first", ["paid", "taken back"])
async def test_f23_a_payment_that_is_taken_back_is_owed_again_whichever_file_came_first(
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


async def test_f24_a_mandate_that_is_withdrawn_before_the_file_leaves_the_invoice_to_other_ways(office: Office) -> None:
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


async def test_f49_an_invoice_that_is_with_the_bank_cannot_be_paid_by_card_at_the_same_time(office: Office) -> None:
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
