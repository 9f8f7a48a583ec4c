"""Stripe over HTTP: amounts raised while a car charges, wallets, when a reservation ends, and refunds that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from laddverk.kernel.actors import rule
from laddverk.payments import service
from laddverk.payments.model import State
from laddverk.payments.queries import count_refunds_refused
from laddverk.payments.reserved import service as reserved
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from tests.doubles.stripe_money import CREATED, DAY_S
from tests.doubles.stripe_simulator import Fault, StripeSimulator
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.stripe_street import authorised, charged, deliver, stripe_street
from tests.integration.payments.test_reserved import events, running, stops, watched


@pytest.fixture
def stripe() -> StripeSimulator:
    return StripeSimulator()


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch, stripe: StripeSimulator) -> AsyncIterator[Street]:
    async with stripe_street(database, monkeypatch, stripe) as street:
        yield street


async def test_a_page_asks_for_an_authorisation_that_can_be_raised_and_lasts(
    street: Street, stripe: StripeSimulator
) -> None:
    await street.opened()
    page = stripe.of_kind("checkout.session")[0]
    assert page["payment_method_options"]["card"] == {
        "request_incremental_authorization": "if_available",
        "request_extended_authorization": "if_available",
    }


async def test_a_page_for_cards_leaves_room_for_apple_pay_and_google_pay(
    street: Street, stripe: StripeSimulator
) -> None:
    """On Checkout both are cards: they show by themselves where the device has them, unless cards are left out."""
    payment_id = await authorised(street, stripe, "apple_pay")
    assert list(stripe.of_kind("checkout.session")[0]["payment_method_types"].values()) == ["card"]
    async with street.house.database.transaction() as tx:
        (row,) = await tx.rows("SELECT * FROM payment_card WHERE payment_id = $1", payment_id)
    assert (row["brand"], row["last4"], row["wallet"]) == ("visa", "4242", "apple_pay")
    assert row["capture_before"] == datetime.fromtimestamp(CREATED + 7 * DAY_S, UTC)


@pytest.mark.failure_mode(13)
async def test_f13_stripe_reserves_more_while_the_car_charges_and_takes_what_it_cost(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id = await authorised(street, stripe)
    session = await running(street, payment_id, 59_500)
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE payment_card SET capture_before = now() + interval '7 days'")
    await watched(street)
    await deliver(street, stripe, copies=2)
    assert (await street.payment(payment_id)).authorised_minor == 40_000
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET ended_at = now(), price_minor = 33000, vat_minor = 6600, vat_percent = 25,"
            " currency = 'SEK' WHERE id = $1",
            session,
        )
    await street.priced(session)
    assert stripe.of_kind("payment_intent")[0]["amount_received"] == 33_000
    assert (await balances(street))["1580"] == 33_000


@pytest.mark.failure_mode(13)
@pytest.mark.parametrize("card", ["plain", "no_raise"])
async def test_f13_a_card_without_raises_stops_the_charge_when_its_money_is_used_up(
    street: Street, stripe: StripeSimulator, card: str
) -> None:
    payment_id = await authorised(street, stripe, card)
    await running(street, payment_id, 59_950)
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE payment_card SET capture_before = now() + interval '7 days'")
    await watched(street)
    await watched(street)
    assert await stops(street) == 1
    assert (await street.payment(payment_id)).authorised_minor == 30_000


@pytest.mark.failure_mode(2)
@pytest.mark.parametrize("does", ["drop_after", "error_after", "drop_before"])
async def test_a_raise_without_an_answer_is_asked_about_and_never_raised_twice(
    street: Street, stripe: StripeSimulator, does: str
) -> None:
    payment_id = await authorised(street, stripe)
    await running(street, payment_id, 1_000)
    stripe.faults.append(Fault("increment_authorization$", does, times=2))
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(reserved.RAISE, {"payment_id": str(payment_id), "to_minor": 40_000})])
    await street.settle()
    assert (await street.payment(payment_id)).state == State.UNKNOWN
    await street.later(seconds=10)
    payment = await street.payment(payment_id)
    assert payment.state == State.AUTHORISED
    assert payment.authorised_minor == stripe.of_kind("payment_intent")[0]["amount"]
    assert "raise_unanswered" in await events(street, payment_id)


@pytest.mark.failure_mode(21)
async def test_f21_a_refund_that_fails_is_still_owed_and_somebody_is_told(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id = await charged(street, stripe, 10_000)

    async def refund() -> None:
        async with street.house.database.transaction() as tx:
            await service.refund(tx, rule("test"), payment_id, 4_000, "Fel", street.now())
        await street.settle()

    stripe.faults.append(Fault("POST /v1/refunds", "refuse"))
    await refund()
    payment = await street.payment(payment_id)
    assert payment.refunded_minor == 0
    assert (await balances(street))["1580"] == 10_000
    async with street.house.database.transaction() as tx:
        assert await count_refunds_refused(tx) == 1
    await refund()  # in another try it goes
    assert (await street.payment(payment_id)).refunded_minor == 4_000
    async with street.house.database.transaction() as tx:
        assert await count_refunds_refused(tx) == 0


@pytest.mark.failure_mode(17)
async def test_f17_a_late_truth_goes_back_or_is_noted_and_is_never_a_second_capture(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id = await authorised(street, stripe)
    session = await street.session(10_000, payment_id)
    await street.priced(session)
    for price in (12_000, 9_000):
        async with street.house.database.transaction() as tx:
            await tx.execute("UPDATE session SET price_minor = $2, version = version + 1 WHERE id = $1", session, price)
        await street.priced(session)
    intent = stripe.of_kind("payment_intent")[0]
    assert (intent["amount_received"], stripe.refunded(intent["id"])) == (10_000, 1_000)
    assert await street.value("SELECT amount_minor FROM payment_event WHERE kind = 'cost_rose'") == 2_000
    assert len(stripe.of_kind("payment_intent")) == 1
