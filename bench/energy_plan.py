"""How often forecasts' intervals hold on real homes, and what a plan costs in CPU.

Forecasts: all twelve Norwegian sites in order of time; each stay is forecast from what had ended before it came, and
the intervals are widened by what the latest ones of the same kind missed. Counted is the last third, on which nothing
was tuned. `global` beside them is the median and the 10-90 % interval of all earlier stays of all sites.

Plans: a day and a half at 15 minutes, cars that come and go, spot price, a capacity tariff, a main fuse and boards of
ten outlets with three phases each. CPU of the whole call, the least of some turns.
Usage: make bench-energy_plan.
"""

from __future__ import annotations

import argparse
import heapq
import json
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from bench._norway import FILE, ZONE, Session, read
from laddverk.energy.planning_ahead.capacity_files import examples
from laddverk.energy.planning_ahead.forecasting import (
    COVERAGE,
    Interval,
    Source,
    Stays,
    quantiles,
    score,
    stay,
    widened,
)
from laddverk.energy.planning_ahead.model import Ahead, Feeder, Plan, Stay
from laddverk.energy.planning_ahead.peak_terms import terms
from laddverk.energy.planning_ahead.planning import planned
from laddverk.energy.planning_ahead.solving import solved

TEST_SHARE = 1 / 3
SCORES = 400  # the latest that widen an interval
POOL = 2_000
EVSES = (10, 100, 300)
TURNS = 3
PERIODS = 144
WHATS = ("hours", "kWh")
Row = tuple[float, float, float]
"""Hour of the week, hours, kWh."""


def row_of(session: Session) -> Row:
    local = session.began_at.astimezone(ZONE)
    hours = (session.ended_at - session.began_at).total_seconds() / 3600
    return local.weekday() * 24 + local.hour + local.minute / 60, hours, session.energy_wh / 1000


def arrays(rows: Sequence[Row]) -> Stays:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Stays(table[:, 0], table[:, 1], table[:, 2])


def forecasts(sessions: Sequence[Session]) -> dict[str, dict[str, float]]:
    """Forecast each stay from what had ended before it came; return errors and coverage of the last third."""
    own: dict[str, deque[Row]] = defaultdict(lambda: deque(maxlen=60))
    pool: deque[Row] = deque(maxlen=POOL)
    scores = {(source, what): deque[float](maxlen=SCORES) for source in Source for what in WHATS}
    waiting: list[tuple[datetime, int, tuple[Interval, Interval]]] = []
    found: list[tuple[Sequence[float], Sequence[float], Sequence[Interval], Sequence[tuple[float, float, float]]]] = []
    first = int(len(sessions) * (1 - TEST_SHARE))
    for number, session in enumerate(sessions):
        while waiting and waiting[0][0] <= session.began_at:
            _, ended, said = heapq.heappop(waiting)
            row = row_of(sessions[ended])
            own[sessions[ended].user].append(row)
            pool.append(row)
            for what, interval, truth in zip(WHATS, said, row[1:], strict=True):
                scores[interval.source, what].append(score(interval, truth))
        row, mine, everybody = row_of(session), arrays(own[session.user]), arrays(pool)
        plain = stay(mine, everybody, row[0])
        heapq.heappush(waiting, (session.ended_at, number, plain))
        if number >= first:
            wider = tuple(widened(scores[plain[0].source, what]) for what in WHATS)
            said = stay(mine, everybody, row[0], (wider[0], wider[1]))
            found.append(
                (
                    row[1:],
                    [each.source for each in said],
                    said,
                    [quantiles(everybody.hours), quantiles(everybody.energy_kwh)],
                )
            )
    return {what: _judged(found, number) for number, what in enumerate(WHATS)}


