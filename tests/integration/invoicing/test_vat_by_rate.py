"""Sessions with prices at several VAT rates on invoices and credit notes: by rate on paper and in the books."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from laddverk.invoicing import service, store
from laddverk.invoicing.wording import invoice_document
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.money import VatTotal, vat_negated, vat_total
from laddverk.ledger import service as ledger
from laddverk.platform.database import Database, Transaction
from laddverk.platform.settings import Settings
from tests.integration.money_world import World

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULE = rule("monthly invoicing")
MIXED = (vat_total(10_000, Decimal(25)), vat_total(3_000, Decimal(0)))
LINES = [
    {
        "dimension": dimension, "from_at": NOW, "to_at": NOW, "quantity": quantity, "unit": unit, "unit_price": price,
        "amount_minor": amount, "vat_percent": percent,
    }
    for dimension, quantity, unit, price, amount, percent in (
        ("energy", "20", "kWh", "5", 10_000, "25"), ("idle", "30", "min", "1", 3_000, "0"),
    )
]  # fmt: skip


async def invoiced(tx: Transaction) -> InvoiceId:
    """October of a driver: one session at two rates, and one at 25 %."""
    world = await World.built(tx)
    ada = await world.driver(tx, "ada@example.se")
    await world.session(tx, ada, price_minor=13_000, vat=MIXED, price_lines=LINES)
    await world.session(tx, ada, price_minor=5_000)
    await service.run(tx, date(2026, 10, 1), RULE, NOW, settings=Settings(operator_name="Laddnät"))
    return InvoiceId(await tx.value("SELECT id FROM invoice WHERE kind = 'invoice'"))


async def test_an_invoice_holds_each_rate_once_and_the_books_have_it_so(database: Database) -> None:
    """25 %: 100,00 + 50,00 = 150,00, VAT 30,00. 0 %: 30,00."""
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        made = await service.invoice(tx, invoice_id)
        assert made.vat == (VatTotal(Decimal(25), 12_000, 3_000, 15_000), VatTotal(Decimal(0), 3_000, 0, 3_000))
        assert (made.gross_minor, made.net_minor, made.vat_minor) == (18_000, 15_000, 3_000)
        first, second = sorted(await store.lines(tx, invoice_id), key=lambda line: -line.gross_minor)
        assert (first.vat, second.vat) == (MIXED, None)
        assert await ledger.balance(tx, "3001") == -12_000
        assert await ledger.balance(tx, "3004") == -3_000
        assert await ledger.balance(tx, "2611") == -3_000
        document = invoice_document(made, await store.lines(tx, invoice_id), "en")
    assert [row[0] for row in document["vat_rows"]] == ["25\u00a0%", "0\u00a0%"]
    assert [row[2] for row in document["vat_rows"]] == ["30,00\u00a0kr", "0,00\u00a0kr"]
    (detail,) = [line["detail"] for line in document["lines"] if line["detail"]]
    assert "(VAT 25 %)" in detail
    assert "(VAT 0 %)" in detail


async def test_a_credit_note_takes_each_rate_back(database: Database) -> None:
    async with database.transaction() as tx:
        invoice_id = await invoiced(tx)
        note_id = await service.credit(tx, RULE, invoice_id, "Fel pris", NOW)
        note, made = await service.invoice(tx, note_id), await service.invoice(tx, invoice_id)
        assert note.vat == vat_negated(made.vat)
        mirrored = {line.vat for line in await store.lines(tx, note_id)}
        assert mirrored == {vat_negated(MIXED), None}
        for account in ("3001", "3004", "2611", "1510"):
            assert await ledger.balance(tx, account) == 0
