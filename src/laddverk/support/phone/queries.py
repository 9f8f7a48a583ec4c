"""What screens ask of calls: the log, who waits, whom to call back, and the calls of a case. Reads only."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction

STALE: Final = timedelta(hours=4)  # a call that is still open then lost its last webhook
CALLS_SHOWN: Final = """
SELECT phone_call.id, phone_call.key, phone_call.provider, phone_call.direction, phone_call.phone,
       phone_call.started_at, phone_call.language, phone_call.driver_id, driver.name AS driver_name,
       phone_call.station_id, station.name AS station_name, site.name AS site_name, phone_call.code,
       phone_call.situation, phone_call.case_id, support_case.number AS case_number,
       support_case.subject AS case_subject, session.number AS session_number, phone_call.session_id,
       phone_call.queued_at, phone_call.taken_by, phone_call.taken_name, phone_call.taken_at,
       phone_call.answered_at, phone_call.ended_at, phone_call.ended_how,
       phone_call.callback_at, phone_call.callback_due_at, phone_call.called_back_at, phone_call.called_back_by,
       phone_call.record_consent_at, phone_call.record_paused_at, phone_call.record_stopped_at,
       phone_call.wrapped_up_at, phone_call.menu->>'place' AS place,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'is_here', content IS NOT NULL)
                                  ORDER BY at), '[]')
        FROM phone_recording WHERE call_id = phone_call.id) AS recordings
"""
CALLS_FROM: Final = """
FROM phone_call
LEFT JOIN driver ON driver.id = phone_call.driver_id
LEFT JOIN station ON station.id = phone_call.station_id
LEFT JOIN site ON site.id = phone_call.site_id
LEFT JOIN support_case ON support_case.id = phone_call.case_id
LEFT JOIN session ON session.id = phone_call.session_id
WHERE ($1::uuid[] IS NULL OR phone_call.site_id = ANY($1))
"""
LOG_NARROWED: Final = """
  AND ($2 = '' OR position(regexp_replace($2, '[ -]', '', 'g') IN phone_call.phone) > 0
       OR position(lower($2) IN lower(concat_ws(' ', driver.name, phone_call.code, site.name,
                                                phone_call.taken_name))) > 0
       OR support_case.number::text = $2)
  AND ($3 = '' OR phone_call.ended_how = $3 OR (phone_call.direction = 'out' AND $3 = 'out'))
"""
LOG: Final = f"{CALLS_SHOWN} {CALLS_FROM} {LOG_NARROWED} ORDER BY phone_call.started_at DESC LIMIT $4 OFFSET $5"
COUNT: Final = f"SELECT count(*) {CALLS_FROM} {LOG_NARROWED}"
OPEN: Final = f"""
{CALLS_SHOWN} {CALLS_FROM} AND phone_call.ended_at IS NULL AND phone_call.started_at > $2
ORDER BY phone_call.queued_at NULLS LAST, phone_call.started_at LIMIT 100
"""
BACK: Final = f"""
{CALLS_SHOWN} {CALLS_FROM} AND phone_call.callback_at IS NOT NULL AND phone_call.called_back_at IS NULL
ORDER BY coalesce(phone_call.callback_due_at, phone_call.callback_at), phone_call.callback_at LIMIT 100
"""
MINE: Final = f"""
{CALLS_SHOWN} {CALLS_FROM} AND phone_call.taken_by = $2 AND phone_call.wrapped_up_at IS NULL
  AND phone_call.taken_at > $3
ORDER BY phone_call.ended_at NULLS FIRST, phone_call.taken_at DESC LIMIT 5
"""
OF_CASE: Final = f"{CALLS_SHOWN} {CALLS_FROM} AND phone_call.case_id = $2 ORDER BY phone_call.started_at DESC LIMIT 20"
SPEAKS: Final = """
SELECT EXISTS (SELECT FROM phone_call WHERE ended_at IS NULL AND started_at > $3
               AND ((case_id = $1 AND (taken_by IS NOT NULL OR menu->>'place' = 'queue'))
                    OR (direction = 'out' AND phone = $2)))
"""
ONE: Final = f"{CALLS_SHOWN} {CALLS_FROM} AND phone_call.id = $2"


class CallRow(Struct, frozen=True, kw_only=True):
    """A call as screens show it."""

    id: UUID
    key: str
    provider: str
    direction: str
    phone: str
    started_at: datetime
    language: str
    driver_id: UUID | None
    driver_name: str | None
    station_id: UUID | None
    station_name: str | None
    site_name: str | None
    code: str
    situation: str
    case_id: UUID | None
    case_number: int | None
    case_subject: str | None
    session_number: int | None
    session_id: UUID | None
    queued_at: datetime | None
    taken_by: UUID | None
    taken_name: str
    taken_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ended_how: str
    callback_at: datetime | None
    callback_due_at: datetime | None
    called_back_at: datetime | None
    called_back_by: str
    record_consent_at: datetime | None
    record_paused_at: datetime | None
    record_stopped_at: datetime | None
    wrapped_up_at: datetime | None
    place: str | None
    recordings: list[dict[str, Any]]

    @property
    def waits(self) -> bool:
        """Whether its caller waits for one of ours."""
        return self.ended_at is None and self.place == "queue" and self.taken_by is None

    @property
    def talks(self) -> bool:
        """Whether its caller and one of ours speak, or are being put through."""
        return self.ended_at is None and self.taken_by is not None

    @property
    def reference(self) -> str:
        """What its carrier calls it."""
        return self.key.partition(":")[2]


Sites = AbstractSet[UUID] | None


async def log(tx: Transaction, sites: Sites, search: str, how: str, *, limit: int, offset: int = 0) -> list[CallRow]:
    """Return calls, newest first. `how` is how they ended, or `out`; '' for all."""
    return await tx.fetch(CallRow, LOG, _ids(sites), search, how, limit, offset)


async def count(tx: Transaction, sites: Sites, search: str, how: str) -> int:
    """Return how many calls there are of that."""
    return int(await tx.value(COUNT, _ids(sites), search, how))


async def under_way(tx: Transaction, sites: Sites, now: datetime) -> list[CallRow]:
    """Return the calls that are not over, who waits longest first."""
    return await tx.fetch(CallRow, OPEN, _ids(sites), now - STALE)


async def speaks(tx: Transaction, case_id: UUID | None, phone: str, now: datetime) -> bool:
    """Return whether somebody of a case waits or speaks on the phone already, or is being rung at this number."""
    return bool(await tx.value(SPEAKS, case_id, phone, now - STALE))


async def to_call_back(tx: Transaction, sites: Sites) -> list[CallRow]:
    """Return who was promised a call, the oldest promise first."""
    return await tx.fetch(CallRow, BACK, _ids(sites))


async def mine(tx: Transaction, sites: Sites, operator_id: UUID | None, now: datetime) -> list[CallRow]:
    """Return the calls that somebody of ours has, or has still to write down."""
    return await tx.fetch(CallRow, MINE, _ids(sites), operator_id, now - STALE)


async def of_case(tx: Transaction, case_id: UUID) -> list[CallRow]:
    """Return the calls of a case, newest first. Whether the case may be seen is the caller's to know."""
    return await tx.fetch(CallRow, OF_CASE, None, case_id)


async def call(tx: Transaction, sites: Sites, call_id: UUID) -> CallRow | None:
    """Return one call, or None for one that may not be seen."""
    return await tx.fetch_one(CallRow, ONE, _ids(sites), call_id)


def _ids(sites: Sites) -> list[UUID] | None:
    return None if sites is None else list(sites)
