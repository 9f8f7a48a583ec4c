"""Wallets end to end in the books: paid in, kept for charges, used, overrun, given back. One number, in the ledger."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import PERMISSIONS, Actor, Role, rule
from laddverk.kernel.ids import DriverId, PaymentId, SessionId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, DISPUTED, GOODWILL, PROVIDER, SALES_25, VAT_25, VAT_WAITING, Entry, Line
from laddverk.payments import service as payments
from laddverk.payments import settling, store
from laddverk.payments.model import Card, Payment, Purpose, State, Wish
from laddverk.payments.opening import order_of
from laddverk.payments.prepaid.model import VoucherPurpose
from laddverk.payments.providers import provider_named
from laddverk.payments.wallet import books, service
from laddverk.payments.wallet.model import Policy, Wallet
from tests.integration.payments.conftest import Street

CLERK = rule("test")


async def driver(street: Street, email: str = "ada@example.se") -> DriverId:
    async with street.house.database.transaction() as tx:
        return await street.world.driver(tx, email)


async def policy(street: Street, **chosen: object) -> None:
    async with street.house.database.transaction() as tx:
        await service.change_policy(tx, street.house, CLERK, Policy(**chosen), "test", street.now())  # type: ignore[arg-type]  # by field


async def top_up(street: Street, who: DriverId, amount_minor: int) -> PaymentId:
    page = await payments.open_top_up(
        street.house, who, amount_minor=amount_minor, return_url="/my/wallet", now=street.now()
    )
    await street.pay(page.url)
    await street.settle()
    return page.payment_id


async def begin(street: Street, who: DriverId, amount_minor: int) -> PaymentId:
    """A charge that is to be paid from the wallet."""
    async with street.house.database.transaction() as tx:
        start = await street.world.start(tx, driver=who)
        made = wallet_payment(street, who, amount_minor, start_request_id=start)
        await store.insert(tx, made)
        await store.link_start(tx, start, made.id)
        await settling.call(tx, made.id, "charge")
    await street.settle()
    return made.id


def wallet_payment(street: Street, who: DriverId, amount_minor: int, **more: object) -> Payment:
    now = street.now()
    return Payment(
        id=PaymentId(new_id()), purpose=Purpose.SESSION, state=State.CREATED, currency="SEK", amount_minor=amount_minor,
        driver_id=who, provider="wallet", created_at=now, updated_at=now, **more,
    )  # type: ignore[arg-type]  # fmt: skip


async def end(street: Street, payment_id: PaymentId, who: DriverId, price_minor: int) -> SessionId:
    session = await street.session(price_minor, payment_id, who)
    await street.priced(session)
    return session


async def at_once(street: Street, who: DriverId, price_minor: int) -> PaymentId:
    """A charge that nothing was held for is taken when it is over."""
    session = await street.session(price_minor, None, who)
    async with street.house.database.transaction() as tx:
        made = wallet_payment(street, who, price_minor, due_minor=price_minor, session_id=session, wish=Wish.CAPTURE)
        await store.insert(tx, made)
        await settling.call(tx, made.id, "charge")
    await street.settle()
    return made.id


async def wallet(street: Street, who: DriverId) -> Wallet:
    async with street.house.database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return await service.wallet(tx, who, "SEK", street.now())


async def balances(street: Street, *numbers: str, owner: DriverId | None = None) -> list[int]:
    async with street.house.database.transaction() as tx:
        return [await ledger.balance(tx, number, owner=owner) for number in numbers]


async def test_what_is_paid_in_is_kept_for_a_charge_and_used(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 500_00)
    assert await balances(street, PROVIDER, ADVANCES) == [500_00, -500_00]
    payment_id = await begin(street, ada, 300_00)
    assert (await street.payment(payment_id)).state is State.AUTHORISED
    assert (found := await wallet(street, ada)).held_minor == 300_00
    assert found.available_minor == 200_00
    await end(street, payment_id, ada, 120_00)
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor) == (State.CAPTURED, 120_00)
    assert await wallet(street, ada) == Wallet(currency="SEK", balance_minor=380_00, refundable_minor=380_00)
    assert await balances(street, SALES_25, VAT_25) == [-96_00, -24_00]


async def test_too_little_is_refused_and_says_how_much_is_missing(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    payment = await street.payment(await begin(street, ada, 150_00))
    assert (payment.state, payment.failure_code, payment.failure_text) == (State.FAILED, "not_enough", "5000")
    assert (await wallet(street, ada)).held_minor == 0
    nobody = await driver(street, "bo@example.se")
    assert (await street.payment(await begin(street, nobody, 1))).failure_text == "1"


async def test_f51_two_sessions_cannot_spend_the_same_krona(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 50_00)
    first, second = await asyncio.gather(begin(street, ada, 50_00), begin(street, ada, 50_00))
    states = sorted([(await street.payment(one)).state for one in (first, second)])
    assert states == [State.AUTHORISED, State.FAILED]
    assert (await wallet(street, ada)).available_minor == 0


async def test_f51_a_balance_falls_below_zero_only_by_what_a_running_charge_used_beyond_its_hold(
    street: Street,
) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    payment_id = await begin(street, ada, 100_00)
    await end(street, payment_id, ada, 130_00)
    payment = await street.payment(payment_id)
    assert (payment.captured_minor, payment.shortfall_minor) == (130_00, 0)
    assert (await wallet(street, ada)).balance_minor == -30_00
    assert (await street.payment(await begin(street, ada, 10_00))).failure_text == "4000", "the next one waits"
    await top_up(street, ada, 100_00)
    assert (await wallet(street, ada)).available_minor == 70_00


async def test_a_charge_that_came_to_nothing_gives_its_hold_back(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    payment_id = await begin(street, ada, 100_00)
    async with street.house.database.transaction() as tx:
        locked = await store.locked(tx, payment_id)
        assert locked is not None
        assert locked.start_request_id is not None
        await payments.release(tx, street.house, [locked.start_request_id], street.now())
    await street.settle()
    assert (await street.payment(payment_id)).state is State.CANCELLED
    assert (await wallet(street, ada)).available_minor == 100_00


async def test_a_charge_without_a_hold_is_taken_when_it_is_over(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    assert (await street.payment(await at_once(street, ada, 60_00))).state is State.CAPTURED
    assert (await street.payment(await at_once(street, ada, 60_00))).state is State.FAILED
    assert (await wallet(street, ada)).available_minor == 40_00


async def test_f18_a_charge_whose_answer_was_lost_is_found_by_its_hold_and_booked_once(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 100_00)
    session = await street.session(60_00, None, ada)
    made = wallet_payment(street, ada, 60_00, due_minor=60_00, session_id=session, wish=Wish.CAPTURE)
    async with street.house.database.transaction() as tx:
        await store.insert(tx, made)
        await store.save(tx, replace(made, state=State.UNKNOWN))
    async with street.house.database.transaction() as tx:
        order = await order_of(tx, made)
    await provider_named(street.house, "wallet").charge(order, Card(str(ada), str(ada)))
    await street.later(minutes=1)
    assert (await street.payment(made.id)).state is State.CAPTURED
    assert (await wallet(street, ada)).balance_minor == 40_00


async def test_f39_the_vat_of_a_single_purpose_balance_falls_due_when_it_is_paid_in(street: Street) -> None:
    await policy(street, purpose=VoucherPurpose.SINGLE)
    ada = await driver(street)
    await top_up(street, ada, 500_00)
    assert await balances(street, VAT_25, VAT_WAITING) == [-100_00, 100_00]
    await end(street, await begin(street, ada, 300_00), ada, 200_00)
    assert await balances(street, SALES_25, VAT_25, VAT_WAITING) == [-160_00, -100_00, 60_00]
    await end(street, await begin(street, ada, 300_00), ada, 350_00)
    assert await balances(street, SALES_25, VAT_25, VAT_WAITING) == [-440_00, -110_00, 0], "an overrun is a sale"
    await top_up(street, ada, 150_00)
    assert await balances(street, VAT_25, VAT_WAITING) == [-130_00, 20_00], "what fills the overrun was sold before"


async def test_f39_a_refund_to_the_wallet_brings_its_vat_back_and_one_to_the_card_takes_it_along(
    street: Street,
) -> None:
    await policy(street, purpose=VoucherPurpose.SINGLE)
    ada = await driver(street)
    paid_in = await top_up(street, ada, 500_00)
    charge = await begin(street, ada, 300_00)
    await end(street, charge, ada, 300_00)
    async with street.house.database.transaction() as tx:
        await payments.refund(tx, CLERK, charge, 100_00, "slow", street.now())
    await street.settle()
    assert (await wallet(street, ada)).balance_minor == 300_00
    assert await balances(street, SALES_25, VAT_25, VAT_WAITING) == [-160_00, -100_00, 60_00]
    async with street.house.database.transaction() as tx:
        await payments.refund(tx, CLERK, paid_in, 300_00, "wants it back", street.now())
    await street.settle()
    assert (await wallet(street, ada)).balance_minor == 0
    assert await balances(street, SALES_25, VAT_25, VAT_WAITING, PROVIDER) == [-160_00, -40_00, 0, 200_00]


async def test_goodwill_is_given_once_within_a_limit_for_each_role_and_is_not_paid_out(street: Street) -> None:
    ada = await driver(street)
    support = Actor("operator", new_id(), "Sam", PERMISSIONS[Role.SUPPORT])
    finance = Actor("operator", new_id(), "Fia", PERMISSIONS[Role.FINANCE])
    technician = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN])
    form = uuid4()

    async def give(who: Actor, amount_minor: int, why: str = "the charger was slow", once=None) -> None:
        async with street.house.database.transaction() as tx:
            await service.give_goodwill(
                tx, street.house, who, ada, amount_minor, why, street.now(), once=once or uuid4()
            )

    await give(support, 100_00, once=form)
    await give(support, 100_00, once=form)
    for who, amount in ((support, 200_01), (finance, 2_000_01), (technician, 1)):
        with pytest.raises(NotAllowed):
            await give(who, amount)
    with pytest.raises(Invalid):
        await give(support, 10_00, why=" ")
    assert await balances(street, GOODWILL, ADVANCES) == [100_00, -100_00]
    assert (await wallet(street, ada)).refundable_minor == 0
    await top_up(street, ada, 50_00)
    assert (await wallet(street, ada)).refundable_minor == 50_00
    await end(street, await begin(street, ada, 120_00), ada, 120_00)
    assert (await wallet(street, ada)).refundable_minor == 30_00, "goodwill is used first"
    assert await street.value("SELECT count(*) FROM audit_log WHERE action = 'wallet.goodwill'") == 1


async def test_f20_what_a_driver_has_used_of_a_top_up_does_not_go_back_to_the_card(street: Street) -> None:
    ada = await driver(street)
    paid_in = await top_up(street, ada, 200_00)
    await end(street, await begin(street, ada, 150_00), ada, 150_00)
    async with street.house.database.transaction() as tx:
        with pytest.raises(Conflict, match="used"):
            async with tx.savepoint():
                await payments.refund(tx, CLERK, paid_in, 50_01, "x", street.now())
        await payments.refund(tx, CLERK, paid_in, 50_00, "x", street.now())
    assert (await wallet(street, ada)).available_minor == 0, "it is kept while it is on its way"
    await street.settle()
    found = await wallet(street, ada)
    assert (found.balance_minor, found.held_minor) == (0, 0)


@pytest.mark.failure_mode(22, 39)
async def test_a_top_up_that_is_lost_in_a_dispute_takes_its_waiting_vat_along(street: Street) -> None:
    await policy(street, purpose=VoucherPurpose.SINGLE)
    ada = await driver(street)
    paid_in = await top_up(street, ada, 100_00)
    async with street.house.database.transaction() as tx:
        payment = await store.locked(tx, paid_in)
        assert payment is not None
        for _ in range(2):
            await books.lost(tx, payment, 100_00, "one", street.now())
            lines = (Line(ADVANCES, 100_00, "SEK", ada), Line(DISPUTED, -100_00, "SEK"))
            lost = Entry(
                idempotency_key="lost", kind="dispute_lost", occurred_at=street.now(), source_kind="payment",
                source_id=paid_in, lines=lines,
            )  # fmt: skip
            await ledger.post(tx, lost)
    assert await balances(street, ADVANCES, VAT_25, VAT_WAITING) == [0, 0, 0]


@pytest.mark.failure_mode(2, 18)
async def test_a_price_that_comes_while_a_hold_has_no_answer_is_all_that_is_taken(street: Street) -> None:
    ada = await driver(street)
    await top_up(street, ada, 300_00)
    async with street.house.database.transaction() as tx:
        made = wallet_payment(street, ada, 250_00, start_request_id=await street.world.start(tx, driver=ada))
        await store.insert(tx, made)
        order = await order_of(tx, made)
    await provider_named(street.house, "wallet").charge(order, Card(str(ada), str(ada)))
    async with street.house.database.transaction() as tx:
        await store.save(tx, replace(made, state=State.UNKNOWN))
    await end(street, made.id, ada, 50_00)
    await street.later(minutes=2)
    await street.later(minutes=2)
    assert (await street.payment(made.id)).captured_minor == 50_00
    assert (await wallet(street, ada)).available_minor == 250_00
