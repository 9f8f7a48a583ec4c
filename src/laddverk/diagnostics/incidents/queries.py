"""What screens and programs read of incidents. Reads only; whoever sees some sites only sees what touches those."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.incidents.model import Hidden, State
from laddverk.diagnostics.model import Evidence, Family, FindingId, IncidentId, Severity
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

Sites = frozenset[UUID] | None


class IncidentRow(Struct, frozen=True, kw_only=True):
    """An incident in a list: what, where, since when, why we think so, and what became of it."""

    id: IncidentId
    number: int
    scope: str
    scope_key: str
    site_id: UUID | None
    site_name: str | None
    station_id: StationId | None
    station_name: str | None
    evse_number: int
    stations: tuple[StationId, ...]
    sites: tuple[UUID, ...]
    family: Family
    severity: Severity
    found_severity: Severity
    confidence: float
    state: State
    since: datetime
    opens_at: datetime
    raised_at: datetime | None
    last_at: datetime
    quiet_since: datetime | None
    hidden_by: Hidden
    parent_id: IncidentId | None
    times: int
    repeats: int
    reports: int
    drivers_day: float
    energy_day_wh: int
    has_alternative: bool
    level: int
    owner_name: str
    acknowledged_at: datetime | None
    verifying_at: datetime | None
    closed_at: datetime | None
    changed_at: datetime
    detectors: tuple[str, ...]
    """Those that see it, the most telling first."""
    evidence: tuple[Evidence, ...] | None
    """Of the most telling finding."""
    tried: tuple[str, ...]
    """What was done to mend it: texts of its timeline."""
    cause: str | None
    """Of its last closing."""

    @property
    def main_detector(self) -> str:
        """The detector whose advice counts; '' where only drivers speak."""
        return self.detectors[0] if self.detectors else ""


class IncidentFilter(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to. `state` is one state, `open` (what is shown and not hidden), `needing` (of these
    what drivers notice), `hidden`, or `all`.
    """

    search: str = ""
    state: str = "open"
    severity: int | None = None
    family: str = ""
    site_id: UUID | None = None
    station_id: UUID | None = None
    since: datetime | None = None
    """Only those that changed at or after this."""


