"""Reservations over real sockets: made, used, lapsed, let go, and each brought to its one end."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from laddverk.access import service as access
from laddverk.authorisation import jobs, reserving, service
from laddverk.authorisation.model import Wish
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, NotAllowed, NotFound
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.reservations import Reservations
from laddverk.simulator.car import Car
from tests.integration.authorisation.field import as_driver, charger_at, driver_with, until, working
from tests.network import ACTOR

BOTH = pytest.mark.parametrize("protocol", [Protocol.V16, Protocol.V21])


async def reserve(network, actor=ACTOR, **wish):
    async with network.house.database.transaction() as tx:
        wanted = Wish(**{"station_id": network.station_ids["CP1"], "evse_number": 1, **wish})
        reservation_id = await service.reserve(tx, actor, wanted, network.house.clock())
    network.house.hints.publish(["commands"])
    return reservation_id


def state_of(network, reservation_id, word):
    async def is_so():
        return await network.value("SELECT state = $2 FROM reservation WHERE id = $1", reservation_id, word)

    return is_so


async def is_free(network, evse_number=1):
    return await network.value("SELECT status = 'available' FROM connector WHERE evse_number = $1", evse_number)


@BOTH
async def test_an_outlet_is_held_for_a_tag_and_used_by_it(database, tmp_path, protocol):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", protocol) as link:
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await driver_with(network, "04D4E5F6", email="berit@example.com")
        await until(lambda: is_free(network))
        reservation_id = await reserve(network, driver_id=driver_id)
        await until(state_of(network, reservation_id, "held"))
        assert link.charger.outlets[1].status is Status.RESERVED
        with pytest.raises(Conflict):
            await reserve(network, driver_id=driver_id)

        link.charger.present(1, "04D4E5F6", network.house.clock())
        link.wake()
        await link.drained()
        assert link.charger.outlets[1].charging is None
        link.charger.plug(1, Car(60_000, 20_000.0), network.house.clock())
        link.charger.present(1, "04A1B2C3", network.house.clock())
        link.wake()
        await until(state_of(network, reservation_id, "used"))
        assert link.charger.of(Reservations).held == {}


async def test_a_driver_reserves_for_themselves_once_and_starts_from_afar(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V16):
        driver_id, _ = await driver_with(network, "04A1B2C3")
        other_id, _ = await driver_with(network, "04D4E5F6", email="berit@example.com")
        await until(lambda: is_free(network, 2))
        mine = await reserve(network, as_driver(driver_id), driver_id=driver_id)
        await until(state_of(network, mine, "held"))
        with pytest.raises(Conflict):
            await reserve(network, as_driver(driver_id), driver_id=driver_id, evse_number=2)
        with pytest.raises(NotAllowed):
            await reserve(network, as_driver(other_id), driver_id=driver_id, evse_number=2)
        now, station_id = network.house.clock(), network.station_ids["CP1"]
        async with database.transaction() as tx:
            assert await service.reserved_token(tx, station_id, 1, driver_id, now) == "04A1B2C3"
            assert await service.reserved_token(tx, station_id, 2, other_id, now) is None
            with pytest.raises(Conflict):
                await service.reserved_token(tx, station_id, 1, other_id, now)
            with pytest.raises(NotFound):
                await service.cancel(tx, as_driver(other_id), mine, now)
            await service.cancel(tx, as_driver(driver_id), mine, now)
        network.house.hints.publish(["commands"])
        await until(state_of(network, mine, "cancelled"))


async def test_a_charger_that_cannot_refuses_in_its_own_word(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await until(lambda: is_free(network))
        link.charger.fail(1, network.house.clock(), "GroundFailure")  # and its word has not come yet
        reservation_id = await reserve(network, driver_id=driver_id)
        await until(state_of(network, reservation_id, "refused"))
        assert await network.value("SELECT why FROM reservation") == "Faulted"


async def test_one_that_nobody_came_for_expires_and_is_counted(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V21) as link:
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await until(lambda: is_free(network))
        told = await reserve(network, driver_id=driver_id)
        await until(state_of(network, told, "held"))
        link.charger.advance(1, 1.0, network.house.clock() + timedelta(hours=1))
        link.wake()
        await until(state_of(network, told, "expired"))
        assert await network.value("SELECT no_show FROM reservation WHERE id = $1", told)
        await until(lambda: is_free(network))
        untold = await reserve(network, driver_id=driver_id)
        await until(state_of(network, untold, "held"))
        async with database.transaction() as tx:
            later = network.house.clock() + timedelta(hours=1)
            assert await reserving.expire(tx, later) == [network.station_ids["CP1"]]
        assert await network.value("SELECT count(*) FROM reservation WHERE no_show AND state = 'expired'") == 2


async def test_a_station_releases_its_own_reservations_only_and_each_once(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201):
        other = await network.add_station("CP2")
        driver_id, _ = await driver_with(network, "04A1B2C3")
        await until(lambda: is_free(network))
        reservation_id = await reserve(network, driver_id=driver_id)
        await until(state_of(network, reservation_id, "held"))
        now = network.house.clock()
        number = await network.value("SELECT number FROM reservation")
        removed = facts.ReservationReleased(
            station_id=other, at=now, received_at=now, reservation_number=number, word="Removed"
        )
        async with database.transaction() as tx:
            await service.record_releases(tx, [removed])
        assert await network.value("SELECT state FROM reservation") == "held"
        own = msgspec.structs.replace(removed, station_id=network.station_ids["CP1"])
        async with database.transaction() as tx:
            await service.record_releases(tx, [own, own])
            await service.record_releases(tx, [msgspec.structs.replace(own, word="Expired")])
        assert await network.value("SELECT state FROM reservation") == "removed"


async def test_staff_see_and_reserve_at_their_own_sites_only(database, tmp_path):
    async with working(database, tmp_path) as network:
        await network.add_station("CP1")
        driver_id, _ = await driver_with(network, "04A1B2C3")
        elsewhere = Actor("operator", new_id(), "x", PERMISSIONS[Role.OPERATOR], frozenset({new_id()}))
        with pytest.raises(NotFound):
            await reserve(network, elsewhere, driver_id=driver_id)
        with pytest.raises(NotAllowed):
            await reserve(network, Actor("operator", new_id(), "y", PERMISSIONS[Role.FINANCE]), driver_id=driver_id)
        with pytest.raises(Conflict):
            await reserve(network, driver_id=driver_id)  # it is not connected
        async with database.transaction() as tx:
            await access.block_driver(tx, ACTOR, driver_id, "unpaid", network.house.clock())
        assert "authorisation.expire_reservations" in jobs.handlers(network.house)
