"""Incidents in PostgreSQL: what a decision reads and writes. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.incidents.model import (
    Closing,
    Demand,
    DriverReport,
    Incident,
    OwnOutage,
    QuietSpan,
    TimelineEvent,
)
from laddverk.diagnostics.model import Finding, FindingId, IncidentId
from laddverk.diagnostics.scope import Placed
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.platform.database import Transaction

LOCK: Final = "SELECT pg_advisory_xact_lock(7230500)"  # one decision at a time; any number that nobody else takes
# What is not over, and what was closed within the week: it may come back.
ACTIVE: Final = """
SELECT * FROM incident
WHERE state IN ('held', 'new', 'acknowledged', 'in_work', 'verifying') OR closed_at > $1::timestamptz
ORDER BY since, id FOR UPDATE
"""
ONE: Final = "SELECT * FROM incident WHERE id = $1 FOR UPDATE"
# What a retired station complained of is over.
FINDINGS: Final = """
SELECT finding.id, detector, station_id, evse_number, family, severity, confidence, since, raised_at, last_at, times,
       evidence, coalesce(cleared_at, station.retired_at) AS cleared_at, incident_id
FROM finding JOIN station ON station.id = finding.station_id
WHERE (cleared_at IS NULL AND station.retired_at IS NULL) OR incident_id = ANY($1)
"""
# Cars of the charges that failed since the finding began; more than three say nothing of one car.
PLACED: Final = """
SELECT finding.id AS finding_id, finding.detector, finding.family, finding.severity, finding.station_id,
       finding.evse_number, finding.since, station.site_id, station.vendor, station.model, station.firmware,
       coalesce(failing.cars, '{}') AS cars, coalesce(station_carrier.carrier, '') AS carrier
FROM finding JOIN station ON station.id = finding.station_id
LEFT JOIN station_carrier ON station_carrier.station_id = station.id
LEFT JOIN LATERAL (
    SELECT array_agg(car) AS cars FROM (
        SELECT DISTINCT coalesce(nullif(car_key, ''), token_key) AS car FROM session_outcome AS outcome
        WHERE outcome.station_id = finding.station_id AND outcome.ended_at >= finding.since
          AND finding.evse_number IN (0, outcome.evse_number)
          AND outcome.outcome NOT IN ('ok', 'excluded', 'no_auth')
          AND (outcome.car_key <> '' OR outcome.token_key <> '')
        LIMIT 4) AS each_car
) AS failing ON finding.family IN ('ev_communication', 'no_energy', 'vehicle', 'other')
WHERE finding.cleared_at IS NULL AND station.retired_at IS NULL
"""
FLEET: Final = """
SELECT site_id, vendor, model, firmware, count(*)::int AS stations FROM station
WHERE retired_at IS NULL GROUP BY site_id, vendor, model, firmware
"""
USUAL_LOSSES: Final = "SELECT usual FROM link_losses"
BAD_CARS: Final = """
SELECT DISTINCT said->'values'->>'car' FROM finding, jsonb_array_elements(evidence) AS said
WHERE cleared_at IS NULL AND detector = 'D10' AND said->'values' ? 'car'
"""
SITES_OF: Final = "SELECT id, site_id FROM station WHERE id = ANY($1)"
# Four weeks before: the same weekdays four times each. A station that is younger counts what it has.
DEMAND: Final = """
SELECT station.id AS station_id,
       coalesce(past.sessions, 0) / greatest(1.0, least(28.0,
           extract(epoch FROM $2::timestamptz - station.registered_at)::float8 / 86400)) AS drivers_day,
       (coalesce(past.energy_wh, 0) / greatest(1.0, least(28.0,
           extract(epoch FROM $2::timestamptz - station.registered_at)::float8 / 86400)))::bigint AS energy_day_wh,
       EXISTS (SELECT FROM station AS other JOIN connector ON connector.station_id = other.id
               WHERE other.site_id = station.site_id AND NOT other.id = ANY($1) AND other.retired_at IS NULL
                 AND other.connected_at IS NOT NULL
                 AND connector.status NOT IN ('faulted', 'unavailable', 'unknown')) AS has_alternative
FROM station LEFT JOIN LATERAL (
    SELECT count(*)::float8 AS sessions, sum(energy_wh)::float8 AS energy_wh FROM session
    WHERE session.station_id = station.id AND session.started_at >= $2::timestamptz - interval '28 days'
) AS past ON true
WHERE station.id = ANY($1)
"""
SPANS: Final = "SELECT * FROM quiet_span WHERE until_at > $1 AND (ended_at IS NULL OR ended_at > $1)"
OUTAGES: Final = "SELECT from_at, until_at FROM own_outage WHERE until_at > $1::timestamptz - interval '1 hour'"
REPORTS: Final = """
SELECT report.id, report.station_id, station.site_id, report.evse_number, report.at, report.kind, report.person_key,
       report.incident_id
