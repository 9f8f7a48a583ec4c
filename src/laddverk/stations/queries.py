"""What screens read of sites, stations, connectors, commands and knocks. SQL and nothing else; nothing is changed here.

Every function that takes `sites` shows only what stands at one of them; None means all (`Actor.site_ids`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

COUNT_MAX: Final = 10_001  # a screen says "more than 10 000"; counting on would cost and tell nobody anything

Sites = Collection[UUID] | None
"""The only sites that may be seen; None for all."""


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
_CONDITIONS = """
WITH outlet AS (
    SELECT station_id,
           count(*) AS all_outlets,
           count(*) FILTER (WHERE status = 'faulted') AS broken,
           count(*) FILTER (WHERE status = 'unavailable') AS closed,
           count(*) FILTER (WHERE status IN ('charging', 'suspended_ev', 'suspended_evse', 'occupied', 'preparing',
                                             'finishing', 'reserved')) AS busy,
           min(status_since) FILTER (WHERE status = 'faulted') AS broken_since,
           max(status_since) AS changed_at,
           jsonb_agg(jsonb_build_object('evse_number', evse_number, 'connector_number', connector_number,
                     'status', status, 'code', code, 'power_max_w', power_max_w, 'error_code', error_code,
                     'status_since', status_since) ORDER BY evse_number, connector_number) AS outlets
    FROM connector WHERE evse_number > 0 AND connector_number > 0 GROUP BY station_id
), shown AS (
    SELECT station.id, station.name, station.identity, station.site_id, site.name AS site_name, station.vendor,
           station.model, station.firmware, station.protocol, station.power_max_w, station.connected_at,
           station.disconnected_at, station.last_seen_at, station.retired_at, station.serial, station.registered_at,
           station.epoch, station.remote_address, station.booted_at, station.boot_reason, station.clock_offset_ms,
           station.quirks, station.key_hash IS NOT NULL AS has_key, site.timezone AS site_timezone,
           site.code AS site_code, coalesce(outlet.outlets, '[]'::jsonb) AS outlets,
           coalesce(outlet.busy, 0) AS busy, coalesce(outlet.broken, 0) AS broken,
           CASE WHEN station.retired_at IS NOT NULL THEN 'retired'
                WHEN station.epoch = 0 THEN 'new'
                WHEN station.connected_at IS NULL THEN 'silent'
                WHEN outlet.broken >= outlet.all_outlets THEN 'broken'
                WHEN outlet.broken > 0 THEN 'partly'
                WHEN outlet.closed >= outlet.all_outlets THEN 'closed'
                WHEN outlet.busy > 0 THEN 'busy'
                ELSE 'free' END AS condition,
           CASE WHEN station.retired_at IS NOT NULL THEN station.retired_at
                WHEN station.epoch = 0 THEN station.registered_at
                WHEN station.connected_at IS NULL THEN station.disconnected_at
                WHEN outlet.broken > 0 THEN outlet.broken_since
                ELSE outlet.changed_at END AS condition_since
    FROM station JOIN site ON site.id = station.site_id LEFT JOIN outlet ON outlet.station_id = station.id
)
"""

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
    _CONDITIONS
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

COUNT = _CONDITIONS + "SELECT count(*)" + _NARROWED

CONDITION_COUNTS = (
    _CONDITIONS
    + """
SELECT condition, count(*) AS stations, coalesce(sum(jsonb_array_length(outlets)), 0)::bigint AS outlets,
       coalesce(sum(busy), 0)::bigint AS busy, coalesce(sum(power_max_w), 0)::bigint AS power_max_w
FROM shown WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND condition <> 'retired'
GROUP BY condition
"""
)

TROUBLED = (
    _CONDITIONS
    + """
SELECT * FROM shown
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND condition IN ('silent', 'broken', 'partly')
ORDER BY condition_since DESC NULLS LAST, id LIMIT $2
"""
)

STATION = _CONDITIONS + "SELECT * FROM shown WHERE id = $2 AND ($1::uuid[] IS NULL OR site_id = ANY($1))"  # noqa: S608 - made of constants


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


def as_list(sites: Sites) -> list[UUID] | None:
    """Return `sites` as PostgreSQL takes it."""
    return None if sites is None else list(sites)


def like_text(text: str) -> str:
    """Return `text` so that `%`, `_` and the backslash stand for themselves in LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


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


