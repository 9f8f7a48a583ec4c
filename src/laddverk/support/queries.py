"""What screens and programs read of cases. Reads only; whoever sees some sites only sees the cases of those."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.queries_timeline import HappeningRow
from laddverk.platform.database import Transaction
from laddverk.support.model import Case

Sites = frozenset[UUID] | None


class CaseRow(Case, frozen=True, kw_only=True):
    """A case in a list, with the names of what it is about and the incident that it speaks of."""

    driver_name: str | None = None
    station_name: str | None = None
    site_name: str | None = None
    session_number: int | None = None
    of_incident_id: UUID | None = None
    incident_number: int | None = None
    incident_state: str | None = None
    incident_family: str | None = None
    incident_severity: int | None = None
    team_name: str | None = None
    is_rated_good: bool | None = None
    excerpt: str | None = None
    """Where the words that were searched for stand, between `HIT_BEGINS` and `HIT_ENDS`."""


class EntryRow(Struct, frozen=True, kw_only=True):
    """One line of a case's timeline: its own entries, and what machines did meanwhile."""

    at: datetime
    source: str
    """`case`, `incident`, `session`, `payment` or `command`; with everything that happened around it (`happening`) also
    `state`, `link`, `tag`, `order`, `limit` or `money`, and `cut` where no more of one of these is shown."""
    kind: str
    channel: str
    by_kind: str
    by_name: str
    text: str
    params: dict[str, Any]
    body: str
    id: UUID | None = None
    number: int | None = None
    """Of the case that it was written in, where that was merged into this one."""


class Staff(Struct, frozen=True):
    """Somebody who can be given a case."""

    id: UUID
    name: str


CASE_SHOWN: Final = f"""
SELECT {", ".join(f"support_case.{name}" for name in Case.__struct_fields__)},
       driver.name AS driver_name, station.name AS station_name, site.name AS site_name,
       session.number AS session_number, incident.id AS of_incident_id, incident.number AS incident_number,
       incident.state AS incident_state, incident.family AS incident_family, incident.severity AS incident_severity,
       team.name AS team_name, rating.is_good AS is_rated_good
"""
CASE_FROM: Final = """
FROM support_case
LEFT JOIN driver ON driver.id = support_case.driver_id
LEFT JOIN station ON station.id = support_case.station_id
LEFT JOIN site ON site.id = support_case.site_id
LEFT JOIN session ON session.id = support_case.session_id
LEFT JOIN driver_report AS report ON report.id = support_case.report_id
LEFT JOIN incident ON incident.id = coalesce(report.incident_id, support_case.incident_id) AND incident.state <> 'held'
LEFT JOIN support_team AS team ON team.id = support_case.team_id
LEFT JOIN support_rating AS rating ON rating.case_id = support_case.id
"""
ONE: Final = (
    CASE_SHOWN + CASE_FROM + "WHERE support_case.id = $2 AND ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
)
OF_INCIDENT: Final = (
    CASE_SHOWN + CASE_FROM + "WHERE incident.id = $2 AND ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
    " AND (report.incident_id = $2 OR support_case.incident_id = $2)"
    " ORDER BY support_case.number LIMIT 100"
)  # fmt: skip
OF_DRIVER: Final = (
    CASE_SHOWN + CASE_FROM + "WHERE support_case.driver_id = $1 ORDER BY support_case.number DESC LIMIT 20"
)
# One timeline: what was said and done, and what its incident, session and payment did from a day before it was opened.
ENTRIES: Final = """
    SELECT at, 'case' AS source, kind, channel, by_kind, by_name, text, params, body, id, NULL::bigint AS number
    FROM case_entry WHERE case_id = $1
    UNION ALL
    SELECT said.at, 'case', said.kind, said.channel, said.by_kind, said.by_name, said.text, said.params, said.body,
           said.id, part.number
    FROM support_case AS part JOIN case_entry AS said ON said.case_id = part.id WHERE part.merged_into_id = $1
    UNION ALL
    SELECT said.at, 'incident', 'machine', '', said.by_kind, said.by_name, said.text, said.params, said.note, said.id,
           NULL
    FROM support_case JOIN incident_event AS said ON said.incident_id = coalesce(
        (SELECT incident_id FROM driver_report WHERE id = support_case.report_id), support_case.incident_id)
    WHERE support_case.id = $1 AND said.at >= support_case.created_at - interval '1 day'
    UNION ALL
    SELECT session.started_at, 'session', 'started', '', 'machine', '', '',
           jsonb_build_object('number', session.number), '', session.id, NULL
    FROM support_case JOIN session ON session.id = support_case.session_id WHERE support_case.id = $1
    UNION ALL
    SELECT session.ended_at, 'session', 'ended', '', 'machine', '', '',
           jsonb_build_object('number', session.number, 'energy_wh', session.energy_wh), '', session.id, NULL
    FROM support_case JOIN session ON session.id = support_case.session_id
    WHERE support_case.id = $1 AND session.ended_at IS NOT NULL
    UNION ALL
    SELECT payment.updated_at, 'payment', payment.state, '', 'machine', '', '',
           jsonb_build_object('currency', payment.currency, 'captured_minor', payment.captured_minor,
                              'refunded_minor', payment.refunded_minor, 'authorised_minor', payment.authorised_minor),
           '', payment.id, NULL
    FROM support_case JOIN payment ON payment.id = support_case.payment_id
    WHERE support_case.id = $1
    UNION ALL
    SELECT command.finished_at, 'command', command.state, '', 'machine', '', '',
           jsonb_build_object('deed', deed.deed, 'word', coalesce(command.outcome, '')), '', command.id, NULL
    FROM case_deed AS deed JOIN command ON command.id = deed.command_id
    WHERE deed.case_id = $1 AND command.finished_at IS NOT NULL
"""
TIMELINE: Final = f"SELECT * FROM ({ENTRIES}) AS everything ORDER BY at DESC, id DESC LIMIT $2"  # noqa: S608 - made of constants
MESSAGES: Final = """
SELECT at, 'case' AS source, kind, channel, by_kind, by_name, text, params, body, id FROM case_entry
WHERE case_id IN (SELECT $1 UNION ALL SELECT id FROM support_case WHERE merged_into_id = $1)
  AND kind IN ('message_in', 'message_out') ORDER BY at, id LIMIT 500
"""
# What a charger's line of time tells of its cases: when they were opened and closed, and of which outlet they are.
AT_STATION: Final = """
SELECT * FROM (
    (SELECT created_at AS at, 'case' AS kind, nullif(evse_number, 0) AS evse_number, subject AS word,
            number::text AS detail, created_by AS who, channel AS state, id
     FROM support_case WHERE station_id = $2 AND created_at < $3 AND ($1::uuid[] IS NULL OR site_id = ANY($1))
       AND ($4 = 0 OR evse_number IN (0, $4))
     ORDER BY created_at DESC LIMIT $6)
    UNION ALL
    (SELECT closed_at, 'case_closed', nullif(evse_number, 0), outcome, number::text, closed_by, '', id
     FROM support_case WHERE station_id = $2 AND closed_at < $3 AND ($1::uuid[] IS NULL OR site_id = ANY($1))
       AND ($4 = 0 OR evse_number IN (0, $4))
     ORDER BY closed_at DESC LIMIT $6)
) AS happened WHERE $5::timestamptz IS NULL OR at >= $5 ORDER BY at DESC, kind DESC LIMIT $6
"""
STAFF: Final = """
SELECT id, name FROM operator WHERE disabled_at IS NULL AND role IN ('admin', 'operator', 'support') ORDER BY name
LIMIT 500
"""