FROM driver_report AS report JOIN station ON station.id = report.station_id
WHERE (report.at > $1::timestamptz - interval '24 hours' AND report.incident_id IS NULL) OR report.incident_id = ANY($2)
"""
SUCCESSES: Final = """
SELECT incident.id, count(*)::int AS charges FROM incident
JOIN session_outcome AS outcome ON outcome.station_id = ANY(incident.stations) AND outcome.ended_at > incident.last_at
 AND incident.evse_number IN (0, outcome.evse_number)
WHERE incident.id = ANY($1) AND outcome.outcome = 'ok' GROUP BY incident.id
"""
# Detectors whose last twenty incidents that a person judged were mostly of no use.
MUTED: Final = """
SELECT detector FROM (
    SELECT detector, useful, row_number() OVER (PARTITION BY detector ORDER BY at DESC) AS place
    FROM incident_closing, unnest(detectors) AS detector WHERE useful IS NOT NULL
) AS judged WHERE place <= 20 GROUP BY detector HAVING count(*) >= 10 AND avg(useful::int) < 0.5
"""
_COLUMNS: Final = (
    "scope, scope_key, site_id, station_id, evse_number, stations, sites, family, severity, found_severity, confidence,"
    " state, since, opens_at, raised_at, last_at, quiet_since, hidden_by, parent_id, times, repeats, reports,"
    " drivers_day, energy_day_wh, has_alternative, weighed_at, level, called_at, owner_name, acknowledged_at,"
    " verifying_at, closed_at, changed_at"
)
_TYPED: Final = (
    "id uuid, scope text, scope_key text, site_id uuid, station_id uuid, evse_number int, stations uuid[],"
    " sites uuid[], family text, severity smallint, found_severity smallint, confidence real, state text,"
    " since timestamptz, opens_at timestamptz, raised_at timestamptz, last_at timestamptz, quiet_since timestamptz,"
    " hidden_by text, parent_id uuid, times int, repeats int, reports int, drivers_day real, energy_day_wh bigint,"
    " has_alternative boolean, weighed_at timestamptz,"
    " level int, called_at timestamptz, owner_name text, acknowledged_at timestamptz,"
    " verifying_at timestamptz, closed_at timestamptz, changed_at timestamptz"
)
_SET: Final = ", ".join(f"{name.strip()} = excluded.{name.strip()}" for name in _COLUMNS.split(","))
_GIVEN: Final = f"SELECT id, {_COLUMNS} FROM jsonb_to_recordset($1::jsonb) AS given ({_TYPED})"  # noqa: S608 - constants above
SAVE: Final = f"INSERT INTO incident (id, {_COLUMNS}) {_GIVEN} ON CONFLICT (id) DO UPDATE SET {_SET}"
DROP: Final = "DELETE FROM incident WHERE id = ANY($1)"
FREE_FINDINGS: Final = "UPDATE finding SET incident_id = NULL WHERE incident_id = ANY($1)"
MOVE_FINDINGS: Final = """
UPDATE finding SET incident_id = given.home FROM unnest($1::uuid[], $2::uuid[]) AS given (id, home)
WHERE finding.id = given.id
"""
MOVE_REPORTS: Final = """
UPDATE driver_report SET incident_id = given.home FROM unnest($1::uuid[], $2::uuid[]) AS given (id, home)
WHERE driver_report.id = given.id
"""
WRITE_EVENTS: Final = """
INSERT INTO incident_event (incident_id, id, at, by_kind, by_name, text, params, note, is_remedy)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
                     $8::text[], $9::boolean[])
"""
CLOSE: Final = """
INSERT INTO incident_closing (id, incident_id, at, by_name, cause, useful, part, cost_minor, currency, note, detectors)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
DETECTORS_OF: Final = "SELECT DISTINCT detector FROM finding WHERE incident_id = $1 ORDER BY detector"


class CohortSize(Struct, frozen=True):
    """How many stations of one version stand at a site."""

    site_id: SiteId
    vendor: str
    model: str
    firmware: str
    stations: int


async def lock(tx: Transaction) -> None:
    """Wait until no other decision about incidents is being made."""
    await tx.execute(LOCK)


async def active(tx: Transaction, closed_since: datetime) -> list[Incident]:
    """Return the incidents that are not over and those that were closed since, locked."""
    return await tx.fetch(Incident, ACTIVE, closed_since)


async def incident(tx: Transaction, incident_id: UUID) -> Incident | None:
    """Return one incident, locked."""
    return await tx.fetch_one(Incident, ONE, incident_id)


