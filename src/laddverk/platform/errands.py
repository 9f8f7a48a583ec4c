"""Errands: jobs whose middle is a call to the outside, made while no transaction is open.

An errand is begun in one transaction with many others (what to call is decided, the job is leased), called outside of
any, and recorded in a second one together with all that have come back meanwhile. So a slow or silent partner holds no
lock and no connection, and hundreds of calls may be under way.

Should the process die in between, the lease runs out and the errand is begun again: `begin` must see from its own data
that a call may have been made, and ask before it calls once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol, runtime_checkable
from uuid import UUID

import structlog
from msgspec import Struct

from laddverk.platform.database import Away, Database, Transaction

OUTSIDE_MAX: Final = 128  # calls under way: at 150 ms each some 800 a second; one costs a thread or a task
CALL_S: Final = 45.0  # adapters give up before, with one try more; then the call counts as unanswered
LEASE: Final = timedelta(seconds=60)  # longer than any call and the writing down of it
LATER_S: Final = 0.25  # somebody else speaks to the same partner about the same thing: a call takes about that long
DRAIN_S: Final = 8.0  # at the end of the process; calls still out then are asked about after the next start

log = structlog.get_logger()

Call = Callable[[], Awaitable[Any]]
"""Makes one call; what it returns or raises is recorded."""


class Later(Struct, frozen=True):
    """It cannot be begun now: try again in a moment."""

    after_s: float = LATER_S


@runtime_checkable
class Errand(Protocol):
    """How one kind of errand is begun and recorded."""

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Call | Later | None]:
        """Decide for each payload what to call; None when nothing is left to be done. No call is made here."""
        ...

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what came of each call: its answer, or the exception it ended with. May be repeated."""
        ...


class Leased(Struct, frozen=True):
    """An errand of a kind, with its job."""

    kind: str
    job: UUID
    payload: dict[str, Any]
    attempts: int


class Taken(Struct, frozen=True):
    """A job that is locked until the transaction ends."""

    id: UUID
    payload: dict[str, Any]
    attempts: int


