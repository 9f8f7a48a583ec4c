"""Telling somebody something on their phone, and taking in what comes from one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import TooMany
from laddverk.notices.sms import rules, store
from laddverk.notices.sms.model import BODY_MAX, Direction, Text
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue

DELIVER: Final = "notices.sms"
"""The errand that hands one text to its carrier: payload `{text_id, attempts}`."""
WINDOW: Final = timedelta(hours=1)
TO_ONE_MAX: Final = 10  # texts to one number within the window: more wakes a stranger, or costs somebody's joke
FROM_ONE_MAX: Final = 30  # texts from one number within the window

log = structlog.get_logger()


async def send(
    tx: Transaction, *, recipient: str, text: str, now: datetime, unique_key: str | None = None,
    case_id: UUID | None = None,
) -> UUID | None:  # fmt: skip
    """Write a text to a phone (E.164); it leaves after the commit. Return None when `unique_key` was used before.

    Raises `Invalid` (field phone or text), `TooMany` for a number that has had many within the hour.
    """
    phone, body = rules.checked_phone(recipient), rules.checked_body(text)
    if await store.count_lately(tx, phone, Direction.OUT, now - WINDOW) >= TO_ONE_MAX:
        raise TooMany("This number has had many text messages within the hour.", remedy="Call, or wait a while.")
    made = Text(
        id=new_id(), direction=Direction.OUT, phone=phone, body=body, created_at=now, case_id=case_id,
        unique_key=unique_key,
    )  # fmt: skip
    if not await store.insert(tx, made):
        return None
    await enqueue(tx, [NewJob(DELIVER, {"text_id": str(made.id), "attempts": 0})])
    return made.id


async def receive(tx: Transaction, *, sender: str, text: str, reference: str, now: datetime) -> Text | None:
    """Keep a text that came. Return None for one that came before, that says nothing, or that is one too many."""
    phone = "".join(letter for letter in sender if letter.isprintable())[:40]
    body = rules.UNSEEN.sub("", text).strip()[:BODY_MAX]
    if not phone or not body:
        return None
    if await store.count_lately(tx, phone, Direction.IN, now - WINDOW) >= FROM_ONE_MAX:
        log.warning("sms.too_many_from_one", reference=reference[:40])
        return None
    made = Text(
        id=new_id(), direction=Direction.IN, phone=phone, body=body, created_at=now, reference=reference[:100]
    )  # fmt: skip
    return made if await store.insert(tx, made) else None


async def join_case(tx: Transaction, text_id: UUID, case_id: UUID) -> None:
    """Say which case of support a text belongs to."""
    await store.join_case(tx, text_id, case_id)


async def record_delivery(tx: Transaction, reference: str, status: str, now: datetime) -> None:
    """Note what the carrier says of a text: it arrived, or never will. Other words and unknown texts change nothing."""
    if status == "delivered":
        await store.mark_arrived(tx, reference, now)
    elif status == "failed":
        await store.mark_not_arrived(tx, reference, "it did not arrive")
