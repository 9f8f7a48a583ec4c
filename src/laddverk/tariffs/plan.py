"""A tariff made ready for pricing many charges: prices as whole numbers over one denominator, times of day as instants.

A plan is made once for a tariff and used for all its charges. What depends on the clock and the calendar alone is
looked up in days, which are kept for each time zone; what depends on the charge itself (energy, duration, power) is
asked at each step of the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from laddverk.tariffs.curve import EPOCH, SECOND_US, micros
from laddverk.tariffs.model import COUNTED, Component, Dimension, Limit, Reserved, Restriction, Spot, Tariff
from laddverk.tariffs.windows import applies, cuts

WH_PER_KWH: Final = 1000
MINUTE_US: Final = 60 * SECOND_US
SPOT_DIGITS: Final = 8  # decimals of a price that follows the exchange; it publishes five
DAYS_KEPT: Final = 4_000  # ten years of one zone; then they are found anew
PLANS_KEPT: Final = 256  # tariffs in use at a time; each is small
ENERGY, CHARGING, IDLE, SESSION = range(4)
"""Dimensions by number, in the order of `COUNTED`."""

Candidates = tuple[tuple["Part", ...], ...]
"""For each dimension the components that the clock lets apply, in order; the last one applies without asking more."""


class Part:
    """One component, ready: what a unit of it costs over the plan's denominator, and what it asks of the charge."""

    __slots__ = ("asks", "component", "dimension", "included", "rate", "spot", "step", "vat", "when")

    def __init__(self, component: Component, rate: int, vat: Decimal, *, included: bool = False) -> None:
        self.component = component
        self.dimension = COUNTED.index(component.dimension)
        self.rate = rate
        self.step = component.step * (1 if self.dimension == ENERGY else SECOND_US)
        self.vat = vat
        self.spot = component.spot
        self.when = component.when
        self.asks = _asks(component.when)
        self.included = included


def _asks(when: Restriction) -> bool:
    """Whether it depends on the charge itself."""
    asked = (when.min_wh, when.max_wh, when.min_power_w, when.max_power_w, when.min_current_a, when.max_current_a)
    return any(value is not None for value in (*asked, when.min_duration_s, when.max_duration_s))


def _by_clock(when: Restriction) -> bool:
    """Whether it depends on the clock or the calendar."""
    return bool(when.weekdays) or any(
        value is not None for value in (when.from_time, when.to_time, when.valid_from, when.valid_until)
    )


