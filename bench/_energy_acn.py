"""The garage of Caltech as acnportal describes it, and a month of its cars charged there by a rule.

54 outlets lie between the lines of a 208 V grid behind a 480:208 V delta-wye transformer, of which only a part may be
used. The same numbers as in acnportal's `caltech_acn` with basic outlets: the bench runs both on the same sessions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from bench._energy_ahead import Leaning, Lines, Stays, currents_ahead
from bench._energy_sessions import STEP_MINUTES, Session
from laddverk.energy.planning_ahead.matrix import Floats, Program

VOLTS = 208.0
PILOT_A = 32.0
BATTERY_W = 6_600.0
STEP_H = STEP_MINUTES / 60
POD_A = 80.0
PODS = (
    tuple(f"CA-{n}" for n in (322, 493, 496, 320, 495, 321, 323, 494)),
    tuple(f"CA-{n}" for n in (324, 325, 326, 327, 489, 490, 491, 492)),
)
BETWEEN = {
    "AB": (308, 508, 303, 513, 310, 506, 316, 500, 318, 498),
    "BC": (304, 512, 305, 511, 313, 503, 311, 505, 317, 499, 148, 149, 212, 213),
    "CA": (307, 509, 309, 507, 306, 510, 315, 501, 319, 497, 312, 504, 314, 502),
}
ANGLE_DEG = {"AB": 30.0, "BC": -90.0, "CA": 150.0}
SECONDARY = np.array([[1, 0, -1], [-1, 1, 0], [0, -1, 1]], dtype=np.complex128)
"""Lines A, B and C, from the currents AB, BC and CA."""
PRIMARY = (SECONDARY - SECONDARY[[2, 0, 1]]) / 4
KINDS = ("AB", "BC", "CA")
CEILING_A = min(PILOT_A, BATTERY_W / VOLTS)
GRID_H = tuple(STEP_H * n for n in (1, 3, 6, 12, 24, 48, 96, 288))
"""Where the program's steps end: five minutes first, then coarser."""
WORTH = (1.9, 1.5, 1.2, 1.0)
"""What energy is worth by quarters of what a car asked for: steeper than needed to break ties, for evenness' sake."""


class Score(Struct, frozen=True, kw_only=True):
    """How a month went."""

    name: str
    capacity_kw: float
    delivered: float
    """Of all that the cars would have taken, 0 to 1."""
    p05: float
    """The share that the twentieth part that got least got at most."""
    jain: float
    """(sum of shares)² / (n · sum of squares): 1 is the same share for all."""
    violations: int
    """Steps in which a line was over its limit."""
    ms_a_step: float | None = None
    """CPU time for each step in which a car was there."""
    switches: float | None = None
    """For each session: how often it began to charge or stopped before it was full."""


def lines_of(outlets: Sequence[str], capacity_kw: float) -> Lines:
    """Return the lines of the garage with these outlets and what its transformer may carry."""
    kind = np.array([kind_of(outlet) for outlet in outlets])
    vectors = np.exp(1j * np.radians([ANGLE_DEG[KINDS[k]] for k in kind]))
    pods = np.array([[outlet in pod for outlet in outlets] for pod in PODS], dtype=np.complex128)
    weight = np.vstack((pods, SECONDARY[:, kind], PRIMARY[:, kind])) * vectors
    secondary_a, primary_a = limits_a(capacity_kw)
    return Lines(weight, np.array([POD_A] * 2 + [secondary_a] * 3 + [primary_a] * 3))


def limits_a(capacity_kw: float) -> tuple[float, float]:
    """Return what each line of the transformer may carry, secondary and primary."""
    return capacity_kw * 1_000 / 3 / 120, capacity_kw * 1_000 / 3 / 277


def kind_of(outlet: str) -> int:
    """Return the place among `KINDS` of the lines between which an outlet lies."""
    number = int(outlet.removeprefix("CA-"))
    return next((place for place, kind in enumerate(KINDS) if number in BETWEEN[kind]), 0)


def scored(
    name: str, capacity_kw: float, sessions: Sequence[Session], got_wh: np.ndarray, violations: int,
    ms_a_step: float | None = None, switches: float | None = None,
) -> Score:  # fmt: skip
    asked = np.array([one.energy_wh for one in sessions])
    shares = np.clip(got_wh / asked, 0, 1)
    return Score(
        name=name, capacity_kw=capacity_kw, delivered=float(got_wh.sum() / asked.sum()),
        p05=float(np.quantile(shares, 0.05)), jain=float(shares.sum() ** 2 / (len(shares) * (shares**2).sum())),
        violations=violations, ms_a_step=ms_a_step, switches=switches,
    )  # fmt: skip


ON_A = 0.5  # with less a car is off


Rule = Callable[[Sequence[int], Floats, int], Floats | None]
"""What each car that is here may take in the next step, in A: asked with the places of the cars that are here, what
all have got in Wh, and the step. None: nothing."""


