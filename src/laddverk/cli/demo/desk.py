"""The demo's money desk: companies that are invoiced, money on the bank account, and some of nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

from laddverk.cli.demo.founding import ACTOR
from laddverk.invoicing import buyers
from laddverk.invoicing.buyers import BuyerFacts
from laddverk.kernel.ids import DriverId, InvoiceId
from laddverk.payments.deposits import rules, service
from laddverk.payments.deposits.model import NewDeposit, Owed, Way
from laddverk.payments.reconciliation import service as reconciliation
from laddverk.platform.house import House

COMPANIES: Final = (
    BuyerFacts(
        name="Brf Hamnstråket 3", org_number="769600-0004", address="Hamngatan 3\n411 06 Göteborg",
        email="faktura@hamnstraket.example", reference="Ordförande, styrelsen",
    ),
    BuyerFacts(
        name="Västkustens Budbilar AB", org_number="556016-0680", vat_number="SE556016068001",
        address="Box 117\n431 22 Mölndal", email="ekonomi@budbilar.example", reference="Kst 4120",
        order_number="PO 2026-117", terms_days=20,
    ),
)  # fmt: skip
# Neither those who pay for others nor those whom somebody else pays for.
DRIVERS: Final = """
SELECT id FROM driver
WHERE EXISTS (SELECT FROM session WHERE session.driver_id = driver.id AND settlement = 'invoice')
  AND NOT EXISTS (SELECT FROM customer_member WHERE customer_member.driver_id = driver.id)
  AND NOT EXISTS (SELECT FROM customer_account WHERE owner_id = driver.id)
ORDER BY created_at, id OFFSET 40 LIMIT $1
"""
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM deposit)"
OPEN: Final = """
SELECT invoice.id, series || '-' || lpad(number::text, 5, '0') AS label, reference, driver_id,
       buyer ->> 'name' AS buyer, currency, due_on, gross_minor - paid_minor - credited_minor AS remaining_minor
FROM invoice
WHERE kind = 'invoice' AND gross_minor > paid_minor + credited_minor
  AND NOT EXISTS (SELECT FROM payment WHERE payment.invoice_id = invoice.id AND payment.state NOT IN ('failed', 'cancelled'))
ORDER BY number LIMIT $1
"""  # noqa: E501 - one condition
PAID_BY_BANK: Final = 8
OF_NOBODY: Final = (("Hyra november", "K Lindqvist", 850_000), ("", "Okänd avsändare", 23_900))


async def companies(house: House) -> None:
    """Let two drivers be invoiced to a company and a housing association; before the first invoices."""
    async with house.database.transaction() as tx:
        drivers = await tx.values(DRIVERS, len(COMPANIES))
        for driver_id, facts in zip(drivers, COMPANIES, strict=False):
            await buyers.save(tx, ACTOR, DriverId(driver_id), facts, house.clock())


async def equip(house: House) -> None:
    """Book what came to the bank account: most of it by reference, some of it nobody's, once; then compare all."""
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        owed = await tx.fetch(Owed, OPEN, PAID_BY_BANK)
    for place, invoice in enumerate(owed):
        paid = rules.whole_kronor(invoice.remaining_minor) + (10_000 if place == 3 else 0)
        await _book(house, invoice.reference, invoice.buyer, paid, place, InvoiceId(invoice.id))
    for place, (message, payer, amount) in enumerate(OF_NOBODY):
        await _book(house, message, payer, amount, place, None)
    async with house.database.transaction() as tx:
        await reconciliation.compare(tx, ACTOR, house.clock())


async def _book(
    house: House, reference: str, payer: str, amount_minor: int, days_ago: int, invoice_id: InvoiceId | None
) -> None:
    now = house.clock() - timedelta(days=days_ago)
    new = NewDeposit(
        form_key=uuid5(NAMESPACE_OID, f"{reference} {payer} {amount_minor}"),
        way=Way.BANKGIRO if invoice_id else Way.TRANSFER,
        received_on=now.astimezone(ZoneInfo(house.settings.timezone)).date(),
        amount_minor=amount_minor,
        reference=reference,
        payer=payer,
        invoice_id=invoice_id,
    )
    async with house.database.transaction() as tx:
        await service.book(tx, ACTOR, new, now, settings=house.settings)
