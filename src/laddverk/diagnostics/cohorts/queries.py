"""What the pages of comparisons show: versions, cars, outlets beside their peers. Reads only; site scope in each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.cohorts.chance import share_interval
from laddverk.diagnostics.cohorts.model import Compared, StationDays
from laddverk.diagnostics.cohorts.rules import COMPARED, SHARE_PRIOR, compared
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None
"""The only sites that whoever asks may see; None for all."""

VISITS_MAX: Final = 100
WHOLE: Final = 1_000_000

STATION_DAYS: Final = """
SELECT c.vendor, c.model, c.firmware, c.station_id, station.site_id,
       min(c.day)::timestamp AT TIME ZONE 'UTC' AS first_day, count(*)::int AS days, sum(c.attempts)::int AS attempts,
       sum(c.failed)::int AS failed, sum(c.troubles)::int AS troubles
FROM cohort_day AS c JOIN station ON station.id = c.station_id
WHERE c.day >= ($1 AT TIME ZONE 'UTC')::date AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
GROUP BY c.vendor, c.model, c.firmware, c.station_id, station.site_id
"""
HAVE_NOW: Final = """
SELECT vendor, model, firmware, count(*)::int AS stations FROM station
WHERE retired_at IS NULL AND model <> '' AND firmware <> '' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
GROUP BY vendor, model, firmware
"""
VERSION_STATIONS: Final = """
SELECT c.station_id, station.name, site.name AS site_name, count(*)::int AS days, sum(c.attempts)::int AS attempts,
       sum(c.failed)::int AS failed, sum(c.troubles)::int AS troubles, station.firmware AS firmware_now
FROM cohort_day AS c JOIN station ON station.id = c.station_id JOIN site ON site.id = station.site_id
WHERE c.day >= ($1 AT TIME ZONE 'UTC')::date AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
  AND c.vendor = $3 AND c.model = $4 AND c.firmware = $5
GROUP BY c.station_id, station.name, site.name, station.firmware
ORDER BY (sum(c.failed) + 0.8) / (sum(c.attempts) + 20.0) DESC, sum(c.troubles) DESC, station.name LIMIT $6 OFFSET $7
"""

CARS: Final = """
SELECT c.key, c.since, c.noticed_at, c.last_at, c.cleared_at, c.station_id, station.name AS station_name,
       (c.detail->>'is_car')::boolean AS is_car, c.detail->>'make' AS make, (c.detail->>'stations')::int AS stations,
       (c.detail->>'visits')::int AS visits, (c.detail->>'failed')::int AS failed
FROM cohort_case AS c JOIN station ON station.id = c.station_id
WHERE c.kind = 'car' AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = 'all' OR (c.cleared_at IS NULL) = ($2 = 'open'))
  AND ($3 = '' OR c.key ILIKE $3 || '%' OR c.detail->>'make' ILIKE '%' || $3 || '%'
       OR station.name ILIKE '%' || $3 || '%')
ORDER BY c.cleared_at IS NULL DESC, c.noticed_at DESC, c.key LIMIT $4 OFFSET $5
"""
ONE_CAR: Final = """
SELECT c.key, c.since, c.noticed_at, c.last_at, c.cleared_at, c.station_id, station.name AS station_name,
       (c.detail->>'is_car')::boolean AS is_car, c.detail->>'make' AS make, (c.detail->>'stations')::int AS stations,
       (c.detail->>'visits')::int AS visits, (c.detail->>'failed')::int AS failed
FROM cohort_case AS c JOIN station ON station.id = c.station_id
WHERE c.kind = 'car' AND c.key = $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY c.noticed_at DESC LIMIT 1
"""
CAR_ATTEMPTS: Final = """
SELECT o.station_id, station.name AS station_name, site.name AS site_name, o.evse_number, o.ended_at, o.outcome,
       o.energy_wh, o.error_codes, o.session_id
FROM session_outcome AS o JOIN station ON station.id = o.station_id JOIN site ON site.id = station.site_id
WHERE coalesce(nullif(o.car_key, ''), o.token_key) = $2 AND (o.car_key <> '' OR o.token_key <> '')
  AND o.ended_at >= $3 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
