"""How a study is played: in slices of some seconds, each by a process of its own, what is done kept after each."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.planning.expanding import store
from laddverk.planning.expanding.child import Done, Unit, Work
from laddverk.planning.expanding.grounding import changed
from laddverk.planning.expanding.model import RECORDED, State, Study
from laddverk.platform import jobs
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Later
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, NewJob
from laddverk.platform.jobs import Work as JobWork

PLAY: Final = "planning.play_study"
SLICE_S: Final = 6.0  # so often progress is kept and a wish to stop is heard; the process ends within its drain
BUSY_S: Final = 2.0
FORGET: Final = "planning.forget_studies"
EVERY: Final = (Every(FORGET, timedelta(days=1)),)
KEPT: Final = timedelta(days=730)


class _Playing:
    """The errand: which replays are due, playing them, and writing down what came."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._is_busy = False

    async def begin(
        self, tx: Transaction, payloads: Sequence[dict[str, Any]]
    ) -> Sequence[Callable[[], Awaitable[Any]] | Later | None]:
        """Begin a slice of one study; the others wait."""
        steps: list[Callable[[], Awaitable[Any]] | Later | None] = []
        for payload in payloads:
            study = await store.study(tx, None, UUID(payload["study_id"]))
            if study is None or study.state not in (State.QUEUED, State.RUNNING):
                steps.append(None)
            elif self._is_busy:
                steps.append(Later(BUSY_S))
            else:
                self._is_busy = True
                work = await _work(tx, study)
                await store.set_state(tx, study.id, State.RUNNING)
                steps.append(lambda work=work: self._played(work))  # type: ignore[misc]  # bound to this study
        return steps

    async def _played(self, work: Work) -> list[Done]:
        try:
            return await _in_process(work)
        finally:
            self._is_busy = False

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Keep what was played; ask for the next slice, or end the study."""
        now = self._house.clock()
        for payload, answer in came:
            identity = UUID(payload["study_id"])
            if isinstance(answer, BaseException):
                await store.end(tx, identity, State.FAILED, now, why=repr(answer)[:300])
                continue
            await store.add_parts(tx, identity, answer)
            study = await store.study(tx, None, identity)
            if study is None or study.state is not State.RUNNING:
                continue
            if study.parts >= study.units:
                await store.end(tx, identity, State.DONE, now)
            else:
                await jobs.enqueue(tx, [again(identity)])
        topics = [f"study:{payload['study_id']}" for payload, _ in came]
        tx.after_commit(lambda: self._house.hints.publish(topics))


async def _work(tx: Transaction, study: Study) -> Work:
    done = set(await store.units_done(tx, study.id))
    asked = study.asked
    units = [Unit(RECORDED, 0)] + [
        Unit(place, draw, scenario)
        for scenario in range(len(asked.growths))
        for draw in range(asked.draws_of(scenario))
        for place in range(len(study.options))
    ]
    grounds = {
        place: changed(study.ground, option.change, port_current_a=asked.port_current_a)
        for place, option in enumerate(study.options)
    } | {RECORDED: study.ground}
    return Work(
        stays=await store.stays(tx, study.id), grounds=grounds, growths=asked.growths, seed=asked.seed,
        units=[one for one in units if one not in done], within_s=SLICE_S,
    )  # fmt: skip


async def _in_process(work: Work) -> list[Done]:
    """Play a slice in a process of its own, which ends when this is cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "laddverk.planning.expanding.child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    try:
        told, wrong = await process.communicate(msgspec.json.encode(work))
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"a replay ended with {process.returncode}: {wrong.decode(errors='replace')[-200:]}")
    return [msgspec.json.decode(line, type=Done) for line in told.splitlines()]


def again(study: UUID) -> NewJob:
    """Return the job that plays the next slice of a study; while one waits, there is no second."""
    return NewJob(PLAY, {"study_id": str(study)}, unique_key=f"{PLAY}:{study}")


def handlers(house: House) -> dict[str, JobWork]:
    """Return the jobs of studies by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)

    return {PLAY: _Playing(house), FORGET: forget}
