"""CPU time of one decision of the allocator, beside a general linear program on the same circuits and phases."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct

from laddverk.energy.allocating import Branch, Demand, Situation, allocated
from laddverk.energy.allocating.rows import rows_of
from laddverk.energy.planning_ahead.matrix import Program

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
GROUP = 10
CASES = {"ample": 32.0, "shared": 7.3, "scarce": 2.0}
"""Amperes of the main fuse for each outlet and phase that it loads: all fit; all get a share; most must wait."""
LP_TIMEOUT_S = 60.0
OFTEN_UP_TO = 1_000  # outlets; a program for more is solved once


class Cost(Struct, frozen=True, kw_only=True):
    """CPU time in ms, the least of several: what the work takes when nobody else wants the core's caches."""

    outlets: int
    case: str
    decision_ms: float
    memory_mb: float
    """The most that a decision holds beside what it was asked."""
    lp_ms: float


def situation(outlets: int, amperes_each: float) -> Situation:
    """Return a main fuse with groups of ten, half of the outlets with one phase, in the middle of an evening."""
    branches = [Branch(key="grid", limit_a=(outlets * amperes_each * 4 / 6,) * 3)]
    branches += [Branch(key=f"group {n}", parent=0, limit_a=(100.0,) * 3) for n in range(-(-outlets // GROUP))]
    demands = [
        Demand(
            key=f"{n}", branch=1 + n // GROUP, use_a=(1.0, 1.0, 1.0) if n % 2 else _one_phase(n // 2),
            ceiling_a=(16.0, 20.0, 32.0)[n % 3], since=NOW - timedelta(minutes=n), attained_wh=n * 777.0 % 9_000,
            is_on=n % 5 < 2, switched_at=NOW - timedelta(minutes=30), watts_per_a=690.0 if n % 2 else 230.0,
        )
        for n in range(outlets)
    ]  # fmt: skip
    return Situation(branches=tuple(branches), demands=tuple(demands))


def _one_phase(place: int) -> tuple[float, float, float]:
    first, second, third = (float(phase == place % 3) for phase in range(3))
    return first, second, third


def costs(sizes: tuple[int, ...], times: int) -> list[Cost]:
    """Return what decisions cost."""
    found = []
    for outlets in sizes:
        for case, amperes in CASES.items():
            asked = situation(outlets, amperes)
            decision = _least_ms(lambda asked=asked: allocated(asked, NOW), times)
            lp = _least_ms(lambda asked=asked: _by_program(asked), 3 if outlets <= OFTEN_UP_TO else 1)
            found.append(
                Cost(outlets=outlets, case=case, decision_ms=decision, memory_mb=_memory_mb(asked), lp_ms=lp)
            )  # fmt: skip
    return found


def _memory_mb(asked: Situation) -> float:
    tracemalloc.start()
    allocated(asked, NOW)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def _least_ms(what: Callable[[], object], times: int) -> float:
    what()
    spent = []
    for _ in range(times):
        began = time.process_time()
        what()
        spent.append(time.process_time() - began)
    return min(spent) * 1_000


def _by_program(asked: Situation) -> None:
    """Solve one program over the rows: most current in all. Max-min sharing would need several of these."""
    rows = rows_of(asked.branches, asked.demands)
    program = Program()
    program.add_columns(len(asked.demands), cost=-1.0, high=[one.ceiling_a for one in asked.demands])
    program.add_rows(len(rows.limit_a), high=rows.limit_a)
    demand, column = np.nonzero(rows.load)
    program.put(rows.row_of[demand, column], demand, rows.load[demand, column])
    program.solved(LP_TIMEOUT_S)
