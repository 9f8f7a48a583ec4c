"""CSV that a spreadsheet opens and that cannot harm it: no cell of foreign text begins as a formula (threat T21)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Final

from litestar import Response

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
ROWS_MAX: Final = 100_000  # about 15 MB; a larger export is a job for the API

Cell = str | int | float | Decimal | datetime | None


def safe(cell: Cell) -> str:
    """Return a cell as text. Text that a spreadsheet could take for a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str):
        return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_STARTS) else cell
    return str(cell)


def answer(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response[bytes]:
    """Answer with `rows` as a CSV file: UTF-8 with a mark that Excel understands, comma, every field quoted."""
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return Response(
        text.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )
