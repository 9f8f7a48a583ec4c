"""How far a time that is over was from the best that could have been done, in kWh and in money. Pure.

The best knows everything: who came, when each left, what each took, every price. Nobody can reach it; the distance
says what better forecasts, drivers' answers or a larger fuse would be worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.planning_ahead.model import Ahead, PeakTerm, Plan
from laddverk.energy.planning_ahead.solving import TOLERANCE_WH, solved, sunk_cost

TIMEOUT_S = 20.0  # at night nobody waits for it, but a transaction is open


class Regret(Struct, frozen=True, kw_only=True):
    """What was, beside what would have been best. Money in major currency, with what was added to peaks' fees."""

    given_wh: float
    lacking_wh: float
    """What cars left without that the best would have given them."""
    cost: float
    best_cost: float
    """For the same energy: what was lacking costs the best's mean price."""
    at_once_cost: float
    """If each car had charged as it came, and no circuit had stood in the way: what saving is measured from."""

    @property
    def over(self) -> float:
        """What was paid beyond the best; never below 0 but for what rounding is worth."""
        return self.cost - self.best_cost

    @property
    def saved(self) -> float:
        """What was saved against charging at once."""
        return self.at_once_cost - self.cost


def regret(seen: Ahead, given_wh: Mapping[str, Sequence[float]]) -> Regret | None:
    """Return how far charging was from the best; None where no best was found.

    `seen` is the time as it turned out, with `wanted_wh` as what each stay could have taken; `given_wh` what each got
    in each period. All must have left within it.
    """
    best = solved(seen, TIMEOUT_S)
    if not isinstance(best, Plan):
        return None
    taken = {stay.key: sum(given_wh.get(stay.key, ())) for stay in seen.stays}
    lacking = sum(max(0.0, stay.wanted_wh - best.unmet_wh.get(stay.key, 0.0) - taken[stay.key]) for stay in seen.stays)
    best_wh = sum(stay.wanted_wh for stay in seen.stays) - sum(best.unmet_wh.values())
    best_cost = best.cost
    if lacking > TOLERANCE_WH:
        same = solved(replace(seen, stays=tuple(replace(s, wanted_wh=taken[s.key]) for s in seen.stays)), TIMEOUT_S)
        best_cost = same.cost if isinstance(same, Plan) else best.cost * sum(taken.values()) / max(best_wh, 1.0)
    return Regret(
        given_wh=sum(taken.values()),
        lacking_wh=lacking,
        cost=cost_of(seen, _summed(seen, given_wh)),
        best_cost=best_cost,
        at_once_cost=cost_of(seen, _summed(seen, _at_once(seen, taken))),
    )


def cost_of(seen: Ahead, charged_wh: Sequence[float]) -> float:
    """Return what a load of cars cost beside the base load, without sun or battery: energy, and the peaks' fees."""
    base_w = seen.base_load_w or (0.0,) * seen.periods
    grid_kwh = [charged / 1000 + base / 1000 * seen.step_h for charged, base in zip(charged_wh, base_w, strict=True)]
    energy = sum(kwh * price for kwh, price in zip(grid_kwh, seen.price_per_kwh, strict=True))
    return energy + sum(_peak_cost(term, grid_kwh) - sunk_cost(term) for term in seen.peaks)


def _peak_cost(term: PeakTerm, grid_kwh: Sequence[float]) -> float:
    groups = dict(term.sunk_kw)
    for each in term.intervals:
        taken_kw = each.factor * (each.taken_kwh + sum(grid_kwh[each.first : each.last])) / each.hours
        groups[each.group] = max(groups.get(each.group, 0.0), taken_kw)
    return term.per_kw * sum(sorted(groups.values(), reverse=True)[: term.count]) / term.count


def _summed(seen: Ahead, given_wh: Mapping[str, Sequence[float]]) -> list[float]:
    found = [0.0] * seen.periods
    for series in given_wh.values():
        for period, energy_wh in enumerate(series):
            found[period] += energy_wh
    return found


def _at_once(seen: Ahead, taken_wh: Mapping[str, float]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for stay in seen.stays:
        left_wh, series = taken_wh[stay.key], [0.0] * seen.periods
        for period in range(stay.arrives, min(stay.departs, seen.periods)):
            series[period] = min(left_wh, stay.ceiling_a * stay.watts_per_a * seen.step_h)
            left_wh -= series[period]
        found[stay.key] = series
    return found
