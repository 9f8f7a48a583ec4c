"""How attempts went, counted: by outlet, charger, site, model, version, hour or make of car. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None
"""The only sites that whoever asks may see; None for all."""


class By(StrEnum):
    """What attempts are grouped by."""

    ALL = "all"
    EVSE = "evse"
    STATION = "station"
    SITE = "site"
    MODEL = "model"
    FIRMWARE = "firmware"
    HOUR = "hour"
    CAR_MAKE = "car_make"


GROUPED_BY: Final = {
    By.ALL: "''",
    By.EVSE: "station.name || ' ' || o.evse_number",
    By.STATION: "station.name",
    By.SITE: "site.name",
    By.MODEL: "concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, ''))",
    By.FIRMWARE: "concat_ws(' ', nullif(o.vendor, ''), nullif(o.model, ''), nullif(o.firmware, ''))",
    By.HOUR: "to_char(o.began_at AT TIME ZONE site.timezone, 'HH24')",
    By.CAR_MAKE: "o.car_make",
}
"""The words of each group. Never what somebody typed."""

IDENTIFIED_BY: Final = {By.EVSE: "station.id", By.STATION: "station.id", By.SITE: "site.id"}

RATES_SHOWN: Final = """
WITH counted AS (
    SELECT o.*, {label} AS label, {identity} AS identity
    FROM session_outcome AS o
    JOIN station ON station.id = o.station_id
    JOIN site ON site.id = station.site_id
    WHERE o.ended_at >= $1 AND o.ended_at < $2 AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
      AND ($4::uuid IS NULL OR o.station_id = $4) AND ($5::uuid IS NULL OR station.site_id = $5)
), visit AS (
    SELECT visit_key, bool_or(outcome = 'ok') AS ok, (array_agg(outcome = 'ok' ORDER BY began_at))[1] AS first_ok,
           (array_agg(label ORDER BY began_at))[1] AS label, (array_agg(identity ORDER BY began_at))[1] AS identity
    FROM counted WHERE outcome NOT IN ('excluded', 'no_auth') GROUP BY visit_key
), visited AS (
    SELECT label, identity, count(*) AS visits, count(*) FILTER (WHERE ok) AS visits_ok,
           count(*) FILTER (WHERE first_ok) AS first_ok
    FROM visit GROUP BY label, identity
), tried AS (
    SELECT label, identity, count(*) FILTER (WHERE outcome NOT IN ('excluded', 'no_auth')) AS attempts,
           count(*) FILTER (WHERE outcome = 'ok') AS ok, count(*) FILTER (WHERE outcome = 'excluded') AS excluded,
           count(*) FILTER (WHERE outcome = 'no_auth') AS nobody, sum(energy_wh)::bigint AS energy_wh
    FROM counted GROUP BY label, identity
)
SELECT tried.label, tried.identity, attempts, ok, excluded, nobody, energy_wh, coalesce(visits, 0) AS visits,
       coalesce(visits_ok, 0) AS visits_ok, coalesce(first_ok, 0) AS first_ok
FROM tried LEFT JOIN visited ON visited.label = tried.label AND visited.identity IS NOT DISTINCT FROM tried.identity
ORDER BY {order} LIMIT $6 OFFSET $7
"""

CLASSES: Final = """
SELECT o.outcome, count(*) AS times FROM session_outcome AS o JOIN station ON station.id = o.station_id
WHERE o.ended_at >= $1 AND o.ended_at < $2 AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
  AND ($4::uuid IS NULL OR o.station_id = $4) AND ($5::uuid IS NULL OR station.site_id = $5)
GROUP BY o.outcome ORDER BY times DESC
"""

CODES: Final = """
-- What outlets complained of during attempts that failed (NEVI 680.112 asks for it).
SELECT code, count(*) AS times, count(DISTINCT o.station_id) AS stations
FROM session_outcome AS o JOIN station ON station.id = o.station_id, unnest(o.error_codes) AS code
WHERE o.outcome NOT IN ('ok', 'excluded', 'no_auth') AND o.ended_at >= $1 AND o.ended_at < $2
  AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
  AND ($4::uuid IS NULL OR o.station_id = $4) AND ($5::uuid IS NULL OR station.site_id = $5)
GROUP BY code ORDER BY times DESC, code LIMIT $6
"""

LATEST: Final = """
SELECT evse_number, began_at, ended_at, session_id, outcome, why, energy_wh, stop_reason, error_codes, limit_a,
       first_of_visit, car_make
