"""Incidents on a real database: findings raised by hand, looked at as time passes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from laddverk.diagnostics import findings
from laddverk.diagnostics.incidents import queries, service
from laddverk.diagnostics.incidents.model import Decision
from laddverk.diagnostics.incidents.queries import IncidentFilter, IncidentRow
from laddverk.diagnostics.model import Evidence, Family, Severity, Signal, Turn
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from tests.network import Network

EVERYTHING = IncidentFilter(state="all")


async def raised(
    network: Network,
    station_id: StationId,
    now: datetime,
    detector: str = "D01",
    family: Family = Family.CONNECTIVITY,
    severity: Severity = Severity.DOWN,
    evse: int = 0,
    since: datetime | None = None,
) -> None:
    """Let a detector raise a finding."""
    signal = Signal(
        detector=detector, evse_number=evse, turn=Turn.RAISED, at=now, since=since, family=family, severity=severity,
        evidence=(Evidence(text="No frame for %(lasted_s)s", values={"lasted_s": 900}),), confidence=0.9,
    )  # fmt: skip
    async with network.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], station_id, now)


async def cleared(network: Network, station_id: StationId, now: datetime, detector: str = "D01", evse: int = 0) -> None:
    """Let a detector change its mind."""
    signal = Signal(detector=detector, evse_number=evse, turn=Turn.CLEARED, at=now)
    async with network.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], station_id, now)


async def look(network: Network, now: datetime) -> Decision:
    """Decide about incidents."""
    async with network.house.database.transaction() as tx:
        return await service.attend(tx, now, network.house.hints)


async def listed(network: Network, state: str = "open", sites: frozenset[object] | None = None) -> list[IncidentRow]:
    """Return the inbox."""
    async with network.house.database.transaction() as tx:
        return await queries.open_incidents(tx, sites, IncidentFilter(state=state))  # type: ignore[arg-type]


async def one_incident(network: Network, now: datetime, identity: str = "CP-1") -> IncidentRow:
    """Return the only incident: a charger that has been silent for twenty minutes."""
    station_id = network.station_ids.get(identity) or await network.add_station(identity)
    await raised(network, station_id, now, since=now - timedelta(minutes=20))
    await look(network, now)
    (row,) = await listed(network)
    return row


@asynccontextmanager
async def working(network: Network) -> AsyncIterator[Transaction]:
    """Yield a transaction of somebody who works."""
    async with network.house.database.transaction() as tx:
        yield tx
