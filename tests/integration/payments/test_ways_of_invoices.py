"""How invoices are debited by themselves: on their day, in spaced rounds, and never beside another payment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from laddverk.kernel.ids import new_id
from laddverk.payments import service
from laddverk.payments.direct_debit import collecting
from laddverk.payments.direct_debit.model import Scheme
from laddverk.payments.ways.model import Way, WayKind
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.town import (
    BANK_WAY,
    allow,
    card,
    chooses,
    driver,
    held,
    invoiced,
    later,
    mails,
    mandate,
)
from tests.integration.payments.town import town as town


async def test_an_invoice_is_debited_on_its_day_and_the_driver_is_told(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada), at_once=False)
    await invoiced(town, ada)
    assert await town.value("SELECT count(*) FROM payment") == 0, "the driver shall see the invoice first"
    await later(town, days=3)
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000
    assert await town.value("SELECT ended_why FROM invoice_debit") == "paid"
    assert (await balances(town))["1580"] == 45_000
    assert "We took it from Visa •••• 4242." in (await mails(town))[-1]


async def test_declines_are_repeated_after_one_three_and_seven_days_and_then_left_to_people(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada, "no_funds"), await card(town, ada, "declined"), at_once=False)
    await allow(town, debit_after_days=0, hold_overdue_days=None)
    await invoiced(town, ada)
    counts = []
    for days in (0, 1, 1, 1, 1, 1, 1, 1, 1, 5):
        await later(town, days=days)
        counts.append(await town.value("SELECT count(*) FROM payment"))
    assert counts == [2, 4, 4, 6, 6, 6, 6, 8, 8, 8]
    assert await town.value("SELECT ended_why FROM invoice_debit") == "given_up"
    told = [mail for mail in await mails(town) if "We could not take" in mail]
    assert len(told) == 4
    assert "We try again on" in told[0]
    assert "We do not try again by ourselves." in told[3]

    await card(town, ada, "good")
    good = Way(WayKind.METHOD, await town.value("SELECT id FROM payment_method ORDER BY created_at DESC LIMIT 1"))
    await chooses(town, ada, good, at_once=False)
    await later(town, minutes=1)
    assert await town.value("SELECT paid_minor FROM invoice") == 0, "not by surprise"
    await later(town, days=2)  # by the next local morning, whatever the hour of the test
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000, "a new way is tried once more"


@pytest.mark.failure_mode(12)
async def test_f12_who_pays_by_hand_meanwhile_is_not_debited_too(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada), at_once=False)
    invoice = await invoiced(town, ada)
    town.offset += timedelta(days=3)
    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    await later(town, minutes=1)
    assert await town.value("SELECT count(*) FROM payment") == 1, "the page that is open comes first"
    await town.pay(page.url)
    await town.settle()
    await later(town, hours=3)
    assert await town.value("SELECT count(*) FROM payment") == 1
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000


async def test_nobody_is_debited_for_an_invoice_who_did_not_say_so(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await card(town, ada)
    await invoiced(town, ada)
    await later(town, days=10)
    assert await town.value("SELECT count(*) FROM payment") == 0


async def test_who_chooses_a_card_today_is_not_debited_for_last_month_by_surprise(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await invoiced(town, ada)
    await later(town, minutes=1)
    await chooses(town, ada, await card(town, ada))
    await later(town, days=10)
    assert await town.value("SELECT count(*) FROM payment") == 0


@pytest.mark.failure_mode(24)
async def test_f24_when_the_mandate_is_revoked_the_fallback_is_debited(town: Street) -> None:
    town.house.settings = replace(town.house.settings, autogiro_bankgiro="50501055", autogiro_customer="123456")
    ada = await driver(town, settlement="invoice")
    await mandate(town, ada)
    await chooses(town, ada, BANK_WAY, await card(town, ada), at_once=False)
    await invoiced(town, ada)
    await later(town, days=5)
    assert await town.value("SELECT count(*) FROM payment") == 0, "the bank's file collects"
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE mandate SET state = 'cancelled'")
    await later(town, minutes=5)
    assert await town.value("SELECT provider || paid_minor FROM payment, invoice") == "sandbox45000"


@pytest.mark.failure_mode(49)
async def test_f49_an_invoice_that_is_being_collected_holds_nobody_back(town: Street) -> None:
    await allow(town, hold_overdue_days=3)
    ada = await driver(town, settlement="invoice")
    invoice = await invoiced(town, ada)
    async with town.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, state, currency, amount_minor, invoice_id, driver_id, provider,"
            " created_at, updated_at) VALUES ($1, 'invoice', 'submitted', 'SEK', 45000, $2, $3, 'autogiro', now(),"
            " now())",
            new_id(), invoice, ada,
        )  # fmt: skip
    await later(town, days=60)
    assert await held(town, ada) == ""
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE payment SET state = 'failed', updated_at = $1", town.now())
    await later(town, days=1)
    assert await held(town, ada) == "", "a few bank days of grace after the bank's answer"
    await later(town, days=6)
    assert await held(town, ada) == "overdue"


async def test_the_bank_collects_from_nobody_who_chose_a_card_until_the_card_has_come_to_nothing(town: Street) -> None:
    town.house.settings = replace(town.house.settings, autogiro_bankgiro="50501055", autogiro_customer="123456")
    ada = await driver(town, settlement="invoice")
    await mandate(town, ada)
    await chooses(town, ada, await card(town, ada, "no_funds"), BANK_WAY, at_once=False)
    await allow(town, debit_after_days=0, hold_overdue_days=None)
    await invoiced(town, ada)

    async def planned() -> int:
        async with town.house.database.transaction() as tx:
            return await collecting.plan(tx, town.house, Scheme.AUTOGIRO, town.now())

    await later(town, minutes=1)
    assert await planned() == 0
    for days in (1, 2, 4):
        await later(town, days=days)
    assert await town.value("SELECT ended_why FROM invoice_debit") == "given_up"
    assert await planned() == 1, "the bank account is the fallback"
    assert await town.value("SELECT count(*) FROM payment WHERE state = 'created'") == 1
