"""What charging costs at a real housing site under a capacity tariff: six ways to charge the same cars, to the krona.

Site TRO_R of the Norwegian data (`bench/_norway.py`), the year 2019, in steps of an hour; phases of 63 A. Prices are
the Dutch day-ahead prices of that year (the only ones that may be given away), in kronor at 10.59 SEK/EUR, the mean
of 2019, with 0.73 SEK/kWh for grid and taxes. Capacity is charged for by two of the tariffs that come with us, and the
fees are those that `capacity_tariffs` bills.

- uncontrolled: each car charges at once; no fuse holds it back.
- fair share: all get the same, as far as 63 A on each phase allow. Nothing is known of the cars.
- ours, no information: fair share below a level of power that is learnt from the site's past (the cap rule).
- solver, told: the solver alone, again whenever a car comes; its currents flow as they are, below 6 A too. It knows
  each car's departure and energy once it is there; of cars that are to come, who came in the last two weeks.
- ours, told: what ships. The plan is made of the same question each hour, made runnable (nothing, or 6 A and more), and
  the allocator, guided by it and told the same by drivers, decides every twenty minutes who has what.
- optimum: the solver, which knows the whole year.

`share` is the part of the possible saving, from uncontrolled to the optimum, that a way reaches; what it leaves
uncharged is set against it at what the optimum pays. Usage: make bench-energy_cost [ARGS="--days 60"].
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench._norway import DATA, FILE, read
from laddverk.energy.allocating import Branch, Demand, Situation, Wish, allocated
from laddverk.energy.circuits.model import PerPhase
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff, Metered, lines, total_minor
from laddverk.energy.planning_ahead.capping import LACKING_PER_KWH, caps_kw, factors, learnt_level, shares_kw
from laddverk.energy.planning_ahead.guiding import guided
from laddverk.energy.planning_ahead.model import Ahead, Feeder, Plan, Stay
from laddverk.energy.planning_ahead.peak_terms import sunk, terms
from laddverk.energy.planning_ahead.planning import planned
from laddverk.energy.planning_ahead.solving import solved

Floats = NDArray[np.float64]
PRICES = DATA / "prices" / "nl_day_ahead_2015_2024.csv.gz"
SEK_PER_EUR = 10.59
GRID_AND_TAX_PER_KWH = 0.73
FUSE_A = 63.0
VOLT = 0.23  # kV
TARIFFS = ("three-peaks-half-at-night", "weekday-daytime-by-season")
FIRST = datetime(2018, 12, 31, 23, tzinfo=UTC)  # 2019 begins in Sweden
HORIZON = 36
PAST_H = 28 * 24
"""What levels are learnt from."""
WAYS = ("uncontrolled", "fair share", "ours, no information", "solver, told", "ours, told", "optimum")
AIM_SHARE = 0.85
HOUR = timedelta(hours=1)
TURNS_AN_HOUR = 3  # of the allocator: a plan's targets hold for forty minutes
FULL_KWH = 1e-3
USE_A: tuple[PerPhase, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
GRID = (Branch(key="grid", limit_a=(FUSE_A,) * 3),)
HIGHEST_KW = 90.0  # what levels are tried below: the site's highest hour
AGAIN_H = 6  # a plan that no car disturbs is made again
WEEKS_AGO = (1, 2)
UNMET_EXPECTED = 5.0
"""Kronor for each kWh that a car that is only expected would lack."""


class World(Struct, frozen=True):
    """Sessions as arrays, in hours since `begins_at`."""

    begins_at: datetime
    hours: int
    arrives: NDArray[np.int64]
    departs: NDArray[np.int64]
    power_kw: Floats
    wanted_kwh: Floats
    phase: NDArray[np.int64]
    price: Floats


class Outcome(Struct, frozen=True):
    """What came of one way."""

    grid_kw: Floats
    given_kwh: Floats


def world(begins_at: datetime, days: int) -> World:
    """Return the sessions that begin in so many days, and the weeks before for learning."""
    start, end = begins_at - PAST_H * HOUR, begins_at + timedelta(days=days)
    sessions = [each for each in read("TRO_R") if start <= each.began_at < end]
    hours = int((end - start) / HOUR) + 7 * 24  # the last cars leave later
    arrives = np.array([round((each.began_at - start) / HOUR) for each in sessions])
    departs = np.array([round((each.ended_at - start) / HOUR) for each in sessions])
    departs = np.minimum(np.maximum(departs, arrives + 1), hours)
    power_kw = np.array([each.power_w / 1000 for each in sessions])
    wanted = np.minimum(np.array([each.energy_wh / 1000 for each in sessions]), power_kw * (departs - arrives))
    phase = np.array([each.phase for each in sessions])
    return World(start, hours, arrives, departs, power_kw, wanted, phase, prices(start, hours))


def prices(start: datetime, hours: int) -> Floats:
    """Return what a kWh costs in each hour, kronor."""
    found: dict[datetime, float] = {}
    with gzip.open(PRICES, "rt", encoding="utf-8") as file:
        for _, text, _, price in list(csv.reader(file))[1:]:
            if text[:4] in {"2018", "2019", "2020"}:
                found[datetime.fromisoformat(text).replace(tzinfo=UTC)] = float(price)
    per_mwh = [found.get(start + hour * HOUR, found.get(start + (hour - 24) * HOUR, 40.0)) for hour in range(hours)]
    return np.array(per_mwh) * SEK_PER_EUR / 1000 + GRID_AND_TAX_PER_KWH


def shared(w: World, caps: Floats, first: int, last: int, fuse_a: float = FUSE_A) -> Outcome:
    """Let all cars that come from `first` on share what cap and fuse allow, hour by hour until `last`."""
    left, grid = w.wanted_kwh.copy(), np.zeros(w.hours)
    for hour in range(first, last):
        here = np.flatnonzero((w.arrives <= hour) & (hour < w.departs) & (left > 1e-9) & (w.arrives >= first))
        if len(here):
            most = np.minimum(w.power_kw[here], left[here])
            given = shares_kw(most, np.eye(3)[w.phase[here]] / VOLT, np.full(3, fuse_a), float(caps[hour]))
            left[here] -= given
            grid[hour] = given.sum()
    return Outcome(grid, w.wanted_kwh - left)


def capped(w: World, tariff: CapacityTariff, first: int, last: int) -> Outcome:
    """Share below a level that each month learns from the weeks before it."""
    counted = factors(tariff, [w.begins_at + hour * HOUR for hour in range(w.hours)])
    caps, level = np.zeros(w.hours), 0.0
    for hour in range(first, last):
        if not level or ((at := w.begins_at + (hour + 1) * HOUR).day == 1 and at.hour == 0):
            level = learnt_level(lambda kw, now=hour: past_cost(w, tariff, counted, kw, now), HIGHEST_KW)
        caps[hour] = caps_kw(level, counted[hour : hour + 1])[0]
    return shared(w, caps, first, last)


def past_cost(w: World, tariff: CapacityTariff, counted: Floats, level_kw: float, now: int) -> float:
    """Return what the weeks before `now` would have cost below a level, with what they would have left uncharged."""
    first = max(0, now - PAST_H)
    past = shared(w, caps_kw(level_kw, counted), first, now)
    mine = (w.arrives >= first) & (w.departs <= now)
    lacking = float((w.wanted_kwh - past.given_kwh)[mine].sum())
    return sum(costs(w, tariff, past, first, now)) + LACKING_PER_KWH * lacking


def costs(w: World, tariff: CapacityTariff, outcome: Outcome, first: int, last: int) -> tuple[float, float]:
    """Return kronor for energy and for capacity."""
    energy = float((outcome.grid_kw[first:last] * w.price[first:last]).sum())
    return energy, total_minor(lines(tariff, metered(w, outcome.grid_kw, first, last))) / 100


def stays(w: World, which: Sequence[int], now: int, left: Floats) -> tuple[Stay, ...]:
    return tuple(
        Stay(
            key=str(number),
            feeder=0,
            use=USE_A[w.phase[number]],
            watts_per_a=VOLT * 1000,
            ceiling_a=float(w.power_kw[number] / VOLT),
            wanted_wh=float(left[number] * 1000),
            arrives=max(0, int(w.arrives[number]) - now),
            departs=int(w.departs[number]) - now,
        )
        for number in which
    )


def expected(w: World, now: int) -> tuple[Stay, ...]:
    """Return the cars of these hours one and two weeks ago, each as half a car: a guess of who comes, not promised."""
    found: list[Stay] = []
    for weeks in WEEKS_AGO:
        then = now - weeks * 7 * 24
        which = np.flatnonzero((w.arrives > then) & (w.arrives < then + HORIZON))
        found += [
            msgspec.structs.replace(
                each,
                key=f"expected {weeks} {each.key}",
                unmet_per_kwh=UNMET_EXPECTED,
                wanted_wh=each.wanted_wh / len(WEEKS_AGO),
                ceiling_a=each.ceiling_a / len(WEEKS_AGO),
            )
            for each in stays(w, which.tolist(), then, w.wanted_kwh)
        ]
    return tuple(found)


def ahead(
    w: World, which: Sequence[int], now: int, periods: int, left: Floats, more: Sequence[Stay] = (), **peaks: object
) -> Ahead:
    return Ahead(
        begins_at=w.begins_at + now * HOUR,
        step_minutes=60,
        price_per_kwh=tuple(w.price[now : now + periods].tolist()),
        feeders=(Feeder(key="grid", limit_a=((FUSE_A,) * 3,)),),
        stays=(*stays(w, which, now, left), *more),
        **peaks,  # type: ignore[arg-type]
    )


def given_by(w: World, plan: Plan, hours: int) -> Floats:
    """Return kW by session and hour of a plan."""
    table = np.zeros((len(w.arrives), hours))
    for key, targets in plan.targets_a.items():
        if key.isdecimal():
            table[int(key)] = np.array(targets[:hours]) * VOLT
    return table


def optimum(w: World, tariff: CapacityTariff, first: int, last: int) -> Outcome:
    """Return the best that could have been done from hour to hour, known everything. Cars come and go inside."""
    which = np.flatnonzero((w.arrives >= first) & (w.arrives < last))
    periods = min(w.hours, last + 7 * 24) - first
    peaks = terms(tariff, w.begins_at + first * HOUR, 60, periods)
    plan = solved(ahead(w, which.tolist(), first, periods, w.wanted_kwh, peaks=peaks), timeout_s=600)
    assert isinstance(plan, Plan), plan
    grid = np.zeros(w.hours)
    grid[first : first + periods] = np.array(plan.grid_w) / 1000
    given = np.zeros(len(w.arrives))
    for key, targets in plan.targets_a.items():
        given[int(key)] = sum(targets) * VOLT
    return Outcome(grid, given)


def told(w: World, tariff: CapacityTariff, first: int, upto: int) -> tuple[Outcome, list[float]]:
    """Charge by plans that know each car once it is there. Returns what came of it and the seconds of each plan."""
    left, grid, took = w.wanted_kwh.copy(), np.zeros(w.hours), []
    table, planned_at = np.zeros((len(w.arrives), HORIZON)), -HORIZON
    for hour in range(first, upto):
        here = np.flatnonzero((w.arrives <= hour) & (hour < w.departs) & (left > 1e-9) & (w.arrives >= first))
        if len(here) and (np.any(w.arrives[here] == hour) or hour - planned_at >= AGAIN_H):
            begun = time.process_time()
            plan = solved(question(w, tariff, here.tolist(), hour, left, grid, first))
            took.append(time.process_time() - begun)
            assert isinstance(plan, Plan), plan
            table, planned_at = given_by(w, plan, HORIZON), hour
        given = (
            np.minimum(table[here, hour - planned_at], left[here]) if hour - planned_at < HORIZON else left[here] * 0
        )
        left[here] -= given
        grid[hour] = given.sum()
    return Outcome(grid, w.wanted_kwh - left), took


def question(
    w: World, tariff: CapacityTariff, here: Sequence[int], hour: int, left: Floats, grid: Floats, first: int
) -> Ahead:
    """Return what a plan is asked at an hour: the cars that are here, those expected, and what the month has seen."""
    at = w.begins_at + hour * HOUR
    seen = sunk(tariff, metered(w, grid, max(first, hour - 31 * 24), hour), at)
    return ahead(w, here, hour, HORIZON, left, expected(w, hour), peaks=terms(tariff, at, 60, HORIZON, seen))


def carried_out(w: World, tariff: CapacityTariff, first: int, upto: int) -> tuple[Outcome, list[float]]:
    """Charge as what ships does: a plan each hour, which the allocator carries out. The same as `told` comes back."""
    left, grid, took = w.wanted_kwh.copy(), np.zeros(w.hours), []
    limit_a, switched_at = np.zeros(len(left)), dict[int, datetime]()
    for hour in range(first, upto):
        here = np.flatnonzero((w.arrives <= hour) & (hour < w.departs) & (left > 1e-9) & (w.arrives >= first))
        if not len(here):
            continue
        begun = time.process_time()
        plan = planned(question(w, tariff, here.tolist(), hour, left, grid, first), ())
        for turn in range(TURNS_AN_HOUR):
            now = w.begins_at + (hour + turn / TURNS_AN_HOUR) * HOUR
            here = here[left[here] > FULL_KWH]
            asked = Situation(branches=GRID, demands=tuple(demand(w, one, left, limit_a, switched_at) for one in here))
            grants = allocated(guided(asked, plan, now), now)
            given_a = np.array([grant.limit_a for grant in grants])
            for one, is_switched in zip(here, (given_a > 0) != (limit_a[here] > 0), strict=True):
                if is_switched:
                    switched_at[one] = now
            limit_a[here] = given_a
            given = np.minimum(given_a * VOLT / TURNS_AN_HOUR, left[here])
            left[here] -= given
            grid[hour] += given.sum()
        took.append(time.process_time() - begun)
    return Outcome(grid, w.wanted_kwh - left), took


def demand(w: World, one: int, left: Floats, limit_a: Floats, switched_at: Mapping[int, datetime]) -> Demand:
    """Return a car as the loop tells the allocator of it, with its driver's word."""
    arrives_at, departs_at = (w.begins_at + int(each) * HOUR for each in (w.arrives[one], w.departs[one]))
    return Demand(
        key=str(one), branch=0, use_a=USE_A[w.phase[one]], ceiling_a=float(w.power_kw[one] / VOLT),
        attained_wh=float(w.wanted_kwh[one] - left[one]) * 1000, since=arrives_at, is_on=bool(limit_a[one] > 0),
        switched_at=switched_at.get(one), wish=Wish(energy_wh=float(w.wanted_kwh[one]) * 1000, departs_at=departs_at),
    )  # fmt: skip


