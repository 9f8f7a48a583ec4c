"""Calls, presence, voices and recordings in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.phone.model import Call, Presence

INSERT: Final = """
INSERT INTO phone_call (id, key, provider, direction, phone, our_number, started_at, language, driver_id, station_id,
                        site_id, evse_number, code, start_request_id, session_id, payment_id, situation, menu, case_id,
                        taken_by, taken_name, taken_number, taken_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT site_id FROM station WHERE id = $10), $11, $12, $13, $14, $15,
        $16, $17, $18, $19, $20, $21, $22)
ON CONFLICT (key) DO NOTHING RETURNING id
"""
BY_KEY: Final = "SELECT * FROM phone_call WHERE key = $1 FOR UPDATE"
BY_ID: Final = "SELECT * FROM phone_call WHERE id = $1 FOR UPDATE"
SAVE: Final = """
UPDATE phone_call
SET language = $2, driver_id = $3, station_id = $4, site_id = (SELECT site_id FROM station WHERE id = $4),
    evse_number = $5, code = $6, start_request_id = $7, session_id = $8, payment_id = $9, complaint = $10,
    situation = $11, menu = $12, turn = $13, case_id = $14, queued_at = $15, taken_by = $16, taken_name = $17,
    taken_number = $18, taken_at = $19, answered_at = $20, ended_at = $21, ended_how = $22, callback_at = $23,
    called_back_at = $24, called_back_by = $25, record_consent_at = $26, wrapped_up_at = $27, callback_due_at = $28,
    record_paused_at = $29, record_stopped_at = $30
WHERE id = $1
"""
DIRECTION: Final = "UPDATE phone_call SET direction = $2 WHERE id = $1"
RENAME: Final = "UPDATE phone_call SET key = $2 WHERE id = $1"
OUTLETS: Final = """
SELECT connector.code, site.name AS site
FROM connector JOIN station ON station.id = connector.station_id JOIN site ON site.id = station.site_id
WHERE station.retired_at IS NULL AND (keyed_code(connector.code) = $1 OR code_digits(connector.code) = $1)
ORDER BY keyed_code(connector.code) = $1 DESC, connector.code LIMIT $2
"""
CODE_OF: Final = """
SELECT connector.code, site.name AS site
FROM connector JOIN station ON station.id = connector.station_id JOIN site ON site.id = station.site_id
WHERE connector.station_id = $1 AND connector.evse_number = $2
ORDER BY connector.connector_number LIMIT 1
"""
TRIES_AT: Final = """
SELECT count(*) FROM phone_proof CROSS JOIN unnest(tried_at) AS at
WHERE station_id = $1 AND evse_number = $2 AND at > $3
"""
# Whoever tries at the same time waits for this row, and counts what was written before.
TRIED: Final = """
INSERT INTO phone_proof AS kept (station_id, evse_number, tried_at) VALUES ($1, $2, ARRAY[$3::timestamptz])
ON CONFLICT (station_id, evse_number) DO UPDATE
SET tried_at = ARRAY(SELECT at FROM unnest(kept.tried_at) AS at WHERE at > $4) || excluded.tried_at
WHERE (SELECT count(*) FROM unnest(kept.tried_at) AS at WHERE at > $4) < $5
RETURNING true
"""
STARTS_AT: Final = """
-- Who wished to charge at an outlet lately, whatever came of it.
SELECT id, session_id, payment_id FROM start_request
WHERE station_id = $1 AND evse_number = $2 AND created_at > $3
ORDER BY created_at DESC LIMIT 100
"""
LANGUAGE_OF: Final = "SELECT language FROM driver WHERE id = $1"
CHARGES: Final = """
SELECT session.id, session.station_id, session.evse_number, session.started_at, session.ended_at, session.energy_wh,
       session.price_minor, session.currency, session.start_request_id, session.payment_id, site.name AS place,
       site.timezone
