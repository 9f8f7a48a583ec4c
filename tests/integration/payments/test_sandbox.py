"""Payments through the built-in provider, with all its moods: each way ends with the right money in the ledger."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId, PaymentId
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.payments import service
from laddverk.payments.model import State
from laddverk.payments.ways.jobs import DEBIT_INVOICES
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street, balances

AGENT = rule("test")


async def test_a_charge_is_reserved_then_taken_and_the_rest_let_go(street: Street) -> None:
    payment_id = await street.authorised()
    assert (await street.payment(payment_id)).state == State.AUTHORISED
    assert street.names() == ["PaymentAuthorised"]
    assert street.told[0][1]["start_request_id"] is not None

    await street.priced(await street.session(12_345, payment_id))
    payment = await street.payment(payment_id)
    assert (payment.state, payment.authorised_minor, payment.captured_minor) == (State.CAPTURED, 30_000, 12_345)
    assert payment.session_id is not None
    assert street.names() == ["PaymentAuthorised", "PaymentCaptured"]
    assert await balances(street) == {"1580": 12_345, "3001": -9_876, "2611": -2_469}


async def test_the_start_request_learns_its_payment(street: Street) -> None:
    start, payment_id, _ = await street.opened()
    assert await street.value("SELECT payment_id FROM start_request WHERE id = $1", start) == payment_id


@pytest.mark.failure_mode(1)
async def test_two_clicks_on_pay_meet_the_same_page(street: Street) -> None:
    start = await street.start()
    pages = await asyncio.gather(
        *(
            service.open_adhoc(
                street.house, start_request_id=start, amount_minor=20_000, return_url="/s/a", now=street.now()
            )
            for _ in range(2)
        )
    )
    assert pages[0] == pages[1]


async def test_a_declined_card_leaves_the_page_open_for_another_one(street: Street) -> None:
    _, payment_id, url = await street.opened()
    status, page = await street.pay(url, "declined")
    assert (status, b'role="alert"' in page) == (200, True)
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CHECKOUT
    assert (await street.pay(url, "good"))[0] == 303
    await street.settle()
    assert (await street.payment(payment_id)).state == State.AUTHORISED


async def test_the_bank_asks_before_the_card_is_good(street: Street) -> None:
    _, payment_id, url = await street.opened()
    assert b"confirm" in (await street.pay(url, "confirm"))[1]
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CHECKOUT
    await street.pay(url, "confirm", "confirm")
    await street.settle()
    assert (await street.payment(payment_id)).state == State.AUTHORISED


async def test_who_gives_up_on_the_page_has_paid_nothing_and_may_try_again(street: Street) -> None:
    start, payment_id, url = await street.opened()
    await street.pay(url, do="cancel")
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert street.names() == ["PaymentFailed"]
    again = await service.open_adhoc(
        street.house, start_request_id=start, amount_minor=20_000, return_url="/s/a", now=street.now()
    )
    assert again.payment_id != payment_id


async def test_a_page_that_nobody_pays_on_closes_by_itself(street: Street) -> None:
    _, payment_id, _ = await street.opened()
    await street.later(minutes=31)
    assert (await street.payment(payment_id)).state == State.CANCELLED


async def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_done_twice(street: Street) -> None:
    payment_id = await street.authorised("lost_answers")
    session = await street.session(10_000, payment_id)
    await street.priced(session, run=False)
    async with asyncio.timeout(20):
        while (await street.payment(payment_id)).state != State.UNKNOWN:
            await street.house.worker.run_due()
    async with street.house.database.transaction() as tx:
        # The provider's own message must not help: only the question of reconcile may find out.
        told = "kind IN ('sandbox.deliver', 'payments.webhook', 'payments.ask')"
        await tx.execute(f"UPDATE job SET run_at = run_at + interval '1 day' WHERE {told}")
    await street.later(seconds=10)
    assert (await street.payment(payment_id)).captured_minor == 10_000
    assert await balances(street) == {"1580": 10_000, "3001": -8_000, "2611": -2_000}


@pytest.mark.failure_mode(3, 4)
async def test_messages_that_come_three_times_and_late_change_nothing(street: Street) -> None:
    for card in ("copies", "late"):
        payment_id = await street.authorised(card)
        await street.later(seconds=60)
        await street.priced(await street.session(5_000, payment_id))
        await street.later(seconds=60)
        assert (await street.payment(payment_id)).captured_minor == 5_000
    assert street.names().count("PaymentCaptured") == 2
    assert (await balances(street))["1580"] == 10_000
    assert await street.value("SELECT max(copies) FROM webhook_inbox") == 3


async def test_a_start_that_fails_gives_the_money_back(street: Street) -> None:
    start, payment_id, url = await street.opened()
    await street.pay(url)
    await street.settle()
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob("payments.void", {"start_request_id": str(start), "why": "no answer"})])
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert await street.value("SELECT status FROM sandbox_payment") == "cancelled"
    assert await balances(street) == {}


async def test_money_reserved_after_the_start_was_given_up_is_given_back(street: Street) -> None:
    """The person is on the bank's page while the start expires: the page is closed; who was quicker gets it back."""
    start, payment_id, url = await street.opened()
    await street.pay(url)
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob("payments.void", {"start_request_id": str(start), "why": "expired"})])
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert "PaymentAuthorised" not in street.names()