async def findings(tx: Transaction, incidents: Iterable[IncidentId]) -> list[Finding]:
    """Return the findings that stand, and those of `incidents`."""
    return await tx.fetch(Finding, FINDINGS, list(incidents))


async def placed(tx: Transaction) -> list[Placed]:
    """Return the findings that stand, with what their stations have in common with others."""
    return await tx.fetch(Placed, PLACED)


async def fleet(tx: Transaction) -> list[CohortSize]:
    """Return how many stations there are, by site and version."""
    return await tx.fetch(CohortSize, FLEET)


async def usual_losses(tx: Transaction) -> float:
    """Return how many stations lose contact in ten ordinary minutes; 0 until that has been counted."""
    return float(await tx.value(USUAL_LOSSES) or 0.0)


async def bad_cars(tx: Transaction) -> list[str]:
    """Return the keys of cars that are known to fail everywhere."""
    return await tx.values(BAD_CARS)


async def sites_of(tx: Transaction, stations: Iterable[StationId]) -> dict[StationId, SiteId]:
    """Return at which site each station is."""
    return {row["id"]: row["site_id"] for row in await tx.rows(SITES_OF, list(stations))}


async def demand(tx: Transaction, stations: Sequence[StationId], now: datetime) -> Demand:
    """Return who would come to these stations together within a day."""
    rows = await tx.rows(DEMAND, list(stations), now)
    return Demand(
        drivers_day=sum(row["drivers_day"] for row in rows),
        energy_day_wh=sum(row["energy_day_wh"] for row in rows),
        has_alternative=all(row["has_alternative"] for row in rows),
    )


async def quiet_spans(tx: Transaction, now: datetime) -> list[QuietSpan]:
    """Return the silences and maintenance windows that are not over."""
    return await tx.fetch(QuietSpan, SPANS, now)


async def own_outages(tx: Transaction, now: datetime) -> list[OwnOutage]:
    """Return when we ourselves stood still lately."""
    return await tx.fetch(OwnOutage, OUTAGES, now)


async def reports(tx: Transaction, incidents: Iterable[IncidentId], now: datetime) -> list[DriverReport]:
    """Return what drivers reported within a day that belongs to nothing yet, and what belongs to `incidents`."""
    return await tx.fetch(DriverReport, REPORTS, now, list(incidents))


async def successes(tx: Transaction, incidents: Iterable[IncidentId]) -> dict[IncidentId, int]:
    """Return how many charges went well at each incident's outlets since its newest evidence."""
    return {row["id"]: row["charges"] for row in await tx.rows(SUCCESSES, list(incidents))}


async def muted(tx: Transaction) -> list[str]:
    """Return the detectors whose last incidents were mostly of no use, as people judged them."""
    return await tx.values(MUTED)


async def save(tx: Transaction, incidents: Sequence[Incident]) -> None:
    """Write incidents that are new or changed."""
    if incidents:
        await tx.execute(SAVE, list(incidents))


async def drop(tx: Transaction, incidents: Sequence[IncidentId]) -> None:
    """Forget incidents that nobody was told of."""
    if incidents:
        await tx.execute(FREE_FINDINGS, list(incidents))
        await tx.execute(DROP, list(incidents))


async def move_findings(tx: Transaction, moved: dict[FindingId, IncidentId]) -> None:
    """Write to which incident findings belong."""
    if moved:
        await tx.execute(MOVE_FINDINGS, list(moved), list(moved.values()))


async def move_reports(tx: Transaction, moved: dict[UUID, IncidentId]) -> None:
    """Write to which incident reports belong."""
    if moved:
        await tx.execute(MOVE_REPORTS, list(moved), list(moved.values()))


async def write_events(tx: Transaction, events: Sequence[TimelineEvent]) -> None:
    """Add to timelines."""
    if events:
        await tx.execute(
            WRITE_EVENTS,
            [one.incident_id for one in events],
            [new_id() for _ in events],
            [one.at for one in events],
            [one.by_kind for one in events],
            [one.by_name for one in events],
            [one.text for one in events],
            [one.params for one in events],
            [one.note for one in events],
            [one.is_remedy for one in events],
        )


async def write_closings(tx: Transaction, closings: Sequence[Closing]) -> None:
    """Write why incidents were closed."""
    for one in closings:
        await tx.execute(
            CLOSE, new_id(), one.incident_id, one.at, one.by_name, one.cause, one.useful, one.part, one.cost_minor,
            one.currency, one.note, list(one.detectors),
        )  # fmt: skip


async def detectors_of(tx: Transaction, incident_id: UUID) -> tuple[str, ...]:
    """Return which detectors see an incident."""
    return tuple(await tx.values(DETECTORS_OF, incident_id))
