"""What a price depends on comes from where it is known: readings of power and current, and a reservation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from laddverk import wiring
from laddverk.authorisation import reserving, store_reservations
from laddverk.invoicing import service as invoicing
from laddverk.kernel.ids import SessionId
from laddverk.ocpp.facts import SessionStarted, Status, StatusReported
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.sessions import pricing
from laddverk.sessions import service as sessions
from laddverk.sessions.running import price_so_far
from laddverk.simulator.car import Car
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Reserved, Restriction, Tariff
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.integration.authorisation.test_reservations import is_free, reserve, state_of
from tests.integration.sessions.world import at, built, ended, record, row, rows, sampled, started, times
from tests.network import ACTOR


def by(when: Restriction) -> Tariff:
    """Four kronor while `when` holds, one otherwise."""
    return Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal(4), when=when),
            Component(dimension=Dimension.ENERGY, price=Decimal(1)),
        )
    )


FAST = by(Restriction(min_power_w=7_000))
HEAVY = by(Restriction(min_current_a=Decimal(20)))


@pytest.mark.parametrize(
    ("tariff", "first", "second"),
    [
        (FAST, {"power_w": 9_000}, {"power_w": 3_000}),
        (HEAVY, {"current_l1_a": 10.0, "current_l2_a": 10.0}, {"current_l1_a": 19.9}),
    ],
)
async def test_what_the_meter_shows_of_power_and_current_decides_the_price(
    database: Database, tariff: Tariff, first: dict[str, float], second: dict[str, float]
) -> None:
    world = await built(database, tariff)
    readings = [sampled(world, 0, minutes=0, **first), sampled(world, 5_000, minutes=30, **second)]
    await record(database, [started(world, register_wh=0), *readings])
    session_id = SessionId((await row(database))["id"])
    async with database.transaction() as tx:
        so_far = await price_so_far(tx, session_id, at(30))
    assert so_far is not None
    assert so_far.amount_minor == 2_000
    await record(database, [ended(world, minutes=60, register_wh=10_000)])
    async with database.transaction() as tx:
        charge = await pricing.charge_of(tx, session_id)
        assert charge is not None
        await pricing.price_closed(tx, [pricing.SessionClosed(session_id=session_id, version=1)], at(61))
    # The mean power is 10 kW throughout: without the meter's own word all of it would cost four kronor.
    assert (await row(database))["price_minor"] == 5 * 400 + 5 * 100
    assert len(charge.powers) + len(charge.currents) == 2


@pytest.mark.failure_mode(34)
async def test_f34_a_reservation_that_is_used_is_priced_beside_its_session(database, tmp_path):
    """The outlet was kept for half an hour; the charge after it is priced by itself, each on its own line."""
    tariff = Tariff(
        components=(
            Component(dimension=Dimension.ENERGY, price=Decimal(4)),
            Component(
                dimension=Dimension.CHARGING,
                price=Decimal("0.50"),
                when=Restriction(reservation=Reserved.KEPT),
                step=900,
            ),
        )
    )
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        async with database.transaction() as tx:
            version = await tariffs.create(tx, ACTOR, "Reserved", tariff, network.house.clock() - timedelta(days=1))
            await tariffs.choose(tx, ACTOR, version.tariff_id, network.house.clock())
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await until(lambda: is_free(network))
        reservation_id = await reserve(network, driver_id=driver_id)
        await until(state_of(network, reservation_id, "held"))
        async with database.transaction() as tx:
            await tx.execute("UPDATE reservation SET held_at = held_at - interval '20 minutes'")
        link.charger.plug(1, Car(60_000, 20_000.0), network.house.clock())
        link.charger.present(1, "04A1B2C3", network.house.clock())
        link.wake()
        await until(lambda: network.value("SELECT count(*) = 1 FROM session WHERE reserved_from IS NOT NULL"))
        link.charger.unplug(1, network.house.clock())
        link.wake()
        await until(lambda: network.value("SELECT priced_at IS NOT NULL FROM session"))
        found = (
            (await network.value("SELECT price_minor FROM session")),
            (await network.value("SELECT price_lines FROM session")),
        )
    assert found[0] == 1500  # twenty minutes in blocks of fifteen, at 0.50 a minute
    assert [(line["reservation"], line["amount_minor"]) for line in found[1]] == [(True, 1500)]


NO_SHOW = Tariff(
    components=(
        Component(dimension=Dimension.ENERGY, price=Decimal(4)),
        Component(dimension=Dimension.CHARGING, price=Decimal("0.50"), when=Restriction(reservation=Reserved.KEPT)),
        Component(dimension=Dimension.SESSION, price=Decimal(25), when=Restriction(reservation=Reserved.EXPIRED)),
    )
)


async def lapsed(network, link, database):
    """Let a driver's reservation of twenty minutes expire; return the driver and the reservation."""
    async with database.transaction() as tx:
        now = network.house.clock()
        version = await tariffs.create(tx, ACTOR, "Reserved", NO_SHOW, now - timedelta(days=1))
        await tariffs.choose(tx, ACTOR, version.tariff_id, now)
    driver_id, _ = await driver_with(network, "04A1B2C3")
    await until(lambda: is_free(network))
    reservation_id = await reserve(network, driver_id=driver_id)
    await until(state_of(network, reservation_id, "held"))
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE reservation SET created_at = now() - interval '21 min', held_at = now() - interval '21 minutes',"
            " expires_at = now() - interval '1 minute'"
        )
        await reserving.expire(tx, network.house.clock() + timedelta(minutes=10))
    await until(lambda: network.value("SELECT priced_at IS NOT NULL FROM session"))
    return driver_id, reservation_id


