"""What grid operators take for power: tariffs as data, and the fees of a series of metered energy. Pure and exact.

A tariff is a sum of parts, each of which may be absent: fees for the highest peaks of a month (how many, whether of
different days, in which hours, by season, with a factor for some hours), a subscribed power with a fee for going over
it, and a yearly fee by fuse. Local hours are those of the tariff's time zone; in the night in which clocks go back the
repeated hour is an hour of its own, for a meter counts real hours.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from laddverk.energy.planning_ahead.holidays import public_holidays
from laddverk.kernel.money import rounded_exact, shared_by

Month = tuple[int, int]
"""Year and month."""
SUNDAY = 7


class Distinct(StrEnum):
    """Which peaks may count side by side."""

    HOUR = "hour"
    """Any: two peaks of one day both count."""
    DAY = "day"
    """One for each day."""


class FreeDays(StrEnum):
    """Whose public holidays are like Sundays."""

    NONE = "none"
    SWEDEN = "sweden"


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours that count otherwise. What is left out holds always."""

    factor: Decimal
    """What power counts in these hours: 1 whole, 0.5 half, 0 not at all."""
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    """ISO: Monday is 1."""
    from_time: str = field(name="from", default="00:00")
    to_time: str = field(name="to", default="24:00")
    """At or before `from`: past midnight. The weekday is that of the hour itself."""


class SeasonPrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a kilowatt costs a month."""

    per_kw: Decimal
    months: tuple[int, ...] = ()


class PeakFee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fee for the mean of the highest peaks of each calendar month."""

    name: str
    price: tuple[SeasonPrice, ...]
    """The first whose months hold; none: the month is free."""
    count: int = 1
    distinct: Distinct = Distinct.DAY
    interval_minutes: int = 60
    hours: tuple[Hours, ...] = ()
    """The first that hold give the factor."""
    otherwise: Decimal = Decimal(1)
    """The factor of all other hours."""


class Subscription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Power that is subscribed to by the year; what goes over it costs by its highest hour of each month."""

    power_kw: Decimal
    per_kw_year: Decimal
    overrun_per_kw: Decimal
    interval_minutes: int = 60


class FuseFee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connection with a fuse of this size costs a year."""

    size_a: int
    per_year: Decimal


class CapacityTariff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that one grid operator takes for power."""

    key: str
    name: str
    note: str = ""
    """Where it is from and how sure it is."""
    currency: str = "SEK"
    includes_vat: bool = True
    timezone: str = "Europe/Stockholm"
    free_days: FreeDays = FreeDays.NONE
    free_dates: tuple[date, ...] = ()
    peak: tuple[PeakFee, ...] = ()
    subscription: Subscription | None = None
    fuse: tuple[FuseFee, ...] = ()


class Metered(Struct, frozen=True, kw_only=True):
    """Energy taken from the grid in steps of equal length, the first of which begins at `begins_at` (UTC)."""

    begins_at: datetime
    step_minutes: int
    energy_wh: tuple[int, ...]


class Peak(Struct, frozen=True, order=True):
    """An interval's mean power as the tariff counts it (`counted_w`, after the factor), and as it was."""

    counted_w: Fraction
    power_w: Fraction
    at: datetime


class Part(StrEnum):
    """What a line of a bill is for."""

    PEAKS = "peaks"
    SUBSCRIPTION = "subscription"
    OVERRUN = "overrun"
    FUSE = "fuse"


class Line(Struct, frozen=True, kw_only=True):
    """One fee of one month."""

    month: Month
    part: Part
    name: str = ""
    power_w: Fraction = Fraction(0)
    """What is charged for: the mean of the peaks, the subscribed power, the overrun."""
    per_kw: Decimal = Decimal(0)
    amount_minor: int
    peaks: tuple[Peak, ...] = ()


class Standing(Struct, frozen=True):
    """How a peak fee sees an interval: what competes with what, and what it costs."""

    month: Month
    group: Hashable
    """Peaks of one group do not count side by side."""
    factor: Decimal
    per_kw: Decimal


def minutes_of(text: str) -> int:
    """Return the minutes after midnight of `HH:MM`, up to 24:00. Raises `ValueError` where it is not that."""
    hour, _, minute = text.partition(":")
    if len(hour) != 2 or len(minute) != 2 or not (hour + minute).isdecimal():
        raise ValueError(text)
    found = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or found > 1440:
        raise ValueError(text)
    return found


