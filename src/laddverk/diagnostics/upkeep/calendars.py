"""Visits as a calendar file (RFC 5545): lines of at most 75 octets, texts escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

OCTETS_MAX: Final = 75  # of a line, its end apart (RFC 5545, 3.1)
LASTS_EACH: Final = timedelta(minutes=60)  # an hour a work order, of which nobody knows better
PRODUCT: Final = "-//Laddverk//Visits//EN"


class Stop(Struct, frozen=True, kw_only=True):
    """A visit as a calendar shows it."""

    uid: str
    title: str
    places: str
    text: str
    href: str
    on: date
    starts_at: time | None
    jobs: int
    changed_at: datetime
    revision: int
    is_cancelled: bool = False
    latitude: float | None = None
    longitude: float | None = None


def calendar(name: str, stops: Iterable[Stop], zone: ZoneInfo) -> bytes:
    """Return the file of a calendar, UTF-8 with CRLF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
             f"X-WR-CALNAME:{escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]  # fmt: skip
    for stop in stops:
        lines += _event(stop, zone)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def _event(stop: Stop, zone: ZoneInfo) -> Sequence[str]:
    lines = [
        "BEGIN:VEVENT", f"UID:{stop.uid}", f"DTSTAMP:{_instant(stop.changed_at)}",
        f"LAST-MODIFIED:{_instant(stop.changed_at)}", f"SEQUENCE:{stop.revision}", *_when(stop, zone),
        f"SUMMARY:{escaped(stop.title)}", f"LOCATION:{escaped(stop.places)}", f"DESCRIPTION:{escaped(stop.text)}",
        f"URL:{stop.href}", f"STATUS:{'CANCELLED' if stop.is_cancelled else 'CONFIRMED'}",
    ]  # fmt: skip
    if stop.latitude is not None and stop.longitude is not None:
        lines.append(f"GEO:{stop.latitude:.6f};{stop.longitude:.6f}")
    return [*lines, "END:VEVENT"]


def _when(stop: Stop, zone: ZoneInfo) -> Sequence[str]:
    """Return the lines of the time: the whole day where no hour was said; in UTC otherwise, which needs no zone."""
    if stop.starts_at is None:
        until = stop.on + timedelta(days=1)
        return (f"DTSTART;VALUE=DATE:{stop.on:%Y%m%d}", f"DTEND;VALUE=DATE:{until:%Y%m%d}", "TRANSP:TRANSPARENT")
    start = datetime.combine(stop.on, stop.starts_at, zone).astimezone(UTC)
    return (f"DTSTART:{_instant(start)}", f"DTEND:{_instant(start + LASTS_EACH * max(stop.jobs, 1))}")


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """Return a TEXT value (3.3.11): no control characters; backslash, semicolon, comma and ends of lines escaped."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in lines if letter == "\n" or (letter >= " " and letter != "\x7f"))
    for plain, said in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(plain, said)
    return kept


def folded(line: str) -> str:
    """Return a line broken into pieces of at most 75 octets, each after the first behind a space; no letter is cut."""
    pieces, octets = [""], 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > OCTETS_MAX:
            pieces.append(" ")
            octets = 1
        pieces[-1] += letter
        octets += size
    return "\r\n".join(pieces)
