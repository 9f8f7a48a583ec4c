"""Payouts: each krona that reaches the bank is traced to our books, through Stripe and through the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from laddverk.kernel.actors import rule
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.payments import service
from laddverk.payments.payouts import queries
from laddverk.payments.payouts import service as payouts
from laddverk.payments.payouts import store as payout_store
from laddverk.payments.providers import sandbox_money
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings
from tests.doubles.stripe_money import DISPUTE_FEE, fee_of
from tests.doubles.stripe_simulator import Fault, StripeSimulator
from tests.integration.payments.conftest import Street, balances, street_on
from tests.integration.payments.stripe_street import charged, deliver, stripe_street


@pytest.fixture
def stripe() -> StripeSimulator:
    return StripeSimulator(page_max=2)


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch, stripe: StripeSimulator) -> AsyncIterator[Street]:
    async with stripe_street(database, monkeypatch, stripe) as street:
        yield street


async def read(street: Street) -> None:
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(payouts.READ, {})])
    await street.settle()


async def the_payout(street: Street) -> queries.PayoutRow:
    async with street.house.database.transaction() as tx:
        (found,) = await queries.payouts(tx, "", "", "-made")
    return found


@pytest.mark.failure_mode(52)
async def test_f52_a_payout_that_agrees_leaves_nothing_with_the_provider(
    street: Street, stripe: StripeSimulator
) -> None:
    """Two charges of 100 kr and 50 kr, a refund of 10 kr, a dispute of 50 kr with its fee; all fees are Stripe's."""
    first = await charged(street, stripe, 10_000)
    await charged(street, stripe, 25_000)
    async with street.house.database.transaction() as tx:
        await service.refund(tx, rule("test"), first, 1_000, "Fel", street.now())
    await street.settle()
    stripe.dispute(stripe.of_kind("payment_intent")[1]["id"], amount=5_000)
    await deliver(street, stripe)
    made = stripe.pay_out()
    await deliver(street, stripe)
    payout = await the_payout(street)
    fees = fee_of(10_000) + fee_of(25_000)
    assert made["amount"] == 35_000 - 1_000 - 5_000 - DISPUTE_FEE - fees
    assert (payout.state, payout.difference_minor, payout.unmatched, payout.items) == ("paid", 0, 0, 4)
    assert payout.fees_minor == fees + DISPUTE_FEE
    assert await balances(street) == {
        "1515": 5_000, "1930": made["amount"], "3001": -(35_000 - 1_000) * 4 // 5, "2611": -(35_000 - 1_000) // 5,
        "6570": fees + DISPUTE_FEE,
    }  # fmt: skip


