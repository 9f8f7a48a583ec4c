"""What drivers and cars say of charges that run, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.planning_ahead.forecasting import Source
from laddverk.energy.planning_ahead.guessing import Guess
from laddverk.energy.planning_ahead.store_said import SAID_FROM
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

TELL: Final = """
INSERT INTO driver_wish (session_id, departs_at, energy_wh, asks_priority, told_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE
SET departs_at = excluded.departs_at, energy_wh = excluded.energy_wh, asks_priority = excluded.asks_priority,
    told_at = excluded.told_at
"""
COME_FIRST: Final = """
INSERT INTO driver_wish (session_id, asks_priority, told_at) VALUES ($1, true, $2)
ON CONFLICT (session_id) DO UPDATE SET asks_priority = true
"""
KEEP_GUESS: Final = """
INSERT INTO stay_guess (session_id, departs_at, departs_by, energy_wh, energy_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session_id) DO NOTHING
"""
DROP_OLD: Final = """
WITH guesses AS (
    DELETE FROM stay_guess USING session WHERE session.id = stay_guess.session_id AND session.ended_at < $1
)
DELETE FROM driver_wish USING session WHERE session.id = driver_wish.session_id AND session.ended_at < $1
"""
RUNNING_AT: Final = f"""
-- The driver's word, else the car's, else what is usual. A guessed departure that is over was wrong.
SELECT session.id AS session_id, session.station_id, session.evse_number,
       coalesce(session.driver_id::text, session.token_uid, '') AS who, session.started_at, session.energy_wh AS had_wh,
       coalesce(said.departs_at, guess.departs_at) AS departs_at,
       coalesce(said.departs_by, CASE WHEN guess.departs_at IS NOT NULL THEN guess.departs_by END, 'nothing')
           AS departs_by,
       coalesce(said.energy_wh, guess.energy_wh) AS energy_wh,
       coalesce(said.energy_by, CASE WHEN guess.energy_wh IS NOT NULL THEN guess.energy_by END, 'nothing')
           AS energy_by,
       guess.made_at IS NOT NULL AS is_guessed,
       said.asks_priority AND coalesce(site_rule.lets_ask, false) AS goes_first, said.told_at
FROM station JOIN session ON session.station_id = station.id AND session.ended_at IS NULL
{SAID_FROM}
LEFT JOIN LATERAL (
    SELECT CASE WHEN departs_at > $2 THEN departs_at END AS departs_at, departs_by, energy_wh, energy_by, made_at
    FROM stay_guess WHERE stay_guess.session_id = session.id
) AS guess ON true
LEFT JOIN (
    SELECT (tree->>'lets_ask')::boolean AS lets_ask FROM circuit_tree WHERE site_id = $1 ORDER BY version DESC LIMIT 1
) AS site_rule ON true
WHERE station.site_id = $1
  AND (said.departs_by IS NOT NULL OR said.energy_by IS NOT NULL OR said.asks_priority)
ORDER BY session.station_id, session.evse_number, session.started_at
"""  # noqa: S608 - made of constants
CHARGE: Final = """
SELECT session.id AS session_id, session.station_id, session.evse_number, station.site_id, site.timezone,
       coalesce(session.driver_id::text, session.token_uid, '') AS who, session.started_at, session.ended_at,
       session.energy_wh, session.power_w, coalesce(session.charging_state, '') AS charging_state,
       driver_wish.departs_at, driver_wish.energy_wh AS asked_wh,
       coalesce(driver_wish.asks_priority, false) AS asks_priority
FROM session JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
LEFT JOIN driver_wish ON driver_wish.session_id = session.id
WHERE session.id = $1
"""


class Told(Struct, frozen=True):
    """What is said of the session that runs at an outlet, and what is usual in place of what is not."""

    session_id: UUID
    station_id: UUID
    evse_number: int
    who: str
    started_at: datetime
    had_wh: int
    departs_at: datetime | None
    departs_by: Source
    energy_wh: int | None
    """Of the whole session."""
    energy_by: Source
    is_guessed: bool
    """What is usual was looked for, and kept where there was something to go by."""
    goes_first: bool
    """It was asked for, and the site lets drivers ask."""
    told_at: datetime

    @property
    def wants_guess(self) -> bool:
        """Whether one of both was said alone, and nobody has looked for what is usual yet."""
        return not self.is_guessed and (self.departs_at is None) != (self.energy_wh is None)


class Charge(Struct, frozen=True):
    """A session as its driver's wish needs it; `departs_at`, `asked_wh` and `asks_priority` are the driver's words."""

    session_id: UUID
    station_id: UUID
    evse_number: int
    site_id: SiteId
    timezone: str
    who: str
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    power_w: int | None
    charging_state: str
    departs_at: datetime | None
    asked_wh: int | None
    asks_priority: bool


async def tell(
    tx: Transaction, session_id: UUID, departs_at: datetime | None, energy_wh: int | None, asks_priority: bool,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what was said of a session in place of what was said before."""
    await tx.execute(TELL, session_id, departs_at, energy_wh, asks_priority, now)


async def come_first(tx: Transaction, session_id: UUID, now: datetime) -> None:
    """Keep that a session is to come first; what was said of its departure and energy stays."""
    await tx.execute(COME_FIRST, session_id, now)


async def keep_guess(tx: Transaction, session_id: UUID, guess: Guess, now: datetime) -> None:
    """Keep what is usual of a session; the first guess stays."""
    await tx.execute(
        KEEP_GUESS, session_id, guess.departs_at, guess.departs_by, guess.energy_wh, guess.energy_by, now
    )  # fmt: skip


async def running_at(tx: Transaction, site_id: UUID, now: datetime) -> Sequence[Told]:
    """Return what is said of the sessions that run at a site."""
    return await tx.fetch(Told, RUNNING_AT, site_id, now)


async def charge(tx: Transaction, session_id: UUID) -> Charge | None:
    """Return a session with what its driver said, or None."""
    return await tx.fetch_one(Charge, CHARGE, session_id)


async def drop_old(tx: Transaction, before: datetime) -> None:
    """Forget what was said and guessed of sessions that ended before."""
    await tx.execute(DROP_OLD, before)
