"""The API's prices of the electricity exchange: what is known, and a day of them that a program sends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid
from laddverk.tariffs import spot
from laddverk.tariffs.model import SpotPrice
from laddverk.tariffs.providers.port import PERIODS_MAX
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asking

SHOWN_FOR: Final = timedelta(days=3)

Instant = Annotated[datetime, Meta(tz=True)]
Zone = Annotated[str, Meta(min_length=1, max_length=20)]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]


class PriceShape(Struct, frozen=True, forbid_unknown_fields=True):
    """What a kWh costs for a quarter, half or whole hour: major units, without VAT; may be below 0."""

    starts_at: Instant
    ends_at: Instant
    price: Decimal


class DayOfPrices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All prices of one day of the exchange (midnight to midnight in central Europe), without holes."""

    area: Zone
    currency: Currency
    day: date
    prices: Annotated[list[PriceShape], Meta(max_length=PERIODS_MAX)]


class Kept(Struct, frozen=True):
    """How many prices were new or changed. One that has begun is never changed."""

    new: int


class Prices(Struct, frozen=True):
    """What is known of a zone from an instant on, for three days."""

    area: str
    currency: str
    prices: list[PriceShape]


@post("/spot-prices", opt=needs(Permission.TARIFFS_WRITE), status_code=200)
async def push_prices(asked: Asking, data: JSONBody[DayOfPrices]) -> Kept:
    """Send a day's prices of a zone, instead of a source that is asked or beside it."""
    prices = [SpotPrice(data.area, each.starts_at, each.ends_at, each.price) for each in data.prices]
    async with asked.transaction() as tx:
        return Kept(await spot.push(tx, asked.actor, data.area, data.currency, data.day, prices, asked.now))


@get("/spot-prices", opt=needs(Permission.TARIFFS_READ))
async def show_prices(
    asked: Asking, area: FromQuery[Zone] = "SE3", currency: FromQuery[Currency] = "SEK", since: FromQuery[str] = ""
) -> Prices:
    """Show what is known of a zone's prices. `since` is an instant with its time zone; without it, now."""
    try:
        begins_at = datetime.fromisoformat(since) if since else asked.now
    except ValueError as error:
        raise Invalid("This is no instant.", field="since") from error
    if begins_at.tzinfo is None:
        raise Invalid("This has no time zone.", field="since")
    async with asked.transaction() as tx:
        known = await spot.prices_of(tx, [area], currency, begins_at, begins_at + SHOWN_FOR)
    return Prices(area, currency, [PriceShape(each.starts_at, each.ends_at, each.price) for each in known])


HANDLERS: Final = [push_prices, show_prices]
