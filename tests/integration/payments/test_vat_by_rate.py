"""A card that pays a session at several VAT rates: what is booked, given back and corrected, by rate."""

from __future__ import annotations

from decimal import Decimal

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import PaymentId, SessionId
from laddverk.kernel.money import VatTotal, vat_total
from laddverk.ledger import service as ledger
from laddverk.payments import service
from tests.integration.payments.conftest import Street

MIXED = (vat_total(10_000, Decimal(25)), vat_total(3_000, Decimal(0)))


async def charged(street: Street) -> tuple[PaymentId, SessionId]:
    """130,00 kr: 100,00 of energy at 25 %, 30,00 of parking at 0 %."""
    payment_id = await street.authorised()
    async with street.house.database.transaction() as tx:
        session = await street.world.session(
            tx, None, price_minor=13_000, settlement="payment", payment_id=payment_id, vat=MIXED
        )
    await street.priced(session)
    return payment_id, session


async def books(street: Street) -> dict[str, int]:
    async with street.house.database.transaction() as tx:
        return {number: await ledger.balance(tx, number) for number in ("3001", "2611", "3004")}


async def refunded(street: Street, payment_id: PaymentId, amount_minor: int) -> None:
    async with street.house.database.transaction() as tx:
        await service.refund(tx, rule("test"), payment_id, amount_minor, "goodwill", street.now())
    await street.settle()


async def test_a_sale_is_booked_by_rate_and_refunds_take_of_each(street: Street) -> None:
    payment_id, _ = await charged(street)
    assert await books(street) == {"3001": -8_000, "2611": -2_000, "3004": -3_000}
    await refunded(street, payment_id, 1_300)
    assert await books(street) == {"3001": -7_200, "2611": -1_800, "3004": -2_700}, "a tenth of each"
    await refunded(street, payment_id, 11_700)
    assert await books(street) == {"3001": 0, "2611": 0, "3004": 0}


async def test_a_corrected_meter_takes_back_the_energy_and_leaves_the_parking(street: Street) -> None:
    payment_id, session = await charged(street)
    corrected = (vat_total(5_000, Decimal(25)), VatTotal(Decimal(0), 3_000, 0, 3_000))
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET price_minor = 8000, vat_minor = 1000, vat = $2, version = version + 1 WHERE id = $1",
            session,
            corrected,
        )
    await street.priced(session)
    assert (await street.payment(payment_id)).refunded_minor == 5_000
    assert await books(street) == {"3001": -4_000, "2611": -1_000, "3004": -3_000}
