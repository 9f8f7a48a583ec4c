"""Security events, answers of responders and questions of chargers, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.certificates.model import NewEvent
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import HashData
from laddverk.platform.database import Transaction

REPEAT = """
UPDATE security_event SET times = times + 1
WHERE id = (SELECT id FROM security_event
            WHERE station_id IS NOT DISTINCT FROM $1 AND kind = $2 AND tech_info = $3 AND source = $4
              AND received_at > $5 AND seen_at IS NULL
            ORDER BY received_at DESC LIMIT 1)
"""
INSERT = """
INSERT INTO security_event (id, station_id, at, received_at, kind, tech_info, source, critical)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def note(tx: Transaction, event_id: UUID, event: NewEvent, *, critical: bool, same_since: datetime) -> bool:
    """Keep an event; the same one since then is counted instead. Return whether it is new."""
    if await tx.execute(REPEAT, event.station_id, event.kind, event.tech_info, event.source, same_since):
        return False
    await tx.execute(
        INSERT, event_id, event.station_id, event.at, event.received_at, event.kind, event.tech_info, event.source,
        critical,
    )  # fmt: skip
    return True


SAID_BEFORE = """
SELECT EXISTS (SELECT FROM security_event
               WHERE station_id = $1 AND kind = $2 AND tech_info = $3 AND at = $4 AND source = 'charger')
"""


async def was_said(tx: Transaction, event: NewEvent) -> bool:
    """Return whether a charger told this very event before: it repeats what it could not deliver."""
    return bool(await tx.value(SAID_BEFORE, event.station_id, event.kind, event.tech_info, event.at))


ACKNOWLEDGE = """
UPDATE security_event e SET seen_at = $3, seen_by = $4, seen_why = $5
WHERE e.id = ANY($1) AND e.seen_at IS NULL
  AND ($2::uuid[] IS NULL OR EXISTS (SELECT FROM station s WHERE s.id = e.station_id AND s.site_id = ANY($2)))
RETURNING e.id
"""


async def acknowledge(
    tx: Transaction, event_ids: Sequence[UUID], site_ids: list[UUID] | None, now: datetime, by: str, why: str
) -> list[UUID]:
    """Say that somebody has looked at events; return those that nobody had looked at before."""
    return await tx.values(ACKNOWLEDGE, list(event_ids), site_ids, now, by, why)


class Known(Struct, frozen=True):
    """What a responder said, as it was kept."""

    status: str
    response: bytes
    next_update: datetime


OCSP = """
SELECT status, response, next_update FROM ocsp_answer
WHERE algorithm = $1 AND issuer_name_hash = $2 AND issuer_key_hash = $3 AND serial_number = $4 AND next_update > $5
"""


async def ocsp_known(tx: Transaction, certificate: HashData, now: datetime) -> Known | None:
    """Return what was said of a certificate and still holds."""
    name = certificate.normal()
    return await tx.fetch_one(
        Known, OCSP, name.algorithm, name.issuer_name_hash, name.issuer_key_hash, name.serial_number, now
    )


KEEP_OCSP = """
INSERT INTO ocsp_answer (algorithm, issuer_name_hash, issuer_key_hash, serial_number, status, response, responder,
                         fetched_at, next_update)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (algorithm, issuer_name_hash, issuer_key_hash, serial_number) DO UPDATE SET status = excluded.status,
    response = excluded.response, responder = excluded.responder, fetched_at = excluded.fetched_at,
    next_update = excluded.next_update
"""


async def keep_ocsp(tx: Transaction, certificate: HashData, known: Known, responder: str, now: datetime) -> None:
    """Keep what a responder said until it is old."""
    name = certificate.normal()
    await tx.execute(
        KEEP_OCSP, name.algorithm, name.issuer_name_hash, name.issuer_key_hash, name.serial_number, known.status,
        known.response, responder, now, known.next_update,
    )  # fmt: skip


DROP_OCSP = "DELETE FROM ocsp_answer WHERE next_update <= $1"
DROP_QUESTIONS = "DELETE FROM certificate_question WHERE at < $1"
DROP_EVENTS = "DELETE FROM security_event WHERE received_at < $1"


async def drop_old(tx: Transaction, now: datetime, before: datetime) -> None:
    """Forget answers that do not hold any more, and what is older than is kept."""
    await tx.execute(DROP_OCSP, now)
    await tx.execute(DROP_QUESTIONS, before)
    await tx.execute(DROP_EVENTS, before)


class Question(Struct, frozen=True, kw_only=True):
    """What a charger wanted to know, and what came of it."""

    id: UUID
    station_id: StationId
    at: datetime
    kind: str
    subject: str
    outcome: str
    why: str = ""
    root: str = ""


KEEP_QUESTIONS = """
INSERT INTO certificate_question (id, station_id, at, kind, subject, outcome, why, root)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[])
ON CONFLICT DO NOTHING
"""


async def keep_questions(tx: Transaction, questions: Sequence[Question]) -> None:
    """Keep questions with their outcomes; one that is recorded again changes nothing."""
    await tx.execute(
        KEEP_QUESTIONS, [one.id for one in questions], [one.station_id for one in questions],
        [one.at for one in questions], [one.kind for one in questions], [one.subject for one in questions],
        [one.outcome for one in questions], [one.why for one in questions], [one.root for one in questions],
    )  # fmt: skip
