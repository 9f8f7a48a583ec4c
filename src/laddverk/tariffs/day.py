"""A day of a tariff: what a kilowatt-hour costs at each quarter of an hour, for a picture of it. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.tariffs.curve import EPOCH, micros
from laddverk.tariffs.model import Dimension, Tariff
from laddverk.tariffs.rules import SpotMissing, Spots, preview

QUARTER_US = 15 * 60 * 1_000_000
WH = 100  # enough for one quarter and too little to reach another price


class Quarter(Struct, frozen=True):
    """One quarter of an hour: what a kWh costs with VAT, and a minute of idling."""

    starts_at: datetime
    per_kwh: Decimal | None
    """None where the exchange's price is not known."""


def quarters(tariff: Tariff, day: date, timezone: str, power_w: int, spots: Spots) -> list[Quarter]:
    """Return the price of a kWh for each quarter of a local day, of which there are 92, 96 or 100.

    A charge is thought to begin in each, at `power_w`; free energy and the limits of whole sessions are left out.
    """
    zone = ZoneInfo(timezone)
    start, end = (
        micros(datetime(each.year, each.month, each.day, tzinfo=zone)) for each in (day, day + timedelta(days=1))
    )
    plain = replace(tariff, free_wh=0, min_price=None, max_price=None)
    return [
        Quarter(at, _per_kwh(plain, at, timezone, power_w, spots))
        for at in (EPOCH + timedelta(microseconds=at_us) for at_us in range(start, end, QUARTER_US))
    ]


def _per_kwh(tariff: Tariff, at: datetime, timezone: str, power_w: int, spots: Spots) -> Decimal | None:
    try:
        priced = preview(
            tariff, started_at=at, power_w=power_w, energy_wh=WH, idle=timedelta(), timezone=timezone, spots=spots
        )
    except SpotMissing:
        return None
    return next((line.unit_price for line in priced.lines if line.dimension is Dimension.ENERGY), Decimal(0))
