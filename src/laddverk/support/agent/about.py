"""What a case is about at this instant: the outlet, the newest start or charge of its driver there, what is told."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.platform.database import Transaction
from laddverk.support.agent.model import Trouble
from laddverk.support.model import Case
from laddverk.support.situations import choosing, who
from laddverk.support.situations.gathering import Subject, facts_of
from laddverk.support.situations.model import Complaint

COMPLAINTS: Final = {"cable": Complaint.CABLE, "refund": Complaint.MONEY, "invoice": Complaint.RECEIPT}
"""What a kind of case says that no machine sees."""

# The newest start of the case: of its driver there, of its payment, of its session, or asked for by an agent in it.
NEWEST: Final = """
SELECT start.id AS start_request_id, start.session_id, start.payment_id, start.station_id, start.evse_number,
       start.connector_number
FROM start_request AS start
WHERE start.id IN (
    (SELECT id FROM start_request WHERE driver_id = $1 AND station_id = $2 AND created_at > $3::timestamptz
     ORDER BY created_at DESC LIMIT 1)
    UNION ALL (SELECT start_request_id FROM payment WHERE id = $4)
    UNION ALL (SELECT start_request_id FROM session WHERE id = $5)
    UNION ALL (SELECT start_request_id FROM case_deed WHERE case_id = $6 AND start_request_id IS NOT NULL)
    UNION ALL (SELECT start_request_id FROM support_contact WHERE case_id = $6 AND start_request_id IS NOT NULL)
)
ORDER BY start.created_at DESC LIMIT 1
"""


class _Newest(Struct, frozen=True):
    start_request_id: UUID
    session_id: UUID | None
    payment_id: UUID | None
    station_id: UUID
    evse_number: int
    connector_number: int


async def subject_of_case(tx: Transaction, case: Case, now: datetime) -> Subject:
    """Return whose trouble a case is about, and where: what it was linked to, or what has become of it since."""
    complaint = COMPLAINTS.get(case.kind, Complaint.NONE)
    newest = await tx.fetch_one(
        _Newest, NEWEST, case.driver_id, case.station_id, case.created_at - who.LATELY, case.payment_id,
        case.session_id, case.id,
    )  # fmt: skip
    if newest is not None:
        return Subject(
            station_id=newest.station_id, evse_number=newest.evse_number, connector_number=newest.connector_number,
            start_request_id=newest.start_request_id, session_id=newest.session_id,
            payment_id=newest.payment_id or case.payment_id, driver_id=case.driver_id, complaint=complaint,
        )  # fmt: skip
    if case.station_id is None and case.driver_id is not None:
        meant = await who.subject_of_driver(tx, case.driver_id, now)
        if meant is not None:
            return replace(meant, complaint=complaint)
    return Subject(
        station_id=case.station_id, evse_number=case.evse_number, session_id=case.session_id,
        payment_id=case.payment_id, driver_id=case.driver_id, complaint=complaint,
    )  # fmt: skip


async def trouble_of(tx: Transaction, case: Case, now: datetime) -> Trouble:
    """Return what a case is about, with its facts and the situation that is told."""
    subject = await subject_of_case(tx, case, now)
    facts = await facts_of(tx, subject, now)
    return Trouble(case=case, subject=subject, facts=facts, told=choosing.told(facts))
