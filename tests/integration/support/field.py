"""A small field for tests of support: drivers, outlets, charges and wishes to charge, as rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from laddverk.platform.database import Transaction

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def driver(tx: Transaction, email: str, phone: str = "", name: str = "Anna") -> UUID:
    """Keep a driver."""
    made = uuid4()
    await tx.execute(
        "INSERT INTO driver (id, email, name, phone, created_at) VALUES ($1, $2, $3, $4, $5)",
        made, email, name, phone, NOW - timedelta(days=90),
    )  # fmt: skip
    return made


async def outlet(tx: Transaction, code: str) -> UUID:
    """Keep a charger with one outlet, at a site of its own; its id."""
    site, station = uuid4(), uuid4()
    await tx.execute(
        "INSERT INTO site (id, name, code, created_at) VALUES ($1, $2, $3, $4)",
        site,
        code,
        code[:3] + str(site.int)[:4],
        NOW,
    )
    await tx.execute(
        "INSERT INTO station (id, site_id, identity, name, registered_at) VALUES ($1, $2, $3, $3, $4)",
        station, site, code, NOW - timedelta(days=30),
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, status)"
        " VALUES ($1, 1, 1, $2, $2, 'available')",
        station, code,
    )  # fmt: skip
    return station


async def session(
    tx: Transaction, station_id: UUID, driver_id: UUID | None, started: datetime, ended: datetime | None,
    energy_wh: int = 0, payment_id: UUID | None = None,
) -> UUID:  # fmt: skip
    """Keep a charge."""
    made = uuid4()
    await tx.execute(
        "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at, ended_at,"
        " received_at, energy_wh, payment_id) VALUES ($1, $2, 1, $3, $4, $5, $6, $5, $7, $8)",
        made, station_id, str(made), driver_id, started, ended, energy_wh, payment_id,
    )  # fmt: skip
    return made


async def start(tx: Transaction, station_id: UUID, driver_id: UUID | None, at: datetime) -> UUID:
    """Keep a wish to charge that came to nothing."""
    made = uuid4()
    await tx.execute(
        "INSERT INTO start_request (id, station_id, evse_number, driver_id, token_uid, created_at, expires_at,"
        " cancelled_at, cancelled_why) VALUES ($1, $2, 1, $3, $4, $5, $6, $6, 'timed_out')",
        made, station_id, driver_id, made.hex[:20].upper(), at, at + timedelta(minutes=3),
    )  # fmt: skip
    return made
