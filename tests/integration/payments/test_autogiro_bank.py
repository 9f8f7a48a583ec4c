"""Autogiro and the bank: internet-bank mandates, lines of nobody, broken files, shared folders, and the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import msgspec
import pytest

from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import MandateId, new_id
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound
from laddverk.payments.direct_debit import bank_files, collecting, mandate_rules, mandates
from laddverk.payments.direct_debit import jobs as bank_jobs
from laddverk.payments.direct_debit.model import Channel, MandateState, Scheme
from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import BadFile, Record
from laddverk.payments.providers.bankgirot.files import Content
from laddverk.payments.providers.bankgirot.simulator import Bankgirot, carried
from tests.integration.payments.bank_office import ACCOUNT, AG, MONDAY, STAFF, Office, advice, made, orders_in, report
from tests.integration.payments.bank_office import office as office


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


async def test_f06_two_runs_at_once_write_one_file_and_order_everything_once(office: Office) -> None:
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
