"""While a charge runs, when it ends, and what it came to, made to happen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from bench._support_acts import STRANGERS_CALL, Ending, Hands, Who, anew, charging, elsewhere, made, over_and_paid
from bench._support_world import ACTOR, DC, PRICE, Bay, Unsaid, Visitor
from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree
from laddverk.energy.steering import jobs as steering
from laddverk.kernel.ids import SiteId, new_id
from laddverk.ocpp.protocol import Protocol
from laddverk.payments.reserved.service import WATCH
from laddverk.simulator.car import Supply
from laddverk.simulator.physics import complaints
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff

FULL_WH: Final = 0.0
NOTHING_NOW: Final = Supply(3, 0.0, 22_000)
PAUSES_WH: Final = 300.0
HABIT: Final = 5  # so many charges make a habit of an outlet
COLD_C: Final = -15.0
NO_ROOM_A, ONE_CAR_A, TWO_CARS_A = 5.0, 10.0, 16.0
NEARLY_SPENT_S: Final = 4_500.0  # of 300 kr at 22 kW and 10 kr a kWh
WEEK_S: Final = 8 * 86_400.0
ASKED_TO_STOP: Final = """
SELECT count(*) FROM payment_event JOIN start_request ON start_request.payment_id = payment_event.payment_id
WHERE payment_event.kind = 'spent' AND start_request.station_id = $1
"""
ENDED: Final = "SELECT bool_and(ended_at IS NOT NULL) FROM session WHERE station_id = $1"
SENT_BACK: Final = "SELECT refunded_minor > 0 FROM payment ORDER BY created_at DESC LIMIT 1"
TWICE: Final = """
-- No charge is drawn twice by us: the same payment once more, as a slip of a bank or a hand would leave it.
INSERT INTO payment SELECT (jsonb_populate_record(payment, jsonb_build_object(
    'id', gen_random_uuid(), 'provider_ref', gen_random_uuid()::text, 'checkout_ref', NULL, 'start_request_id', NULL
))).* FROM payment WHERE purpose = 'session' AND state = 'captured' ORDER BY created_at DESC LIMIT 1
"""


@made(Ending.TOLD)
async def charging_well(bay: Bay, visitor: Visitor) -> None:
    await charging(bay, visitor)


@made(Ending.ENERGY)
async def no_energy(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor, missing_wh=FULL_WH, seconds=240)

    async def wake() -> None:
        car = bay.outlet(1).car
        assert car is not None
        car.charged_wh -= 20_000  # its timer was on: the driver turns it off

    return wake


@made(Ending.ENERGY)
async def held_back__charger(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor)
    outlet = bay.outlet(1)
    given, outlet.supply = outlet.supply, NOTHING_NOW
    await bay.world.pass_time(60)

    async def wait() -> None:
        outlet.supply = given  # its turn comes

    return wait


async def shared(bay: Bay, limit_a: float) -> Circuit:
    """Hang both outlets on one fuse, which is steered from now on."""
    world, site_id = bay.world, SiteId(bay.site_id)
    circuit = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(limit_a,) * 3)
    places = tuple(
        Place(station_id=bay.station_id, evse_number=each, circuit_id=circuit.id, is_rotation_known=True)
        for each in (1, 2)
    )
    async with world.house.database.transaction() as tx:
        tree = Tree(site_id=site_id, circuits=(circuit,), places=places)
        await circuits.replace_tree(tx, ACTOR, tree, world.clock(), reason="as drawn", version=0)
    await steered(bay)
    return circuit


async def steered(bay: Bay, seconds: float = 60) -> None:
    """Let time pass, and the sharing of the current with it."""
    for _each in range(int(seconds / 10)):
        await bay.world.pass_time(10)
        async with bay.world.house.database.transaction() as tx:
            await steering.soon(tx, [bay.site_id])
        await bay.world.rest()


async def neighbour(bay: Bay) -> None:
    """Let another car charge at the outlet beside."""
    tag = await habit_tag(bay)
    await bay.plug(2)
    await bay.do(lambda charger, at: charger.present(2, tag, at))
    await bay.world.rest()


async def habit_tag(bay: Bay) -> str:
    """Return the tag of somebody who often charges there."""
    tag = f"HABIT{bay.codes[0][:4]}"
    if not await bay.world.value("SELECT count(*) FROM token WHERE uid = $1", tag):
        await bay.world.account(f"{tag}@example.com".lower(), "", tag)
    return tag


@made(Ending.TOLD)
async def held_back(bay: Bay, visitor: Visitor) -> None:
    """The fuse has no room for any car any more, and nobody can say until when."""
    circuit = await shared(bay, TWO_CARS_A)
    await charging(bay, visitor, seconds=10)
    await steered(bay)
    now = bay.world.clock()
    smaller = replace(circuit, limit_a=(NO_ROOM_A,) * 3)
    async with bay.world.house.database.transaction() as tx:
        await circuits.put_circuit(tx, ACTOR, SiteId(bay.site_id), smaller, now, reason="a fuse blew", version=None)
    await steered(bay)


@made(Ending.ENERGY)
async def held_back__until(bay: Bay, visitor: Visitor) -> Hands:
    """One car fits under the fuse, and one that has had less comes: it is known about when this one's turn is."""
    await shared(bay, ONE_CAR_A)
    await charging(bay, visitor, seconds=10)
    await steered(bay, 120)
    await neighbour(bay)
    await steered(bay, 120)

    async def wait() -> None:
        await bay.do(lambda charger, at: charger.unplug(2, at))
        await steered(bay, 180)

    return wait


