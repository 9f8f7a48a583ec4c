"""What was planned for a site beside what flowed there, and what it cost by the hour: reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import store_quarters
from laddverk.energy.planning_ahead.capping import INTERVAL_FREE
from laddverk.energy.planning_ahead.model import Plan
from laddverk.platform.database import Transaction

FREE_W: Final = INTERVAL_FREE  # a cap of so many watts is none: it stands for hours in which power is free

BATTERY_LEAST_W: Final = 50.0  # less is rounding
ADVISED_MAX: Final = 12  # spells; a day and a half has some six

PLANNED: Final = """
-- What each quarter's last plan gave all cars together in its first period.
SELECT DISTINCT ON (plan ->> 'begins_at') (plan ->> 'begins_at')::timestamptz AS at,
       (plan -> 'cap_w' ->> 0)::double precision AS power_w
FROM site_plan WHERE site_id = $1 AND made_at >= $2 AND made_at < $3 AND plan -> 'cap_w' ->> 0 IS NOT NULL
ORDER BY plan ->> 'begins_at', made_at DESC
"""


class Power(Struct, frozen=True):
    """Watts of all cars together in the step that begins at an instant."""

    at: datetime
    power_w: float


class Advised(Struct, frozen=True):
    """What the batteries should do for a while."""

    since: datetime
    until: datetime
    power_w: float
    """The mean; above 0 they charge."""


async def planned(tx: Transaction, site_id: UUID, since: datetime, until: datetime) -> list[Power]:
    """Return what was planned for steps that have begun: the last word about each. Steps without a cap are left out."""
    found = await tx.fetch(Power, PLANNED, site_id, since, until)
    return [each for each in found if each.power_w < FREE_W]


async def flowed(tx: Transaction, tree: Tree, since: datetime, until: datetime) -> list[Power]:
    """Return what the outlets of a tree drew together, by steps in which something was read."""
    keys = {place.key for place in tree.places}
    together: dict[datetime, float] = {}
    for each in await store_quarters.drawn(tx, sorted({key[0] for key in keys}), since, until):
        if each.key in keys:
            together[each.at] = together.get(each.at, 0.0) + each.power_w
    return [Power(at, together[at]) for at in sorted(together)]


def to_come(plan: Plan, now: datetime) -> list[Power]:
    """Return what a plan gives all cars together from now on. Steps in which it sets no cap are left out."""
    step = timedelta(minutes=plan.step_minutes)
    found = [Power(plan.begins_at + number * step, power_w) for number, power_w in enumerate(plan.cap_w)]
    return [each for each in found if each.at + step > now and each.power_w < FREE_W]


def forecast(plan: Plan, power_w: Sequence[float], now: datetime, most: int) -> list[Power]:
    """Return a forecast that a plan was made of (`base_w` or `solar_w`), from now on, of at most so many steps."""
    step = timedelta(minutes=plan.step_minutes)
    found = [Power(plan.begins_at + number * step, each) for number, each in enumerate(power_w)]
    return [each for each in found if each.at + step > now][:most]


def given_wh(plan: Plan, key: str, watts_per_a: float) -> float:
    """Return what a plan gives an outlet in all, in Wh; the ceilings of the cap rule are no promise, and give 0."""
    return sum(plan.targets_a.get(key, ())) * watts_per_a * plan.step_minutes / 60


def begins_at(plan: Plan, key: str) -> datetime | None:
    """Return when a plan first gives an outlet something; None: never within its horizon."""
    return _period(plan, key, range(len(plan.targets_a.get(key, ()))), 0)


def ready_at(plan: Plan, key: str) -> datetime | None:
    """Return when a plan has given an outlet all that it gives; None where it gives nothing."""
    return _period(plan, key, range(len(plan.targets_a.get(key, ())) - 1, -1, -1), 1)


def _period(plan: Plan, key: str, periods: Sequence[int], after: int) -> datetime | None:
    targets = plan.targets_a.get(key, ())
    first = next((number for number in periods if targets[number] > 0), None)
    return None if first is None else plan.begins_at + (first + after) * timedelta(minutes=plan.step_minutes)


def advised(plan: Plan, now: datetime) -> list[Advised]:
    """Return what the batteries should do from now on, as spells of charging and giving."""
    step = timedelta(minutes=plan.step_minutes)
    found: list[Advised] = []
    for period, power_w in enumerate(plan.advice.power_w if plan.advice is not None else ()):
        at = plan.begins_at + period * step
        if at + step <= now or abs(power_w) < BATTERY_LEAST_W:
            continue
        if found and found[-1].until == at and (found[-1].power_w > 0) == (power_w > 0):
            steps = (found[-1].until - found[-1].since) // step
            mean_w = (found[-1].power_w * steps + power_w) / (steps + 1)
            found[-1] = Advised(found[-1].since, at + step, mean_w)
        else:
            found.append(Advised(at, at + step, power_w))
    return found[:ADVISED_MAX]
