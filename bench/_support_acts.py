"""What a trouble is, how it ends, and the deeds of drivers that several troubles are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bench._support_world import Bay, Unsaid, Visitor
from laddverk.ocpp.facts import Status

PRICED = "SELECT price_minor > 0 FROM session ORDER BY started_at DESC LIMIT 1"
DRAWN = "SELECT captured_minor > 0 FROM payment ORDER BY created_at DESC LIMIT 1"


class Ending(StrEnum):
    """How a trouble is over without a person of ours."""

    ENERGY = "energy"
    """Energy flows to this driver, here or at the outlet beside."""
    MONEY = "money"
    """What was paid for nothing is back, to the öre."""
    FREE = "free"
    """The cable is out."""
    TOLD = "told"
    """The driver knows why and what comes next; nothing else can be done."""
    HUMAN = "human"
    """A person has to look: a case is open, with everything in it."""


Hands = Callable[[], Awaitable[None]]


@dataclass
class Trouble:
    """A driver in a situation."""

    key: str
    bay: Bay
    visitor: Visitor
    ending: Ending
    expected: frozenset[str]
    """Situations that tell it right."""
    complaint: str = ""
    press: str = ""
    """What the driver has done by one tap, where it is offered."""
    hands: Hands | None = None
    """What they do after they were told."""
    code: str = ""
    number: str = ""
    """The driver's phone number."""
    seen: list[str] = field(default_factory=list)


Made = Callable[[Bay, Visitor], Awaitable[Trouble]]
TROUBLES: Final[dict[str, Made]] = {}


def made(ending: Ending, *also: str, complaint: str = "", press: str = "") -> Callable[[Made], Made]:
    """Enter a function under its name as what makes a situation; `also` are others that tell it right."""

    def enter(make: Made) -> Made:
        key = make.__name__.replace("_", "-")

        async def whole(bay: Bay, visitor: Visitor) -> Trouble:
            trouble = await make(bay, visitor)
            trouble.key, trouble.ending, trouble.expected = key, ending, frozenset({key, *also})
            trouble.complaint, trouble.press = complaint, press
            trouble.code = trouble.code or bay.codes[0]
            return trouble

        TROUBLES[key] = whole
        return make

    return enter


def of(bay: Bay, visitor: Visitor, hands: Hands | None = None) -> Trouble:
    return Trouble("", bay, visitor, Ending.TOLD, frozenset(), hands=hands)


async def charging(bay: Bay, visitor: Visitor, *, missing_wh: float = 40_000, seconds: float = 120) -> None:
    """Pay, plug in, and let it charge for a while."""
    await visitor.pay(bay.codes[0])
    await bay.plug(missing_wh=missing_wh)
    await bay.world.until(
        "the charge begins", "SELECT count(*) FROM session WHERE station_id = $1 AND ended_at IS NULL", bay.station_id
    )
    await bay.world.pass_time(seconds)


def elsewhere(bay: Bay, visitor: Visitor) -> Hands:
    """Go to the outlet beside, pay and plug in there."""

    async def go() -> None:
        if bay.outlet(1).car is not None and bay.outlet(1).status is not Status.FAULTED:
            await bay.do(lambda charger, at: charger.unplug(1, at))
        await visitor.pay(bay.codes[1])
        await bay.plug(2)

    return go


def anew(bay: Bay, visitor: Visitor) -> Hands:
    """Pay once more at the same outlet, with the cable in."""

    async def go() -> None:
        await visitor.pay(bay.codes[0])
        if bay.outlet(1).car is None:
            await bay.plug()

    return go


def pulls(bay: Bay) -> Hands:
    """Pull the cable out."""

    async def pull() -> None:
        if not await bay.do(lambda charger, at: charger.unplug(1, at)):
            raise Unsaid("the cable does not come loose")

    return pull


async def over_and_paid(bay: Bay, visitor: Visitor) -> None:
    """Charge for a while, pull the cable, and let the money be drawn."""
    await charging(bay, visitor, seconds=300)
    await bay.do(lambda charger, at: charger.unplug(1, at))
    if visitor.email:
        await bay.world.until("the charge has its price", PRICED)
    else:
        await bay.world.until("the money is drawn", DRAWN)
