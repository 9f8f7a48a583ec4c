"""Before energy flows: the payment, the tag, the plug, and a charger that does not take the start, made to happen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from bench._support_acts import STRANGERS_CALL, Ending, Hands, Who, anew, by_swish, charging, elsewhere, made
from bench._support_world import ACTOR, Bay, Unsaid, Visitor, no_card_service
from laddverk.access import service as access
from laddverk.kernel.ids import DriverId
from laddverk.payments.jobs import RECONCILE
from laddverk.payments.ways.holding import REVIEW
from laddverk.subscriptions import accounts
from laddverk.subscriptions.model import AccountDetails

PATIENCE_S: Final = 40.0
LOCKS_S, NEVER_S = 20.0, 3600.0  # what a charger takes between a start that it accepts and the charge
UNAVAILABLE: Final = 503
PAGE_OPEN_S: Final = 3700.0
GIVEN_UP: Final = "SELECT cancelled_at IS NOT NULL FROM start_request ORDER BY created_at DESC LIMIT 1"
TOKEN: Final = "SELECT id FROM token WHERE uid = $1"
OF_MAIL: Final = "SELECT id FROM driver WHERE email = $1"
STARTS: Final = "sessions.expire_starts"


async def plugged_and_paid(bay: Bay, visitor: Visitor, readies_s: float) -> None:
    """The cable is in when the driver pays, and the outlet takes its time to begin."""
    bay.outlet(1).readies_s = readies_s
    await bay.plug()
    await bay.world.pass_time(10)
    await visitor.pay(bay.codes[0])


@made(Ending.ENERGY)
async def asked_to_start(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.pay(bay.codes[0])
    return bay.plug


@made(Ending.ENERGY)
async def asked_to_start__plugged(bay: Bay, visitor: Visitor) -> None:
    await plugged_and_paid(bay, visitor, LOCKS_S)


@made(Ending.ENERGY, press="wait_more")
async def paid_no_plug(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.pay(bay.codes[0])
    await bay.world.pass_time(PATIENCE_S)
    return bay.plug


@made(Ending.ENERGY)
async def paid_no_plug__too_late(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.pay(bay.codes[0])
    await bay.world.pass_time(600, step_s=60)
    await bay.world.turn(STARTS)
    await bay.world.until("the start is given up", GIVEN_UP)
    return anew(bay, visitor)


@made(Ending.ENERGY, press="swap")
async def wrong_outlet(bay: Bay, visitor: Visitor) -> None:
    await visitor.pay(bay.codes[0])
    await bay.plug(2)
    await bay.world.pass_time(PATIENCE_S)


@made(Ending.ENERGY)
async def plugged_not_authorised(bay: Bay, visitor: Visitor) -> Hands:
    await bay.plug()
    await bay.world.pass_time(PATIENCE_S)
    return anew(bay, visitor)


async def shown(bay: Bay, visitor: Visitor, uid: str) -> Hands:
    """Plug in, and hold a tag to the reader."""
    await bay.plug()
    await bay.do(lambda charger, at: charger.present(1, uid, at))
    return anew(bay, visitor)


async def own_tag(bay: Bay, visitor: Visitor, **token: Any) -> tuple[str, UUID]:
    """Give the driver a tag, with an account where they have none; return its uid, and whose it is."""
    world, uid = bay.world, f"TAG{bay.codes[0][:4]}".upper()
    driver_id = await world.value(OF_MAIL, visitor.sender)
    return uid, await world.account(visitor.sender, visitor.phone, uid, driver_id=driver_id, **token)


async def hold_starts(bay: Bay, driver_id: UUID, why: str) -> None:
    """Hold back what a driver would start, once it has been looked at by the clock who may."""
    await bay.world.turn(REVIEW)
    async with bay.world.house.database.transaction() as tx:
        await access.hold_starts(tx, ACTOR, DriverId(driver_id), why, bay.world.clock())


@made(Ending.ENERGY)
async def tag_refused__unknown(bay: Bay, visitor: Visitor) -> Hands:
    return await shown(bay, visitor, "DEADBEEF")


@made(Ending.ENERGY)
async def tag_refused__blocked(bay: Bay, visitor: Visitor) -> Hands:
    uid, _driver_id = await own_tag(bay, visitor)
    async with bay.world.house.database.transaction() as tx:
        await access.block_token(tx, ACTOR, await tx.value(TOKEN, uid), "lost", bay.world.clock())
    return await shown(bay, visitor, uid)


@made(Ending.ENERGY)
async def tag_refused__expired(bay: Bay, visitor: Visitor) -> Hands:
    uid, _driver_id = await own_tag(bay, visitor, valid_until=bay.world.clock() + timedelta(minutes=1))
    await bay.world.pass_time(90)
    return await shown(bay, visitor, uid)


@made(Ending.TOLD)
async def tag_refused__owes(bay: Bay, visitor: Visitor) -> None:
    uid, driver_id = await own_tag(bay, visitor)
    await hold_starts(bay, driver_id, "overdue")
    await shown(bay, visitor, uid)


@made(Ending.ENERGY)
async def tag_refused__no_way(bay: Bay, visitor: Visitor) -> Hands:
    uid, driver_id = await own_tag(bay, visitor)
    await hold_starts(bay, driver_id, "no_way")
    await shown(bay, visitor, uid)
    return by_swish(bay, visitor)


@made(Ending.ENERGY)
async def tag_refused__limit(bay: Bay, visitor: Visitor) -> Hands:
    uid, driver_id = await own_tag(bay, visitor)
    nothing_left = AccountDetails(name="Family", limit_minor=0)
    async with bay.world.house.database.transaction() as tx:
        await accounts.open_account(tx, ACTOR, DriverId(driver_id), nothing_left, bay.world.clock())
    await shown(bay, visitor, uid)
    return by_swish(bay, visitor)


@made(Ending.ENERGY)
async def tag_refused(bay: Bay, visitor: Visitor) -> Hands:
    """Not the tag is blocked but its driver: they are not told so before a charger."""
    uid, driver_id = await own_tag(bay, visitor)
    async with bay.world.house.database.transaction() as tx:
        await access.block_driver(tx, ACTOR, driver_id, "looked into", bay.world.clock())
    await shown(bay, visitor, uid)
    return by_swish(bay, visitor)


@made(Ending.ENERGY)
async def roaming_refused(bay: Bay, visitor: Visitor) -> Hands:
    return await shown(bay, visitor, "SEXYZC12345678A")  # a contract of another service


@made(Ending.ENERGY, press="pay", who=Who.NOBODY)
async def card_declined(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.pay(bay.codes[0], card="declined")
    return anew(bay, visitor)


@made(Ending.ENERGY, press="pay", who=Who.NOBODY)
async def card_declined__expired(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.pay(bay.codes[0], card="out_of_date")
    return anew(bay, visitor)


async def swish_ends(bay: Bay, visitor: Visitor, code: str) -> Hands:
    """Open the app, and let the payment come to nothing there."""
    page = await visitor.begin_to_pay(bay.codes[0], "swish")
    await visitor.finish_paying(page, card="", deed="decline", code=code)
    return anew(bay, visitor)


@made(Ending.ENERGY, press="pay", who=Who.NOBODY)
async def swish_not_completed(bay: Bay, visitor: Visitor) -> Hands:
    return await swish_ends(bay, visitor, "BANKIDCL")


@made(Ending.ENERGY, press="pay", who=Who.NOBODY)
async def swish_not_completed__declined(bay: Bay, visitor: Visitor) -> Hands:
    return await swish_ends(bay, visitor, "RF07")


@made(Ending.ENERGY, press="pay", who=Who.NOBODY)
async def swish_not_completed__timed_out(bay: Bay, visitor: Visitor) -> Hands:
    return await swish_ends(bay, visitor, "TM01")


@made(Ending.ENERGY, who=Who.NOBODY)
async def swish_not_completed__timed_out__abandoned(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.begin_to_pay(bay.codes[0], "swish")  # and the app is never opened
    await never_paid(bay, visitor)
    return anew(bay, visitor)


async def never_paid(bay: Bay, visitor: Visitor) -> None:
    """Let the time for a payment pass."""
    visitor.charge = await bay.world.newest_charge()
    await bay.world.pass_time(PAGE_OPEN_S, step_s=185)
    await bay.world.turn(RECONCILE)
    await bay.world.turn(STARTS)
    await bay.world.until("the start is given up", GIVEN_UP)
    await bay.world.rest()


@made(Ending.ENERGY, who=Who.NOBODY)
async def waiting_for_payment(bay: Bay, visitor: Visitor) -> Hands:
    page = await visitor.begin_to_pay(bay.codes[0])
    visitor.charge = await bay.world.newest_charge()

    async def go() -> None:
        await visitor.finish_paying(page)
        await bay.plug()

    return go


@made(Ending.ENERGY, who=Who.NOBODY)
async def start_given_up__expired(bay: Bay, visitor: Visitor) -> Hands:
    await visitor.begin_to_pay(bay.codes[0])
    await never_paid(bay, visitor)
    return anew(bay, visitor)


@made(Ending.ENERGY)
async def start_given_up(bay: Bay, visitor: Visitor) -> Hands:
    """The cable is in, the charger takes the start, and its lock never closes: it does not say so, nor begin."""
    await plugged_and_paid(bay, visitor, NEVER_S)
    await bay.world.pass_time(600, step_s=60)
    await bay.world.turn(STARTS)
    await bay.world.until("the start is given up", GIVEN_UP)
    await bay.world.rest()
    return elsewhere(bay, visitor)


@made(Ending.ENERGY, who=Who.NOBODY)
async def start_given_up__payment_failed(bay: Bay, visitor: Visitor) -> Hands:
    page = await visitor.begin_to_pay(bay.codes[0])
    await visitor.finish_paying(page, deed="cancel")
    await bay.world.until("the start is given up", GIVEN_UP)
    return anew(bay, visitor)


@made(Ending.ENERGY, who=Who.NOBODY, ways=STRANGERS_CALL)
async def start_given_up__payment_unavailable(bay: Bay, visitor: Visitor) -> Hands:
    """There is no page of a charge; of the outlet somebody hears it who asks a moment later by its code."""
    async with no_card_service(bay.world):
        answer = await visitor.post(f"/u/{bay.codes[0]}/pay", provider="card")
    if answer.status_code != UNAVAILABLE:
        raise Unsaid(f"the outlet's page answers {answer.status_code} while the payment service is silent")
    return anew(bay, visitor)


@made(Ending.ENERGY, who=Who.NOBODY)
async def start_given_up__busy(bay: Bay, visitor: Visitor) -> Hands:
    page = await visitor.begin_to_pay(bay.codes[0])
    other = Visitor(bay.world)
    uid, _driver_id = await own_tag(bay, other_driver(bay, other))
    await bay.plug()
    await bay.do(lambda charger, at: charger.present(1, uid, at))
    await bay.world.pass_time(60)
    await visitor.finish_paying(page)
    await other.close()

    async def go() -> None:
        await visitor.pay(bay.codes[1])
        await bay.plug(2)

    return go


def other_driver(bay: Bay, other: Visitor) -> Visitor:
    """Give somebody else an address and a number of their own."""
    bay.world.drivers += 1
    other.sender, other.phone = f"other{bay.world.drivers}@example.com", f"+4676{bay.world.drivers:07}"
    return other


async def refused(bay: Bay, visitor: Visitor) -> None:
    """Pay where the charger waits for another's cable, and says no to all, twice."""
    bay.outlet(1).token = "SOMEBODY"
    await visitor.pay(bay.codes[0])
    await bay.world.pass_time(PATIENCE_S)
    bay.outlet(1).token = "SOMEBODY"


