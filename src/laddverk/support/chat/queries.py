"""What screens read of chats: how long one waits, who is there, and what a case's page shows of its chat."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.chat.model import Chat
from laddverk.support.chat.store import CHAT_COLUMNS

USUAL_SINCE: Final = timedelta(days=14)
USUAL_MIN: Final = 5  # fewer answers make no habit

PEEK: Final = f"SELECT {CHAT_COLUMNS} FROM chat WHERE id = $1"  # noqa: S608 - constants
OF_CASE: Final = f"SELECT {CHAT_COLUMNS} FROM chat WHERE case_id = $1 ORDER BY changed_at DESC LIMIT 1"  # noqa: S608 - constants
OF_DRIVER: Final = f"SELECT {CHAT_COLUMNS} FROM chat WHERE driver_id = $1 ORDER BY opened_at DESC LIMIT 200"  # noqa: S608 - constants
# A case is merged into another, or answered by somebody: what its driver sees of it while they wait.
WAIT: Final = """
SELECT support_case.number, support_case.state, support_case.answered_at, support_case.assignee_name,
       (SELECT count(*)::int FROM support_case AS other
        WHERE other.channel = 'chat' AND other.state = 'open' AND other.answered_at IS NULL
          AND other.created_at < support_case.created_at AND other.created_at > $2) AS before,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - created_at))
        FROM support_case AS other
        WHERE other.channel = 'chat' AND other.created_at > $2 AND other.answered_at IS NOT NULL
        HAVING count(*) >= $3)::int AS usual_s
FROM support_case WHERE support_case.id = $1
"""


class Wait(Struct, frozen=True, kw_only=True):
    """How it stands with the case of a chat."""

    number: int
    state: str
    answered_at: datetime | None
    assignee_name: str
    before: int
    """How many chats wait that came earlier."""
    usual_s: int | None
    """How long the first answer usually takes, in seconds; None where there were too few."""


async def chat(tx: Transaction, chat_id: UUID) -> Chat | None:
    """Return one chat as it is now, or None."""
    return await tx.fetch_one(Chat, PEEK, chat_id)


async def of_case(tx: Transaction, case_id: UUID) -> Chat | None:
    """Return the chat that a case came from; of several, the one where something was said last."""
    return await tx.fetch_one(Chat, OF_CASE, case_id)


async def of_driver(tx: Transaction, driver_id: UUID) -> list[Chat]:
    """Return the chats of an account, the newest first."""
    return await tx.fetch(Chat, OF_DRIVER, driver_id)


async def wait(tx: Transaction, case_id: UUID, now: datetime) -> Wait | None:
    """Return how it stands with the case of a chat."""
    return await tx.fetch_one(Wait, WAIT, case_id, now - USUAL_SINCE, USUAL_MIN)
