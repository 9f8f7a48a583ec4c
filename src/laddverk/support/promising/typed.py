"""Hours of work as people type them: `08:00-12:00 13:00-17:00` for each day, and free days by date. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from laddverk.kernel.problems import Invalid
from laddverk.support.promising.hours import MINUTES_OF_DAY, Hours, Span

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN: Final = re.compile(r"(\d{1,2})[:.]?(\d{2})?\s*[-–]\s*(\d{1,2})[:.]?(\d{2})?")
FREE_MAX: Final = 200


def days_in(form: Mapping[str, str]) -> tuple[tuple[Span, ...], ...]:
    """Return the hours of a form with a field for each of `DAYS`. Raises `Invalid` (field days)."""
    return tuple(_spans(form.get(day, "")) for day in DAYS)


def _spans(text: str) -> tuple[Span, ...]:
    spans = tuple(
        (int(match[1]) * 60 + int(match[2] or 0), int(match[3]) * 60 + int(match[4] or 0))
        for match in SPAN.finditer(text)
    )
    left = SPAN.sub("", text).replace(",", "").strip()
    if left or any(not 0 <= begin < end <= MINUTES_OF_DAY for begin, end in spans):
        raise Invalid("These are no hours of a day.", field="days", remedy="Like 08:00-12:00 13:00-17:00.")
    return spans


def shown(hours: Hours) -> dict[str, str]:
    """Return hours as they are typed, by `DAYS`."""
    return {day: shown_day(spans) for day, spans in zip(DAYS, hours.days, strict=True)}


def shown_day(spans: tuple[Span, ...]) -> str:
    """Return the hours of one day as they are typed."""
    return " ".join(f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}" for begin, end in spans)


def free_days_in(text: str) -> tuple[date, ...]:
    """Return the days in a text, by ISO dates with spaces or commas between. Raises `Invalid` (field free_days)."""
    try:
        found = sorted({date.fromisoformat(each) for each in text.replace(",", " ").split()})
    except ValueError:
        raise Invalid("Write dates like 2026-12-23.", field="free_days") from None
    if len(found) > FREE_MAX:
        raise Invalid("These are too many days.", field="free_days")
    return tuple(found)