ORDER BY o.ended_at DESC LIMIT $4
"""
MAKES: Final = """
SELECT o.car_make AS make, count(DISTINCT o.car_key)::int AS cars, count(*)::int AS attempts,
       count(*) FILTER (WHERE o.outcome <> 'ok')::int AS failed
FROM session_outcome AS o JOIN station ON station.id = o.station_id
WHERE o.car_make <> '' AND o.ended_at >= $2 AND o.outcome NOT IN ('excluded', 'no_auth')
  AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
GROUP BY o.car_make ORDER BY (count(*) FILTER (WHERE o.outcome <> 'ok') + 0.8) / (count(*) + 20.0) DESC, make LIMIT $3
"""

# An outlet beside all others of its model, and beside the rest of its site; a few attempts are drawn towards the model.
PEERS_SHOWN: Final = """
WITH tried AS (
    SELECT o.station_id, o.evse_number, count(*) AS attempts, count(*) FILTER (WHERE o.outcome <> 'ok') AS failed,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY o.energy_wh) FILTER (WHERE o.outcome = 'ok') AS energy_wh
    FROM session_outcome AS o JOIN station ON station.id = o.station_id
    WHERE o.ended_at >= $2 AND o.outcome NOT IN ('excluded', 'no_auth') AND station.retired_at IS NULL
      AND o.evse_number > 0
      AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
    GROUP BY o.station_id, o.evse_number
), beside AS (
    SELECT tried.*, station.name, station.site_id, site.name AS site_name, station.vendor, station.model,
           sum(attempts) OVER of_model - attempts AS model_attempts, sum(failed) OVER of_model - failed AS model_failed,
           sum(attempts) OVER of_site - attempts AS site_attempts, sum(failed) OVER of_site - failed AS site_failed
    FROM tried JOIN station ON station.id = tried.station_id JOIN site ON site.id = station.site_id
    WINDOW of_model AS (PARTITION BY station.vendor, station.model), of_site AS (PARTITION BY station.site_id)
), drawn AS (
    SELECT *, (model_failed + 2.0) / (model_attempts + 50.0) AS usual FROM beside
)
SELECT station_id, evse_number, name, site_id, site_name, vendor, model, attempts::int, failed::int,
       coalesce(energy_wh, 0)::bigint AS energy_wh, model_attempts::int, model_failed::int, site_attempts::int,
       site_failed::int, usual::float8, ((failed + usual * 20) / (attempts + 20) / usual)::float8 AS times_usual,
       count(*) OVER ()::int AS total
FROM drawn
WHERE $3 = '' OR name ILIKE '%' || $3 || '%' OR site_name ILIKE '%' || $3 || '%'
   OR vendor || ' ' || model ILIKE '%' || $3 || '%'
