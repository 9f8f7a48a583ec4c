"""Requests and certificates of chargers in PostgreSQL. Functions take a transaction; no decision is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from laddverk.certificates.model import CertificateState, Holder, Request, RequestState, StationCertificate
from laddverk.certificates.reading import Read
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Signing
from laddverk.platform.database import Transaction

HOLDERS = """
SELECT id AS station_id, identity, serial, certificate_name FROM station
WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""


async def holders(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, Holder]:
    """Return who the stations are, locked: two requests of one station are decided one after the other."""
    return {row.station_id: row for row in await tx.fetch(Holder, HOLDERS, sorted(station_ids))}


INSERT_REQUEST = """
INSERT INTO certificate_request (id, station_id, signing, csr_sha256, csr, request_id, received_at, state, why,
                                 finished_at)
VALUES ($1, $2, $3, sha256(convert_to($4, 'UTF8')), $4, $5, $6::timestamptz, $7::text, $8,
        CASE WHEN $7::text = 'refused' THEN $6::timestamptz END)
"""


async def insert_request(tx: Transaction, request: Request, why: str = "") -> None:
    """Keep a request."""
    await tx.execute(
        INSERT_REQUEST, request.id, request.station_id, request.signing.value, request.csr, request.request_id,
        request.received_at, request.state.value, why,
    )  # fmt: skip


OPEN_REQUEST = """
SELECT id, station_id, signing, csr, request_id, received_at, state FROM certificate_request
WHERE station_id = $1 AND signing = $2 AND state IN ('taken', 'signed') FOR UPDATE
"""


async def open_request(tx: Transaction, station_id: StationId, signing: Signing) -> Request | None:
    """Return the request of a station that is under way, locked."""
    return await tx.fetch_one(Request, OPEN_REQUEST, station_id, signing.value)


COUNT_SINCE = """
SELECT count(*) FROM certificate_request WHERE station_id = $1 AND received_at > $2
"""


async def count_since(tx: Transaction, station_id: StationId, since: datetime) -> int:
    """Return how many requests of a station came since then, refused ones included."""
    return int(await tx.value(COUNT_SINCE, station_id, since))


LOCK_REQUEST = """
SELECT id, station_id, signing, csr, request_id, received_at, state FROM certificate_request WHERE id = $1 FOR UPDATE
"""


async def lock_request(tx: Transaction, request_id: UUID) -> Request | None:
    """Return a request, locked."""
    return await tx.fetch_one(Request, LOCK_REQUEST, request_id)


SET_REQUEST = """
UPDATE certificate_request SET state = $2, why = $3,
       finished_at = CASE WHEN $2 IN ('taken', 'signed') THEN NULL ELSE $4::timestamptz END
WHERE id = $1
"""


async def set_request(tx: Transaction, request_id: UUID, state: RequestState, why: str, now: datetime) -> None:
    """Move a request on."""
    await tx.execute(SET_REQUEST, request_id, state.value, why, now)


INSERT_CERTIFICATE = """
INSERT INTO station_certificate (id, station_id, kind, request_id, fingerprint_sha256, subject_cn, issuer,
                                 serial_number, not_before, not_after, state, pem, chain, authority, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'signed', $11, $12, $13, $14)
"""


async def insert_certificate(
    tx: Transaction,
    certificate_id: UUID,
    request: Request,
    read: Read,
    chain: str,
    authority: str,
    now: datetime,
) -> None:
    """Keep a certificate that was just signed."""
    await tx.execute(
        INSERT_CERTIFICATE, certificate_id, request.station_id, request.signing.value, request.id,
        read.fingerprint_sha256, read.common_name, read.issuer, read.serial_number, read.not_before, read.not_after,
        read.pem, chain, authority, now,
    )  # fmt: skip


CERTIFICATE = """
SELECT id, station_id, kind, request_id, state, not_before, not_after, chain, attempts, asked, alarm_days
FROM station_certificate WHERE id = $1 FOR UPDATE
"""


async def lock_certificate(tx: Transaction, certificate_id: UUID) -> StationCertificate | None:
    """Return a certificate, locked."""
    return await tx.fetch_one(StationCertificate, CERTIFICATE, certificate_id)


BY_COMMAND = """
SELECT id, station_id, kind, request_id, state, not_before, not_after, chain, attempts, asked, alarm_days
FROM station_certificate WHERE command_id = $1 FOR UPDATE
"""


