"""Whether somebody of ours answers the phone or the chat at an instant, and when they are back.

Hours that name the phone or the chat close it outside of them; where several do, it is open in each of them. Where
none does, it is open whenever somebody is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support.promising import store
from laddverk.support.promising.hours import Attended, Hours, after

TODAY: Final = N_("today at %(time)s")
TOMORROW: Final = N_("tomorrow at %(time)s")
THAT_WEEKDAY: Final = N_("on %(weekday)s at %(time)s")
THAT_DATE: Final = N_("on %(date)s at %(time)s")
WEEK: Final = timedelta(days=7)  # what lies further away needs a date


def back_at(hours: Iterable[Hours], what: Attended, now: datetime) -> datetime | None:
    """Return when somebody answers again; None while it is open by its hours, or has none."""
    begins = [after(each, now, 0) for each in hours if what.value in each.closes]
    opening = min((each for each in begins if each is not None), default=None)
    return None if opening is None or opening <= now else opening


async def closed_until(tx: Transaction, what: Attended, now: datetime) -> datetime | None:
    """Return when the phone or the chat opens again; None while its hours do not close it."""
    return back_at(await store.hours(tx), what, now)


def in_words(at: datetime, now: datetime, zone: str, language: str) -> str:
    """Return an instant to come as people say it: `tomorrow at 08:00`, `on Monday at 08:00`."""
    _ = gettext_for(language)
    day, today = at.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    time = formats.local_time(at, zone, language=language)
    if day == today:
        return _(TODAY) % {"time": time}
    if day == today + timedelta(days=1):
        return _(TOMORROW) % {"time": time}
    if day - today < WEEK:
        return _(THAT_WEEKDAY) % {"weekday": formats.weekday(day.weekday(), language), "time": time}
    return _(THAT_DATE) % {"date": formats.local_date(day, zone, language), "time": time}
