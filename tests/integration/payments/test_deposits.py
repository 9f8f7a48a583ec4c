"""Money that a person saw on the bank account: for an invoice, too much, too little, for nobody, and undone."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from laddverk import wiring
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor, Permission, rule
from laddverk.kernel.ids import DepositId, DriverId, InvoiceId
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.ledger import service as ledger
from laddverk.payments import refunding
from laddverk.payments import service as payments
from laddverk.payments.deposits import service
from laddverk.payments.deposits.model import NewDeposit, Way
from laddverk.payments.deposits.service import BookedBefore
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from tests.integration.money_world import World

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
DAY = date(2026, 11, 11)
STAFF = Actor("operator", None, "Karin", frozenset({Permission.PAYMENTS_READ, Permission.PAYMENTS_REFUND}))


class Office:
    """A house with one invoice of 123,45 kr, and a person who reads the bank account."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.driver: DriverId
        self.invoice: InvoiceId
        self.reference = ""

    async def opened(self, price_minor: int = 12_345) -> Office:
        async with self.house.database.transaction() as tx:
            world = await World.built(tx)
            self.driver = await world.driver(tx, "ada@example.se")
            await world.session(tx, self.driver, price_minor=price_minor)
            await invoicing.run(tx, date(2026, 10, 1), rule("test"), NOW, settings=self.house.settings)
            self.invoice = InvoiceId(await tx.value("SELECT id FROM invoice"))
            self.reference = await tx.value("SELECT reference FROM invoice")
        return self

    def money(self, amount_minor: int, *, known: bool = True, reference: str | None = None) -> NewDeposit:
        return NewDeposit(
            form_key=uuid4(), way=Way.BANKGIRO, received_on=DAY, amount_minor=amount_minor,
            reference=self.reference if reference is None else reference, invoice_id=self.invoice if known else None,
        )  # fmt: skip

    async def book(self, new: NewDeposit, *, again: bool = False, now: datetime = NOW) -> DepositId:
        async with self.house.database.transaction() as tx:
            return await service.book(tx, STAFF, new, now, settings=self.house.settings, again=again)

    async def balances(self) -> dict[str, int]:
        await self.house.worker.run_until_idle()
        async with self.house.database.transaction() as tx:
            assert (await ledger.check(tx)).sound
            found = {number: await ledger.balance(tx, number) for number in ("1930", "1510", "2420", "3740", "2999")}
            return {number: amount for number, amount in found.items() if amount}

    async def paid(self) -> int:
        await self.house.worker.run_until_idle()
        async with self.house.database.transaction() as tx:
            return int(await tx.value("SELECT paid_minor FROM invoice"))


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    house = House(
        Settings(state_dir=tmp_path), secrets_in(tmp_path), database, Hints(), lambda: NOW, Worker(database, {})
    )
    wiring.subscribe_all()
    house.worker.handle(wiring.all_handlers(house))
    return await Office(house).opened()


async def test_what_the_invoice_asks_for_settles_it(office: Office) -> None:
    await office.book(office.money(12_345))
    assert await office.balances() == {"1930": 12_345}
    assert await office.paid() == 12_345


async def test_f41_whole_kronor_on_paper_are_rounding_and_leave_nothing_owed(office: Office) -> None:
    await office.book(office.money(12_300))
    assert await office.balances() == {"1930": 12_300, "3740": 45}
    assert await office.paid() == 12_345


async def test_f48_less_than_a_krona_too_little_is_let_go_and_more_stays_owed(office: Office) -> None:
    await office.book(office.money(12_246))
    assert await office.balances() == {"1930": 12_246, "3740": 99}
    await office.book(office.money(50, reference=f"{office.reference} rest"))
    assert (await office.balances())["2420"] == -50


async def test_f48_a_part_stays_a_part(office: Office) -> None:
    await office.book(office.money(10_000))
    assert await office.balances() == {"1930": 10_000, "1510": 2_345}
    assert await office.paid() == 10_000


async def test_f12_what_is_paid_twice_is_the_payers_own_and_they_are_told(office: Office) -> None:
    await office.book(office.money(12_345))
    await office.book(office.money(12_345), again=True)
    assert await office.balances() == {"1930": 24_690, "2420": -12_345}
    async with office.house.database.transaction() as tx:
        assert await ledger.balance(tx, "2420", owner=office.driver) == -12_345
        assert await tx.values("SELECT recipient FROM mail WHERE template = 'overpaid'") == ["ada@example.se"]
    assert await office.paid() == 12_345