def holds(hours: Hours, local: datetime, weekday: int) -> bool:
    """Return whether `hours` hold at a wall clock, on what counts as this ISO weekday."""
    if (hours.months and local.month not in hours.months) or (hours.weekdays and weekday not in hours.weekdays):
        return False
    start, end = minutes_of(hours.from_time), minutes_of(hours.to_time)
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def weekday_of(tariff: CapacityTariff, day: date) -> int:
    """Return the ISO weekday that a day counts as: a free day is a Sunday."""
    if day in tariff.free_dates:
        return SUNDAY
    if tariff.free_days is FreeDays.SWEDEN and day in public_holidays(day.year):
        return SUNDAY
    return day.isoweekday()


def price_of(fee: PeakFee, month: int) -> Decimal:
    """Return what a kilowatt costs in a month; 0 in months without a price."""
    return next((each.per_kw for each in fee.price if not each.months or month in each.months), Decimal(0))


def standing(tariff: CapacityTariff, fee: PeakFee, at: datetime) -> Standing:
    """Return how `fee` sees the interval that begins at `at`."""
    local = at.astimezone(ZoneInfo(tariff.timezone))
    weekday = weekday_of(tariff, local.date())
    factor = next((each.factor for each in fee.hours if holds(each, local, weekday)), fee.otherwise)
    group = local.date() if fee.distinct is Distinct.DAY else at.astimezone(UTC)
    return Standing((local.year, local.month), group, factor, price_of(fee, local.month))


def by_interval(load: Metered, minutes: int) -> Iterator[tuple[datetime, Fraction]]:
    """Yield the beginning of each interval and its mean power in W.

    Steps are shorter than the interval or as long; an interval of which only a part was metered has what that gave.
    """
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    begins_at, found_wh = None, 0
    for number, energy_wh in enumerate(load.energy_wh):
        at = load.begins_at.astimezone(UTC) + timedelta(minutes=load.step_minutes * number)
        interval = at - (at - epoch) % timedelta(minutes=minutes)
        if begins_at is not None and interval != begins_at:
            yield begins_at, Fraction(found_wh * 60, minutes)
            found_wh = 0
        begins_at, found_wh = interval, found_wh + energy_wh
    if begins_at is not None:
        yield begins_at, Fraction(found_wh * 60, minutes)


def peaks_of(tariff: CapacityTariff, fee: PeakFee, load: Metered) -> dict[Month, tuple[Peak, ...]]:
    """Return for each month the peaks that count: at most `fee.count`, the highest first, the earlier one of equals."""
    best: dict[Month, dict[Hashable, Peak]] = {}
    for at, power_w in by_interval(load, fee.interval_minutes):
        seen = standing(tariff, fee, at)
        peak = Peak(power_w * Fraction(seen.factor), power_w, at)
        groups = best.setdefault(seen.month, {})
        if seen.group not in groups or groups[seen.group].counted_w < peak.counted_w:
            groups[seen.group] = peak
    return {
        month: tuple(sorted(groups.values(), key=lambda peak: (-peak.counted_w, peak.at))[: fee.count])
        for month, groups in best.items()
    }


def lines(tariff: CapacityTariff, load: Metered, fuse_a: int | None = None) -> tuple[Line, ...]:
    """Return what `load` costs under `tariff`, a line for each fee and month, in order of months.

    The mean of peaks is over all that the tariff counts: one that a month has not (yet) is 0. A month of which only a
    part was metered carries its whole share of yearly fees. A fuse that the tariff has no fee for costs nothing.
    """
    found = [line for fee in tariff.peak for line in _peak_lines(tariff, fee, load)]
    months = sorted({_month(tariff, at) for at, _ in by_interval(load, 60)})
    found += [line for month in months for line in _yearly_lines(tariff, month, fuse_a)]
    if tariff.subscription is not None:
        found += _overruns(tariff, tariff.subscription, load)
    return tuple(sorted(found, key=lambda line: (line.month, list(Part).index(line.part), line.name)))


def total_minor(found: Iterable[Line]) -> int:
    """Return the sum of the lines in minor units."""
    return sum(line.amount_minor for line in found)