@made(Ending.TOLD)
async def car_paused(bay: Bay, visitor: Visitor) -> None:
    await charging(bay, visitor, missing_wh=PAUSES_WH, seconds=300)


@made(Ending.TOLD)
async def car_paused__fee(bay: Bay, visitor: Visitor) -> None:
    world = bay.world
    fee = Component(dimension=Dimension.IDLE, price=Decimal(1))
    tariff = Tariff(currency="SEK", components=(Component(dimension=Dimension.ENERGY, price=PRICE), fee))
    async with world.house.database.transaction() as tx:
        made = await tariffs.create(tx, ACTOR, f"Idle {bay.codes[0]}", tariff, world.clock() - timedelta(days=1))
        await tariffs.choose(
            tx, ACTOR, made.tariff_id, world.clock() - timedelta(hours=1), site_id=SiteId(bay.site_id)
        )  # fmt: skip
    await charging(bay, visitor, missing_wh=PAUSES_WH, seconds=300)


async def habit(bay: Bay, **car: Any) -> None:
    """Let the outlet have a habit of charging fast."""
    tag = await habit_tag(bay)
    for _each in range(HABIT):
        await bay.plug(**car)
        await bay.do(lambda charger, at: charger.present(1, tag, at))
        await bay.world.rest()
        await bay.world.pass_time(900, step_s=300)
        await bay.do(lambda charger, at: charger.unplug(1, at))


async def slower(bay: Bay, visitor: Visitor, **car: Any) -> None:
    """Charge with a car that takes less than others do there."""
    await visitor.pay(bay.codes[0])
    await bay.plug(**car)
    await bay.world.pass_time(240)


@made(Ending.TOLD)
async def slow(bay: Bay, visitor: Visitor) -> None:
    await habit(bay)
    await slower(bay, visitor, current_a=8)


@made(Ending.TOLD)
async def slow__one_phase(bay: Bay, visitor: Visitor) -> None:
    await habit(bay)
    await slower(bay, visitor, phases=1, current_a=10)


@made(Ending.TOLD)
async def slow__shared(bay: Bay, visitor: Visitor) -> None:
    await habit(bay)
    await shared(bay, TWO_CARS_A)
    await neighbour(bay)
    await steered(bay)
    await charging(bay, visitor, seconds=10)
    await steered(bay, 240)


@made(Ending.TOLD, wired=DC)
async def slow__nearly_full(bay: Bay, visitor: Visitor) -> None:
    await habit(bay)
    await slower(bay, visitor, missing_wh=4_000)


@made(Ending.TOLD, wired=DC)
async def slow__cold(bay: Bay, visitor: Visitor) -> None:
    await habit(bay)
    await slower(bay, visitor, missing_wh=60_000, battery_c=COLD_C)


async def cut_short(bay: Bay, visitor: Visitor, reason: str) -> Hands:
    """Charge, and let the charger end it and say why."""
    await charging(bay, visitor)
    await bay.leave(reason)
    return anew(bay, visitor)


@made(Ending.ENERGY)
async def stopped_early(bay: Bay, visitor: Visitor) -> Hands:
    return await cut_short(bay, visitor, "Other")


@made(Ending.ENERGY)
async def stopped_early__power(bay: Bay, visitor: Visitor) -> Hands:
    return await cut_short(bay, visitor, "PowerLoss")


@made(Ending.ENERGY)
async def stopped_early__emergency(bay: Bay, visitor: Visitor) -> Hands:
    """Somebody pressed the stop and has let it go again; while it is pressed that is what is told."""
    return await cut_short(bay, visitor, "EmergencyStop")


@made(Ending.ENERGY, protocol=Protocol.V201)
async def stopped_early__safety(bay: Bay, visitor: Visitor) -> Hands:
    """Its protection tripped and closed again by itself; while it is open that is what is told. 1.6 has no word."""
    await cut_short(bay, visitor, "GroundFault")
    return elsewhere(bay, visitor)


@made(Ending.ENERGY)
async def stopped_early__refused(bay: Bay, visitor: Visitor) -> Hands:
    return await cut_short(bay, visitor, "DeAuthorized")


@made(Ending.ENERGY)
async def stopped_early__disconnected(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor)
    await bay.do(lambda charger, at: charger.unplug(1, at))
    return anew(bay, visitor)


