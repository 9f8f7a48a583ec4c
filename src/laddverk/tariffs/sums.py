"""From exact runs to money: the idle fee's cap, lowest and highest price, VAT, and one rounding. Pure.

Everything is exact until the end: whole numbers over one denominator, then a fraction. The sum is rounded once, half
up (law 4), and its lines share it so that they add up to it: each is its own exact amount, rounded up or down.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from laddverk.kernel.money import MINOR_DIGITS
from laddverk.tariffs.model import Limit, Tariff
from laddverk.tariffs.plan import IDLE, Plan
from laddverk.tariffs.walk import Run


class Item:
    """A run with its exact amount, as the tariff states prices (with or without VAT)."""

    __slots__ = ("amount", "capped", "is_reserved", "plan", "run")

    def __init__(self, plan: Plan, run: Run, amount: Fraction, *, capped: bool, is_reserved: bool) -> None:
        self.plan = plan
        self.run = run
        self.amount = amount
        self.capped = capped
        self.is_reserved = is_reserved


def items_of(plan: Plan, runs: Sequence[Sequence[Run]], *, is_reserved: bool = False) -> list[Item]:
    """Return the runs with their amounts, idling cut to its most: the first in full, the one that passes it in part."""
    most = plan.tariff.idle_max
    left = None if most is None or is_reserved else Fraction(most)
    found: list[Item] = []
    for dimension, its in enumerate(runs):
        for run in its:
            amount = Fraction(run.exact, plan.denominator)
            capped = dimension == IDLE and left is not None and amount > left
            if dimension == IDLE and left is not None:
                amount = min(amount, left)
                left -= amount
            found.append(Item(plan, run, amount, capped=capped, is_reserved=is_reserved))
    return found


class Sum:
    """What a charge costs, exactly: without VAT, with it, and for each VAT rate what its limits added or took off.

    `rates` has, by VAT rate, the gross before the limits and what these change of it: of every rate alike, since it is
    the whole session that costs at least or at most so much.
    """

    __slots__ = ("gross", "net", "rates")

    def __init__(self, net: Fraction, gross: Fraction, rates: dict[Decimal, tuple[Fraction, Fraction]]) -> None:
        self.net = net
        self.gross = gross
        self.rates = rates

    @property
    def limited(self) -> Fraction:
        """What the limits added or took off, with VAT."""
        return sum((limited for _, limited in self.rates.values()), Fraction(0))

    @property
    def by_rate(self) -> dict[Decimal, Fraction]:
        """The sum with VAT of each rate, the highest first."""
        return {rate: sum(self.rates[rate], Fraction(0)) for rate in sorted(self.rates, reverse=True)}


def gross_of(item: Item, tariff: Tariff) -> Fraction:
    """Return the amount of one item with VAT."""
    return item.amount if tariff.tax_included else item.amount * (100 + Fraction(item.run.part.vat)) / 100


def sum_of(items: Sequence[Item], tariff: Tariff, *, has_minimum: bool) -> Sum:
    """Return the exact sum. The lowest price holds only where `has_minimum`: where something was delivered or kept."""
    by_rate: dict[Decimal, Fraction] = {}
    for item in items:
        by_rate[item.run.part.vat] = by_rate.get(item.run.part.vat, Fraction(0)) + gross_of(item, tariff)
    by_rate = {rate: amount for rate, amount in by_rate.items() if amount}
    net = sum((amount * 100 / (100 + Fraction(rate)) for rate, amount in by_rate.items()), Fraction(0))
    before = gross = sum(by_rate.values(), Fraction(0))
    if tariff.max_price is not None:
        net, gross = _limited(net, gross, tariff.max_price, tariff.vat_percent, is_least=False)
    if tariff.min_price is not None and has_minimum:
        net, gross = _limited(net, gross, tariff.min_price, tariff.vat_percent, is_least=True)
    return Sum(net, gross, _spread(by_rate, before, gross - before, tariff.vat_percent))


def _spread(
    by_rate: dict[Decimal, Fraction], before: Fraction, change: Fraction, main: Decimal
) -> dict[Decimal, tuple[Fraction, Fraction]]:
    """The gross of each rate that sells something, with its part of what limits changed; of nothing at the main one."""
    if not before:
        by_rate = {main: Fraction(0), **by_rate}
        return {rate: (by_rate[rate], change if rate == main else Fraction(0)) for rate in by_rate}
    return {rate: (amount, change * amount / before) for rate, amount in by_rate.items() if amount}


def _limited(
    net: Fraction, gross: Fraction, limit: Limit, rate: Decimal, *, is_least: bool
) -> tuple[Fraction, Fraction]:
    """Net and gross within a limit. Where only one of the two is given, the other follows it.

    It follows in proportion, since a limit is of the whole price; of a price of nothing at the tariff's VAT.
    """
    factor = gross / net if net else (100 + Fraction(rate)) / 100
    clamp = max if is_least else min
    new_net = net if limit.net is None else clamp(net, Fraction(limit.net))
    new_gross = gross if limit.gross is None else clamp(gross, Fraction(limit.gross))
    if limit.net is None and new_gross != gross:
        new_net = new_gross / factor
    if limit.gross is None and new_net != net:
        new_gross = new_net * factor
    return new_net, new_gross


def shared(total: int, exact: Sequence[Fraction], currency: str) -> list[int]:
    """Return whole minor units for each exact amount that add up to `total`: the largest remainders are rounded up."""
    scale = 10 ** MINOR_DIGITS[currency]
    floors = [int(amount * scale // 1) for amount in exact]
    missing = total - sum(floors)
    order = sorted(range(len(exact)), key=lambda index: (floors[index] - exact[index] * scale, index))
    for index in order[: max(missing, 0)]:
        floors[index] += 1
        missing -= 1
    if floors and missing:
        floors[order[0]] += missing
    return floors
