"""Makes of a capacity tariff, and of what the month has seen, the terms that the plan's cost is made of. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from msgspec import Struct, field

from laddverk.energy.planning_ahead.capacity_tariffs import (
    CapacityTariff,
    Metered,
    Month,
    PeakFee,
    SeasonPrice,
    Standing,
    by_interval,
    standing,
)
from laddverk.energy.planning_ahead.model import PeakInterval, PeakTerm

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OVERRUN: Final = "\0overrun"
"""What the fee for going over subscribed power is called here; no operator's fee can be called so."""


class Sunk(Struct, frozen=True):
    """What one fee has already seen."""

    kw: dict[Month, dict[Hashable, float]] = field(default_factory=dict)
    """Each group's peak as the fee counts it."""
    open_wh: float = 0.0
    """What was taken in the interval in which the horizon begins."""


def fees_of(tariff: CapacityTariff) -> tuple[PeakFee, ...]:
    """Return the fees that peaks raise; going over subscribed power is one of them."""
    if tariff.subscription is None:
        return tariff.peak
    price = SeasonPrice(per_kw=tariff.subscription.overrun_per_kw)
    over = PeakFee(name=OVERRUN, price=(price,), interval_minutes=tariff.subscription.interval_minutes)
    return (*tariff.peak, over)


def sunk(tariff: CapacityTariff, seen: Metered, begins_at: datetime) -> tuple[Sunk, ...]:
    """Return for each of `fees_of` what `seen` has made of it until `begins_at`."""
    return tuple(_sunk(tariff, fee, seen, begins_at) for fee in fees_of(tariff))


def terms(
    tariff: CapacityTariff,
    begins_at: datetime,
    step_minutes: int,
    periods: int,
    sunk_by_fee: Sequence[Sunk] = (),
    level_kw: float = 0.0,
) -> tuple[PeakTerm, ...]:
    """Return the fees that power in the horizon may raise: one for each fee and month.

    `level_kw`, as the tariff counts power, is what the month's peaks are expected to reach anyway: up to it power is
    free, for other days would pay for it. Without it the first days of a month look cheap one by one, and the month
    ends dear.
    """
    found: list[PeakTerm] = []
    for number, fee in enumerate(fees_of(tariff)):
        before = sunk_by_fee[number] if sunk_by_fee else Sunk()
        free_kw = level_kw
        if fee.name == OVERRUN and tariff.subscription is not None:
            free_kw = max(level_kw, float(tariff.subscription.power_kw))
        found += _terms(tariff, fee, _spans(begins_at, step_minutes, periods, fee.interval_minutes), before, free_kw)
    return tuple(found)


def _terms(
    tariff: CapacityTariff, fee: PeakFee, spans: Sequence[tuple[datetime, int, int]], before: Sunk, free_kw: float
) -> list[PeakTerm]:
    by_month: dict[Month, list[tuple[Standing, PeakInterval]]] = {}
    for number, (at, first, last) in enumerate(spans):
        stand = standing(tariff, fee, at)
        taken_kwh = before.open_wh / 1000 if number == 0 else 0.0
        interval = PeakInterval(
            stand.group, float(stand.factor), first, last, fee.interval_minutes / 60, taken_kwh
        )  # fmt: skip
        by_month.setdefault(stand.month, []).append((stand, interval))
    found = []
    for month, intervals in by_month.items():
        per_kw = float(intervals[0][0].per_kw)
        counted = tuple(interval for _, interval in intervals if interval.factor)
        groups = dict(before.kw.get(month, {}))
        if free_kw:
            groups.update({("expected", number): free_kw for number in range(fee.count)})
        if per_kw and counted:
            found.append(PeakTerm(per_kw=per_kw, count=fee.count, sunk_kw=groups, intervals=counted))
    return found


def _sunk(tariff: CapacityTariff, fee: PeakFee, seen: Metered, begins_at: datetime) -> Sunk:
    found: dict[Month, dict[Hashable, float]] = {}
    open_wh = 0.0
    length = timedelta(minutes=fee.interval_minutes)
    for at, power_w in by_interval(seen, fee.interval_minutes):
        if at + length > begins_at:
            open_wh = float(power_w) * fee.interval_minutes / 60
            break
        stand = standing(tariff, fee, at)
        groups = found.setdefault(stand.month, {})
        groups[stand.group] = max(groups.get(stand.group, 0.0), float(power_w * Fraction(stand.factor)) / 1000)
    return Sunk(found, open_wh)


def _spans(begins_at: datetime, step_minutes: int, periods: int, minutes: int) -> list[tuple[datetime, int, int]]:
    """Return the intervals that the horizon touches: when each begins, and its first and last (exclusive) period."""
    length, step = timedelta(minutes=minutes), timedelta(minutes=step_minutes)
    found: list[tuple[datetime, int, int]] = []
    for period in range(periods):
        at = begins_at.astimezone(UTC) + period * step
        interval = at - (at - EPOCH) % length
        if found and found[-1][0] == interval:
            found[-1] = (interval, found[-1][1], period + 1)
        else:
            found.append((interval, period, period + 1))
    return found
