"""Who may start: what is owed holds new starts back, staff make exceptions, and confirming takes its time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from laddverk.access import service as access
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.payments import service
from laddverk.payments.model import PaymentRefunded
from laddverk.payments.ways import service as ways
from laddverk.platform import outbox
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.town import (
    AGENT,
    allow,
    card,
    charged,
    chooses,
    driver,
    held,
    invoiced,
    later,
    mails,
    owes,
    settlement_of,
)
from tests.integration.payments.town import town as town


async def test_an_overdue_invoice_holds_new_starts_back_until_it_is_paid(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    async with town.house.database.transaction() as tx:
        await tx.execute("INSERT INTO token (id, driver_id, uid, created_at) VALUES ($1, $2, 'A1B2C3D4', now())",
                         new_id(), ada)  # fmt: skip
    invoice = await invoiced(town, ada)
    await later(town, days=43)
    assert await held(town, ada) == ""
    await later(town, days=2)
    assert await held(town, ada) == "overdue"
    async with town.house.database.transaction() as tx:
        shown = (await access.standing(tx, ["A1B2C3D4"], town.now()))["A1B2C3D4"]
    assert (shown.authorisation, shown.starts_held) == ("blocked", "overdue")
    assert "An invoice is overdue" in (access.refusal(shown) or "")

    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""
    async with town.house.database.transaction() as tx:
        assert (await access.standing(tx, ["A1B2C3D4"], town.now()))["A1B2C3D4"].authorisation == "accepted"


async def test_what_is_unpaid_in_another_currency_does_not_count_towards_the_limit(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await allow(town, hold_overdue_days=None, hold_unpaid_minor=10_000)
    euros = await invoiced(town, ada, 6_000)
    await town.value("UPDATE invoice SET currency = 'EUR' WHERE id = $1", euros)
    async with town.house.database.transaction() as tx:
        await town.world.session(tx, ada, price_minor=6_000)
        await invoicing.run(tx, date(2026, 10, 1), AGENT, town.now(), settings=town.house.settings)
    await later(town, days=45)
    assert await held(town, ada) == "", "60 kronor, and 60 euros beside them"
    await town.value("UPDATE invoice SET currency = 'SEK' WHERE id = $1", euros)
    await later(town, days=1)
    assert await held(town, ada) == "too_much"


async def test_what_people_gave_back_of_an_invoice_holds_nobody(town: Street) -> None:
    outbox.subscribe(PaymentRefunded, "invoicing.mark_paid")
    ada = await driver(town, settlement="invoice")
    invoice = await invoiced(town, ada)
    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    await town.pay(page.url)
    await later(town, days=60)
    async with town.house.database.transaction() as tx:
        await service.refund(tx, AGENT, page.payment_id, 1_500, "goodwill", town.now())
    await later(town, days=20)
    assert await town.value("SELECT gross_minor - paid_minor FROM invoice") == 1_500
    assert await held(town, ada) == ""


async def test_staff_may_let_somebody_start_for_a_while_with_a_reason(town: Street) -> None:
    ada, _ = await owes(town)
    until = town.now() + timedelta(days=7)
    async with town.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await ways.let_start(tx, town.house, AGENT, ada, until, " ", town.now())
        with pytest.raises(NotAllowed):
            await ways.let_start(tx, town.house, Actor("driver", ada), ada, until, "I ask", town.now())
        await ways.let_start(tx, town.house, AGENT, ada, until, "ill in hospital", town.now())
    assert await held(town, ada) == ""
    assert await town.value("SELECT reason FROM audit_log WHERE action = 'driver.may_start'") == "ill in hospital"
    await later(town, days=8)
    assert await held(town, ada) == "to_pay"


async def test_who_pays_at_once_with_nothing_saved_waits_where_the_operator_says_so(town: Street) -> None:
    ada = await driver(town)
    await allow(town, hold_without_way=True)
    assert await held(town, ada) == "no_way"
    page = await service.open_save_card(town.house, ada, return_url="/my", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""


@pytest.mark.parametrize("energy_wh", [0, 9_000])
async def test_what_is_asked_for_is_taken_back_when_the_charge_is_free_after_all(town: Street, energy_wh: int) -> None:
    ada, session = await owes(town)
    async with town.house.database.transaction() as tx:
        settlement = "payment" if energy_wh == 0 else "free"
        sql = "UPDATE session SET energy_wh = $2, settlement = $3, version = 2 WHERE id = $1"
        await tx.execute(sql, session, energy_wh, settlement)
    await town.priced(session)
    await town.priced(session)
    assert await balances(town) == {}
    assert await held(town, ada) == ""
    with pytest.raises(Conflict):
        await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())


async def confirms_later(town: Street, **policy: Any) -> tuple[DriverId, Any]:
    """A driver whose only card wants its holder to confirm, with a charge."""
    await allow(town, **policy)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "confirm"))
    return ada, await charged(town, ada)


@pytest.mark.failure_mode(19)
async def test_f19_who_must_confirm_gets_a_link_and_time_and_goes_on_charging(town: Street) -> None:
    ada, session = await confirms_later(town, may_owe=False)
    (mail,) = await mails(town)
    assert "Please confirm it to your bank: pay here before" in mail
    assert await held(town, ada) == ""
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    await town.priced(session)
    assert len(await mails(town)) == 1

    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url, "confirm")
    await town.pay(page.url, "confirm", "confirm")
    await town.settle()
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    await later(town, days=4)
    assert await held(town, ada) == ""
    assert len(await mails(town)) == 1


@pytest.mark.failure_mode(19)
@pytest.mark.parametrize("owing", [True, False])
async def test_f19_who_does_not_confirm_is_invoiced_or_waits(town: Street, owing: bool) -> None:
    ada, session = await confirms_later(town, may_owe=owing)
    await later(town, days=2)
    assert await held(town, ada) == ""
    await later(town, days=2)
    await later(town, days=1)
    assert await settlement_of(town, session) == ("invoice" if owing else "payment")
    assert await held(town, ada) == ("" if owing else "to_pay")
    assert await balances(town) == ({} if owing else {"1510": 8_000, "3001": -6_400, "2611": -1_600})
    assert len(await mails(town)) == 2