FROM session_outcome WHERE station_id = $1 AND ($2 = 0 OR evse_number = $2) AND ($3 = '' OR outcome = $3)
ORDER BY began_at DESC, attempt_key LIMIT $4 OFFSET $5
"""

MARKS: Final = """
SELECT evse_number, began_at, outcome, session_id FROM (
    SELECT *, row_number() OVER (PARTITION BY evse_number ORDER BY began_at DESC) AS place
    FROM session_outcome WHERE station_id = $1) AS ranked
WHERE place <= $2 ORDER BY evse_number, began_at
"""

WHOLE: Final = 1_000_000  # groups: whoever asks for all of them gets them


class Rates(Struct, frozen=True, kw_only=True):
    """How attempts of one group went. Attempts that say nothing of the charger are counted beside, never in."""

    label: str
    identity: UUID | None
    attempts: int
    ok: int
    excluded: int
    nobody: int
    """Cables that were plugged in and out again, and nobody showed a token."""
    energy_wh: int | None
    visits: int
    visits_ok: int
    first_ok: int

    @property
    def failed(self) -> int:
        """Return how many attempts failed."""
        return self.attempts - self.ok

    @property
    def success(self) -> float | None:
        """Return the charging success rate: attempts that gave energy and ended well, of all; None without any."""
        return self.ok / self.attempts if self.attempts else None

    @property
    def first_time(self) -> float | None:
        """Return the share of visits whose first attempt went well."""
        return self.first_ok / self.visits if self.visits else None

    @property
    def visit_success(self) -> float | None:
        """Return the share of visits in which somebody could charge in the end."""
        return self.visits_ok / self.visits if self.visits else None


class Span(Struct, frozen=True, kw_only=True):
    """Whose attempts are counted, and of which time."""

    since: datetime
    until: datetime
    station_id: StationId | None = None
    site_id: UUID | None = None


class CodeCount(Struct, frozen=True):
    """A code that outlets gave during attempts that failed."""

    code: str
    times: int
    stations: int


class OutcomeRow(Struct, frozen=True, kw_only=True):
    """One attempt on a station's page."""

    evse_number: int
    began_at: datetime
    ended_at: datetime
    session_id: UUID | None
    outcome: str
    why: tuple[str, ...]
    energy_wh: int
    stop_reason: str
    error_codes: tuple[str, ...]
    limit_a: float | None
    first_of_visit: bool
    car_make: str


class Mark(Struct, frozen=True, kw_only=True):
    """One attempt as a mark in a row of them."""

    evse_number: int
    began_at: datetime
    outcome: str
    session_id: UUID | None


async def rates(
    tx: Transaction, sites: Sites, span: Span, by: By = By.ALL, *, limit: int = WHOLE, offset: int = 0
) -> list[Rates]:
    """Return how attempts went, group by group: those with most failures first, hours in their order."""
    order = "tried.label" if by is By.HOUR else "attempts - ok DESC, attempts DESC, tried.label"
    sql = RATES_SHOWN.format(label=GROUPED_BY[by], identity=IDENTIFIED_BY.get(by, "NULL::uuid"), order=order)
    return await tx.fetch(Rates, sql, *_args(sites, span), limit, offset)


async def classes(tx: Transaction, sites: Sites, span: Span) -> dict[str, int]:
    """Return how often each class of outcome came."""
    return {row["outcome"]: row["times"] for row in await tx.rows(CLASSES, *_args(sites, span))}


async def codes(tx: Transaction, sites: Sites, span: Span, limit: int = 50) -> list[CodeCount]:
    """Return the error codes of attempts that failed, the most frequent first."""
    return await tx.fetch(CodeCount, CODES, *_args(sites, span), limit)


async def latest(
    tx: Transaction, station_id: UUID, evse_number: int = 0, outcome: str = "", *, limit: int = 25, offset: int = 0
) -> list[OutcomeRow]:
    """Return the attempts at a station, newest first. Who may see the station may see them."""
    return await tx.fetch(OutcomeRow, LATEST, station_id, evse_number, outcome, limit, offset)


async def marks(tx: Transaction, station_id: UUID, each: int = 40) -> dict[int, list[Mark]]:
    """Return the last attempts at every outlet of a station, oldest first."""
    found: dict[int, list[Mark]] = {}
    for mark in await tx.fetch(Mark, MARKS, station_id, each):
        found.setdefault(mark.evse_number, []).append(mark)
    return found


def _args(sites: Sites, span: Span) -> tuple[Any, ...]:
    return span.since, span.until, None if sites is None else list(sites), span.station_id, span.site_id