def metered(w: World, grid_kw: Floats, first: int, last: int) -> Metered:
    energy_wh = tuple(int(kw) for kw in np.rint(grid_kw[first:last] * 1000))
    return Metered(begins_at=w.begins_at + first * HOUR, step_minutes=60, energy_wh=energy_wh)


def table(w: World, tariff: CapacityTariff, first: int, last: int) -> tuple[dict[str, dict[str, float]], list[float]]:
    """Return a row for each way, and the CPU seconds of each hour of what ships."""
    end = w.hours
    open_caps = np.full(w.hours, 1e9)
    solver_told, _ = told(w, tariff, first, end)
    ours_told, took = carried_out(w, tariff, first, end)
    outcomes = {
        "uncontrolled": shared(w, open_caps, first, end, fuse_a=1e9),
        "fair share": shared(w, open_caps, first, end),
        "ours, no information": capped(w, tariff, first, end),
        "solver, told": solver_told,
        "ours, told": ours_told,
        "optimum": optimum(w, tariff, first, last),
    }
    mine = (w.arrives >= first) & (w.arrives < last)
    wanted = float(w.wanted_kwh[mine].sum())
    rows: dict[str, dict[str, float]] = {}
    for way, outcome in outcomes.items():
        energy, capacity = costs(w, tariff, outcome, first, end)
        kwh = float(outcome.given_kwh[mine].sum())
        rows[way] = {
            "delivered_percent": 100 * kwh / wanted,
            "energy": energy,
            "capacity": capacity,
            "per_kwh": (energy + capacity) / kwh,
            "peak_kw": float(outcome.grid_kw.max()),
            "kwh": kwh,
        }
    best = rows["optimum"]["per_kwh"]
    whole = {way: row["energy"] + row["capacity"] - row["kwh"] * best for way, row in rows.items()}
    for way, row in rows.items():
        row["share"] = 1 - whole[way] / whole["uncontrolled"]
    return rows, took


