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
    """What a charge costs, exactly: without VAT, with it, and what its limits added or took off (with VAT)."""

    __slots__ = ("gross", "limited", "net")

    def __init__(self, net: Fraction, gross: Fraction, limited: Fraction) -> None:
        self.net = net
        self.gross = gross
        self.limited = limited


def gross_of(item: Item, tariff: Tariff) -> Fraction:
    """Return the amount of one item with VAT."""
    return item.amount if tariff.tax_included else item.amount * (100 + Fraction(item.run.part.vat)) / 100


def sum_of(items: Sequence[Item], tariff: Tariff, *, has_minimum: bool) -> Sum:
    """Return the exact sum. The lowest price holds only where `has_minimum`: where something was delivered or kept."""
    by_rate: dict[Decimal, Fraction] = {}
    for item in items:
        by_rate[item.run.part.vat] = by_rate.get(item.run.part.vat, Fraction(0)) + item.amount
    net, gross = Fraction(0), Fraction(0)
    for rate, amount in by_rate.items():
        factor = (100 + Fraction(rate)) / 100
        net += amount / factor if tariff.tax_included else amount
        gross += amount if tariff.tax_included else amount * factor
    before = gross
    if tariff.max_price is not None:
        net, gross = _limited(net, gross, tariff.max_price, tariff.vat_percent, is_least=False)
    if tariff.min_price is not None and has_minimum:
        net, gross = _limited(net, gross, tariff.min_price, tariff.vat_percent, is_least=True)
    return Sum(net, gross, gross - before)


def _limited(
    net: Fraction, gross: Fraction, limit: Limit, rate: Decimal, *, is_least: bool
) -> tuple[Fraction, Fraction]:
    """Net and gross within a limit. Where only one of the two is given, the other follows at the tariff's VAT."""
    factor = (100 + Fraction(rate)) / 100
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
