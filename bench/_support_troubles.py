"""Every situation of the catalogue made to happen at a simulated charger, and what the driver's hands do when told."""

from __future__ import annotations

from typing import Final

from bench._support_acts import TROUBLES as TROUBLES
from bench._support_acts import Ending, Trouble, anew, charging, elsewhere, made, of, over_and_paid, pulls
from bench._support_world import Bay, Visitor
from laddverk.ocpp.facts import Status
from laddverk.simulator.car import Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.physics import complaints

FULL_WH = 0.0
NOTHING_NOW = Supply(3, 0.0, 22_000)
PAUSES_WH = 300.0
PATIENCE_S = 40.0
OPEN_PROBLEM = "SELECT count(*) FROM incident WHERE station_id = $1 AND state <> 'held'"
FOUND = "SELECT count(*) FROM finding WHERE station_id = $1 AND cleared_at IS NULL"
GIVEN_UP = "SELECT cancelled_at IS NOT NULL FROM start_request ORDER BY created_at DESC LIMIT 1"
AD_HOC: Final = frozenset(
    {
        "card-declined",
        "swish-not-completed",
        "waiting-for-payment",
        "start-given-up",
        "money-on-its-way-back",
        "reserve-not-released",
    }
)
"""Who pays there and then has no account."""


@made(Ending.TOLD)
async def outlet_well(bay: Bay, visitor: Visitor) -> Trouble:
    return of(bay, visitor)


@made(Ending.ENERGY)
async def asked_to_start(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0])
    return of(bay, visitor, bay.plug)


@made(Ending.ENERGY, press="wait_more")
async def paid_no_plug(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0])
    await bay.world.pass_time(PATIENCE_S)
    return of(bay, visitor, bay.plug)


@made(Ending.ENERGY, press="swap")
async def wrong_outlet(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0])
    await bay.plug(2)
    await bay.world.pass_time(PATIENCE_S)
    return of(bay, visitor)


@made(Ending.ENERGY)
async def plugged_not_authorised(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.plug()
    await bay.world.pass_time(PATIENCE_S)
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY)
async def tag_refused(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.plug()
    await bay.do(lambda charger, at: charger.present(1, "DEADBEEF", at))
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY)
async def roaming_refused(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.plug()
    await bay.do(lambda charger, at: charger.present(1, "SEXYZC12345678A", at))  # a contract of another service
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY, press="pay")
async def card_declined(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0], card="declined")
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY, press="pay")
async def swish_not_completed(bay: Bay, visitor: Visitor) -> Trouble:
    page = await visitor.begin_to_pay(bay.codes[0], "swish")
    await visitor.finish_paying(page, card="", deed="decline")
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY)
async def waiting_for_payment(bay: Bay, visitor: Visitor) -> Trouble:
    page = await visitor.begin_to_pay(bay.codes[0])
    visitor.charge = await bay.world.newest_charge()

    async def go() -> None:
        await visitor.finish_paying(page)
        await bay.plug()

    return of(bay, visitor, go)


@made(Ending.ENERGY)
async def start_given_up(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.begin_to_pay(bay.codes[0])
    visitor.charge = await bay.world.newest_charge()
    await bay.world.pass_time(3600, step_s=120)
    await bay.world.until("the start is given up", GIVEN_UP)
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.MONEY)
async def start_refused(bay: Bay, visitor: Visitor) -> Trouble:
    bay.outlet(1).token = "SOMEBODY"  # it waits for another's cable, and says no to all
    await visitor.pay(bay.codes[0])
    await bay.world.pass_time(PATIENCE_S)
    bay.outlet(1).token = "SOMEBODY"
    return of(bay, visitor)


@made(Ending.MONEY, "offline")
async def no_reply(bay: Bay, visitor: Visitor) -> Trouble:
    page = await visitor.begin_to_pay(bay.codes[0])
    await bay.power_cut()
    await visitor.finish_paying(page)
    await bay.world.pass_time(90)
    return of(bay, visitor)


@made(Ending.TOLD)
async def charging_well(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    return of(bay, visitor)


@made(Ending.ENERGY, "charging-well")
async def just_begun(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0])
    await bay.plug()
    await bay.world.until("the charge begins", "SELECT count(*) FROM session WHERE station_id = $1", bay.station_id)
    return of(bay, visitor)


@made(Ending.ENERGY)
async def no_energy(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor, missing_wh=FULL_WH, seconds=240)

    async def wake() -> None:
        car = bay.outlet(1).car
        assert car is not None
        car.charged_wh -= 20_000  # its timer was on: the driver turns it off

    return of(bay, visitor, wake)


