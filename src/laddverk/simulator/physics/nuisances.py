"""What looks like a fault and is none: weather, people, other people's outages, and the network itself. Seeded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from msgspec import Struct

from laddverk.simulator.physics.patrons import Visit
from laddverk.simulator.physics.town import Mood, Resident, Town
from laddverk.simulator.physics.weather import Spell

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
TECHNICIAN: Final = "04EE00000000FF"
STUBBORN: Final = "04DD00000000AA"
CARDS: Final = (TECHNICIAN, STUBBORN)
"""Cards that the network must know beside those of the residents."""

Happen = Callable[[Town, Random, datetime], None]


class Nuisance(Struct, frozen=True):
    """One kind of nuisance, and how it comes over a town at an instant."""

    name: str
    title: str
    happen: Happen
    lasts: timedelta
    tellable: tuple[str, ...] = ()
    """Families of causes that may rightly be told of while it lasts; anything else would be false."""


def _site(town: Town, random: Random) -> int:
    return random.choice(sorted({one.site for one in town.residents}))


def _heat_wave(town: Town, random: Random, at: datetime) -> None:
    town.weather.spells.append(Spell(at, at + 5 * DAY, random.uniform(10, 14)))


def _cold(town: Town, random: Random, at: datetime) -> None:
    town.weather.spells.append(Spell(at, at + 3 * DAY, -random.uniform(20, 26)))


def _full_cars(town: Town, random: Random, at: datetime) -> None:
    town.moods.append(Mood(since=at, until=at + 4 * DAY, site=_site(town, random), full=0.4))


def _stubborn(town: Town, random: Random, at: datetime) -> None:
    """Somebody with a car that takes nothing tries five times at one charger, and at another one."""
    for one in random.sample(town.residents, min(2, len(town.residents))):
        for number in range(5):
            _visit_at(town, one, at + number * 14 * MINUTE, STUBBORN, 10, f"stubborn {at} {number}")
        at += 3 * HOUR


def _own_limits(town: Town, random: Random, at: datetime) -> None:
    """The network holds a site to 8 A for four evenings."""
    boxes = [one.box for one in town.of_site(_site(town, random))]
    for evening in range(4):
        town.at(at + evening * DAY, lambda now: town.wire.limit(boxes, 8.0, now + 4 * HOUR))


def _site_outage(town: Town, random: Random, at: datetime) -> None:
    for one in town.of_site(_site(town, random)):
        town.at(at, lambda now, one=one: _dark(town, one, now))  # type: ignore[misc]  # binds each one


def _dark(town: Town, one: Resident, now: datetime) -> None:
    one.box.restart("PowerUp")
    town.lose(one, 170, now)


def _carrier_outage(town: Town, random: Random, at: datetime) -> None:
    minutes = random.randint(30, 50)
    for one in town.residents[::2]:
        town.at(at, lambda now, one=one: town.lose(one, minutes, now))  # type: ignore[misc]  # binds each one


def _storm(town: Town, _: Random, at: datetime) -> None:
    for one in town.residents:
        town.at(at, lambda now, one=one: town.lose(one, 1, now))  # type: ignore[misc]  # binds each one


def _low_use(town: Town, random: Random, at: datetime) -> None:
    town.moods.append(Mood(since=at, until=at + 7 * DAY, site=_site(town, random), stay_away=0.9))


def _technician(town: Town, random: Random, at: datetime) -> None:
    one = random.choice(town.residents)
    for number in range(6):
        _visit_at(town, one, at + number * 8 * MINUTE, TECHNICIAN, 5, f"technician {at} {number}")
    town.at(at + HOUR, lambda now: town.reboot(one, "LocalReset", now))


def _clock_change(town: Town, _: Random, at: datetime) -> None:
    """The night of the clock change lies within the run; habits move by an hour with it, and some stay away."""
    town.moods.append(Mood(since=at, until=at + DAY, stay_away=0.2))


def _roaming_down(town: Town, _: Random, at: datetime) -> None:
    town.moods.append(Mood(since=at, until=at + 6 * HOUR, strangers=0.35))


def _visit_at(town: Town, one: Resident, at: datetime, token: str, minutes: float, seed: str) -> None:
    visit = Visit(at=at, minutes=minutes, token=token, full=True, seed=seed)
    number = min(one.box.outlets)
    town.at(at, lambda now: town.arrive(one, number, visit, now))


NUISANCES: Final[dict[str, Nuisance]] = {
    one.name: one
    for one in (
        Nuisance("heat_wave", "Five days 10 to 14 degrees warmer than usual", _heat_wave, 5 * DAY),
        Nuisance(
            "cold_batteries",
            "Three days of hard frost: batteries take a quarter of their power and more",
            _cold,
            3 * DAY,
        ),
        Nuisance("full_cars", "Many cars of a site come full, and take nothing", _full_cars, 4 * DAY),
        Nuisance("stubborn_user", "One driver with a bad car tries again and again", _stubborn, DAY, ("vehicle",)),
        Nuisance("own_limits", "The network holds a site to 8 A in the evenings", _own_limits, 4 * DAY),
        Nuisance(
            "site_outage", "A site is without power for three hours", _site_outage, DAY, ("connectivity", "supply")
        ),
        Nuisance(
            "carrier_outage",
            "Every second charger is without a link for half an hour and more",
            _carrier_outage,
            DAY,
            ("connectivity",),
        ),
        Nuisance("restart_storm", "All chargers lose their link at once and come back a minute later", _storm, HOUR),
        Nuisance("low_use", "Hardly anybody comes to a site for a week", _low_use, 7 * DAY),
        Nuisance(
            "technician_tests", "A technician tries an outlet six times and restarts the charger", _technician, 3 * HOUR
        ),
        Nuisance("clock_change", "The clocks change, and people come at other times", _clock_change, DAY),
        Nuisance(
            "roaming_partner_down", "Every third card is refused for six hours", _roaming_down, DAY, ("authorisation",)
        ),
    )
}
"""All nuisances by name."""


def come_over(town: Town, names: list[str], *, after: datetime) -> dict[str, datetime]:
    """Let each of `names` happen once between `after` and the end; return when. Drawn from the seed of the town."""
    when: dict[str, datetime] = {}
    days = max(1, int((town.until - after) / DAY) - 1)
    for name in names:
        random = Random(f"nuisance {town.seed} {name}")
        at = after + random.randrange(days) * DAY + random.randrange(6, 18) * HOUR
        when[name] = at
        NUISANCES[name].happen(town, random, at)
    return when
