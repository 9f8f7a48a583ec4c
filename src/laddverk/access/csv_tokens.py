"""A list of tokens as CSV, read line by line. Pure: what is wrong with a line is said beside its number."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Final

from msgspec import Struct

from laddverk.access import rules
from laddverk.access.model import ImportFault
from laddverk.kernel.problems import Problem
from laddverk.platform.languages import marked

LINES_MAX: Final = 100_000  # about five megabytes; larger lists are imported in parts
FAULTS_MAX: Final = 50  # enough to see what is wrong with a file
LABEL_LENGTH_MAX: Final = 100
DELIMITERS: Final = (";", "\t", ",")  # Swedish spreadsheets write semicolons
ALIASES: Final = {
    "tag": "uid",
    "id_tag": "uid",
    "idtag": "uid",
    "driver_email": "driver",
    "email": "driver",
    "group_code": "group",
}


class Line(Struct, frozen=True, kw_only=True):
    """What one line says. None stands for a column that the file does not have: it changes nothing."""

    number: int
    uid: str
    label: str | None
    driver: str | None
    """The driver's e-mail address or whole name in lower case; empty for a loose tag."""
    valid_until: datetime | None
    has_valid_until: bool
    blocked_why: str | None
    group_code: str | None


class Read(Struct, frozen=True):
    """The lines that could be read, and what is wrong with the others."""

    lines: tuple[Line, ...]
    faults: tuple[ImportFault, ...]


def read(text: str) -> Read:
    """Return the tokens in a CSV text with a heading: `uid`, and `label`, `driver`, `valid_until`, `blocked_why`,
    `group` where wanted; other columns are passed over. An apostrophe that guards a cell against formulas goes.
    """
    heading = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=heading.count)
    lines_in = StringIO(text.lstrip("\ufeff"), newline=None)  # any kind of line end
    rows = csv.DictReader(lines_in, delimiter=delimiter, restkey="", strict=False)
    try:
        rows.fieldnames = [_column(name) for name in rows.fieldnames or ()]
    except csv.Error as error:
        return Read((), (ImportFault(1, marked("This line cannot be read: %(why)s"), {"why": str(error)}),))
    if "uid" not in rows.fieldnames:
        return Read((), (ImportFault(1, marked("The first line must name the columns, and one of them must be uid.")),))
    lines: list[Line] = []
    faults: list[ImportFault] = []
    seen: dict[str, int] = {}
    try:
        for row in rows:
            if len(faults) >= FAULTS_MAX or len(lines) >= LINES_MAX:
                faults.append(ImportFault(rows.line_num, marked("From here on nothing was read.")))
                break
            cells = {name: _unguarded(cell) for name, cell in row.items() if isinstance(cell, str)}
            if not any(cells.values()):
                continue
            line = _line(rows.line_num, cells, seen)
            if isinstance(line, ImportFault):
                faults.append(line)
            else:
                seen[line.uid] = line.number
                lines.append(line)
    except csv.Error as error:
        faults.append(ImportFault(rows.line_num, marked("This line cannot be read: %(why)s"), {"why": str(error)}))
    return Read(tuple(lines), tuple(faults))


def _column(name: str) -> str:
    plain = name.strip().strip('"').lower().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _unguarded(cell: str) -> str:
    cell = cell.strip().replace("\x00", "")
    return cell[1:] if cell[:1] == "'" else cell


def _line(number: int, cells: Mapping[str, str], seen: Mapping[str, int]) -> Line | ImportFault:
    try:
        uid = rules.checked_uid(cells["uid"])
        label = rules.checked_text("label", cells["label"], LABEL_LENGTH_MAX) if "label" in cells else None
        group_code = rules.checked_group(cells["group"]) if "group" in cells else None
    except (Problem, KeyError) as problem:
        message = problem.message if isinstance(problem, Problem) else marked("The number of the tag is missing.")
        return ImportFault(number, message, problem.params if isinstance(problem, Problem) else {})
    if uid in seen:
        return ImportFault(number, marked("The same tag stands in line %(line)s already."), {"line": seen[uid]})
    try:
        valid_until = _instant(cells.get("valid_until", ""))
    except ValueError:
        return ImportFault(number, marked("The date cannot be read; write it like 2027-12-31."))
    return Line(
        number=number,
        uid=uid,
        label=label,
        driver=cells["driver"].lower() if "driver" in cells else None,
        valid_until=valid_until,
        has_valid_until="valid_until" in cells,
        blocked_why=cells.get("blocked_why"),
        group_code=group_code,
    )


def _instant(text: str) -> datetime | None:
    """Return the instant in `text`; of a mere date, its end in UTC. Raises `ValueError`."""
    if not text:
        return None
    if len(text) == len("2027-12-31"):
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
