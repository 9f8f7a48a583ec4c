"""What the forms about current want: a limit with its hours, a grid function."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from laddverk.energy import rules
from laddverk.energy.model import Wish
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import DerControl, Purpose, RateUnit
from laddverk.web.console import energy_words
from laddverk.web.console.registering import whole

LENGTHS: Final = {
    "15": timedelta(minutes=15),
    "60": timedelta(hours=1),
    "180": timedelta(hours=3),
    "720": timedelta(hours=12),
}
"""For how long a limit may hold, by its minutes in the form; nothing else is until it is taken away."""
CHOICES: Final = {
    "session": Purpose.TX,
    "default": Purpose.TX_DEFAULT,
    "station": Purpose.STATION_MAX,
    "priority": Purpose.PRIORITY,
    "generation": Purpose.LOCAL_GENERATION,
}
LIMIT_DIGITS_MAX: Final = 8
NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]*)?")
STACK_MAX: Final = 1000


def wish_of(form: dict[str, str], now: datetime, zone: str) -> Wish:
    """Return the limit that a form wants; its times are those of the charger's `zone`. Raises `Invalid` by field."""
    purpose = CHOICES.get(form.get("purpose", ""))
    if purpose is None:
        raise Invalid("Choose what the limit is for.", field="purpose")
    when = form.get("when", "")
    if when not in energy_words.WHENS:
        raise Invalid("Choose when the limit holds.", field="when")
    starts_at, lasts_s = _window(form, when, now, ZoneInfo(zone)) if when else (_local(form, zone), None)
    length = LENGTHS.get(form.get("length", ""))
    return Wish(
        evse_number=0 if purpose in rules.WHOLE_STATION else whole(form.get("evse", ""), "evse", 0, 999),
        limit=number_in(form.get("limit", "")),
        unit=RateUnit.WATT if form.get("unit") == "W" else RateUnit.AMPERE,
        until=(now if when else starts_at or now) + length if length else None,
        purpose=purpose,
        stack_level=whole(form.get("stack_level") or "0", "stack_level", 0, STACK_MAX),
        starts_at=starts_at,
        recurrency=("Daily" if when == "daily" else "Weekly") if when else None,
        lasts_s=lasts_s,
        is_dynamic=form.get("dynamic") == "yes" and not when,
    )


def _local(form: dict[str, str], zone: str) -> datetime | None:
    text = form.get("starts_at", "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no time.", field="starts_at") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _window(form: dict[str, str], when: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, int | None]:
    """Return when the hours of a recurring limit began for the last time, and for how long they last each time.

    The charger counts days of 24 hours from there: after a change to or from summer time the hours move by one.
    """
    try:
        begins, ends = (time.fromisoformat(form.get(name, "")[:5]) for name in ("from_time", "to_time"))
    except ValueError:
        raise Invalid("Give both times, such as 17:00 and 20:00.", field="from_time") from None
    today = now.astimezone(zone).date()
    back = 0 if when == "daily" else (today.weekday() - energy_words.WEEKDAYS.index(when)) % 7
    started = datetime.combine(today - timedelta(days=back), begins, zone)
    if started > now:
        started -= timedelta(days=1 if when == "daily" else 7)
    lasts = (datetime.combine(today, ends) - datetime.combine(today, begins)) % timedelta(days=1)
    return started.astimezone(now.tzinfo), int(lasts.total_seconds()) or rules.DAY_S


def number_in(text: str) -> float:
    """Return a limit that somebody wrote, with a point or a comma. Raises `Invalid`."""
    plain = text.replace(",", ".").replace("\u00a0", "").replace(" ", "")
    if len(plain) > LIMIT_DIGITS_MAX or not NUMBER.fullmatch(plain):
        raise Invalid("Give a number, such as 10 or 7,5.", field="limit")
    return float(plain)


def control_of(form: dict[str, str]) -> DerControl:
    """Return the grid function that a form wants. Raises `Invalid` naming the field."""
    if form.get("control") not in energy_words.CONTROLS:
        raise Invalid("There is no such grid function.", field="control")
    try:
        body = msgspec.json.decode(form.get("body", ""), type=dict[str, Any])
    except msgspec.DecodeError:
        raise Invalid("The settings must be a JSON object.", field="body") from None
    return DerControl(id="", control=form["control"], is_default=form.get("default") == "yes", body=body)
