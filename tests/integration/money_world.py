"""A small network for tests of money: a site, a charger, drivers and priced sessions, written straight into tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from laddverk.kernel.ids import DriverId, SessionId, StationId, new_id
from laddverk.kernel.money import VatTotal, vat_within
from laddverk.platform.database import Transaction

ENDED = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)


@dataclass
class World:
    """One station on one site."""

    station: StationId
    numbers: Any = field(default_factory=lambda: count(1))

    @classmethod
    async def built(cls, tx: Transaction) -> World:
        site, station = new_id(), StationId(new_id())
        await tx.execute(
            "INSERT INTO site (id, name, code, created_at) VALUES ($1, 'Hamngatan 3', 'HAM', $2)", site, ENDED
        )
        await tx.execute(
            "INSERT INTO station (id, site_id, identity, name, registered_at) VALUES ($1, $2, 'x1', 'Plats 2', $3)",
            station,
            site,
            ENDED,
        )
        await tx.execute(
            "INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id)"
            " VALUES ($1, 1, 1, 'HAM-002-1', 'SE*LAD*E1')",
            station,
        )
        return cls(station)

    async def driver(self, tx: Transaction, email: str, *, name: str = "Ada Öberg", language: str = "sv") -> DriverId:
        driver = DriverId(new_id())
        await tx.execute(
            "INSERT INTO driver (id, email, name, address, language, created_at)"
            " VALUES ($1, $2, $3, 'Storgatan 1, 411 01 Göteborg', $4, $5)",
            driver,
            email,
            name,
            language,
            ENDED,
        )
        return driver

    async def session(
        self,
        tx: Transaction,
        driver: DriverId | None,
        *,
        price_minor: int | None,
        energy_wh: int = 10_000,
        settlement: str = "invoice",
        ended_at: datetime = ENDED,
        vat_percent: Decimal = Decimal(25),
        payment_id: UUID | None = None,
        price_lines: list[dict[str, Any]] | None = None,
        vat: Sequence[VatTotal] = (),
    ) -> SessionId:
        """A session that cost `price_minor` at `vat_percent`, or `vat` at several rates."""
        session = SessionId(new_id())
        vat_minor = None if price_minor is None else vat_within(price_minor, vat_percent)
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, settlement, started_at,"
            " ended_at, received_at, energy_wh, price_minor, vat_minor, vat_percent, currency, payment_id, price_lines,"
            " vat) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, 'SEK', $12, $13, $14)",
            session,
            self.station,
            str(next(self.numbers)),
            driver,
            settlement,
            ended_at - timedelta(hours=2, minutes=12),
            ended_at,
            energy_wh,
            price_minor,
            sum(part.vat_minor for part in vat) if vat else vat_minor,
            vat_percent,
            payment_id,
            price_lines or [],
            vat or None,
        )
        return session

    async def start(self, tx: Transaction, *, driver: DriverId | None = None) -> UUID:
        """A wish to charge that waits for its payment."""
        start = new_id()
        await tx.execute(
            "INSERT INTO start_request (id, station_id, evse_number, driver_id, token_uid, created_at, expires_at)"
            " VALUES ($1, $2, 1, $3, $4, now(), now() + interval '5 minutes')",
            start,
            self.station,
            driver,
            start.hex[:20].upper(),
        )
        return start
