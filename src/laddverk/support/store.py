"""Cases and their timelines in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.model import Case, Entry

_COLUMNS: Final = ", ".join(Case.__struct_fields__)
_GIVEN_COLUMNS: Final = ", ".join(name for name in Case.__struct_fields__ if name != "number")
_SET: Final = ", ".join(
    f"{name} = excluded.{name}"
    for name in Case.__struct_fields__
    if name not in ("id", "number", "created_at", "created_by")
)
# The firmware is what the charger has when the case learns which one it is about.
SAVE: Final = f"""
INSERT INTO support_case ({_GIVEN_COLUMNS}, firmware)
SELECT {_GIVEN_COLUMNS}, (SELECT nullif(station.firmware, '') FROM station WHERE station.id = given.station_id)
FROM jsonb_populate_record(NULL::support_case, $1::jsonb) AS given
ON CONFLICT (id) DO UPDATE SET {_SET}, firmware = CASE
    WHEN support_case.station_id IS DISTINCT FROM excluded.station_id THEN excluded.firmware
    ELSE support_case.firmware END
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants above
ONE: Final = f"SELECT {_COLUMNS} FROM support_case WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants above
# Those that speak of an incident, by their own report or because somebody said so, and are not over or to be told.
OF_INCIDENT: Final = f"""
SELECT {_COLUMNS} FROM support_case
WHERE (id IN (SELECT support_case.id FROM driver_report AS report
              JOIN support_case ON support_case.report_id = report.id WHERE report.incident_id = $1)
       OR incident_id = $1)
  AND (state <> 'closed' OR tell_when_mended)
ORDER BY number FOR UPDATE
"""  # noqa: S608 - constants above
MOVE_INCIDENT: Final = "UPDATE support_case SET incident_id = $2 WHERE incident_id = $1"
ADD: Final = """
INSERT INTO case_entry (case_id, id, at, kind, channel, by_kind, by_name, text, params, body, mail_id, reference)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
# At whose site, and whose: what a case learns from what it is about.
ABOUT: Final = """
SELECT (SELECT site_id FROM station WHERE id = $1) AS station_site,
       (SELECT station_id FROM session WHERE id = $2) AS session_station,
       (SELECT evse_number FROM session WHERE id = $2) AS session_evse,
       (SELECT driver_id FROM session WHERE id = $2) AS session_driver,
       (SELECT payment_id FROM session WHERE id = $2) AS session_payment,
       (SELECT session_id FROM payment WHERE id = $3) AS payment_session,
       EXISTS (SELECT FROM payment WHERE id = $3) AS has_payment,
       EXISTS (SELECT FROM driver WHERE id = $4) AS has_driver,
       (SELECT stations FROM incident WHERE id = $5) AS incident_stations,
       (SELECT evse_number FROM incident WHERE id = $5) AS incident_evse
"""
DRIVER: Final = "SELECT name, email, phone, language FROM driver WHERE id = $1"
STAFF: Final = "SELECT name FROM operator WHERE id = $1 AND disabled_at IS NULL"
LATELY: Final = """
SELECT count(*) FROM support_case WHERE created_at > $1 AND channel IN ('portal', 'chat', 'email', 'sms')
  AND ((driver_id IS NOT NULL AND driver_id = $2) OR (contact_email <> '' AND contact_email = $3)
       OR (contact_phone <> '' AND contact_phone = $4))
"""
WRITTEN_LATELY: Final = "SELECT count(*) FROM case_entry WHERE case_id = $1 AND at > $2 AND kind = 'message_in'"
# Who wrote to or for the driver last, after an instant.
# What its driver said last; of one who has said nothing in it, what came first.
SPOKEN_AT: Final = """
SELECT coalesce(max(at) FILTER (WHERE kind IN ('message_in', 'call')), min(at)) FROM case_entry WHERE case_id = $1
"""
SAID_AFTER: Final = """
SELECT CASE WHEN by_name <> '' THEN by_name ELSE by_kind END FROM case_entry
WHERE case_id IN (SELECT id FROM support_case WHERE id = $1 OR merged_into_id = $1) AND at > $2
  AND kind IN ('message_in', 'message_out') ORDER BY at DESC LIMIT 1
