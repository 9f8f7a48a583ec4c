"""How one session went: its readings, what was received of it, who was let in or not. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class SampleRow(Struct, frozen=True, kw_only=True):
    """What the meter showed at one instant of a session."""

    at: datetime
    context: str
    said_at: datetime | None
    received_at: datetime
    energy_wh: int | None
    power_w: int | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    voltage_l1_v: float | None
    soc_percent: float | None
    temperature_c: float | None
    offered_a: float | None


# A long session has thousands of samples; a curve 800 pixels wide shows every n-th as well.
SAMPLES = """
SELECT * FROM (
    SELECT *, row_number() OVER (ORDER BY at) AS place, count(*) OVER () AS many
    FROM sample WHERE station_id = $1 AND transaction_key = $2
) AS numbered
WHERE many <= $3 OR place % (many / $3 + 1) = 0 OR place IN (1, many)
ORDER BY at
"""


async def samples(tx: Transaction, station_id: UUID, transaction_key: str, limit: int = 1200) -> list[SampleRow]:
    """Return the samples of a session in order of time, thinned evenly to about `limit`."""
    return await tx.fetch(SampleRow, SAMPLES, station_id, transaction_key, limit)


class EvidenceRow(Struct, frozen=True, kw_only=True):
    """A transaction message as it was kept: the three times and what it said."""

    content_key: str
    kind: str
    at: datetime
    said_at: datetime | None
    received_at: datetime
    detail: Any


EVIDENCE = """
SELECT * FROM session_event WHERE station_id = $1 AND transaction_key = $2 ORDER BY at, received_at LIMIT 500
"""


async def evidence(tx: Transaction, station_id: UUID, transaction_key: str) -> list[EvidenceRow]:
    """Return the messages that a session was folded from."""
    return await tx.fetch(EvidenceRow, EVIDENCE, station_id, transaction_key)


class AuthorisationRow(Struct, frozen=True, kw_only=True):
    """A token that was shown, and what we said."""

    at: datetime
    station_id: UUID
    token_uid: str
    driver_id: UUID | None
    status: str
    reason: str


AUTHORISATIONS = """
SELECT at, station_id, token_uid, driver_id, status, reason FROM authorisation
WHERE station_id = $1 AND token_uid = $2 AND at BETWEEN $3::timestamptz - interval '15 minutes' AND $4
ORDER BY at DESC LIMIT 20
"""


async def authorisations(
    tx: Transaction, station_id: UUID, token_uid: str, around: datetime, until: datetime
) -> list[AuthorisationRow]:
    """Return when a token was shown at a station around a session's start."""
    return await tx.fetch(AuthorisationRow, AUTHORISATIONS, station_id, token_uid, around, until)
