"""Jobs: work that happens after a commit, at least once, with retries that get slower.

A job is a row written in the transaction of its cause. Workers take a batch of one kind with SKIP LOCKED and hand it
to one handler in one transaction: done together or not at all. A batch that fails is tried one job at a time, so that
a poisonous job is alone with its error; after `attempts_max` it stays, marked failed, where people can see it. What has
to call somebody outside is an errand (`platform.errands`): its middle is made while no transaction is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Away, Database, Transaction
from laddverk.platform.errands import Errand, Outside

BATCH_MAX: Final = 200  # bounds the transaction, and what one poisonous job holds up
ATTEMPTS_MAX: Final = 12  # with the delays below this spans about a day
DELAY_FIRST_S: Final = 5.0
DELAY_MAX_S: Final = 3600.0 * 3
PACE_S: Final = 0.03  # from round to round while there is work: what comes meanwhile is done together
POLL_S: Final = 1.0  # a job for later, or one of another process, waits at most this long after its time

log = structlog.get_logger()

Handler = Callable[[Transaction, Sequence[dict[str, Any]]], Awaitable[None]]
"""Does a batch of payloads of one kind, inside the given transaction."""

Work = Handler | Errand
"""How jobs of one kind are done."""


class NewJob(Struct, frozen=True):
    """Work to be done: what kind, with what, when, and a key that makes a second copy vanish."""

    kind: str
    payload: dict[str, Any]
    run_at: datetime | None = None
    unique_key: str | None = None
    after_s: float = 0.0
    """Where no `run_at` is given: how long after the commit."""


class TakenJob(Struct, frozen=True):
    """A job that this worker holds locked."""

    id: UUID
    payload: dict[str, Any]
    attempts: int


ENQUEUE = """
INSERT INTO job (id, kind, payload, run_at, unique_key)
SELECT id, kind, payload::jsonb, coalesce(run_at, now() + after_s * interval '1 second'), unique_key
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::float8[])
     AS given (id, kind, payload, run_at, unique_key, after_s)
ON CONFLICT (unique_key) DO NOTHING
"""

TAKE = """
SELECT id, payload, attempts FROM job
WHERE kind = $1 AND failed_at IS NULL AND run_at <= now()
ORDER BY run_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""

DUE_KINDS = "SELECT DISTINCT kind FROM job WHERE failed_at IS NULL AND run_at <= now() AND kind = ANY($1)"

DONE = "DELETE FROM job WHERE id = ANY($1)"

POSTPONE = """
UPDATE job SET attempts = attempts + 1, last_error = $2, run_at = now() + $3::interval,
       failed_at = CASE WHEN attempts + 1 >= $4 THEN now() END
WHERE id = $1
"""


async def enqueue(tx: Transaction, new: Sequence[NewJob]) -> None:
    """Write `new` jobs; they exist when `tx` commits. A second job with the same `unique_key` is ignored."""
    if new:
        tx.later(_write, *new)


async def _write(tx: Transaction, new: Sequence[NewJob]) -> None:
    await tx.execute(
        ENQUEUE,
        [new_id() for _ in new],
        [job.kind for job in new],
        [msgspec.json.encode(job.payload).decode() for job in new],
        [job.run_at for job in new],
        [job.unique_key for job in new],
        [job.after_s for job in new],
    )


