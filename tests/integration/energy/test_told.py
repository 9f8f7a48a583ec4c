"""What cars tell through a charger whose clock is years off is kept with times that can be."""

from __future__ import annotations

from datetime import UTC, datetime

from laddverk.energy import service as energy
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Period, Schedule
from laddverk.platform.database import Database
from tests.integration.money_world import World

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
YEARS_AGO = datetime(1970, 1, 1, tzinfo=UTC)


async def test_plans_and_departures_of_a_clock_that_is_years_off(database: Database) -> None:
    async with database.transaction() as tx:
        about = {"station_id": (await World.built(tx)).station, "at": NOW, "received_at": NOW, "evse_number": 1}
        plan = facts.EvScheduleReported(**about, starts_at=YEARS_AGO, schedule=Schedule(periods=(Period(limit=16.0),)))
        await energy.record_plans(tx, [plan])
        await energy.record_needs(tx, [facts.NeedsReported(**about, transfer="DC", departure_at=YEARS_AGO, detail={})])
        assert await tx.value("SELECT starts_at FROM ev_plan") == NOW
        assert await tx.values("SELECT departure_at FROM ev_need") == [None]
