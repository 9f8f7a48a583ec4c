"""Commands in PostgreSQL: rows first, carried out by the gateway that holds the socket (law 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import BatchId, CommandId, StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform.database import Transaction
from laddverk.stations.model import CommandState, Deed, OpenCommand

OPEN_COLUMNS = "id, station_id, kind, command, state, created_at, expires_at, sent_at, confirm_by"

INSERT = """
INSERT INTO command (id, station_id, kind, command, requested_by, actor_kind, actor_id, reason, created_at, expires_at,
                     batch_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def insert(
    tx: Transaction,
    command_id: CommandId,
    station_id: StationId,
    command: AnyCommand,
    actor: Actor,
    *,
    requested_by: str,
    reason: str,
    now: datetime,
    expires_at: datetime,
    batch_id: BatchId | None = None,
) -> None:
    """Queue a command."""
    await tx.execute(
        INSERT, command_id, station_id, kind_of(command), command, requested_by, actor.kind, actor.id, reason, now,
        expires_at, batch_id,
    )  # fmt: skip


def kind_of(command: AnyCommand) -> str:
    """Return the tag under which `command` is stored."""
    return str(command.__struct_config__.tag)


class Addressee(Struct, frozen=True):
    """The station a command is for, and how many of its commands have no outcome yet."""

    site_id: Any
    retired_at: datetime | None
    open_commands: int


ADDRESSEE = """
SELECT site_id, retired_at,
       (SELECT count(*) FROM command c WHERE c.station_id = station.id AND c.finished_at IS NULL) AS open_commands
FROM station WHERE id = $1
"""


async def addressee(tx: Transaction, station_id: StationId) -> Addressee | None:
    """Return what deciding about a command needs to know of its station."""
    return await tx.fetch_one(Addressee, ADDRESSEE, station_id)


TAKE_QUEUED = f"""
SELECT {OPEN_COLUMNS} FROM command
WHERE state = 'queued' AND station_id = ANY($1)
ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - the columns are a constant above


async def take_queued(tx: Transaction, station_ids: Sequence[StationId], limit: int) -> list[OpenCommand]:
    """Return queued commands of these stations, oldest first, locked; those that another gateway holds are left out."""
    return await tx.fetch(OpenCommand, TAKE_QUEUED, list(station_ids), limit)


TAKE_SET_UP = f"""
SELECT {OPEN_COLUMNS} FROM command
WHERE state = 'queued' AND station_id = ANY($1)
  AND (kind = ANY($2) OR (kind = 'trigger' AND command->>'message' = 'BootNotification')
       OR (kind = 'raw_call' AND command->>'action' = ANY($3)))
ORDER BY created_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - the columns are a constant above


async def take_set_up(
    tx: Transaction, station_ids: Sequence[StationId], kinds: Sequence[str], actions: Sequence[str], limit: int
) -> list[OpenCommand]:
    """Return queued commands that set a station up: of these kinds, raw calls of these actions, triggered boots."""
    return await tx.fetch(OpenCommand, TAKE_SET_UP, list(station_ids), list(kinds), list(actions), limit)


MARK_SENT = """
UPDATE command SET state = 'sent', sent_at = $3, confirm_by = given.confirm_by
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, confirm_by) WHERE command.id = given.id
"""


async def mark_sent(tx: Transaction, sent: Sequence[tuple[CommandId, datetime]], now: datetime) -> None:
    """Mark commands as sent; each must have its outcome by the instant beside it."""
    await tx.execute(MARK_SENT, [command_id for command_id, _ in sent], [by for _, by in sent], now)


LOCK = f"SELECT {OPEN_COLUMNS} FROM command WHERE id = $1 FOR UPDATE"  # noqa: S608 - a constant


async def lock(tx: Transaction, command_id: CommandId) -> OpenCommand | None:
    """Return one command, locked, whatever its state."""
    return await tx.fetch_one(OpenCommand, LOCK, command_id)


ANSWERED = """
UPDATE command SET state = $2, answered_at = $3::timestamptz, outcome = $4, detail = detail || $5, confirm_by = $6,
       finished_at = CASE WHEN $6::timestamptz IS NULL THEN $3::timestamptz END
WHERE id = $1
"""


async def answered(
    tx: Transaction,
    command_id: CommandId,
    state: CommandState,
    *,
    word: str,
    detail: dict[str, Any],
    confirm_by: datetime | None,
    now: datetime,
) -> None:
    """Record an answer. Without `confirm_by` the state is final."""
    await tx.execute(ANSWERED, command_id, state.value, now, word, detail, confirm_by)


ANSWERED_LATE = """
UPDATE command SET answered_at = coalesce(answered_at, $2), outcome = coalesce(outcome, $3), detail = $4 || detail
WHERE id = $1
"""


async def answered_late(
    tx: Transaction, command_id: CommandId, word: str, detail: dict[str, Any], now: datetime
) -> None:
    """Keep what a charger answered to a command that already has its outcome."""
    await tx.execute(ANSWERED_LATE, command_id, now, word, detail)


NOTE = "UPDATE command SET detail = detail || $2, confirm_by = coalesce($3, confirm_by) WHERE id = $1"


async def note(tx: Transaction, command_id: CommandId, detail: dict[str, Any], confirm_by: datetime | None) -> None:
    """Add to what is known of an open command, and perhaps move the instant by which it must be confirmed."""
    await tx.execute(NOTE, command_id, detail, confirm_by)


class Finished(Struct, frozen=True):
    """A command that has just got its outcome."""

    id: CommandId
    station_id: StationId
    kind: str
    state: CommandState
    outcome: str | None = None


FINISH = """
UPDATE command SET state = $2, finished_at = $3, confirm_by = NULL, detail = detail || $4
WHERE id = ANY($1) AND finished_at IS NULL
RETURNING id, station_id, kind, state, outcome
"""


async def finish(
    tx: Transaction, command_ids: Sequence[CommandId], state: CommandState, now: datetime, detail: dict[str, Any]
) -> list[Finished]:
    """Give open commands their outcome and return those that had none yet."""
    return await tx.fetch(Finished, FINISH, list(command_ids), state.value, now, detail)


CONFIRMED_BY = """
SELECT DISTINCT c.id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS deed (station_id, kind, match, at)
JOIN command c ON c.station_id = deed.station_id AND c.kind = deed.kind AND c.finished_at IS NULL
WHERE c.state IN ('sent', 'accepted') AND c.sent_at <= deed.at AND c.command @> deed.match::jsonb
"""


async def confirmed_by(tx: Transaction, deeds: Sequence[Deed]) -> list[CommandId]:
    """Return the open commands that one of `deeds` confirms."""
    return await tx.values(
        CONFIRMED_BY,
        [deed.station_id for deed in deeds],
        [deed.kind for deed in deeds],
        [msgspec.json.encode(deed.match).decode() for deed in deeds],
        [deed.at for deed in deeds],
    )


ACCEPTED_AT = f"""
SELECT {OPEN_COLUMNS} FROM command
WHERE station_id = ANY($1) AND kind = ANY($2) AND state = 'accepted' AND finished_at IS NULL
"""  # noqa: S608 - a constant


async def accepted_at(tx: Transaction, station_ids: Sequence[StationId], kinds: Sequence[str]) -> list[OpenCommand]:
    """Return the accepted commands of `kinds` at these stations."""
    return await tx.fetch(OpenCommand, ACCEPTED_AT, list(station_ids), list(kinds))


LOCK_SENT = """
SELECT id FROM command
WHERE station_id = ANY($1) AND kind = ANY($2) AND state = 'sent' AND finished_at IS NULL
ORDER BY id FOR UPDATE
"""


async def lock_sent(tx: Transaction, station_ids: Sequence[StationId], kinds: Sequence[str]) -> None:
    """Wait until no answer to a command of `kinds` at these stations is just being recorded."""
    await tx.values(LOCK_SENT, list(station_ids), list(kinds))


EXPIRE = """
UPDATE command SET state = 'expired', finished_at = $1
WHERE id IN (SELECT id FROM command WHERE state = 'queued' AND expires_at <= $1 FOR UPDATE SKIP LOCKED)
RETURNING id, station_id, kind, state, outcome
"""

TIME_OUT = """
UPDATE command SET state = 'timed_out', finished_at = $1
WHERE id IN (SELECT id FROM command WHERE finished_at IS NULL AND state IN ('sent', 'accepted') AND confirm_by <= $1
             FOR UPDATE SKIP LOCKED)
RETURNING id, station_id, kind, state, outcome
"""


async def finish_overdue(tx: Transaction, now: datetime) -> list[Finished]:
    """Expire what was not sent in time, time out what was not answered or confirmed in time; return both."""
    return await tx.fetch(Finished, EXPIRE, now) + await tx.fetch(Finished, TIME_OUT, now)


CANCEL = """
UPDATE command SET state = 'expired', outcome = $3, finished_at = $2, detail = detail || $4
WHERE id = $1 AND state = 'queued' RETURNING id, station_id, kind, state, outcome
"""


async def cancel(
    tx: Transaction, command_id: CommandId, now: datetime, word: str, detail: dict[str, Any]
) -> list[Finished]:
    """Expire one command that still waits to be sent; nothing when it was sent."""
    return await tx.fetch(Finished, CANCEL, command_id, now, word, detail)


CANCEL_QUEUED = """
UPDATE command SET state = 'expired', finished_at = $2, detail = detail || $3
WHERE station_id = $1 AND state = 'queued' RETURNING id, station_id, kind, state, outcome
"""


async def cancel_queued(
    tx: Transaction, station_id: StationId, now: datetime, detail: dict[str, Any]
) -> list[Finished]:
    """Expire all queued commands of a station now."""
    return await tx.fetch(Finished, CANCEL_QUEUED, station_id, now, detail)
