"""The plan as a linear program: the cheapest currents that keep every limit and every promise that can be kept. Pure.

What is charged for the mean of a month's highest peaks is linear: with a threshold t and each group's excess u over
it, the least of t + sum(u) / n is the mean of the n highest (Rockafellar and Uryasev 2000). What the month has seen
stands as fixed groups. Limits on a star grid are linear in each phase's amperes, so the tree is exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from laddverk.energy.planning_ahead.matrix import Floats, Ints, Program, Solution
from laddverk.energy.planning_ahead.model import VOLTAGE_V, Ahead, PeakTerm, Plan, WhyCapped

TIMEOUT_S: Final = 5.0  # ten times what a hundred outlets take; then the cap rule stands until the next turn
EARLINESS: Final = 0.03  # major currency for each kWh that waits for the whole horizon: who waits risks a crowd
TOLERANCE_WH: Final = 1.0  # of energy, below which nothing is lacking
SLIGHT_KW: Final = 1e-4  # added to every period: where nothing is drawn, a price has no meaning
TOLERANCE_A: Final = 1e-6


class Columns(Struct, frozen=True):
    """Where each quantity stands in the program. Power in kW, energy in kWh."""

    stay: Ints
    """Which stay each charging column is of."""
    period: Ints
    charge: Ints
    unmet: Ints
    later: Ints
    grid: Ints
    sell: Ints
    store: Ints
    release: Ints
    balance: Ints
    """Rows."""


def solved(ahead: Ahead, timeout_s: float = TIMEOUT_S) -> Plan | WhyCapped:
    """Return the cheapest plan, or why there is none. Currents are continuous: `rounding` makes them runnable.

    A stay that cannot have what it wants lacks as little as possible; one that stays beyond the horizon may leave for
    then what fits there, at the mean price.
    """
    if not ahead.price_per_kwh:
        return WhyCapped.NO_PRICES
    program = Program()
    columns = _columns(program, ahead)
    _limit_circuits(program, ahead, columns)
    for term in ahead.peaks:
        _charge_peaks(program, columns, term, ahead.step_h)
    found = program.solved(timeout_s)
    if found is None:
        return WhyCapped.TOO_LATE if program.is_too_late else WhyCapped.NO_ANSWER
    return _plan(ahead, columns, found)


def _columns(program: Program, ahead: Ahead) -> Columns:
    periods, step_h = ahead.periods, ahead.step_h
    price = np.array(ahead.price_per_kwh)
    first = np.array([min(max(stay.arrives, 0), periods) for stay in ahead.stays], dtype=np.int64)
    last = np.array([min(max(stay.departs, 0), periods) for stay in ahead.stays], dtype=np.int64)
    length = np.maximum(last - first, 0)
    stay = np.repeat(np.arange(len(ahead.stays)), length)
    period = np.arange(len(stay)) - np.repeat(np.cumsum(length) - length, length) + np.repeat(first, length)
    power_kw = np.array([each.ceiling_a * each.watts_per_a / 1000 for each in ahead.stays], dtype=np.float64)
    wanted_kwh = np.array([each.wanted_wh / 1000 for each in ahead.stays], dtype=np.float64)
    after_kwh = np.array([max(0, each.departs - periods) for each in ahead.stays]) * power_kw * step_h
    count = len(ahead.stays)
    columns = Columns(
        stay=stay,
        period=period,
        charge=program.add_columns(len(stay), cost=EARLINESS * step_h * period / periods, high=power_kw[stay]),
        unmet=program.add_columns(count, cost=[each.unmet_per_kwh for each in ahead.stays], high=wanted_kwh),
        later=program.add_columns(count, cost=float(price.mean()) + EARLINESS, high=np.minimum(after_kwh, wanted_kwh)),
        **_sources(program, ahead, price),
    )
    energy = program.add_rows(count, low=wanted_kwh, high=wanted_kwh)
    program.put(energy[stay], columns.charge, step_h)
    program.put(energy, columns.unmet, 1.0)
    program.put(energy, columns.later, 1.0)
    program.put(columns.balance[period], columns.charge, -1.0)
    return columns


def _sources(program: Program, ahead: Ahead, price: Floats) -> dict[str, Ints]:
    """Add what comes from and goes to the grid, the sun and the battery, and the balance of every period."""
    periods, step_h = ahead.periods, ahead.step_h
    base_kw = np.array(ahead.base_load_w or [0.0] * periods) / 1000 + SLIGHT_KW
    solar_kw = np.array(ahead.solar_w or [0.0] * periods) / 1000
    sell = np.minimum(np.array(ahead.sell_per_kwh or [0.0] * periods), price)  # dearer out than in would be a pump
    battery = ahead.battery
    most_kw = battery.power_max_w / 1000 if battery is not None else 0.0
    found = {
        "grid": program.add_columns(periods, cost=price * step_h),
        "sell": program.add_columns(periods, cost=-sell * step_h, high=solar_kw + most_kw),
        "store": program.add_columns(periods, high=most_kw),
        "release": program.add_columns(periods, cost=(battery.wear_per_kwh if battery else 0.0) * step_h, high=most_kw),
        "balance": program.add_rows(periods, low=base_kw - solar_kw, high=base_kw - solar_kw),
    }
    waste = program.add_columns(periods, high=solar_kw)  # what neither is needed nor may be sold
    for name, sign in (("grid", 1.0), ("sell", -1.0), ("store", -1.0), ("release", 1.0)):
        program.put(found["balance"], found[name], sign)
    program.put(found["balance"], waste, -1.0)
    if battery is not None:
        held = program.add_columns(periods, high=battery.capacity_wh / 1000, cost=0.0)
        kept = program.add_rows(periods, low=(before := np.eye(1, periods)[0] * battery.held_wh / 1000), high=before)
        one_way = battery.efficiency**0.5
        program.put(kept, held, 1.0)
        program.put(kept[1:], held[:-1], -1.0)
        program.put(kept, found["store"], -step_h * one_way)
        program.put(kept, found["release"], step_h / one_way)
        end = program.add_rows(1, low=min(battery.held_wh, battery.capacity_wh) / 1000)  # tomorrow is a day as well
        program.put(end, held[-1:], 1.0)
    return found


def below(ahead: Ahead) -> list[Ints]:
    """Return for each feeder the stays that hang on it or on one below."""
    members: list[list[int]] = [[] for _ in ahead.feeders]
    for number, stay in enumerate(ahead.stays):
        feeder = stay.feeder
        while feeder >= 0:
            members[feeder].append(number)
            feeder = ahead.feeders[feeder].parent
    return [np.array(each, dtype=np.int64) for each in members]


def _limit_circuits(program: Program, ahead: Ahead, columns: Columns) -> None:
    """Keep each phase of each circuit in each period; rows that cannot bind are left out.

    A battery hangs on the root, loads its phases alike, and what it gives is not counted on.
    """
    battery_a = ahead.battery.power_max_w / VOLTAGE_V / 3 if ahead.battery is not None else 0.0
    amperes = np.array([stay.use for stay in ahead.stays]).reshape(-1, 3)
    per_kw = 1000 / np.array([stay.watts_per_a for stay in ahead.stays], dtype=np.float64)
    ceiling_a = np.array([stay.ceiling_a for stay in ahead.stays], dtype=np.float64)
    for feeder, members in zip(ahead.feeders, below(ahead), strict=True):
        limit_a = np.broadcast_to(np.array(feeder.limit_a, dtype=np.float64), (ahead.periods, 3))
        mine = np.flatnonzero(np.isin(columns.stay, members))
        stays, periods = columns.stay[mine], columns.period[mine]
        for phase in range(3):
            use = amperes[stays, phase]
            most_a = np.bincount(periods, weights=use * ceiling_a[stays], minlength=ahead.periods)
            own_a = battery_a if feeder.parent < 0 else 0.0
            binding = most_a + own_a > limit_a[:, phase] + TOLERANCE_A
            if not binding.any():
                continue
            row_of = np.full(ahead.periods, -1)
            row_of[binding] = program.add_rows(int(binding.sum()), high=np.maximum(limit_a[binding, phase], 0.0))
            kept = binding[periods] & (use != 0)
            program.put(row_of[periods[kept]], columns.charge[mine[kept]], use[kept] * per_kw[stays[kept]])
            if own_a:
                program.put(row_of[binding], columns.store[binding], 1000 / VOLTAGE_V / 3)


def _charge_peaks(program: Program, columns: Columns, term: PeakTerm, step_h: float) -> None:
    """Add what the mean of the highest peaks costs. What is sunk is paid in any plan."""
    groups = list(dict.fromkeys([interval.group for interval in term.intervals]))
    number_of = {group: number for number, group in enumerate(groups)}
    share = term.per_kw / term.count
    threshold = program.add_columns(1, cost=term.per_kw)
    excess = program.add_columns(len(groups), cost=share)
    over = program.add_rows(
        len(term.intervals), low=[each.factor * each.taken_kwh / each.hours for each in term.intervals]
    )
    number = np.array([number_of[interval.group] for interval in term.intervals])
    program.put(over, threshold, 1.0)
    program.put(over, excess[number], 1.0)
    for row, interval in zip(over, term.intervals, strict=True):
        taken = columns.grid[interval.first : interval.last]
        program.put(row, taken, -interval.factor * step_h / interval.hours)
    highest = sorted(term.sunk_kw.items(), key=lambda each: -each[1])[: term.count + len(groups)]
    fixed = program.add_rows(len(highest), low=[kw for _, kw in highest])
    own = program.add_columns(sum(group not in number_of for group, _ in highest), cost=share)
    others = iter(own)
    for row, (group, _) in zip(fixed, highest, strict=True):
        program.put(row, threshold, 1.0)
        program.put(row, excess[number_of[group]] if group in number_of else next(others), 1.0)


def _plan(ahead: Ahead, columns: Columns, found: Solution) -> Plan:
    amperes_per_kw = 1000 / np.array([stay.watts_per_a for stay in ahead.stays], dtype=np.float64)
    table = np.zeros((len(ahead.stays), ahead.periods))
    table[columns.stay, columns.period] = found.values[columns.charge] * amperes_per_kw[columns.stay]
    table = np.clip(table, 0.0, np.array([[stay.ceiling_a] for stay in ahead.stays]).reshape(-1, 1))
    unmet_wh = found.values[columns.unmet] * 1000
    penalty = float(np.dot(unmet_wh / 1000, [stay.unmet_per_kwh for stay in ahead.stays]))
    early = float(np.dot(found.values[columns.charge], columns.period)) * EARLINESS * ahead.step_h / ahead.periods
    battery_kw = found.values[columns.store] - found.values[columns.release]
    return Plan(
        begins_at=ahead.begins_at,
        step_minutes=ahead.step_minutes,
        targets_a={stay.key: tuple(row) for stay, row in zip(ahead.stays, table.tolist(), strict=True)},
        unmet_wh={
            stay.key: lacking
            for stay, lacking in zip(ahead.stays, unmet_wh.tolist(), strict=True)
            if lacking > TOLERANCE_WH
        },
        grid_w=tuple(((found.values[columns.grid] - found.values[columns.sell]) * 1000).tolist()),
        battery_w=tuple((battery_kw * 1000).tolist()) if ahead.battery is not None else (),
        marginal_per_kwh=tuple((found.prices[columns.balance] / ahead.step_h).tolist()),
        cost=found.objective - penalty - early - sum(sunk_cost(term) for term in ahead.peaks),
    )


def sunk_cost(term: PeakTerm) -> float:
    """Return what the fee is already, in major currency."""
    return term.per_kw * sum(sorted(term.sunk_kw.values(), reverse=True)[: term.count]) / term.count
