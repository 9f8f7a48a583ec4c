"""Gamma and Beta posteriors, and Poisson tails: the arithmetic of rates with few counts. Pure, no library."""

from __future__ import annotations

from math import exp, isfinite, lgamma, log, log1p
from typing import Final

TERMS_MAX: Final = 400
SMALL: Final = 1e-300
EXACT: Final = 1e-12
HALVINGS: Final = 60


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the chance that a Beta(a, b) value is at most `x`: the regularised incomplete beta function.

    By its continued fraction (Abramowitz and Stegun 26.5.8) in Lentz's way, on the side where it converges fast.
    """
    if not (isfinite(x) and a > 0 and b > 0) or x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return min(1.0, max(0.0, front * _fraction(x, a, b)))


def _fraction(x: float, a: float, b: float) -> float:
    value, c, d = 1.0, 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > SMALL else SMALL)
    value = d
    for m in range(1, TERMS_MAX):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 + term * d
            d = 1 / (d if abs(d) > SMALL else SMALL)
            c = 1 + term / c
            c = c if abs(c) > SMALL else SMALL
            value *= c * d
        if abs(c * d - 1) < EXACT:
            break
    return value


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return the value below which a Beta(a, b) lies with the chance `share`."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def chance_of_ratio(
    events: float, exposure: float, before: float, exposure_before: float, *, ratio: float, prior: tuple[float, float]
) -> float:
    """Return the chance that the rate of `events` in `exposure` is more than `ratio` times the one before.

    Both rates have the Gamma prior of `prior` (events, exposure), so that few counts decide little. The quotient of two
    Gamma values is a Beta one in disguise.
    """
    a_new, a_old = events + prior[0], before + prior[0]
    scaled = ratio * (exposure + prior[1]) / (exposure_before + prior[1])
    return 1 - beta_cdf(scaled / (1 + scaled), a_new, a_old)


def poisson_at_most(count: int, expected: float) -> float:
    """Return the chance of `count` or fewer events where `expected` are."""
    if expected <= 0:
        return 1.0
    total = sum(exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(count + 1))
    return min(1.0, total)


def share_interval(failed: float, tried: float, prior: tuple[float, float], width: float = 0.9) -> tuple[float, float]:
    """Return within which a share of failures lies with the chance `width`, with a Beta prior (failed, tried)."""
    a = failed + prior[0]
    b = max(tried - failed, 0.0) + prior[1] - prior[0]
    return beta_quantile((1 - width) / 2, a, b), beta_quantile((1 + width) / 2, a, b)
