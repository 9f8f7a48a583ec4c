"""Messages on displays, in PostgreSQL: what we want there and what chargers say. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.displays.capabilities import Display, display_of
from laddverk.displays.model import Wanted
from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.platform.database import Transaction

INVENTORY_MAX: Final = 300  # messages of one station that are kept as told


class Addressee(Struct, frozen=True):
    """What must be known of a station before it is told to show something."""

    id: StationId
    protocol: str | None
    vendor: str
    model: str
    firmware: str
    quirks: dict[str, Any]


LOCK_STATION = """
-- Locked, so that no number of a message is given out twice.
SELECT id, protocol, vendor, model, firmware, quirks FROM station
WHERE id = $1 AND ($2::uuid[] IS NULL OR site_id = ANY($2)) FOR NO KEY UPDATE
"""


async def lock_station(tx: Transaction, station_id: UUID, site_ids: Collection[UUID] | None) -> Addressee | None:
    """Return a station that may be seen, locked."""
    return await tx.fetch_one(Addressee, LOCK_STATION, station_id, None if site_ids is None else list(site_ids))


class _Variable(Struct, frozen=True):
    variable: str
    value: str | None
    max_limit: float | None


CAPABILITIES = """
SELECT lower(variable) AS variable, value, max_limit FROM station_variable
WHERE station_id = $1 AND component = 'DisplayMessageCtrlr' AND attribute = 'Actual' LIMIT 50
"""


async def display(tx: Transaction, station_id: UUID, *, is_21: bool) -> Display:
    """Return what a station said that its display can do."""
    rows = await tx.fetch(_Variable, CAPABILITIES, station_id)
    limit = next((row.max_limit for row in rows if row.variable == "displaymessages"), None)
    return display_of({row.variable: row.value for row in rows}, messages_limit=limit, is_21=is_21)


NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM display_message WHERE station_id = $1"
THERE = """
SELECT count(*) FROM display_message WHERE station_id = $1 AND condition IN ('wanted', 'shown', 'leaving')
"""
INSERT = """
INSERT INTO display_message (station_id, number, texts, priority, state, starts_at, ends_at, transaction_key,
    template_id, created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10)
"""


async def next_number(tx: Transaction, station_id: UUID) -> int:
    """Return a number that no message of this station ever had."""
    return int(await tx.value(NEXT_NUMBER, station_id))


async def count_there(tx: Transaction, station_id: UUID) -> int:
    """Return how many messages of ours a station has, or gets."""
    return int(await tx.value(THERE, station_id))


async def insert(
    tx: Transaction, station_id: UUID, number: int, wanted: Wanted, transaction_key: str | None, by: str, now: datetime
) -> None:
    """Keep a message that is on its way."""
    await tx.execute(
        INSERT, station_id, number, list(wanted.texts), wanted.priority, wanted.state, wanted.starts_at,
        wanted.ends_at, transaction_key, wanted.template_id, now, by,
    )  # fmt: skip


BECAME = """
UPDATE display_message SET condition = $3, word = $4, changed_at = $5
WHERE station_id = $1 AND number = $2 AND condition = ANY($6)
"""


async def became(
    tx: Transaction, station_id: UUID, number: int, condition: str, word: str, now: datetime, before: Sequence[str]
) -> int:
    """A message that was in one of the conditions `before` is now in another; return 1, else 0."""
    return await tx.execute(BECAME, station_id, number, condition, word, now, list(before))


class KeptNumber(Struct, frozen=True):
    """A message that is on a station, by its number."""

    station_id: StationId
    number: int


OF_TEMPLATE = """
SELECT m.station_id, m.number FROM display_message m JOIN station ON station.id = m.station_id
WHERE m.template_id = $1 AND m.condition IN ('wanted', 'shown') AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
ORDER BY m.station_id, m.number
"""


async def of_template(tx: Transaction, template_id: UUID, sites: Collection[UUID] | None) -> list[KeptNumber]:
    """Return where a template is shown."""
    return await tx.fetch(KeptNumber, OF_TEMPLATE, template_id, None if sites is None else list(sites))


OVER = """
UPDATE display_message SET condition = 'gone', word = 'over', changed_at = $1
WHERE condition IN ('wanted', 'shown', 'leaving') AND ends_at < $1
  AND station_id NOT IN (SELECT id FROM station WHERE protocol = 'ocpp1.6')
RETURNING station_id
"""
OVER_BY_DATA = """
SELECT m.station_id, m.number FROM display_message AS m JOIN station ON station.id = m.station_id
WHERE m.condition IN ('wanted', 'shown') AND m.ends_at < $1 AND station.protocol = 'ocpp1.6' LIMIT 200
"""
REPLACED = """
UPDATE display_message SET condition = 'gone', word = 'replaced', changed_at = $2
WHERE station_id = $1 AND condition IN ('wanted', 'shown', 'leaving')
"""
ENDED = """
UPDATE display_message SET condition = 'gone', word = 'session ended', changed_at = $2
FROM session
WHERE session.id = ANY($1) AND display_message.station_id = session.station_id
  AND display_message.transaction_key = session.transaction_key
  AND display_message.condition IN ('wanted', 'shown', 'leaving')