ORDER BY {order} LIMIT $4 OFFSET $5
"""
ORDERS: Final = {
    "times": "times_usual DESC, attempts DESC, name, evse_number",
    "failed": "failed DESC, name, evse_number",
    "attempts": "attempts DESC, name, evse_number",
    "outlet": "name, evse_number",
}
"""What outlets are sorted by. Never what somebody typed."""


class VersionRow(Struct, frozen=True, kw_only=True):
    """A version on the page."""

    compared: Compared
    stations_now: int
    """How many have it today."""
    low: float
    high: float
    """Within which its share of failures lies, nine times in ten."""

    @property
    def share(self) -> float | None:
        """Return its share of people to whom it failed; None when nobody tried."""
        version = self.compared.version
        return version.failed / version.attempts if version.attempts else None


class VersionStation(Struct, frozen=True, kw_only=True):
    """How one station did with a version."""

    station_id: StationId
    name: str
    site_name: str
    days: int
    attempts: int
    failed: int
    troubles: int
    firmware_now: str


class CarRow(Struct, frozen=True, kw_only=True):
    """A car that fails everywhere, or did."""

    key: str
    since: datetime
    noticed_at: datetime
    last_at: datetime
    cleared_at: datetime | None
    station_id: StationId
    station_name: str
    is_car: bool | None
    make: str | None
    stations: int | None
    visits: int | None
    failed: int | None


class CarAttempt(Struct, frozen=True, kw_only=True):
    """One attempt of a car."""

    station_id: StationId
    station_name: str
    site_name: str
    evse_number: int
    ended_at: datetime
    outcome: str
    energy_wh: int
    error_codes: tuple[str, ...]
    session_id: Any


class MakeRow(Struct, frozen=True, kw_only=True):
    """How cars of one make fare."""

    make: str
    cars: int
    attempts: int
    failed: int


class PeerRow(Struct, frozen=True, kw_only=True):
    """An outlet beside its peers."""

    station_id: StationId
    evse_number: int
    name: str
    site_id: SiteId
    site_name: str
    vendor: str
    model: str
    attempts: int
    failed: int
    energy_wh: int
    """Of the middle session that went well."""
    model_attempts: int
    model_failed: int
    site_attempts: int
    site_failed: int
    usual: float
    times_usual: float
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        """Return within which its share of failures lies, nine times in ten."""
        return share_interval(self.failed, self.attempts, (self.usual * 20, 20.0))

    @property
    def stands_out(self) -> bool:
        """Whether it fails more often than its model, beyond chance."""
        return self.interval[0] > self.usual


async def versions(tx: Transaction, sites: Sites, now: datetime) -> list[VersionRow]:
    """Return every version of every model, the newest of each model first."""
    days = await tx.fetch(StationDays, STATION_DAYS, now - COMPARED, _listed(sites))
    have = {
        (row["vendor"], row["model"], row["firmware"]): row["stations"]
        for row in await tx.rows(HAVE_NOW, _listed(sites))
    }
    rows = []
    for one in compared(days):
        version = one.version
        low, high = share_interval(version.failed, version.attempts, SHARE_PRIOR)
        now_have = have.get((version.vendor, version.model, version.firmware), 0)
        rows.append(VersionRow(compared=one, stations_now=now_have, low=low, high=high))
    return sorted(
        rows,
        key=lambda row: (
            row.compared.version.vendor.casefold(), row.compared.version.model.casefold(),
            -row.compared.version.first_day.timestamp(), row.compared.version.firmware,
        ),
    )  # fmt: skip


async def version_stations(
    tx: Transaction, sites: Sites, named: tuple[str, str, str], now: datetime, limit: int, offset: int
) -> list[VersionStation]:
    """Return how the stations did with the version `named` (maker, model, version), the worst first."""
    return await tx.fetch(VersionStation, VERSION_STATIONS, now - COMPARED, _listed(sites), *named, limit, offset)


async def cars(tx: Transaction, sites: Sites, state: str, search: str, limit: int, offset: int) -> list[CarRow]:
    """Return cars that fail everywhere (`open`), that did (`cleared`), or both (`all`)."""
    return await tx.fetch(CarRow, CARS, _listed(sites), state, search, limit, offset)


async def car(tx: Transaction, sites: Sites, key: str) -> CarRow | None:
    """Return a car under suspicion, by its key; None when there is none that this person may see."""
    return await tx.fetch_one(CarRow, ONE_CAR, _listed(sites), key)


async def car_attempts(tx: Transaction, sites: Sites, key: str, since: datetime) -> list[CarAttempt]:
    """Return the attempts of a car since `since`, the newest first, at most a hundred."""
    return await tx.fetch(CarAttempt, CAR_ATTEMPTS, _listed(sites), key, since, VISITS_MAX)


async def makes(tx: Transaction, sites: Sites, since: datetime, limit: int) -> list[MakeRow]:
    """Return how cars of each make fare, the worst first."""
    return await tx.fetch(MakeRow, MAKES, _listed(sites), since, limit)


async def peers(
    tx: Transaction, sites: Sites, since: datetime, search: str, order: str, limit: int = WHOLE, offset: int = 0
) -> list[PeerRow]:
    """Return outlets beside their peers; `order` is a key of `ORDERS`."""
    return await tx.fetch(
        PeerRow, PEERS_SHOWN.format(order=ORDERS[order]), _listed(sites), since, search, limit, offset
    )


def _listed(sites: Sites) -> list[UUID] | None:
    return None if sites is None else list(sites)
