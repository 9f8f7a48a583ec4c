"""How charges are debited: the first way, the fallback, the invoice, or asked to pay; told each time, debited once."""

from __future__ import annotations

import pytest

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import DriverId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.payments import service, settling
from laddverk.payments.model import State
from laddverk.payments.providers import sandbox_bank
from laddverk.payments.providers.sandbox_bank import TestCard
from laddverk.payments.ways import service as ways
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.town import (
    BANK_WAY,
    INVOICE,
    WALLET,
    allow,
    card,
    charged,
    chooses,
    driver,
    held,
    mails,
    money,
    owes,
    settlement_of,
)
from tests.integration.payments.town import town as town


async def test_after_a_decline_the_fallback_pays_and_the_driver_is_told_of_both(town: Street) -> None:
    ada = await driver(town)
    broke, good = await card(town, ada, "no_funds", "0002"), await card(town, ada, "good", "4242")
    await chooses(town, ada, broke, good)
    session = await charged(town, ada)
    assert await town.value("SELECT array_agg(state ORDER BY created_at) FROM payment") == ["failed", "captured"]
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    (mail,) = await mails(town)
    assert "Visa •••• 0002: There was not enough money." in mail
    assert "We took it from Visa •••• 4242 instead." in mail
    assert await settlement_of(town, session) == "payment"


async def test_what_no_way_pays_goes_to_the_invoice_where_drivers_may_owe(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "no_funds"))
    session = await charged(town, ada)
    assert await settlement_of(town, session) == "invoice"
    assert await balances(town) == {}
    (mail,) = await mails(town)
    assert "The charge stands on your next invoice instead." in mail
    assert await held(town, ada) == ""


async def test_nobody_gets_a_debt_who_may_not_owe_the_charge_is_asked_for_and_starts_wait(town: Street) -> None:
    ada, session = await owes(town)
    assert await settlement_of(town, session) == "payment"
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    assert await held(town, ada) == "to_pay"
    (mail,) = await mails(town)
    assert "Please pay the charge on your page." in mail
    assert "/my/paying" in mail

    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    with pytest.raises(Conflict):
        await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())


async def test_a_page_that_is_left_leaves_the_debt_and_books_nothing(town: Street) -> None:
    ada, session = await owes(town)
    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url, do="cancel")
    await town.settle()
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    assert await held(town, ada) == "to_pay"
    assert await settlement_of(town, session) == "payment"


async def test_a_late_correction_of_what_is_owed_is_booked_as_the_difference(town: Street) -> None:
    _, session = await owes(town)
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET price_minor = 5000, vat_minor = 1000, version = 2 WHERE id = $1", session)
    await town.priced(session)
    await town.priced(session)
    assert await balances(town) == {"1510": 5_000, "3001": -4_000, "2611": -1_000}
    assert await town.value("SELECT amount_minor FROM unpaid_session") == 5_000


@pytest.mark.failure_mode(19)
async def test_f19_a_bank_that_asks_for_its_customer_is_not_asked_again_and_the_fallback_pays(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "confirm"), await card(town, ada, "good"))
    await charged(town, ada)
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 8_000
    assert await town.value("SELECT bool_and(stopped_code = '') FROM payment_method")


async def test_a_lost_card_is_not_tried_again(town: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandbox_bank.DECLINES, TestCard.DECLINED, "lost_card")
    ada = await driver(town)
    lost, good = await card(town, ada, "declined"), await card(town, ada, "good")
    await chooses(town, ada, lost, good)
    await charged(town, ada)
    assert await town.value("SELECT stopped_code FROM payment_method WHERE id = $1", lost.method_id) == "lost_card"
    await charged(town, ada)
    assert await town.value("SELECT count(*) FROM payment WHERE method_id = $1", lost.method_id) == 1
    assert await town.value("SELECT count(*) FROM payment WHERE method_id = $1", good.method_id) == 2


@pytest.mark.failure_mode(51)
async def test_f51_the_wallet_pays_first_and_what_it_cannot_pay_the_card_pays_whole(town: Street) -> None:
    ada = await driver(town)
    await money(town, ada, 10_000)
    await chooses(town, ada, WALLET, await card(town, ada))
    await charged(town, ada, 8_000)
    await charged(town, ada, 8_000)
    assert await town.value("SELECT array_agg(provider || ' ' || state ORDER BY created_at, id) FROM payment") == [
        "wallet captured", "wallet failed", "sandbox captured",
    ]  # fmt: skip
    assert (await balances(town))["2420"] == -2_000


async def test_small_sums_wait_for_the_month_where_the_driver_chose_so(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada), below=5_000)
    assert await settlement_of(town, await charged(town, ada, 4_999)) == "invoice"
    assert await settlement_of(town, await charged(town, ada, 5_000)) == "payment"
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 5_000


