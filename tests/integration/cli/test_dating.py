"""The demo's payments: after what they are for, before their payouts, and no other money than before."""

from __future__ import annotations

from datetime import date, timedelta

from laddverk.cli.demo.dating import spread
from laddverk.invoicing import service as invoicing
from laddverk.kernel.ids import InvoiceId
from laddverk.payments import service
from laddverk.payments.reconciliation import service as reconciliation
from tests.integration.payments.conftest import Street
from tests.integration.payments.conftest import street as street
from tests.integration.payments.test_deposits import STAFF
from tests.integration.payments.town import AGENT, driver

MONTH = date(2026, 10, 1)


async def test_a_payment_gets_a_day_after_its_invoice_and_its_bank_the_same(street: Street) -> None:
    ada, now = await driver(street), street.now()
    issued_at = now - timedelta(days=9)
    async with street.house.database.transaction() as tx:
        await street.world.session(tx, ada, price_minor=45_000)
        await invoicing.run(tx, MONTH, AGENT, issued_at, settings=street.house.settings)
        invoice = InvoiceId(await tx.value("SELECT id FROM invoice"))
    page = await service.open_invoice(street.house, invoice, return_url="/my", now=now)
    await street.pay(page.url)
    await street.settle()

    async with street.house.database.transaction() as tx:
        assert await spread(tx, street.now(), seed=7) == 1
        made, taken, at_bank = (
            await tx.rows(
                "SELECT created_at, (SELECT min(at) FROM payment_event WHERE kind = 'captured') AS taken,"
                " (SELECT at FROM sandbox_entry WHERE kind = 'charge') AS at_bank FROM payment"
            )
        )[0].values()
        assert issued_at <= made < now
        assert timedelta() <= taken - made < timedelta(minutes=1)
        assert timedelta() <= at_bank - made < timedelta(minutes=1)
        assert (await reconciliation.compare(tx, STAFF, street.now())).differences == 0