async def test_reserved_money_of_a_cancelled_start_is_found_even_when_nobody_said_so(street: Street) -> None:
    start, payment_id, url = await street.opened()
    await street.pay(url)
    await street.settle()
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE start_request SET cancelled_at = now(), cancelled_why = 'test' WHERE id = $1", start)
    await street.later(minutes=11)
    assert (await street.payment(payment_id)).state == State.CANCELLED


async def test_what_costs_more_than_was_reserved_leaves_a_receivable(street: Street) -> None:
    payment_id = await street.charged(25_000, amount_minor=20_000)
    payment = await street.payment(payment_id)
    assert (payment.captured_minor, payment.shortfall_minor) == (20_000, 5_000)
    assert await balances(street) == {"1510": 5_000, "1580": 20_000, "3001": -20_000, "2611": -5_000}


@pytest.mark.parametrize("price_minor", [0, 299])
async def test_what_is_too_small_to_take_is_let_go(street: Street, price_minor: int) -> None:
    payment_id = await street.charged(price_minor)
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert await balances(street) == {}


async def test_a_reservation_that_is_gone_at_the_end_becomes_a_receivable(street: Street) -> None:
    payment_id = await street.charged(10_000, "expires")
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert await balances(street) == {"1510": 10_000, "3001": -8_000, "2611": -2_000}


async def test_the_same_price_twice_is_taken_once(street: Street) -> None:
    payment_id = await street.authorised()
    session = await street.session(10_000, payment_id)
    await street.priced(session)
    await street.priced(session)
    assert street.names().count("PaymentCaptured") == 1
    assert (await balances(street))["1580"] == 10_000


async def test_a_correction_downwards_goes_back_and_upwards_is_only_noted(street: Street) -> None:
    payment_id = await street.authorised()
    session = await street.session(10_000, payment_id)
    await street.priced(session)
    for price in (9_000, 9_500):
        async with street.house.database.transaction() as tx:
            await tx.execute("UPDATE session SET price_minor = $2, version = version + 1 WHERE id = $1", session, price)
        await street.priced(session)
    payment = await street.payment(payment_id)
    assert (payment.captured_minor, payment.refunded_minor) == (10_000, 1_000)
    assert await street.value("SELECT amount_minor FROM payment_event WHERE kind = 'cost_rose'") == 500


async def ask_refund(street: Street, payment_id: PaymentId, amount_minor: int, actor: Actor = AGENT) -> None:
    async with street.house.database.transaction() as tx:
        await service.refund(tx, actor, payment_id, amount_minor, "Laddaren slutade i förtid", street.now())


async def test_refunds_go_back_and_never_exceed_what_was_taken(street: Street) -> None:
    payment_id = await street.charged(9_999)
    await ask_refund(street, payment_id, 3_333)
    with pytest.raises(Invalid):
        await ask_refund(street, payment_id, 6_667)
    await street.settle()
    await ask_refund(street, payment_id, 3_333)
    await ask_refund(street, payment_id, 3_333)
    await street.settle()
    with pytest.raises(Invalid):
        await ask_refund(street, payment_id, 1)
    assert (await street.payment(payment_id)).refunded_minor == 9_999
    assert await balances(street) == {}
    assert street.names().count("PaymentRefunded") == 3