@pytest.mark.failure_mode(16)
async def test_f16_what_is_too_small_for_the_card_waits_for_the_month(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada))
    assert await settlement_of(town, await charged(town, ada, 299)) == "invoice"
    assert await town.value("SELECT count(*) FROM payment") == 0


@pytest.mark.failure_mode(2)
async def test_f02_the_same_decline_told_three_times_causes_one_try_of_the_fallback(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "good"))
    session = await charged(town, ada)
    failed = await town.value("SELECT id FROM payment WHERE state = 'failed'")
    async with town.house.database.transaction() as tx:
        again = NewJob(settling.NEXT_WAY, {"payment_id": str(failed)})
        await enqueue(tx, [again, again])
    await town.priced(session)
    assert await town.value("SELECT count(*) FROM payment") == 2
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 8_000
    assert len(await mails(town)) == 1


async def test_a_charge_without_energy_costs_nothing_and_what_was_reserved_goes_back(town: Street) -> None:
    ada = await driver(town)
    await card(town, ada)
    start = await town.start()
    async with town.house.database.transaction() as tx:
        payment_id = await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    assert payment_id is not None
    await town.settle()
    assert (await town.payment(payment_id)).state == State.AUTHORISED
    async with town.house.database.transaction() as tx:
        session = await town.world.session(
            tx, ada, price_minor=2_000, energy_wh=0, settlement="payment", payment_id=payment_id
        )
    await town.priced(session)
    assert (await town.payment(payment_id)).state == State.CANCELLED
    assert await settlement_of(town, session) == "free"
    assert await balances(town) == {}
    (mail,) = await mails(town)
    assert "The charger gave no energy, so the charge costs nothing." in mail
    assert "The 300,00 kr that were kept for it are released now." in mail


async def test_an_operator_may_take_a_fee_for_a_charge_without_energy(town: Street) -> None:
    await allow(town, free_without_energy=False)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada))
    session = await charged(town, ada, 2_000, energy_wh=0)
    assert await settlement_of(town, session) == "payment"
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 2_000


async def test_a_start_is_reserved_on_the_fallback_when_the_first_way_is_declined(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "good"))
    start = await town.start()
    async with town.house.database.transaction() as tx:
        await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    assert town.names() == ["PaymentAuthorised"], "nobody gave the start up in between"
    second = await town.value("SELECT payment_id FROM start_request WHERE id = $1", start)
    assert (await town.payment(second)).state == State.AUTHORISED


async def test_a_start_that_no_way_can_reserve_for_is_given_up(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "no_funds"))
    start = await town.start()
    async with town.house.database.transaction() as tx:
        await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    assert town.names() == ["PaymentFailed"]


@pytest.mark.failure_mode(14)
async def test_f14_a_reserve_that_lapsed_is_debited_anew_from_the_same_card(town: Street) -> None:
    ada = await driver(town)
    way = await card(town, ada, "expires")
    start = await town.start()
    async with town.house.database.transaction() as tx:
        payment_id = await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    async with town.house.database.transaction() as tx:
        session = await town.world.session(tx, ada, price_minor=7_000, settlement="payment", payment_id=payment_id)
    await town.priced(session)
    await town.later(minutes=2)
    assert await town.value("SELECT sum(captured_minor) FROM payment WHERE method_id = $1", way.method_id) == 7_000
    assert await balances(town) == {"1580": 7_000, "3001": -5_600, "2611": -1_400}


async def test_choosing_keeps_to_what_is_there_and_to_whom_it_belongs(town: Street) -> None:
    ada, eve = await driver(town), await driver(town)
    mine, hers = await card(town, ada), await card(town, eve)
    for first, fallback in ((hers, None), (mine, mine), (BANK_WAY, None)):
        with pytest.raises(Invalid):
            await chooses(town, ada, first, fallback)
    async with town.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await ways.choose(
                tx, town.house, Actor("driver", eve), ada, mine, None, at_once=True, gather_below_minor=0,
                now=town.now(),
            )  # fmt: skip
        with pytest.raises(NotFound):
            await ways.standing(tx, town.house, DriverId(new_id()), town.now())
    await allow(town, may_owe=False)
    with pytest.raises(Invalid):
        await chooses(town, ada, INVOICE)


async def test_removing_the_first_way_lets_the_fallback_move_up(town: Street) -> None:
    ada = await driver(town)
    first, second = await card(town, ada), await card(town, ada)
    await chooses(town, ada, first, second)
    async with town.house.database.transaction() as tx:
        assert first.method_id is not None
        await service.forget_card(tx, town.house, ada, first.method_id, town.now())
        standing = await ways.standing(tx, town.house, ada, town.now())
    assert (standing.choice.first, standing.choice.fallback, standing.order) == (second, None, (second,))