def _judged(found: Sequence[tuple], number: int) -> dict[str, float]:  # type: ignore[type-arg]
    truth = np.array([each[0][number] for each in found])
    said = [each[2][number] for each in found]
    low, middle, high = (np.array([getattr(each, name) for each in said]) for name in ("low", "middle", "high"))
    overall = np.array([each[3][number] for each in found])
    return {
        "stays": len(found),
        "coverage": float(np.mean((truth >= low - 1e-9) & (truth <= high + 1e-9))),
        "width": float(np.mean(high - low)),
        "mae": float(np.mean(np.abs(middle - truth))),
        "median_error": float(np.median(np.abs(middle - truth))),
        "global_mae": float(np.mean(np.abs(overall[:, 1] - truth))),
        "global_coverage": float(np.mean((truth >= overall[:, 0]) & (truth <= overall[:, 2]))),
        "global_width": float(np.mean(overall[:, 2] - overall[:, 0])),
    }


def site(evses: int) -> Ahead:
    """Return a day and a half at a site of so many outlets; the fuse is a fifth of what all would draw."""
    dice = np.random.default_rng(evses)
    begins = datetime(2026, 1, 12, 16, tzinfo=UTC)
    boards = (evses + 9) // 10
    main_a = max(25.0, 0.2 * 16 * evses)
    feeders = (
        Feeder(key="grid", limit_a=((main_a,) * 3,)),
        *(Feeder(key=f"board {number}", parent=0, limit_a=((63.0,) * 3,)) for number in range(boards)),
    )
    ways = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0))
    stays = []
    for number in range(evses):
        use = ways[number % 3] if number % 2 else ways[3]
        came = int(dice.integers(0, 60)) if number % 3 else 0
        stays.append(
            Stay(
                key=str(number), feeder=1 + number // 10, use=use, watts_per_a=230 * sum(use),
                ceiling_a=16.0 if sum(use) == 3 else 32.0, wanted_wh=float(dice.uniform(4_000, 30_000)),
                arrives=came, departs=came + int(dice.integers(16, 80)),
            )
        )  # fmt: skip
    tariff = next(each for each in examples() if each.key == "three-peaks-half-at-night")
    price = tuple(float(each) for each in np.repeat(dice.uniform(0.7, 2.5, PERIODS // 4), 4))
    peaks = terms(tariff, begins, 15, PERIODS)
    base = tuple((dice.uniform(0.1, 0.3, PERIODS) * main_a * 230).tolist())
    return Ahead(
        begins_at=begins, price_per_kwh=price, base_load_w=base, feeders=feeders, stays=tuple(stays), peaks=peaks
    )


def cpu(evses: int) -> dict[str, float]:
    """Return the CPU milliseconds of the solver's call alone, and with all that makes a plan of it."""
    ahead = site(evses)
    took: dict[str, float] = {}
    for name, work in (("solver_ms", lambda: solved(ahead)), ("plan_ms", lambda: planned(ahead, ()))):
        turns = []
        for _ in range(TURNS):
            begun = time.process_time()
            plan = work()
            turns.append(time.process_time() - begun)
            assert isinstance(plan, Plan), plan
        took[name] = round(1000 * min(turns), 1)
    return took


def main() -> None:
    """Measure and print tables and, as the last line, one JSON object."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found: dict[str, object] = {"bench": "energy_plan"}
    if FILE.exists():
        rows = forecasts(read())
        print(
            f"{'forecast':10}{'stays':>8}{'coverage':>10}{'width':>8}{'MAE':>8}{'median':>8}"
            "   global: MAE, coverage, width"
        )
        for what, row in rows.items():
            print(
                f"{what:10}{row['stays']:8}{row['coverage']:10.1%}{row['width']:8.1f}{row['mae']:8.2f}"
                f"{row['median_error']:8.2f}   {row['global_mae']:.2f}, {row['global_coverage']:.1%}, "
                f"{row['global_width']:.1f}"
            )
        print(f"intervals should cover {COVERAGE:.0%}")
        found["forecasts"] = {
            what: {name: round(value, 3) for name, value in row.items()} for what, row in rows.items()
        }
    else:
        print(f"The data are not here: {FILE}.")
    print(f"\n{'outlets':>10}{'solver ms':>12}{'plan ms':>12}")
    found["cpu"] = {}
    for evses in EVSES:
        took = cpu(evses)
        found["cpu"][str(evses)] = took  # type: ignore[index]
        print(f"{evses:10}{took['solver_ms']:12.1f}{took['plan_ms']:12.1f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
