"""Updates and what chargers said of them, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.firmware.model import UpdateState
from laddverk.kernel.ids import CampaignId, CommandId, FirmwareUpdateId, StationId
from laddverk.platform.database import Transaction


class Update(Struct, frozen=True, kw_only=True):
    """An update as decisions see it."""

    id: FirmwareUpdateId
    station_id: StationId
    image_id: UUID
    state: UpdateState
    version: str
    """What it leads to."""
    version_booted: str
    changed_at: datetime
    request_id: int | None = None
    campaign_id: CampaignId | None = None
    command_id: CommandId | None = None


UPDATE_COLUMNS = """
SELECT u.id, u.station_id, u.image_id, u.state, i.version, u.version_booted, u.changed_at, u.request_id,
       u.campaign_id, u.command_id
FROM firmware_update u JOIN firmware_image i ON i.id = u.image_id
"""

IN_HAND = (
    UPDATE_COLUMNS
    + """
WHERE u.station_id = ANY($1) AND u.state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting')
ORDER BY u.id FOR UPDATE OF u
"""
)


async def in_hand(tx: Transaction, station_ids: Sequence[StationId]) -> list[Update]:
    """Return the updates that these stations are at, locked. At most one each: index firmware_update_in_hand."""
    return await tx.fetch(Update, IN_HAND, list(station_ids))


ALL_IN_HAND = (
    UPDATE_COLUMNS
    + """
WHERE u.state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting') AND u.changed_at < $1
ORDER BY u.id LIMIT 1000 FOR UPDATE OF u SKIP LOCKED
"""
)


async def quiet_since(tx: Transaction, before: datetime) -> list[Update]:
    """Return updates in hand of which nothing was heard since `before`, locked."""
    return await tx.fetch(Update, ALL_IN_HAND, before)


OF_COMMANDS = UPDATE_COLUMNS + "WHERE u.command_id = ANY($1) ORDER BY u.id FOR UPDATE OF u"


async def of_commands(tx: Transaction, command_ids: Sequence[CommandId]) -> list[Update]:
    """Return the updates that these commands asked for, locked."""
    return await tx.fetch(Update, OF_COMMANDS, list(command_ids))


class NewUpdate(Struct, frozen=True, kw_only=True):
    """An update to be queued."""

    id: FirmwareUpdateId
    station_id: StationId
    image_id: UUID
    campaign_id: CampaignId | None = None
    stage: int = 1
    place: int = 0
    version_before: str = ""
    state: UpdateState = UpdateState.QUEUED
    reason: str = ""


INSERT = """
INSERT INTO firmware_update (id, station_id, image_id, campaign_id, stage, place, version_before, state, reason,
                             queued_at, changed_at, finished_at)
SELECT given.id, given.station_id, $3, $4, given.stage, given.place, given.version_before, given.state, given.reason,
       $5::timestamptz, $5::timestamptz, CASE WHEN given.state = 'skipped' THEN $5::timestamptz END
FROM unnest($1::uuid[], $2::uuid[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[])
     AS given (id, station_id, stage, place, version_before, state, reason)
"""


async def insert(tx: Transaction, updates: Sequence[NewUpdate], now: datetime) -> None:
    """Queue updates, all of one image and campaign."""
    if not updates:
        return
    first = updates[0]
    await tx.execute(
        INSERT, [one.id for one in updates], [one.station_id for one in updates], first.image_id, first.campaign_id,
        now, [one.stage for one in updates], [one.place for one in updates], [one.version_before for one in updates],
        [one.state.value for one in updates], [one.reason for one in updates],
    )  # fmt: skip


ASKED = """
UPDATE firmware_update SET state = 'asked', reason = '', request_id = $2, command_id = $3, signed = $4, asked_at = $5,
       changed_at = $5, attempts = attempts + 1, version_before = $6, version_booted = '', forgiven = false
WHERE id = $1
"""


async def asked(
    tx: Transaction,
    update_id: FirmwareUpdateId,
    request_id: int,
    command_id: CommandId,
    signed: bool,
    version_before: str,
    now: datetime,
) -> None:
    """Record that a station was asked, and which version it has now."""
    await tx.execute(ASKED, update_id, request_id, command_id, signed, now, version_before)


MOVED_SINCE = """
SELECT DISTINCT campaign_id FROM firmware_update WHERE changed_at >= $1 AND campaign_id IS NOT NULL LIMIT 1000
"""


async def campaigns_moved(tx: Transaction, since: datetime) -> list[CampaignId]:
    """Return the campaigns of which something has changed since then."""
    return await tx.values(MOVED_SINCE, since)


MOVE = """
UPDATE firmware_update SET state = given.state, reason = given.reason, changed_at = $4,
       finished_at = CASE WHEN given.state IN ('verified', 'failed', 'skipped') THEN $4::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, state, reason)
WHERE firmware_update.id = given.id
"""


async def move(tx: Transaction, moves: Sequence[tuple[FirmwareUpdateId, UpdateState, str]], now: datetime) -> None:
    """Give updates their next states, each with a reason or none."""
    if moves:
        await tx.execute(
            MOVE, [one[0] for one in moves], [one[1].value for one in moves], [one[2] for one in moves], now
        )


BOOTED = "UPDATE firmware_update SET version_booted = $2 WHERE id = $1"


async def booted(tx: Transaction, update_id: FirmwareUpdateId, version: str) -> None:
    """Remember the version that a station booted with while its update was in hand."""
    await tx.execute(BOOTED, update_id, version)


NEXT_REQUEST = "SELECT nextval('software_request')"


async def next_request_id(tx: Transaction) -> int:
    """Return a number for a request that no other has."""
    return int(await tx.value(NEXT_REQUEST))


class Said(Struct, frozen=True, kw_only=True):
    """One status as a charger said it."""

    station_id: StationId
    kind: str
    """firmware, publish or log."""
    at: datetime
    status: str
    request_id: int | None
    info: str


REPEAT = """
UPDATE software_status SET last_at = greatest(last_at, $3::timestamptz), times = times + 1, info = $6
WHERE station_id = $1 AND kind = $2 AND status = $4 AND request_id IS NOT DISTINCT FROM $5::int
  AND first_at <= $3::timestamptz AND first_at = (SELECT max(first_at) FROM software_status s
                                                  WHERE s.station_id = $1 AND s.kind = $2)
"""

SAY = """
INSERT INTO software_status (station_id, kind, first_at, last_at, status, request_id, info)
VALUES ($1, $2, $3, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


async def say(tx: Transaction, said: Said) -> None:
    """Keep a status; a repetition of the one before is counted with it (quirk 74)."""
    values = (said.station_id, said.kind, said.at, said.status, said.request_id, said.info)
    if not await tx.execute(REPEAT, *values):
        await tx.execute(SAY, *values)


FORGET_SAID = "DELETE FROM software_status WHERE last_at < $1"


async def forget_said(tx: Transaction, before: datetime) -> int:
    """Forget statuses that were last said before `before`."""
    return await tx.execute(FORGET_SAID, before)
