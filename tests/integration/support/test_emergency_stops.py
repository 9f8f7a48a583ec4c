"""An emergency stop is out again when its own place has said so since, and nothing else was said beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from laddverk.platform.database import Database, Transaction
from laddverk.support.agent import store as deeds
from laddverk.support.situations import choosing, nearby
from laddverk.support.situations.gathering import Subject, facts_of
from tests.integration.support import field

PRESSED = field.NOW - timedelta(minutes=5)
BEFORE, SINCE = PRESSED - timedelta(minutes=1), PRESSED + timedelta(minutes=1)
STOP = '[{"text": "x", "values": {"name": "EmergencyStop"}}]'
EARTH_AND_STOP = (
    '[{"text": "x", "values": {"name": "GroundFailure"}}, {"text": "x", "values": {"name": "EmergencyStop"}}]'
)
FOUND = """
INSERT INTO finding (id, station_id, evse_number, detector, family, severity, since, raised_at, last_at, changed_at,
                     evidence)
VALUES ($1, $2, $3, 'D06', 'ground_fault', 0, $4, $4, $4, $4, $5::text::jsonb)
"""
CONNECTOR = "UPDATE connector SET status = $2, status_since = $3 WHERE station_id = $1"
STATION = "UPDATE station SET status = $2, status_since = $3 WHERE id = $1"


async def found(tx: Transaction, station: UUID, evse: int, evidence: str) -> None:
    await tx.execute(FOUND, uuid4(), station, evse, PRESSED, evidence)


async def seen(tx: Transaction, station: UUID) -> tuple[str, bool]:
    """What is told at the outlet, and whether agents may ask nothing of its charger."""
    facts = await facts_of(tx, Subject(station_id=station, evse_number=1), field.NOW)
    going_on = await deeds.going_on(tx, station, 1, field.NOW, None, [])
    assert going_on is not None
    return choosing.told(facts).situation.key, going_on.is_dangerous


PRESSED_STILL, OUT, DANGER = ("emergency-stop", True), ("emergency-stop-let-go", False), ("safety", True)


@pytest.mark.parametrize(
    ("evse", "evidence", "connector", "station", "told"),
    [
        (1, STOP, ("available", SINCE), ("unknown", None), OUT),
        (1, STOP, ("charging", SINCE), ("unknown", None), OUT),
        (1, STOP, ("available", BEFORE), ("unknown", None), PRESSED_STILL),  # an event, and no status
        (1, STOP, ("occupied", SINCE), ("unknown", None), PRESSED_STILL),
        (0, STOP, ("available", SINCE), ("faulted", PRESSED), PRESSED_STILL),  # said of the whole charger
        (0, STOP, ("available", SINCE), ("available", BEFORE), PRESSED_STILL),
        (0, STOP, ("available", BEFORE), ("available", SINCE), OUT),
        (0, STOP, ("available", SINCE), ("unknown", None), PRESSED_STILL),
        (1, EARTH_AND_STOP, ("available", SINCE), ("unknown", None), DANGER),  # the stop is out, the earth fault is not
        (1, "[]", ("available", SINCE), ("unknown", None), DANGER),
    ],
)
async def test_it_is_out_when_its_own_place_can_be_used_since(
    database: Database,
    evse: int,
    evidence: str,
    connector: tuple[str, datetime],
    station: tuple[str, datetime | None],
    told: tuple[str, bool],
) -> None:
    async with database.transaction() as tx:
        here = await field.outlet(tx, "AAA-1")
        await tx.execute("UPDATE station SET connected_at = registered_at")
        await tx.execute(CONNECTOR, here, *connector)
        await tx.execute(STATION, here, *station)
        await found(tx, here, evse, evidence)
        assert await seen(tx, here) == told


async def test_what_is_found_at_a_place_that_we_do_not_know_of_is_dangerous(database: Database) -> None:
    async with database.transaction() as tx:
        here = await field.outlet(tx, "AAA-1")
        await tx.execute(CONNECTOR, here, "available", SINCE)
        await found(tx, here, 7, STOP)
        assert (await seen(tx, here))[1]


async def test_nobody_is_sent_to_an_outlet_that_may_be_dangerous_though_it_says_that_it_is_free(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        here, near = await field.outlet(tx, "AAA-1"), await field.outlet(tx, "BBB-1")
        await tx.execute("UPDATE station SET connected_at = registered_at")
        await tx.execute("UPDATE site SET latitude = 57.7, longitude = 11.97")
        assert [each.code for each in await nearby.nearest(tx, here, 1)] == ["BBB-1"]
        await found(tx, near, 2, STOP)
        assert [each.code for each in await nearby.nearest(tx, here, 1)] == ["BBB-1"], "another outlet"
        await found(tx, near, 1, EARTH_AND_STOP)
        assert await nearby.nearest(tx, here, 1) == []
        await tx.execute("UPDATE finding SET evse_number = 0 WHERE evse_number = 1")
        assert await nearby.nearest(tx, here, 1) == []
        await tx.execute("UPDATE finding SET cleared_at = last_at")
        assert [each.code for each in await nearby.nearest(tx, here, 1)] == ["BBB-1"]
