"""Which work can be done in one drive: jobs at one site or near each other, before the first of them is due. Pure.

The most urgent job that is left begins a visit, and takes along what is near it, the nearest first. A job that is not
due for weeks may come along, since it costs no drive of its own. Whoever goes must be able to do the hardest of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import IntEnum
from math import asin, cos, radians, sin, sqrt
from typing import Final

from msgspec import Struct

NEAR_KM: Final = 15.0  # a quarter of an hour of driving: less than a drive of its own
JOBS_MAX: Final = 8  # of one visit: about a day of work
EARTH_KM: Final = 6_371.0
WAITS_DAYS: Final = {0: 1, 1: 2, 2: 7, 3: 21, 4: 30}
"""By severity: when a job is due of which nobody said it."""


class Skill(IntEnum):
    """Who can do a job; whoever can do the higher can do the lower."""

    SERVICE = 0
    ELECTRICIAN = 1


class Job(Struct, frozen=True, kw_only=True):
    """Something to be done at a charger."""

    key: str
    site: str
    latitude: float | None
    longitude: float | None
    severity: int
    due_on: date
    skill: Skill = Skill.SERVICE
    part: str = ""
    """What will probably be needed: a cause, '' where that is not known."""


class Bundle(Struct, frozen=True, kw_only=True):
    """Jobs that one drive can do, in the order of the way."""

    jobs: tuple[Job, ...]
    km: float
    """Between the sites, as the crow flies."""

    @property
    def due_on(self) -> date:
        """When the first of them is due."""
        return min(job.due_on for job in self.jobs)

    @property
    def skill(self) -> Skill:
        """Who can do all of them."""
        return max(job.skill for job in self.jobs)

    @property
    def sites(self) -> int:
        """How many sites they are at."""
        return len({job.site for job in self.jobs})

    @property
    def saved(self) -> int:
        """How many drives fewer than one for each job."""
        return len(self.jobs) - 1

    @property
    def same_part(self) -> str:
        """The part that several of them need, '' without one."""
        parts = [job.part for job in self.jobs if job.part]
        return next((part for part in parts if parts.count(part) > 1), "")


def due_of(severity: int, due_on: date | None, ordered_on: date) -> date:
    """Return when a job is due: as somebody said, or as its severity wants."""
    return due_on or ordered_on + timedelta(days=WAITS_DAYS.get(severity, 30))


def skill_of(text: str) -> Skill:
    """Return who can do what a runbook (in English) says of its skill."""
    needs = text.strip().lower()
    return Skill.ELECTRICIAN if needs.startswith(("electrician", "high-voltage")) else Skill.SERVICE


def apart_km(one: Job, other: Job) -> float | None:
    """Return how far two jobs are from each other: 0 at one site, None where one of them has no place on the map."""
    if one.site == other.site:
        return 0.0
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return None
    here, there = radians(one.latitude or 0.0), radians(other.latitude or 0.0)
    east = radians((other.longitude or 0.0) - (one.longitude or 0.0))
    chord = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(chord)))


def bundles(jobs: Sequence[Job], near_km: float = NEAR_KM) -> list[Bundle]:
    """Return drives for all jobs, the most urgent first; a job that nothing is near stands alone.

    Every job is in exactly one. Of one drive, no two jobs are further than `near_km` from its first.
    """
    left = sorted(jobs, key=lambda job: (job.due_on, job.severity, job.key))
    found: list[Bundle] = []
    while left:
        first = left[0]
        near = [(km, job) for job in left if (km := apart_km(first, job)) is not None and km <= near_km]
        near.sort(key=lambda pair: (pair[1] is not first, pair[0], pair[1].due_on, pair[1].key))
        chosen = [job for _, job in near[:JOBS_MAX]]
        found.append(along_the_way(chosen))
        taken = {job.key for job in chosen}
        left = [job for job in left if job.key not in taken]
    return found


def along_the_way(jobs: Sequence[Job]) -> Bundle:
    """Return jobs in the order in which each is the nearest to the one before, beginning with the first."""
    way, left, km = [jobs[0]], list(jobs[1:]), 0.0
    while left:
        here = way[-1]
        ahead = min(
            left, key=lambda job: (apart_km(here, job) is None, apart_km(here, job) or 0.0, job.due_on, job.key)
        )
        km += apart_km(here, ahead) or 0.0
        way.append(ahead)
        left.remove(ahead)
    return Bundle(jobs=tuple(way), km=km)