"""
INCIDENT_OF: Final = """
SELECT incident.id, incident.number, incident.state, incident.parent_id FROM incident
WHERE incident.id = coalesce((SELECT incident_id FROM driver_report WHERE id = $1), $2)
"""


class About(Struct, frozen=True, kw_only=True):
    """What is known of the things that a case is about."""

    station_site: UUID | None
    session_station: UUID | None
    session_evse: int | None
    session_driver: UUID | None
    session_payment: UUID | None
    payment_session: UUID | None
    has_payment: bool
    has_driver: bool
    incident_stations: tuple[UUID, ...] | None
    incident_evse: int | None


class Known(Struct, frozen=True):
    """A driver as support writes to them."""

    name: str
    email: str
    phone: str
    language: str


class IncidentSeen(Struct, frozen=True):
    """The incident that a case speaks of."""

    id: UUID
    number: int
    state: str
    parent_id: UUID | None


async def save(tx: Transaction, case: Case) -> Case:
    """Write a case, new or changed, and return it with its number."""
    found = await tx.fetch_one(Case, SAVE, msgspec.to_builtins(case))
    assert found is not None
    return found


async def case(tx: Transaction, case_id: UUID) -> Case | None:
    """Return one case, locked."""
    return await tx.fetch_one(Case, ONE, case_id)


async def of_incident(tx: Transaction, incident_id: UUID) -> list[Case]:
    """Return the cases that speak of an incident and are not over, or whose drivers want to be told, locked."""
    return await tx.fetch(Case, OF_INCIDENT, incident_id)


async def move_incident(tx: Transaction, incident_id: UUID, parent_id: UUID) -> None:
    """Let cases speak of the larger problem."""
    await tx.execute(MOVE_INCIDENT, incident_id, parent_id)


async def add(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Add to timelines."""
    for one in entries:
        await tx.execute(
            ADD, one.case_id, one.id, one.at, one.kind, one.channel, one.by_kind, one.by_name, one.text, one.params,
            one.body, one.mail_id, one.reference,
        )  # fmt: skip


async def about(
    tx: Transaction,
    station_id: UUID | None,
    session_id: UUID | None,
    payment_id: UUID | None,
    driver_id: UUID | None,
    incident_id: UUID | None,
) -> About:
    """Return what is known of what a case is about."""
    found = await tx.fetch_one(About, ABOUT, station_id, session_id, payment_id, driver_id, incident_id)
    assert found is not None
    return found


async def driver(tx: Transaction, driver_id: UUID) -> Known | None:
    """Return how a driver is written to."""
    return await tx.fetch_one(Known, DRIVER, driver_id)


async def staff_name(tx: Transaction, operator_id: UUID) -> str | None:
    """Return the name of a member of staff who can sign in, or None."""
    found: str | None = await tx.value(STAFF, operator_id)
    return found


async def count_lately(tx: Transaction, since: datetime, driver_id: UUID | None, email: str, phone: str) -> int:
    """Return how many cases somebody has opened by themselves since."""
    return int(await tx.value(LATELY, since, driver_id, email, phone))


async def count_written(tx: Transaction, case_id: UUID, since: datetime) -> int:
    """Return how often a driver has written in a case since."""
    return int(await tx.value(WRITTEN_LATELY, case_id, since))


async def spoken_at(tx: Transaction, case_id: UUID) -> datetime | None:
    """Return when the driver of a case spoke last, as far as it stands there."""
    found: datetime | None = await tx.value(SPOKEN_AT, case_id)
    return found


async def said_after(tx: Transaction, case_id: UUID, seen: datetime) -> str | None:
    """Return who wrote to or for the driver after an instant, or None."""
    found: str | None = await tx.value(SAID_AFTER, case_id, seen)
    return found


async def incident_of(tx: Transaction, case: Case) -> IncidentSeen | None:
    """Return the incident that a case speaks of, or None."""
    return await tx.fetch_one(IncidentSeen, INCIDENT_OF, case.report_id, case.incident_id)