async def test_reading_a_payout_again_and_again_books_it_once(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    stripe.pay_out()
    await deliver(street, stripe, copies=3)
    before = await balances(street)
    street.offset += timedelta(days=2)
    await read(street)
    assert await balances(street) == before
    assert await street.value("SELECT bookings FROM payout") == 1


@pytest.mark.failure_mode(52)
async def test_f52_a_payout_with_an_item_that_nobody_lists_shows_and_books_the_difference(
    street: Street, stripe: StripeSimulator
) -> None:
    await charged(street, stripe, 10_000)
    await charged(street, stripe, 20_000)
    lost = stripe.of_kind("balance_transaction")[0]
    stripe.pay_out(missing=lost["id"])
    await deliver(street, stripe)
    payout = await the_payout(street)
    assert payout.difference_minor == lost["net"]
    assert (await balances(street))["1589"] == -lost["net"]
    async with street.house.database.transaction() as tx:
        assert await queries.to_look_at(tx) == 1
        (standing,) = await queries.standing(tx, ["stripe"])
        assert (standing.captured_minor, standing.differing) == (10_000, 1)
    lost["payout"] = stripe.of_kind("payout")[0]["id"]  # they find it after all
    await read(street)
    assert (await the_payout(street)).difference_minor == 0
    assert "1589" not in await balances(street)
    assert "1580" not in await balances(street)


@pytest.mark.failure_mode(52)
async def test_f52_what_is_nothing_of_ours_is_a_difference_until_it_is(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    stranger = stripe._made("ch_", object="charge", payment_intent="pi_stranger", metadata={})
    stripe.moved("charge", 4_000, 60, stranger)
    stripe.pay_out()
    await deliver(street, stripe)
    payout = await the_payout(street)
    assert (payout.difference_minor, payout.unmatched) == (3_940, 1)
    async with street.house.database.transaction() as tx:
        (item,) = await queries.items(tx, payout.id, "", "problem")
    assert (item.problem, item.net_minor) == ("unknown", 3_940)


@pytest.mark.failure_mode(18)
async def test_f18_a_capture_that_we_missed_is_found_before_its_payout_is_booked(
    street: Street, stripe: StripeSimulator
) -> None:
    """Answer and message are lost: our books learn of the capture by asking, and then the payout fits."""
    _, payment_id, url = await street.opened()
    stripe.pay(url.rpartition("/")[2])
    await deliver(street, stripe)
    stripe.faults.append(Fault("/capture$", "drop_after", times=2))
    await street.priced(await street.session(10_000, payment_id))
    assert (await street.payment(payment_id)).captured_minor == 0
    stripe.events.clear()
    stripe.pay_out()
    await read(street)
    assert (await the_payout(street)).unmatched == 1
    await street.later(seconds=10)
    await read(street)
    assert (await street.payment(payment_id)).captured_minor == 10_000
    assert (await the_payout(street)).difference_minor == 0
    assert "1580" not in await balances(street)


async def test_a_payout_that_the_bank_sends_back_is_booked_back(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    made = stripe.pay_out()
    await deliver(street, stripe)
    stripe.bounce(made["id"])
    street.offset += timedelta(days=2)
    await read(street)
    assert (await the_payout(street)).state == "failed"
    assert await balances(street) == {"1580": 10_000, "3001": -8_000, "2611": -2_000}
    again = stripe.pay_out()
    await read(street)
    assert (await balances(street)).get("1930") == again["amount"]
    assert await street.value("SELECT count(*) FROM payout WHERE difference_minor <> 0 AND state = 'paid'") == 0


async def test_what_is_only_on_its_way_is_not_in_the_bank_yet(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    made = stripe.pay_out(status="in_transit")
    await read(street)
    assert (await the_payout(street)).state == "in_transit"
    assert (await balances(street))["1580"] == 10_000
    made["status"] = "paid"
    await read(street)
    assert (await balances(street))["1930"] == made["amount"]


async def test_a_difference_is_looked_at_with_a_reason_and_asks_again_when_it_changes(
    street: Street, stripe: StripeSimulator
) -> None:
    await charged(street, stripe, 10_000)
    stripe.pay_out(extra=700)
    await deliver(street, stripe)
    payout = await the_payout(street)
    async with street.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await payouts.mark_seen(tx, rule("test"), payout.id, " ", street.now())
        await payouts.mark_seen(tx, rule("test"), payout.id, "ränta", street.now())
        with pytest.raises(Conflict):
            await payouts.mark_seen(tx, rule("test"), payout.id, "ränta", street.now())
        assert await queries.to_look_at(tx) == 0
    stripe.of_kind("payout")[0]["amount"] += 100
    await read(street)
    async with street.house.database.transaction() as tx:
        assert await queries.to_look_at(tx) == 1


async def test_silence_books_nothing_and_is_asked_again(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    stripe.pay_out()
    stripe.faults.append(Fault("GET /v1/balance_transactions", "drop_before", times=2))
    await read(street)
    assert await street.value("SELECT count(*) FROM payout") == 0
    await read(street)
    assert (await the_payout(street)).difference_minor == 0


async def test_the_sandbox_pays_out_by_night_and_lets_one_item_be_missing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = await street_on(database, monkeypatch, Settings(demo=True))
    await street.charged(10_000)
    await street.charged(20_000, "unlisted")
    await street.charged(5_000, "disputed")
    assert await street.value("SELECT state FROM payment_dispute") == "needs_response"
    async with street.house.database.transaction() as tx:
        await sandbox_money.pay_out(tx, street.now(), street.now() + timedelta(seconds=1))
    await street.settle()
    payout = await the_payout(street)
    assert payout.difference_minor == 20_000 - sandbox_money.fee_of(20_000)
    assert (await balances(street))["1580"] == 20_000


async def test_the_night_of_the_sandbox_comes_once_a_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    street = await street_on(database, monkeypatch, Settings(demo=True))
    await street.charged(10_000)
    tomorrow = (street.now().astimezone(ZoneInfo("Europe/Stockholm")) + timedelta(days=1)).replace(hour=4)
    async with street.house.database.transaction() as tx:
        assert not await sandbox_money.night(tx, tomorrow.replace(hour=0), "Europe/Stockholm")
        assert await sandbox_money.night(tx, tomorrow, "Europe/Stockholm")
        assert not await sandbox_money.night(tx, tomorrow + timedelta(hours=1), "Europe/Stockholm")


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for module in (payout_store, queries, sandbox_money):
            for name, text in vars(module).items():
                if name.isupper() and not name.startswith("_") and isinstance(text, str) and " " in text:
                    await tx.connection.prepare(text)


async def test_many_payouts_are_read_in_rounds_and_none_is_left_out(street: Street, stripe: StripeSimulator) -> None:
    for price in range(8):
        await charged(street, stripe, 10_000 + price)
        stripe.pay_out(extra=1)  # all of them differ: one that differs is read again in each round, once
    stripe.calls.clear()
    await read(street)
    assert await street.value("SELECT count(*) FROM payout WHERE difference_minor = 1") == 8
    assert stripe.calls.count("GET /v1/balance_transactions") == 8
