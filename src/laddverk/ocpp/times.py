"""Time as chargers tell it: read with goodwill, corrected, and doubted where it cannot be (law 5; quirks 45-49)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)  # before OCPP 1.6 there was nobody to say it: an unset clock
YEARS: Final = range(2, 9999)  # PostgreSQL's clients take the first and the last instant of Python for infinity
FUTURE_MAX: Final = timedelta(hours=24)  # a wrong zone is at most 14 h ahead; beyond a day the clock is unset
AHEAD_MAX: Final = timedelta(minutes=5)  # less is drift; nothing can have happened later than it was told
OFFSET_MAX: Final = timedelta(hours=14)  # the largest offset that any zone has
LENGTH_MAX: Final = 40  # no date is longer
SHORTEST: Final = len("2026-01-31T12:00:00Z")

INSTANT: Final = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:[.,](?P<fraction>\d+))?\s*(?P<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)


def parsed(text: str | None, local: tzinfo = UTC) -> tuple[datetime | None, str | None]:
    """Return the instant that `text` names, in UTC, and what was odd about it; (None, why) if it names none.

    A time without zone is taken as `local` (quirk 45); `+02` and `+0200` are offsets (quirk 46). Never raises.
    """
    if not text or len(text) > LENGTH_MAX:
        return None, "no time was given" if not text else "the time cannot be read"
    if len(text) >= SHORTEST and text[-1] == "Z":
        try:
            return _within(datetime.fromisoformat(text)), None
        except ValueError:
            pass  # fractions of odd lengths and the like are read below
    match = INSTANT.fullmatch(text.strip())
    try:
        return _from(match, local) if match else (None, f"the time {text!r} cannot be read")
    except (ValueError, OverflowError):
        return None, f"the time {text!r} cannot be read"


def _within(instant: datetime) -> datetime:
    if instant.year not in YEARS:
        raise ValueError("no charger lives in that year")
    return instant


def _from(match: re.Match[str], local: tzinfo) -> tuple[datetime, str | None]:
    year, month, day = (int(part) for part in match["date"].split("-"))
    second = min(int(match["second"] or 0), 59)  # a leap second is the last one of its minute
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    zone = _zone(match["zone"])
    instant = datetime(
        year, month, day, int(match["hour"]), int(match["minute"]), second, microsecond, tzinfo=zone or local
    )
    return _within(instant.astimezone(UTC)), None if zone else f"the time has no zone and is taken as {local}"


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > OFFSET_MAX:
        raise ValueError("no zone is that far from Greenwich")
    return timezone(-offset if text.startswith("-") else offset)


def corrected(said_at: datetime, received_at: datetime, clock_offset: timedelta) -> tuple[datetime, str | None]:
    """Return when it happened: what the charger said plus its known `clock_offset`, and what is doubtful about it.

    An implausible time is replaced by the time of receipt. Times long ago are legal: chargers queue when offline.
    """
    try:
        at = said_at + clock_offset
    except OverflowError:
        return received_at, "the time is out of range; the time of receipt counts"
    if EARLIEST <= at <= received_at:
        return at, None
    if at < EARLIEST:
        return received_at, f"the clock says {said_at:%Y-%m-%d}; the time of receipt counts"
    if at > received_at + FUTURE_MAX:
        return received_at, f"the clock says {said_at:%Y-%m-%d}, which is to come; the time of receipt counts"
    if at > received_at + AHEAD_MAX:  # often local time under a Z, until the clock is set (quirk 47)
        return received_at, f"the clock is {(at - received_at).total_seconds():.0f} s ahead; the time of receipt counts"
    return at, None


def written(instant: datetime) -> str:
    """Return `instant` for a charger: `2026-01-31T12:00:00Z`. Many cannot read fractions or offsets (quirk 49)."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