_COLUMNS: Final = """
SELECT incident.*, site.name AS site_name, station.name AS station_name,
       coalesce(made.detectors, '{}') AS detectors, made.evidence,
       coalesce((SELECT array_agg(text ORDER BY at) FROM incident_event AS said
                 WHERE said.incident_id = incident.id AND is_remedy), '{}') AS tried,
       (SELECT cause FROM incident_closing AS closing WHERE closing.incident_id = incident.id
        ORDER BY at DESC LIMIT 1) AS cause
"""
_FROM: Final = """
FROM incident
LEFT JOIN site ON site.id = incident.site_id
LEFT JOIN station ON station.id = incident.station_id
"""
_MADE: Final = """
LEFT JOIN LATERAL (
    SELECT array_agg(detector ORDER BY place) AS detectors, (array_agg(evidence ORDER BY place))[1] AS evidence FROM (
        SELECT DISTINCT ON (detector) detector, evidence,
               row_number() OVER (ORDER BY cleared_at IS NOT NULL, family <> incident.family, severity, confidence DESC,
                                  since, finding.id) AS place
        FROM finding WHERE finding.incident_id = incident.id
        ORDER BY detector, place) AS one
) AS made ON true
"""
_WHERE: Final = """
WHERE ($1::uuid[] IS NULL OR incident.sites && $1)
  AND ($2 = '' OR incident.number::text = ltrim($2, '#') OR concat_ws(' ', site.name, station.name, incident.owner_name)
       ILIKE '%' || $2 || '%'
       OR EXISTS (SELECT FROM station AS each WHERE each.id = ANY(incident.stations)
                  AND concat_ws(' ', each.name, each.identity) ILIKE '%' || $2 || '%'))
  AND CASE $3 WHEN 'all' THEN incident.state <> 'held' OR incident.hidden_by <> ''
              WHEN 'open' THEN incident.state IN ('new', 'acknowledged', 'in_work', 'verifying')
                               AND incident.hidden_by = ''
              WHEN 'needing' THEN incident.state IN ('new', 'acknowledged', 'in_work') AND incident.hidden_by = ''
                                  AND incident.severity <= 2
              WHEN 'hidden' THEN incident.hidden_by <> '' AND incident.state NOT IN ('closed', 'false', 'merged')
              ELSE incident.state = $3 END
  AND ($4::int IS NULL OR incident.severity = $4)
  AND ($5 = '' OR incident.family = $5)
  AND ($6::uuid IS NULL OR incident.sites @> ARRAY[$6::uuid])
  AND ($7::uuid IS NULL OR incident.stations @> ARRAY[$7::uuid])
  AND ($8::timestamptz IS NULL OR incident.changed_at >= $8)
"""
# Those being watched whether they stay away come last: nobody has to do anything.
LIST: Final = (
    _COLUMNS + _FROM + _MADE + _WHERE
    + """
ORDER BY CASE WHEN $9 = 'since' THEN incident.since END, CASE WHEN $9 = '-since' THEN incident.since END DESC,
         CASE WHEN $9 = '-demand' THEN incident.drivers_day END DESC,
         incident.closed_at DESC NULLS FIRST, incident.state = 'verifying', incident.severity,
         incident.has_alternative, incident.drivers_day DESC, incident.since, incident.id
LIMIT $10 OFFSET $11
"""
)  # fmt: skip
COUNT: Final = "SELECT count(*) " + _FROM + _WHERE
ONE: Final = _COLUMNS + _FROM + _MADE + " WHERE incident.id = $2 AND ($1::uuid[] IS NULL OR incident.sites && $1)"
OF_STATION: Final = (
    _COLUMNS + _FROM + _MADE
    + " WHERE incident.stations @> ARRAY[$2::uuid] AND ($1::uuid[] IS NULL OR incident.sites && $1)"
    " AND incident.state <> 'held' ORDER BY incident.closed_at DESC NULLS FIRST, incident.severity, incident.since DESC"
    " LIMIT $3"
)  # fmt: skip
STATES: Final = """
SELECT count(*) FILTER (WHERE hidden_by = '' AND state = 'new')::int AS new,
       count(*) FILTER (WHERE hidden_by = '' AND state IN ('acknowledged', 'in_work'))::int AS taken,
       count(*) FILTER (WHERE hidden_by = '' AND state = 'verifying')::int AS verifying,
       count(*) FILTER (WHERE hidden_by <> '')::int AS hidden,
       count(*) FILTER (WHERE hidden_by = '' AND state IN ('new', 'acknowledged', 'in_work') AND severity = 0)::int AS safety,
       count(*) FILTER (WHERE hidden_by = '' AND state IN ('new', 'acknowledged', 'in_work') AND severity = 1)::int AS down
FROM incident WHERE state IN ('held', 'new', 'acknowledged', 'in_work', 'verifying')
  AND ($1::uuid[] IS NULL OR sites && $1)
"""  # noqa: E501 - one line a figure
FINDINGS: Final = """
SELECT finding.*, station.name AS station_name FROM finding JOIN station ON station.id = finding.station_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2::uuid IS NULL OR finding.incident_id = $2)
  AND ($3::uuid IS NULL OR finding.station_id = $3)
  AND ($4 = '' OR finding.detector = $4)
  AND CASE $5 WHEN 'open' THEN finding.cleared_at IS NULL WHEN 'cleared' THEN finding.cleared_at IS NOT NULL ELSE true END
  AND ($6::timestamptz IS NULL OR finding.changed_at >= $6)
ORDER BY finding.cleared_at DESC NULLS FIRST, finding.severity, finding.raised_at DESC, finding.id
LIMIT $7 OFFSET $8
"""  # noqa: E501 - one line a condition
TIMELINE: Final = """
SELECT at, by_kind, by_name, text, params, note, is_remedy FROM incident_event
WHERE incident_id = $1 ORDER BY at DESC, id DESC LIMIT $2
"""
CLOSINGS: Final = "SELECT * FROM incident_closing WHERE incident_id = $1 ORDER BY at DESC"
STATIONS: Final = """
SELECT station.id, station.name, station.site_id, site.name AS site_name,
       EXISTS (SELECT FROM finding WHERE finding.incident_id = $1 AND finding.station_id = station.id
               AND finding.cleared_at IS NULL) AS is_seen
FROM incident JOIN station ON station.id = ANY(incident.stations) JOIN site ON site.id = station.site_id
WHERE incident.id = $1 AND ($2::uuid[] IS NULL OR station.site_id = ANY($2)) ORDER BY site.name, station.name LIMIT 200
"""
REPORTS: Final = """
SELECT id, station_id, evse_number, at, kind, text, language, session_id, photo IS NOT NULL AS has_photo
FROM driver_report WHERE incident_id = $1 ORDER BY at DESC LIMIT 100
"""
DRIVERS_AFFECTED: Final = "SELECT count(DISTINCT person_key) FROM driver_report WHERE incident_id = $1"
CHARGES_SINCE: Final = """
SELECT count(*) FILTER (WHERE outcome.outcome = 'ok')::int AS ok,
       count(*) FILTER (WHERE outcome.outcome NOT IN ('ok', 'excluded', 'no_auth'))::int AS failed
FROM incident JOIN session_outcome AS outcome ON outcome.station_id = ANY(incident.stations)
 AND incident.evse_number IN (0, outcome.evse_number) AND outcome.ended_at > $2
WHERE incident.id = $1
"""


class StateCounts(Struct, frozen=True, kw_only=True):
    """How many incidents stand where."""

    new: int
    taken: int
    verifying: int
    hidden: int
    safety: int
    down: int


class FindingRow(Struct, frozen=True, kw_only=True):
    """A finding in a list."""

    id: FindingId
    detector: str
    station_id: StationId
    station_name: str
    evse_number: int
    family: Family
    severity: Severity
    confidence: float
    since: datetime
    raised_at: datetime
    last_at: datetime
    times: int
    evidence: tuple[Evidence, ...]
    cleared_at: datetime | None
    incident_id: IncidentId | None


