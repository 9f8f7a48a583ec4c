"""Documents of a running house: kept as first made, mailed once, receipts that follow the money."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, date, datetime
from typing import Any

import pytest

from laddverk.invoicing import jobs, service
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import InvoiceId, SessionId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Secrets, Settings
from tests.integration.money_world import World

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULE = rule("monthly invoicing")


@pytest.fixture
def house(database: Database) -> House:
    settings = Settings(operator_name="Västkustens Laddnät AB", public_url="https://ladda.example")
    made = House(settings, Secrets(b"p", b"l"), database, Hints(), lambda: NOW, Worker(database, {}))
    made.worker.handle(jobs.handlers(made))
    return made


async def invoiced(house: House, language: str = "sv", price_minor: int = 12_345) -> InvoiceId:
    async with house.database.transaction() as tx:
        world = await World.built(tx)
        driver = await world.driver(tx, "ada@example.se", language=language)
        await world.session(tx, driver, price_minor=price_minor)
        await service.run(tx, date(2026, 10, 1), RULE, NOW, settings=house.settings)
        return InvoiceId(await tx.value("SELECT id FROM invoice"))


async def value(house: House, sql: str, *args: object) -> Any:
    async with house.database.transaction() as tx:
        return await tx.value(sql, *args)


@pytest.mark.failure_mode(54)
async def test_a_document_is_made_once_and_stays_as_it_was(house: House) -> None:
    invoice_id = await invoiced(house)
    first, second = await asyncio.gather(*(service.pdf(house, invoice_id, "sv") for _ in range(2)))
    house.settings = Settings(operator_name="Something else", public_url="https://elsewhere.example")
    assert first == second == await service.pdf(house, invoice_id, "sv")
    fingerprints = await value(house, "SELECT pdf_sha256 FROM invoice")
    assert fingerprints == {"sv": hashlib.sha256(first).hexdigest()}
    assert first != await service.pdf(house, invoice_id, "en")


async def test_what_does_not_exist_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        await service.pdf(house, InvoiceId(new_id()), "sv")
    with pytest.raises(NotFound):
        await service.receipt_pdf(house, SessionId(new_id()), "sv")
    with pytest.raises(Invalid):
        await service.pdf(house, InvoiceId(new_id()), "de")


async def test_the_driver_is_told_once_in_their_language(house: House) -> None:
    invoice_id = await invoiced(house, "en")
    await house.worker.run_until_idle()
    async with house.database.transaction() as tx:
        await service.credit(tx, RULE, invoice_id, "Fel pris", NOW)
    await house.worker.run_until_idle()
    async with house.database.transaction() as tx:
        subjects = await tx.values("SELECT subject FROM mail ORDER BY created_at, id")
    assert [subject.replace("\u00a0", " ") for subject in subjects] == [
        "Invoice F2026-00001: 123,45 kr",
        "Credit note K2026-00001: 123,45 kr",
    ]
    assert await value(house, "SELECT count(*) FROM job WHERE kind LIKE 'invoicing%'") == 0


async def test_nobody_is_mailed_about_nothing(house: House) -> None:
    await invoiced(house, price_minor=0)
    await house.worker.run_until_idle()
    assert await value(house, "SELECT count(*) FROM mail") == 0


async def test_a_receipt_is_there_when_the_session_is_priced(house: House) -> None:
    async with house.database.transaction() as tx:
        world = await World.built(tx)
        priced = await world.session(tx, None, price_minor=5_000, settlement="payment")
        unpriced = await world.session(tx, None, price_minor=None, settlement="payment")
    assert (await service.receipt_pdf(house, priced, "sv")).startswith(b"%PDF")
    with pytest.raises(NotFound):
        await service.receipt_pdf(house, unpriced, "sv")
