"""A charge that is paid from a balance, at a charger on a real socket: kept, shown while it runs, taken at its end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from laddverk.kernel.ids import SessionId
from laddverk.ledger import service as ledger
from laddverk.ocpp.protocol import Protocol
from laddverk.payments.wallet import keeping, service
from laddverk.sessions import service as sessions
from laddverk.simulator.car import Car
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.integration.authorisation.test_reservations import is_free
from tests.integration.tariffs.test_currencies import apply
from tests.integration.web.test_reserving import signed_in
from tests.network import ACTOR

PER_CHARGE = Tariff(components=(Component(dimension=Dimension.SESSION, price=Decimal(40)),))


async def pays_by_balance(network, driver_id):
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE driver SET settlement = 'card' WHERE id = $1", driver_id)
        await tx.execute(
            "INSERT INTO driver_paying (driver_id, first_kind, changed_at) VALUES ($1, 'wallet', now())", driver_id
        )


async def pays_in(network, browser, amount_minor):
    page = await browser.post("/my/wallet/top-up", data={"rail": "card", "amount": str(amount_minor)})
    assert page.status_code == 303, page.text
    await browser.post(page.headers["location"], data={"card": "good", "do": "pay"})
    await until(lambda: network.value("SELECT count(*) > 0 FROM ledger_transaction WHERE kind = 'capture'"))


async def charges_for_an_hour(network, link):
    await until(lambda: network.value("SELECT count(*) > 0 FROM session"))
    link.charger.advance(1, 3600.0, network.house.clock())
    link.charger.unplug(1, network.house.clock())
    link.wake()
    await until(lambda: network.value("SELECT settlement = 'review' FROM session WHERE priced_at IS NOT NULL"))
    async with network.house.database.transaction() as tx:  # an hour in a moment is held until somebody has looked
        session_id = SessionId(await tx.value("SELECT id FROM session"))
        await sessions.approve(tx, ACTOR, session_id, network.house.clock(), "the clock is a test's")
    await until(lambda: network.value("SELECT bool_or(captured_minor = 4000) FROM payment WHERE purpose = 'session'"))


async def available(network, driver_id):
    async with network.house.database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return (await service.wallet(tx, driver_id, "SEK", network.house.clock())).available_minor


async def test_a_start_from_the_outlet_keeps_what_is_there_and_pays_from_it(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await apply(network, PER_CHARGE)
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await pays_by_balance(network, driver_id)
        anna = await signed_in(network, "anna@example.com")
        await until(lambda: is_free(network))
        code = await network.value("SELECT code FROM connector WHERE evse_number = 1")
        refused = await anna.post(f"/u/{code}/start")
        assert refused.status_code == 409
        await pays_in(network, anna, 200_00)
        started = await anna.post(f"/u/{code}/start")
        assert started.status_code == 303, started.text
        await until(lambda: network.value("SELECT count(*) = 1 FROM payment WHERE state = 'authorised'"))
        link.charger.plug(1, Car(60_000, 11_000.0), network.house.clock())
        link.wake()
        await until(lambda: network.value("SELECT count(*) = 1 FROM session"))
        page = (await anna.get(started.headers["location"])).text.replace("\xa0", " ")
        assert "200.00 kr of your 200.00 kr are kept" in page or "200,00 kr of your 200,00 kr are kept" in page
        assert "Kept for your charge" in (await anna.get("/my/wallet")).text
        await charges_for_an_hour(network, link)
        assert await available(network, driver_id) == 160_00
        over = (await anna.get(started.headers["location"])).text
        assert "It was paid from your balance." in over
        wallet = (await anna.get("/my/wallet")).text
        assert "Charge at CP1" in wallet
        assert "Kept for" not in wallet


@pytest.mark.failure_mode(51)
async def test_money_is_kept_for_a_charge_that_began_with_a_tag(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await apply(network, PER_CHARGE)
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await pays_by_balance(network, driver_id)
        anna = await signed_in(network, "anna@example.com")
        await pays_in(network, anna, 100_00)
        await until(lambda: is_free(network))
        link.charger.plug(1, Car(60_000, 11_000.0), network.house.clock())
        link.charger.present(1, "04A1B2C3", network.house.clock())
        link.wake()
        await until(lambda: network.value("SELECT count(*) = 1 FROM session"))
        async with network.house.database.transaction() as tx:
            assert await keeping.keep(tx, network.house, network.house.clock()) == 1
        network.house.worker.wake()
        await until(lambda: network.value("SELECT count(*) = 1 FROM payment WHERE state = 'authorised'"))
        assert await available(network, driver_id) == 0
        await charges_for_an_hour(network, link)
        assert await available(network, driver_id) == 60_00
