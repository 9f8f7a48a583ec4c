"""The window: facts from many chargers, recorded by one commit (law 1), a poisonous one kept apart (law 3).

While one window commits, the next one fills: alone, a message is committed at once; under load they share a commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import structlog

from laddverk.gateway import limits
from laddverk.kernel.ids import StationId, new_id
from laddverk.ocpp.answers import Answer
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.tolerance import storable
from laddverk.platform import journal
from laddverk.platform.database import RETRIABLE, Away, Database, Transaction

log = structlog.get_logger()

Recorder = Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Answer | None] | None]]
"""Records all facts of one type; returns an answer for each, or None when that type needs none."""

RecorderTable = Sequence[tuple[type[Fact], Recorder]]
"""Which recorder hears which fact, in the order in which they are called."""


class DatabaseAway(Exception):
    """The database does not answer. Nothing was recorded, as far as we know: the socket must be closed (law 1)."""


@dataclass(slots=True)
class Quarantined:
    """A message that could not be understood or recorded, and why."""

    station_id: StationId
    received_at: datetime
    action: str | None
    body: bytes
    reason: str


@dataclass(slots=True)
class Entry:
    """What one message states, its frame, and the answers once they are committed."""

    facts: Sequence[Fact]
    frames: list[journal.Frame]
    quarantined: Quarantined | None = None
    action: str | None = None
    recorded: asyncio.Future[list[Answer | None]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Committed(Protocol):
    """Is told which entries a window has committed."""

    def __call__(self, entries: Sequence[Entry]) -> None:
        """Called after the commit; must not block or raise."""


QUARANTINE = """
INSERT INTO quarantine (id, station_id, received_at, action, body, reason) VALUES ($1, $2, $3, $4, $5, $6)
"""


class Window:
    """Gathers entries and commits them together."""

    def __init__(self, database: Database, recorders: RecorderTable, committed: Committed) -> None:
        self._database = database
        self._recorders = recorders
        self._committed = committed
        self._waiting: deque[Entry] = deque()
        self._noted: list[journal.Frame] = []
        self._arrived = asyncio.Event()
        self._last_size = 0

    async def record(self, entry: Entry) -> list[Answer | None]:
        """Return the answers to `entry.facts`, in order, once they are committed. Raises `DatabaseAway`."""
        if len(self._waiting) >= limits.WAITING_MAX:
            raise DatabaseAway("too many messages wait for the database")
        self._waiting.append(entry)
        self._arrived.set()
        return await entry.recorded

    def note(self, frame: journal.Frame) -> None:
        """Journal a frame that nobody waits for (an answer of ours, or to us) with the next commit."""
        self._noted.append(frame)

    def state(self, facts: Sequence[Fact]) -> None:
        """Record facts that nobody waits for, with the next commit."""
        if len(self._waiting) < limits.WAITING_MAX:
            self._waiting.append(Entry(facts, []))
            self._arrived.set()

    def flush(self) -> None:
        """Commit noted frames now, though no message has come to take them along."""
        if self._noted and not self._waiting:
            self._waiting.append(Entry((), []))
            self._arrived.set()

    async def run(self) -> None:
        """Commit windows for ever. Cancelled at shutdown, after `drain`."""
        while True:
            await self._arrived.wait()
            if limits.WINDOW_BUSY_AT <= self._last_size < limits.WINDOW_LARGE_AT:
                await asyncio.sleep(limits.WINDOW_LINGER_S)
            try:
                await self._commit_next()
            except Exception:
                log.exception("window.stumbled")  # without windows no charger is answered: go on with the next one

    async def drain(self) -> None:
        """Commit what still waits."""
        self.flush()
        while self._waiting:
            await self._commit_next()

    async def _commit_next(self) -> None:
        entries = self._take()
        self._last_size = len(entries)
        try:
            answers = await self._commit(entries)
        except Away as error:
            self._fail(entries, error)
        except Exception as error:  # noqa: BLE001 - any fault of one fact must not cost the others
            log.warning("window.failed", entries=len(entries), error=repr(error))
            await self._commit_one_by_one(entries)
        else:
            self._done(entries, answers)

    def _take(self) -> list[Entry]:
        entries: list[Entry] = []
        facts = 0
        while self._waiting and facts < limits.WINDOW_FACTS_MAX:
            entry = self._waiting.popleft()
            facts += 1 + len(entry.facts)
            entries.append(entry)
        if entries and self._noted:
            entries[0].frames.extend(self._noted)
            self._noted = []
        if not self._waiting:
            self._arrived.clear()
        return entries

    async def _commit(self, entries: Sequence[Entry]) -> list[list[Answer | None]]:
        return await self._database.run(lambda tx: self._record_all(tx, entries))

    async def _record_all(self, tx: Transaction, entries: Sequence[Entry]) -> list[list[Answer | None]]:
        answers: list[list[Answer | None]] = [[None] * len(entry.facts) for entry in entries]
        by_type: dict[type[Fact], list[tuple[int, int]]] = {}
        for number, entry in enumerate(entries):
            for position, fact in enumerate(entry.facts):
                by_type.setdefault(type(fact), []).append((number, position))
        for fact_type, recorder in self._recorders:
            places = by_type.get(fact_type)
            if not places:
                continue
            given = await recorder(tx, [entries[number].facts[position] for number, position in places])
            for (number, position), answer in zip(places, given or (), strict=False):
                answers[number][position] = answer
        for entry in entries:
            if entry.quarantined is not None:
                await _quarantine(tx, entry.quarantined)
        await journal.write(tx, [frame for entry in entries for frame in entry.frames])
        return answers

    async def _commit_one_by_one(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            try:
                answers = await self._commit([entry])
            except Away as error:
                self._fail([entry], error)
            except Exception as error:  # noqa: BLE001 - this is the poisonous one: kept, flagged, answered
                await self._commit_poisonous(entry, error)
            else:
                self._done([entry], answers)

    async def _commit_poisonous(self, entry: Entry, error: Exception) -> None:
        log.error(
            "window.quarantined", action=entry.action, error=repr(error), exc_info=not isinstance(error, RETRIABLE)
        )
        frame = entry.frames[0] if entry.frames else None
        station_id = entry.facts[0].station_id if entry.facts else (frame.station_id if frame else None)
        if station_id is None or frame is None:
            self._done([entry], [[None] * len(entry.facts)])
            return
        reason = repr(error)[: limits.REASON_LENGTH_MAX]
        kept = Quarantined(StationId(station_id), frame.received_at, entry.action, frame.body, reason)
        try:
            async with self._database.transaction() as tx:
                await _quarantine(tx, kept)
                await journal.write(tx, entry.frames)
        except Exception as refused:  # noqa: BLE001 - neither recorded nor kept: it must not be answered (law 1)
            self._fail([entry], refused)
        else:
            self._done([entry], [[None] * len(entry.facts)])

    def _done(self, entries: Sequence[Entry], answers: Sequence[list[Answer | None]]) -> None:
        for entry, given in zip(entries, answers, strict=True):
            if not entry.recorded.done():
                entry.recorded.set_result(given)
        self._committed(entries)

    def _fail(self, entries: Sequence[Entry], error: BaseException) -> None:
        log.error("window.not_recorded", entries=len(entries), error=repr(error))
        for entry in entries:
            if not entry.recorded.done():
                entry.recorded.set_exception(DatabaseAway(str(error)))
                entry.recorded.exception()  # a flush, which nobody awaits, is not an accident


async def _quarantine(tx: Transaction, kept: Quarantined) -> None:
    action, reason = (text and storable(text) for text in (kept.action, kept.reason))
    await tx.execute(QUARANTINE, new_id(), kept.station_id, kept.received_at, action, kept.body, reason)
