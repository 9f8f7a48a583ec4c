"""CSV that a spreadsheet opens and that cannot harm it: no cell of foreign text begins as a formula (threat T21)."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Final

from litestar import Response
from litestar.response import Stream

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
ROWS_MAX: Final = 100_000  # about 15 MB; a larger export is a job for the API
MEDIA_TYPE: Final = "text/csv; charset=utf-8"

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
    return Response(_begun(heading) + _lines(rows), media_type=MEDIA_TYPE, headers=_headers(name))


def streamed(name: str, heading: Sequence[str], parts: AsyncIterator[Iterable[Sequence[Cell]]]) -> Stream:
    """Answer with the same kind of file, whose rows are made while it is read: however many they are."""

    async def text() -> AsyncIterator[bytes]:
        yield _begun(heading)
        async for rows in parts:
            if lines := _lines(rows):
                yield lines

    return Stream(text(), media_type=MEDIA_TYPE, headers=_headers(name))


def _begun(heading: Sequence[str]) -> bytes:
    return codecs.BOM_UTF8 + _lines([heading])


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [safe(cell) for cell in row] for row in rows
    )
    return text.getvalue().encode()


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}.csv"'}