async def case(tx: Transaction, sites: Sites, case_id: UUID) -> CaseRow | None:
    """Return one case, or None where there is none that may be seen."""
    return await tx.fetch_one(CaseRow, ONE, None if sites is None else list(sites), case_id)


async def of_incident(tx: Transaction, sites: Sites, incident_id: UUID) -> list[CaseRow]:
    """Return the cases that speak of an incident."""
    return await tx.fetch(CaseRow, OF_INCIDENT, None if sites is None else list(sites), incident_id)


async def of_driver(tx: Transaction, driver_id: UUID) -> list[CaseRow]:
    """Return a driver's own cases, the newest first."""
    return await tx.fetch(CaseRow, OF_DRIVER, driver_id)


async def timeline(tx: Transaction, case_id: UUID, limit: int = 300) -> list[EntryRow]:
    """Return everything of a case, the newest first."""
    return await tx.fetch(EntryRow, TIMELINE, case_id, limit)


async def at_station(
    tx: Transaction,
    sites: Sites,
    station_id: UUID,
    before: datetime,
    *,
    evse_number: int = 0,
    since: datetime | None = None,
    limit: int = 60,
) -> list[HappeningRow]:
    """Return the cases of a charger, or of one outlet and its charger, as events before an instant, newest first."""
    given = None if sites is None else list(sites)
    return await tx.fetch(HappeningRow, AT_STATION, given, station_id, before, evse_number, since, limit)


async def messages(tx: Transaction, case_id: UUID) -> list[EntryRow]:
    """Return what a driver may read of a case: what was said to each other, the oldest first."""
    return await tx.fetch(EntryRow, MESSAGES, case_id)


async def staff(tx: Transaction) -> list[Staff]:
    """Return who can be given a case."""
    return await tx.fetch(Staff, STAFF)
