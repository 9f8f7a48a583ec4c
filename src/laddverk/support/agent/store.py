"""Deeds of agents in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from laddverk.platform.database import Transaction
from laddverk.support.agent.model import Deed

_COLUMNS: Final = (
    "id, case_id, at, by_id, by_name, deed, reason, amount_minor, currency, payment_id, refund_id, station_id,"
    " command_id, start_request_id, work_order_id, mail_id, text_id, detail, state, decided_at, decided_by, once"
)
_TYPED: Final = (
    "id uuid, case_id uuid, at timestamptz, by_id uuid, by_name text, deed text, reason text, amount_minor bigint,"
    " currency text, payment_id uuid, refund_id uuid, station_id uuid, command_id uuid, start_request_id uuid,"
    " work_order_id uuid, mail_id uuid, text_id uuid, detail text, state text, decided_at timestamptz,"
    " decided_by text, once uuid"
)
INSERT: Final = f"""
INSERT INTO case_deed ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_to_record($1::jsonb) AS given ({_TYPED})
ON CONFLICT (once) DO NOTHING RETURNING id
"""  # noqa: S608 - constants above
DECIDE: Final = """
UPDATE case_deed SET state = $2, decided_at = $3, decided_by = $4, refund_id = $5 WHERE id = $1
"""
ONE: Final = f"SELECT {_COLUMNS} FROM case_deed WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants above
BY_ONCE: Final = f"SELECT {_COLUMNS} FROM case_deed WHERE once = $1"  # noqa: S608 - constants above
GIVEN_IN_CASE: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM case_deed
WHERE case_id = $1 AND state = 'done' AND amount_minor IS NOT NULL
"""
GIVEN_BY: Final = """
SELECT coalesce(sum(amount_minor), 0)::bigint FROM case_deed
WHERE by_id = $1 AND at > $2 AND state = 'done' AND amount_minor IS NOT NULL AND decided_at IS NULL
"""
WAITING: Final = """
SELECT EXISTS (SELECT FROM case_deed WHERE case_id = $1 AND deed = $2 AND state = 'waits')
"""
SENT_LATELY: Final = """
SELECT count(*) FROM case_deed WHERE case_id = $1 AND deed = ANY($2) AND at > $3
"""
KEEP_PLATE: Final = """
INSERT INTO driver_plate (plate, driver_id, added_at, added_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


async def insert(tx: Transaction, deed: Deed) -> bool:
    """Keep a deed; False when its form was sent before."""
    return await tx.value(INSERT, msgspec.to_builtins(deed)) is not None


async def done_before(tx: Transaction, once: UUID) -> Deed | None:
    """Return what a form led to when it was sent before."""
    return await tx.fetch_one(Deed, BY_ONCE, once)


async def deed(tx: Transaction, deed_id: UUID) -> Deed | None:
    """Return one deed, locked."""
    return await tx.fetch_one(Deed, ONE, deed_id)


async def decide(
    tx: Transaction, deed_id: UUID, state: str, now: datetime, by: str, refund_id: UUID | None
) -> None:  # fmt: skip
    """Keep what a second person decided."""
    await tx.execute(DECIDE, deed_id, state, now, by, refund_id)


async def given_in_case(tx: Transaction, case_id: UUID) -> int:
    """Return how much money was given in a case so far."""
    return int(await tx.value(GIVEN_IN_CASE, case_id))


async def given_by(tx: Transaction, operator_id: UUID | None, since: datetime) -> int:
    """Return how much somebody has given alone since."""
    return int(await tx.value(GIVEN_BY, operator_id, since))


async def sent_lately(tx: Transaction, case_id: UUID, buttons: Sequence[str], since: datetime) -> int:
    """Return how often any of `buttons` was pressed in a case since."""
    return int(await tx.value(SENT_LATELY, case_id, list(buttons), since))


async def is_waiting(tx: Transaction, case_id: UUID, button: str) -> bool:
    """Return whether the same already waits for a second person."""
    return bool(await tx.value(WAITING, case_id, button))


async def keep_plate(tx: Transaction, plate: str, driver_id: UUID, now: datetime, by: str) -> None:
    """Keep a number plate of a driver."""
    await tx.execute(KEEP_PLATE, plate, driver_id, now, by)