async def troubled(tx: Transaction, sites: Sites, limit: int = 100) -> list[StationRow]:
    """Return the stations that need somebody, the latest trouble first."""
    return await tx.fetch(StationRow, TROUBLED, as_list(sites), limit)


async def station(tx: Transaction, sites: Sites, station_id: UUID) -> StationDetail | None:
    """Return one station, or None when there is none or it may not be seen."""
    return await tx.fetch_one(StationDetail, STATION, as_list(sites), station_id)


class ConnectorRow(Struct, frozen=True, kw_only=True):
    """A connector on its station's page."""

    evse_number: int
    connector_number: int
    code: str
    public_evse_id: str
    plug: str
    power_type: str
    power_max_w: int
    current_max_a: int
    status: str
    status_since: datetime | None
    error_code: str | None
    vendor_error_code: str | None
    error_info: str | None
    found_by_itself: bool


CONNECTORS = """
SELECT * FROM connector WHERE station_id = $1 AND evse_number > 0 AND connector_number > 0
ORDER BY evse_number, connector_number
"""


async def connectors(tx: Transaction, station_id: UUID) -> list[ConnectorRow]:
    """Return the connectors of a station."""
    return await tx.fetch(ConnectorRow, CONNECTORS, station_id)


class Happening(Struct, frozen=True, kw_only=True):
    """One thing that happened to a station. What the fields hold depends on `kind`."""

    at: datetime
    kind: str
    """state, connected, disconnected, command or change."""
    evse_number: int | None = None
    word: str
    """The status, the close reason, the command's kind or the audit action."""
    detail: str = ""
    who: str = ""
    state: str = ""
    """Of a command: what became of it."""


# Each source is cut to the newest by its own index before they are merged.
HAPPENINGS = """
SELECT * FROM (
    (SELECT started_at AS at, 'state' AS kind, evse_number, status AS word,
            concat_ws(' · ', error_code, vendor_error_code, info) AS detail, '' AS who, '' AS state
     FROM connector_state WHERE station_id = $1 AND started_at < $2 AND same_since = started_at
     ORDER BY started_at DESC LIMIT $3)
    UNION ALL
    (SELECT connected_at, 'connected', NULL, protocol, '', '', ''
     FROM station_connection WHERE station_id = $1 AND connected_at < $2 ORDER BY connected_at DESC LIMIT $3)
    UNION ALL
    (SELECT disconnected_at, 'disconnected', NULL, coalesce(close_reason, ''), coalesce(close_code::text, ''), '', ''
     FROM station_connection WHERE station_id = $1 AND disconnected_at < $2 ORDER BY disconnected_at DESC LIMIT $3)
    UNION ALL
    (SELECT created_at, 'command', (command->>'evse_number')::int, kind, reason, requested_by, state
     FROM command WHERE station_id = $1 AND created_at < $2 ORDER BY created_at DESC LIMIT $3)
    UNION ALL
    (SELECT at, 'change', NULL, action, reason, actor_name, ''
     FROM audit_log WHERE object_id = $1 AND at < $2 ORDER BY at DESC LIMIT $3)
) AS happened
ORDER BY at DESC LIMIT $3
"""


async def happenings(tx: Transaction, station_id: UUID, before: datetime, limit: int = 40) -> list[Happening]:
    """Return what happened to a station before an instant, newest first: states, connections, commands, changes."""
    return await tx.fetch(Happening, HAPPENINGS, station_id, before, limit)


class VariableRow(Struct, frozen=True, kw_only=True):
    """A configuration key or variable as the charger last told it."""

    component: str
    variable: str
    attribute: str
    value: str | None
    mutability: str
    unit: str | None
    data_type: str | None
    reported_at: datetime


