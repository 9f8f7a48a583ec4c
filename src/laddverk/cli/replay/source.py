"""Reads sessions from a CSV file and trusts nothing in it: what cannot be true is set aside with its reason. Pure.

The format is that of the Norwegian home charging data (Sørensen et al., Data in Brief 2024, CC BY): semicolons, decimal
commas, local time without a zone, one row for each session.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.kernel.problems import Invalid

COLUMNS: Final = ("location", "user_id", "session_id", "plugin_time", "plugout_time", "energy_session")
POWER_MAX_W: Final = 22_000  # of the outlets that the replay builds
ENERGY_MAX_WH: Final = 200_000  # no car of these years holds more
STAY_MAX: Final = timedelta(days=60)
YEAR_MIN: Final = 2015  # the network takes what is older for a clock that was never set
UNPACKED_MAX: Final = 2_000_000_000  # bytes: a gzip bomb ends here


class Row(Struct, frozen=True):
    """One session of the file."""

    line: int
    site: str
    user: str
    session: str
    started_at: datetime
    """UTC."""
    ended_at: datetime
    energy_wh: int
    """Rounded to Wh here, once: half to even."""


class BadRow(Struct, frozen=True):
    """A row that is not replayed, and why."""

    line: int
    session: str
    reason: str


class Source(Struct, frozen=True):
    """What was read."""

    rows: list[Row]
    """By user, then by time. Those of one user do not overlap."""
    bad: list[BadRow]


class _Unusable(Exception):
    """A row cannot be used; the text says why."""


def read(path: Path, zone: ZoneInfo) -> Source:
    """Return the sessions in `path` (plain or gzip), whose times are local in `zone`.

    Raises `Invalid` when it is no such file at all; a single row never stops the reading.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    try:
        for line, fields in _lines(path):
            try:
                rows.append(_row(line, fields, zone))
            except _Unusable as reason:
                bad.append(BadRow(line, str(fields.get("session_id") or ""), str(reason)))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid("%(file)s cannot be read: %(reason)s", file=str(path), reason=str(error)) from None
    good, more_bad = _one_at_a_time(rows)
    return Source(good, sorted([*bad, *more_bad], key=lambda row: row.line))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw:
        reader = csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""), delimiter=";")
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise Invalid(
                "%(file)s has no column %(missing)s.",
                remedy="It must have the columns %(wanted)s, separated by semicolons.",
                file=str(path),
                missing=", ".join(missing),
                wanted=", ".join(COLUMNS),
            )
        for fields in reader:
            yield reader.line_num, fields
            if raw.tell() > UNPACKED_MAX:
                raise Invalid("%(file)s is too long.", file=str(path))


def _row(line: int, fields: dict[str, str], zone: ZoneInfo) -> Row:
    site, user, session = (_word(fields, name) for name in ("location", "user_id", "session_id"))
    started_at = _instant(fields, "plugin_time", zone)
    ended_at = _instant(fields, "plugout_time", zone, after=started_at)
    energy_wh = _energy_wh(fields)
    if ended_at <= started_at:
        raise _Unusable("unplugged before it was plugged in")
    if ended_at - started_at > STAY_MAX:
        raise _Unusable(f"longer than {STAY_MAX.days} days")
    if energy_wh > POWER_MAX_W * (ended_at - started_at).total_seconds() / 3600:
        raise _Unusable(f"more energy than {POWER_MAX_W // 1000} kW give in that time")
    return Row(line, site, user, session, started_at, ended_at, energy_wh)


def _word(fields: dict[str, str], name: str) -> str:
    word = (fields.get(name) or "").strip()
    if not word or len(word) > 40 or not word.replace("_", "").replace("-", "").isalnum():
        raise _Unusable(f"no usable {name}")
    return word


def _instant(fields: dict[str, str], name: str, zone: ZoneInfo, after: datetime | None = None) -> datetime:
    """Return a local time as an instant. In the hour that comes twice: the first one, unless only the second fits."""
    try:
        local = datetime.fromisoformat((fields.get(name) or "").strip())
    except ValueError:
        raise _Unusable(f"{name} is no time") from None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    if local.year < YEAR_MIN:
        raise _Unusable(f"{name} is before {YEAR_MIN}")
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if after is not None and instant <= after:
        instant = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return instant


def _energy_wh(fields: dict[str, str]) -> int:
    try:
        energy = Decimal((fields.get("energy_session") or "").strip().replace(",", ".")) * 1000
        if energy > ENERGY_MAX_WH:
            raise _Unusable(f"more than {ENERGY_MAX_WH // 1000} kWh")
        energy_wh = int(energy.to_integral_value())
    except (ArithmeticError, ValueError):
        raise _Unusable("energy_session is no number") from None
    if energy_wh <= 0:
        raise _Unusable("no energy" if energy_wh == 0 else "negative energy")
    return energy_wh


def _one_at_a_time(rows: Iterable[Row]) -> tuple[list[Row], list[BadRow]]:
    """Return the rows by user and time without duplicates and overlaps: one car at a time fits an outlet."""
    good: list[Row] = []
    bad: list[BadRow] = []
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: (row.site, row.user, row.started_at, row.ended_at, row.line)):
        before = good[-1] if good and good[-1].user == row.user else None
        if row.session in seen:
            bad.append(BadRow(row.line, row.session, "the same session_id again"))
        elif before is not None and row.started_at < before.ended_at:
            same = (row.started_at, row.ended_at, row.energy_wh) == (
                before.started_at,
                before.ended_at,
                before.energy_wh,
            )
            reason = "the same session again" if same else "overlaps the same user's session before"
            bad.append(BadRow(row.line, row.session, reason))
        else:
            good.append(row)
            seen.add(row.session)
    return good, bad


def chosen(rows: list[Row], count: int | None) -> list[Row]:
    """Return `count` of `rows`, spread evenly over users and time; all of them for None."""
    if count is None or count >= len(rows):
        return rows
    return [rows[place * len(rows) // count] for place in range(count)]