"""


async def over(tx: Transaction, now: datetime) -> list[UUID]:
    """Messages whose time is over are gone: chargers take them off by themselves (O05). Return their stations."""
    return await tx.values(OVER, now)


async def over_by_data(tx: Transaction, now: datetime) -> list[KeptNumber]:
    """Return messages whose time is over at chargers of 1.6, which do not take them off by themselves."""
    return await tx.fetch(KeptNumber, OVER_BY_DATA, now)


async def replaced(tx: Transaction, station_id: UUID, now: datetime) -> None:
    """A charger of 1.6 shows one text: what it showed is gone with the next."""
    await tx.execute(REPLACED, station_id, now)


async def ended(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> None:
    """Messages of sessions that ended are gone, as the standard has it (O02)."""
    await tx.execute(ENDED, list(session_ids), now)


KEEP_TOLD = """
INSERT INTO display_inventory AS kept (station_id, number, message, request_id, reported_at)
SELECT $1, $2, $3, $4, $5
WHERE (SELECT count(*) FROM display_inventory WHERE station_id = $1) < $6
ON CONFLICT (station_id, number) DO UPDATE
SET message = excluded.message, request_id = excluded.request_id, reported_at = excluded.reported_at
WHERE excluded.reported_at >= kept.reported_at
"""
ASKED_FOR_ALL = """
SELECT count(*) > 0 FROM command
WHERE station_id = $1 AND kind = 'read_messages' AND (command->>'request_id')::bigint = $2
  AND NOT jsonb_strip_nulls(command) ?| ARRAY['priority', 'state']
  AND coalesce(jsonb_array_length(command->'message_ids'), 0) = 0
"""
FORGET = "DELETE FROM display_inventory WHERE station_id = $1 AND request_id <> $2 AND reported_at <= $3"
READ = """
INSERT INTO display_read (station_id, read_at) VALUES ($1, $2)
ON CONFLICT (station_id) DO UPDATE SET read_at = greatest(display_read.read_at, excluded.read_at)
"""
RECONCILE_THERE = """
UPDATE display_message m SET condition = 'shown', word = 'reported', changed_at = $2
FROM display_inventory i
WHERE m.station_id = $1 AND m.condition IN ('wanted', 'refused') AND i.station_id = m.station_id
  AND i.number = m.number AND m.changed_at < $2
"""
RECONCILE_GONE = """
UPDATE display_message m SET condition = 'gone', word = 'not reported', changed_at = $2
WHERE m.station_id = $1 AND m.condition IN ('shown', 'leaving') AND m.changed_at < $2
  AND NOT EXISTS (SELECT FROM display_inventory i WHERE i.station_id = m.station_id AND i.number = m.number)
"""


async def keep_told(tx: Transaction, report: facts.MessagesReported) -> None:
    """Keep the messages of one part of a report."""
    for message in report.messages:
        await tx.execute(
            KEEP_TOLD, report.station_id, message.id, message, report.request_id, report.received_at, INVENTORY_MAX
        )


async def asked_for_all(tx: Transaction, station_id: UUID, request_id: int) -> bool:
    """Return whether a request was for all messages."""
    return bool(await tx.value(ASKED_FOR_ALL, station_id, request_id))


async def complete(tx: Transaction, station_id: UUID, request_id: int, at: datetime) -> None:
    """A whole reading is there: forget what it lacks, and bring what we believe into line with it."""
    await tx.execute(FORGET, station_id, request_id, at)
    await tx.execute(READ, station_id, at)
    await tx.execute(RECONCILE_THERE, station_id, at)
    await tx.execute(RECONCILE_GONE, station_id, at)


SAVE_TEMPLATE = """
INSERT INTO display_template (id, name, texts, priority, state, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING
"""
RETIRE_TEMPLATE = "UPDATE display_template SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"


class Template(Struct, frozen=True, kw_only=True):
    """A text for many chargers."""

    id: UUID
    name: str
    texts: list[facts.DisplayText]
    priority: str
    state: str | None
    created_at: datetime
    created_by: str
    retired_at: datetime | None


TEMPLATE = "SELECT * FROM display_template WHERE id = $1 AND retired_at IS NULL"


async def save_template(tx: Transaction, template_id: UUID, name: str, wanted: Wanted, by: str, now: datetime) -> bool:
    """Keep a template; False when its name is taken."""
    saved = await tx.execute(
        SAVE_TEMPLATE, template_id, name, list(wanted.texts), wanted.priority, wanted.state, now, by
    )
    return saved > 0


async def template(tx: Transaction, template_id: UUID) -> Template | None:
    """Return a template in use."""
    return await tx.fetch_one(Template, TEMPLATE, template_id)


async def retire_template(tx: Transaction, template_id: UUID, now: datetime) -> bool:
    """Take a template out of use; False when it was."""
    return await tx.execute(RETIRE_TEMPLATE, template_id, now) > 0


class Running(Struct, frozen=True):
    """A session that runs at an outlet."""

    id: UUID
    transaction_key: str


RUNNING = """
SELECT id, transaction_key FROM session WHERE station_id = $1 AND evse_number = $2 AND ended_at IS NULL
ORDER BY started_at DESC LIMIT 1
"""


async def running(tx: Transaction, station_id: UUID, evse_number: int) -> Running | None:
    """Return the session that runs at an outlet."""
    return await tx.fetch_one(Running, RUNNING, station_id, evse_number)


FORGET_ONE = "DELETE FROM display_inventory WHERE station_id = $1 AND number = $2"


async def forget(tx: Transaction, station_id: UUID, number: int) -> None:
    """A charger does not show a message any more."""
    await tx.execute(FORGET_ONE, station_id, number)
