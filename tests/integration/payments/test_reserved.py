"""Amounts reserved on cards while a session runs: raised, used up, about to end, or for nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import PaymentId, SessionId, new_id
from laddverk.kernel.problems import Conflict
from laddverk.payments import claims, store
from laddverk.payments.model import State
from laddverk.payments.reserved import service as reserved
from laddverk.payments.reserved import store as card_store
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.integration.payments.conftest import Street, street_on

PATIENCE_S = 10.0  # who waits for a lock waits for ever
TARIFF = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(5)),))
IDLE_TOO = Tariff(
    components=(
        Component(dimension=Dimension.ENERGY, price=Decimal(5)),
        Component(dimension=Dimension.IDLE, price=Decimal(10)),
    )
)


async def running(
    street: Street, payment_id: PaymentId, energy_wh: int, power_w: int = 11_000, tariff: Tariff = TARIFF
) -> SessionId:
    """A session at the street's charger that has taken `energy_wh` in the last hour and goes on."""
    session = SessionId(new_id())
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE station SET connected_at = now(), protocol = 'ocpp1.6' WHERE id = $1", street.world.station
        )
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, settlement, started_at, received_at,"
            " energy_wh, power_w, payment_id, start_request_id, tariff)"
            " SELECT $1, $2, 1, '77', 'payment', $3, $3, $4, $5, $6, payment.start_request_id, $7"
            " FROM payment WHERE id = $6",
            session,
            street.world.station,
            street.now() - timedelta(hours=1),
            energy_wh,
            power_w,
            payment_id,
            tariff,
        )
        await tx.execute(
            "UPDATE start_request SET session_id = $1 WHERE id = (SELECT start_request_id FROM payment WHERE id = $2)",
            session,
            payment_id,
        )
    return session


async def watched(street: Street) -> None:
    """One look at all that runs, and what it causes."""
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(reserved.WATCH, {})])
    await street.settle()


async def events(street: Street, payment_id: PaymentId) -> list[str]:
    async with street.house.database.transaction() as tx:
        return await tx.values("SELECT kind FROM payment_event WHERE payment_id = $1 ORDER BY at, id", payment_id)


async def stops(street: Street) -> int:
    return int(await street.value("SELECT count(*) FROM audit_log WHERE action = 'session.stop_requested'"))


@pytest.mark.failure_mode(13)
async def test_f13_more_is_reserved_before_a_running_charge_outgrows_its_money(street: Street) -> None:
    payment_id = await street.authorised(amount_minor=30_000)
    await running(street, payment_id, 59_500)  # 297.50 kr, and 11 kW for six minutes are 5.50 kr more
    await watched(street)
    payment = await street.payment(payment_id)
    assert (payment.state, payment.authorised_minor) == (State.AUTHORISED, 40_000)
    assert "raised" in await events(street, payment_id)
    limit = "SELECT cost_limit_minor FROM start_request WHERE id = $1"
    assert await street.value(limit, payment.start_request_id) == 40_000
    await watched(street)
    assert (await street.payment(payment_id)).authorised_minor == 40_000
    assert await stops(street) == 0


async def test_a_charge_far_from_its_money_is_left_alone(street: Street) -> None:
    payment_id = await street.authorised(amount_minor=30_000)
    await running(street, payment_id, 40_000)
    await watched(street)
    assert (await street.payment(payment_id)).authorised_minor == 30_000


@pytest.mark.failure_mode(13)
async def test_f13_the_idle_fee_to_come_counts(street: Street) -> None:
    """295 kr of energy, and ten kronor a minute if the car stays: six minutes of it are not covered."""
    payment_id = await street.authorised(amount_minor=30_000)
    await running(street, payment_id, 59_000, 0, IDLE_TOO)
    await watched(street)
    assert (await street.payment(payment_id)).authorised_minor == 40_000


@pytest.mark.failure_mode(13)
async def test_f13_a_card_that_reserves_no_more_stops_the_charge_at_its_limit(street: Street) -> None:
    payment_id = await street.authorised("no_raise", amount_minor=30_000)
    session = await running(street, payment_id, 59_500)
    await watched(street)
    assert (await events(street, payment_id))[-1] == "raise_refused"
    assert await stops(street) == 0  # what is reserved still lasts for some minutes
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET energy_wh = 59950 WHERE id = $1", session)
    await watched(street)
    await watched(street)
    assert (await events(street, payment_id))[-1] == "spent"
    assert await stops(street) == 1
    assert await street.value("SELECT count(*) FROM command WHERE state = 'queued'") == 1
    assert (await street.payment(payment_id)).state == State.AUTHORISED


@pytest.mark.failure_mode(13)
async def test_f13_what_was_delivered_beyond_the_limit_is_owed_and_not_taken(street: Street) -> None:
    payment_id = await street.charged(31_000, "no_raise", amount_minor=30_000)
    payment = await street.payment(payment_id)
    assert (payment.captured_minor, payment.shortfall_minor) == (30_000, 1_000)
    assert "shortfall" in await events(street, payment_id)
    assert await street.value("SELECT count(*) FROM payment") == 1


async def test_an_operator_may_let_charges_go_on_and_be_owed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = await street_on(database, monkeypatch, Settings(demo=True, reserve_spent="go_on"))
    payment_id = await street.authorised("no_raise", amount_minor=30_000)
    await running(street, payment_id, 70_000)
    await watched(street)
    await watched(street)
    assert await stops(street) == 0