async def by_command(tx: Transaction, command_id: UUID) -> StationCertificate | None:
    """Return the certificate that a command hands out, locked."""
    return await tx.fetch_one(StationCertificate, BY_COMMAND, command_id)


HANDED_OUT = "UPDATE station_certificate SET command_id = $2, attempts = attempts + 1 WHERE id = $1"


async def handed_out(tx: Transaction, certificate_id: UUID, command_id: UUID) -> None:
    """Note which command hands a certificate out."""
    await tx.execute(HANDED_OUT, certificate_id, command_id)


SUPERSEDE = """
UPDATE station_certificate SET state = 'superseded', next_step_at = NULL
WHERE station_id = $1 AND kind = $2 AND state = 'active' AND id <> $3
"""
ACTIVATE = """
UPDATE station_certificate SET state = 'active', active_since = $2, next_step_at = $3 WHERE id = $1
"""


async def activate(tx: Transaction, certificate: StationCertificate, now: datetime, next_step_at: datetime) -> None:
    """Make a certificate the one that its station uses; the one before it is superseded."""
    await tx.execute(SUPERSEDE, certificate.station_id, certificate.kind.value, certificate.id)
    await tx.execute(ACTIVATE, certificate.id, now, next_step_at)


SET_STATE = "UPDATE station_certificate SET state = $2, next_step_at = NULL WHERE id = $1"


async def set_state(tx: Transaction, certificate_id: UUID, state: CertificateState) -> None:
    """Say that a certificate is not used any more, or never was."""
    await tx.execute(SET_STATE, certificate_id, state.value)


REFUSE_SIGNED = """
UPDATE station_certificate SET state = 'refused', next_step_at = NULL WHERE request_id = $1 AND state = 'signed'
"""


async def refuse_signed(tx: Transaction, request_id: UUID) -> None:
    """Say that what was signed for a request will not be used."""
    await tx.execute(REFUSE_SIGNED, request_id)


DUE = """
SELECT id, station_id, kind, request_id, state, not_before, not_after, '' AS chain, attempts, asked, alarm_days
FROM station_certificate
WHERE state = 'active' AND next_step_at <= $1 ORDER BY next_step_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def due(tx: Transaction, now: datetime, limit: int) -> list[StationCertificate]:
    """Return certificates in use that the planner must look at, those longest due first."""
    return await tx.fetch(StationCertificate, DUE, now, limit)


ASKED = """
UPDATE station_certificate SET asked = asked + CASE WHEN $2 THEN 1 ELSE 0 END, next_step_at = $4,
       asked_at = CASE WHEN $2 THEN $3::timestamptz ELSE asked_at END
WHERE id = $1
"""


async def plan_next(tx: Transaction, certificate_id: UUID, *, asked: bool, now: datetime, again_at: datetime) -> None:
    """Note that a station was asked to renew, or could not be, and when to look again."""
    await tx.execute(ASKED, certificate_id, asked, now, again_at)


ENDING = """
SELECT c.id, c.station_id, c.kind, c.request_id, c.state, c.not_before, c.not_after, '' AS chain, c.attempts, c.asked,
       c.alarm_days
FROM station_certificate c JOIN station s ON s.id = c.station_id
WHERE c.state = 'active' AND c.not_after <= $1 AND s.retired_at IS NULL AND coalesce(c.alarm_days, 99) > 0
ORDER BY c.not_after LIMIT $2 FOR UPDATE OF c SKIP LOCKED
"""


async def ending(tx: Transaction, before: datetime, limit: int) -> list[StationCertificate]:
    """Return certificates in use that end before then and for which not every alarm was given."""
    return await tx.fetch(StationCertificate, ENDING, before, limit)


SET_ALARM = "UPDATE station_certificate SET alarm_days = $2 WHERE id = $1"


async def set_alarm(tx: Transaction, certificate_id: UUID, days: int) -> None:
    """Note that an alarm was given."""
    await tx.execute(SET_ALARM, certificate_id, days)


RETIRED = """
UPDATE station_certificate c SET state = 'revoked', next_step_at = NULL
FROM station s WHERE s.id = c.station_id AND s.retired_at IS NOT NULL AND c.state IN ('active', 'signed')
"""


async def end_retired(tx: Transaction) -> int:
    """Withdraw the certificates of stations that are out of service; return how many those were."""
    return await tx.execute(RETIRED)