class Worker:
    """Carries out the jobs of the kinds it has handlers for, until it is stopped."""

    def __init__(self, database: Database, handlers: Mapping[str, Work]) -> None:
        self._database = database
        self._handlers: dict[str, Handler] = {}
        self._errands: dict[str, Errand] = {}
        self._woken = asyncio.Event()
        self._came = asyncio.Event()
        self._outside = Outside(database, postpone, self._came.set)
        self.handle(handlers)

    def handle(self, handlers: Mapping[str, Work]) -> None:
        """Take over these kinds too: handlers that need the house are made after it."""
        for kind, work in handlers.items():
            if isinstance(work, Errand):
                self._errands[kind] = work
            else:
                self._handlers[kind] = work

    def wake(self) -> None:
        """Look for work now instead of at the next poll."""
        self._woken.set()
        self._came.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Survives the database being away."""
        await asyncio.gather(
            self._repeat(self._handlers_due, self._woken, stop), self._repeat(self._errands_due, self._came, stop)
        )
        try:
            await self._outside.drained(self._errands)
        except Away as error:
            log.warning("jobs.database_away", error=str(error))

    async def _repeat(self, due: Callable[[], Awaitable[bool]], woken: asyncio.Event, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                worked = await due()
            except Away as error:
                log.warning("jobs.database_away", error=str(error))
                worked = False
            if worked:
                await asyncio.sleep(PACE_S)
            else:
                await _rest(woken, stop)

    async def run_due(self) -> bool:
        """Carry out one batch of each kind that is due, and record what came back; return whether there was any."""
        handled = await self._handlers_due()
        return await self._errands_due() or handled

    async def run_until_idle(self) -> None:
        """Carry out everything that is due now, and what that causes. For tests and one-shot commands."""
        while await self.run_due() or await self._outside.waited():
            pass

    async def _handlers_due(self) -> bool:
        kinds = await self._due(self._handlers)
        for kind in kinds:
            await self._run_batch(kind, BATCH_MAX)
        if kinds:
            self._came.set()  # what was handled has most likely left errands
        return bool(kinds)

    async def _errands_due(self) -> bool:
        recorded = await self._outside.record(self._errands)
        if recorded:
            self._woken.set()
        kinds = await self._due(self._errands) if self._errands and self._outside.free > 0 else []
        for kind in kinds:
            await self._outside.begin(kind, self._errands[kind])
        return recorded or bool(kinds)

    async def _due(self, kinds: Collection[str]) -> list[str]:
        async with self._database.transaction() as tx:
            return await tx.values(DUE_KINDS, list(kinds))

    async def _run_batch(self, kind: str, size: int) -> None:
        try:
            async with self._database.transaction() as tx:
                taken = await tx.fetch(TakenJob, TAKE, kind, size)
                if taken:
                    await self._handlers[kind](tx, [job.payload for job in taken])
                    await tx.execute(DONE, [job.id for job in taken])
            return
        except Away:
            raise
        except Exception as error:  # noqa: BLE001 - a job may fail in any way; it is kept with its error
            log.warning("jobs.batch_failed", kind=kind, size=len(taken), error=repr(error))
        for job in taken:
            await self._run_alone(kind, job)

    async def _run_alone(self, kind: str, job: TakenJob) -> None:
        try:
            async with self._database.transaction() as tx:
                if await tx.value("SELECT 1 FROM job WHERE id = $1 FOR UPDATE SKIP LOCKED", job.id):
                    await self._handlers[kind](tx, [job.payload])
                    await tx.execute(DONE, [job.id])
        except Away:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("jobs.job_failed", kind=kind, job=str(job.id), attempts=job.attempts + 1, error=repr(error))
            async with self._database.transaction() as tx:
                await postpone(tx, job.id, error, job.attempts)


async def _rest(woken: asyncio.Event, stop: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(woken.wait()), asyncio.ensure_future(stop.wait())]
    await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    woken.clear()


async def postpone(tx: Transaction, job: UUID, error: BaseException, attempts: int) -> None:
    """Let a job rest that failed for the `attempts`+1st time; after `ATTEMPTS_MAX` it stays, marked failed."""
    await tx.execute(POSTPONE, job, repr(error)[:2000], delay_after(attempts), ATTEMPTS_MAX)


def delay_after(attempts: int) -> timedelta:
    """Return how long a job rests after it failed for the `attempts`+1st time: doubling from 5 s to 3 h."""
    return timedelta(seconds=min(DELAY_FIRST_S * 2**attempts, DELAY_MAX_S))


class Every(Struct, frozen=True):
    """A job of `kind` that is due once in each `period`, whoever runs it."""

    kind: str
    period: timedelta


CLAIM_SLOTS = """
INSERT INTO job_slot (kind, slot) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT DO NOTHING RETURNING kind
"""


async def schedule(tx: Transaction, recurring: Sequence[Every], now: datetime) -> None:
    """Enqueue the recurring jobs whose period has begun; safe to call from every process, as often as wished."""
    slots = [int(now.timestamp() // every.period.total_seconds()) for every in recurring]
    claimed = await tx.values(CLAIM_SLOTS, [every.kind for every in recurring], slots)
    await enqueue(tx, [NewJob(kind, {}) for kind in claimed])