def by_month(found: Iterable[Line]) -> dict[Month, int]:
    """Return the sum of the lines for each month, in minor units."""
    sums: dict[Month, int] = {}
    for line in found:
        sums[line.month] = sums.get(line.month, 0) + line.amount_minor
    return sums


def shifted(load: Metered, changes_wh: Iterable[tuple[int, int]]) -> Metered:
    """Return `load` with energy added (or, negative, taken away) at some steps: what if. Never below 0."""
    energy_wh = list(load.energy_wh)
    for step, change_wh in changes_wh:
        energy_wh[step] = max(0, energy_wh[step] + change_wh)
    return Metered(begins_at=load.begins_at, step_minutes=load.step_minutes, energy_wh=tuple(energy_wh))


def capped(load: Metered, power_w: int) -> Metered:
    """Return `load` with no step above a power, and what was above it moved to the next steps with room: what if.

    What finds no room until the end is lost from the series.
    """
    most_wh = power_w * load.step_minutes // 60

    def taken(state: tuple[int, int], energy_wh: int) -> tuple[int, int]:
        wanted_wh = state[1] + energy_wh
        return min(wanted_wh, most_wh), max(0, wanted_wh - most_wh)

    steps = list(accumulate(load.energy_wh, taken, initial=(0, 0)))[1:]
    return Metered(begins_at=load.begins_at, step_minutes=load.step_minutes, energy_wh=tuple(step[0] for step in steps))


def _month(tariff: CapacityTariff, at: datetime) -> Month:
    local = at.astimezone(ZoneInfo(tariff.timezone))
    return local.year, local.month


def _amount(tariff: CapacityTariff, power_w: Fraction, per_kw: Decimal) -> int:
    return rounded_exact(power_w / 1000 * Fraction(per_kw), tariff.currency)


def _peak_lines(tariff: CapacityTariff, fee: PeakFee, load: Metered) -> Iterator[Line]:
    for month, peaks in peaks_of(tariff, fee, load).items():
        per_kw = price_of(fee, month[1])
        if not per_kw:
            continue
        mean_w = sum((peak.counted_w for peak in peaks), Fraction(0)) / fee.count
        amount_minor = _amount(tariff, mean_w, per_kw)
        yield Line(
            month=month, part=Part.PEAKS, name=fee.name, power_w=mean_w, per_kw=per_kw, amount_minor=amount_minor,
            peaks=peaks,
        )  # fmt: skip


def _yearly_lines(tariff: CapacityTariff, month: Month, fuse_a: int | None) -> Iterator[Line]:
    if tariff.subscription is not None:
        power_w = Fraction(tariff.subscription.power_kw) * 1000
        per_kw = tariff.subscription.per_kw_year
        share = _twelfth(_amount(tariff, power_w, per_kw), month)
        yield Line(month=month, part=Part.SUBSCRIPTION, power_w=power_w, per_kw=per_kw, amount_minor=share)
    per_year = next((each.per_year for each in tariff.fuse if each.size_a == fuse_a), None)
    if per_year is not None:
        share = _twelfth(rounded_exact(Fraction(per_year), tariff.currency), month)
        yield Line(month=month, part=Part.FUSE, name=f"{fuse_a} A", amount_minor=share)


def _twelfth(year_minor: int, month: Month) -> int:
    """The twelve shares of a year sum to it exactly."""
    return shared_by(year_minor, [1] * 12)[month[1] - 1]


def _overruns(tariff: CapacityTariff, subscription: Subscription, load: Metered) -> Iterator[Line]:
    highest: dict[Month, Peak] = {}
    for at, power_w in by_interval(load, subscription.interval_minutes):
        month = _month(tariff, at)
        if month not in highest or highest[month].power_w < power_w:
            highest[month] = Peak(power_w, power_w, at)
    for month, peak in highest.items():
        over_w = peak.power_w - Fraction(subscription.power_kw) * 1000
        if over_w > 0:
            per_kw = subscription.overrun_per_kw
            amount_minor = _amount(tariff, over_w, per_kw)
            yield Line(
                month=month, part=Part.OVERRUN, power_w=over_w, per_kw=per_kw, amount_minor=amount_minor, peaks=(peak,)
            )
