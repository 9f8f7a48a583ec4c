"""A town of chargers that age, and of people who come: moved from event to event, on whole minutes. No I/O, no clock.

Whoever holds the sockets calls `step` again and again: it carries out what is next and says when that was. Lines that
go down and up, wishes from telephones and limits of the network go out through a `Wire`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.simulator.car import Car
from laddverk.simulator.model import Heartbeat
from laddverk.simulator.physics import patrons
from laddverk.simulator.physics.box import Box
from laddverk.simulator.physics.modes import Mode, Shape
from laddverk.simulator.physics.patrons import Regular, Visit
from laddverk.simulator.physics.weather import Weather
from laddverk.simulator.places import Rhythm

Action = Callable[[datetime], None]

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
LOOKS_AFTER: Final = timedelta(minutes=4)  # a driver looks whether it charges
HASTY_AFTER: Final = timedelta(minutes=2)
GIVES_UP_AFTER: Final = timedelta(minutes=9)  # when nothing is charged
STUCK_FOR_H: Final = (1.0, 6.0)  # until an outlet notices by itself that the cable is out
USUAL_DROPS_PER_DAY: Final = 0.3  # of healthy links
USUAL_REBOOTS_PER_DAY: Final = 0.02
DROP_MINUTES: Final = (1, 5)
COLD_C: Final = -5.0  # below it a battery takes less, as cold as it has become on the way
COLD_SHARE: Final = (0.25, 0.9)
GRADUALLY: Final = (Shape.GRADUAL, Shape.DOUBLE)


class Wire(Protocol):
    """What a town needs of those who hold its sockets."""

    def down(self, box: Box) -> None:
        """Cut the line of a charger."""

    def up(self, box: Box) -> None:
        """Let it connect again."""

    def start(self, box: Box, number: int, token: str) -> None:
        """Somebody asks the network by telephone to start there."""

    def limit(self, boxes: Sequence[Box], amperes: float, until: datetime) -> None:
        """The network holds these chargers to so much until then."""


class Fault(Struct, frozen=True, kw_only=True):
    """A fault that is to strike a charger."""

    mode: Mode
    onset: datetime

    @property
    def fails_at(self) -> datetime:
        """When it fails for good, or by when it should be found."""
        return self.onset + timedelta(days=self.mode.days)


class Resident(Struct, kw_only=True):
    """One charger of the town, with those who come there, and what is to strike it."""

    box: Box
    site: int
    rhythm: Rhythm
    per_day: float
    fault: Fault | None = None
    down_until: datetime | None = None
    ended: bool = False


class Mood(Struct, frozen=True, kw_only=True):
    """For a time people come differently: fewer, with full cars, with cards that nobody vouches for."""

    since: datetime
    until: datetime
    site: int | None = None
    """None: everywhere."""
    stay_away: float = 0.0
    full: float = 0.0
    strangers: float = 0.0


class Away(Struct, frozen=True):
    """A time without a link."""

    identity: str
    since: datetime
    until: datetime


class Town:
    """All residents, and the agenda of what happens next."""

    def __init__(
        self, residents: Sequence[Resident], wire: Wire, weather: Weather, *,
        seed: int, since: datetime, until: datetime, zone: ZoneInfo,
    ) -> None:  # fmt: skip
        self.residents = list(residents)
        self.wire = wire
        self.weather = weather
        self.seed, self.since, self.until, self.zone = seed, since, until, zone
        self.moods: list[Mood] = []
        self.touched: set[str] = set()
        """Identities of chargers that have something to say since this was last emptied."""
        self.away: list[Away] = []
        """When each charger had no link: the truth that what is told of it is compared with."""
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._numbers = count()
        self._present: dict[tuple[str, int], Visit] = {}
        self._chance = Random(f"chance {seed}")
        for one in self.residents:
            self._settle(one)

    def at(self, when: datetime, action: Action) -> None:
        """Put something on the agenda; what would be after the end does not happen."""
        if when < self.until:
            heapq.heappush(self._agenda, (when, next(self._numbers), action))

    def next_at(self) -> datetime | None:
        """Return when something happens next."""
        return self._agenda[0][0] if self._agenda else None

    def step(self, now: datetime) -> None:
        """Carry out all that is due at `now`, which is the clock of the world."""
        while self._agenda and self._agenda[0][0] <= now:
            _, _, action = heapq.heappop(self._agenda)
            action(now)

    def of_site(self, site: int) -> list[Resident]:
        """Return the chargers of one site."""
        return [one for one in self.residents if one.site == site]

    # What happens to each charger by itself.

    def _settle(self, one: Resident) -> None:
        """Put on the agenda what happens by itself: by the clock, as aligned registers are told."""
        noise = Random(f"noise {self.seed} {one.box.hardware.identity}")
        self.at(self.since, lambda now: self._hour(one, noise, now))
        self.at(self.since, lambda now: self._beat(one, now))
        for number in one.box.outlets:
            name = f"{one.box.hardware.identity}/{number}"
            usual = Regular(
                name=name, rhythm=one.rhythm, per_day=one.per_day, zone=self.zone,
                cards=patrons.cards(self.seed, one.site, 40),
            )  # fmt: skip
            self._await(one, number, patrons.visits(self.seed, usual, self.since + HOUR, self.until))
        if one.fault is not None:
            fault = one.fault
            self.at(fault.onset, lambda now: self._strike(one, fault, now))

    def _beat(self, one: Resident, now: datetime) -> None:
        if one.box.online:
            one.box.say(Heartbeat(at=one.box.time(now)))
            self._touch(one)
        self.at(now + max(MINUTE, timedelta(seconds=one.box.heartbeat_s)), lambda then: self._beat(one, then))

    def _hour(self, one: Resident, noise: Random, now: datetime) -> None:
        """Let an hour pass for a charger: wear, leaks, what its link and its controller do."""
        box = one.box
        if one.fault is not None and not one.ended and now >= one.fault.onset:
            self._wear(one, one.fault, now)
        box.leak(1.0)
        for number in box.outlets:
            box.pass_to(number, now)
        box.tell_idle(now)
        usual = noise.random() < USUAL_DROPS_PER_DAY / 24, noise.random() < USUAL_REBOOTS_PER_DAY / 24
        minutes, lasts = noise.randrange(1, 55), noise.randint(*DROP_MINUTES)
        station = box.station
        if usual[0] or self._chance_of(one, station.drops_per_day / 24, now):
            self.at(now + minutes * MINUTE, lambda then: self.lose(one, lasts, then))
        if usual[1] or self._chance_of(one, station.reboots_per_day / 24, now):
            self.at(now + minutes * MINUTE, lambda then: self.reboot(one, "Watchdog", then))
        if not station.link and one.down_until is None:
            self.lose(one, 60 * 24 * 1000, now)
        self._touch(one)
        self.at(now + HOUR, lambda then: self._hour(one, noise, then))

    def _chance_of(self, one: Resident, share: float, now: datetime) -> bool:
        return share > 0 and Random(f"{self.seed} {one.box.hardware.identity} {now} {share}").random() < share

    def lose(self, one: Resident, minutes: float, now: datetime) -> None:
        """Cut the line of a charger for so long."""
        until = now + timedelta(minutes=minutes)
        self.away.append(Away(one.box.hardware.identity, now, until))
        if one.down_until is None:
            one.box.disconnected()
            self.wire.down(one.box)
        one.down_until = max(until, one.down_until or until)
        self.at(until, lambda then: self._back(one, then))

    def _back(self, one: Resident, now: datetime) -> None:
        if one.down_until is not None and now >= one.down_until and one.box.station.link:
            one.down_until = None
            self.wire.up(one.box)

    def reboot(self, one: Resident, reason: str, now: datetime) -> None:
        """Restart a charger; it is away for two minutes."""
        one.box.restart(reason)
        self.lose(one, 2, now)

    # Faults.

    def _strike(self, one: Resident, fault: Fault, now: datetime) -> None:
        if fault.mode.by_firmware:
            one.box.hardware = replace(one.box.hardware, firmware="2.0.0")
            self.reboot(one, "FirmwareUpdate", now)
        self._wear(one, fault, now)
        if fault.mode.by_restart:
            self.reboot(one, "PowerUp", now)
        if fault.mode.shape not in GRADUALLY and fault.mode.ends is not None:
            self._end(one, fault, now)

    def _wear(self, one: Resident, fault: Fault, now: datetime) -> None:
        far = 1.0
        if fault.mode.shape in GRADUALLY:
            far = min(1.0, (now - fault.onset) / timedelta(days=fault.mode.days))
        fault.mode.wear(one.box, far)
        if far >= 1.0 and fault.mode.shape in GRADUALLY and fault.mode.ends is not None:
            self._end(one, fault, now)

    def _end(self, one: Resident, fault: Fault, now: datetime) -> None:
        if not one.ended and fault.mode.ends is not None:
            one.ended = True
            for number in one.box.outlets:
                one.box.pass_to(number, now)  # what was charged until now is on the meter
            fault.mode.ends(one.box, now)
            self._touch(one)

    # People.

    def _await(self, one: Resident, number: int, coming: Iterator[Visit]) -> None:
        visit = next(coming, None)
        if visit is not None:
            self.at(visit.at, lambda now: self._come(one, number, visit, coming, now))

    def _come(self, one: Resident, number: int, visit: Visit, coming: Iterator[Visit], now: datetime) -> None:
        self._await(one, number, coming)
        changed = self._in_mood(one, visit, now)
        if changed is not None:
            self.arrive(one, number, changed, now)

    def _in_mood(self, one: Resident, visit: Visit, now: datetime) -> Visit | None:
        for mood in self.moods:
            if not mood.since <= now < mood.until or mood.site not in (None, one.site):
                continue
            chance = Random(f"mood {visit.seed} {mood.since}").random()
            if chance < mood.stay_away:
                return None
            if chance < mood.full:
                visit = replace(visit, full=True)
            if chance < mood.strangers:
                visit = replace(visit, token=f"99{Random(visit.seed).getrandbits(48):012X}", app=False)
        return visit

    def arrive(self, one: Resident, number: int, visit: Visit, now: datetime) -> None:
        """Let somebody come to an outlet. Nothing happens when they see that it is of no use."""
        box = one.box
        box.pass_to(number, now)
        if not box.station.visible or not box.free(number):
            return
        if not box.plug(number, self._car(box, visit, now), box.time(now)):
            return
        self._present[box.hardware.identity, number] = visit
        if visit.fumbles:
            self.at(now + 2 * MINUTE, lambda then: self._leave(one, number, visit, then))
        else:
            self._ask(one, number, visit, now)
            self.at(now + LOOKS_AFTER, lambda then: self._look(one, number, visit, visit.tries, then))
            if visit.hasty:
                self.at(now + HASTY_AFTER, lambda then: self._leave(one, number, visit, then))
            stays = timedelta(minutes=patrons.to_grid(visit.minutes))
            self.at(now + stays, lambda then: self._leave(one, number, visit, then))
        self._touch(one)

    def _car(self, box: Box, visit: Visit, now: datetime) -> Car:
        car = visit.car(dc=box.is_dc)
        if self.weather.ambient_c(now) < COLD_C:
            share = Random(f"cold {visit.seed}").uniform(*COLD_SHARE)
            car.dc_max_w = round(car.dc_max_w * share)
        return car

    def _ask(self, one: Resident, number: int, visit: Visit, now: datetime) -> None:
        if visit.app and one.box.online:
            self.wire.start(one.box, number, visit.token)
        else:
            one.box.present(number, visit.token, one.box.time(now))

    def _is_here(self, one: Resident, number: int, visit: Visit) -> bool:
        return self._present.get((one.box.hardware.identity, number)) is visit

    def _look(self, one: Resident, number: int, visit: Visit, tries: int, now: datetime) -> None:
        """Let the driver look whether it charges: try again, give up, or go away content."""
        if not self._is_here(one, number, visit):
            return
        box, outlet = one.box, one.box.outlets[number]
        box.pass_to(number, now)
        if outlet.charging is not None:
            if visit.notices and not visit.full and box.drawn(outlet).power_w == 0 and outlet.car is not None:
                self.at(now + GIVES_UP_AFTER, lambda then: self._leave(one, number, visit, then))
            self._sample(one, number, visit, now)
        elif tries > 1 and box.unplug(number, box.time(now)) and box.free(number):
            box.plug(number, self._car(box, visit, now), box.time(now))
            self._ask(one, number, visit, now)
            self.at(now + LOOKS_AFTER, lambda then: self._look(one, number, visit, tries - 1, then))
        else:
            self._leave(one, number, visit, now)
        self._touch(one)

    def _sample(self, one: Resident, number: int, visit: Visit, now: datetime) -> None:
        if not self._is_here(one, number, visit):
            return
        box, outlet = one.box, one.box.outlets[number]
        box.pass_to(number, now)
        if outlet.charging is not None:
            box.sample(number, box.reading(number, box.time(now)))
            self._touch(one)
        flows = outlet.charging is not None and outlet.charging.state == "Charging"
        minutes = (5 if box.is_dc else 15) if flows else 60
        self.at(now + minutes * MINUTE, lambda then: self._sample(one, number, visit, then))

    def _leave(self, one: Resident, number: int, visit: Visit, now: datetime) -> None:
        if not self._is_here(one, number, visit):
            return
        del self._present[one.box.hardware.identity, number]
        box, at = one.box, one.box.time(now)
        box.pass_to(number, now)
        if visit.stops_by_card and box.outlets[number].charging is not None:
            box.present(number, visit.token, at)
        box.unplug(number, at)
        if number in box.stuck:
            hours = Random(visit.seed).uniform(*STUCK_FOR_H)
            self.at(now + timedelta(minutes=round(hours * 60)), lambda then: self._notice(one, number, then))
        self._touch(one)

    def _notice(self, one: Resident, number: int, now: datetime) -> None:
        one.box.notice(number, one.box.time(now))
        self._touch(one)

    def _touch(self, one: Resident) -> None:
        self.touched.add(one.box.hardware.identity)