async def test_two_agents_cannot_refund_the_same_money(street: Street) -> None:
    payment_id = await street.charged(10_000)
    results = await asyncio.gather(*(ask_refund(street, payment_id, 6_000) for _ in range(3)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Invalid", "Invalid", "NoneType"]


async def test_a_refund_whose_answer_is_lost_is_made_once(street: Street) -> None:
    payment_id = await street.charged(10_000, "lost_answers")
    await street.later(seconds=10)
    await ask_refund(street, payment_id, 4_000)
    await street.settle()
    await street.later(minutes=2)
    assert (await street.payment(payment_id)).refunded_minor == 4_000
    assert await street.value("SELECT refunded_minor FROM sandbox_payment") == 4_000
    assert (await balances(street))["1580"] == 6_000


async def test_a_refund_needs_the_right_a_reason_and_captured_money(street: Street) -> None:
    payment_id = await street.authorised()
    with pytest.raises(NotAllowed):
        await ask_refund(street, payment_id, 1, Actor("operator"))
    with pytest.raises(Conflict):
        await ask_refund(street, payment_id, 1)
    async with street.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.refund(tx, AGENT, payment_id, 1, "  ", street.now())


async def saved_card(street: Street, card: str = "good") -> DriverId:
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
    page = await service.open_save_card(street.house, driver, return_url="/me", now=street.now())
    await street.pay(page.url, card)
    await street.settle()
    assert (await street.payment(page.payment_id)).state == State.SAVED
    return driver


async def test_a_saved_card_pays_for_a_session_that_began_with_a_tag(street: Street) -> None:
    driver = await saved_card(street)
    session = await street.session(8_000, None, driver)
    await street.priced(session)
    await street.priced(session)
    assert await street.value("SELECT sum(captured_minor) FROM payment WHERE session_id = $1", session) == 8_000
    assert (await balances(street))["1580"] == 8_000


async def test_a_saved_card_reserves_before_a_start_from_the_app(street: Street) -> None:
    driver = await saved_card(street)
    start = await street.start()

    async def reserve(tx: Transaction) -> PaymentId:
        return await service.open_with_card(
            tx, street.house, driver_id=driver, start_request_id=start, amount_minor=30_000, now=street.now()
        )

    payment_id = await street.house.database.run(reserve)
    await street.settle()
    assert street.names()[-1] == "PaymentAuthorised"
    await street.priced(await street.session(7_000, payment_id, driver))
    assert (await street.payment(payment_id)).captured_minor == 7_000


@pytest.mark.parametrize("card", ["confirm", "none"])
async def test_what_no_card_pays_is_left_to_the_monthly_invoice(street: Street, card: str) -> None:
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
    if card == "confirm":
        page = await service.open_save_card(street.house, driver, return_url="/me", now=street.now())
        await street.pay(page.url, "confirm", "confirm")
        await street.settle()
    session = await street.session(8_000, None, driver)
    await street.priced(session)
    if card == "confirm":  # the driver may confirm for a while
        await street.later(days=4)
        async with street.house.database.transaction() as tx:
            await enqueue(tx, [NewJob(DEBIT_INVOICES, {})])
        await street.settle()
    assert await street.value("SELECT settlement FROM session WHERE id = $1", session) == "invoice"
    assert await balances(street) == {}


async def test_a_forgotten_card_is_not_charged(street: Street) -> None:
    driver = await saved_card(street)
    async with street.house.database.transaction() as tx:
        cards = await service.saved_cards(tx, street.house, driver)
        await service.forget_card(tx, street.house, driver, cards[0].id, street.now())
        assert await service.saved_cards(tx, street.house, driver) == []


async def test_an_invoice_is_paid_once_and_says_so(street: Street) -> None:
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
        await street.world.session(tx, driver, price_minor=45_000)
        now = street.now() + timedelta(days=0)
        await invoicing.run(tx, date(2026, 10, 1), AGENT, now, settings=street.house.settings)
        invoice_id = InvoiceId(await tx.value("SELECT id FROM invoice"))
    page = await service.open_invoice(street.house, invoice_id, return_url="/me", now=street.now())
    again = await service.open_invoice(street.house, invoice_id, return_url="/me", now=street.now())
    assert page == again
    await street.pay(page.url)
    await street.settle()
    assert await street.value("SELECT paid_minor FROM invoice") == 45_000
    assert await balances(street) == {"1580": 45_000, "3001": -36_000, "2611": -9_000}
    with pytest.raises(Conflict):
        await service.open_invoice(street.house, invoice_id, return_url="/me", now=street.now())


async def test_an_amount_that_nobody_offers_is_refused(street: Street) -> None:
    start = await street.start()
    for amount in (-1, 0, 299, 1_000_001):
        with pytest.raises(Invalid):
            await service.open_adhoc(
                street.house, start_request_id=start, amount_minor=amount, return_url="/", now=street.now()
            )
