"""Balances on their way back, filling up by themselves, and holds that grow: on a real database, with the test bank."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ledger.model import ADVANCES, BANK, PROVIDER, VAT_25, VAT_WAITING, VOUCHERS
from laddverk.payments.model import Card, PaymentCaptured, State
from laddverk.payments.prepaid import service as prepaid
from laddverk.payments.prepaid.model import NewBatch, VoucherPurpose
from laddverk.payments.store import save_method
from laddverk.payments.wallet import auto, giving_back, growing, keeping, store, telling
from laddverk.payments.wallet.giving_back import Payee
from laddverk.payments.wallet.model import BalanceRefund, GivingBack
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.integration.payments.conftest import Street
from tests.integration.payments.test_wallet import CLERK, balances, begin, driver, end, policy, top_up, wallet

ZONE = ZoneInfo("Europe/Stockholm")
ME = Payee("Ada Öberg", "8327-9 994 123")


async def redeem(street: Street, who: DriverId, amount_minor: int, purpose: VoucherPurpose) -> None:
    """A prepaid card, bought over a counter and used."""
    new = NewBatch(name="Kiosken", cards=1, amount_minor=amount_minor, purpose=purpose)
    house = street.house
    async with house.database.transaction() as tx:
        batch = await prepaid.make_batch(tx, CLERK, house.secrets, new, street.now(), ZONE)
        await prepaid.activate(tx, CLERK, batch, 1, 1, street.now())
        (line,) = await prepaid.sheet(tx, CLERK, house.secrets, batch, street.now())
    await prepaid.redeem(house.database, house.secrets, who, line.code, street.now(), ZONE, address="192.0.2.1")


async def ask(street: Street, who: DriverId, amount_minor: int, payee: Payee | None = None) -> UUID:
    async with street.house.database.transaction() as tx:
        return await giving_back.ask(tx, street.house, CLERK, who, amount_minor, payee, street.now())


async def approve(street: Street, refund_id: UUID) -> None:
    async with street.house.database.transaction() as tx:
        await giving_back.approve(tx, CLERK, refund_id, "as asked", street.now())
    await street.settle()
    await look(street)


async def look(street: Street) -> None:
    async with street.house.database.transaction() as tx:
        await giving_back.finish_all(tx, street.now())


async def refund(street: Street, refund_id: UUID) -> BalanceRefund:
    async with street.house.database.transaction() as tx:
        found = await store.refund(tx, refund_id)
    assert found is not None
    return found


async def test_f20_a_balance_goes_back_to_the_payments_it_came_from_newest_first(street: Street) -> None:
    ada = await driver(street)
    first = await top_up(street, ada, 200_00)
    second = await top_up(street, ada, 100_00)
    await end(street, await begin(street, ada, 100_00), ada, 50_00)
    with pytest.raises(Invalid):
        await ask(street, ada, 250_01)
    wanted = await ask(street, ada, 250_00)
    assert (await wallet(street, ada)).available_minor == 0, "it cannot be charged for meanwhile"
    with pytest.raises(Conflict):
        await ask(street, ada, 1_00)
    await approve(street, wanted)
    assert [(await street.payment(one)).refunded_minor for one in (second, first)] == [100_00, 150_00]
    assert (await refund(street, wanted)).state is GivingBack.PAID
    found = await wallet(street, ada)
    assert (found.balance_minor, found.held_minor) == (0, 0)
    assert await balances(street, ADVANCES, PROVIDER) == [0, 50_00]


@pytest.mark.parametrize("purpose", list(VoucherPurpose))
async def test_what_came_from_a_prepaid_card_goes_to_a_bank_account_and_takes_its_vat_along(
    street: Street, purpose: VoucherPurpose
) -> None:
    await policy(street, purpose=purpose)
    ada = await driver(street)
    await redeem(street, ada, 200_00, purpose)
    await top_up(street, ada, 100_00)
    with pytest.raises(Invalid, match="account"):
        await ask(street, ada, 300_00)
    wanted = await ask(street, ada, 300_00, ME)
    assert b"994123" not in ((await refund(street, wanted)).bank_box or b"")
    await approve(street, wanted)
    assert (await refund(street, wanted)).to_bank_minor == 200_00
    async with street.house.database.transaction() as tx:
        seen = await giving_back.payee_of(tx, street.house, CLERK, wanted, street.now())
        assert seen == Payee("Ada Öberg", "83279994123")
        await giving_back.paid_by_bank(tx, CLERK, wanted, "2026-11-23", street.now())
        with pytest.raises(Conflict):
            await giving_back.paid_by_bank(tx, CLERK, wanted, "again", street.now())
    done = await refund(street, wanted)
    assert (done.state, done.bank_box) == (GivingBack.PAID, None)
    assert await balances(street, ADVANCES, BANK, VOUCHERS, VAT_25, VAT_WAITING) == [0, -200_00, 0, 0, 0]
    assert (await wallet(street, ada)).held_minor == 0


async def test_f21_what_a_card_refuses_to_take_back_goes_to_the_bank_account(street: Street) -> None:
    ada = await driver(street)
    paid_in = await top_up(street, ada, 100_00)
    wanted = await ask(street, ada, 100_00, ME)
    async with street.house.database.transaction() as tx:
        await giving_back.approve(tx, CLERK, wanted, "as asked", street.now())
        await tx.execute("UPDATE payment_refund SET state = 'failed' WHERE payment_id = $1", paid_in)
    await street.settle()
    await look(street)
    await look(street)
    after = await refund(street, wanted)
    assert (after.state, after.to_bank_minor) == (GivingBack.APPROVED, 100_00)
    assert (await wallet(street, ada)).held_minor == 100_00
    async with street.house.database.transaction() as tx:
        await giving_back.paid_by_bank(tx, CLERK, wanted, "2026-11-23", street.now())
    assert (await refund(street, wanted)).state is GivingBack.PAID
    assert await balances(street, ADVANCES, BANK, PROVIDER) == [0, -100_00, 100_00]


async def test_a_wish_can_be_taken_back_or_declined_and_the_money_is_there_again(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    await ask(street, ada, 60_00)
    async with street.house.database.transaction() as tx:
        await giving_back.withdraw(tx, CLERK, ada, street.now())
        with pytest.raises(Conflict):
            await giving_back.withdraw(tx, CLERK, ada, street.now())
    wanted = await ask(street, ada, 100_00)
    async with street.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await giving_back.decline(tx, CLERK, wanted, " ", street.now())
        await giving_back.decline(tx, CLERK, wanted, "a charge is not settled yet", street.now())
    assert (await wallet(street, ada)).available_minor == 100_00


async def saved(street: Street, who: DriverId, card: str = "good") -> PaymentMethodId:
    async with street.house.database.transaction() as tx:
        kept = Card("sandbox", f"card_{card}_pi_sandbox_{new_id().hex}", "Test", "4242")
        found = await save_method(tx, who, "sandbox", kept, street.now())
    assert found is not None
    return PaymentMethodId(found)


async def agree(street: Street, who: DriverId, method: PaymentMethodId) -> None:
    async with street.house.database.transaction() as tx:
        await auto.agree(tx, street.house, CLERK, who, method, below_minor=50_00, add_minor=100_00, now=street.now())


async def fill(street: Street) -> int:
    async with street.house.database.transaction() as tx:
        begun = await auto.fill(tx, street.house, street.now())
    await street.settle()
    return begun


async def test_a_low_balance_fills_itself_up_twice_a_day_at_most(street: Street) -> None:
    ada = await driver(street)
    await agree(street, ada, await saved(street, ada))
    assert [await fill(street), await fill(street)] == [1, 0], "once, and then there is enough"
    assert (await wallet(street, ada)).balance_minor == 100_00
    for _ in range(2):
        await end(street, await begin(street, ada, 100_00), ada, 100_00)
        await fill(street)
    assert (await wallet(street, ada)).balance_minor == 0, "twice today"
    street.offset += timedelta(hours=25)
    assert await fill(street) == 1
    assert (await wallet(street, ada)).balance_minor == 100_00
    async with street.house.database.transaction() as tx:
        await auto.end(tx, CLERK, ada, street.now(), "no more")


async def test_a_card_that_declines_is_tried_three_times_and_the_driver_is_told(street: Street) -> None:
    ada = await driver(street)
    await agree(street, ada, await saved(street, ada, "declined"))
    for _ in range(8):
        await fill(street)
        street.offset += timedelta(days=1, hours=1)
    tries = "SELECT count(*) FROM payment WHERE purpose = 'top_up' AND state = 'failed'"
    assert await street.value(tries) == 3
    assert await street.value("SELECT count(*) FROM mail WHERE template = 'top_up_failed'") == 3
    assert await street.value("SELECT stopped_at IS NOT NULL FROM wallet_auto")


async def test_only_ones_own_card_fills_a_balance_up(street: Street) -> None:
    ada, bo = await driver(street), await driver(street, "bo@example.se")
    with pytest.raises(Invalid):
        await agree(street, bo, await saved(street, ada))


async def running(street: Street, payment_id: PaymentId, minutes: int) -> None:
    """Let a charge of this payment run for so long, at a krona a minute."""
    tariff = Tariff(components=(Component(dimension=Dimension.CHARGING, price=Decimal(1)),))
    start = (await street.payment(payment_id)).start_request_id
    async with street.house.database.transaction() as tx:
        session = await street.world.session(tx, None, price_minor=None)
        await tx.execute(
            "UPDATE session SET ended_at = NULL, price_minor = NULL, started_at = $2, tariff = $3,"
            " start_request_id = $4, payment_id = $5, energy_wh = 0 WHERE id = $1",
            session,
            street.now() - timedelta(minutes=minutes),
            msgspec.json.decode(msgspec.json.encode(tariff)),
            start,
            payment_id,
        )
        await tx.execute("UPDATE start_request SET session_id = $2 WHERE id = $1", start, session)


async def grow(street: Street) -> None:
    async with street.house.database.transaction() as tx:
        await growing.grow(tx, street.house, street.now())


@pytest.mark.failure_mode(13, 51)
async def test_a_hold_grows_with_the_charge_as_far_as_the_balance_goes_and_then_it_is_stopped(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    payment_id = await begin(street, ada, 60_00)
    await running(street, payment_id, 30)
    await grow(street)
    assert (await street.payment(payment_id)).authorised_minor == 60_00, "half of it is used"
    street.offset += timedelta(minutes=25)
    await grow(street)
    assert (await street.payment(payment_id)).authorised_minor == 100_00, "all there is"
    street.offset += timedelta(minutes=60)
    await top_up(street, ada, 200_00)
    await grow(street)
    held = (await street.payment(payment_id)).authorised_minor
    assert 150_00 < held < 200_00, "a top-up while it charges is kept for it too"
    stops = "SELECT count(*) FROM command WHERE kind = 'stop_charging'"
    assert await street.value(stops) == 0
    street.offset += timedelta(minutes=185)
    for _ in range(3):
        await grow(street)
    assert (await street.payment(payment_id)).authorised_minor == 300_00
    assert await street.value(stops) == 1, "asked once"
    assert (await street.payment(payment_id)).state is State.AUTHORISED


async def test_an_operator_may_let_a_charge_overrun(street: Street) -> None:
    await policy(street, stop_at_limit=False)
    ada = await driver(street)
    await top_up(street, ada, 60_00)
    payment_id = await begin(street, ada, 60_00)
    await running(street, payment_id, 90)
    await grow(street)
    assert await street.value("SELECT count(*) FROM command") == 0
    assert await street.value("SELECT count(*) FROM payment_event WHERE kind = 'wallet_used_up'") == 1


async def test_a_receipt_is_mailed_for_what_was_paid_in(street: Street) -> None:
    ada = await driver(street)
    payment_id = await top_up(street, ada, 100_00)
    event = PaymentCaptured(payment_id=payment_id, purpose="top_up", amount_minor=100_00)
    for _ in range(2):
        async with street.house.database.transaction() as tx:
            await telling.paid_in(tx, street.house, event, street.now())
    body = await street.value("SELECT string_agg(body_text, '|') FROM mail WHERE template = 'topped_up'")
    assert "100,00" in body.replace("\xa0", " ")
    assert body.count("Laddverk") == 1


async def test_money_is_kept_for_a_charge_that_began_with_a_tag(street: Street) -> None:
    ada, bo = await driver(street), await driver(street, "bo@example.se")
    await top_up(street, ada, 200_00)
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE driver SET settlement = 'card'")
        for who in (ada, bo):
            await tx.execute(
                "INSERT INTO driver_paying (driver_id, first_kind, changed_at) VALUES ($1, 'wallet', now())", who
            )
            session = await street.world.session(tx, who, price_minor=None, settlement="payment")
            await tx.execute("UPDATE session SET ended_at = NULL, price_minor = NULL WHERE id = $1", session)
    for _ in range(2):
        async with street.house.database.transaction() as tx:
            await keeping.keep(tx, street.house, street.now())
        await street.settle()
    assert (await wallet(street, ada)).held_minor == 200_00, "as much as there is, once"
    assert (await wallet(street, bo)).held_minor == 0, "there is nothing: it is debited when it has ended"
    session = await street.value("SELECT session_id FROM payment WHERE provider = 'wallet'")
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET ended_at = started_at + interval '1 hour', price_minor = 12000, vat_minor = 2400"
            " WHERE id = $1",
            session,
        )
    await street.priced(session)
    assert (await wallet(street, ada)).available_minor == 80_00
