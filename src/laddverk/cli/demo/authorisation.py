"""Who may charge in the demo while a charger cannot ask, and who keeps which outlet.

Lists are chosen and reservations made as staff and drivers would; only the reservations of yesterday are written as
they ended. A customer's wish to be forgotten is on its way when the chargers connect.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.access import service as access
from laddverk.access.model import NewToken, TokenDetails
from laddverk.authorisation import service
from laddverk.authorisation import store_reservations as store
from laddverk.authorisation.model import Kind, ListChoice, ReservationState, Scope, Wish
from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.kernel.ids import DriverId, StationId, TokenId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.commands import ClearCache
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC

MASTER: Final = "04DEC0DE5E7100"
FAMILY: Final = "FAMILJEN"
TRIED_AT: Final = ("LIND-01", "GAML-04", "KBAC-02", "MOLN-02")
"""Chargers where an outlet is reserved as soon as one is free."""
LOOK_EVERY_S: Final = 10.0
LOOK_TIMES: Final = 30
KEPT_MINUTES: Final = 60
SHORT_MINUTES: Final = 5  # lapses while one looks
ASKED_WITHIN: Final = timedelta(hours=1)

IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM list_choice)"
FLEET_TAGS: Final = """
SELECT token.id, token.driver_id FROM token JOIN driver ON driver.id = token.driver_id
WHERE driver.driver_group = 'fleet' AND token.blocked_at IS NULL AND token.kind = 'rfid' ORDER BY token.uid LIMIT 3
"""
SEEN_DRIVERS: Final = """
SELECT token.driver_id FROM token_presence JOIN token ON token.uid = token_presence.token_uid
WHERE token.driver_id IS NOT NULL AND token.blocked_at IS NULL
GROUP BY token.driver_id ORDER BY count(*), token.driver_id LIMIT 4
"""
FREE: Final = """
SELECT connector.evse_number FROM connector JOIN station ON station.id = connector.station_id
WHERE station.id = $1 AND connector.status = 'available' AND evse_number > 0 AND station.connected_at IS NOT NULL
ORDER BY evse_number DESC LIMIT 1
"""
ANYBODY: Final = "SELECT id FROM driver WHERE blocked_at IS NULL ORDER BY email OFFSET $1 LIMIT 1"
ARE_RESERVED: Final = "SELECT count(*) FROM reservation WHERE state IN ('asked', 'held')"


async def equip(house: House, placed: Placed) -> None:
    """Choose lists, make a group and a master tag, and tell of yesterday's reservations: once."""
    by_identity = {stand.identity: station_id for stand, station_id in placed}
    now = house.clock()
    async with house.database.transaction() as tx:
        if await tx.value(IS_EQUIPPED):
            return
        await service.choose(tx, ACTOR, ListChoice(scope=Scope.SITE), now, reason="strömmen kan gå")
        garage = ListChoice(station_id=by_identity["LIND-01"], scope=Scope.GROUPS, driver_groups=("residents", "fleet"))
        await service.choose(tx, ACTOR, garage, now, reason="bara boende och bilpoolen")
        await service.set_cache_hours(tx, ACTOR, 72, now, reason="spärrade brickor ska sluta gälla")
        await access.create_tokens(tx, ACTOR, [NewToken(uid=MASTER, label="Serviceteknikern", is_master=True)], now)
        await _group(tx, now)
        await _yesterday(tx, by_identity, now)
        drivers = [DriverId(one) for one in await tx.values(SEEN_DRIVERS)]
        if drivers:
            await service.request_customer(tx, ACTOR, drivers[0], Kind.ERASE, now, reason="föraren har avslutat kontot")
        if len(drivers) > 1:
            await service.request_customer(tx, ACTOR, drivers[1], Kind.READ, now, reason="registerutdrag begärt")
        await stations.request_of_many(
            tx, ACTOR, [by_identity[one] for one in TRIED_AT], ClearCache(), now, reason="brickor har bytts ut",
            wait=ASKED_WITHIN,
        )  # fmt: skip
        await service.plan_all(tx)


async def _group(tx: Transaction, now: datetime) -> None:
    """Let a few tags of the car pool stop each other's sessions."""
    for token_id, driver_id in await tx.rows(FLEET_TAGS):
        details = TokenDetails(driver_id=DriverId(driver_id), label="Bilpoolen", group_code=FAMILY)
        await access.update_token(tx, ACTOR, TokenId(token_id), details, now)


async def _yesterday(tx: Transaction, by_identity: dict[str, StationId], now: datetime) -> None:
    """Write two reservations that are over: one was used, to the other nobody came."""
    ended = ((ReservationState.USED, "LIND-01", 26), (ReservationState.EXPIRED, "GAML-04", 29))
    for number, (state, identity, hours) in enumerate(ended):
        driver_id: UUID = await tx.value(ANYBODY, number)
        made = now - timedelta(hours=hours)
        wish = Wish(station_id=by_identity[identity], evse_number=1, driver_id=DriverId(driver_id))
        tag = await store.own_token(tx, DriverId(driver_id), "", 20, made) or store.Token("APP", "central", "")
        over = made + timedelta(minutes=wish.minutes)
        reservation_id, _number = await store.insert(tx, wish, tag, "ISO14443", "Föraren", made, over)
        await store.hold(tx, reservation_id, made + timedelta(seconds=2))
        is_lapsed = state is ReservationState.EXPIRED
        await store.end(tx, reservation_id, state, "", over, no_show=is_lapsed)


async def keep_outlets(house: House, placed: Placed) -> None:
    """Reserve an outlet for an hour, and one for five minutes, as soon as chargers are there and have some free."""
    by_identity = {stand.identity: station_id for stand, station_id in placed}
    lengths = [KEPT_MINUTES, SHORT_MINUTES]
    for _ in range(LOOK_TIMES):
        for identity in TRIED_AT:
            if lengths and await _reserved(house, by_identity[identity], lengths[0], len(lengths)):
                lengths.pop(0)
        if not lengths:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _reserved(house: House, station_id: StationId, minutes: int, offset: int) -> bool:
    """Reserve a free outlet; False when there is none, or enough is reserved from an earlier start."""
    try:
        async with house.database.transaction() as tx:
            outlet = await tx.value(FREE, station_id)
            if outlet is None or await tx.value(ARE_RESERVED) > 1:
                return False
            driver_id = DriverId(await tx.value(ANYBODY, offset + 2))
            wish = Wish(station_id=station_id, evse_number=outlet, driver_id=driver_id, minutes=minutes)
            await service.reserve(tx, ACTOR, wish, house.clock())
    except Problem:
        return False
    house.hints.publish([COMMANDS_TOPIC, f"station:{station_id}"])
    return True
