"""Walking through a charge from price change to price change: which component counted for how much. Pure.

The walk stops wherever any price may change: at times of day and dates (in local time), at readings where power counts,
where an amount of energy or a duration is reached, at the exchange's periods, and where charging ended. Restrictions
are asked at the start of each stretch (OCPI 2.2.1, mod_cdrs). For each dimension the first component that applies
counts; where none does, that dimension is free there. Stretches of one price that follow each other become one run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from laddverk.tariffs.curve import (
    PHASE_VOLTAGE_V,
    SECOND_US,
    Measured,
    Span,
    delivered_of,
    micros,
)
from laddverk.tariffs.model import Charge, Restriction, SpotPrice
from laddverk.tariffs.plan import CHARGING, ENERGY, IDLE, SESSION, Candidates, Part, Plan

EMPTY: Final[Candidates] = ((), (), (), ())


class SpotMissing(Exception):
    """A price of the exchange that the charge needs is not there (yet)."""

    def __init__(self, area: str, at_us: int) -> None:
        super().__init__(area)
        self.area = area
        self.at_us = at_us


class SpotCurve:
    """The exchange's prices of one bidding zone, by instant."""

    __slots__ = ("_rates", "area", "ends_us", "prices", "starts_us")

    def __init__(self, area: str, prices: Sequence[SpotPrice]) -> None:
        ordered = sorted((each for each in prices if each.area == area), key=lambda each: each.starts_at)
        self.area = area
        self.starts_us = [micros(each.starts_at) for each in ordered]
        self.ends_us = [micros(each.ends_at) for each in ordered]
        self.prices = [each.price for each in ordered]
        self._rates: dict[Part, list[Rate | None]] = {}

    def edges(self, from_us: int, to_us: int) -> list[int]:
        """Return where periods begin and end between two instants, and a few around them."""
        first = max(0, bisect_right(self.starts_us, from_us) - 1)
        last = bisect_right(self.starts_us, to_us)
        return self.starts_us[first:last] + self.ends_us[first:last]

    def rate_at(self, plan: Plan, part: Part, at_us: int) -> Rate:
        """Return what a Wh of a part costs at an instant. Raises `SpotMissing`.

        What was worked out once is kept with the curve: the sessions of a day ask for the same few prices.
        """
        index = bisect_right(self.starts_us, at_us) - 1
        if index < 0 or at_us >= self.ends_us[index]:
            raise SpotMissing(self.area, at_us)
        rates = self._rates.get(part)
        if rates is None:
            rates = self._rates[part] = [None] * len(self.prices)
        found = rates[index]
        if found is None:
            price = self.prices[index]
            found = rates[index] = (*plan.spot_rate(part, price), price)
        return found


Spots = Mapping[str, SpotCurve]
Rate = tuple[int, Decimal, Decimal]
"""What a Wh costs over the plan's denominator, what a kWh costs, and the exchange's price that both follow."""


class Run:
    """A stretch of a charge in which one component of one dimension has one price."""

    __slots__ = ("from_us", "part", "price", "quantity", "rate", "spot", "surplus", "to_us")

    def __init__(self, part: Part, rate: int, from_us: int, to_us: int, quantity: int) -> None:
        self.part = part
        self.rate = rate
        self.from_us = from_us
        self.to_us = to_us
        self.quantity = quantity  # Wh, microseconds or 1
        self.surplus = 0
        self.price: Decimal | None = None
        self.spot: Decimal | None = None

    @property
    def exact(self) -> int:
        """What it costs, over the plan's denominator."""
        return self.rate * (self.quantity + self.surplus)


