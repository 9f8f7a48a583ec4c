"""Days on which banks work, in Sweden (Bankgirot) and in the euro area (TARGET), and when a collection can be. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.payments.direct_debit.model import Scheme

CUT_OFF: Final = time(12, 0)  # local; banks take files until 13 to 16 o'clock: a person has an hour to bring it there
LEAD_BANK_DAYS: Final = {Scheme.AUTOGIRO: 2, Scheme.SEPA: 3}
"""From the day a file is written to the first day it can name. Bankgirot and SEPA core want it the bank day before;
banks ask for one or two more."""
NOTICE_BANK_DAYS: Final = {Scheme.AUTOGIRO: 8, Scheme.SEPA: 10}
"""From the day the payer is told the amount: Autogiro's terms say eight bank days, SEPA fourteen days."""
RETRY_BANK_DAYS: Final = 5  # a week later: wages and pensions come in between
ATTEMPTS_MAX: Final = 3


def is_bank_day(day: date, scheme: Scheme) -> bool:
    """Return whether banks move money on `day`."""
    return day.weekday() < 5 and day not in _HOLIDAYS[scheme](day.year)


def on_or_after(day: date, scheme: Scheme) -> date:
    """Return the first bank day that is `day` or later."""
    while not is_bank_day(day, scheme):
        day += timedelta(days=1)
    return day


def after(day: date, count: int, scheme: Scheme) -> date:
    """Return the bank day that is `count` bank days after `day`."""
    for _ in range(count):
        day = on_or_after(day + timedelta(days=1), scheme)
    return on_or_after(day, scheme)


def earliest(now: datetime, zone: str, scheme: Scheme) -> date:
    """Return the first day that a file written at `now` can name; after the cut-off, or on a holiday, one day later."""
    local = now.astimezone(ZoneInfo(zone))
    begin = local.date()
    if is_bank_day(begin, scheme) and local.time() >= CUT_OFF:
        begin += timedelta(days=1)
    return after(on_or_after(begin, scheme), LEAD_BANK_DAYS[scheme], scheme)


def collect_on(due: date, told: date, first: date, scheme: Scheme) -> date:
    """Return when to collect what is due on `due`: not before, not sooner than the payer was promised, as soon as can
    be.
    """
    return on_or_after(max(due, after(told, NOTICE_BANK_DAYS[scheme], scheme), first), scheme)


@lru_cache(maxsize=32)
def _swedish(year: int) -> frozenset[date]:
    """Days without clearing in Sweden: the eves of midsummer, Christmas and New Year are such days too."""
    easter = easter_sunday(year)
    midsummer_eve = next(day for day in (date(year, 6, 19) + timedelta(days=n) for n in range(7)) if day.weekday() == 4)
    fixed = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
    moving = (easter - timedelta(days=2), easter + timedelta(days=1), easter + timedelta(days=39), midsummer_eve)
    return frozenset({*(date(year, month, day) for month, day in fixed), *moving})


@lru_cache(maxsize=32)
def _target(year: int) -> frozenset[date]:
    easter = easter_sunday(year)
    fixed = ((1, 1), (5, 1), (12, 25), (12, 26))
    moving = (easter - timedelta(days=2), easter + timedelta(days=1))
    return frozenset({*(date(year, month, day) for month, day in fixed), *moving})


_HOLIDAYS: Final[dict[Scheme, Callable[[int], frozenset[date]]]] = {Scheme.AUTOGIRO: _swedish, Scheme.SEPA: _target}


def easter_sunday(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the rule of Gauss, as Butcher wrote it down)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)
