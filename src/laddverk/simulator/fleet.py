"""A network full of chargers, and the cars that come, charge, stay and leave. One task moves them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.kernel.time import Clock
from laddverk.ocpp.facts import Status
from laddverk.simulator import garage, places
from laddverk.simulator.connection import Link
from laddverk.simulator.faults import Misfortune
from laddverk.simulator.model import Happening, Heartbeat, Outlet
from laddverk.simulator.physics import alone
from laddverk.simulator.physics.box import Box
from laddverk.simulator.places import Rhythm

TICK_S: Final = 2.0  # how often cars move; finer than any sampling, and next to nothing to compute
SAMPLE_S: Final = 45.0  # simulated seconds between two readings of an outlet that charges
WATCHED_SAMPLE_S: Final = 8.0  # of a car whose driver looks at a page meanwhile
STEP_MAX_S: Final = 60.0  # a longer step would cut the corners of the charging curve
STEP: Final = timedelta(seconds=STEP_MAX_S)
CATCH_UP_SAMPLE_STEPS: Final = 10  # minutes between two readings of a car that came earlier
UNKNOWN_CARD_SHARE: Final = 0.02  # of the cards shown, nobody knows these
VISITOR_DELAY_S: Final = 4.0  # somebody who paid takes the cable
VISITOR_LEAVES_S: Final = 20.0  # and takes it out after stopping
VISITOR_STAY_H: Final = 2.0
CLOSE_TIMEOUT_S: Final = 5.0  # a network that does not answer by then hears the rest another time
START_SPREAD_S: Final = 3.0  # not all chargers connect in the same instant

Say = Callable[[str], None]


class Place(Struct):
    """One site: its rhythm, its chargers and the cards of those who charge there."""

    name: str
    rhythm: Rhythm
    links: list[Link]
    cards: list[str]
    zone: ZoneInfo = ZoneInfo("Europe/Stockholm")
    idle: frozenset[str] = frozenset()
    """Identities of chargers that nobody uses: for people to try by hand."""


class Visit(Struct):
    """A car at an outlet, until when, and with which card."""

    place: Place
    link: Link
    outlet: Outlet
    card: str
    leaves_at: datetime
    sample_at: datetime
    every_s: float = SAMPLE_S


class Fleet:
    """All places of a network. `run` lives until it is cancelled."""

    def __init__(
        self,
        where: Sequence[Place],
        *,
        clock: Clock,
        random: Random,
        misfortune: Misfortune | None = None,
        say: Say | None = None,
        speed: float = 1.0,
    ) -> None:
        """With a `speed` above 1 cars charge and leave faster than the clock; what is said keeps the true time."""
        self._speed = speed
        self.places = list(where)
        self._clock = clock
        self._random = random
        self._misfortune = misfortune
        self._say = say or (lambda _: None)
        self._visits: dict[tuple[str, int], Visit] = {}
        self._later: list[tuple[datetime, Callable[[datetime], None]]] = []
        self._heard_at: dict[str, datetime] = {}

    @property
    def links(self) -> list[Link]:
        """Every charger of every place."""
        return [link for place in self.places for link in place.links]

    @property
    def active(self) -> int:
        """How many transactions run now."""
        return sum(outlet.charging is not None for link in self.links for outlet in link.charger.outlets.values())

    async def run(self) -> None:
        """Connect all chargers and let the cars come and go, until cancelled."""
        tasks = [asyncio.create_task(self._connect(link)) for link in self.links]
        try:
            before = self._clock()
            while True:
                await asyncio.sleep(TICK_S)
                now = self._clock()
                self.tick(before, now)
                before = now
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def close(self, at: datetime) -> None:
        """Let all cars leave, and wait a little until the network knows. To be called while `run` still lives."""
        for link in self.links:
            for outlet in link.charger.outlets.values():
                outlet.stuck = False
                link.charger.unplug(outlet.number, at)
            link.wake()
        heard = [link.drained() for link in self.links if link.is_connected]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*heard), CLOSE_TIMEOUT_S)

    async def _connect(self, link: Link) -> None:
        await asyncio.sleep(self._random.uniform(0, START_SPREAD_S))
        await link.run()

    def populate(self, at: datetime, *, share: float = 1.0, since: timedelta = timedelta(0)) -> int:
        """Let cars stand where they would stand now; return how many there are.

        They came at some time within `since`, and what their meters showed meanwhile is kept to be told. `share` thins
        them out. To be called before `run`.
        """
        for place in self.places:
            taken = places.share_taken(place.rhythm, at, place.zone) * share
            for link, outlet in self._free(place):
                if place.cards and self._random.random() < taken:
                    came_at = at - since * self._random.random()
                    self._arrive(place, link, outlet, came_at, self._random.choice(place.cards))
                    self._catch_up(link, outlet, came_at, at)
        return len(self._visits)

    def _catch_up(self, link: Link, outlet: Outlet, since: datetime, until: datetime) -> None:
        """Let the time pass for one car that came before anybody looked."""
        at, steps = since, 0
        while at + STEP < until:
            at, steps = at + STEP, steps + 1
            link.charger.advance(outlet.number, STEP.total_seconds() * self._speed, at)
            if steps % CATCH_UP_SAMPLE_STEPS == 0:
                link.charger.sample(outlet.number, link.charger.reading(outlet.number, at))
        visit = self._visits.get((link.charger.hardware.identity, outlet.number))
        if visit is not None:
            visit.leaves_at = max(visit.leaves_at, until + timedelta(minutes=self._random.uniform(2, 30)))

    def adopt(self, at: datetime) -> None:
        """Look after the cars that are at the outlets already: those a charger remembered."""
        for place in self.places:
            for link in place.links:
                for number, outlet in link.charger.outlets.items():
                    if outlet.car is not None and (link.charger.hardware.identity, number) not in self._visits:
                        card = outlet.charging.token if outlet.charging else ""
                        self._stand(place, link, outlet, card, at)

    def tick(self, before: datetime, now: datetime) -> None:
        """Let the time from `before` to `now` pass everywhere."""
        for place in self.places:
            self._cars_come(place, (now - before).total_seconds() * self._speed, now)
            for link in place.links:
                self._pass(link, before, now)
        for key, visit in list(self._visits.items()):
            self._stay_or_leave(key, visit, now)
        due = [action for at, action in self._later if at <= now]
        self._later = [(at, action) for at, action in self._later if at > now]
        for action in due:
            action(now)
        for link in self._misfortune.mend_due(now) if self._misfortune else ():
            link.wake()

    def _pass(self, link: Link, before: datetime, now: datetime) -> None:
        """Let energy flow in one charger, in steps small enough for its curve."""
        charger = link.charger
        step_at = before
        while step_at < now:
            seconds = min(STEP_MAX_S, (now - step_at).total_seconds())
            step_at += timedelta(seconds=seconds)
            for number in charger.outlets:
                charger.advance(number, seconds * self._speed, step_at)
        self._be_alive(link, now)
        if isinstance(charger, Box):
            self._suffer(link, charger, (now - before).total_seconds(), now)
        struck = self._misfortune.pass_by(link, (now - before).total_seconds(), now) if self._misfortune else None
        if struck:
            self._say(f"{charger.hardware.identity}: {struck}")
        while charger.happenings:
            self._react(link, charger.happenings.popleft(), now)
        if charger.outbox or charger.wants_restart:
            link.wake()

    def _suffer(self, link: Link, box: Box, seconds: float, now: datetime) -> None:
        gone_s = alone.away_s(box, seconds, now, self._random)
        if gone_s and box.online:
            link.lose(gone_s)

    def _be_alive(self, link: Link, now: datetime) -> None:
        identity = link.charger.hardware.identity
        last = self._heard_at.setdefault(identity, now)
        if link.is_connected and (now - last).total_seconds() >= link.charger.heartbeat_s:
            self._heard_at[identity] = now
            link.charger.say(Heartbeat(at=now))

    # Cars.

    def _free(self, place: Place) -> list[tuple[Link, Outlet]]:
        return [
            (link, outlet)
            for link in place.links
            if link.charger.hardware.identity not in place.idle
            for outlet in link.charger.outlets.values()
            if outlet.car is None and outlet.token is None and outlet.status is Status.AVAILABLE
        ]

    def _cars_come(self, place: Place, seconds: float, now: datetime) -> None:
        chance = places.arrivals_per_hour(place.rhythm, now, place.zone) * seconds / 3600
        for link, outlet in self._free(place):
            if self._random.random() < chance:
                self._arrive(place, link, outlet, now)

    def _arrive(self, place: Place, link: Link, outlet: Outlet, now: datetime, card: str = "") -> None:
        car = garage.arriving(self._random, dc=outlet.supply.phases == 0)
        if not link.charger.plug(outlet.number, car, now):
            return
        card = card or self._card(place)
        link.charger.present(outlet.number, card, now)
        self._stand(place, link, outlet, card, now)
        self._say(f"{link.charger.hardware.identity}/{outlet.number}: a car arrives at {place.name}")
        link.wake()

    def _card(self, place: Place) -> str:
        if not place.cards or self._random.random() < UNKNOWN_CARD_SHARE:
            return f"04{self._random.getrandbits(48):012X}"
        return self._random.choice(place.cards)

    def _stand(self, place: Place, link: Link, outlet: Outlet, card: str, now: datetime) -> None:
        leaves_at = now + timedelta(hours=places.stay_h(place.rhythm, self._random) / self._speed)
        first_sample = now + timedelta(seconds=self._random.uniform(5, SAMPLE_S))
        key = (link.charger.hardware.identity, outlet.number)
        self._visits[key] = Visit(place, link, outlet, card, leaves_at, first_sample)

    def _stay_or_leave(self, key: tuple[str, int], visit: Visit, now: datetime) -> None:
        charger, outlet = visit.link.charger, visit.outlet
        if outlet.car is None:
            del self._visits[key]
            return
        full = outlet.car.missing_wh <= 0 and places.HABITS[visit.place.rhythm].goes_when_full
        if now >= visit.leaves_at or full:
            if charger.unplug(outlet.number, now):
                self._say(f"{key[0]}/{key[1]}: the car leaves")
                del self._visits[key]
        elif now >= visit.sample_at and outlet.charging is not None:
            charger.sample(outlet.number, charger.reading(outlet.number, now))
            flows = outlet.charging.state == "Charging"
            visit.sample_at = now + timedelta(seconds=visit.every_s if flows else SAMPLE_S * 10)
        if charger.outbox:
            visit.link.wake()

    # What the network made a charger do.

    def _react(self, link: Link, happening: Happening, now: datetime) -> None:
        match happening.kind:
            case "car_wanted":
                self._in(VISITOR_DELAY_S, now, lambda at: self._visitor_plugs(link, happening.outlet, at))
            case "remote_stop":
                self._in(VISITOR_LEAVES_S, now, lambda at: self._drive_off(link, happening.outlet, at))
            case "refused":
                self._say(f"{link.charger.hardware.identity}: card {happening.text} was refused")
                self._in(VISITOR_LEAVES_S, now, lambda at: self._drive_off(link, happening.outlet, at))
            case "reboot":
                self._say(f"{link.charger.hardware.identity}: restarts")

    def _in(self, seconds: float, now: datetime, action: Callable[[datetime], None]) -> None:
        self._later.append((now + timedelta(seconds=seconds), action))

    def _visitor_plugs(self, link: Link, number: int, at: datetime) -> None:
        outlet = link.charger.outlets[number]
        place = next(place for place in self.places if link in place.links)
        if link.charger.plug(number, garage.visiting(dc=outlet.supply.phases == 0), at):
            self._stand(place, link, outlet, "", at)
            visit = self._visits[link.charger.hardware.identity, number]
            visit.leaves_at = at + timedelta(hours=VISITOR_STAY_H)
            visit.every_s = WATCHED_SAMPLE_S
            visit.sample_at = at + timedelta(seconds=WATCHED_SAMPLE_S)
            link.wake()

    def _drive_off(self, link: Link, number: int, at: datetime) -> None:
        if link.charger.outlets[number].charging is None:
            link.charger.unplug(number, at)
            link.wake()
