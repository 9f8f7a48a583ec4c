"""What the allocator was asked in each step that changed something, kept for some days beside what it answered.

A decision is a pure function of its question and its instant, so it can be found again: by who asks why, by a test, and
by a planner who changes the question and sees what would have been.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.energy.allocating import Grant, Situation, allocated
from laddverk.platform.database import Transaction

KEPT_FOR: Final = timedelta(days=7)  # some kilobytes each, a hundred outlets make thousands a day
SIZE_MAX: Final = 32 * 2**20  # bytes of a question unpacked: five thousand outlets take three

KEEP: Final = "INSERT INTO steering_question (site_id, at, asked) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
BETWEEN: Final = """
SELECT at, asked FROM steering_question WHERE site_id = $1 AND at >= $2 AND at < $3 ORDER BY at
"""
DROP: Final = "DELETE FROM steering_question WHERE at < $1"


class Question(Struct, frozen=True):
    """What the allocator was asked at an instant."""

    at: datetime
    situation: Situation

    def answer(self) -> tuple[Grant, ...]:
        """Return what it answered: the same function, the same arguments."""
        return allocated(self.situation, self.at)


class Asking:
    """The allocator of one step: it makes the question whole, answers it, and remembers it."""

    def __init__(self, guide: Callable[[Situation, datetime], Situation]) -> None:
        self._guide = guide
        self.asked: Situation | None = None

    def __call__(self, situation: Situation, now: datetime) -> Sequence[Grant]:
        self.asked = self._guide(situation, now)
        return allocated(self.asked, now)


class _Packed(Struct, frozen=True):
    at: datetime
    asked: bytes


async def keep(tx: Transaction, site_id: UUID, at: datetime, asked: Situation) -> None:
    """Keep a question that led to something else than the one before."""
    await tx.execute(KEEP, site_id, at, packed(asked))


async def between(tx: Transaction, site_id: UUID, begins_at: datetime, ends_at: datetime) -> list[Question]:
    """Return the questions of a site in a time, oldest first."""
    rows = await tx.fetch(_Packed, BETWEEN, site_id, begins_at, ends_at)
    return [Question(one.at, unpacked(one.asked)) for one in rows]


async def drop_old(tx: Transaction, now: datetime) -> None:
    """Forget the questions that are too old."""
    await tx.execute(DROP, now - KEPT_FOR)


def packed(situation: Situation) -> bytes:
    """Return a situation as bytes; nothing is lost."""
    return zlib.compress(msgspec.msgpack.encode(situation), level=1)


def unpacked(data: bytes) -> Situation:
    """Return the situation of `packed` bytes. Raises ValueError where there is none in them."""
    opened = zlib.decompressobj()
    try:
        return msgspec.msgpack.decode(opened.decompress(data, SIZE_MAX), type=Situation)
    except (zlib.error, msgspec.DecodeError) as problem:
        raise ValueError("no situation is in these bytes") from problem
