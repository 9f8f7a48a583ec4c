"""Sites, stations and connectors, as staff register and change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, StationId, new_id, public_code
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.platform.uniqueness import told_apart
from laddverk.stations import keys, rules
from laddverk.stations.model import NewConnector, NewStation, NewStationKey, SiteDetails, StationDetails
from laddverk.stations.service import checks, hashing
from laddverk.stations.service.commanding import cancel_queued
from laddverk.stations.store import connections
from laddverk.stations.store import registry as store
from laddverk.stations.store.registry import CodedConnector, StationRow
from laddverk.stations.store.timeline import Place

PUBLIC_PREFIX: Final = "SE*LAD*E"  # eMI3: country, operator, E for EVSE
PUBLIC_LENGTH: Final = 8  # 32^8 codes: two stations never meet, and nobody can count them through
FOUND_CONNECTORS_MAX: Final = 64  # of one station; what reports more is broken or hostile

SITE_TAKEN: Final = {
    "site_name_key": ("name", marked("There already is a site with this name.")),
    "site_code_key": ("code", marked("There already is a site with this code.")),
}
STATION_TAKEN: Final = {
    "station_identity_key": ("identity", marked("There already is a station with this identity.")),
}


# Sites


async def create_site(tx: Transaction, actor: Actor, site: SiteDetails, now: datetime) -> SiteId:
    """Add a site and return its id. Needs stations:write at all sites. Raises `Invalid`, or `Conflict` when taken."""
    _require_everywhere(actor)
    site = checks.checked_site(site)
    site_id = SiteId(new_id())
    async with told_apart(tx, SITE_TAKEN):
        await store.insert_site(tx, site_id, site, now)
    await audit.write(tx, actor, "site.created", "site", site_id, at=now, detail=_plain(site))
    return site_id


async def update_site(tx: Transaction, actor: Actor, site_id: SiteId, site: SiteDetails, now: datetime) -> None:
    """Change a site. Codes on stickers that exist already stay as they are."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    site = checks.checked_site(site)
    async with told_apart(tx, SITE_TAKEN):
        if not await store.update_site(tx, site_id, site):
            raise NotFound("There is no such site.", field="site_id")
    await audit.write(tx, actor, "site.changed", "site", site_id, at=now, detail=_plain(site))


async def retire_site(tx: Transaction, actor: Actor, site_id: SiteId, now: datetime, *, reason: str = "") -> None:
    """Take a site out of use. Raises `Conflict` while stations are in service there."""
    _require_everywhere(actor)
    if site_id not in await store.lock_sites(tx, [site_id]):
        raise NotFound("There is no such site.", field="site_id")
    if not await store.retire_site(tx, site_id, now):
        raise Conflict(
            "The site is retired already, or stations still stand there.", remedy="Move or retire its stations first."
        )
    await audit.write(tx, actor, "site.retired", "site", site_id, at=now, reason=reason)


def _require_everywhere(actor: Actor) -> None:
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotFound("There is no such site.", field="site_id")


# Stations


async def create_station(tx: Transaction, actor: Actor, new: NewStation, now: datetime, pepper: bytes) -> NewStationKey:
    """Register one station; see `create_stations`."""
    return (await create_stations(tx, actor, [new], now, pepper))[0]