VARIABLES = """
SELECT * FROM station_variable
WHERE station_id = $1 AND ($2 = '' OR concat_ws(' ', component, variable, value) ILIKE '%' || $2 || '%')
ORDER BY component, variable, attribute LIMIT $3
"""


async def variables(tx: Transaction, station_id: UUID, search: str = "", limit: int = 1000) -> list[VariableRow]:
    """Return the variables of a station."""
    return await tx.fetch(VariableRow, VARIABLES, station_id, like_text(search), limit)


class CommandRow(Struct, frozen=True, kw_only=True):
    """A command and what became of it."""

    id: UUID
    station_id: UUID
    kind: str
    command: dict[str, Any]
    state: str
    requested_by: str
    reason: str
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    detail: dict[str, Any]


COMMANDS = "SELECT * FROM command WHERE station_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
COMMAND = "SELECT * FROM command WHERE id = $1"


async def commands(tx: Transaction, station_id: UUID, limit: int = 20) -> list[CommandRow]:
    """Return the latest commands to a station."""
    return await tx.fetch(CommandRow, COMMANDS, station_id, limit)


async def command(tx: Transaction, command_id: UUID) -> CommandRow | None:
    """Return one command."""
    return await tx.fetch_one(CommandRow, COMMAND, command_id)


class KnockRow(Struct, frozen=True, kw_only=True):
    """Somebody who tried to connect and was not let in."""

    identity: str
    remote_address: str
    reason: str
    first_at: datetime
    last_at: datetime
    count: int
    station_id: UUID | None
    """The station of that name, when there is one: then its key is wrong."""


KNOCKS = """
SELECT knock.*, station.id AS station_id FROM knock LEFT JOIN station ON station.identity = knock.identity
WHERE $1 = '' OR concat_ws(' ', knock.identity, knock.remote_address) ILIKE '%' || $1 || '%'
ORDER BY last_at DESC LIMIT $2
"""
KNOCK_COUNT = "SELECT count(*) FROM knock"


async def knocks(tx: Transaction, search: str = "", limit: int = 200) -> list[KnockRow]:
    """Return who knocked, the latest first."""
    return await tx.fetch(KnockRow, KNOCKS, like_text(search), limit)


async def count_knocks(tx: Transaction) -> int:
    """Return how many stand before the door."""
    return int(await tx.value(KNOCK_COUNT))


class SiteRow(Struct, frozen=True, kw_only=True):
    """A site with what stands at it."""

    id: UUID
    name: str
    code: str
    address: str
    municipality: str
    latitude: float | None
    longitude: float | None
    timezone: str
    created_at: datetime
    retired_at: datetime | None
    stations: int
    silent: int
    broken: int
    outlets: int
    busy: int
    power_max_w: int


SITES = (
    _CONDITIONS  # noqa: S608 - made of constants
    + """
SELECT site.*, coalesce(at_site.stations, 0) AS stations, coalesce(at_site.silent, 0) AS silent,
       coalesce(at_site.broken, 0) AS broken, coalesce(at_site.outlets, 0) AS outlets,
       coalesce(at_site.busy, 0) AS busy, coalesce(at_site.power_max_w, 0) AS power_max_w
FROM site LEFT JOIN (
    SELECT site_id, count(*) AS stations, count(*) FILTER (WHERE condition = 'silent') AS silent,
           count(*) FILTER (WHERE condition IN ('broken', 'partly')) AS broken,
           sum(jsonb_array_length(outlets))::bigint AS outlets, sum(busy)::bigint AS busy,
           sum(power_max_w)::bigint AS power_max_w
    FROM shown WHERE condition <> 'retired' GROUP BY site_id
) AS at_site ON at_site.site_id = site.id
WHERE ($1::uuid[] IS NULL OR site.id = ANY($1)) AND ($2::uuid IS NULL OR site.id = $2)
  AND ($3 = '' OR concat_ws(' ', site.name, site.code, site.address, site.municipality) ILIKE '%' || $3 || '%')
  AND ($4 OR site.retired_at IS NULL)
ORDER BY
    CASE WHEN $5 = 'municipality' THEN municipality END, CASE WHEN $5 = '-municipality' THEN municipality END DESC,
    CASE WHEN $5 = 'stations' THEN stations END, CASE WHEN $5 = '-stations' THEN stations END DESC,
    CASE WHEN $5 = '-name' THEN site.name END DESC, site.name
LIMIT 1000
"""
)


