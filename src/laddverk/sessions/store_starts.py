"""Start requests in PostgreSQL: wishes to charge, and the sessions they became. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CommandId, DriverId, PaymentId, SessionId, StationId, TariffVersionId, new_id
from laddverk.platform.database import Transaction
from laddverk.sessions.model import LiveSession, StartRequest

REQUEST: Final = """
r.id, r.remote_start_id, r.station_id, r.evse_number, r.connector_number, r.token_uid, r.created_at, r.expires_at,
r.driver_id, r.payment_id, r.tariff_version_id, r.command_id, r.session_id, r.cancelled_at, r.cancelled_why
"""

ASKED_FOR: Final = f"""
-- Start requests that a shown token or a told remoteStartId may answer, with what was agreed with their driver.
SELECT {REQUEST}, coalesce(driver.driver_group, '') AS driver_group, coalesce(driver.settlement, '') AS settlement,
       session.transaction_key
FROM start_request AS r
LEFT JOIN driver ON driver.id = r.driver_id
LEFT JOIN session ON session.id = r.session_id
WHERE r.station_id = ANY($1::uuid[]) AND (r.token_uid = ANY($2::text[]) OR r.remote_start_id = ANY($3::int[]))
"""  # noqa: S608 - REQUEST is the constant above

LOCK_CONNECTOR: Final = """
-- Two payers at one connector wait for each other here; the second then sees the first one's request.
SELECT connector.status, station.connected_at IS NOT NULL AS connected, station.retired_at IS NOT NULL AS retired,
       station.site_id
FROM connector JOIN station ON station.id = connector.station_id
WHERE connector.station_id = $1 AND connector.evse_number = $2 AND connector.connector_number = $3
FOR NO KEY UPDATE OF connector
"""

BUSY: Final = """
-- A session runs there, or the wish of another ($3) was given to the charger or was made after $4 and may yet be paid.
SELECT EXISTS (SELECT FROM start_request WHERE station_id = $1 AND evse_number = $2 AND session_id IS NULL
               AND cancelled_at IS NULL AND id IS DISTINCT FROM $3::uuid
               AND (command_id IS NOT NULL OR created_at > $4::timestamptz))
    OR EXISTS (SELECT FROM session WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NULL)
"""

DRIVER: Final = "SELECT driver_group, starts_held FROM driver WHERE id = $1 AND blocked_at IS NULL"
RUNNING: Final = """
SELECT DISTINCT session.station_id, session.driver_id, session.transaction_key
FROM session JOIN unnest($1::uuid[], $2::uuid[]) AS shown (station_id, driver_id)
     ON shown.station_id = session.station_id AND shown.driver_id = session.driver_id
