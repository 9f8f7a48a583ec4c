"""A small network to charge in: one site, one station of two EVSEs, one driver with a card, one tariff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, SiteId, StationId, new_id
from laddverk.ocpp.facts import EnergySampled, Fact, Sample, SessionEnded, SessionStarted, SessionUpdated
from laddverk.platform.database import Database, Transaction
from laddverk.sessions import service as sessions
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
CARD = "04A1B2C3"
PER_KWH = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.00")),))
RULE = rule("test")


class World(Struct, frozen=True):
    """What stands there."""

    site_id: SiteId
    station_id: StationId
    driver_id: DriverId


async def built(database: Database, tariff: Tariff | None = PER_KWH) -> World:
    """Make the network, with `tariff` for all of it."""
    world = World(SiteId(new_id()), StationId(new_id()), DriverId(new_id()))
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO site (id, name, code, created_at) VALUES ($1, $2, $3, $4)",
            world.site_id, f"Site {world.site_id}", "S" + world.site_id.hex[-7:].upper(), START,
        )  # fmt: skip
        await station(tx, world.site_id, world.station_id)
        await tx.execute(
            "INSERT INTO driver (id, email, name, created_at) VALUES ($1, $2, 'Eva', $3)",
            world.driver_id, f"{world.driver_id}@example.com", START,
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO token (id, driver_id, uid, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (uid) DO NOTHING",
            new_id(), world.driver_id, CARD, START,
        )  # fmt: skip
        if tariff is not None:
            version = await tariffs.create(tx, RULE, f"Tariff {world.site_id}", tariff, START - timedelta(days=1))
            await tariffs.choose(tx, RULE, version.tariff_id, START, site_id=world.site_id)
    return world


async def station(tx: Transaction, site_id: SiteId, station_id: StationId) -> StationId:
    """Make a station of two EVSEs of 11 kW, connected and free."""
    await tx.execute(
        "INSERT INTO station (id, site_id, identity, name, power_max_w, registered_at, connected_at)"
        " VALUES ($1, $2, $3, 'One', 11000, $4, $4)",
        station_id, site_id, station_id.hex, START,
    )  # fmt: skip
    for evse in (1, 2):
        await tx.execute(
            "INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, power_max_w,"
            " status) VALUES ($1, $2, 1, $3, $3, 11000, 'available')",
            station_id, evse, f"{station_id.hex}-{evse}",
        )  # fmt: skip
    return station_id


def at(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def times(minutes: float) -> dict[str, Any]:
    """The three times of a fact that was told as it happened."""
    return {"at": at(minutes), "said_at": at(minutes), "received_at": at(minutes)}


def started(world: World, key: str = "tx-1", minutes: float = 0, **more: Any) -> SessionStarted:
    """A start by the driver's card at EVSE 1."""
    given: dict[str, Any] = {"token_uid": CARD, "evse_number": 1, "connector_number": 1, "content_key": "0"}
    return SessionStarted(station_id=world.station_id, transaction_key=key, **times(minutes), **(given | more))


def updated(world: World, key: str = "tx-1", minutes: float = 10, **more: Any) -> SessionUpdated:
    """An update."""
    given: dict[str, Any] = {"evse_number": 1, "content_key": f"u{minutes}"}
    return SessionUpdated(station_id=world.station_id, transaction_key=key, **times(minutes), **(given | more))


def sampled(
    world: World, energy_wh: int | None, key: str | None = "tx-1", minutes: float = 10, **more: Any
) -> EnergySampled:
    """A reading of the register."""
    values = {name: more.pop(name) for name in list(more) if name in Sample.__struct_fields__}
    given: dict[str, Any] = {"evse_number": 1, "content_key": f"s{minutes}"}
    return EnergySampled(
        station_id=world.station_id,
        transaction_key=key,
        sample=Sample(energy_wh=energy_wh, **values),
        **times(minutes),
        **(given | more),
    )


def ended(world: World, key: str | None = "tx-1", minutes: float = 60, **more: Any) -> SessionEnded:
    """An end at the charger."""
    given: dict[str, Any] = {"content_key": "99"}
    return SessionEnded(station_id=world.station_id, transaction_key=key, **times(minutes), **(given | more))


RECORDERS = (
    (SessionStarted, sessions.record_starts),
    (SessionUpdated, sessions.record_updates),
    (EnergySampled, sessions.record_samples),
    (SessionEnded, sessions.record_ends),
)


async def record(database: Database, facts: Sequence[Fact]) -> list[Any]:
    """Record one window of facts as the gateway does, and return all answers in the order of the recorders."""
    answers: list[Any] = []
    async with database.transaction() as tx:
        for kind, recorder in RECORDERS:
            its = [fact for fact in facts if isinstance(fact, kind)]
            if its:
                answers += await recorder(tx, its) or []  # type: ignore[operator]
    return answers


async def rows(
    database: Database, sql: str = "SELECT * FROM session ORDER BY started_at", *args: object
) -> list[dict[str, Any]]:
    """Return rows as dictionaries."""
    async with database.transaction() as tx:
        return [dict(row) for row in await tx.rows(sql, *args)]


async def row(database: Database, station_id: UUID | None = None) -> dict[str, Any]:
    """Return the one session there is (of a station)."""
    (only,) = await rows(database, "SELECT * FROM session WHERE $1::uuid IS NULL OR station_id = $1", station_id)
    return only
