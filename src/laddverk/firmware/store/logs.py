"""Requests for logs, log files and publications in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.firmware.model import FileKind, LogWish
from laddverk.kernel.ids import CommandId, FirmwareImageId, LogFileId, LogRequestId, StationId
from laddverk.platform.database import Transaction


class LogRequest(Struct, frozen=True, kw_only=True):
    """A request for a log as decisions see it."""

    id: LogRequestId
    station_id: StationId
    state: str
    request_id: int
    log: str
    command_id: CommandId | None = None


REQUEST_COLUMNS = "id, station_id, state, request_id, log, command_id"

INSERT = """
INSERT INTO log_request (id, request_id, station_id, log, oldest_at, latest_at, state, command_id, asked_by, reason,
                         asked_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7, $8, $9, $10, $10)
"""


async def insert(
    tx: Transaction,
    request: LogRequest,
    wish: LogWish,
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep a request for a log. Its command is named once there is one: the link in it needs the request."""
    await tx.execute(
        INSERT, request.id, request.request_id, request.station_id, request.log, wish.oldest_at, wish.latest_at, None,
        by, wish.reason, now,
    )  # fmt: skip


NAME_COMMAND = "UPDATE log_request SET command_id = $2 WHERE id = $1"


async def name_command(tx: Transaction, request_id: LogRequestId, command_id: CommandId) -> None:
    """Remember the command that asks for a log."""
    await tx.execute(NAME_COMMAND, request_id, command_id)


OPEN_AT = f"""
SELECT {REQUEST_COLUMNS} FROM log_request
WHERE station_id = ANY($1) AND state IN ('asked', 'uploading', 'uploaded') ORDER BY asked_at DESC FOR UPDATE
"""  # noqa: S608 - a constant


async def open_at(tx: Transaction, station_ids: Sequence[StationId]) -> list[LogRequest]:
    """Return the requests of these stations that are not over, the latest first, locked."""
    return await tx.fetch(LogRequest, OPEN_AT, list(station_ids))


LOCK = f"SELECT {REQUEST_COLUMNS} FROM log_request WHERE id = $1 FOR UPDATE"  # noqa: S608 - a constant


async def lock(tx: Transaction, request_id: UUID) -> LogRequest | None:
    """Return one request, locked."""
    return await tx.fetch_one(LogRequest, LOCK, request_id)


OF_COMMANDS = f"SELECT {REQUEST_COLUMNS} FROM log_request WHERE command_id = ANY($1)"  # noqa: S608 - a constant


async def of_commands(tx: Transaction, command_ids: Sequence[CommandId]) -> list[LogRequest]:
    """Return the requests that these commands put to chargers."""
    return await tx.fetch(LogRequest, OF_COMMANDS, list(command_ids))


MOVE = """
UPDATE log_request SET state = $2, status = CASE WHEN $3 = '' THEN status ELSE $3 END, changed_at = $4 WHERE id = $1
"""


async def move(tx: Transaction, request_id: LogRequestId, state: str, status: str, now: datetime) -> None:
    """Give a request its next state, with the charger's word if it said one."""
    await tx.execute(MOVE, request_id, state, status, now)


OVERDUE = """
UPDATE log_request SET state = 'failed', status = 'silent', changed_at = $2
WHERE state IN ('asked', 'uploading', 'uploaded') AND asked_at < $1 RETURNING station_id
"""


async def give_up(tx: Transaction, before: datetime, now: datetime) -> list[StationId]:
    """Give up on logs that were asked for before `before` and never came; return whose they were."""
    return await tx.values(OVERDUE, before, now)


class NewLogFile(Struct, frozen=True, kw_only=True):
    """A file that has come in."""

    id: LogFileId
    station_id: StationId
    log_request_id: LogRequestId
    log: str
    name: str
    kind: FileKind
    size_bytes: int
    sha256: bytes
    received_by: str
    remote_address: str


