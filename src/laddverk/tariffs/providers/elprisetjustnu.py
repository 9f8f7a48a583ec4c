"""elprisetjustnu.se: the prices of the four Swedish zones as one static file a day, without a key.

`GET /api/v1/prices/2026/11-21_SE3.json` is a list of `{SEK_per_kWh, EUR_per_kWh, EXR, time_start, time_end}`, by hours
until September 2025 and by quarters since. A day that is not out yet is 404.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar, Final

import msgspec
from msgspec import Struct

from laddverk.platform import outgoing
from laddverk.tariffs.model import SpotPrice
from laddverk.tariffs.providers.port import NoPrices, NotPublished, checked

URL: Final = "https://www.elprisetjustnu.se"
AREAS: Final = ("SE1", "SE2", "SE3", "SE4")


class _Period(Struct):
    SEK_per_kWh: Decimal
    EUR_per_kWh: Decimal
    time_start: datetime
    time_end: datetime


class Elprisetjustnu:
    """Asks for one day at a time."""

    name: ClassVar[str] = "elprisetjustnu"

    def __init__(self, url: str = "") -> None:
        self._url = (url or URL).rstrip("/")

    async def day(self, area: str, currency: str, day: date) -> Sequence[SpotPrice]:
        """Return one day's prices. Raises `NotPublished`, `NoPrices`."""
        if area not in AREAS or currency not in ("SEK", "EUR"):
            raise NoPrices(f"it has no prices for {area} in {currency}")
        try:
            fetched = await outgoing.fetch("GET", f"{self._url}/api/v1/prices/{day:%Y/%m-%d}_{area}.json")
        except (outgoing.NotAllowed, outgoing.NoAnswer) as error:
            raise NoPrices(str(error)) from error
        if fetched.status == 404:
            raise NotPublished(f"{day} is not out yet")
        if fetched.status != 200:
            raise NoPrices(f"it answered {fetched.status}")
        return checked(said(area, currency, fetched.body), day)


def said(area: str, currency: str, body: bytes) -> list[SpotPrice]:
    """Return the prices in an answer. Raises `NoPrices`."""
    try:
        periods = msgspec.json.decode(body, type=list[_Period])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoPrices("its answer cannot be read") from error
    if any(each.time_start.tzinfo is None or each.time_end.tzinfo is None for each in periods):
        raise NoPrices("its times have no zone")
    return [
        SpotPrice(
            area,
            each.time_start.astimezone(UTC),
            each.time_end.astimezone(UTC),
            each.SEK_per_kWh if currency == "SEK" else each.EUR_per_kWh,
        )
        for each in periods
    ]
