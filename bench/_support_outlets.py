"""The outlet itself: danger, cables that do not come loose, no contact, taken, out of order, made to happen."""

from __future__ import annotations

from typing import Final

from bench._support_acts import Ending, Hands, charging, elsewhere, made, pulls
from bench._support_world import Bay, Visitor
from laddverk.simulator.physics import complaints
from laddverk.simulator.physics.complaints import Complaint

OPEN_PROBLEM: Final = "SELECT count(*) FROM incident WHERE station_id = $1 AND state <> 'held'"
FOUND: Final = "SELECT count(*) FROM finding WHERE station_id = $1 AND cleared_at IS NULL"
STANDS_S: Final = 900.0
FILLS_WH: Final = 800.0


@made(Ending.TOLD)
async def outlet_well(_bay: Bay, _visitor: Visitor) -> None:
    """Nothing is wrong."""


async def dangerous(bay: Bay, visitor: Visitor, what: Complaint) -> Hands:
    """Let something dangerous be found at the outlet."""
    await bay.do(lambda charger, at: complaints.fail(charger, 1, what, at))
    await bay.world.pass_time(10)
    await bay.world.until("it is found", FOUND, bay.station_id)
    return elsewhere(bay, visitor)


@made(Ending.ENERGY)
async def emergency_stop(bay: Bay, visitor: Visitor) -> Hands:
    return await dangerous(bay, visitor, complaints.EMERGENCY)


@made(Ending.TOLD)
async def emergency_stop_let_go(bay: Bay, visitor: Visitor) -> None:
    await dangerous(bay, visitor, complaints.EMERGENCY)
    await bay.do(lambda charger, at: charger.mend(1, at))
    await bay.world.pass_time(60)


@made(Ending.ENERGY)
async def safety(bay: Bay, visitor: Visitor) -> Hands:
    return await dangerous(bay, visitor, complaints.CUT)


@made(Ending.ENERGY)
async def safety__earth(bay: Bay, visitor: Visitor) -> Hands:
    return await dangerous(bay, visitor, complaints.EARTH)


@made(Ending.ENERGY)
async def safety__heat(bay: Bay, visitor: Visitor) -> Hands:
    return await dangerous(bay, visitor, complaints.CABLE_HOT)


@made(Ending.FREE, complaint="cable", press="stop")
async def cable_while_charging(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor)
    return pulls(bay)


@made(Ending.FREE, complaint="cable", press="unlock")
async def cable_stuck_at_charger(bay: Bay, visitor: Visitor) -> None:
    await charging(bay, visitor)
    await bay.leave()
    await bay.world.pass_time(200)


@made(Ending.FREE, complaint="cable")
async def cable_stuck_in_car(bay: Bay, visitor: Visitor) -> Hands:
    """The charger has let go, and the car's own lock keeps the plug."""
    await charging(bay, visitor)
    car = bay.outlet(1).car
    assert car is not None
    car.holds_cable = True
    await bay.leave()
    await visitor.get(f"{visitor.charge}?wrong=cable")
    await visitor.post(f"{visitor.charge}/do/unlock", wrong="cable")
    await bay.world.pass_time(30)

    async def unlock_the_car() -> None:
        car.holds_cable = False
        await pulls(bay)()

    return unlock_the_car


@made(Ending.ENERGY)
async def out_of_order(bay: Bay, visitor: Visitor) -> Hands:
    """It has just said so, and no problem is open on it yet."""
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.PILOT, at))
    return elsewhere(bay, visitor)


@made(Ending.ENERGY)
async def out_of_order__known(bay: Bay, visitor: Visitor) -> Hands:
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.METER, at))
    await bay.world.pass_time(300, step_s=30)
    await bay.world.until("there is a problem", OPEN_PROBLEM, bay.station_id)
    return elsewhere(bay, visitor)


@made(Ending.ENERGY)
async def out_of_order__closed(bay: Bay, visitor: Visitor) -> Hands:
    await bay.do(lambda charger, at: charger.set_operative(1, False, at))
    return elsewhere(bay, visitor)


@made(Ending.ENERGY)
async def known_problem(bay: Bay, visitor: Visitor) -> Hands:
    """It goes on though it complains: the outlet says that it is free."""
    for _each in range(3):
        await bay.do(lambda charger, at: complaints.complain(charger, 1, complaints.METER, at))
        await bay.world.pass_time(300, step_s=30)
    await bay.world.until("there is a problem", OPEN_PROBLEM, bay.station_id)
    return elsewhere(bay, visitor)


@made(Ending.TOLD)
async def offline(bay: Bay, _visitor: Visitor) -> None:
    await bay.power_cut()
    await bay.world.pass_time(120)


async def anothers(bay: Bay, visitor: Visitor, **car: float) -> Hands:
    """Let somebody else charge there."""
    other = Visitor(bay.world)
    await charging(bay, other, **car)
    await other.close()

    async def go() -> None:
        await visitor.pay(bay.codes[1])
        await bay.plug(2)

    return go


@made(Ending.ENERGY)
async def taken(bay: Bay, visitor: Visitor) -> Hands:
    return await anothers(bay, visitor)


@made(Ending.ENERGY)
async def taken__done__it_takes_no_more(bay: Bay, visitor: Visitor) -> Hands:
    return await anothers(bay, visitor, missing_wh=FILLS_WH, seconds=STANDS_S)


@made(Ending.ENERGY)
async def taken__done__its_charge_is_over(bay: Bay, visitor: Visitor) -> Hands:
    go = await anothers(bay, visitor)
    await bay.leave()
    await bay.world.pass_time(60)
    return go
