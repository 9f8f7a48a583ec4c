"""What screens read of templates: which there are, how the stations stand to them, and what runs have done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.stations.queries import Sites, as_list, like_text


class TemplateRow(Struct, frozen=True, kw_only=True):
    """A template with how many stations stand how to it, of those that may be seen."""

    id: UUID
    name: str
    vendor: str
    model: str
    site_id: UUID | None
    site_name: str | None
    family: str
    checks_at_start: bool
    version: int
    version_at: datetime
    version_by: str
    wanted: list[dict[str, Any]]
    retired_at: datetime | None
    in_step: int
    drifted: int
    unknown: int


_TEMPLATES_SHOWN = """
SELECT t.*, site.name AS site_name, v.created_at AS version_at, v.created_by AS version_by, v.wanted,
       coalesce(c.in_step, 0) AS in_step, coalesce(c.drifted, 0) AS drifted, coalesce(c.unknown, 0) AS unknown
FROM configuration_template t
JOIN configuration_template_version v ON v.template_id = t.id AND v.number = t.version
LEFT JOIN site ON site.id = t.site_id
LEFT JOIN (
    SELECT s.template_id, count(*) FILTER (WHERE state = 'in_step') AS in_step,
           count(*) FILTER (WHERE state = 'drifted') AS drifted, count(*) FILTER (WHERE state = 'unknown') AS unknown
    FROM configuration_standing s JOIN station ON station.id = s.station_id
    WHERE $1::uuid[] IS NULL OR station.site_id = ANY($1) GROUP BY s.template_id
) AS c ON c.template_id = t.id
WHERE ($1::uuid[] IS NULL OR t.site_id IS NULL OR t.site_id = ANY($1))
"""
TEMPLATES = (
    _TEMPLATES_SHOWN
    + """
  AND t.retired_at IS NULL AND ($2 = '' OR concat_ws(' ', t.name, t.vendor, t.model, site.name) ILIKE '%' || $2 || '%')
ORDER BY t.name LIMIT 500
"""
)
TEMPLATE = _TEMPLATES_SHOWN + "  AND t.id = $2"


async def templates(tx: Transaction, sites: Sites, search: str = "") -> list[TemplateRow]:
    """Return the templates in use that may be seen."""
    return await tx.fetch(TemplateRow, TEMPLATES, as_list(sites), like_text(search))


async def template(tx: Transaction, sites: Sites, template_id: UUID) -> TemplateRow | None:
    """Return one template, in use or not; None when it may not be seen."""
    return await tx.fetch_one(TemplateRow, TEMPLATE, as_list(sites), template_id)


class VersionRow(Struct, frozen=True, kw_only=True):
    """One version of a template."""

    number: int
    wanted: list[dict[str, Any]]
    created_at: datetime
    created_by: str
    reason: str


VERSIONS = "SELECT * FROM configuration_template_version WHERE template_id = $1 ORDER BY number DESC LIMIT 50"


async def versions(tx: Transaction, template_id: UUID) -> list[VersionRow]:
    """Return the versions of a template, newest first."""
    return await tx.fetch(VersionRow, VERSIONS, template_id)


class StationStandingRow(Struct, frozen=True, kw_only=True):
    """A station in a template's list."""

    station_id: UUID
    station_name: str
    site_name: str
    model: str
    firmware: str
    connected_at: datetime | None
    state: str
    since: datetime
    differences: list[dict[str, Any]]


_STANDINGS_NARROWED = """
FROM configuration_standing s JOIN station ON station.id = s.station_id JOIN site ON site.id = station.site_id
WHERE s.template_id = $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND ($3 = '' OR s.state = $3)
  AND ($4 = '' OR concat_ws(' ', station.name, station.identity, site.name) ILIKE '%' || $4 || '%')
"""
STANDINGS = (
    """
SELECT s.station_id, station.name AS station_name, site.name AS site_name, station.model, station.firmware,
       station.connected_at, s.state, s.since, s.differences
"""
    + _STANDINGS_NARROWED
    + """
ORDER BY CASE s.state WHEN 'drifted' THEN 0 WHEN 'unknown' THEN 1 ELSE 2 END, station.name, s.station_id
LIMIT $5 OFFSET $6
"""
)
COUNT_STANDINGS = "SELECT count(*)" + _STANDINGS_NARROWED


async def standings(
    tx: Transaction, sites: Sites, template_id: UUID, state: str, search: str, *, limit: int, offset: int
) -> list[StationStandingRow]:
    """Return a page of the stations that a template is meant for, those that drifted first."""
    narrowing = (as_list(sites), template_id, state, like_text(search))
    return await tx.fetch(StationStandingRow, STANDINGS, *narrowing, limit, offset)


async def count_standings(tx: Transaction, sites: Sites, template_id: UUID, state: str, search: str) -> int:
    """Return how many stations that is."""
    return int(await tx.value(COUNT_STANDINGS, as_list(sites), template_id, state, like_text(search)))


class RunRow(Struct, frozen=True, kw_only=True):
    """A time that a template was written to chargers, and how far it has come, in stations."""

    id: UUID
    version: int
    started_at: datetime
    started_by: str
    reason: str
    stations: int
    waiting: int
    skipped: int
    done: int
    failed: int