KEEP_FILE = """
INSERT INTO log_file (id, station_id, log_request_id, log, name, kind, size_bytes, sha256, received_at, received_by,
                      remote_address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def keep_file(tx: Transaction, file: NewLogFile, now: datetime) -> None:
    """Keep a file that has come in."""
    await tx.execute(
        KEEP_FILE, file.id, file.station_id, file.log_request_id, file.log, file.name, file.kind.value,
        file.size_bytes, file.sha256, now, file.received_by, file.remote_address,
    )  # fmt: skip


DELETE_FILE = "DELETE FROM log_file WHERE id = $1"


async def delete_file(tx: Transaction, file_id: UUID) -> bool:
    """Delete a file's row; return whether there was one."""
    return await tx.execute(DELETE_FILE, file_id) == 1


DELETE_OLD = "DELETE FROM log_file WHERE received_at < $1 RETURNING id"


async def delete_old(tx: Transaction, before: datetime) -> list[UUID]:
    """Delete the rows of files that came before `before`; return their ids."""
    return await tx.values(DELETE_OLD, before)


KNOWN_FILES = "SELECT id FROM log_file WHERE id = ANY($1)"
KNOWN_IMAGES = "SELECT id FROM firmware_image WHERE id = ANY($1) AND retired_at IS NULL"


async def known_files(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of `ids` are those of log files."""
    return set(await tx.values(KNOWN_FILES, list(ids)))


async def known_images(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of `ids` are those of images in use."""
    return set(await tx.values(KNOWN_IMAGES, list(ids)))


class Publication(Struct, frozen=True, kw_only=True):
    """An image at a local controller."""

    id: UUID
    station_id: StationId
    image_id: FirmwareImageId
    state: str
    request_id: int
    command_id: CommandId | None = None


PUBLICATION_COLUMNS = "id, station_id, image_id, state, request_id, command_id"

PUBLISH = """
INSERT INTO firmware_publication (id, request_id, station_id, image_id, state, command_id, asked_by, asked_at,
                                  changed_at)
VALUES ($1, $2, $3, $4, 'asked', $5, $6, $7, $7)
"""


async def insert_publication(
    tx: Transaction, publication: Publication, command_id: CommandId, *, by: str, now: datetime
) -> None:
    """Keep that a local controller was asked to publish an image."""
    await tx.execute(
        PUBLISH, publication.id, publication.request_id, publication.station_id, publication.image_id, command_id, by,
        now,
    )  # fmt: skip


PUBLICATIONS_OPEN = f"""
SELECT {PUBLICATION_COLUMNS} FROM firmware_publication
WHERE station_id = ANY($1) AND state IN ('asked', 'working') ORDER BY asked_at DESC FOR UPDATE
"""  # noqa: S608 - a constant
PUBLICATION = f"SELECT {PUBLICATION_COLUMNS} FROM firmware_publication WHERE id = $1 FOR UPDATE"  # noqa: S608
PUBLICATIONS_OF = f"SELECT {PUBLICATION_COLUMNS} FROM firmware_publication WHERE command_id = ANY($1)"  # noqa: S608


async def publications_open(tx: Transaction, station_ids: Sequence[StationId]) -> list[Publication]:
    """Return the publications at these controllers that are not over, locked."""
    return await tx.fetch(Publication, PUBLICATIONS_OPEN, list(station_ids))


async def publication(tx: Transaction, publication_id: UUID) -> Publication | None:
    """Return one publication, locked."""
    return await tx.fetch_one(Publication, PUBLICATION, publication_id)


async def publications_of(tx: Transaction, command_ids: Sequence[CommandId]) -> list[Publication]:
    """Return the publications that these commands concern."""
    return await tx.fetch(Publication, PUBLICATIONS_OF, list(command_ids))


MOVE_PUBLICATION = """
UPDATE firmware_publication SET state = $2, status = $3, changed_at = $5, command_id = coalesce($6, command_id),
       locations = CASE WHEN jsonb_array_length($4) > 0 THEN $4 ELSE locations END
WHERE id = $1
"""


async def move_publication(
    tx: Transaction,
    publication_id: UUID,
    state: str,
    status: str,
    now: datetime,
    locations: Sequence[str] = (),
    command_id: CommandId | None = None,
) -> None:
    """Give a publication its next state."""
    await tx.execute(MOVE_PUBLICATION, publication_id, state, status, list(locations), now, command_id)