def shown(key: str, rows: dict[str, dict[str, float]]) -> None:
    print(f"\n{key:24}{'delivered %':>12}{'energy':>10}{'capacity':>10}{'SEK/kWh':>10}{'peak kW':>10}{'share':>8}")
    for way, row in rows.items():
        print(
            f"{way:24}{row['delivered_percent']:12.1f}{row['energy']:10,.0f}{row['capacity']:10,.0f}"
            f"{row['per_kwh']:10.3f}{row['peak_kw']:10.1f}{row['share']:8.3f}"
        )


def measured(days: int, from_day: int = 0) -> dict[str, object]:
    """Print a table for each tariff, and return what is in them; `skipped` where the data are not here."""
    found: dict[str, object] = {"bench": "energy_cost", "days": days}
    if not FILE.exists() or not PRICES.exists():
        print(f"The data are not here: {FILE} and {PRICES}.")
        return found | {"skipped": True}
    w = world(FIRST + timedelta(days=from_day), days)
    first, last = PAST_H, PAST_H + 24 * days
    for tariff in examples():
        if tariff.key in TARIFFS:
            rows, took = table(w, tariff, first, last)
            shown(tariff.key, rows)
            plans = {"plans": len(took), "plan_ms": round(1000 * sum(took) / max(1, len(took)), 1)}
            found[tariff.key] = {
                way: {name: round(value, 3) for name, value in row.items()} for way, row in rows.items()
            } | plans
            print(f"ours, told: {plans['plans']} plans, with the allocator {plans['plan_ms']} ms CPU each")
            print(f"aim: ours, told, reaches {AIM_SHARE:.0%} of the saving")
    return found


def main() -> None:
    """Measure, and print one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="of 2019")
    parser.add_argument("--from-day", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(measured(given.days, given.from_day)))


if __name__ == "__main__":
    main()
