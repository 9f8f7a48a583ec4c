"""What screens and programs read of cases. Reads only; whoever sees some sites only sees the cases of those."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.queries_timeline import HappeningRow
from laddverk.platform.database import Transaction
from laddverk.support.model import Case

Sites = frozenset[UUID] | None
NUMBER_DIGITS: Final = 15  # a bigint holds more; nobody says more
WORD: Final = re.compile(r"[\w@.+-]+")
WORDS_MAX: Final = 8


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


class CaseFilter(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to. `state`: open, waiting, closed, all, or mine and unassigned of those not closed."""

    search: str = ""
    state: str = "open"
    me: UUID | None = None
    kind: str = ""
    driver_id: UUID | None = None
    station_id: UUID | None = None
    session_id: UUID | None = None
    since: datetime | None = None
    """Only those that changed at or after this."""


class Counts(Struct, frozen=True):
    """How many cases are in each view of the inbox."""

    open: int
    mine: int
    unassigned: int
    waiting: int


class EntryRow(Struct, frozen=True, kw_only=True):
    """One line of a case's timeline: its own entries, and what machines did meanwhile."""

    at: datetime
    source: str
    """`case`, `incident`, `session` or `payment`."""
    kind: str
    channel: str
    by_kind: str
    by_name: str
    text: str
    params: dict[str, Any]
    body: str


class Outlet(Struct, frozen=True, kw_only=True):
    """How an outlet of the charger is now."""

    evse_number: int
    connector_number: int
    code: str
    status: str
    status_since: datetime | None
    error_code: str | None


class ChargerNow(Struct, frozen=True, kw_only=True):
    """How the charger of a case is now."""

    id: UUID
    name: str
    vendor: str
    model: str
    firmware: str
    connected_at: datetime | None
    disconnected_at: datetime | None
    last_seen_at: datetime | None


class Staff(Struct, frozen=True):
    """Somebody who can be given a case."""

    id: UUID
    name: str