async def test_f12_no_page_opens_for_an_invoice_that_was_paid_a_moment_ago(office: Office) -> None:
    """The invoice hears of its payments from a job; what remains of it is counted from the payments themselves."""
    await office.book(office.money(12_345))
    with pytest.raises(Conflict):
        await payments.open_invoice(office.house, office.invoice, return_url="https://x.example", now=NOW)
    async with office.house.database.transaction() as tx:
        assert await tx.value("SELECT paid_minor FROM invoice") == 0


async def test_f48_money_with_a_wrong_reference_waits_aside_until_somebody_says_whose_it_is(office: Office) -> None:
    wrong = office.reference[:-1]
    kept = await office.book(office.money(12_345, known=False, reference=wrong))
    assert await office.balances() == {"1510": 12_345, "1930": 12_345, "2999": -12_345}
    assert await office.paid() == 0
    async with office.house.database.transaction() as tx:
        await service.assign(tx, STAFF, kept, office.invoice, "Ringde Ada", NOW)
    assert await office.balances() == {"1930": 12_345}
    assert await office.paid() == 12_345


async def test_f42_kronor_never_settle_an_invoice_in_euro(office: Office) -> None:
    async with office.house.database.transaction() as tx:
        await tx.execute("UPDATE invoice SET currency = 'EUR'")
    with pytest.raises(Conflict):
        await office.book(office.money(12_345))
    async with office.house.database.transaction() as tx:
        assert await service.proposals(tx, STAFF, 12_345, office.reference, "", settings=office.house.settings) == []


async def test_money_of_nobody_goes_back(office: Office) -> None:
    kept = await office.book(office.money(700, known=False, reference="hyra"))
    async with office.house.database.transaction() as tx:
        await service.give_back(tx, STAFF, kept, "Fel mottagare", NOW)
    assert await office.balances() == {"1510": 12_345}


async def test_the_same_form_books_once_and_the_same_money_is_asked_about(office: Office) -> None:
    new = office.money(5_000)
    assert await office.book(new) == await office.book(new)
    with pytest.raises(BookedBefore):
        await office.book(office.money(5_000))
    assert (await office.balances())["1930"] == 5_000


async def test_two_people_who_book_the_same_money_at_once_book_it_once(office: Office) -> None:
    found = await asyncio.gather(*(office.book(office.money(5_000)) for _ in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["BookedBefore", "BookedBefore", "UUID"]
    assert (await office.balances())["1930"] == 5_000


async def test_a_mistake_is_undone_on_the_same_day_by_its_mirror_and_the_invoice_is_owed_again(office: Office) -> None:
    booked = await office.book(office.money(20_000))
    async with office.house.database.transaction() as tx:
        with pytest.raises(Conflict):
            await service.undo(tx, STAFF, booked, "Fel rad", NOW + timedelta(days=1), settings=office.house.settings)
    async with office.house.database.transaction() as tx:
        await service.undo(tx, STAFF, booked, "Fel rad", NOW + timedelta(hours=2), settings=office.house.settings)
    assert await office.balances() == {"1510": 12_345}
    assert await office.paid() == 0
    async with office.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM ledger_transaction WHERE kind LIKE 'deposit%'") == 2
        with pytest.raises(Conflict):
            await service.undo(tx, STAFF, booked, "igen", NOW, settings=office.house.settings)


async def test_a_refund_of_such_money_is_booked_from_the_bank(office: Office) -> None:
    await office.book(office.money(12_345))
    async with office.house.database.transaction() as tx:
        payment = await tx.value("SELECT id FROM payment")
        await refunding.refund(tx, STAFF, payment, 2_345, "Kulans", NOW)
    assert await office.balances() == {"1930": 10_000, "1510": 2_345}


async def test_what_cannot_be_is_refused(office: Office) -> None:
    for wrong in (
        office.money(0),
        NewDeposit(form_key=uuid4(), way=Way.BANKGIRO, received_on=date(2027, 1, 1), amount_minor=1),
    ):
        with pytest.raises(Invalid):
            await office.book(wrong)
    async with office.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await service.book(tx, Actor("operator"), office.money(1), NOW, settings=office.house.settings)
