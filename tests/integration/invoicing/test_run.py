"""A month's invoices on a real database: numbers, VAT, ledger, second runs, late sessions, credit notes."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from laddverk.invoicing import service, store
from laddverk.invoicing.model import RunReport
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.ledger import service as ledger
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Settings
from tests.integration.money_world import World

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)
RULE = rule("monthly invoicing")
SETTINGS = Settings(operator_name="Västkustens Laddnät AB")


async def run(tx: Transaction, month: date = OCTOBER, now: datetime = NOW) -> RunReport:
    return await service.run(tx, month, RULE, now, settings=SETTINGS)


async def test_each_driver_gets_one_invoice_that_is_the_sum_of_the_sessions(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada, bo = await world.driver(tx, "ada@example.se"), await world.driver(tx, "bo@example.se")
        for price in (1011, 2022, 3033):
            await world.session(tx, ada, price_minor=price, energy_wh=price * 2)
        await world.session(tx, bo, price_minor=777, energy_wh=1500)
        report = await run(tx)

        assert report == RunReport(
            2, 4, {"SEK": 6843}, {"SEK": 6843 - 1213 - 155}, {"SEK": 1213 + 155}, 6066 * 2 + 1500
        )
        rows = await tx.rows(
            "SELECT invoice.*, (SELECT sum(gross_minor) FROM invoice_line WHERE invoice_id = id) AS g,"
            " (SELECT sum(net_minor) FROM invoice_line WHERE invoice_id = id) AS n,"
            " (SELECT sum(vat_minor) FROM invoice_line WHERE invoice_id = id) AS v FROM invoice ORDER BY number"
        )
        assert [(row["series"], row["number"]) for row in rows] == [("F2026", 1), ("F2026", 2)]
        for row in rows:
            assert (row["g"], row["n"], row["v"]) == (row["gross_minor"], row["net_minor"], row["vat_minor"])
            assert row["seller"]["name"] == "Västkustens Laddnät AB"
            assert row["due_on"] == date(2026, 12, 2)


@pytest.mark.failure_mode(6, 7)
async def test_a_second_run_changes_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await world.session(tx, ada, price_minor=5000)
        await run(tx)
        before = await tx.rows("SELECT * FROM invoice")
        assert await run(tx) == RunReport()
        assert await tx.rows("SELECT * FROM invoice") == before
        assert await tx.value("SELECT next_number FROM invoice_series WHERE name = 'F2026'") == 2


async def test_a_late_session_comes_with_the_next_run(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await world.session(tx, ada, price_minor=5000)
        await run(tx)
        await world.session(tx, ada, price_minor=700)
        assert (await run(tx)).gross_minor == {"SEK": 700}
        assert [tuple(row) for row in await tx.rows("SELECT run, number FROM invoice ORDER BY run")] == [(1, 1), (2, 2)]


async def test_a_month_ends_by_the_clock_of_the_site(database: Database) -> None:
    """23:30 UTC on 31 October is 00:30 on 1 November in Stockholm."""
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await world.session(tx, ada, price_minor=100, ended_at=datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
        await world.session(tx, ada, price_minor=10, ended_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
        assert (await run(tx)).gross_minor == {"SEK": 100}


async def test_what_is_free_in_doubt_or_paid_at_once_is_not_invoiced(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        for settlement in ("free", "review", "payment"):
            await world.session(tx, ada, price_minor=100, settlement=settlement)
        await world.session(tx, ada, price_minor=None)
        assert await run(tx) == RunReport()


@pytest.mark.failure_mode(37)
async def test_two_vat_rates_make_two_totals_on_one_invoice(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await world.session(tx, ada, price_minor=12500, vat_percent=Decimal(25))
        await world.session(tx, ada, price_minor=1060, vat_percent=Decimal(6))
        await run(tx)
        written = await service.invoice(tx, InvoiceId(await tx.value("SELECT id FROM invoice")))
        assert [(v.percent, v.net_minor, v.vat_minor) for v in written.vat] == [
            (Decimal(25), 10000, 2500),
            (Decimal(6), 1000, 60),
        ]
        assert await ledger.balance(tx, "2631") == -60


async def test_the_ledger_says_what_the_invoices_say(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        for name in "abcde":
            driver = await world.driver(tx, f"{name}@example.se")
            for price in (999, 1, 12345):
                await world.session(tx, driver, price_minor=price)
        report = await run(tx)
        assert await ledger.balance(tx, "1510") == report.gross_minor["SEK"]
        assert await ledger.balance(tx, "3001") == -report.net_minor["SEK"]
        assert await ledger.balance(tx, "2611") == -report.vat_minor["SEK"]
        assert (await ledger.check(tx)).sound


@pytest.mark.failure_mode(45)
async def test_numbers_have_no_gap_after_a_run_that_failed(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        await world.session(tx, await world.driver(tx, "ada@example.se"), price_minor=100)

    async def cut_short(tx: Transaction) -> None:
        await run(tx)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        await database.run(cut_short)
    async with database.transaction() as tx:
        await run(tx)
        assert await tx.values("SELECT number FROM invoice") == [1]


@pytest.mark.failure_mode(6, 7)
async def test_two_runs_at_once_invoice_each_session_once(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        for name in "abc":
            await world.session(tx, await world.driver(tx, f"{name}@example.se"), price_minor=100)
    reports = await asyncio.gather(database.run(run), database.run(run))
    assert sorted(report.invoices for report in reports) == [0, 3]


@pytest.mark.failure_mode(46)
async def test_a_credit_note_mirrors_the_invoice_and_holds_its_sessions(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        session = await world.session(tx, ada, price_minor=12345, energy_wh=40_000)
        await run(tx)
        original = InvoiceId(await tx.value("SELECT id FROM invoice"))
        note = await service.invoice(tx, await service.credit(tx, RULE, original, "Fel pris", NOW))

        assert note.shown_number == "K2026-00001"
        assert (note.gross_minor, note.credits_invoice_id, note.reason) == (-12345, original, "Fel pris")
        assert (await service.invoice(tx, original)).remaining_minor == 0
        assert await tx.value("SELECT sum(gross_minor) FROM invoice_line") == 0
        assert await ledger.balance(tx, "1510", owner=ada) == 0
        assert await settlement_of(tx, session) == "review"
        assert await run(tx) == RunReport()
        with pytest.raises(Conflict):
            await service.credit(tx, RULE, original, "igen", NOW)
        with pytest.raises(Conflict):
            await service.credit(tx, RULE, note.id, "igen", NOW)


async def test_credited_sessions_can_be_billed_again(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        await world.session(tx, await world.driver(tx, "ada@example.se"), price_minor=500)
        await run(tx)
        original = InvoiceId(await tx.value("SELECT id FROM invoice"))
        await service.credit(tx, RULE, original, "Fel adress", NOW, bill_again=True)
        assert (await run(tx)).gross_minor == {"SEK": 500}


async def test_an_unfinished_month_is_refused_and_so_is_who_may_not(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid):
            await run(tx, date(2026, 11, 1))
        with pytest.raises(NotAllowed):
            await service.run(tx, OCTOBER, Actor("operator"), NOW, settings=SETTINGS)


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(store).items():
            if name.isupper() and isinstance(text, str) and name != "DUE":
                await tx.connection.prepare(text)


async def settlement_of(tx: Transaction, session: UUID) -> str:
    return str(await tx.value("SELECT settlement FROM session WHERE id = $1", session))
