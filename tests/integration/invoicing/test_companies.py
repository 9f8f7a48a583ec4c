"""Invoices to companies on a real database, and the address on which anybody with the paper pays them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from laddverk.invoicing import buyers, links, service
from laddverk.invoicing.buyers import BuyerFacts
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.kernel.problems import NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Secrets, Settings
from tests.integration.money_world import World

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULE = rule("test")
SECRETS = Secrets(b"p" * 32, b"l" * 32)
SETTINGS = Settings(invoice_bankgiro="50501055")
FACTS = BuyerFacts(
    name="Brf Hamnen 3", org_number="556016-0680", vat_number="SE556016068001", address="Box 1\n411 01 Göteborg",
    email="faktura@brf.example", reference="Karin", order_number="PO 7", terms_days=14,
)  # fmt: skip


async def invoiced(tx: Transaction, facts: BuyerFacts | None = FACTS) -> InvoiceId:
    world = await World.built(tx)
    ada = await world.driver(tx, "ada@example.se")
    if facts is not None:
        await buyers.save(tx, RULE, ada, facts, NOW)
    for price in (1011, 2022, 3033):
        await world.session(tx, ada, price_minor=price)
    await service.run(tx, date(2026, 10, 1), RULE, NOW, settings=SETTINGS)
    return InvoiceId(await tx.value("SELECT id FROM invoice"))


async def test_a_company_is_invoiced_by_its_own_name_numbers_and_terms(database: Database) -> None:
    async with database.transaction() as tx:
        written = await service.invoice(tx, await invoiced(tx))
        assert written.buyer.is_company
        assert (written.buyer.name, written.buyer.org_number) == ("Brf Hamnen 3", "556016-0680")
        assert (written.buyer.email, written.buyer.reference) == ("faktura@brf.example", "Karin")
        assert written.due_on == date(2026, 11, 16)
        assert written.seller.bankgiro == "5050-1055"


async def test_f40_net_lines_of_a_company_sum_to_the_net_and_the_gross_is_what_was_shown(database: Database) -> None:
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        written = await service.invoice(tx, invoice_id)
        assert written.gross_minor == 1011 + 2022 + 3033
        assert await tx.value("SELECT sum(net_minor) FROM invoice_line") == written.net_minor
        assert written.net_minor + written.vat_minor == written.gross_minor
        assert await ledger.balance(tx, "1510") == written.gross_minor


async def test_f47_a_document_keeps_its_buyer_whatever_is_changed_later(database: Database) -> None:
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        driver = DriverId((await service.invoice(tx, invoice_id)).driver_id)
        await buyers.forget(tx, RULE, driver, NOW)
        await tx.execute("UPDATE driver SET name = 'borttagen', address = '', email = 'x@y.z'")
        assert (await service.invoice(tx, invoice_id)).buyer.name == "Brf Hamnen 3"
        assert await buyers.buyer(tx, driver) is None


async def test_who_may_not_change_drivers_changes_no_buyer(database: Database) -> None:
    async with database.transaction() as tx:
        driver = await (await World.built(tx)).driver(tx, "ada@example.se")
        with pytest.raises(NotAllowed):
            await buyers.save(tx, Actor("operator"), driver, FACTS, NOW)


async def test_the_address_of_an_invoice_is_the_same_each_time_until_it_is_taken_back(database: Database) -> None:
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        first = await links.path_of(tx, SECRETS, invoice_id, NOW)
        assert first == await links.path_of(tx, SECRETS, invoice_id, NOW)
        assert await links.behind(tx, first.removeprefix("/i/"), NOW.date()) == invoice_id

        await links.renew(tx, RULE, invoice_id, "Fel mottagare", NOW)
        second = await links.path_of(tx, SECRETS, invoice_id, NOW)
        assert second != first
        with pytest.raises(NotFound):
            await links.behind(tx, first.removeprefix("/i/"), NOW.date())
        assert await links.behind(tx, second.removeprefix("/i/"), NOW.date()) == invoice_id


async def test_an_old_paper_and_a_guess_open_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        path = await links.path_of(tx, SECRETS, await invoiced(tx), NOW)
        for token, day in ((path[3:], NOW.date() + timedelta(days=500)), (path[3:-1], NOW.date()), ("", NOW.date())):
            with pytest.raises(NotFound):
                await links.behind(tx, token, day)


async def test_f55_a_secret_of_another_house_opens_nothing_here(database: Database) -> None:
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        await links.path_of(tx, SECRETS, invoice_id, NOW)
        foreign = links.token_of(Secrets(b"p" * 32, b"x" * 32), invoice_id, 1)
        with pytest.raises(NotFound):
            await links.behind(tx, foreign, NOW.date())
