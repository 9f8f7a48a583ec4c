"""Numbers, money, energy and times as people write them, in the language they read.

Screens, mails, texts and PDFs share these. Each takes the language last and returns plain text, with a no-break
space before the unit, so that `text.rpartition("\\u00a0")` gives the number and its unit. Nothing reads the clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers

from laddverk.kernel.money import major
from laddverk.kernel.time import seconds_between
from laddverk.platform.languages import DEFAULT, LOCALES, gettext_for, marked

HOME_ZONE: Final = "Europe/Stockholm"
NO_BREAK: Final = "\u00a0"
MINUS: Final = "\u2212"

SINCE_NOW_S: Final = 45
"""Under this a time is "just now": a number that ticks each second draws the eye for nothing."""

SINCE_STEPS: Final = (
    (3600, 60, marked("%(count)s min ago")),
    (86_400, 3600, marked("%(count)s h ago")),
    (14 * 86_400, 86_400, marked("%(count)s d ago")),
)
"""Up to so many seconds, counted in units of so many, said in these words. Beyond the last the date is clearer."""


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the Babel locale of `language`, which Babel would read anew from its name each time.

    An unknown language gets the default one.
    """
    return Locale.parse(LOCALES.get(language, LOCALES[DEFAULT]))


@lru_cache(maxsize=64)
def pattern(digits: int) -> str:
    """Return the Babel pattern of a number with exactly `digits` decimals."""
    return "#,##0" + ("." + "0" * digits if digits else "")


def number(value: Decimal | float, digits: int = 0, language: str = DEFAULT) -> str:
    """Return `value` with exactly `digits` decimals: `1 234,5`."""
    return numbers.format_decimal(value, format=pattern(digits), locale=locale_of(language))


def money(amount_minor: int, currency: str = "SEK", language: str = DEFAULT) -> str:
    """Return an amount in minor units as people write it: `1 234,50 kr`."""
    return numbers.format_currency(major(amount_minor, currency), currency, locale=locale_of(language))


def sums(
    by_currency: Mapping[str, int] | Iterable[Mapping[str, int]], usual: str = "SEK", language: str = DEFAULT
) -> str:
    """Return sums of several currencies (minor units), the usual one first: `1 234,50 kr + 12,00 €`. Never added up.

    `by_currency` may be many of them: each currency is then added to itself. Nothing at all is nothing of the usual.
    """
    totals: Counter[str] = Counter()
    for each in [by_currency] if isinstance(by_currency, Mapping) else by_currency:
        totals.update(each)
    order = sorted((currency for currency, minor in totals.items() if minor), key=lambda each: (each != usual, each))
    return " + ".join(money(totals[currency], currency, language) for currency in order) or money(0, usual, language)


def price(amount: Decimal, currency: str = "SEK", language: str = DEFAULT) -> str:
    """Return a unit price in major units: two decimals, or up to four where the price has them (`0,4375 kr`)."""
    symbol = numbers.get_currency_symbol(currency, locale=locale_of(language))
    exponent = amount.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 2
    return number(amount, min(max(decimals, 2), 4), language) + NO_BREAK + symbol


def energy_kwh(energy_wh: float, digits: int | None = None, language: str = DEFAULT) -> str:
    """Return energy as `23,4 kWh`: one decimal, none from 1 000 kWh on, or as many as asked for."""
    if digits is None:
        digits = 1 if abs(energy_wh) < 1_000_000 else 0
    return number(Decimal(str(energy_wh)) / 1000, digits, language) + NO_BREAK + "kWh"


def power_kw(power_w: float, digits: int | None = None, language: str = DEFAULT) -> str:
    """Return power as `11,0 kW`: one decimal, none from 100 kW on, or as many as asked for."""
    if digits is None:
        digits = 1 if abs(power_w) < 100_000 else 0
    return number(Decimal(str(power_w)) / 1000, digits, language) + NO_BREAK + "kW"


def percent(share: float, digits: int = 1, language: str = DEFAULT) -> str:
    """Return a share of one as `97,1 %`."""
    return number(Decimal(str(share)) * 100, digits, language) + NO_BREAK + "%"


def duration(length: timedelta | float, language: str = DEFAULT) -> str:
    """Return a length of time (timedelta or seconds) in its two largest units: `1 h 12 min`, `3 d 4 h`, `45 s`."""
    seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
    sign, seconds = (MINUS, -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds}{NO_BREAK}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    _ = gettext_for(language)
    if days:
        pairs = ((days, _("d")), (hours % 24, "h"))
    elif hours:
        pairs = ((hours, "h"), (minutes % 60, "min"))
    else:
        pairs = ((minutes, "min"), (0, "s"))
    return sign + NO_BREAK.join(f"{count}{NO_BREAK}{unit}" for count, unit in pairs if count)


def local_time(at: datetime, zone: str = HOME_ZONE, *, seconds: bool = False, language: str = DEFAULT) -> str:
    """Return the clock time of an instant at `zone`: `14:03`, or `14:03:11` with seconds."""
    clock = at.astimezone(ZoneInfo(zone)).time()
    return _clock(clock.replace(second=clock.second if seconds else 0, microsecond=0), seconds, language)


def local_date(at: datetime | date, zone: str = HOME_ZONE, language: str = DEFAULT) -> str:
    """Return the date of an instant at `zone` (or a plain date): `21 nov. 2026`."""
    day = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    return _day(day, language)


def local_datetime(at: datetime, zone: str = HOME_ZONE, *, seconds: bool = False, language: str = DEFAULT) -> str:
    """Return date and clock time of an instant at `zone`: `21 nov. 2026 14:03`."""
    return f"{local_date(at, zone, language)} {local_time(at, zone, seconds=seconds, language=language)}"


# A page says the same days and minutes many times, and the rules of a locale take their time.
@lru_cache(maxsize=4096)
def _clock(clock: time, seconds: bool, language: str) -> str:
    return dates.format_time(clock, "HH:mm:ss" if seconds else "HH:mm", locale=locale_of(language))


@lru_cache(maxsize=4096)
def _day(day: date, language: str) -> str:
    return dates.format_date(day, "medium", locale=locale_of(language))


def month(first: date, language: str = DEFAULT) -> str:
    """Return the month of a date: `november 2026`."""
    return dates.format_date(first, "LLLL y", locale=locale_of(language))


def weekday(index: int, language: str = DEFAULT) -> str:
    """Return the name of a weekday, Monday being 0: `måndag`."""
    return str(dates.get_day_names("wide", locale=locale_of(language))[index])


def since(at: datetime, now: datetime, zone: str = HOME_ZONE, language: str = DEFAULT) -> str:
    """Return how long ago an instant was: `just now`, `3 min ago`, `2 h ago`, `5 d ago`, and then its date."""
    _ = gettext_for(language)
    elapsed_s = seconds_between(at, now)
    if elapsed_s < SINCE_NOW_S:
        return _("just now")
    for limit_s, unit_s, words in SINCE_STEPS:
        if elapsed_s < limit_s:
            return _(words) % {"count": max(1, int(elapsed_s // unit_s))}
    return local_date(at, zone, language)