WHERE session.ended_at IS NULL AND NOT session.doubts @> ARRAY['not_authorised']  -- one that was refused is none
"""

INSERT: Final = """
INSERT INTO start_request (id, station_id, evse_number, connector_number, driver_id, token_uid, payment_id,
                           tariff_version_id, access_hash, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING remote_start_id
"""

LOCK: Final = f"""
SELECT {REQUEST} FROM start_request AS r WHERE r.id = $1 FOR NO KEY UPDATE
"""  # noqa: S608 - as above

LOCK_BY_COMMANDS: Final = f"""
SELECT {REQUEST} FROM start_request AS r
WHERE r.command_id = ANY($1::uuid[]) AND r.session_id IS NULL AND r.cancelled_at IS NULL
ORDER BY r.id FOR NO KEY UPDATE
"""  # noqa: S608 - as above

LOCK_EXPIRED: Final = f"""
SELECT {REQUEST} FROM start_request AS r
WHERE r.session_id IS NULL AND r.cancelled_at IS NULL AND r.expires_at <= $1
ORDER BY r.id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - as above

SET_COST_LIMIT: Final = "UPDATE start_request SET cost_limit_minor = $2 WHERE id = $1"
SET_COMMAND: Final = "UPDATE start_request SET command_id = $2, expires_at = $3 WHERE id = $1"

SET_EXPIRY: Final = "UPDATE start_request SET expires_at = $2 WHERE id = $1"
MOVE: Final = """
UPDATE start_request SET station_id = $2, evse_number = $3, connector_number = $4 WHERE id = $1
"""

CANCEL: Final = """
UPDATE start_request SET cancelled_at = $2, cancelled_why = $3
WHERE id = ANY($1::uuid[]) AND session_id IS NULL AND cancelled_at IS NULL
RETURNING id
"""

LINK: Final = """
UPDATE start_request AS r SET session_id = given.session_id
FROM unnest($1::uuid[], $2::uuid[]) AS given (id, session_id)
WHERE r.id = given.id AND r.session_id IS NULL
"""

SHOWN_TARIFFS: Final = """
SELECT id, tariff_version_id FROM start_request WHERE id = ANY($1::uuid[]) AND tariff_version_id IS NOT NULL
"""

BY_ACCESS: Final = f"""
SELECT {REQUEST} FROM start_request AS r WHERE r.access_hash = $1
"""  # noqa: S608 - as above

LIVE: Final = """
SELECT id, number, station_id, evse_number, connector_number, driver_id, payment_id, settlement, started_at, ended_at,
       charging_ended_at, energy_wh, power_w, soc_percent, charging_state, stop_reason, doubts, price_minor, vat_minor,
       currency, timezone, version
FROM session WHERE id = $1
"""


class Asked(StartRequest, frozen=True, kw_only=True):
    """A start request with what was agreed with its driver, and the session it became."""

    driver_group: str
    settlement: str
    transaction_key: str | None


class Place(Struct, frozen=True):
    """A connector that somebody wants to charge at. Locked."""

    status: str
    connected: bool
    retired: bool
    site_id: UUID


async def asked_for(
    tx: Transaction, stations: Sequence[StationId], uids: Sequence[str], remote_start_ids: Sequence[int]
) -> list[Asked]:
    """Return the start requests at `stations` that these tokens or remoteStartIds may answer."""
    return await tx.fetch(Asked, ASKED_FOR, list(stations), list(uids), list(remote_start_ids))


async def place(tx: Transaction, station_id: StationId, evse_number: int, connector_number: int) -> Place | None:
    """Return a connector, locked until `tx` ends."""
    return await tx.fetch_one(Place, LOCK_CONNECTOR, station_id, evse_number, connector_number)


async def is_busy(
    tx: Transaction, station_id: StationId, evse_number: int, *, but: UUID | None, made_after: datetime | None
) -> bool:
    """Return whether a session runs there, or a wish other than `but` goes first.

    First goes what was given to the charger, and what was made after `made_after` (None: nothing that still waits).
    """
    return bool(await tx.value(BUSY, station_id, evse_number, but, made_after))


class DriverWho(Struct, frozen=True):
    """What a start needs to know of its driver."""

    driver_group: str
    starts_held: str
    """Why no new charge may begin (a key of `access.rules.HELD`); empty when it may."""


class Running(Struct, frozen=True):
    """A charge of a driver that is not over."""

    station_id: StationId
    driver_id: DriverId
    transaction_key: str


async def driver(tx: Transaction, driver_id: DriverId) -> DriverWho | None:
    """Return a driver who is not blocked, or None."""
    return await tx.fetch_one(DriverWho, DRIVER, driver_id)


async def running_of(tx: Transaction, stations: Sequence[StationId], drivers: Sequence[DriverId]) -> list[Running]:
    """Return the charges that run for these drivers at these stations; both lists are aligned."""
    return await tx.fetch(Running, RUNNING, list(stations), list(drivers))


async def insert(
    tx: Transaction,
    *,
    station_id: StationId,
    evse_number: int,
    connector_number: int,
    driver_id: DriverId | None,
    token_uid: str,
    payment_id: PaymentId | None,
    tariff_version_id: TariffVersionId | None,
    access_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> tuple[UUID, int]:
    """Make a start request; return its id and remoteStartId."""
    request_id = new_id()
    remote_start_id: int = await tx.value(
        INSERT,
        request_id,
        station_id,
        evse_number,
        connector_number,
        driver_id,
        token_uid,
        payment_id,
        tariff_version_id,
        access_hash,
        now,
        expires_at,
    )
    return request_id, remote_start_id


async def locked(tx: Transaction, request_id: UUID) -> StartRequest | None:
    """Return a start request, locked."""
    return await tx.fetch_one(StartRequest, LOCK, request_id)


async def locked_by_commands(tx: Transaction, command_ids: Sequence[UUID]) -> list[StartRequest]:
    """Return the open start requests that these commands carry out, locked."""
    return await tx.fetch(StartRequest, LOCK_BY_COMMANDS, list(command_ids))


async def locked_expired(tx: Transaction, now: datetime, limit: int) -> list[StartRequest]:
    """Return open start requests whose time is over, locked."""
    return await tx.fetch(StartRequest, LOCK_EXPIRED, now, limit)


async def set_expiry(tx: Transaction, request_id: UUID, expires_at: datetime) -> None:
    """Keep until when a start request waits."""
    await tx.execute(SET_EXPIRY, request_id, expires_at)


async def move(
    tx: Transaction, request_id: UUID, station_id: StationId, evse_number: int, connector_number: int
) -> None:  # fmt: skip
    """Let a start request be one for another outlet."""
    await tx.execute(MOVE, request_id, station_id, evse_number, connector_number)


async def set_command(tx: Transaction, request_id: UUID, command_id: CommandId, expires_at: datetime) -> None:
    """Write which command carries out a start request, and until when the charger has to start."""
    await tx.execute(SET_COMMAND, request_id, command_id, expires_at)


async def cancel(tx: Transaction, request_ids: Sequence[UUID], now: datetime, why: str) -> list[UUID]:
    """Cancel start requests that are open; return which were."""
    return await tx.values(CANCEL, list(request_ids), now, why) if request_ids else []


async def link(tx: Transaction, pairs: Sequence[tuple[UUID, SessionId]]) -> None:
    """Write which sessions start requests became; one that is linked stays so."""
    if pairs:
        requests, sessions = zip(*pairs, strict=True)
        await tx.execute(LINK, requests, sessions)


async def shown_tariffs(tx: Transaction, request_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the tariff version that each payer was shown, by start request."""
    found = await tx.rows(SHOWN_TARIFFS, list(request_ids)) if request_ids else []
    return {row["id"]: row["tariff_version_id"] for row in found}


async def by_access(tx: Transaction, access_hash: bytes) -> StartRequest | None:
    """Return the start request whose link was given."""
    return await tx.fetch_one(StartRequest, BY_ACCESS, access_hash)


async def live(tx: Transaction, session_id: SessionId) -> LiveSession | None:
    """Return a session as its driver sees it."""
    return await tx.fetch_one(LiveSession, LIVE, session_id)


async def set_cost_limit(tx: Transaction, start_request_id: UUID, cost_limit_minor: int) -> None:
    """Keep the most that a charge may cost: what was reserved for it."""
    await tx.execute(SET_COST_LIMIT, start_request_id, cost_limit_minor)