async def test_an_amount_is_never_raised_above_the_most(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    street = await street_on(database, monkeypatch, Settings(demo=True, reserve_max_minor=35_000))
    payment_id = await street.authorised(amount_minor=30_000)
    await running(street, payment_id, 80_000)
    await watched(street)
    assert (await street.payment(payment_id)).authorised_minor == 35_000
    await watched(street)
    assert await stops(street) == 1


async def test_a_raise_whose_answer_is_lost_is_found_and_made_once(street: Street) -> None:
    payment_id = await street.authorised("lost_answers", amount_minor=30_000)
    await running(street, payment_id, 59_500)
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(reserved.RAISE, {"payment_id": str(payment_id), "to_minor": 40_000})])
    await street.settle()
    assert "raise_unanswered" in await events(street, payment_id)
    await street.later(seconds=10)
    payment = await street.payment(payment_id)
    assert (payment.state, payment.authorised_minor) == (State.AUTHORISED, 40_000)


@pytest.mark.failure_mode(14)
async def test_f14_a_charge_is_ended_before_its_reservation_ends_and_taken(street: Street) -> None:
    payment_id = await street.authorised(amount_minor=30_000)
    session = await running(street, payment_id, 10_000)
    await watched(street)
    assert await stops(street) == 0
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE payment_card SET capture_before = now() + interval '90 minutes'")
    await watched(street)
    assert (await stops(street), (await events(street, payment_id))[-1]) == (1, "reserve_ends")
    assert await street.value("SELECT alarm FROM payment_card") == "ends_soon"
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE session SET ended_at = now(), price_minor = 5000, vat_minor = 1000, vat_percent = 25,"
            " currency = 'SEK' WHERE id = $1",
            session,
        )
    await street.priced(session)
    assert (await street.payment(payment_id)).captured_minor == 5_000


@pytest.mark.failure_mode(15)
async def test_f15_money_that_led_to_no_charge_is_given_back_and_somebody_is_told(street: Street) -> None:
    payment_id = await street.authorised()
    await watched(street)
    assert (await street.payment(payment_id)).state == State.AUTHORISED
    street.offset += timedelta(minutes=31)
    await watched(street)
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert await street.value("SELECT alarm FROM payment_card WHERE seen_at IS NULL") == "no_start"
    assert await street.value("SELECT status FROM sandbox_payment") == "cancelled"
    async with street.house.database.transaction() as tx:
        await reserved.mark_seen(tx, rule("test"), payment_id, "the charger was off", street.now())
        with pytest.raises(Conflict):
            await reserved.mark_seen(tx, rule("test"), payment_id, "", street.now())


async def test_who_looks_after_reserves_waits_for_nobody_who_is_at_a_payment(street: Street) -> None:
    """It once waited for one while it held another, in another order than those who settle: a deadlock."""
    free, busy = await street.authorised(), await street.authorised()
    street.offset += timedelta(minutes=31)
    async with street.house.database.transaction() as tx:
        await store.locked(tx, busy)
        await asyncio.wait_for(watched(street), PATIENCE_S)
        touched = street.house.database.run(lambda other: claims.touch(other, [free, busy], street.now()))
        await asyncio.wait_for(touched, PATIENCE_S)
    assert [(await street.payment(each)).state for each in (free, busy)] == [State.CANCELLED, State.AUTHORISED]
    await watched(street)
    assert (await street.payment(busy)).state == State.CANCELLED


async def test_payments_of_many_starts_are_locked_by_id_as_all_are(street: Street) -> None:
    """The newest is told first, and was locked first once: whoever settled the same ones met them the other way."""
    payments = sorted([await street.authorised() for _ in range(3)])
    starts = {each: (await street.payment(each)).start_request_id for each in payments}
    at_it = asyncio.Event()

    async def settles() -> None:
        async with street.house.database.transaction() as tx:
            await store.locked(tx, payments[0])
            at_it.set()
            while not await street.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0)
            await claims.locked(tx, payments)

    async def lets_go() -> list[PaymentId]:
        await at_it.wait()
        async with street.house.database.transaction() as tx:
            return [each.id for each in await store.of_starts(tx, [start for start in starts.values() if start])]

    _, found = await asyncio.wait_for(asyncio.gather(settles(), lets_go()), PATIENCE_S)
    assert found == payments[::-1]


async def test_money_of_a_running_charge_is_never_given_back(street: Street) -> None:
    payment_id = await street.authorised()
    await running(street, payment_id, 1_000)
    street.offset += timedelta(minutes=31)
    await watched(street)
    assert (await street.payment(payment_id)).state == State.AUTHORISED


@pytest.mark.failure_mode(16)
async def test_f16_a_charge_that_cost_nothing_is_released_and_not_taken_as_zero(street: Street) -> None:
    payment_id = await street.charged(0)
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert "capturing" not in await events(street, payment_id)


async def test_the_card_and_its_wallet_are_kept_for_people_to_see(street: Street) -> None:
    await street.authorised("apple_pay")
    assert await street.value("SELECT wallet FROM payment_card") == "apple_pay"
    assert await street.value("SELECT capture_before > now() + interval '6 days' FROM payment_card")


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(card_store).items():
            if name.isupper() and isinstance(text, str):
                await tx.connection.prepare(text)