@pytest.mark.failure_mode(34)
async def test_f34_who_does_not_come_pays_for_the_time_and_the_fee_once(database, tmp_path):
    """Kept for twenty minutes at 0.50 kr and 25 kr because nobody came: 35 kr, on the driver's next invoice."""
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        driver_id, _ = await lapsed(network, link, database)
        (kept,) = await rows(database)
        assert (kept["driver_id"], kept["energy_wh"], kept["price_minor"]) == (driver_id, 0, 3_500)
        assert (kept["settlement"], kept["doubts"]) == ("invoice", [])
        assert {(line["reservation"], line["amount_minor"]) for line in kept["price_lines"]} == {
            (True, 1_000),
            (True, 2_500),
        }
        async with database.transaction() as tx:
            (event,) = await store_reservations.lapsed(tx, [await tx.value("SELECT id FROM reservation")])
            no_show = sessions.NoShow(**structs.asdict(event))
            assert await sessions.record_no_shows(tx, [no_show, no_show], network.house.clock()) == 0
            next_month = network.house.clock() + timedelta(days=40)
            month = network.house.clock().date().replace(day=1)
            done = await invoicing.run(tx, month, ACTOR, next_month, settings=network.house.settings)
        assert (done.invoices, done.gross_minor) == (1, {"SEK": 3_500})


async def test_who_came_after_all_though_the_charger_told_it_late_pays_nothing_for_not_coming(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await lapsed(network, link, database)
        came_at = await network.value("SELECT expires_at - interval '1 minute' FROM reservation")
        late = SessionStarted(
            station_id=network.station_ids["CP1"],
            transaction_key="late",
            at=came_at,
            said_at=came_at,
            received_at=network.house.clock(),
            content_key="0",
            token_uid="04A1B2C3",
            evse_number=1,
            connector_number=1,
            offline=True,
        )
        async with database.transaction() as tx:
            for kind, recorder in wiring.RECORDERS:
                if kind is SessionStarted:
                    await recorder(tx, [late])
        await until(lambda: network.value("SELECT settlement = 'free' FROM session WHERE reservation_expired"))
        assert await network.value("SELECT state FROM reservation") == "used"
        used = await network.value("SELECT started_at - reserved_from FROM session WHERE NOT reservation_expired")
        assert used == timedelta(minutes=19)


async def test_nobody_pays_for_not_coming_to_an_outlet_that_did_not_work(database: Database) -> None:
    world = await built(database, NO_SHOW)
    kept = sessions.NoShow(
        number=1,
        station_id=world.station_id,
        evse_number=1,
        driver_id=world.driver_id,
        token_uid="",
        kept_from=at(0),
        until=at(20),
    )
    failed = StatusReported(
        station_id=world.station_id, evse_number=1, connector_number=1, status=Status.FAULTED, **times(5)
    )
    async with database.transaction() as tx:
        await stations.record_statuses(tx, [failed])
        assert await sessions.record_no_shows(tx, [kept], at(21)) == 0
        later = structs.replace(kept, number=2, evse_number=2)
        assert await sessions.record_no_shows(tx, [later, later], at(21)) == 1
        await tx.execute("UPDATE station SET connected_at = NULL")
        assert await sessions.record_no_shows(tx, [structs.replace(later, number=3)], at(21)) == 0
