"""What a trouble is, how it ends, and the deeds of drivers that several troubles are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench._support_world import AC, Bay, Unsaid, Visitor, Wired
from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol

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


class Who(StrEnum):
    """Who is in trouble."""

    AS_ASKED = "as_asked"
    """Somebody with an account where the way to us knows nobody else; else without."""
    NOBODY = "nobody"
    """Somebody without an account, whichever way they ask."""
    ACCOUNT = "account"


Hands = Callable[[], Awaitable[None]]


@dataclass
class Trouble:
    """A driver in a situation."""

    event: Event
    bay: Bay
    visitor: Visitor
    hands: Hands | None = None
    """What they do after they were told."""
    code: str = ""
    """On the outlet that they ask about."""

    @property
    def complaint(self) -> str:
        return self.event.complaint

    @property
    def press(self) -> str:
        return self.event.press


Make = Callable[[Bay, Visitor], Awaitable[Hands | None]]


@dataclass(frozen=True)
class Event:
    """A text of the catalogue that is made to happen: the situation and its variant, and another way that it arises."""

    situation: str
    variant: str
    note: str
    """Which of several ways; '' for the only one."""
    make: Make
    ending: Ending
    complaint: str = ""
    press: str = ""
    """What the driver has done by one tap, where it is offered."""
    who: Who = Who.AS_ASKED
    wired: Wired = AC
    protocol: Protocol | None = None
    """The only one that has words for it; None for both."""
    ways: tuple[str, ...] = ()
    """The only ways by which it can be asked about; () for all."""

    @property
    def told(self) -> str:
        """What has to be told, and nothing else."""
        return f"{self.situation} {self.variant}".strip()

    @property
    def name(self) -> str:
        return f"{self.told} ({self.note})" if self.note else self.told

    async def happen(self, bay: Bay, visitor: Visitor) -> Trouble:
        """Put a driver into it."""
        hands = await self.make(bay, visitor)
        return Trouble(self, bay, visitor, hands, bay.codes[0])


EVENTS: Final[dict[str, Event]] = {}
STRANGERS_CALL: Final = ("guest-phone", "phone")
"""What is told only to a voice that nobody knows, or of an outlet whose code they key in."""


def made(
    ending: Ending, *, complaint: str = "", press: str = "", who: Who = Who.AS_ASKED, wired: Wired = AC,
    protocol: Protocol | None = None, ways: tuple[str, ...] = (),
) -> Callable[[Make], Make]:  # fmt: skip
    """Enter a function as what makes an event: it is called `situation__variant__note`, as far as it has them."""

    def enter(make: Make) -> Make:
        situation, variant, note, *_rest = [*make.__name__.split("__"), "", ""]
        event = Event(
            situation.replace("_", "-"), variant, note.replace("_", " "), make, ending, complaint, press, who, wired,
            protocol, ways,
        )  # fmt: skip
        EVENTS[event.name] = event
        return make

    return enter


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


def by_swish(bay: Bay, visitor: Visitor) -> Hands:
    """Pay this charge by Swish, as anybody does, with the cable in."""

    async def go() -> None:
        await visitor.pay(bay.codes[0], rail="swish")

    return go


def pulls(bay: Bay) -> Hands:
    """Pull the cable out."""

    async def pull() -> None:
        if not await bay.do(lambda charger, at: charger.unplug(1, at)):
            raise Unsaid("the cable does not come loose")

    return pull


async def over_and_paid(bay: Bay, visitor: Visitor) -> None:
    """Charge for a while, end it, pull the cable, and let the money be drawn."""
    await charging(bay, visitor, seconds=300)
    await bay.leave()
    await bay.do(lambda charger, at: charger.unplug(1, at))
    if visitor.email:
        await bay.world.until("the charge has its price", PRICED)
    else:
        await bay.world.until("the money is drawn", DRAWN)