_SHOWN: Final = f"""
SELECT {", ".join(f"support_case.{name}" for name in Case.__struct_fields__)},
       driver.name AS driver_name, station.name AS station_name, site.name AS site_name,
       session.number AS session_number, incident.id AS of_incident_id, incident.number AS incident_number,
       incident.state AS incident_state, incident.family AS incident_family, incident.severity AS incident_severity
"""
_FROM: Final = """
FROM support_case
LEFT JOIN driver ON driver.id = support_case.driver_id
LEFT JOIN station ON station.id = support_case.station_id
LEFT JOIN site ON site.id = support_case.site_id
LEFT JOIN session ON session.id = support_case.session_id
LEFT JOIN driver_report AS report ON report.id = support_case.report_id
LEFT JOIN incident ON incident.id = coalesce(report.incident_id, support_case.incident_id) AND incident.state <> 'held'
"""
_NARROWED: Final = """
WHERE ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))
  AND ($2 = '' OR support_case.number = $3::bigint OR support_case.words @@ to_tsquery('simple', $4)
       OR station.name ILIKE '%' || $2 || '%' OR driver.name ILIKE '%' || $2 || '%'
       OR support_case.id IN (SELECT case_id FROM case_entry WHERE words @@ to_tsquery('simple', $4) AND body <> ''))
  AND CASE $5 WHEN 'all' THEN true
              WHEN 'mine' THEN support_case.state <> 'closed' AND support_case.assignee_id = $6
              WHEN 'unassigned' THEN support_case.state = 'open' AND support_case.assignee_id IS NULL
              ELSE support_case.state = $5 END
  AND ($7 = '' OR support_case.kind = $7)
  AND ($8::uuid IS NULL OR support_case.driver_id = $8)
  AND ($9::uuid IS NULL OR support_case.station_id = $9)
  AND ($10::uuid IS NULL OR support_case.session_id = $10)
  AND ($11::timestamptz IS NULL OR support_case.changed_at >= $11)
"""
# What waits for us: the most urgent first, then whoever has waited longest. What is over: the newest first.
LIST: Final = (
    _SHOWN + _FROM + _NARROWED
    + """
ORDER BY support_case.closed_at DESC NULLS FIRST, support_case.priority, support_case.changed_at, support_case.number
LIMIT $12 OFFSET $13
"""
)  # fmt: skip
COUNT: Final = "SELECT count(*) " + _FROM + _NARROWED
ONE: Final = _SHOWN + _FROM + "WHERE support_case.id = $2 AND ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
OF_INCIDENT: Final = (
    _SHOWN + _FROM + "WHERE incident.id = $2 AND ($1::uuid[] IS NULL OR support_case.site_id = ANY($1))"
    " AND (report.incident_id = $2 OR support_case.incident_id = $2)"
    " ORDER BY support_case.number LIMIT 100"
)  # fmt: skip
OF_DRIVER: Final = _SHOWN + _FROM + "WHERE support_case.driver_id = $1 ORDER BY support_case.number DESC LIMIT 20"
COUNTS: Final = """
SELECT count(*) FILTER (WHERE state = 'open')::int AS open, count(*) FILTER (WHERE assignee_id = $2)::int AS mine,
       count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL)::int AS unassigned,
       count(*) FILTER (WHERE state = 'waiting')::int AS waiting
FROM support_case WHERE state <> 'closed' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
"""
# One timeline: what was said and done, and what its incident, session and payment did from a day before it was opened.
TIMELINE: Final = """
SELECT * FROM (
    SELECT at, 'case' AS source, kind, channel, by_kind, by_name, text, params, body, id FROM case_entry
    WHERE case_id = $1
    UNION ALL
    SELECT said.at, 'incident', 'machine', '', said.by_kind, said.by_name, said.text, said.params, said.note, said.id
    FROM support_case JOIN incident_event AS said ON said.incident_id = coalesce(
        (SELECT incident_id FROM driver_report WHERE id = support_case.report_id), support_case.incident_id)
    WHERE support_case.id = $1 AND said.at >= support_case.created_at - interval '1 day'
    UNION ALL
    SELECT session.started_at, 'session', 'started', '', 'machine', '', '',
           jsonb_build_object('number', session.number), '', session.id
    FROM support_case JOIN session ON session.id = support_case.session_id WHERE support_case.id = $1
    UNION ALL
    SELECT session.ended_at, 'session', 'ended', '', 'machine', '', '',
           jsonb_build_object('number', session.number, 'energy_wh', session.energy_wh), '', session.id
    FROM support_case JOIN session ON session.id = support_case.session_id
    WHERE support_case.id = $1 AND session.ended_at IS NOT NULL
    UNION ALL
    SELECT payment.updated_at, 'payment', payment.state, '', 'machine', '', '',
           jsonb_build_object('currency', payment.currency, 'captured_minor', payment.captured_minor,
                              'refunded_minor', payment.refunded_minor, 'authorised_minor', payment.authorised_minor),
           '', payment.id
    FROM support_case JOIN payment ON payment.id = support_case.payment_id WHERE support_case.id = $1
) AS everything ORDER BY at DESC, id DESC LIMIT $2
"""
MESSAGES: Final = """
SELECT at, 'case' AS source, kind, channel, by_kind, by_name, text, params, body FROM case_entry
WHERE case_id = $1 AND kind IN ('message_in', 'message_out') ORDER BY at, id LIMIT 500
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
CHARGER: Final = """
SELECT id, name, vendor, model, firmware, connected_at, disconnected_at, last_seen_at FROM station WHERE id = $1
"""
OUTLETS: Final = """
SELECT evse_number, connector_number, code, status, status_since, error_code FROM connector
WHERE station_id = $1 ORDER BY evse_number, connector_number LIMIT 100
"""
STAFF: Final = """
SELECT id, name FROM operator WHERE disabled_at IS NULL AND role IN ('admin', 'operator', 'support') ORDER BY name
LIMIT 500
"""


def _prefixes(search: str) -> str:
    """Return a text search for all words of `search`, the last as far as it was typed. Only plain words stand in it."""
    words = [f"'{word}'" for word in WORD.findall(search)[:WORDS_MAX]]
    return " & ".join(words) + ":*" if words else ""


def _args(sites: Sites, wanted: CaseFilter) -> tuple[object, ...]:
    search = wanted.search.strip()
    digits = search.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS else None
    escaped = search.replace("\\", "").replace("%", "\\%").replace("_", "\\_")
    return (
        None if sites is None else list(sites), escaped, number, _prefixes(search), wanted.state, wanted.me,
        wanted.kind, wanted.driver_id, wanted.station_id, wanted.session_id, wanted.since,
    )  # fmt: skip


async def cases(
    tx: Transaction, sites: Sites, wanted: CaseFilter, *, limit: int = 50, offset: int = 0
) -> list[CaseRow]:
    """Return a page of cases, what is most urgent first."""
    return await tx.fetch(CaseRow, LIST, *_args(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: CaseFilter) -> int:
    """Return how many cases a filter leaves."""
    return int(await tx.value(COUNT, *_args(sites, wanted)))


async def counts(tx: Transaction, sites: Sites, me: UUID | None) -> Counts:
    """Return how many cases are in each view."""
    found = await tx.fetch_one(Counts, COUNTS, None if sites is None else list(sites), me)
    assert found is not None
    return found


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


async def charger(tx: Transaction, station_id: UUID) -> ChargerNow | None:
    """Return how a charger is now."""
    return await tx.fetch_one(ChargerNow, CHARGER, station_id)


async def outlets(tx: Transaction, station_id: UUID) -> list[Outlet]:
    """Return how the outlets of a charger are now."""
    return await tx.fetch(Outlet, OUTLETS, station_id)


async def staff(tx: Transaction) -> list[Staff]:
    """Return who can be given a case."""
    return await tx.fetch(Staff, STAFF)
