"""The API's changes of prices: what will change at a charger, the versions of a tariff, and an earlier one again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, TariffId, parsed
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as station_queries
from laddverk.tariffs import queries
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.coming import coming
from laddverk.tariffs.model import Tariff, Wish
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking

VERSION_MAX: Final = 100_000


class NextPrices(Struct, frozen=True, kw_only=True):
    """From when other prices apply, and which; `tariff` is null where none applies any more."""

    at: datetime
    label: str
    tariff: Tariff | None


class Version(Struct, frozen=True, kw_only=True):
    """One version of a tariff."""

    number: int
    tariff: Tariff
    created_at: datetime
    created_by: str


class Restored(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which version shall apply again, and why."""

    version: int
    reason: str = ""


@get("/stations/{station:str}/tariffs/coming", opt=needs(Permission.TARIFFS_READ))
async def coming_prices(
    asked: Asking,
    station: FromPath[str],
    evse_number: FromQuery[int] = 0,
    connector_number: FromQuery[int] = 0,
    driver_group: FromQuery[str] = "",
) -> list[NextPrices]:
    """Say from when other prices apply at a station, in the next sixty days: one change, or none is known."""
    station_id = StationId(parsed("sta", station))
    if not (0 <= evse_number < 1000 and 0 <= connector_number < 1000):
        raise Invalid("This must be a number.", field="evse_number")
    async with asked.transaction() as tx:
        row = await station_queries.station(tx, asked.actor.site_ids, station_id)
        if row is None:
            raise NotFound("There is no such station.")
        wish = Wish(station_id, driver_group[:40], evse_number, connector_number)
        change = await coming(tx, wish, asked.now, asked.house.settings.timezone)
    return [NextPrices(at=change.at, label=change.label, tariff=change.after)] if change else []


@get("/tariffs/{tariff:str}/versions", opt=needs(Permission.TARIFFS_READ))
async def tariff_versions(asked: Asking, tariff: FromPath[str]) -> list[Version]:
    """List the versions of a tariff, the newest first."""
    async with asked.transaction() as tx:
        tariff_id = await _seen(tx, asked, tariff)
        rows = await queries.versions(tx, tariff_id)
    return [
        Version(number=row.number, tariff=row.body, created_at=row.created_at, created_by=row.created_by)
        for row in rows
    ]


@post("/tariffs/{tariff:str}/restore", opt=needs(Permission.TARIFFS_WRITE))
async def restore_version(asked: Asking, tariff: FromPath[str], data: JSONBody[Restored]) -> Version:
    """Let an earlier version of a tariff apply again, as a new version, to sessions that start from then on."""
    if not 0 < data.version < VERSION_MAX:
        raise Invalid("This must be a number.", field="version")
    async with asked.transaction() as tx:
        tariff_id = await _seen(tx, asked, tariff)
        made = await tariffs.restore(tx, asked.actor, tariff_id, data.version, asked.now, data.reason[:200])
    return Version(number=made.number, tariff=made.body, created_at=made.created_at, created_by=asked.actor.name)


async def _seen(tx: Transaction, asked: Asked, text: str) -> TariffId:
    tariff_id = TariffId(parsed("tar", text))
    if await queries.tariff(tx, asked.actor.site_ids, tariff_id) is None:
        raise NotFound("There is no such tariff.")
    return tariff_id


HANDLERS: Final = [coming_prices, tariff_versions, restore_version]