def charged(name: str, sessions: Sequence[Session], capacity_kw: float, rule: Rule) -> Score:
    """Charge the sessions step by step as a rule says, and count."""
    lines = lines_of([one.outlet for one in sessions], capacity_kw)
    arrives, departs = (np.array([getattr(one, key) for one in sessions]) for key in ("arrives", "departs"))
    asked = np.array([one.energy_wh for one in sessions])
    got, violations, steps, spent_s = np.zeros(len(sessions)), 0, 0, 0.0
    is_on, switches = np.zeros(len(sessions), dtype=np.bool_), 0
    for step in range(int(departs.max())):
        here = np.flatnonzero((arrives <= step) & (step < departs) & (got < asked - 1e-6))
        if not len(here):
            continue
        at = Lines(lines.weight[:, here], lines.limit_a)
        began = time.process_time()
        current = rule(here.tolist(), got, step)
        spent_s, steps = spent_s + time.process_time() - began, steps + 1
        if current is None:
            continue
        current = np.minimum(current, (asked[here] - got[here]) / (VOLTS * STEP_H))  # a full car stops by itself
        switches += int(((current > ON_A) != is_on[here]).sum())
        is_on[here] = current > ON_A
        violations += bool((np.abs(at.weight @ current) > at.limit_a * (1 + 1e-5) + 1e-7).any())
        got[here] += current * VOLTS * STEP_H
    return scored(
        name, capacity_kw, sessions, got, violations, spent_s / max(1, steps) * 1_000, switches / len(sessions)
    )


def program_ahead(sessions: Sequence[Session], capacity_kw: float, knows: str, leaning: Leaning) -> Rule:
    """Return the program ahead as a rule, which `knows` "real", "said" or "none"."""
    lines = lines_of([one.outlet for one in sessions], capacity_kw)

    def asked(here: Sequence[int], got_wh: Floats, step: int) -> Floats | None:
        at = Lines(lines.weight[:, here], lines.limit_a)
        return currents_ahead(at, _told([sessions[one] for one in here], got_wh[here], step, knows), leaning)

    return asked


MORE_WH = 2_000.0  # who still charges beyond what was said wants a little more
LATER_STEPS = 12  # who is still there after the time that was said may stay another hour
UNTOLD_WH = 10_000.0
UNTOLD_H = 4.0


def _told(here: Sequence[Session], got_wh: np.ndarray, step: int, knows: str) -> Stays:
    """Return what the rule is told of the cars that are there."""
    if knows == "real":
        asked = np.array([one.energy_wh for one in here])
        leaves = np.array([one.departs - step for one in here])
    elif knows == "said":
        asked = np.maximum([one.said_energy_wh for one in here], got_wh + MORE_WH)
        leaves = np.maximum([one.said_departs - step for one in here], LATER_STEPS)
    else:
        asked = np.maximum(UNTOLD_WH, got_wh + MORE_WH)
        leaves = np.full(len(here), UNTOLD_H / STEP_H)
    return Stays(
        ceiling_a=np.full(len(here), CEILING_A), left_ah=(asked - got_wh) / VOLTS, asked_ah=asked / VOLTS,
        leaves_h=leaves * STEP_H,
    )  # fmt: skip


def most_possible(sessions: Sequence[Session], capacity_kw: float) -> float:
    """Return the share of all energy that could be delivered by who knows every car before it comes.

    Between two events nothing changes, so a program on these intervals is exact; the polygon lies outside the circle.
    Nights in which nobody is there cut the month into days, which are solved one by one.
    """
    delivered = sum(_most_of(day, capacity_kw) for day in _apart(sessions))
    return delivered / sum(one.energy_wh for one in sessions)


def _apart(sessions: Sequence[Session]) -> list[list[Session]]:
    """Return the sessions in groups between which nobody is there."""
    groups: list[list[Session]] = []
    until = -1
    for one in sorted(sessions, key=lambda one: one.arrives):
        if one.arrives >= until:
            groups.append([])
        groups[-1].append(one)
        until = max(until, one.departs)
    return groups


SIDES_OUTSIDE = 24


def _most_of(day: Sequence[Session], capacity_kw: float) -> float:
    """Return what could be delivered to sessions that overlap, in Wh."""
    events = sorted({one.arrives for one in day} | {one.departs for one in day})
    length_h = np.diff(events) * STEP_H
    lines = lines_of([one.outlet for one in day], capacity_kw)
    kinds, which = np.unique(lines.weight, axis=1, return_inverse=True)
    program = Program()
    together = program.add_columns(kinds.shape[1] * len(length_h)).reshape(len(length_h), -1)
    sums = program.add_rows(together.size, low=0.0, high=0.0).reshape(together.shape)
    program.put(sums, together, -1.0)
    for one, kind in zip(day, which.reshape(-1), strict=True):
        during = np.arange(events.index(one.arrives), events.index(one.departs))
        current = program.add_columns(len(during), cost=-length_h[during], high=CEILING_A)
        program.put(program.add_rows(1, high=one.energy_wh / VOLTS), current, length_h[during])
        program.put(sums[during, kind], current, 1.0)
    directions = np.arange(SIDES_OUTSIDE) * 2 * np.pi / SIDES_OUTSIDE
    for weight, limit in zip(kinds, lines.limit_a, strict=True):
        on_line = np.flatnonzero(np.abs(weight) > 0)
        loads = (weight[on_line] * np.exp(-1j * directions)[:, None]).real
        rows = program.add_rows(len(length_h) * SIDES_OUTSIDE, high=limit).reshape(len(length_h), SIDES_OUTSIDE, 1)
        program.put(rows, together[:, None, on_line], loads[None])
    found = program.solved(600.0)
    if found is None:
        raise SystemExit("the offline optimum was not found")
    return -found.objective * VOLTS
