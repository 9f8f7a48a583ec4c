"""Public charging sessions of Dundee City Council, read as they were published, with their mistakes put right.

The files (Dundee City Council open data, 2017 and 2018) were made by a program that read days up to the twelfth as
months: 3 November stands there as 2017-03-11. Times are local and exact to the minute. There are no users in them.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

ZONE = ZoneInfo("Europe/London")
COLUMNS = {"Charging event", "CP ID", "Connector", "Start Date", "Start Time", "End Date", "End Time", "Total kWh"}
MONTHS_MAX = 12  # a day up to here was taken for a month


class RealSession(Struct, frozen=True, kw_only=True, order=True):
    """One session as it was."""

    charger: str
    connector: int
    began_at: datetime
    ended_at: datetime
    key: str
    energy_wh: int
    user: str = ""
    """'' where the data hold no users."""
    model: str = ""
    is_dc: bool = False


def read(paths: Sequence[Path]) -> tuple[list[RealSession], int]:
    """Return the sessions of all files, each once, by connector and time, and how many rows could not be used."""
    found: dict[str, RealSession] = {}
    unusable = 0
    for path in paths:
        for row in _rows(path):
            session = _session(row)
            if session is None:
                unusable += 1
            else:
                found[session.key] = session
    return sorted(found.values()), unusable


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = COLUMNS - set(rows.fieldnames or ())
        if missing:
            raise SystemExit(f"{path.name} has no column {', '.join(sorted(missing))}")
        yield from rows


def _session(row: dict[str, str]) -> RealSession | None:
    """Return the session of a row; None when it has no charger, no end, no energy, or ends before it began."""
    try:
        began_at, ended_at = _instant(row["Start Date"], row["Start Time"]), _instant(row["End Date"], row["End Time"])
        energy_wh, connector = round(float(row["Total kWh"]) * 1_000), int(row["Connector"])
    except ValueError:
        return None
    if not row["CP ID"] or energy_wh < 0 or not began_at <= ended_at < began_at + timedelta(days=14):
        return None
    return RealSession(
        charger=row["CP ID"], connector=connector, began_at=began_at, ended_at=ended_at, key=row["Charging event"],
        energy_wh=energy_wh, user=row.get("User") or "", model=row.get("Model") or "",
        is_dc="Rapid" in (row.get("Model") or ""),
    )  # fmt: skip


def _instant(day: str, clock: str) -> datetime:
    """Return the instant in UTC; raises ValueError for what is none."""
    date, time = datetime.fromisoformat(day), datetime.strptime(clock, "%H:%M")  # noqa: DTZ007 - the zone comes next
    if date.day <= MONTHS_MAX:
        date = date.replace(month=date.day, day=date.month)
    return date.replace(hour=time.hour, minute=time.minute, tzinfo=ZONE).astimezone(UTC)