class FindingFilter(Struct, frozen=True, kw_only=True):
    """What a list of findings is narrowed to."""

    incident_id: UUID | None = None
    station_id: UUID | None = None
    detector: str = ""
    state: str = "all"
    """open, cleared or all."""
    since: datetime | None = None


class EventRow(Struct, frozen=True, kw_only=True):
    """One line of a timeline."""

    at: datetime
    by_kind: str
    by_name: str
    text: str
    params: dict[str, Any]
    note: str
    is_remedy: bool


class ClosingRow(Struct, frozen=True, kw_only=True):
    """Why it was closed."""

    at: datetime
    by_name: str
    cause: str
    useful: bool | None
    part: str
    cost_minor: int
    currency: str
    note: str


class StationSeen(Struct, frozen=True, kw_only=True):
    """A station of an incident."""

    id: StationId
    name: str
    site_id: UUID
    site_name: str
    is_seen: bool
    """Something is still held against it."""


class ReportRow(Struct, frozen=True, kw_only=True):
    """What a driver reported."""

    id: UUID
    station_id: StationId
    evse_number: int
    at: datetime
    kind: str
    text: str
    language: str
    session_id: UUID | None
    has_photo: bool


class Charges(Struct, frozen=True):
    """How charges went."""

    ok: int
    failed: int


def _args(sites: Sites, wanted: IncidentFilter) -> tuple[object, ...]:
    return (
        _listed(sites), wanted.search.replace("%", "").replace("_", "\\_"), wanted.state, wanted.severity,
        wanted.family, wanted.site_id, wanted.station_id, wanted.since,
    )  # fmt: skip


def _listed(sites: Sites) -> list[UUID] | None:
    return None if sites is None else list(sites)


async def open_incidents(
    tx: Transaction,
    sites: Sites,
    wanted: IncidentFilter | None = None,
    sort: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[IncidentRow]:
    """Return a page of incidents, the most urgent first. `sort`: '', since, -since or -demand."""
    chosen = wanted or IncidentFilter()
    return await tx.fetch(IncidentRow, LIST, *_args(sites, chosen), sort, limit, offset)


async def count_incidents(tx: Transaction, sites: Sites, wanted: IncidentFilter) -> int:
    """Return how many incidents a filter leaves."""
    return int(await tx.value(COUNT, *_args(sites, wanted)))


async def incident(tx: Transaction, sites: Sites, incident_id: UUID) -> IncidentRow | None:
    """Return one incident, or None where there is none that may be seen."""
    return await tx.fetch_one(IncidentRow, ONE, _listed(sites), incident_id)


async def of_station(tx: Transaction, sites: Sites, station_id: UUID, limit: int = 20) -> list[IncidentRow]:
    """Return what was and is wrong with a station, what is open first."""
    return await tx.fetch(IncidentRow, OF_STATION, _listed(sites), station_id, limit)


async def state_counts(tx: Transaction, sites: Sites) -> StateCounts:
    """Return how many incidents stand where."""
    found = await tx.fetch_one(StateCounts, STATES, _listed(sites))
    assert found is not None
    return found


async def findings(
    tx: Transaction, sites: Sites, wanted: FindingFilter, *, limit: int = 100, offset: int = 0
) -> list[FindingRow]:
    """Return what detectors hold against stations: what stands first, the worst first."""
    return await tx.fetch(
        FindingRow, FINDINGS, _listed(sites), wanted.incident_id, wanted.station_id, wanted.detector, wanted.state,
        wanted.since, limit, offset,
    )  # fmt: skip


async def timeline(tx: Transaction, incident_id: UUID, limit: int = 300) -> list[EventRow]:
    """Return what happened to an incident, the newest first."""
    return await tx.fetch(EventRow, TIMELINE, incident_id, limit)


async def closings(tx: Transaction, incident_id: UUID) -> list[ClosingRow]:
    """Return why it was closed, each time."""
    return await tx.fetch(ClosingRow, CLOSINGS, incident_id)


async def stations_of(tx: Transaction, sites: Sites, incident_id: UUID) -> list[StationSeen]:
    """Return the stations of an incident that may be seen."""
    return await tx.fetch(StationSeen, STATIONS, incident_id, _listed(sites))


async def reports_of(tx: Transaction, incident_id: UUID) -> list[ReportRow]:
    """Return what drivers reported of it."""
    return await tx.fetch(ReportRow, REPORTS, incident_id)


async def drivers_affected(tx: Transaction, incident_id: UUID) -> int:
    """Return how many people have told us of an incident, by a report or a case; each counts once."""
    return int(await tx.value(DRIVERS_AFFECTED, incident_id))


async def charges_since(tx: Transaction, incident_id: UUID, since: datetime) -> Charges:
    """Return how charges went at the incident's outlets since an instant."""
    return await tx.fetch_one(Charges, CHARGES_SINCE, incident_id, since) or Charges(0, 0)
