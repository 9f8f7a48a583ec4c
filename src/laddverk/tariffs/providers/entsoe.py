"""ENTSO-E's transparency platform: day-ahead prices (document type A44) of every European zone, in EUR, with a token.

A period lists points by position; with curve type A03 a point that repeats the one before is left out. A day by
quarters may come beside the same day by hours: the finer one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from laddverk.platform import outgoing
from laddverk.tariffs.model import SpotPrice
from laddverk.tariffs.providers.port import EXCHANGE_ZONE, PERIODS_MAX, NoPrices, NotPublished, checked

URL: Final = "https://web-api.tp.entsoe.eu"
BYTES_MAX: Final = 512 * 1024  # a day by quarters, in several sequences, has some 40 KB
KWH_PER_MWH: Final = 1000
RESOLUTIONS: Final = {"PT15M": timedelta(minutes=15), "PT30M": timedelta(minutes=30), "PT60M": timedelta(hours=1)}
CODES: Final = {
    "SE1": "10Y1001A1001A44P", "SE2": "10Y1001A1001A45N", "SE3": "10Y1001A1001A46L", "SE4": "10Y1001A1001A47J",
    "FI": "10YFI-1--------U", "DK1": "10YDK-1--------W", "DK2": "10YDK-2--------M",
    "NO1": "10YNO-1--------2", "NO2": "10YNO-2--------T", "NO3": "10YNO-3--------J", "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H", "EE": "10Y1001A1001A39I", "LV": "10YLV-1001A00074", "LT": "10YLT-1001A0008Q",
    "NL": "10YNL----------L", "BE": "10YBE----------2", "FR": "10YFR-RTE------C", "AT": "10YAT-APG------L",
    "PL": "10YPL-AREA-----S", "DE_LU": "10Y1001A1001A82H",
}  # fmt: skip
"""The zones by the names that people use, with their EIC codes."""


class Entsoe:
    """Asks for one day at a time."""

    name: ClassVar[str] = "entsoe"

    def __init__(self, token: str, url: str = "") -> None:
        self._token = token
        self._url = (url or URL).rstrip("/")

    async def day(self, area: str, currency: str, day: date) -> Sequence[SpotPrice]:
        """Return one day's prices. Raises `NotPublished`, `NoPrices`."""
        if area not in CODES or currency != "EUR":
            raise NoPrices(f"it has no prices for {area} in {currency}")
        try:
            fetched = await outgoing.fetch("GET", f"{self._url}/api?{self._query(area, day)}", bytes_max=BYTES_MAX)
        except (outgoing.NotAllowed, outgoing.NoAnswer) as error:
            raise NoPrices(str(error).replace(self._token, "…")) from None
        if fetched.status != 200:
            raise NoPrices(f"it answered {fetched.status}")
        return checked(said(area, fetched.body, day), day)

    def _query(self, area: str, day: date) -> str:
        start, end = day_of(day)
        return urlencode(
            {
                "securityToken": self._token,
                "documentType": "A44",
                "in_Domain": CODES[area],
                "out_Domain": CODES[area],
                "periodStart": f"{start:%Y%m%d%H%M}",
                "periodEnd": f"{end:%Y%m%d%H%M}",
            }
        )


def day_of(day: date) -> tuple[datetime, datetime]:
    """Return when a day of the exchange begins and ends, in UTC."""
    after = day + timedelta(days=1)
    start, end = (datetime(each.year, each.month, each.day, tzinfo=EXCHANGE_ZONE) for each in (day, after))
    return start.astimezone(UTC), end.astimezone(UTC)


def said(area: str, body: bytes, day: date) -> list[SpotPrice]:
    """Return the prices of `day` in an answer, the finest that it has. Raises `NotPublished`, `NoPrices`."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise NoPrices("its answer holds what no answer has")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - entities are refused above, the size is bounded
        if root.tag.endswith("Acknowledgement_MarketDocument"):
            raise NotPublished("it has no matching data")
        start, end = day_of(day)
        by_length: dict[timedelta, list[SpotPrice]] = {}
        for period in root.iterfind(".//{*}TimeSeries/{*}Period"):
            found = _period(area, period)
            inside = [each for each in found if start <= each.starts_at < end]
            if inside:
                by_length.setdefault(inside[0].ends_at - inside[0].starts_at, []).extend(inside)
    except (ElementTree.ParseError, InvalidOperation, ValueError, KeyError, TypeError) as error:
        raise NoPrices("its answer cannot be read") from error
    if not by_length:
        raise NotPublished("it has no matching data")
    return by_length[min(by_length)]


def _period(area: str, period: ElementTree.Element) -> list[SpotPrice]:
    def text(path: str, within: ElementTree.Element) -> str:
        return (within.findtext(path) or "").strip()

    length = RESOLUTIONS[text("{*}resolution", period)]
    start = datetime.fromisoformat(text("{*}timeInterval/{*}start", period)).astimezone(UTC)
    end = datetime.fromisoformat(text("{*}timeInterval/{*}end", period)).astimezone(UTC)
    points = {
        int(text("{*}position", point)): Decimal(text("{*}price.amount", point)) / KWH_PER_MWH
        for point in period.iterfind("{*}Point")
    }
    count = min((end - start) // length, 10 * PERIODS_MAX)
    found: list[SpotPrice] = []
    for position in range(1, count + 1):
        price = points.get(position, found[-1].price if found else None)
        if price is None:
            raise ValueError("the first point is missing")
        found.append(SpotPrice(area, start + length * (position - 1), start + length * position, price))
    return found