@made(Ending.MONEY, who=Who.NOBODY)
async def start_refused__paid(bay: Bay, visitor: Visitor) -> None:
    await refused(bay, visitor)


@made(Ending.TOLD, who=Who.ACCOUNT)
async def start_refused(bay: Bay, visitor: Visitor) -> None:
    await refused(bay, visitor)


@made(Ending.MONEY, who=Who.NOBODY)
async def no_reply__paid(bay: Bay, visitor: Visitor) -> None:
    page = await visitor.begin_to_pay(bay.codes[0])
    await bay.power_cut()
    await visitor.finish_paying(page)
    await bay.world.pass_time(90)


@made(Ending.TOLD, who=Who.ACCOUNT)
async def no_reply(bay: Bay, visitor: Visitor) -> None:
    await visitor.pay(bay.codes[0])
    await bay.power_cut()
    await bay.world.pass_time(90)


@made(Ending.ENERGY)
async def just_begun(bay: Bay, visitor: Visitor) -> None:
    await visitor.pay(bay.codes[0])
    await bay.plug(wakes_s=45.0)  # the car and the charger agree for so long
    await bay.world.until("the charge begins", "SELECT count(*) FROM session WHERE station_id = $1", bay.station_id)
    await bay.world.pass_time(20)


@made(Ending.TOLD)
async def offline__charging(bay: Bay, visitor: Visitor) -> None:
    await charging(bay, visitor)
    await bay.power_cut()
    await bay.world.pass_time(120)


@made(Ending.ENERGY)
async def reserved(bay: Bay, visitor: Visitor) -> Hands:
    await bay.do(lambda charger, at: charger.keep(1, at))
    return elsewhere(bay, visitor)
