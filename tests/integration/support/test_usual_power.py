"""What an outlet usually gives: of its newest charges, once there are enough to call it usual."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from laddverk.platform.database import Database, Transaction
from laddverk.support.situations.gathering import HABIT_SESSIONS_MAX, HABIT_SESSIONS_MIN, Subject, facts_of
from tests.integration.support import field

FAST_WH, SLOW_WH = 20_000, 4_000  # in an hour


async def charges(tx: Transaction, station: UUID, count: int, energy_wh: int, days_ago: int) -> None:
    """Keep charges of an hour, one after the other."""
    first = field.NOW - timedelta(days=days_ago)
    for number in range(count):
        began = first + timedelta(hours=2 * number)
        await field.session(tx, station, None, began, began + timedelta(hours=1), energy_wh)


@pytest.mark.parametrize(
    ("older", "newer", "usual_power_w"),
    [
        (0, HABIT_SESSIONS_MIN - 1, None),  # no habit yet
        (0, HABIT_SESSIONS_MIN, SLOW_WH),
        (3 * HABIT_SESSIONS_MAX, HABIT_SESSIONS_MAX, SLOW_WH),  # a fuse was changed: what it gave before says nothing
    ],
)
async def test_what_an_outlet_usually_gives_is_of_its_newest_charges(
    database: Database, older: int, newer: int, usual_power_w: int | None
) -> None:
    async with database.transaction() as tx:
        station = await field.outlet(tx, "SLW-1")
        await charges(tx, station, older, FAST_WH, 50)
        await charges(tx, station, newer, SLOW_WH, 10)
        running = await field.session(tx, station, None, field.NOW - timedelta(minutes=20), None, 500)
        facts = await facts_of(tx, Subject(station_id=station, evse_number=1, session_id=running), field.NOW)
    assert facts.session is not None
    assert facts.session.usual_power_w == usual_power_w
