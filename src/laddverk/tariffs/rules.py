"""What a charge costs, decided from a tariff: cut where prices change, rounded once, explained to the öre. Pure.

`price` gives the price with its lines; `rated` the same for many charges at once, with lines only when they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from laddverk.kernel.money import MINOR_DIGITS, VatTotal, rounded_exact, vat_total
from laddverk.tariffs.curve import SECOND_US, instant
from laddverk.tariffs.model import Charge, Dimension, Priced, PriceLine, SpotPrice, Tariff
from laddverk.tariffs.plan import CHARGING, ENERGY, IDLE, SESSION, WH_PER_KWH, Plan, plan_of, reservation_plans
from laddverk.tariffs.sums import Item, Sum, gross_of, items_of, shared, sum_of
from laddverk.tariffs.walk import Run, SpotCurve, SpotMissing, Spots, walked
from laddverk.tariffs.windows import words

__all__ = ["Rated", "SpotMissing", "Spots", "preview", "price", "rated", "spots_of"]

TIME_DIGITS: Final = Decimal("0.0001")
UNITS: Final = {ENERGY: "kWh", CHARGING: "min", IDLE: "min", SESSION: "session"}
NO_SPOTS: Final[Spots] = {}
LINES_MAX: Final = 300  # a night by quarters of an hour has 40; beyond this what costs the same becomes one line


def spots_of(prices: Sequence[SpotPrice]) -> Spots:
    """Return the exchange's prices, ready for pricing."""
    return {area: SpotCurve(area, prices) for area in {each.area for each in prices}}


def price(tariff: Tariff, charge: Charge, spots: Spots = NO_SPOTS) -> Priced:
    """Return what `charge` costs under `tariff`, with its VAT and a line for each part.

    For each dimension the first component that applies counts (OCPI rule); where none does, that dimension is free
    there. A price per session is due once for each component of the kind that comes to apply, if energy was delivered.
    An end before the start is taken as no time at all. Raises `SpotMissing` when a price of the exchange is not there.
    """
    found = Rated(tariff, charge, spots)
    return Priced(
        amount_minor=found.amount_minor,
        vat=found.vat,
        currency=tariff.currency,
        lines=found.lines,
    )


class Rated:
    """What a charge costs; its explanation is made when it is asked for."""

    __slots__ = ("_charge", "_items", "_summed", "_tariff", "amount_minor", "vat")

    def __init__(self, tariff: Tariff, charge: Charge, spots: Spots) -> None:
        plan = plan_of(tariff)
        kept = _reservation(tariff, charge, spots) if charge.reserved_from is not None else []
        runs = walked(plan, charge, spots)
        self._tariff, self._charge = tariff, charge
        self._items: Callable[[], list[Item]] = lambda: kept + items_of(plan, runs)
        self._summed: Sum | None = None
        if plan.is_direct and not kept:
            self.amount_minor = _rounded_runs(plan, runs, has_minimum=charge.energy_wh > 0)
            self.vat: tuple[VatTotal, ...] = (vat_total(self.amount_minor, tariff.vat_percent),)
        else:
            items = self._items()
            self._summed = sum_of(items, tariff, has_minimum=charge.energy_wh > 0 or bool(kept))
            self.vat = _vat(tariff, self._summed)
            self.amount_minor = sum(each.gross_minor for each in self.vat)

    @property
    def exact(self) -> Sum:
        """The sum without any rounding."""
        has_minimum = self._charge.energy_wh > 0  # what was reserved has been summed already
        return self._summed or sum_of(self._items(), self._tariff, has_minimum=has_minimum)

    @property
    def lines(self) -> tuple[PriceLine, ...]:
        """One line for each part; they add up to the amount."""
        return _lines(self._tariff, self._charge, self._items(), self.exact, self.vat)


def rated(tariff: Tariff, charge: Charge, spots: Spots = NO_SPOTS) -> Rated:
    """Return the same as `price`, with the lines made only when asked for: for many charges at once."""
    return Rated(tariff, charge, spots)