async def create_stations(
    tx: Transaction, actor: Actor, new: Sequence[NewStation], now: datetime, pepper: bytes
) -> list[NewStationKey]:
    """Register stations with their connectors and return their keys, aligned with `new`: shown now and never again.

    `pepper` is `secrets.charger_pepper`. Connectors get their sticker codes and public EVSE ids here. Those who
    knocked under these identities are taken off that list. Raises `Invalid`, `NotFound`, or `Conflict` for an
    identity that is taken.
    """
    actor.require(Permission.STATIONS_WRITE)
    checked = [checks.checked_station(station) for station in new]
    sites = await _writable_sites(tx, actor, [station.site_id for station in checked])
    stations = [(StationId(new_id()), station) for station in checked]
    given = [_key_of(station) for station in checked]
    stored = [await hashing.stored(pepper, key) for key in given]
    async with told_apart(tx, STATION_TAKEN):
        await store.insert_stations(tx, stations, stored, now)
    coded: list[CodedConnector] = []
    for site_id, site in sites.items():
        number = rules.free_number(await store.station_numbers(tx, site.code))
        for station_id, station in stations:
            if station.site_id == site_id and station.connectors:
                coded += _coded(station_id, site.code, number, station.connectors)
                number += 1
    await store.insert_connectors(tx, coded, found_by_itself=False)
    await connections.forget_knocks(tx, [station.identity for station in checked])
    for station_id, station in stations:
        detail = {"identity": station.identity, "name": station.name, "site_id": str(station.site_id)}
        await audit.write(tx, actor, "station.registered", "station", station_id, at=now, detail=detail)
    return [NewStationKey(station_id, key) for (station_id, _), key in zip(stations, given, strict=True)]


async def _writable_sites(tx: Transaction, actor: Actor, site_ids: Iterable[SiteId]) -> dict[SiteId, store.SiteRow]:
    wanted = sorted(set(site_ids))
    for site_id in wanted:
        actor.require_site(site_id)
    sites = await store.lock_sites(tx, wanted)
    for site_id in wanted:
        if site_id not in sites:
            raise NotFound("There is no such site.", field="site_id")
        if sites[site_id].retired_at is not None:
            raise Conflict("The site is retired.", field="site_id", remedy="Choose another site.")
    return sites


def _key_of(station: NewStation) -> str:
    if station.key is None:
        return keys.generated_key()
    return station.key.lower() if keys.is_strong(station.key) else station.key


def _coded(
    station_id: StationId, site_code: str, number: int, connectors: Iterable[NewConnector]
) -> list[CodedConnector]:
    return [
        CodedConnector(
            station_id,
            connector,
            rules.connector_code(site_code, number, connector.evse_number, connector.connector_number),
            PUBLIC_PREFIX + public_code(PUBLIC_LENGTH),
        )
        for connector in connectors
    ]


async def update_station(
    tx: Transaction, actor: Actor, station_id: StationId, details: StationDetails, now: datetime, *, reason: str = ""
) -> None:
    """Rename, move or adjust a station. Its stickers keep their codes when it moves."""
    station = await writable_station(tx, actor, station_id)
    await _writable_sites(tx, actor, [details.site_id])
    details = msgspec.structs.replace(details, name=checks.checked_name(details.name))
    checks.check_power(details.power_max_w)
    checks.check_quirks(details.quirks)
    await store.update_station(tx, station_id, details)
    detail = {"before": {"name": station.name, "site_id": str(station.site_id)}, "after": _plain(details)}
    await audit.write(tx, actor, "station.changed", "station", station_id, at=now, reason=reason, detail=detail)


