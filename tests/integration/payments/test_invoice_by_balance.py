"""An invoice is paid from what its payer has with us, when they ask for it; never beside another payment."""

from __future__ import annotations

import asyncio

import pytest

from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.kernel.problems import Conflict, NotFound, Problem
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES
from laddverk.payments import service
from laddverk.payments.ways import by_wallet
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import WayKind
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.town import card, chooses, driver, invoiced, later, money
from tests.integration.payments.town import town as town


async def pays(town: Street, who: DriverId, invoice: InvoiceId) -> None:
    async with town.house.database.transaction() as tx:
        await by_wallet.pay_invoice(tx, who, invoice, town.now())
    await town.settle()


async def test_an_invoice_is_paid_from_the_balance(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await money(town, ada, 50_000)
    invoice = await invoiced(town, ada, 45_000)
    await pays(town, ada, invoice)
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000
    assert await balances(town) == {"1930": 50_000, "2420": -5_000, "3001": -36_000, "2611": -9_000}
    with pytest.raises(Conflict):
        await pays(town, ada, invoice)


async def test_too_little_and_anothers_invoice_are_refused(town: Street) -> None:
    ada, bo = await driver(town, settlement="invoice"), await driver(town)
    await money(town, ada, 44_999)
    await money(town, bo, 90_000)
    invoice = await invoiced(town, ada, 45_000)
    with pytest.raises(Conflict, match="too little"):
        await pays(town, ada, invoice)
    with pytest.raises(NotFound):
        await pays(town, bo, invoice)
    assert await town.value("SELECT count(*) FROM payment") == 0


@pytest.mark.failure_mode(12)
async def test_f12_two_clicks_pay_once_and_an_open_page_is_closed(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await money(town, ada, 100_000)
    invoice = await invoiced(town, ada, 45_000)
    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    found = await asyncio.gather(*(pays(town, ada, invoice) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, Problem) for each in found) == 2
    await town.pay(page.url)
    await town.settle()
    async with town.house.database.transaction() as tx:
        assert await ledger.balance(tx, ADVANCES, owner=ada) == -55_000
    assert await town.value("SELECT sum(captured_minor - refunded_minor) FROM payment") == 45_000


async def test_a_balance_that_ran_dry_meanwhile_debits_no_card_before_its_day(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada), at_once=False)
    await money(town, ada, 45_000)
    invoice = await invoiced(town, ada, 45_000)
    async with town.house.database.transaction() as tx:
        await by_wallet.pay_invoice(tx, ada, invoice, town.now())
    await money(town, ada, -45_000)
    await town.settle()
    assert await town.value("SELECT string_agg(provider || ' ' || state, ',') FROM payment") == "wallet failed"
    await later(town, days=3)
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000, "the card, on the day that was told"


async def test_a_balance_counts_in_its_own_currency(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await money(town, ada, 90_000, "EUR")
    invoice = await invoiced(town, ada, 45_000)
    with pytest.raises(Conflict, match="too little"):
        await pays(town, ada, invoice)
    async with town.house.database.transaction() as tx:
        for currency, has in (("SEK", False), ("EUR", True)):
            (wallet,) = [
                each
                for each in await means_of(tx, town.house, ada, town.now(), currency)
                if each.way.kind == WayKind.WALLET
            ]
            assert wallet.works is has