def _rounded_runs(plan: Plan, runs: Sequence[Sequence[Run]], *, has_minimum: bool) -> int:
    """The sum of the runs, idling cut to its most, within the tariff's limits, rounded half up to minor units."""
    total = 0
    for dimension, its in enumerate(runs):
        amount = 0
        for run in its:
            amount += run.rate * (run.quantity + run.surplus)
        if dimension == IDLE and plan.idle_max is not None and amount > plan.idle_max:
            amount = plan.idle_max
        total += amount
    if plan.most is not None:
        total = min(total, plan.most)
    if plan.least is not None and has_minimum:
        total = max(total, plan.least)
    scaled = 2 * total * 10 ** MINOR_DIGITS[plan.tariff.currency]
    if total < 0:
        return rounded_exact(Fraction(total, plan.denominator), plan.tariff.currency)
    return int((scaled + plan.denominator) // (2 * plan.denominator))


def _reservation(tariff: Tariff, charge: Charge, spots: Spots) -> list[Item]:
    """What the reservation before the session costs, by the components that are for it."""
    assert charge.reserved_from is not None
    until = charge.reserved_until or charge.started_at
    window = Charge(
        started_at=charge.reserved_from,
        ended_at=until,
        charging_ended_at=until,
        readings=(),
        energy_wh=0,
        timezone=charge.timezone,
    )
    items: list[Item] = []
    for plan in reservation_plans(tariff, expired=charge.reservation_expired):
        items += items_of(plan, walked(plan, window, spots, flats=True), is_reserved=True)
    return items


def _vat(tariff: Tariff, summed: Sum) -> tuple[VatTotal, ...]:
    """What is sold at each rate. The sum is rounded once, and rates share it as lines do.

    Prices without VAT at one rate are summed net, and the VAT comes on top of the rounded sum.
    """
    rates, currency = summed.by_rate, tariff.currency
    if len(rates) > 1:
        shares = shared(rounded_exact(summed.gross, currency), list(rates.values()), currency)
        return tuple(vat_total(share, rate) for share, rate in zip(shares, rates, strict=True))
    rate = next(iter(rates))
    if tariff.tax_included:
        return (vat_total(rounded_exact(summed.gross, currency), rate),)
    net_minor = rounded_exact(summed.net, currency)
    vat_minor = int(Fraction(net_minor) * Fraction(rate) / 100 + Fraction(1, 2))
    return (VatTotal(rate, net_minor, vat_minor, net_minor + vat_minor),)


def _lines(
    tariff: Tariff, charge: Charge, items: Sequence[Item], summed: Sum, vat: Sequence[VatTotal]
) -> tuple[PriceLine, ...]:
    """The lines of each rate share what is sold at it; they stand in the order of the items, limits last."""
    amounts = [gross_of(item, tariff) for item in items]
    minors, limits = [0] * len(items), []
    for part in vat:
        limited = summed.rates[part.percent][1]
        its = [index for index, item in enumerate(items) if item.run.part.vat == part.percent]
        exact = [amounts[index] for index in its] + ([limited] if limited else [])
        shares = shared(part.gross_minor, exact, tariff.currency)
        for index, share in zip(its, shares[: len(its)], strict=True):
            minors[index] = share
        if limited:
            limits.append(_limit_line(tariff, charge, summed, part.percent, shares[-1]))
    lines = [_line(tariff, item, share) for item, share in zip(items, minors, strict=True)]
    if len(lines) > LINES_MAX:
        lines = _gathered(lines)
    return (*lines, *limits)


def _line(tariff: Tariff, item: Item, amount_minor: int) -> PriceLine:
    run = item.run
    component, dimension = run.part.component, run.part.dimension
    quantity = run.quantity + run.surplus
    surplus = Decimal(run.surplus)
    unit = UNITS[dimension]
    if dimension == ENERGY:
        amount, surplus = Decimal(quantity) / WH_PER_KWH, surplus / WH_PER_KWH
    elif dimension == SESSION:
        amount = Decimal(1)
    else:
        unit_us = (3600 if component.per_hour else 60) * SECOND_US
        unit = "h" if component.per_hour else unit
        amount = (Decimal(quantity) / unit_us).quantize(TIME_DIGITS)
        surplus = (surplus / unit_us).quantize(TIME_DIGITS) if run.surplus else Decimal(0)
    stated = component.price if run.price is None else run.price
    return PriceLine(
        dimension=component.dimension,
        from_at=instant(run.from_us),
        to_at=instant(run.to_us),
        quantity=amount,
        unit=unit,
        unit_price=stated if tariff.tax_included else stated * (100 + run.part.vat) / 100,
        amount_minor=amount_minor,
        energy_wh=run.quantity if dimension == ENERGY else 0,
        seconds=(run.to_us - run.from_us) // SECOND_US,
        window=words(component.when),
        capped=item.capped,
        surplus=surplus,
        spot=run.spot,
        included=run.part.included,
        reservation=item.is_reserved,
        vat_percent=run.part.vat if tariff.has_rates else None,
    )


def _limit_line(tariff: Tariff, charge: Charge, summed: Sum, rate: Decimal, amount_minor: int) -> PriceLine:
    """What the lowest price adds, or the highest takes off."""
    is_least = summed.limited > 0
    limit = tariff.min_price if is_least else tariff.max_price
    gross = summed.gross if limit is None or limit.gross is None else Fraction(limit.gross)
    return PriceLine(
        dimension=Dimension.MINIMUM if is_least else Dimension.MAXIMUM,
        from_at=charge.started_at,
        to_at=max(charge.started_at, charge.ended_at),
        quantity=Decimal(1),
        unit="session",
        unit_price=Decimal(rounded_exact(gross, tariff.currency)) / 100,
        amount_minor=amount_minor,
        vat_percent=rate if tariff.has_rates else None,
    )


def _gathered(lines: Sequence[PriceLine]) -> list[PriceLine]:
    """The lines with those of one component and one price made one: for chargers that flicker between prices."""
    found: dict[tuple[object, ...], PriceLine] = {}
    for line in lines:
        key = (line.dimension, line.unit_price, line.window, line.reservation, line.included, line.vat_percent)
        first = found.get(key)
        found[key] = line if first is None else _joined(first, line)
    return list(found.values())


def _joined(first: PriceLine, line: PriceLine) -> PriceLine:
    return PriceLine(
        dimension=first.dimension,
        from_at=first.from_at,
        to_at=line.to_at,
        quantity=first.quantity + line.quantity,
        unit=first.unit,
        unit_price=first.unit_price,
        amount_minor=first.amount_minor + line.amount_minor,
        energy_wh=first.energy_wh + line.energy_wh,
        seconds=first.seconds + line.seconds,
        window=first.window,
        capped=first.capped or line.capped,
        surplus=first.surplus + line.surplus,
        spot=first.spot,
        included=first.included,
        reservation=first.reservation,
        vat_percent=first.vat_percent,
    )


def preview(
    tariff: Tariff,
    *,
    started_at: datetime,
    power_w: int,
    energy_wh: int,
    idle: timedelta,
    timezone: str,
    spots: Spots = NO_SPOTS,
) -> Priced:
    """Return what a car that takes `energy_wh` at a steady `power_w` from `started_at`, and then stays, would pay."""
    charging_ended_at = started_at + timedelta(hours=energy_wh / max(power_w, 1))
    return price(
        tariff,
        Charge(
            started_at=started_at,
            ended_at=charging_ended_at + idle,
            charging_ended_at=charging_ended_at,
            readings=((started_at, 0), (charging_ended_at, energy_wh)),
            energy_wh=energy_wh,
            timezone=timezone,
        ),
        spots,
    )
