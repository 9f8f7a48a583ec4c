"""Lets the detectors hear the invented past at its own pace: what they find then, they would have found at the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.incidents import service as incidents
from laddverk.diagnostics.model import Input
from laddverk.diagnostics.outcomes import service as outcomes
from laddverk.diagnostics.scenes import Scenery
from laddverk.diagnostics.upkeep import scoring
from laddverk.diagnostics.watching import Watcher
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

HOLD: Final = (
    "SELECT pg_advisory_lock(hashtext('diagnostics.watch')), pg_advisory_lock(hashtext('diagnostics.attempts'))"
)
RELEASE: Final = "SELECT pg_advisory_unlock_all()"
NOT_TOLD: Final = frozenset({Input.LINK, Input.HEARTBEAT, Input.BOOT})
"""The past tells of charges, not of contact: detectors of that would find every charger silent."""
STATIONS: Final = "SELECT id FROM station WHERE retired_at IS NULL"
SCORED: Final = """
INSERT INTO health_day (day, station_id, evse_number, score)
SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::smallint[]) ON CONFLICT DO NOTHING
"""


class Listeners:
    """The detectors of the past, on a connection that keeps those of the present waiting.

    So does the making out of attempts: by the clock of the present a cable that was put in at the end of what is told
    so far was never charged with.
    """

    def __init__(self, house: House, connection: Any) -> None:
        self._house = house
        self._connection = connection
        told = tuple(kind for kind in DETECTORS if not NOT_TOLD & set(kind.ABOUT.needs))
        self._watcher = Watcher(house.secrets.charger_pepper, Scenery(house.settings.heartbeat_interval_s), told)
        self._scored: date | None = None

    async def hear(self, now: datetime) -> None:
        """Let them hear what was told until `now`, which is an instant of the past."""
        tx = Transaction(self._connection)
        async with self._connection.transaction():
            while await outcomes.make_out(tx, self._house.secrets.charger_pepper, {}, now):
                pass
            await tx.write()
        tx.committed()
        tx = Transaction(self._connection)
        async with self._connection.transaction():
            turn = await self._watcher.turn(tx, now, thorough=True)
            while turn.more:
                turn = await self._watcher.turn(tx, now, thorough=True)
            await incidents.attend(tx, now)
            await self._score(tx, now)
            await tx.write()
        tx.committed()

    async def _score(self, tx: Transaction, now: datetime) -> None:
        """Keep the health of each Monday as it was then: what came of it can be looked up later."""
        monday = now.date() - timedelta(days=now.weekday())
        if self._scored == monday:
            return
        self._scored = monday
        made = await scoring.scores(tx, await tx.values(STATIONS), now)
        points = [one.points for one in made.values()]
        await tx.execute(SCORED, monday, [one for one, _ in made], [number for _, number in made], points)


@asynccontextmanager
async def listening(house: House) -> AsyncIterator[Listeners]:
    """Yield the listeners of the past; those of the present go on when it is told."""
    async with house.database.pool.acquire() as connection:
        await connection.execute(HOLD)
        try:
            yield Listeners(house, connection)
        finally:
            await connection.execute(RELEASE)