class Plan:
    """A tariff, ready. Use `plan_of`."""

    def __init__(self, tariff: Tariff, components: Sequence[Component]) -> None:
        self.tariff = tariff
        self.denominator = _denominator(tariff, components)
        self.idle_max = None if tariff.idle_max is None else int(Fraction(tariff.idle_max) * self.denominator)
        self.least, self.most = (self._gross_of(limit) for limit in (tariff.min_price, tariff.max_price))
        self.is_direct = (
            tariff.tax_included
            and not any(limit is not None and limit.net is not None for limit in (tariff.min_price, tariff.max_price))
            and all(component.vat_percent is None for component in components)
        )  # the sum of its runs, within its limits, is the price
        self.parts = [self._part(component) for component in components]
        self.included = self._part(Component(dimension=Dimension.ENERGY, price=Decimal(0)), included=True)
        self.spot_areas = tariff.spot_areas
        whens = [part.when for part in self.parts]
        self.energies_wh = sorted({wh for when in whens for wh in (when.min_wh, when.max_wh) if wh})
        self.durations_us = sorted(
            {s * SECOND_US for when in whens for s in (when.min_duration_s, when.max_duration_s) if s}
        )
        self.asks_power = any(
            value is not None
            for when in whens
            for value in (when.min_power_w, when.max_power_w, when.min_current_a, when.max_current_a)
        )
        self._whens = [when for when in whens if _by_clock(when)]
        self._always = None if self._whens else _candidates(self.parts, None)
        self._days: dict[tuple[str, date], list[tuple[int, Candidates]]] = {}

    def _part(self, component: Component, *, included: bool = False) -> Part:
        rate = Fraction(0) if component.spot else _rate(component) * self.denominator
        return Part(component, int(rate), self.tariff.rate_of(component), included=included)

    def _gross_of(self, limit: Limit | None) -> int | None:
        return None if limit is None or limit.gross is None else int(Fraction(limit.gross) * self.denominator)

    def slots(self, zone_name: str, start_us: int, end_us: int) -> list[tuple[int, Candidates]]:
        """Return from which instants on which components may apply: the first at or before the start, in order."""
        if self._always is not None:
            return [(start_us, self._always)]
        zone = zone_of(zone_name)
        day = (EPOCH + timedelta(microseconds=start_us)).astimezone(zone).date()
        found = self._day(zone_name, zone, day)
        last_us = end_us
        while True:
            day += timedelta(days=1)
            midnight_us, following = self._starting(zone_name, zone, day)
            if midnight_us >= last_us:
                return found
            found = [*found, *following]

    def _starting(self, zone_name: str, zone: ZoneInfo, day: date) -> tuple[int, list[tuple[int, Candidates]]]:
        slots = self._day(zone_name, zone, day)
        return slots[0][0], slots

    def _day(self, zone_name: str, zone: ZoneInfo, day: date) -> list[tuple[int, Candidates]]:
        """The slots of one local day, from its midnight to the next."""
        known = self._days.get((zone_name, day))
        if known is None:
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            known = self._days[zone_name, day] = self._found_day(zone, day)
        return known

    def _found_day(self, zone: ZoneInfo, day: date) -> list[tuple[int, Candidates]]:
        start, end = (
            EPOCH + timedelta(microseconds=micros(datetime(each.year, each.month, each.day, tzinfo=zone)))
            for each in (day, day + timedelta(days=1))
        )
        slots: list[tuple[int, Candidates]] = []
        for at in [start, *cuts(self._whens, start, end, zone)]:
            candidates = _candidates(self.parts, at.astimezone(zone))
            if not slots or candidates != slots[-1][1]:
                slots.append((micros(at), candidates))
        return slots

    def spot_rate(self, part: Part, price: Decimal) -> tuple[int, Decimal]:
        """Return what a Wh costs over the denominator, and the price per kWh, when the exchange's price is `price`."""
        assert part.spot is not None
        per_kwh = spot_price(part.spot, price, part.vat, tax_included=self.tariff.tax_included)
        return int(per_kwh.scaleb(SPOT_DIGITS)) * (self.denominator // (10**SPOT_DIGITS * WH_PER_KWH)), per_kwh


def spot_price(spot: Spot, price: Decimal, vat_percent: Decimal, *, tax_included: bool) -> Decimal:
    """Return the price per kWh that follows `price` (of the exchange, without VAT), to eight decimals."""
    vat = 1 + vat_percent / 100 if tax_included else Decimal(1)
    found = price * spot.factor * vat + spot.markup
    if spot.ceiling is not None:
        found = min(found, spot.ceiling)
    if spot.floor is not None:
        found = max(found, spot.floor)
    return found.quantize(Decimal(1).scaleb(-SPOT_DIGITS)).normalize()


def _rate(component: Component) -> Fraction:
    """What one Wh, one microsecond or one session costs, in major units."""
    price = Fraction(component.price)
    match component.dimension:
        case Dimension.ENERGY:
            return price / WH_PER_KWH
        case Dimension.CHARGING | Dimension.IDLE:
            return price / (60 * MINUTE_US if component.per_hour else MINUTE_US)
        case _:
            return price


def _denominator(tariff: Tariff, components: Sequence[Component]) -> int:
    limits = [limit.gross or Decimal(0) for limit in (tariff.min_price, tariff.max_price) if limit is not None]
    most = lcm(*(Fraction(amount).denominator for amount in [tariff.idle_max or Decimal(0), *limits]))
    fixed = [_rate(component).denominator for component in components if component.spot is None]
    spot = [10**SPOT_DIGITS * WH_PER_KWH] if any(component.spot for component in components) else []
    return lcm(most, *fixed, *spot)


def _candidates(parts: Sequence[Part], local: datetime | None) -> Candidates:
    found: list[list[Part]] = [[], [], [], []]
    for part in parts:
        its = found[part.dimension]
        if its and not its[-1].asks:
            continue
        if local is None or applies(part.when, local):
            its.append(part)
    return tuple(tuple(its) for its in found)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by name."""
    return ZoneInfo(name)


@lru_cache(maxsize=PLANS_KEPT)
def plan_of(tariff: Tariff) -> Plan:
    """Return the plan of a tariff for sessions: without what prices reservations, with what its short forms mean."""
    return Plan(tariff, components_of(tariff))


def components_of(tariff: Tariff) -> list[Component]:
    """Return the components of sessions, the short forms written out: free energy and the night rule come first."""
    if tariff.free:
        return [Component(dimension=Dimension.ENERGY, price=Decimal(0))]
    found: list[Component] = []
    if tariff.free_wh:
        when = Restriction(max_wh=tariff.free_wh)
        found.append(Component(dimension=Dimension.ENERGY, price=Decimal(0), when=when))
    if tariff.idle_free_from is not None and tariff.idle_free_to is not None:
        when = Restriction(from_time=tariff.idle_free_from, to_time=tariff.idle_free_to)
        found.append(Component(dimension=Dimension.IDLE, price=Decimal(0), when=when))
    return found + [component for component in tariff.components if component.when.reservation is None]


@lru_cache(maxsize=PLANS_KEPT)
def reservation_plans(tariff: Tariff, *, expired: bool) -> tuple[Plan, ...]:
    """Return the plans that price a reservation: what it costs to keep, and that nobody came.

    The time of an expired one is that of RESERVATION_EXPIRES where a tariff has it (OCPI 2.2.1, mod_tariffs).
    """
    kept = [component for component in tariff.components if component.when.reservation is Reserved.KEPT]
    late = [component for component in tariff.components if component.when.reservation is Reserved.EXPIRED]
    if tariff.free or not (kept or late):
        return ()
    if not expired:
        return (_reservation_plan(tariff, kept),)
    if any(component.dimension is Dimension.CHARGING for component in late):
        kept = [component for component in kept if component.dimension is not Dimension.CHARGING]
    return _reservation_plan(tariff, kept), _reservation_plan(tariff, late)


def _reservation_plan(tariff: Tariff, components: Sequence[Component]) -> Plan:
    timed = [each for each in components if each.dimension in (Dimension.CHARGING, Dimension.SESSION)]
    return Plan(tariff, [replace(each, when=replace(each.when, reservation=None)) for each in timed])