async def retire_station(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> None:
    """Take a station out of the network for good: its key is forgotten and what waits for it expires. History stays."""
    station = await writable_station(tx, actor, station_id)
    if station.retired_at is not None:
        raise Conflict("The station is retired already.")
    await store.retire_station(tx, station_id, now)
    await cancel_queued(tx, station_id, "the station was retired", now)
    await audit.write(tx, actor, "station.retired", "station", station_id, at=now, reason=reason)


async def writable_station(tx: Transaction, actor: Actor, station_id: StationId) -> StationRow:
    """Return a station that `actor` may change, locked. Raises `NotFound` when there is none, or it is not theirs."""
    actor.require(Permission.STATIONS_WRITE)
    station = (await store.lock_stations(tx, [station_id])).get(station_id)
    if station is None or (actor.site_ids is not None and station.site_id not in actor.site_ids):
        raise NotFound("There is no such station.", field="station_id")
    return station


# Connectors


async def add_connector(
    tx: Transaction, actor: Actor, station_id: StationId, connector: NewConnector, now: datetime
) -> str:
    """Add a connector to a station and return the code for its sticker. Raises `Conflict` when it is there already."""
    await writable_station(tx, actor, station_id)
    connector = checks.checked_connector(connector)
    if not await _add(tx, {station_id: [connector]}, found_by_itself=False):
        raise Conflict("The station already has a connector with this number.", field="connector_number")
    await audit.write(tx, actor, "connector.added", "station", station_id, at=now, detail=_plain(connector))
    rows = await store.connectors_of(tx, [station_id])
    wanted = (connector.evse_number, connector.connector_number)
    return next(row.code for row in rows if (row.evse_number, row.connector_number) == wanted)


async def update_connector(
    tx: Transaction, actor: Actor, station_id: StationId, connector: NewConnector, now: datetime
) -> None:
    """Change what is known of a connector: its plug and limits. One that was found by itself becomes a known one."""
    await writable_station(tx, actor, station_id)
    connector = checks.checked_connector(connector)
    if not await store.update_connector(tx, station_id, connector):
        raise NotFound("There is no such connector.", field="connector_number")
    await audit.write(tx, actor, "connector.changed", "station", station_id, at=now, detail=_plain(connector))


async def remove_connector(
    tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, connector_number: int, now: datetime
) -> None:
    """Remove a connector that the charger invented. One that staff entered has a sticker, and stays."""
    await writable_station(tx, actor, station_id)
    if not await store.remove_found_connector(tx, station_id, evse_number, connector_number):
        raise Conflict(
            "Only a connector that the charger reported by itself can be removed.",
            remedy="Retire the station if it is gone.",
        )
    detail = {"evse_number": evse_number, "connector_number": connector_number}
    await audit.write(tx, actor, "connector.removed", "station", station_id, at=now, detail=detail)


async def add_found_connectors(tx: Transaction, places: Sequence[Place]) -> int:
    """Create connectors that chargers spoke of and nobody entered (quirk 67); return how many are new.

    They get codes like others. A station that invents more than `FOUND_CONNECTORS_MAX` gets no more of them.
    """
    wanted: dict[StationId, list[NewConnector]] = {}
    for place in places:
        connector = NewConnector(evse_number=place.evse_number, connector_number=place.connector_number)
        wanted.setdefault(place.station_id, []).append(connector)
    return await _add(tx, wanted, found_by_itself=True)


async def _add(tx: Transaction, wanted: dict[StationId, list[NewConnector]], *, found_by_itself: bool) -> int:
    """Add connectors with codes that continue their station's own; return how many were not there before."""
    stations = await store.lock_stations(tx, sorted(wanted))
    await store.lock_sites(tx, sorted({station.site_id for station in stations.values()}))
    existing: dict[StationId, list[store.ConnectorRow]] = {}
    for row in await store.connectors_of(tx, sorted(stations)):
        existing.setdefault(row.station_id, []).append(row)
    numbers: dict[str, int] = {}
    coded: list[CodedConnector] = []
    for station_id, station in stations.items():
        own = existing.get(station_id, [])
        room = FOUND_CONNECTORS_MAX - len(own) if found_by_itself else len(wanted[station_id])
        site_code, number = _place_on_sticker(own) or (station.site_code, 0)
        if number == 0:
            if site_code not in numbers:
                numbers[site_code] = rules.free_number(await store.station_numbers(tx, site_code))
            number = numbers[site_code]
            numbers[site_code] += 1
        coded += _coded(station_id, site_code, number, wanted[station_id][: max(0, room)])
    return await store.insert_connectors(tx, coded, found_by_itself=found_by_itself) if coded else 0


def _place_on_sticker(own: Sequence[store.ConnectorRow]) -> tuple[str, int] | None:
    """Return the site code and station number on the stickers that a station has already."""
    for row in sorted(own, key=lambda row: row.code):
        parts = row.code.split("-")
        if len(parts) == 3 and parts[1].isdigit():
            return parts[0], int(parts[1])
    return None


def _plain(details: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(details)
    return plain
