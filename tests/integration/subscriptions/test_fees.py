"""Fees on invoices: lines of their own, once for each month, to the day; credit notes; who pays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from laddverk.invoicing import service as invoicing
from laddverk.invoicing import store as invoicing_store
from laddverk.invoicing.model import RunReport
from laddverk.invoicing.wording import invoice_document
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ledger import service as ledger
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Settings
from laddverk.subscriptions import accounts, plans, subscribing
from laddverk.subscriptions.model import AccountDetails, AccountKind, Audience, Cancel, Change, Holder, Pause, Terms
from tests.integration.money_world import World

RULE = rule("test")
ZONE = "Europe/Stockholm"
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
SETTINGS = Settings(operator_name="Västkustens Laddnät AB")
TERMS = Terms(fee_minor=9_900, included_wh=20_000, vat_percent=Decimal(6))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


async def run(tx: Transaction, month: date = OCTOBER) -> RunReport:
    now = noon((month + timedelta(days=35)).replace(day=2))
    return await invoicing.run(tx, month, RULE, now, settings=SETTINGS)


async def subscribed(tx: Transaction, driver: DriverId, day: date, terms: Terms = TERMS, name: str = "Plus") -> None:
    plan = await plans.create(tx, RULE, name, terms, noon(day))
    await subscribing.begin(tx, RULE, Holder(driver_id=driver), plan.plan_id, noon(day), zone=ZONE)


async def test_the_fee_is_a_line_of_its_own_with_its_own_vat(database: Database) -> None:
    """From 14 October: 18 of 31 days of 99.00 are 57.48, of which 6 % VAT 3.25; beside it 50.00 of energy with 25 %."""
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await world.session(tx, ada, price_minor=5_000)
        await subscribed(tx, ada, date(2026, 10, 14))
        report = await run(tx)
        assert (report.invoices, report.sessions, report.fees, report.gross_minor) == (1, 1, 1, {"SEK": 10_748})
        invoice_id = InvoiceId(await tx.value("SELECT id FROM invoice"))
        invoice = await invoicing.invoice(tx, invoice_id)
        assert [(v.percent, v.vat_minor, v.gross_minor) for v in invoice.vat] == [(25, 1_000, 5_000), (6, 325, 5_748)]
        lines = await invoicing_store.lines(tx, invoice_id)
        assert (lines[0].text, lines[0].gross_minor, lines[0].vat_percent) == ("Plus", 5_748, 6)
        document = invoice_document(invoice, lines, "en")
        assert document["lines"][0]["cells"][0] == "Monthly fee, Plus"
        assert document["lines"][0]["detail"] == "14 Oct 2026 – 31 Oct 2026"
        assert (await ledger.check(tx)).sound


async def test_who_has_only_a_fee_gets_an_invoice_and_a_second_run_changes_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await subscribed(tx, ada, date(2026, 8, 1))
        assert (await run(tx)).gross_minor == {"SEK": 3 * 9_900}, "August, September and October"
        assert await run(tx) == RunReport()
        assert (await run(tx, NOVEMBER)).gross_minor == {"SEK": 9_900}


async def test_f50_a_change_in_mid_month_makes_two_lines_that_sum_to_the_month(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await subscribed(tx, ada, date(2026, 9, 1))
        big = await plans.create(tx, RULE, "Big", Terms(fee_minor=29_900), noon(OCTOBER))
        held = await subscribing.going(tx, Holder(driver_id=ada), OCTOBER)
        assert held is not None
        day = noon(date(2026, 10, 11))
        meant = await subscribing.intend(tx, RULE, held.id, Change(big.plan_id), day, zone=ZONE)
        await subscribing.carry_out(tx, RULE, held.id, Change(big.plan_id), day, zone=ZONE)
        report = await run(tx)
        assert report.gross_minor == {"SEK": 9_900 + meant.months[0].after_minor} == {"SEK": 9_900 + 23_448}
        rows = await tx.rows("SELECT text, gross_minor FROM invoice_line ORDER BY number")
        assert [tuple(row) for row in rows] == [("Plus", 9_900), ("Plus", 3_193), ("Big", 20_255)]


async def test_a_credited_fee_is_never_billed_again_unless_it_is_meant_to_be(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada, bo = await world.driver(tx, "ada@example.se"), await world.driver(tx, "bo@example.se")
        await subscribed(tx, ada, OCTOBER, name="A")
        await subscribed(tx, bo, OCTOBER, name="B")
        await run(tx)
        for driver, again in ((ada, False), (bo, True)):
            invoice_id = InvoiceId(await tx.value("SELECT id FROM invoice WHERE driver_id = $1", driver))
            await invoicing.credit(tx, RULE, invoice_id, "by mistake", noon(NOVEMBER), bill_again=again)
        assert await tx.value("SELECT sum(gross_minor) FROM invoice") == 0
        assert (await run(tx)).gross_minor == {"SEK": 9_900}
        assert (await ledger.check(tx)).sound


async def test_a_paused_month_costs_nothing_and_an_ended_one_neither(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        await subscribed(tx, ada, date(2026, 9, 1))
        held = await subscribing.going(tx, Holder(driver_id=ada), date(2026, 9, 1))
        assert held is not None
        september = noon(date(2026, 9, 20))
        await subscribing.carry_out(tx, RULE, held.id, Pause(OCTOBER, NOVEMBER), september, zone=ZONE)
        assert (await run(tx)).gross_minor == {"SEK": 9_900}
        await subscribing.carry_out(tx, RULE, held.id, Cancel(), noon(date(2026, 11, 10)), zone=ZONE)
        assert (await run(tx, NOVEMBER)).gross_minor == {"SEK": 3_300}, "ten days of thirty"


async def test_a_company_pays_for_its_account_with_its_numbers_on_the_invoice(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        boss = await world.driver(tx, "boss@example.se", name="Bo Boss")
        details = AccountDetails(
            kind=AccountKind.COMPANY,
            name="Brf Eken",
            org_number="5560360793",
            invoice_email="faktura@eken.example",
            address="Ekgatan 1, 411 01 Göteborg",
            reference="Styrelsen",
        )
        account_id = await accounts.open_account(tx, RULE, boss, details, noon(OCTOBER))
        plan = await plans.create(
            tx, RULE, "Företag", Terms(fee_minor=100_000, audience=Audience.COMPANY), noon(OCTOBER)
        )
        await subscribing.begin(tx, RULE, Holder(account_id=account_id), plan.plan_id, noon(OCTOBER), zone=ZONE)
        with pytest.raises(Conflict):
            await subscribing.begin(tx, RULE, Holder(driver_id=boss), plan.plan_id, noon(OCTOBER), zone=ZONE)
        await accounts.close(tx, RULE, account_id, noon(date(2026, 10, 31)), zone=ZONE, reason="sold")
        await run(tx)
        invoice = await invoicing.invoice(tx, InvoiceId(await tx.value("SELECT id FROM invoice")))
        assert (invoice.driver_id, invoice.gross_minor) == (boss, 100_000)
        assert (invoice.buyer.name, invoice.buyer.org_number, invoice.buyer.reference) == (
            "Brf Eken", "556036-0793", "Styrelsen",
        )  # fmt: skip
        assert invoice.buyer.email == "faktura@eken.example"


async def test_a_trial_comes_once(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        plan = await plans.create(tx, RULE, "Plus", Terms(fee_minor=9_900, trial_days=30), noon(date(2026, 8, 1)))
        holder = Holder(driver_id=ada)
        first = await subscribing.begin(tx, RULE, holder, plan.plan_id, noon(date(2026, 8, 1)), zone=ZONE)
        await subscribing.carry_out(tx, RULE, first, Cancel(), noon(date(2026, 8, 10)), zone=ZONE)
        await subscribing.begin(tx, RULE, holder, plan.plan_id, noon(OCTOBER), zone=ZONE)
        assert (await run(tx)).gross_minor == {"SEK": 9_900}


async def test_dearer_terms_are_told_thirty_days_before_and_free_who_is_bound(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        ada = await world.driver(tx, "ada@example.se")
        terms = Terms(fee_minor=9_900, binding_months=12)
        await subscribed(tx, ada, OCTOBER, terms)
        plan_id = (await plans.offered(tx, Audience.PRIVATE))[0].plan_id
        dearer = Terms(fee_minor=12_900, binding_months=12)
        now, today = noon(date(2026, 10, 5)), date(2026, 10, 5)
        await plans.add_version(tx, RULE, plan_id, dearer, now, "costs")
        with pytest.raises(Invalid):
            await plans.move_all(tx, RULE, plan_id, NOVEMBER, now, today, "costs", link="/my/plan")
        december = date(2026, 12, 1)
        assert await plans.move_all(tx, RULE, plan_id, december, now, today, "costs", link="/my/plan") == 1
        assert await plans.move_all(tx, RULE, plan_id, december, now, today, "costs", link="/my/plan") == 0
        held = await subscribing.going(tx, Holder(driver_id=ada), today)
        assert held is not None
        assert held.bound_until == december
        assert (await run(tx, NOVEMBER)).gross_minor == {"SEK": 2 * 9_900}
        assert (await run(tx, december)).gross_minor == {"SEK": 12_900}


async def test_invitations_work_once_for_whom_they_are_meant(database: Database) -> None:
    async with database.transaction() as tx:
        world = await World.built(tx)
        owner, child = await world.driver(tx, "anna@example.se"), await world.driver(tx, "kim@example.se")
        account_id = await accounts.open_account(tx, RULE, owner, AccountDetails(name="Ek"), noon(OCTOBER))
        token = await accounts.invite(tx, RULE, account_id, "Kim@Example.se", 50_000, noon(OCTOBER), language="sv")
        with pytest.raises(NotFound):
            await accounts.accept(tx, RULE, token, owner, noon(OCTOBER), shares_places=True)
        await accounts.accept(tx, RULE, token, child, noon(OCTOBER), shares_places=False)
        with pytest.raises(NotFound):
            await accounts.accept(tx, RULE, token, child, noon(OCTOBER), shares_places=False)
        member = await tx.value("SELECT id FROM customer_member WHERE driver_id = $1", child)
        with pytest.raises(NotFound):
            await accounts.set_limit(tx, Actor("driver", child), member, None, noon(OCTOBER))
        await accounts.remove(tx, Actor("driver", child), member, noon(NOVEMBER))
        old = await accounts.invite(tx, RULE, account_id, "new@example.se", None, noon(OCTOBER), language="sv")
        with pytest.raises(NotFound):
            await accounts.invitation(tx, old, noon(NOVEMBER))
