"""What was paid for a thing: a session by itself or by the start that it came from, an invoice, a driver."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from laddverk.payments import queries
from laddverk.platform.database import Database, Transaction
from tests.integration.support.field import NOW, driver, outlet, session, start


async def paid(tx: Transaction, minutes: int, **about: UUID) -> UUID:
    """Keep a payment about something, so many minutes ago."""
    made, names = uuid4(), list(about)
    at = NOW - timedelta(minutes=minutes)
    await tx.execute(
        f"INSERT INTO payment (id, purpose, provider, state, currency, amount_minor, created_at, updated_at"
        f"{''.join(f', {name}' for name in names)}) VALUES ($1, 'session', 'sandbox', 'captured', 'SEK', 100, $2, $2"
        f"{''.join(f', ${place + 3}' for place in range(len(names)))})",
        made, at, *about.values(),
    )  # fmt: skip
    return made


async def test_each_thing_has_its_own_payments_the_newest_first(database: Database) -> None:
    async with database.transaction() as tx:
        here, ada, bo = await outlet(tx, "GBG-014"), await driver(tx, "ada@e.se"), await driver(tx, "bo@e.se")
        charge, other = [await session(tx, here, ada, NOW, None) for _ in range(2)]
        begun = await start(tx, here, ada, NOW)
        await tx.execute("UPDATE start_request SET session_id = $2 WHERE id = $1", begun, charge)
        invoice = uuid4()
        by_start = await paid(tx, 30, start_request_id=begun)
        by_session = await paid(tx, 20, session_id=charge, driver_id=ada)
        both = await paid(tx, 10, session_id=charge, start_request_id=begun)
        of_invoice = await paid(tx, 5, invoice_id=invoice, driver_id=ada)
        of_other = await paid(tx, 1, session_id=other, driver_id=bo)

        async def of(thing: UUID, *, is_driver: bool = False) -> list[UUID]:
            return [row.id for row in await queries.payments_of(tx, thing, driver=is_driver)]

        assert await of(charge) == [both, by_session, by_start]
        assert await of(other) == [of_other]
        assert await of(invoice) == [of_invoice]
        assert await of(ada, is_driver=True) == [of_invoice, by_session]
        assert await of(ada) == [], "a driver's are asked for by name"
        assert await of(bo, is_driver=True) == [of_other]
        assert await of(uuid4(), is_driver=True) == []
        for _ in range(60):
            await paid(tx, 60, driver_id=bo)
        assert (await of(bo, is_driver=True))[0] == of_other
        assert len(await of(bo, is_driver=True)) == 50
