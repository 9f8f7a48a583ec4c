"""How many spare parts to keep: what may fail while new ones are on their way. Pure.

The failures of a family of parts are Poisson with an unknown rate, and of the rate we know what a Gamma distribution
says: one half of a failure in 25 charger-years before anything was seen (a chance of a few percent a year), plus what
was seen. What fails while new parts are on their way is then negative binomial: the doubt about the rate is in it.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

PRIOR_FAILURES: Final = 0.5
PRIOR_YEARS: Final = 25.0
SERVICE: Final = 0.95  # the share of lead times in which the parts are to be enough
PARTS_MAX: Final = 10_000  # more is no stock but a factory
DAYS_PER_YEAR: Final = 365.25


class Rate(Struct, frozen=True, kw_only=True):
    """What is known of how often a part fails: a Gamma distribution."""

    failures: float
    years: float
    """Charger-years."""

    @property
    def mean(self) -> float:
        """Failures in a charger-year."""
        return self.failures / self.years


class Need(Struct, frozen=True, kw_only=True):
    """What is needed of a part while new ones are on their way."""

    expected: float
    enough: int
    """Parts that are enough in 95 of 100 lead times."""
    risk: float
    """The chance that the stock is not enough, 0 to 1."""
    to_buy: int
    cost_minor: int
    """What those to buy cost."""


def rate_of(failures: int, years: float) -> Rate:
    """Return what is known after `failures` in `years` charger-years. Raises `ValueError` below zero."""
    if failures < 0 or years < 0:
        raise ValueError("failures and years are not negative")
    return Rate(failures=PRIOR_FAILURES + failures, years=PRIOR_YEARS + years)


def at_most(count: int, rate: Rate, years: float) -> float:
    """Return the chance that at most `count` fail in `years` charger-years to come."""
    if count < 0:
        return 0.0
    if years <= 0:
        return 1.0
    stay = rate.years / (rate.years + years)
    # P(n) = G(n + r) / (n! G(r)) * stay^r * (1 - stay)^n, each from the one before; in logarithms, lest it vanishes.
    log_term = rate.failures * math.log(stay)
    total = math.exp(log_term)
    for number in range(1, count + 1):
        log_term += math.log((number - 1 + rate.failures) / number) + math.log1p(-stay)
        total += math.exp(log_term)
    return min(1.0, total)


def quantile(share: float, rate: Rate, years: float) -> int:
    """Return the smallest number that is not exceeded with the chance `share` (below 1), at most `PARTS_MAX`."""
    if years <= 0:
        return 0
    stay = rate.years / (rate.years + years)
    log_term = rate.failures * math.log(stay)
    total, number = math.exp(log_term), 0
    while total < share and number < PARTS_MAX:
        number += 1
        log_term += math.log((number - 1 + rate.failures) / number) + math.log1p(-stay)
        total += math.exp(log_term)
    return number


def need(rate: Rate, fleet: int, lead_days: int, stock: int, price_minor: int, due: int = 0) -> Need:
    """Return what a fleet of chargers needs of a part that comes `lead_days` after it is ordered.

    `due` of them are known to be over by then (a trend meets its limit, a counter its life), beside what breaks down.
    """
    years = fleet * lead_days / DAYS_PER_YEAR
    enough = due + quantile(SERVICE, rate, years)
    to_buy = max(0, enough - stock)
    return Need(
        expected=due + rate.mean * years, enough=enough, risk=max(0.0, 1 - at_most(stock - due, rate, years)),
        to_buy=to_buy, cost_minor=to_buy * price_minor,
    )  # fmt: skip
