"""Whose trouble it is: the driver behind a number or an address, and the charge that somebody means."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.sessions import service as sessions
from laddverk.support.situations.gathering import Subject

LATELY: Final = timedelta(hours=2)  # who turns to us later means something else, or says so
HERE: Final = timedelta(minutes=10)  # by then somebody else stands at the outlet
CODE_MAX: Final = 40
PAGE: Final = re.compile(r"/s/([A-Za-z0-9_-]{20,86})(?![A-Za-z0-9_-])")
"""The address of a charge's live page, and the secret in it."""
PAGES_MAX: Final = 5  # different ones of one text: each costs a look-up

# What runs comes before what is over, and what is over before a wish that came to nothing; the newest of each.
OF_DRIVER: Final = """
SELECT * FROM (
    (SELECT session.station_id, session.evse_number, session.connector_number, session.start_request_id,
            session.id AS session_id, session.payment_id, session.started_at AS at,
            session.ended_at IS NULL AS is_running
     FROM session
     WHERE driver_id = $1 AND (ended_at IS NULL OR ended_at > $2) AND started_at > $3
     ORDER BY ended_at IS NULL DESC, started_at DESC LIMIT 1)
    UNION ALL
    (SELECT station_id, evse_number, connector_number, id, NULL, payment_id, created_at,
            false
     FROM start_request
     WHERE driver_id = $1 AND created_at > $2 AND session_id IS NULL
     ORDER BY created_at DESC LIMIT 1)
) AS lately ORDER BY is_running DESC, at DESC LIMIT 1
"""
AT_CODE: Final = """
SELECT connector.station_id, connector.evse_number, connector.connector_number,
       start.id AS start_request_id,
       -- Who wishes anew once a charge is over means the wish.
       CASE WHEN start.is_newer AND charge.ended_at IS NOT NULL THEN NULL ELSE charge.id END AS session_id,
       CASE WHEN start.is_newer AND charge.ended_at IS NOT NULL THEN start.payment_id
            ELSE coalesce(charge.payment_id, start.payment_id) END AS payment_id
FROM connector
JOIN station ON station.id = connector.station_id AND station.retired_at IS NULL
LEFT JOIN LATERAL (
    SELECT id, payment_id, started_at, ended_at FROM session
    WHERE session.station_id = connector.station_id AND session.evse_number = connector.evse_number
      AND driver_id = $2 AND (ended_at IS NULL OR ended_at > $3) AND started_at > $4
    ORDER BY started_at DESC LIMIT 1
) AS charge ON true
LEFT JOIN LATERAL (
    SELECT id, payment_id, session_id IS NULL AS is_newer FROM start_request
    WHERE start_request.station_id = connector.station_id AND start_request.evse_number = connector.evse_number
      AND created_at > $3 AND (driver_id = $2 OR (driver_id IS NULL AND created_at > $5))
      AND (start_request.session_id = charge.id
           OR (start_request.session_id IS NULL AND (charge.id IS NULL OR created_at > charge.started_at)))
    ORDER BY created_at DESC LIMIT 1
) AS start ON true
WHERE connector.code = upper($1)
"""
BY_PHONE: Final = """
SELECT id FROM driver WHERE phone <> '' AND phone_key($1) <> '' AND phone_key(phone) = phone_key($1) LIMIT 2
"""
BY_EMAIL: Final = "SELECT id FROM driver WHERE email = lower($1)"
LONGEST: Final = timedelta(days=14)  # a charge that runs longer was forgotten by its charger


class _Found(Struct, frozen=True):
    station_id: UUID
    evse_number: int
    connector_number: int
    start_request_id: UUID | None
    session_id: UUID | None
    payment_id: UUID | None


async def subject_of_driver(tx: Transaction, driver_id: UUID, now: datetime) -> Subject | None:
    """Return what a driver is likely to ask about: the charge that runs, else the newest of the last two hours."""
    row = await tx.fetch_one(_Found, OF_DRIVER, driver_id, now - LATELY, now - LONGEST)
    return _subject(row, driver_id) if row is not None else None


async def subject_of_code(
    tx: Transaction, code: str, now: datetime, driver_id: UUID | None = None, *, nobodys: bool = False
) -> Subject | None:  # fmt: skip
    """Return the outlet with this sticker; what runs there is only told of to the driver whose it is.

    `nobodys`: also a wish of a moment ago that belongs to no account; who asks about the outlet is most likely whose
    it is. What may be done about it, and what is personal in it, is the caller's business. None where no charger
    carries the code, and for what is no code.
    """
    written = code.strip()
    if not written or len(written) > CODE_MAX or "\x00" in written:
        return None
    since = now - (HERE if nobodys else timedelta())
    row = await tx.fetch_one(_Found, AT_CODE, written, driver_id, now - LATELY, now - LONGEST, since)
    return _subject(row, driver_id) if row is not None else None


async def subject_of_page(tx: Transaction, text: str, now: datetime, driver_id: UUID | None = None) -> Subject | None:
    """Return the charge whose live page's address stands in `text`, a path or somebody's words.

    The address is a secret of 256 bits, so whoever has it has the charge; the subject has `driver_id` unless the charge
    is another account's. None for an address that we never made, or whose time is over.
    """
    for token in list(dict.fromkeys(PAGE.findall(text)))[:PAGES_MAX]:
        found = await sessions.by_access_token(tx, token, now)
        if found is None:
            continue
        request = found.start_request
        return Subject(
            station_id=request.station_id, evse_number=request.evse_number,
            connector_number=request.connector_number, start_request_id=request.id,
            session_id=found.session.id if found.session else None, payment_id=request.payment_id,
            driver_id=driver_id if request.driver_id in (None, driver_id) else None,
        )  # fmt: skip
    return None


async def driver_by_phone(tx: Transaction, phone: str) -> UUID | None:
    """Return the driver with this number, in whatever way it is written; None where none or several have it."""
    if "\x00" in phone or len(phone) > CODE_MAX:
        return None
    rows = await tx.values(BY_PHONE, phone)
    return UUID(str(rows[0])) if len(rows) == 1 else None


async def driver_by_email(tx: Transaction, email: str) -> UUID | None:
    """Return the driver whose account has this address."""
    if "\x00" in email:
        return None
    found: UUID | None = await tx.value(BY_EMAIL, email.strip())
    return found


def _subject(row: _Found, driver_id: UUID | None) -> Subject:
    return Subject(
        station_id=row.station_id, evse_number=row.evse_number, connector_number=row.connector_number,
        start_request_id=row.start_request_id, session_id=row.session_id, payment_id=row.payment_id,
        driver_id=driver_id,
    )  # fmt: skip
