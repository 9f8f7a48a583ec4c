"""A small field for tests of stations: a site, a station with two connectors, and the facts that it states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from laddverk.kernel.actors import PERMISSIONS, Actor, Role, rule
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.ocpp import facts
from laddverk.platform.database import Database
from laddverk.stations import service
from laddverk.stations.model import NewConnector, NewStation, NewStationKey, SiteDetails

NOW = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
PEPPER = b"p" * 32
TESTS = rule("tests")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def staff(role: Role, *sites: SiteId) -> Actor:
    return Actor("operator", new_id(), role.value, PERMISSIONS[role], frozenset(sites) if sites else None)


async def with_station(
    database: Database, identity: str = "CP 1", code: str = "GBG", connectors: int = 2
) -> NewStationKey:
    """Return a registered station at a site of its own."""
    async with database.transaction() as tx:
        site_id = await service.create_site(tx, TESTS, SiteDetails(name=f"Plats {code}", code=code), NOW)
        new = NewStation(
            site_id=site_id,
            identity=identity,
            name="Hamngatan 3",
            connectors=tuple(NewConnector(evse_number=number) for number in range(1, connectors + 1)),
        )
        return await service.create_station(tx, TESTS, new, NOW, PEPPER)


def status(
    station_id: StationId, seconds: float, word: str, evse: int = 1, received: float | None = None, **more: Any
) -> facts.StatusReported:
    return facts.StatusReported(
        station_id=station_id,
        at=at(seconds),
        received_at=at(seconds if received is None else received),
        said_at=at(seconds),
        evse_number=evse,
        connector_number=1 if evse else 0,
        status=facts.Status(word),
        **more,
    )


def boot(station_id: StationId, seconds: float, **more: Any) -> facts.Booted:
    return facts.Booted(
        station_id=station_id, at=at(seconds), received_at=at(seconds), **{"vendor": "Acme", "model": "Wall", **more}
    )
