"""The list of stations, its counts and filters, and one station as it stands. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries.conditions import STATION_CONDITIONS
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

COUNT_MAX: Final = 10_001  # a screen says "more than 10 000"; counting on would cost and tell nobody anything


class Outlet(Struct, frozen=True):
    """A connector as lists show it."""

    evse_number: int
    connector_number: int
    status: str
    code: str
    power_max_w: int
    error_code: str | None = None
    status_since: datetime | None = None


class StationRow(Struct, frozen=True, kw_only=True):
    """A station in a list. `condition` answers "can it charge?" in one word."""

    id: UUID
    name: str
    identity: str
    site_id: UUID
    site_name: str
    vendor: str
    model: str
    firmware: str
    protocol: str | None
    power_max_w: int
    connected_at: datetime | None
    disconnected_at: datetime | None
    last_seen_at: datetime | None
    retired_at: datetime | None
    condition: str
    """retired, new, silent, broken, partly, closed, busy or free."""
    condition_since: datetime | None
    outlets: list[Outlet] = []


class StationDetail(StationRow, frozen=True, kw_only=True):
    """A station on its own page."""

    serial: str
    registered_at: datetime
    epoch: int
    remote_address: str | None
    booted_at: datetime | None
    boot_reason: str | None
    clock_offset_ms: int
    quirks: dict[str, Any]
    has_key: bool
    site_timezone: str
    site_code: str


class StationFilter(Struct, frozen=True, kw_only=True):
    """What a list of stations is narrowed to. Empty texts narrow nothing."""

    search: str = ""
    site_id: UUID | None = None
    condition: str = ""
    protocol: str = ""
    with_retired: bool = False


# One word for each station, the first that is true. Outlets in use count as able to charge.

_NARROWED = """
FROM shown
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', name, identity, site_name, vendor, model, serial, firmware) ILIKE '%' || $2 || '%')
  AND ($3::uuid IS NULL OR site_id = $3)
  AND ($4 = '' OR condition = $4 OR ($4 = 'trouble' AND condition IN ('silent', 'broken', 'partly')))
  AND ($5 = '' OR protocol = $5)
  AND ($6 OR retired_at IS NULL)
"""

STATIONS = (
    STATION_CONDITIONS
    + "SELECT *"
    + _NARROWED
    + """
ORDER BY
    CASE WHEN $7 = 'site' THEN site_name END, CASE WHEN $7 = '-site' THEN site_name END DESC,
    CASE WHEN $7 = 'model' THEN vendor || ' ' || model END,
    CASE WHEN $7 = '-model' THEN vendor || ' ' || model END DESC,
    CASE WHEN $7 = 'seen' THEN last_seen_at END NULLS LAST,
    CASE WHEN $7 = '-seen' THEN last_seen_at END DESC NULLS LAST,
    CASE WHEN $7 = 'condition' THEN condition END, CASE WHEN $7 = '-condition' THEN condition END DESC,
    CASE WHEN $7 = '-name' THEN name END DESC, name, id
LIMIT $8 OFFSET $9
"""
)

COUNT = STATION_CONDITIONS + "SELECT count(*)" + _NARROWED

CONDITION_COUNTS = (
    STATION_CONDITIONS
    + """
SELECT condition, count(*) AS stations, coalesce(sum(jsonb_array_length(outlets)), 0)::bigint AS outlets,
       coalesce(sum(busy), 0)::bigint AS busy, coalesce(sum(power_max_w), 0)::bigint AS power_max_w
FROM shown WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND condition <> 'retired'
GROUP BY condition
"""
)

TROUBLED = (
    STATION_CONDITIONS
    + """
SELECT * FROM shown
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1))
  AND (condition IN ('broken', 'partly') OR condition = 'silent' AND coalesce(condition_since, '-infinity') <= $3)
ORDER BY condition_since DESC NULLS LAST, id LIMIT $2
"""
)

COUNT_LATELY_SILENT = (
    STATION_CONDITIONS
    + """
SELECT count(*) FROM shown
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND condition = 'silent' AND condition_since > $2
"""
)

STATION = STATION_CONDITIONS + "SELECT * FROM shown WHERE id = $2 AND ($1::uuid[] IS NULL OR site_id = ANY($1))"  # noqa: S608 - made of constants


async def stations(
    tx: Transaction, sites: Sites, wanted: StationFilter, sort: str = "name", *, limit: int = 50, offset: int = 0
) -> list[StationRow]:
    """Return a page of stations. `sort` is name, site, model, seen or condition, with `-` for descending."""
    return await tx.fetch(StationRow, STATIONS, *_narrowing(sites, wanted), sort, limit, offset)


async def count_stations(tx: Transaction, sites: Sites, wanted: StationFilter) -> int:
    """Return how many stations `wanted` leaves."""
    return int(await tx.value(COUNT, *_narrowing(sites, wanted)))


def _narrowing(sites: Sites, wanted: StationFilter) -> tuple[object, ...]:
    return (
        as_list(sites),
        like_text(wanted.search),
        wanted.site_id,
        wanted.condition,
        wanted.protocol,
        wanted.with_retired or wanted.condition == "retired",
    )


# By the words on them, before their condition is asked for.
FOUND = """
SELECT station.id FROM station JOIN site ON site.id = station.site_id
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1))
  AND concat_ws(' ', station.name, identity, site.name, vendor, model, serial, firmware) ILIKE '%' || $2 || '%'
ORDER BY station.name, station.id LIMIT $3
"""


async def found(tx: Transaction, sites: Sites, search: str, *, limit: int = 8) -> list[StationDetail]:
    """Return the first stations that `search` finds, by name, those that are retired among them.

    The same as `stations` finds, for a few of many: only of those that are shown is it asked how they are.
    """
    ids = await tx.values(FOUND, as_list(sites), like_text(search), limit)
    details = [await station(tx, sites, each) for each in ids]
    return [each for each in details if each is not None]


class ConditionCount(Struct, frozen=True):
    """How many stations are in one condition, with their outlets."""

    condition: str
    stations: int
    outlets: int
    busy: int
    power_max_w: int


async def condition_counts(tx: Transaction, sites: Sites) -> dict[str, ConditionCount]:
    """Return the number of stations by condition, without those that are retired."""
    found = await tx.fetch(ConditionCount, CONDITION_COUNTS, as_list(sites))
    return {each.condition: each for each in found}


async def troubled(tx: Transaction, sites: Sites, silent_since: datetime, limit: int = 100) -> list[StationRow]:
    """Return the stations that need somebody, the latest trouble first; the silent ones if they are since then."""
    return await tx.fetch(StationRow, TROUBLED, as_list(sites), limit, silent_since)


async def count_lately_silent(tx: Transaction, sites: Sites, since: datetime) -> int:
    """Return how many stations lost contact after `since`."""
    return int(await tx.value(COUNT_LATELY_SILENT, as_list(sites), since))


async def station(tx: Transaction, sites: Sites, station_id: UUID) -> StationDetail | None:
    """Return one station, or None when there is none or it may not be seen."""
    return await tx.fetch_one(StationDetail, STATION, as_list(sites), station_id)


PROTOCOLS = "SELECT DISTINCT protocol FROM station WHERE protocol IS NOT NULL AND retired_at IS NULL ORDER BY protocol"


async def protocols(tx: Transaction) -> list[str]:
    """Return the protocols that stations speak."""
    return await tx.values(PROTOCOLS)
