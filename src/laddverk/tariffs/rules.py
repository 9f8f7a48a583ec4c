"""What a charge costs, decided from a tariff: cut where prices change, rounded once per line, explained to the öre.

Pure. Instants are UTC and durations real; only the question which price applies is asked in local time (law 5).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.money import rounded_minor, vat_within
from laddverk.tariffs.model import COUNTED, Charge, Component, Dimension, Priced, PriceLine, Tariff
from laddverk.tariffs.windows import applies, cuts, words

WH_PER_KWH: Final = 1000
MICROSECOND: Final = timedelta(microseconds=1)
MINUTE_DIGITS: Final = Decimal("0.0001")
FREE_ENERGY: Final = Component(dimension=Dimension.ENERGY, price=Decimal(0))
UNITS: Final = {Dimension.ENERGY: "kWh", Dimension.CHARGING: "min", Dimension.IDLE: "min", Dimension.SESSION: "session"}


class Stretch(Struct, frozen=True):
    """A part of a charge in which one component of one dimension applies."""

    component: Component
    from_at: datetime
    to_at: datetime
    energy_wh: int


def price(tariff: Tariff, charge: Charge) -> Priced:
    """Return what `charge` costs under `tariff`, with VAT within and a line for each part.

    For each dimension the first component that applies counts (OCPI rule); where none does, that dimension is free
    there. The price of a session is due once, by the component that applies at the start, if energy was delivered.
    Never negative; an end before the start is taken as no time at all.
    """
    charge = _sound(charge)
    stretches = [stretch for dimension in COUNTED for stretch in _stretches(tariff, charge, dimension)]
    lines = _capped([_line(stretch, tariff.currency) for stretch in stretches], tariff)
    amount_minor = sum(line.amount_minor for line in lines)
    return Priced(
        amount_minor=amount_minor,
        vat_minor=vat_within(amount_minor, tariff.vat_percent),
        vat_percent=tariff.vat_percent,
        currency=tariff.currency,
        lines=tuple(lines),
    )


def _sound(charge: Charge) -> Charge:
    """The charge in UTC, with its instants in order."""
    started_at = charge.started_at.astimezone(UTC)
    ended_at = max(charge.ended_at.astimezone(UTC), started_at)
    charging_ended_at = (charge.charging_ended_at or ended_at).astimezone(UTC)
    return Charge(
        started_at=started_at,
        ended_at=ended_at,
        charging_ended_at=min(max(charging_ended_at, started_at), ended_at),
        readings=charge.readings,
        energy_wh=max(charge.energy_wh, 0),
        timezone=charge.timezone,
    )


def _stretches(tariff: Tariff, charge: Charge, dimension: Dimension) -> Iterator[Stretch]:
    components = [component for component in tariff.components if component.dimension is dimension]
    if tariff.free:
        components = [FREE_ENERGY] if dimension is Dimension.ENERGY else []
    span = _span(tariff, charge, dimension)
    if not components or span is None:
        return
    zone = ZoneInfo(charge.timezone)
    if dimension is Dimension.SESSION:
        first = _first(components, charge.started_at, zone)
        if first is not None:
            yield Stretch(first, charge.started_at, charge.ended_at, 0)
        return
    yield from _cut(components, span, zone, cumulative(charge) if dimension is Dimension.ENERGY else None)


def _span(tariff: Tariff, charge: Charge, dimension: Dimension) -> tuple[datetime, datetime] | None:
    """From when to when a dimension counts, or None when it does not."""
    assert charge.charging_ended_at is not None
    match dimension:
        case Dimension.ENERGY | Dimension.SESSION:
            return (charge.started_at, charge.ended_at) if charge.energy_wh > 0 else None
        case Dimension.CHARGING:
            span = (charge.started_at, charge.charging_ended_at)
        case Dimension.IDLE:
            span = (charge.charging_ended_at + timedelta(minutes=tariff.idle_grace_minutes), charge.ended_at)
    return span if span[0] < span[1] else None


def _first(components: Sequence[Component], at: datetime, zone: ZoneInfo) -> Component | None:
    local = at.astimezone(zone)
    return next((component for component in components if applies(component.when, local)), None)


def _cut(
    components: Sequence[Component], span: tuple[datetime, datetime], zone: ZoneInfo, delivered: Delivered | None
) -> Iterator[Stretch]:
    """The stretches of a span in which one and the same component applies."""
    start, end = span
    edges = [start, *cuts([component.when for component in components], start, end, zone), end]
    parts = [(earlier, later, _first(components, earlier, zone)) for earlier, later in pairwise(edges)]
    for component, group in groupby(parts, key=lambda part: part[2]):
        same = list(group)
        from_at, to_at = same[0][0], same[-1][1]
        if component is not None:
            energy_wh = delivered.between(from_at, to_at) if delivered else 0
            if energy_wh or delivered is None:
                yield Stretch(component, from_at, to_at, energy_wh)


class Delivered(Struct, frozen=True):
    """How much energy had been delivered at any instant, in whole Wh that never fall and end at the total."""

    instants: tuple[datetime, ...]
    energies_wh: tuple[int, ...]

    def between(self, from_at: datetime, to_at: datetime) -> int:
        """Return the Wh delivered between two instants. What was there at the very start belongs to the first part."""
        return self.until(to_at) - (self.until(from_at) if from_at > self.instants[0] else 0)

    def until(self, at: datetime) -> int:
        """Return the Wh delivered by `at`: on the straight line between the readings around it, rounded down.

        At the last instant and after it the total; before the last and at the first instant, what is proved by then.
        """
        if at >= self.instants[-1]:
            return self.energies_wh[-1]
        place = bisect_right(self.instants, at)
        if place == 0:
            return 0
        before, after = self.instants[place - 1], self.instants[place]
        low, high = self.energies_wh[place - 1], self.energies_wh[place]
        return low + (high - low) * ((at - before) // MICROSECOND) // ((after - before) // MICROSECOND)


def cumulative(charge: Charge) -> Delivered:
    """Return how the energy of `charge` (instants in UTC and in order) was delivered.

    Readings outside its time or beyond its energy are taken to its edges. What no reading places flows evenly from the
    last one on until charging ended, or in the last instant when it had ended before.
    """
    assert charge.charging_ended_at is not None
    known: dict[datetime, int] = {charge.started_at: 0}
    highest_wh = 0
    for at, energy_wh in sorted(charge.readings):
        inside = min(max(at.astimezone(UTC), charge.started_at), charge.ended_at)
        highest_wh = max(highest_wh, min(energy_wh, charge.energy_wh))
        known[inside] = highest_wh
    last = max(known)
    if known[last] < charge.energy_wh:
        known[charge.charging_ended_at if charge.charging_ended_at > last else charge.ended_at] = charge.energy_wh
    instants = tuple(sorted(known))
    return Delivered(instants, tuple(known[at] for at in instants))


def _line(stretch: Stretch, currency: str) -> PriceLine:
    component = stretch.component
    microseconds = (stretch.to_at - stretch.from_at) // MICROSECOND
    match component.dimension:
        case Dimension.ENERGY:
            quantity = Decimal(stretch.energy_wh) / WH_PER_KWH
            exact = component.price * stretch.energy_wh / WH_PER_KWH
        case Dimension.SESSION:
            quantity, exact = Decimal(1), component.price
        case _:
            quantity = (Decimal(microseconds) / 60_000_000).quantize(MINUTE_DIGITS)
            exact = component.price * microseconds / 60_000_000
    return PriceLine(
        dimension=component.dimension,
        from_at=stretch.from_at,
        to_at=stretch.to_at,
        quantity=quantity,
        unit=UNITS[component.dimension],
        unit_price=component.price,
        amount_minor=rounded_minor(exact, currency),
        energy_wh=stretch.energy_wh,
        seconds=microseconds // 1_000_000,
        window=words(component.when),
    )


def _capped(lines: Sequence[PriceLine], tariff: Tariff) -> list[PriceLine]:
    """The lines with idle time cut to its most: the first lines count in full, the one that passes it in part."""
    if tariff.idle_max is None:
        return list(lines)
    left_minor = rounded_minor(tariff.idle_max, tariff.currency)
    found: list[PriceLine] = []
    for line in lines:
        if line.dimension is Dimension.IDLE:
            if line.amount_minor > left_minor:
                line = replace(line, amount_minor=left_minor, capped=True)
            left_minor -= line.amount_minor
        found.append(line)
    return found


def preview(
    tariff: Tariff, *, started_at: datetime, power_w: int, energy_wh: int, idle: timedelta, timezone: str
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
    )
