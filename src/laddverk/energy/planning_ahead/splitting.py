"""Why a day was not the best it could have been: what forecasts, safety and unknown prices each cost. Pure.

Three programs stand between the best and what was done. The best knows everything and uses the fuse to its rating. A
careful one keeps the margins, and leaves to other load what it may draw. One that is ignorant of prices plans as
carefully with those that were known when the cars came. What is left is what was not known of the cars, and what the
allocator had to do otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.planning_ahead.model import Ahead, Feeder, Plan
from laddverk.energy.planning_ahead.regret import TIMEOUT_S, Regret, cost_of, regret
from laddverk.energy.planning_ahead.solving import TOLERANCE_WH, solved


class Because(StrEnum):
    """What kept a day from the best."""

    FORECAST = "forecast"
    """What was not known of cars, and what could not be run as it was planned."""
    SAFETY = "safety"
    """Margins below the fuse, and room for other load that then was not drawn."""
    PRICE = "price"
    """Prices that were not known yet."""


class Split(Struct, frozen=True, kw_only=True):
    """How far a time was from the best, and why. The parts sum to the whole."""

    found: Regret
    over: dict[Because, float]
    """Major currency. A part may be below 0: what was done drew more than a careful plan would have dared."""
    lacking_wh: dict[Because, float]


def split(
    seen: Ahead, careful: Sequence[Feeder], known_prices: Sequence[float], given_wh: Mapping[str, Sequence[float]]
) -> Split | None:
    """Return how far charging was from the best, with the reasons; None where no best was found.

    `seen` has the rating of each fuse less what other load truly drew; `careful` the same feeders as the plan had to
    see them. `known_prices` has what was known of each period's price when the first of its cars came.
    """
    found = regret(seen, given_wh)
    if found is None:
        return None
    taken = replace(seen, stays=tuple(replace(stay, wanted_wh=sum(given_wh.get(stay.key, ()))) for stay in seen.stays))
    safe_cost = _cost(replace(taken, feeders=tuple(careful)), found.best_cost)
    ignorant = _cost(replace(taken, feeders=tuple(careful), price_per_kwh=tuple(known_prices)), safe_cost, taken)
    safety = max(0.0, safe_cost - found.best_cost)
    price = max(0.0, ignorant - found.best_cost - safety)
    safety_wh = min(found.lacking_wh, _lacking(replace(seen, feeders=tuple(careful))) - _lacking(seen))
    safety_wh = max(0.0, safety_wh)
    return Split(
        found=found,
        over={Because.FORECAST: found.over - safety - price, Because.SAFETY: safety, Because.PRICE: price},
        lacking_wh={Because.FORECAST: found.lacking_wh - safety_wh, Because.SAFETY: safety_wh},
    )


def _cost(ahead: Ahead, otherwise: float, truly: Ahead | None = None) -> float:
    """Return the least cost of a time, at the prices of `truly`; `otherwise` where it cannot be done so."""
    plan = solved(ahead, TIMEOUT_S)
    if not isinstance(plan, Plan) or sum(plan.unmet_wh.values()) > TOLERANCE_WH * max(1, len(ahead.stays)):
        return otherwise
    if truly is None:
        return plan.cost
    charged_wh = [0.0] * ahead.periods
    for stay in ahead.stays:
        for period, current_a in enumerate(plan.targets_a[stay.key]):
            charged_wh[period] += current_a * stay.watts_per_a * ahead.step_h
    return cost_of(truly, charged_wh)


def _lacking(ahead: Ahead) -> float:
    plan = solved(ahead, TIMEOUT_S)
    return sum(plan.unmet_wh.values()) if isinstance(plan, Plan) else 0.0
