"""Reads capacity tariffs from TOML: the examples that come with us, and operators' own files. Errors name the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from laddverk.energy.planning_ahead.capacity_tariffs import CapacityTariff, Hours, PeakFee, minutes_of
from laddverk.kernel.money import MINOR_DIGITS
from laddverk.kernel.problems import Invalid

FILE_MAX: Final = 64 * 1024  # bytes; the largest tariff seen takes two thousand
ENTRIES_MAX: Final = 100  # of any list in a file
PEAKS_MAX: Final = 31  # one for each day of a month
INTERVALS_MINUTES: Final = (15, 30, 60)
AMOUNT_MAX: Final = Decimal(10_000_000)
FACTOR_MAX: Final = Decimal(10)
TEXT_MAX: Final = 500
LISTS: Final = ("peak", "fuse", "free_dates")


def examples() -> tuple[CapacityTariff, ...]:
    """Return the examples by name. They are no offer: who uses one checks it with the grid operator."""
    folder = files("laddverk.energy.planning_ahead") / "examples"
    found = [read(each.read_text("utf-8")) for each in folder.iterdir() if each.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda tariff: tariff.name))


def read(text: str) -> CapacityTariff:
    """Return the tariff that a file holds. Raises `Invalid`, which names the key and says what is wrong with it."""
    if len(text.encode("utf-8", "replace")) > FILE_MAX:
        raise Invalid("The file is too large.", field="file")
    try:
        raw: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
        tariff = msgspec.convert(raw, CapacityTariff)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid("This is not a TOML file: %(reason)s", field="file", reason=str(error)) from error
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        raise _wrong(path.strip("`").removeprefix("$").lstrip(".") or "file", reason) from error
    for path, reason in _faults(tariff):
        raise _wrong(path, reason)
    return tariff


def _wrong(path: str, reason: str) -> Invalid:
    return Invalid("%(key)s: %(reason)s", field=path, key=path, reason=reason)


def _faults(tariff: CapacityTariff) -> Iterator[tuple[str, str]]:
    yield from ((name, "is empty") for name in ("key", "name") if not getattr(tariff, name).strip())
    for name in ("key", "name", "note"):
        if len(getattr(tariff, name)) > TEXT_MAX or "\0" in getattr(tariff, name):
            yield name, f"is longer than {TEXT_MAX} characters, or holds a character that is no text"
    if tariff.currency not in MINOR_DIGITS:
        yield "currency", f"is none of {', '.join(MINOR_DIGITS)}"
    try:
        ZoneInfo(tariff.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "timezone", "is no time zone"
    if not tariff.peak and tariff.subscription is None and not tariff.fuse:
        yield "peak", "is absent, and so are subscription and fuse: nothing would cost anything"
    yield from ((name, "has too many entries") for name in LISTS if len(getattr(tariff, name)) > ENTRIES_MAX)
    for number, fee in enumerate(tariff.peak):
        yield from _peak_faults(f"peak[{number}]", fee)
    yield from _other_faults(tariff)


def _peak_faults(path: str, fee: PeakFee) -> Iterator[tuple[str, str]]:
    if not 1 <= fee.count <= PEAKS_MAX:
        yield f"{path}.count", f"is not from 1 to {PEAKS_MAX}"
    if fee.interval_minutes not in INTERVALS_MINUTES:
        yield f"{path}.interval_minutes", f"is none of {INTERVALS_MINUTES}"
    if not fee.price:
        yield f"{path}.price", "is empty"
    if max(len(fee.price), len(fee.hours)) > ENTRIES_MAX:
        yield path, f"has more than {ENTRIES_MAX} prices or hours"
    if not _within(fee.otherwise, FACTOR_MAX):
        yield f"{path}.otherwise", f"is not from 0 to {FACTOR_MAX}"
    for number, price in enumerate(fee.price):
        yield from _months_faults(f"{path}.price[{number}]", price.months)
        if not _within(price.per_kw, AMOUNT_MAX):
            yield f"{path}.price[{number}].per_kw", f"is not from 0 to {AMOUNT_MAX}"
    for number, hours in enumerate(fee.hours):
        yield from _hours_faults(f"{path}.hours[{number}]", hours)


def _hours_faults(path: str, hours: Hours) -> Iterator[tuple[str, str]]:
    yield from _months_faults(path, hours.months)
    if any(not 1 <= day <= 7 for day in hours.weekdays):
        yield f"{path}.weekdays", "holds a day that is not from 1 (Monday) to 7"
    if not _within(hours.factor, FACTOR_MAX):
        yield f"{path}.factor", f"is not from 0 to {FACTOR_MAX}"
    for name, text in (("from", hours.from_time), ("to", hours.to_time)):
        try:
            minutes_of(text)
        except ValueError:
            yield f"{path}.{name}", "is no time like 07:00"


def _months_faults(path: str, months: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    if any(not 1 <= month <= 12 for month in months):
        yield f"{path}.months", "holds a month that is not from 1 to 12"


def _other_faults(tariff: CapacityTariff) -> Iterator[tuple[str, str]]:
    if tariff.subscription is not None:
        for name in ("power_kw", "per_kw_year", "overrun_per_kw"):
            if not _within(getattr(tariff.subscription, name), AMOUNT_MAX):
                yield f"subscription.{name}", f"is not from 0 to {AMOUNT_MAX}"
        if tariff.subscription.interval_minutes not in INTERVALS_MINUTES:
            yield "subscription.interval_minutes", f"is none of {INTERVALS_MINUTES}"
    for number, fuse in enumerate(tariff.fuse):
        if fuse.size_a < 1:
            yield f"fuse[{number}].size_a", "is not above 0"
        if not _within(fuse.per_year, AMOUNT_MAX):
            yield f"fuse[{number}].per_year", f"is not from 0 to {AMOUNT_MAX}"
    if len({fuse.size_a for fuse in tariff.fuse}) < len(tariff.fuse):
        yield "fuse", "has the same size_a twice"


def _within(value: Decimal, most: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= most
