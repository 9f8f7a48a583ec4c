"""A file of prices that somebody else keeps: CSV with `area,currency,starts_at,ends_at,price`, without VAT."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import ClassVar, Final

from laddverk.tariffs.model import SpotPrice
from laddverk.tariffs.providers.entsoe import day_of
from laddverk.tariffs.providers.port import NoPrices, NotPublished, checked

BYTES_MAX: Final = 16 * 1024 * 1024  # five years of four zones by quarters


class PriceFile:
    """Reads the file anew each time."""

    name: ClassVar[str] = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def day(self, area: str, currency: str, day: date) -> Sequence[SpotPrice]:
        """Return one day's prices. Raises `NotPublished`, `NoPrices`."""
        start, end = day_of(day)
        try:
            if self._path.stat().st_size > BYTES_MAX:
                raise NoPrices("the file is too large")
            with self._path.open(encoding="utf-8-sig", newline="") as rows:
                found = [each for each in _prices(rows, area, currency) if start <= each.starts_at < end]
        except (OSError, ValueError, InvalidOperation, KeyError, csv.Error) as error:
            raise NoPrices(f"the file cannot be read: {type(error).__name__}") from error
        if not found:
            raise NotPublished(f"{day} is not in the file")
        return checked(found, day)


def _prices(rows: Iterator[str], area: str, currency: str) -> Iterator[SpotPrice]:
    for row in csv.DictReader(rows):
        if row["area"] == area and row["currency"] == currency:
            start, end = (datetime.fromisoformat(row[name]).astimezone(UTC) for name in ("starts_at", "ends_at"))
            yield SpotPrice(area, start, end, Decimal(row["price"]))