class Walk:
    """One charge on its way through one plan. `runs` holds the result, for each dimension in order of time."""

    def __init__(self, plan: Plan, charge: Charge, spots: Spots) -> None:
        self.plan = plan
        self.charge = charge
        self.spots = spots
        self.span = Span(charge)
        self.delivered = delivered_of(charge, self.span)
        self.has_energy = self.delivered.energies_wh[-1] > 0
        self.is_due = self.has_energy
        self.idle_us = self.span.charging_ended_us + plan.tariff.idle_grace_minutes * 60 * SECOND_US
        self.idle_end_us = self.span.ended_us if charge.idle_until is None else micros(charge.idle_until)
        self.included_until_wh = plan.tariff.free_wh + charge.included_wh if charge.included_wh else 0
        self.powers = Measured(charge.powers) if plan.asks_power and charge.powers else None
        self.currents = Measured(charge.currents) if plan.asks_power and charge.currents else None
        self.thresholds_wh = plan.energies_wh
        if self.included_until_wh:
            self.thresholds_wh = sorted({*plan.energies_wh, plan.tariff.free_wh, self.included_until_wh} - {0})
        self.runs: tuple[list[Run], ...] = ([], [], [], [])
        self._flats: set[Part] = set()

    def go(self) -> None:
        """Walk from the start to the end."""
        span = self.span
        slots = self.plan.slots(self.charge.timezone, span.started_us, span.ended_us)
        edges = self._edges(slots)
        slot, candidates, passed_wh = 0, slots[0][1], 0
        for index in range(len(edges) - 1):
            from_us, to_us = edges[index], edges[index + 1]
            while slot + 1 < len(slots) and slots[slot + 1][0] <= from_us:
                slot += 1
                candidates = slots[slot][1]
            reached_wh = self.delivered.until(to_us)
            self._step(candidates, from_us, to_us, passed_wh, reached_wh)
            passed_wh = reached_wh
        if len(edges) == 1 and self.is_due:
            self._step(candidates, edges[0], edges[0], 0, self.delivered.until(edges[0]))

    def _edges(self, slots: Sequence[tuple[int, Candidates]]) -> list[int]:
        """The instants between which no price changes, from the start to the end."""
        span, plan = self.span, self.plan
        start, end = span.started_us, span.ended_us
        found = {start, end}
        inner = {span.charging_ended_us, self.idle_us, self.idle_end_us}
        inner.update(at_us for at_us, _ in slots)
        inner.update(start + duration_us for duration_us in plan.durations_us)
        if self.thresholds_wh:
            inner.update(at for wh in self.thresholds_wh if (at := self.delivered.crossing(wh)) is not None)
        if plan.asks_power:
            inner.update(self.delivered.instants_us)
            for measured in (self.powers, self.currents):
                inner.update(measured.instants_us if measured else ())
        for area in plan.spot_areas:
            curve = self.spots.get(area)
            inner.update(curve.edges(start, end) if curve else ())
        found.update(at_us for at_us in inner if start < at_us < end)
        return sorted(found)

    def _step(self, candidates: Candidates, from_us: int, to_us: int, from_wh: int, to_wh: int) -> None:
        """Count one stretch, for each dimension that it uses."""
        if to_wh > from_wh and (candidates[ENERGY] or self.included_until_wh):
            self._count_energy(candidates[ENERGY], from_us, to_us, from_wh, to_wh)
        if candidates[CHARGING] and from_us < to_us <= self.span.charging_ended_us:
            part = self._first(candidates[CHARGING], from_us, from_wh)
            if part is not None:
                self._add(CHARGING, part, part.rate, from_us, to_us, to_us - from_us)
        if candidates[IDLE] and self.idle_us <= from_us < to_us <= self.idle_end_us:
            part = self._first(candidates[IDLE], from_us, from_wh)
            if part is not None:
                self._add(IDLE, part, part.rate, from_us, to_us, to_us - from_us)
        if candidates[SESSION] and self.is_due:
            part = self._first(candidates[SESSION], from_us, from_wh)
            if part is not None and part not in self._flats:
                self._flats.add(part)
                self.runs[SESSION].append(Run(part, part.rate, from_us, self.span.ended_us, 1))

    def _count_energy(self, parts: tuple[Part, ...], from_us: int, to_us: int, from_wh: int, to_wh: int) -> None:
        """Count the energy of one stretch, in parts where it leaps past an amount at which the price changes."""
        if not self.thresholds_wh:
            self._add_energy(self._first(parts, from_us, from_wh), from_us, to_us, to_wh - from_wh)
            return
        stops = [wh for wh in self.thresholds_wh if from_wh < wh < to_wh]
        for upper_wh in (*stops, to_wh):
            self._add_energy(self._energy_part(parts, from_us, from_wh), from_us, to_us, upper_wh - from_wh)
            from_wh = upper_wh

    def _add_energy(self, part: Part | None, from_us: int, to_us: int, quantity: int) -> None:
        if part is None:
            return
        if part.spot is None:
            self._add(ENERGY, part, part.rate, from_us, to_us, quantity)
        else:
            self._add_spot(part, part.spot.area, from_us, to_us, quantity)

    def _energy_part(self, parts: tuple[Part, ...], at_us: int, at_wh: int) -> Part | None:
        if self.included_until_wh and self.plan.tariff.free_wh <= at_wh < self.included_until_wh:
            return self.plan.included
        return self._first(parts, at_us, at_wh)

    def _add_spot(self, part: Part, area: str, from_us: int, to_us: int, quantity: int) -> None:
        curve = self.spots.get(area)
        if curve is None:
            raise SpotMissing(area, from_us)
        rate, per_kwh, price = curve.rate_at(self.plan, part, from_us)
        run = self._add(ENERGY, part, rate, from_us, to_us, quantity)
        run.price, run.spot = per_kwh, price

    def _add(self, dimension: int, part: Part, rate: int, from_us: int, to_us: int, quantity: int) -> Run:
        runs = self.runs[dimension]
        if runs:
            last = runs[-1]
            if last.part is part and last.rate == rate and (last.to_us >= from_us or dimension == ENERGY):
                last.to_us = to_us
                last.quantity += quantity
                return last
        run = Run(part, rate, from_us, to_us, quantity)
        runs.append(run)
        return run

    def _first(self, parts: tuple[Part, ...], at_us: int, at_wh: int) -> Part | None:
        """The first component that applies, of those that the clock allows."""
        for part in parts:
            if not part.asks or self._holds(part.when, at_us, at_wh):
                return part
        return None

    def _holds(self, when: Restriction, at_us: int, at_wh: int) -> bool:
        """Whether what is asked of the charge itself holds: from the lower bound on, below the upper one."""
        if not _within(when.min_wh, when.max_wh, at_wh):
            return False
        if not _within(when.min_duration_s, when.max_duration_s, (at_us - self.span.started_us) // SECOND_US):
            return False
        for least, reaches in ((when.min_power_w, self._power), (when.min_current_a, self._current)):
            if least is not None and not reaches(at_us, Decimal(least)):
                return False
        for most, reaches in ((when.max_power_w, self._power), (when.max_current_a, self._current)):
            if most is not None and reaches(at_us, Decimal(most)):
                return False
        return True

    def _power(self, at_us: int, least_w: Decimal) -> bool:
        measured = self.powers
        return measured.at_least(at_us, least_w) if measured else self.delivered.power_at_least(at_us, least_w)

    def _current(self, at_us: int, least_a: Decimal) -> bool:
        measured = self.currents
        return measured.at_least(at_us, least_a) if measured else self._power(at_us, least_a * PHASE_VOLTAGE_V)


def _within(least: int | None, most: int | None, value: int) -> bool:
    return (least is None or value >= least) and (most is None or value < most)


def walked(plan: Plan, charge: Charge, spots: Spots, *, flats: bool = False) -> tuple[list[Run], ...]:
    """Return the runs of a charge for each dimension, the last blocks filled up. Raises `SpotMissing`.

    What is due once is due with `flats`, or when energy was delivered.
    """
    walk = Walk(plan, charge, spots)
    walk.is_due = flats or walk.has_energy
    walk.go()
    _fill_up(walk.runs)
    return walk.runs


def _fill_up(runs: tuple[list[Run], ...]) -> None:
    """Fill the last block up: once for energy, and once for time, that of idling where any is paid for.

    The total counts, in blocks of the last component that is paid for, and what is missing costs that component's
    price. Time of charging that paid idling follows is not rounded (OCPI 2.2.1, step_size).
    """
    for its in (runs[ENERGY], runs[IDLE] if any(run.rate for run in runs[IDLE]) else runs[CHARGING]):
        last = next((index for index in range(len(its) - 1, -1, -1) if its[index].rate), None)
        if last is not None and its[last].part.step:
            total = sum(run.quantity for run in its[: last + 1])
            its[last].surplus = -total % its[last].part.step