TAKE: Final = """
SELECT id, payload, attempts FROM job
WHERE kind = $1 AND failed_at IS NULL AND run_at <= now()
ORDER BY run_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
TAKE_ONE: Final = """
SELECT id, payload, attempts FROM job WHERE id = $1 AND run_at <= now() FOR UPDATE SKIP LOCKED
"""
# An errand that is out does not stand in the way of a new one for the same thing: that one may know something newer.
LEASE_JOBS: Final = """
UPDATE job SET unique_key = NULL, run_at = now() + given.rests
FROM unnest($1::uuid[], $2::interval[]) AS given (id, rests) WHERE job.id = given.id
"""
DONE: Final = "DELETE FROM job WHERE id = ANY($1)"

Postpone = Callable[[Transaction, UUID, BaseException, int], Awaitable[None]]
"""Lets a job rest after it failed with an error, which is kept with it: job, error, attempts before."""


class Outside:
    """The errands that one worker has under way."""

    def __init__(self, database: Database, postpone: Postpone, came: Callable[[], None]) -> None:
        self._database = database
        self._postpone = postpone
        self._tell = came
        self._under_way: set[asyncio.Task[None]] = set()
        self._came: list[tuple[Leased, Any]] = []
        self._again_at = 0.0

    @property
    def free(self) -> int:
        """How many more may be begun now."""
        return max(0, OUTSIDE_MAX - len(self._under_way) - len(self._came))  # one that just came counts as both

    async def begin(self, kind: str, errand: Errand) -> None:
        """Begin the errands of `kind` that are due, as many as there is room for."""
        try:
            begun = await self._begun(kind, errand, TAKE, kind, self.free)
        except Away:
            raise
        except Exception as error:  # noqa: BLE001 - one of them may be poisonous: each is tried alone
            log.warning("errands.batch_failed", kind=kind, error=repr(error))
            begun = await self._begun_alone(kind, errand)
        for leased, call in begun:
            task = asyncio.create_task(self._made(leased, call))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def record(self, errands: dict[str, Errand]) -> bool:
        """Write down all that has come back; return whether there was any."""
        came, self._came = self._came, []
        if not came:
            return False
        for kind in {leased.kind for leased, _ in came}:
            of_kind = [(leased, answer) for leased, answer in came if leased.kind == kind]
            try:
                await self._recorded(errands[kind], of_kind)
            except Away:
                raise  # the leases run out, and it is asked what became of the calls
            except Exception as error:  # noqa: BLE001 - one of them may be poisonous: each is tried alone
                log.warning("errands.record_failed", kind=kind, size=len(of_kind), error=repr(error))
                await self._recorded_alone(errands[kind], of_kind)
        return True

    async def waited(self) -> bool:
        """Wait for the next that comes back or may be tried again; return False when there is nothing to wait for."""
        if self._came:
            return True
        if self._under_way:
            await asyncio.wait(list(self._under_way), return_when=asyncio.FIRST_COMPLETED)
            return True
        rest_s = self._again_at - time.monotonic()
        if rest_s <= 0:
            return False
        await asyncio.sleep(rest_s)
        return True

    async def drained(self, errands: dict[str, Errand]) -> None:
        """Wait a while for what is under way and write it down, before the process ends."""
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=DRAIN_S)
        for task in list(self._under_way):
            task.cancel()
        await self.record(errands)

    async def _begun(self, kind: str, errand: Errand, sql: str, *args: object) -> list[tuple[Leased, Call]]:
        async with self._database.transaction() as tx:
            taken = await tx.fetch(Taken, sql, *args)
            if not taken:
                return []
            steps = await errand.begin(tx, [job.payload for job in taken])
            rests = {
                job.id: LEASE if not isinstance(step, Later) else timedelta(seconds=step.after_s)
                for job, step in zip(taken, steps, strict=True)
                if step is not None
            }
            await tx.execute(LEASE_JOBS, list(rests), list(rests.values()))
            await tx.execute(DONE, [job.id for job in taken if job.id not in rests])
        waits = [step.after_s for step in steps if isinstance(step, Later)]
        if waits:
            self._again_at = max(self._again_at, time.monotonic() + max(waits))
        return [
            (Leased(kind, job.id, job.payload, job.attempts), step)
            for job, step in zip(taken, steps, strict=True)
            if step is not None and not isinstance(step, Later)
        ]

    async def _begun_alone(self, kind: str, errand: Errand) -> list[tuple[Leased, Call]]:
        async with self._database.transaction() as tx:
            due = await tx.fetch(Taken, TAKE, kind, self.free)
        begun: list[tuple[Leased, Call]] = []
        for job in due:
            try:
                begun += await self._begun(kind, errand, TAKE_ONE, job.id)
            except Away:
                raise
            except Exception as error:  # noqa: BLE001 - it is kept with its error
                await self._failed(Leased(kind, job.id, job.payload, job.attempts), error)
        return begun

    async def _made(self, leased: Leased, call: Call) -> None:
        try:
            async with asyncio.timeout(CALL_S):
                answer = await call()
        except asyncio.CancelledError:
            raise  # the process ends: whether it was done is asked after the next start
        except Exception as error:  # noqa: BLE001 - whatever it ended with is the answer
            answer = error
        self._came.append((leased, answer))
        self._tell()

    async def _recorded(self, errand: Errand, came: Sequence[tuple[Leased, Any]]) -> None:
        async with self._database.transaction() as tx:
            await errand.record(tx, [(leased.payload, answer) for leased, answer in came])
            await tx.execute(DONE, [leased.job for leased, _ in came])

    async def _recorded_alone(self, errand: Errand, came: Sequence[tuple[Leased, Any]]) -> None:
        for leased, answer in came:
            try:
                await self._recorded(errand, [(leased, answer)])
            except Away:
                raise
            except Exception as error:  # noqa: BLE001 - it is kept with its error
                await self._failed(leased, error)

    async def _failed(self, leased: Leased, error: BaseException) -> None:
        log.warning("errands.failed", kind=leased.kind, job=str(leased.job), error=repr(error))
        async with self._database.transaction() as tx:
            await self._postpone(tx, leased.job, error, leased.attempts)