async def sites(tx: Transaction, allowed: Sites, search: str = "", sort: str = "name") -> list[SiteRow]:
    """Return the sites that may be seen, without those that are retired."""
    return await tx.fetch(SiteRow, SITES, as_list(allowed), None, like_text(search), False, sort)


async def site(tx: Transaction, allowed: Sites, site_id: UUID) -> SiteRow | None:
    """Return one site, or None when there is none or it may not be seen."""
    return await tx.fetch_one(SiteRow, SITES, as_list(allowed), site_id, "", True, "name")


class ReportRow(Struct, frozen=True, kw_only=True):
    """Something a charger reported that no room acts on, or a fault that was tolerated."""

    received_at: datetime
    said_at: datetime | None
    kind: str
    payload: Any


REPORTS = "SELECT * FROM station_report WHERE station_id = $1 ORDER BY received_at DESC LIMIT $2"


async def reports(tx: Transaction, station_id: UUID, limit: int = 50) -> list[ReportRow]:
    """Return the latest odd reports of a station."""
    return await tx.fetch(ReportRow, REPORTS, station_id, limit)


class QuarantineRow(Struct, frozen=True, kw_only=True):
    """A message that could not be understood or carried out."""

    id: UUID
    station_id: UUID
    station_name: str | None
    received_at: datetime
    action: str | None
    body: bytes
    reason: str
    reviewed_at: datetime | None
    reviewed_by: str | None


QUARANTINE = """
SELECT quarantine.*, station.name AS station_name
FROM quarantine LEFT JOIN station ON station.id = quarantine.station_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($2::uuid IS NULL OR quarantine.station_id = $2)
  AND ($3 OR reviewed_at IS NULL)
ORDER BY received_at DESC LIMIT $4
"""
QUARANTINE_COUNT = "SELECT count(*) FROM (SELECT 1 FROM quarantine WHERE reviewed_at IS NULL LIMIT 10001) AS waiting"


async def quarantined(
    tx: Transaction, sites: Sites, station_id: UUID | None = None, *, reviewed: bool = False, limit: int = 100
) -> list[QuarantineRow]:
    """Return what stands in quarantine, the latest first."""
    return await tx.fetch(QuarantineRow, QUARANTINE, as_list(sites), station_id, reviewed, limit)


async def count_quarantined(tx: Transaction) -> int:
    """Return how many messages wait for a look, up to `COUNT_MAX`."""
    return int(await tx.value(QUARANTINE_COUNT))


PROTOCOLS = "SELECT DISTINCT protocol FROM station WHERE protocol IS NOT NULL AND retired_at IS NULL ORDER BY protocol"


async def protocols(tx: Transaction) -> list[str]:
    """Return the protocols that stations speak."""
    return await tx.values(PROTOCOLS)


class Sticker(Struct, frozen=True, kw_only=True):
    """What a sticker on a connector shows."""

    code: str
    station_name: str
    site_name: str
    evse_number: int
    plug: str
    power_max_w: int


STICKERS = """
SELECT connector.code, station.name AS station_name, site.name AS site_name, evse_number, plug, connector.power_max_w
FROM connector JOIN station ON station.id = connector.station_id JOIN site ON site.id = station.site_id
WHERE ($1::uuid IS NULL OR station.id = $1) AND ($2::uuid IS NULL OR site.id = $2)
  AND ($3::uuid[] IS NULL OR site.id = ANY($3)) AND station.retired_at IS NULL
  AND evse_number > 0 AND connector_number > 0
ORDER BY site.name, station.name, evse_number, connector_number LIMIT 500
"""


async def stickers(tx: Transaction, sites: Sites, *, station_id: UUID | None, site_id: UUID | None) -> list[Sticker]:
    """Return the stickers of a station or a whole site."""
    return await tx.fetch(Sticker, STICKERS, station_id, site_id, as_list(sites))
