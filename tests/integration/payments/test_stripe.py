"""Payments through Stripe over HTTP, against a Stripe of our own that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Unavailable
from laddverk.payments import service
from laddverk.payments.model import Checkout, State
from laddverk.payments.providers.port import Forged
from laddverk.platform.database import Database
from tests.doubles.stripe_simulator import Fault, StripeSimulator
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.stripe_street import authorised, deliver, stripe_street


@pytest.fixture
def stripe() -> StripeSimulator:
    return StripeSimulator()


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch, stripe: StripeSimulator) -> AsyncIterator[Street]:
    async with stripe_street(database, monkeypatch, stripe) as made:
        yield made


def page_of(url: str) -> str:
    return url.rpartition("/")[2]


async def test_a_charge_through_checkout_is_reserved_taken_and_refunded(
    street: Street, stripe: StripeSimulator
) -> None:
    _, payment_id, url = await street.opened()
    assert url.startswith("https://checkout.stripe.example/")
    stripe.pay(page_of(url), "declined")
    await deliver(street, stripe)
    assert (await street.payment(payment_id)).state == State.CHECKOUT
    stripe.pay(page_of(url))
    await deliver(street, stripe)
    assert street.names() == ["PaymentAuthorised"]
    await street.priced(await street.session(12_345, payment_id))
    async with street.house.database.transaction() as tx:
        await service.refund(tx, rule("test"), payment_id, 2_345, "Kabeln satt fast", street.now())
    await street.settle()
    await deliver(street, stripe)
    payment = await street.payment(payment_id)
    assert (payment.captured_minor, payment.refunded_minor) == (12_345, 2_345)
    assert [intent["amount_received"] for intent in stripe.of_kind("payment_intent")] == [12_345]
    assert await balances(street) == {"1580": 10_000, "3001": -8_000, "2611": -2_000}


@pytest.mark.failure_mode(3, 4)
@pytest.mark.parametrize("seed", range(4))
async def test_events_in_any_order_and_number_give_the_same_money(
    street: Street, stripe: StripeSimulator, seed: int
) -> None:
    _, payment_id, url = await street.opened()
    stripe.pay(page_of(url))
    await street.later(minutes=11)  # no event came: reconcile finds out
    await street.priced(await street.session(12_345, payment_id))
    stripe.refund_by_hand(stripe.of_kind("payment_intent")[0]["id"], 2_345)
    await deliver(street, stripe, Random(seed), copies=3)
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.refunded_minor) == (State.CAPTURED, 12_345, 2_345)
    assert sorted(street.names()) == ["PaymentAuthorised", "PaymentCaptured", "PaymentRefunded"]
    assert await balances(street) == {"1580": 10_000, "3001": -8_000, "2611": -2_000}


@pytest.mark.failure_mode(5)
async def test_forged_and_old_events_do_nothing(street: Street, stripe: StripeSimulator) -> None:
    await authorised(street, stripe)
    headers, body = stripe.signed_event(stripe.events[0], street.now())
    with pytest.raises(Forged):
        await service.receive_webhook(street.house, "stripe", headers, body.replace(b"pi_", b"pj_"))
    with pytest.raises(Forged):
        await service.receive_webhook(street.house, "stripe", {}, body)
    street.offset *= 0
    headers, body = stripe.signed_event(stripe.events[0], street.now().replace(year=2025))
    with pytest.raises(Forged):
        await service.receive_webhook(street.house, "stripe", headers, body)


@pytest.mark.failure_mode(1, 2)
async def test_a_lost_answer_to_open_a_page_gives_the_same_page_again(street: Street, stripe: StripeSimulator) -> None:
    stripe.faults.append(Fault("POST /v1/checkout/sessions", "drop_after", times=2))
    start = await street.start()

    async def open_page() -> Checkout:
        url = "https://ladda.example/s/a"
        return await service.open_adhoc(
            street.house, start_request_id=start, amount_minor=30_000, return_url=url, now=street.now()
        )

    with pytest.raises(Unavailable):
        await open_page()
    first, second = await open_page(), await open_page()
    assert first == second
    assert len(stripe.of_kind("checkout.session")) == 1


@pytest.mark.failure_mode(2, 18)
@pytest.mark.parametrize("does", ["drop_before", "drop_after", "error_before", "error_after"])
async def test_a_capture_without_an_answer_is_asked_about_and_happens_once(
    street: Street, stripe: StripeSimulator, does: str
) -> None:
    payment_id = await authorised(street, stripe)
    stripe.faults.append(Fault("/capture$", does, times=2))
    await street.priced(await street.session(10_000, payment_id))
    assert (await street.payment(payment_id)).state == State.UNKNOWN
    if does == "error_before":
        stripe.kept.clear()  # Stripe keeps its own error under the key, and forgets keys after a day
    await street.later(seconds=10)
    await street.later(seconds=70)
    assert (await street.payment(payment_id)).captured_minor == 10_000
    assert street.names().count("PaymentCaptured") == 1
    assert (await balances(street))["1580"] == 10_000


@pytest.mark.failure_mode(2, 20)
async def test_a_refund_without_an_answer_is_looked_for_before_it_is_asked_again(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id = await authorised(street, stripe)
    await street.priced(await street.session(10_000, payment_id))
    stripe.faults.append(Fault("POST /v1/refunds", "error_after"))
    stripe.faults.append(Fault("POST /v1/refunds", "drop_before"))
    async with street.house.database.transaction() as tx:
        await service.refund(tx, rule("test"), payment_id, 4_000, "Fel", street.now())
    await street.settle()
    stripe.kept.clear()
    await street.later(minutes=2)
    assert stripe.refunded(stripe.of_kind("payment_intent")[0]["id"]) == 4_000
    assert (await street.payment(payment_id)).refunded_minor == 4_000


@pytest.mark.failure_mode(14)
async def test_a_reservation_that_stripe_let_go_becomes_a_receivable(street: Street, stripe: StripeSimulator) -> None:
    payment_id = await authorised(street, stripe)
    stripe.expire_authorisation(stripe.of_kind("payment_intent")[0]["id"])
    await street.priced(await street.session(10_000, payment_id))
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert (await balances(street))["1510"] == 10_000


@pytest.mark.failure_mode(15)
async def test_a_start_that_fails_while_the_person_pays_gives_the_money_back(
    street: Street, stripe: StripeSimulator
) -> None:
    start, payment_id, url = await street.opened()
    stripe.pay(page_of(url))
    async with street.house.database.transaction() as tx:
        await service.release(tx, street.house, [start], street.now())
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert [intent["status"] for intent in stripe.of_kind("payment_intent")] == ["canceled"]
    assert "PaymentAuthorised" not in street.names()


async def test_a_page_that_is_closed_cannot_be_paid_on(street: Street, stripe: StripeSimulator) -> None:
    start, payment_id, url = await street.opened()
    async with street.house.database.transaction() as tx:
        await service.release(tx, street.house, [start], street.now())
    await street.settle()
    assert stripe.things[page_of(url)]["status"] == "expired"
    assert (await street.payment(payment_id)).state == State.CANCELLED


async def with_card(street: Street, stripe: StripeSimulator, card: str) -> DriverId:
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
    page = await service.open_save_card(street.house, driver, return_url="https://ladda.example/my", now=street.now())
    stripe.pay(page_of(page.url), card)
    await deliver(street, stripe)
    async with street.house.database.transaction() as tx:
        cards = await service.saved_cards(tx, street.house, driver)
    assert [(each.brand, each.last4, each.expires) for each in cards] == [("visa", "4242", "04/2030")]
    return driver


async def test_a_saved_card_is_charged_when_a_session_is_priced(street: Street, stripe: StripeSimulator) -> None:
    driver = await with_card(street, stripe, "good")
    session = await street.session(8_000, None, driver)
    await street.priced(session)
    await street.priced(session)
    assert [intent["amount_received"] for intent in stripe.of_kind("payment_intent")] == [8_000]
    assert (await balances(street))["1580"] == 8_000


@pytest.mark.failure_mode(2)
async def test_a_charge_without_an_answer_is_found_by_our_own_id(street: Street, stripe: StripeSimulator) -> None:
    driver = await with_card(street, stripe, "good")
    stripe.faults.append(Fault("POST /v1/payment_intents$", "drop_after", times=2))
    await street.priced(await street.session(8_000, None, driver))
    assert await street.value("SELECT state FROM payment WHERE purpose = 'session'") == "unknown"
    await street.later(seconds=10)
    assert await street.value("SELECT captured_minor FROM payment WHERE purpose = 'session'") == 8_000
    assert len(stripe.of_kind("payment_intent")) == 1


async def test_a_saved_card_that_fails_leaves_it_to_the_invoice(street: Street, stripe: StripeSimulator) -> None:
    driver = await with_card(street, stripe, "declined")
    session = await street.session(8_000, None, driver)
    await street.priced(session)
    assert await street.value("SELECT failure_code FROM payment WHERE purpose = 'session'") == "insufficient_funds"
    assert await street.value("SELECT settlement FROM session WHERE id = $1", session) == "invoice"


async def test_a_wrong_key_says_nothing_about_the_payments(street: Street, stripe: StripeSimulator) -> None:
    payment_id = await authorised(street, stripe)
    good, stripe.key = stripe.key, "sk_test_other"
    await street.priced(await street.session(10_000, payment_id))
    assert (await street.payment(payment_id)).state == State.UNKNOWN
    stripe.key = good
    await street.later(seconds=10)
    assert (await street.payment(payment_id)).captured_minor == 10_000


async def test_many_payments_at_once_lose_and_double_nothing(street: Street, stripe: StripeSimulator) -> None:
    stripe.faults.append(Fault("/capture$", "drop_after", times=7))
    pages = [await street.opened() for _ in range(12)]
    for _, _, url in pages:
        stripe.pay(page_of(url))
    await deliver(street, stripe, Random(1), copies=2)
    sessions = [await street.session(1_000 + place, payment_id) for place, (_, payment_id, _) in enumerate(pages)]
    await asyncio.gather(*(street.priced(session, run=False) for session in sessions))
    await street.settle()
    await street.later(seconds=10)
    await street.later(seconds=70)
    taken = sum(intent["amount_received"] for intent in stripe.of_kind("payment_intent"))
    assert taken == sum(1_000 + place for place in range(12)) == (await balances(street))["1580"]
    assert street.names().count("PaymentCaptured") == 12