FROM session JOIN station ON station.id = session.station_id JOIN site ON site.id = station.site_id
"""
CHARGE: Final = f"""
{CHARGES}
WHERE session.id = coalesce($1, (SELECT session_id FROM start_request WHERE start_request.id = $2))
"""  # noqa: S608 - constant text
LAST_CHARGE: Final = f"""
{CHARGES}
WHERE session.driver_id = $1 AND session.started_at > $2
ORDER BY session.started_at DESC LIMIT 1
"""
BEFORE: Final = """
SELECT count(*) FROM phone_call
WHERE queued_at < $1 AND taken_at IS NULL AND ended_at IS NULL AND callback_at IS NULL
"""
RECENT_CASE: Final = """
SELECT id FROM support_case
WHERE merged_into_id IS NULL AND changed_at > $3
  AND (driver_id = $1 OR ($1::uuid IS NULL AND driver_id IS NULL AND contact_phone = $2 AND $2 <> ''))
ORDER BY (state <> 'closed') DESC, changed_at DESC LIMIT 1
"""
MISSED_LATELY: Final = """
SELECT count(*) FROM phone_call WHERE phone = $1 AND phone <> '' AND id <> $2 AND ended_at > $3 AND ended_how = 'missed'
"""
PRESENT: Final = """
INSERT INTO phone_presence (operator_id, name, state, number, since, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (operator_id) DO UPDATE
SET name = excluded.name, state = excluded.state, number = excluded.number, since = excluded.since,
    seen_at = excluded.seen_at
"""
ABSENT: Final = "DELETE FROM phone_presence WHERE operator_id = $1"
STILL_HERE: Final = "UPDATE phone_presence SET seen_at = $2 WHERE operator_id = $1 AND seen_at < $2"
PRESENCES: Final = "SELECT * FROM phone_presence WHERE seen_at > $1 ORDER BY state, since"
PRESENCE: Final = "SELECT * FROM phone_presence WHERE operator_id = $1"
VOICE: Final = """
INSERT INTO phone_voice (name, language, body, used_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET used_at = excluded.used_at WHERE phone_voice.used_at < excluded.used_at - interval '1 day'
"""  # noqa: E501 - one condition
VOICE_OF: Final = "SELECT language, body FROM phone_voice WHERE name = $1"
FORGET_VOICES: Final = "DELETE FROM phone_voice WHERE used_at < $1"
RECORDED: Final = """
INSERT INTO phone_recording (id, call_id, at, kind, url) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (call_id, url) DO NOTHING RETURNING id
"""
RECORDING: Final = "SELECT * FROM phone_recording WHERE id = $1"
UNFETCHED: Final = """
SELECT phone_recording.*, phone_call.provider FROM phone_recording JOIN phone_call ON phone_call.id = call_id
WHERE phone_recording.id = ANY($1) AND content IS NULL FOR UPDATE OF phone_recording
"""
FETCHED: Final = "UPDATE phone_recording SET content = $2, media_type = $3, error = '', url = '' WHERE id = $1"
NOT_FETCHED: Final = "UPDATE phone_recording SET error = $2 WHERE id = $1"
FORGET_RECORDINGS: Final = "DELETE FROM phone_recording WHERE at < $1"


class Outlet(Struct, frozen=True):
    """An outlet by what stands on it."""

    code: str
    site: str


class Start(Struct, frozen=True):
    """A wish to charge, and what came of it."""

    id: UUID
    session_id: UUID | None
    payment_id: UUID | None


class LastCharge(Struct, frozen=True, kw_only=True):
    """A charge that somebody asks the price of: the newest of their account, or that of the page they have."""

    id: UUID
    station_id: UUID
    evse_number: int
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    price_minor: int | None
    currency: str | None
    start_request_id: UUID | None
    payment_id: UUID | None
    place: str
    timezone: str


class Voice(Struct, frozen=True):
    """A text that is read aloud."""

    language: str
    body: str


class Recording(Struct, frozen=True, kw_only=True):
    """What was recorded of a call."""

    id: UUID
    call_id: UUID
    at: datetime
    kind: str
    url: str
    media_type: str
    content: bytes | None
    error: str
    provider: str = ""
    """Of its call, where it is still to be fetched."""


async def insert(tx: Transaction, call: Call) -> bool:
    """Keep a new call; return False when it was there."""
    found = await tx.value(
        INSERT, call.id, call.key, call.provider, call.direction, call.phone, call.our_number, call.started_at,
        call.language, call.driver_id, call.station_id, call.evse_number, call.code, call.start_request_id,
        call.session_id, call.payment_id, call.situation, msgspec.to_builtins(call.menu), call.case_id, call.taken_by,
        call.taken_name, call.taken_number, call.taken_at,
    )  # fmt: skip
    return found is not None


async def by_key(tx: Transaction, key: str) -> Call | None:
    """Return a call by what its carrier calls it, locked."""
    return await tx.fetch_one(Call, BY_KEY, key)


async def by_id(tx: Transaction, call_id: UUID) -> Call | None:
    """Return a call, locked."""
    return await tx.fetch_one(Call, BY_ID, call_id)


async def save(tx: Transaction, call: Call) -> None:
    """Write what has changed of a call."""
    await tx.execute(
        SAVE, call.id, call.language, call.driver_id, call.station_id, call.evse_number, call.code,
        call.start_request_id, call.session_id, call.payment_id, call.complaint, call.situation,
        msgspec.to_builtins(call.menu), call.turn, call.case_id, call.queued_at, call.taken_by, call.taken_name,
        call.taken_number, call.taken_at, call.answered_at, call.ended_at, call.ended_how, call.callback_at,
        call.called_back_at, call.called_back_by, call.record_consent_at, call.wrapped_up_at, call.callback_due_at,
        call.record_paused_at, call.record_stopped_at,
    )  # fmt: skip


async def set_direction(tx: Transaction, call_id: UUID, direction: str) -> None:
    """Note which way a call went."""
    await tx.execute(DIRECTION, call_id, direction)


async def rename(tx: Transaction, call_id: UUID, key: str) -> None:
    """Note what a call's carrier calls it, once it is known."""
    await tx.execute(RENAME, call_id, key)


async def outlets(tx: Transaction, keys: str, limit: int) -> list[Outlet]:
    """Return the outlets whose code is keyed in so, by letters and digits or by digits alone."""
    return await tx.fetch(Outlet, OUTLETS, keys, limit)


async def code_of(tx: Transaction, station_id: UUID, evse_number: int) -> Outlet | None:
    """Return what stands on an outlet."""
    return await tx.fetch_one(Outlet, CODE_OF, station_id, evse_number)


async def starts_at(tx: Transaction, station_id: UUID, evse_number: int, since: datetime) -> list[Start]:
    """Return the wishes to charge at an outlet since an instant, the newest first."""
    return await tx.fetch(Start, STARTS_AT, station_id, evse_number, since)


async def language_of(tx: Transaction, driver_id: UUID | None) -> str:
    """Return the language that a driver wants; '' for whom we do not know."""
    found: str | None = await tx.value(LANGUAGE_OF, driver_id) if driver_id else None
    return found or ""


async def last_charge(tx: Transaction, driver_id: UUID, since: datetime) -> LastCharge | None:
    """Return the newest charge of an account that began after an instant."""
    return await tx.fetch_one(LastCharge, LAST_CHARGE, driver_id, since)


async def tries_at(tx: Transaction, station_id: UUID, evse_number: int, since: datetime) -> int:
    """Return how often the number of a charge at an outlet was tried since an instant, in all calls."""
    return int(await tx.value(TRIES_AT, station_id, evse_number, since))


async def tried(
    tx: Transaction, station_id: UUID, evse_number: int, now: datetime, since: datetime, tries_max: int
) -> bool:  # fmt: skip
    """Count a try at an outlet; False, and no try, where there have been so many since an instant."""
    return await tx.value(TRIED, station_id, evse_number, now, since, tries_max) is not None


async def charge(tx: Transaction, session_id: UUID | None, start_request_id: UUID | None) -> LastCharge | None:
    """Return one charge, or what came of a wish to charge; None for one that has not begun."""
    return await tx.fetch_one(LastCharge, CHARGE, session_id, start_request_id)


async def count_before(tx: Transaction, queued_at: datetime) -> int:
    """Return how many wait longer."""
    return int(await tx.value(BEFORE, queued_at))


async def recent_case(tx: Transaction, driver_id: UUID | None, phone: str, since: datetime) -> UUID | None:
    """Return the case that a caller is most likely to speak of."""
    found: UUID | None = await tx.value(RECENT_CASE, driver_id, phone, since)
    return found


async def missed_lately(tx: Transaction, phone: str, call_id: UUID, since: datetime) -> bool:
    """Return whether another call of this number was missed since."""
    return int(await tx.value(MISSED_LATELY, phone, call_id, since)) > 0


async def be_present(tx: Transaction, presence: Presence) -> None:
    """Note whether somebody of ours takes calls."""
    await tx.execute(PRESENT, presence.operator_id, presence.name, presence.state, presence.number, presence.since)


async def be_absent(tx: Transaction, operator_id: UUID) -> None:
    """Note that somebody has gone."""
    await tx.execute(ABSENT, operator_id)


async def still_here(tx: Transaction, operator_id: UUID, now: datetime) -> None:
    """Note that somebody has the page of calls open."""
    await tx.execute(STILL_HERE, operator_id, now)


async def presences(tx: Transaction, since: datetime) -> list[Presence]:
    """Return who of ours was seen since."""
    return await tx.fetch(Presence, PRESENCES, since)


async def presence(tx: Transaction, operator_id: UUID) -> Presence | None:
    """Return whether one of ours takes calls; None for somebody who never said so."""
    return await tx.fetch_one(Presence, PRESENCE, operator_id)


async def keep_voice(tx: Transaction, name: str, voice: Voice, now: datetime) -> None:
    """Keep a text that is read aloud."""
    await tx.execute(VOICE, name, voice.language, voice.body, now)


async def voice(tx: Transaction, name: str) -> Voice | None:
    """Return a text that is read aloud."""
    return await tx.fetch_one(Voice, VOICE_OF, name)


async def forget_voices(tx: Transaction, before: datetime) -> None:
    """Drop texts that were not read aloud since."""
    await tx.execute(FORGET_VOICES, before)


async def keep_recording(tx: Transaction, recording: Recording) -> bool:
    """Keep where a recording is; return False when it was known."""
    made = await tx.value(RECORDED, recording.id, recording.call_id, recording.at, recording.kind, recording.url)
    return made is not None


async def recording(tx: Transaction, recording_id: UUID) -> Recording | None:
    """Return a recording."""
    return await tx.fetch_one(Recording, RECORDING, recording_id)


async def unfetched(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Recording]:
    """Return those of `ids` that we do not have yet, locked."""
    return {one.id: one for one in await tx.fetch(Recording, UNFETCHED, list(ids))}


async def mark_fetched(tx: Transaction, recording_id: UUID, content: bytes, media_type: str) -> None:
    """Keep a recording's sound."""
    await tx.execute(FETCHED, recording_id, content, media_type)


async def mark_not_fetched(tx: Transaction, recording_id: UUID, error: str) -> None:
    """Note why a recording could not be fetched."""
    await tx.execute(NOT_FETCHED, recording_id, error[:300])


async def forget_recordings(tx: Transaction, before: datetime) -> None:
    """Drop recordings that are old."""
    await tx.execute(FORGET_RECORDINGS, before)