@made(Ending.ENERGY)
async def stopped_early__restart(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor)
    await bay.do(lambda charger, at: charger.reset("HardReset", at))
    await bay.world.until("the charge is over", ENDED, bay.station_id)
    await bay.world.until(
        "the charger is back", "SELECT connected_at IS NOT NULL FROM station WHERE id = $1", bay.station_id
    )
    await bay.world.pass_time(30)
    return anew(bay, visitor)


@made(Ending.ENERGY, who=Who.NOBODY)
async def stopped_early__paid_for(bay: Bay, visitor: Visitor) -> Hands:
    """What was paid by Swish lasts for so much: the charger is asked to stop before it is used up."""
    await visitor.pay(bay.codes[0], rail="swish")
    await bay.plug(missing_wh=70_000)
    await bay.world.pass_time(NEARLY_SPENT_S, step_s=250)
    for _each in range(60):
        await bay.world.pass_time(10)
        await bay.world.turn(WATCH)
        if await bay.world.value(ASKED_TO_STOP, bay.station_id):
            break
    else:
        raise Unsaid("the charge is asked to stop")
    await bay.world.until("the charge is over", ENDED, bay.station_id)
    return anew(bay, visitor)


@made(Ending.ENERGY)
async def stopped_by_fault(bay: Bay, visitor: Visitor) -> Hands:
    await charging(bay, visitor)
    await bay.do(lambda charger, at: complaints.fail(charger, 1, complaints.METER, at))
    return elsewhere(bay, visitor)


async def nothing_taken(bay: Bay, visitor: Visitor) -> None:
    """Charge a car that is full, and leave."""
    await charging(bay, visitor, missing_wh=FULL_WH, seconds=60)
    await bay.leave()


@made(Ending.MONEY, who=Who.NOBODY)
async def ended_without_energy__paid(bay: Bay, visitor: Visitor) -> None:
    await nothing_taken(bay, visitor)


@made(Ending.TOLD, who=Who.ACCOUNT)
async def ended_without_energy(bay: Bay, visitor: Visitor) -> None:
    await nothing_taken(bay, visitor)


@made(Ending.TOLD, complaint="receipt")
async def receipt_wanted(bay: Bay, visitor: Visitor) -> None:
    await over_and_paid(bay, visitor)


@made(Ending.TOLD, complaint="receipt")
async def receipt_wanted__not_yet(bay: Bay, visitor: Visitor) -> None:
    await charging(bay, visitor)


@made(Ending.TOLD, complaint="money", who=Who.NOBODY)
async def reserve_not_released(bay: Bay, visitor: Visitor) -> None:
    await over_and_paid(bay, visitor)


@made(Ending.TOLD, complaint="money", who=Who.NOBODY)
async def reserve_not_released__late(bay: Bay, visitor: Visitor) -> None:
    await over_and_paid(bay, visitor)
    await bay.world.pass_time(WEEK_S, step_s=WEEK_S / 4)


@made(Ending.TOLD, complaint="money", who=Who.NOBODY)
async def reserve_not_released__double(bay: Bay, visitor: Visitor) -> None:
    await over_and_paid(bay, visitor)
    async with bay.world.house.database.transaction() as tx:
        await tx.execute(TWICE)


async def paid_back(bay: Bay, visitor: Visitor) -> None:
    """Charge by Swish, end it, and let the rest be sent back."""
    await visitor.pay(bay.codes[0], rail="swish")
    await bay.plug()
    await bay.world.pass_time(120)
    await bay.leave()
    await bay.do(lambda charger, at: charger.unplug(1, at))
    for _each in range(10):  # it goes its way by jobs that wait for their time
        await bay.world.pass_time(60, step_s=60)
        if await bay.world.value(SENT_BACK):
            return
    raise Unsaid("the rest is sent back")


@made(Ending.MONEY, complaint="money", who=Who.NOBODY)
async def money_on_its_way_back(bay: Bay, visitor: Visitor) -> None:
    await paid_back(bay, visitor)


@made(Ending.MONEY, complaint="money", who=Who.NOBODY, ways=STRANGERS_CALL)
async def money_on_its_way_back__unseen(bay: Bay, visitor: Visitor) -> None:
    await paid_back(bay, visitor)
    visitor.charge = ""  # its page is closed, and nobody else knows whose it was


@made(Ending.TOLD, complaint="money", who=Who.NOBODY, ways=STRANGERS_CALL)
async def reserve_not_released__unseen(bay: Bay, visitor: Visitor) -> None:
    await over_and_paid(bay, visitor)
    visitor.charge = ""


@made(Ending.HUMAN, complaint="money", who=Who.ACCOUNT)
async def nothing_seen(bay: Bay, visitor: Visitor) -> None:
    """Who pays by the month finds it too much: nothing was reserved, drawn or sent back, so a person looks."""
    await over_and_paid(bay, visitor)