RUNS = """
SELECT r.id, r.version, r.started_at, r.started_by, r.reason, count(*) AS stations,
       count(*) FILTER (WHERE s.queued_at IS NULL OR (s.skipped = '' AND c.open > 0)) AS waiting,
       count(*) FILTER (WHERE s.skipped <> '') AS skipped,
       count(*) FILTER (WHERE s.queued_at IS NOT NULL AND s.skipped = '' AND c.open = 0 AND c.failed = 0) AS done,
       count(*) FILTER (WHERE s.skipped = '' AND c.open = 0 AND c.failed > 0) AS failed
FROM configuration_run r
JOIN configuration_run_station s ON s.run_id = r.id
JOIN station ON station.id = s.station_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE finished_at IS NULL) AS open,
           count(*) FILTER (WHERE finished_at IS NOT NULL AND (state <> 'confirmed'
                            OR outcome NOT IN ('Accepted', 'RebootRequired'))) AS failed
    FROM command WHERE command.id = ANY(s.command_ids)
) AS c
WHERE r.template_id = $2 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
GROUP BY r.id ORDER BY r.started_at DESC LIMIT $3
"""


async def runs(tx: Transaction, sites: Sites, template_id: UUID, limit: int = 5) -> list[RunRow]:
    """Return the latest runs of a template, with their progress."""
    return await tx.fetch(RunRow, RUNS, as_list(sites), template_id, limit)


class RunStationRow(Struct, frozen=True, kw_only=True):
    """One charger of a run, and what became of it."""

    station_id: UUID
    station_name: str
    site_name: str
    skipped: str
    how: str
    """waiting, done, restart (taken, in force from the next start), failed or skipped."""
    outcome: str
    """The charger's words where it did not take everything."""
    finished_at: datetime | None


_RUN_STATIONS = """
SELECT s.station_id, station.name AS station_name, site.name AS site_name, s.skipped, c.outcome, c.finished_at,
       CASE WHEN s.skipped <> '' THEN 'skipped' WHEN s.queued_at IS NULL OR c.open > 0 THEN 'waiting'
            WHEN c.failed > 0 THEN 'failed' WHEN c.restart > 0 THEN 'restart' ELSE 'done' END AS how
FROM configuration_run_station s
JOIN configuration_run r ON r.id = s.run_id
JOIN station ON station.id = s.station_id JOIN site ON site.id = station.site_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE finished_at IS NULL) AS open, max(finished_at) AS finished_at,
           count(*) FILTER (WHERE outcome = 'RebootRequired') AS restart,
           count(*) FILTER (WHERE finished_at IS NOT NULL AND (state <> 'confirmed'
                            OR outcome NOT IN ('Accepted', 'RebootRequired'))) AS failed,
           coalesce(string_agg(DISTINCT coalesce(nullif(outcome, ''), state), ', ') FILTER (
               WHERE finished_at IS NOT NULL
                 AND (state <> 'confirmed' OR outcome NOT IN ('Accepted', 'RebootRequired'))), '') AS outcome
    FROM command WHERE command.id = ANY(s.command_ids)
) AS c
WHERE r.template_id = $2 AND r.id = $3 AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
"""
RUN_STATIONS = f"""
SELECT * FROM ({_RUN_STATIONS}) AS one WHERE $4 = '' OR how = $4
ORDER BY array_position(ARRAY['failed', 'skipped', 'waiting', 'restart', 'done'], how), station_name, station_id
LIMIT $5 OFFSET $6
"""  # noqa: S608 - the query above is a constant
COUNT_RUN_STATIONS = f"SELECT how AS key, count(*) AS count FROM ({_RUN_STATIONS}) AS one GROUP BY how"  # noqa: S608


class HowMany(Struct, frozen=True):
    """How many chargers of a run came out one way."""

    key: str
    count: int


async def run_stations(
    tx: Transaction, sites: Sites, template_id: UUID, run_id: UUID, how: str, *, limit: int, offset: int
) -> list[RunStationRow]:
    """Return a page of the chargers of a run, those that need somebody first; `how` narrows to one outcome."""
    return await tx.fetch(RunStationRow, RUN_STATIONS, as_list(sites), template_id, run_id, how, limit, offset)


async def count_run_stations(tx: Transaction, sites: Sites, template_id: UUID, run_id: UUID) -> dict[str, int]:
    """Return how many chargers of a run came out how; empty when there is no such run to be seen."""
    rows = await tx.fetch(HowMany, COUNT_RUN_STATIONS, as_list(sites), template_id, run_id)
    return {row.key: row.count for row in rows}


TEMPLATES_OF_COMMANDS = """
SELECT DISTINCT r.template_id FROM configuration_run r JOIN configuration_run_station s ON s.run_id = r.id
WHERE s.command_ids && $1::uuid[] AND r.started_at > $2
"""


async def templates_of(tx: Transaction, command_ids: list[UUID], since: datetime) -> list[UUID]:
    """Return the templates whose runs since an instant hold any of these commands."""
    return await tx.values(TEMPLATES_OF_COMMANDS, command_ids, since)


class StationName(Struct, frozen=True):
    """What a station is called, and where it stands."""

    id: UUID
    name: str
    site_name: str


NAMES = """
SELECT station.id, station.name, site.name AS site_name FROM station JOIN site ON site.id = station.site_id
WHERE station.id = ANY($2) AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
"""


async def station_names(tx: Transaction, sites: Sites, station_ids: list[UUID]) -> dict[UUID, StationName]:
    """Return what those of these stations are called that may be seen."""
    return {row.id: row for row in await tx.fetch(StationName, NAMES, as_list(sites), station_ids)}