@made(Ending.ENERGY)
async def held_back(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    outlet = bay.outlet(1)
    given, outlet.supply = outlet.supply, NOTHING_NOW
    await bay.world.pass_time(60)

    async def wait() -> None:
        outlet.supply = given  # its turn comes

    return of(bay, visitor, wait)


@made(Ending.TOLD)
async def car_paused(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor, missing_wh=PAUSES_WH, seconds=300)
    return of(bay, visitor)


@made(Ending.TOLD)
async def slow(bay: Bay, visitor: Visitor) -> Trouble:
    tag = f"HABIT{bay.codes[0][:4]}"
    await bay.world.account(f"{tag}@example.com".lower(), "", tag)
    for _each in range(5):  # so many make a habit
        await bay.plug(current_a=32)
        await bay.do(lambda charger, at: charger.present(1, tag, at))
        await bay.world.rest()
        await bay.world.pass_time(900, step_s=300)
        await bay.do(lambda charger, at: charger.unplug(1, at))
    await visitor.pay(bay.codes[0])
    await bay.plug(phases=1, current_a=10)
    await bay.world.pass_time(240)
    return of(bay, visitor)


@made(Ending.ENERGY)
async def stopped_early(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    await bay.leave("PowerLoss")
    return of(bay, visitor, anew(bay, visitor))


@made(Ending.ENERGY)
async def stopped_by_fault(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.METER, at))
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.MONEY)
async def ended_without_energy(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor, missing_wh=FULL_WH, seconds=60)
    await bay.leave()
    return of(bay, visitor)


@made(Ending.FREE, complaint="cable", press="stop")
async def cable_while_charging(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    return of(bay, visitor, pulls(bay))


@made(Ending.FREE, complaint="cable", press="unlock")
async def cable_stuck_at_charger(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    await bay.leave()
    await bay.world.pass_time(200)
    return of(bay, visitor)


@made(Ending.TOLD, "cable-stuck-at-charger", complaint="cable")
async def cable_stuck_in_car(bay: Bay, visitor: Visitor) -> Trouble:
    await charging(bay, visitor)
    await bay.leave()
    await visitor.get(f"{visitor.charge}?wrong=cable")
    await visitor.post(f"{visitor.charge}/do/unlock", wrong="cable")
    await bay.world.pass_time(30)
    return of(bay, visitor)


@made(Ending.ENERGY)
async def emergency_stop(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.EMERGENCY, at))
    await bay.world.pass_time(10)
    await bay.world.until("it is found", FOUND, bay.station_id)
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.ENERGY)
async def safety(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.EARTH, at))
    await bay.world.pass_time(10)
    await bay.world.until("it is found", FOUND, bay.station_id)
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.ENERGY, "known-problem")
async def out_of_order(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.METER, at))
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.TOLD)
async def offline(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.power_cut()
    await bay.world.pass_time(120)
    return of(bay, visitor)


@made(Ending.ENERGY, "out-of-order")
async def known_problem(bay: Bay, visitor: Visitor) -> Trouble:
    for _each in range(3):
        await bay.do(lambda charger, at: complaints.complain(charger, 1, complaints.METER, at))
        await bay.world.pass_time(300, step_s=30)
    await bay.world.until("there is a problem", OPEN_PROBLEM, bay.station_id)
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.ENERGY)
async def taken(bay: Bay, visitor: Visitor) -> Trouble:
    other = Visitor(bay.world)
    await charging(bay, other)
    await other.close()

    async def go() -> None:
        await visitor.pay(bay.codes[1])
        await bay.plug(2)

    return of(bay, visitor, go)


@made(Ending.ENERGY)
async def reserved(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.do(lambda charger, at: charger.keep(1, at))
    return of(bay, visitor, elsewhere(bay, visitor))


@made(Ending.TOLD, complaint="receipt")
async def receipt_wanted(bay: Bay, visitor: Visitor) -> Trouble:
    await over_and_paid(bay, visitor)
    return of(bay, visitor)


@made(Ending.TOLD, "money-on-its-way-back", complaint="money")
async def reserve_not_released(bay: Bay, visitor: Visitor) -> Trouble:
    await over_and_paid(bay, visitor)
    return of(bay, visitor)


@made(Ending.MONEY, complaint="money")
async def money_on_its_way_back(bay: Bay, visitor: Visitor) -> Trouble:
    await visitor.pay(bay.codes[0], rail="swish")
    await bay.plug()
    await bay.world.pass_time(120)
    await bay.do(lambda charger, at: charger.unplug(1, at))
    await bay.world.pass_time(60)
    return of(bay, visitor)


@made(Ending.HUMAN, "taken", "out-of-order", "outlet-well")
async def nothing_seen(bay: Bay, visitor: Visitor) -> Trouble:
    await bay.do(_says_nothing_useful)
    return of(bay, visitor)


def _says_nothing_useful(charger: Charger, at: object) -> None:
    charger.outlets[1].status = Status.FINISHING
    charger.say(charger._status_item(charger.outlets[1], at, ""))  # type: ignore[arg-type]
