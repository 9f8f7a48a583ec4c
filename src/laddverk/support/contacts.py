"""Contacts: each time somebody wanted help, by whatever way, and what came of it. What reports and the bench count."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction

ENERGY_WITHIN: Final = timedelta(hours=2)  # what flows later is another visit
SETTLED_AFTER: Final = timedelta(hours=2)  # who does not come back in this time, and met no person, is helped

BEGIN: Final = """
INSERT INTO support_contact (id, at, channel, key, site_id, station_id, evse_number, driver_id, start_request_id,
                             session_id, case_id, situation, firmware)
VALUES ($1, $2, $3, $4, (SELECT site_id FROM station WHERE id = $5), $5, $6, $7, $8, $9, $10, $11,
        (SELECT nullif(firmware, '') FROM station WHERE id = $5))
ON CONFLICT (key) DO UPDATE SET
    situation = coalesce(nullif(excluded.situation, ''), support_contact.situation),
    station_id = coalesce(excluded.station_id, support_contact.station_id),
    site_id = coalesce(excluded.site_id, support_contact.site_id),
    firmware = CASE WHEN excluded.station_id IS NULL OR excluded.station_id = support_contact.station_id
                    THEN support_contact.firmware ELSE excluded.firmware END,
    evse_number = CASE WHEN excluded.evse_number > 0 THEN excluded.evse_number ELSE support_contact.evse_number END,
    driver_id = coalesce(excluded.driver_id, support_contact.driver_id),
    start_request_id = coalesce(excluded.start_request_id, support_contact.start_request_id),
    session_id = coalesce(excluded.session_id, support_contact.session_id),
    case_id = coalesce(excluded.case_id, support_contact.case_id)
RETURNING id
"""
DEED: Final = "UPDATE support_contact SET deed = $2 WHERE key = $1"
HUMAN: Final = """
UPDATE support_contact SET human_at = coalesce(human_at, $2), settled_by = 'human' WHERE key = $1 OR case_id = $3
"""
# Energy flows to the driver, or at the outlet that the contact was about: power was seen after it.
ENERGY: Final = """
UPDATE support_contact SET energy_at = flowed.at
FROM (
    SELECT contact.id, min(greatest(session.started_at, contact.at)) AS at
    FROM support_contact AS contact
    JOIN session ON session.started_at < contact.at + $1 AND session.energy_wh > 0
         AND coalesce(session.ended_at, 'infinity') > contact.at
         AND (session.id = contact.session_id OR session.start_request_id = contact.start_request_id
              OR session.driver_id = contact.driver_id
              OR (contact.driver_id IS NULL AND contact.start_request_id IS NULL
                  AND session.station_id = contact.station_id AND session.evse_number = contact.evse_number))
         AND (session.started_at >= contact.at OR session.power_w > 0)
    WHERE contact.settled_at IS NULL AND contact.energy_at IS NULL
    GROUP BY contact.id
) AS flowed WHERE flowed.id = support_contact.id
"""
# Who soon came again by another way, and there to a person of ours, was not helped by the first.
SETTLE: Final = """
UPDATE support_contact
SET settled_at = $1::timestamptz, settled_by = CASE WHEN human_at IS NULL AND NOT EXISTS (
        SELECT FROM support_contact AS later
        WHERE later.at BETWEEN support_contact.at AND support_contact.at + $2::interval
          AND later.id <> support_contact.id AND later.human_at IS NOT NULL
          AND (later.start_request_id = support_contact.start_request_id
               OR later.session_id = support_contact.session_id OR later.driver_id = support_contact.driver_id))
    THEN 'self' ELSE 'human' END
WHERE settled_at IS NULL AND at < $1::timestamptz - $2::interval
  AND NOT EXISTS (SELECT FROM support_case WHERE support_case.id = support_contact.case_id AND state <> 'closed')
"""


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody wants help. What is not known is None; a later word under the same `key` adds to it."""

    key: str
    """`chat:<id>`, `call:<id>`, `case:<id>`, `start:<id>`: what makes it one contact."""
    channel: str
    station_id: UUID | None = None
    evse_number: int = 0
    driver_id: UUID | None = None
    start_request_id: UUID | None = None
    session_id: UUID | None = None
    case_id: UUID | None = None
    situation: str = ""


async def begin(tx: Transaction, contact: Contact, now: datetime) -> None:
    """Note that somebody wants help, or what more is known of one who does."""
    await tx.value(
        BEGIN, new_id(), now, contact.channel, contact.key, contact.station_id, contact.evse_number, contact.driver_id,
        contact.start_request_id, contact.session_id, contact.case_id, contact.situation,
    )  # fmt: skip


async def pressed(tx: Transaction, key: str, deed: str) -> None:
    """Note what somebody had done by one tap or key."""
    await tx.execute(DEED, key, deed)


async def met_human(tx: Transaction, now: datetime, *, key: str = "", case_id: UUID | None = None) -> None:
    """Note that a person of ours takes part: what follows is not solved by itself."""
    await tx.execute(HUMAN, key, now, case_id)


async def settle(tx: Transaction, now: datetime) -> None:
    """See whose energy flows, and which contacts are over."""
    await tx.execute(ENERGY, ENERGY_WITHIN)
    await tx.execute(SETTLE, now, SETTLED_AFTER)
