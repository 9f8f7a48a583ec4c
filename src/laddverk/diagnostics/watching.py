"""Letting the detectors hear: observations are taken, heard and forgotten in one commit with what was found.

None is lost and none is heard twice: what a turn takes out of the inbox, the memory it writes and the findings it makes
stand or fall together. Readings and heartbeats alone may wait for a minute, so that a station's memory is not written
for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from laddverk.diagnostics import findings, observability, resolving
from laddverk.diagnostics import store_watch as store
from laddverk.diagnostics.codes import counting
from laddverk.diagnostics.detectors.base import Detector, Scene
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.findings import Told
from laddverk.diagnostics.hearing import Heard
from laddverk.diagnostics.memory import EVSES_MAX, Kinds
from laddverk.diagnostics.model import Severity, Signal
from laddverk.diagnostics.model import Turn as Turned
from laddverk.diagnostics.observations import Observation
from laddverk.diagnostics.outcomes import looking
from laddverk.diagnostics.scenes import Scenery
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction

log = structlog.get_logger()

STATIONS_MAX: Final = 1_000  # heard in one transaction; what remains is heard in the next, at once
BREATH_EACH: Final = 20  # stations: some milliseconds
THOROUGH_EVERY: Final = timedelta(minutes=1)  # readings and heartbeats wait at most this long
INBOX_MAX: Final = 1_000_000  # observations: an hour of 10,000 stations, some 300 MB

_decode: Final = msgspec.msgpack.Decoder(Observation)


class Turn(Struct, frozen=True):
    """What one turn did."""

    stations: int = 0
    observations: int = 0
    signals: int = 0
    told: frozenset[StationId] = frozenset()
    """The stations of which detectors said something."""
    is_grave: bool = False
    """Something dangerous was said."""
    more: bool = False
    """There are stations that it did not get to."""


class Watcher:
    """Lets detectors hear, turn by turn. One of it in a process; the database sees to it that only one works."""

    def __init__(
        self, pepper: bytes, scenery: Scenery | None = None, detectors: tuple[type[Detector], ...] = DETECTORS
    ) -> None:
        self._pepper = pepper
        self._scenery = scenery or Scenery()
        self._kinds = Kinds(detectors)
        self._abouts = {kind.ABOUT.id: kind.ABOUT for kind in detectors}
        self._thorough_at: datetime | None = None

    async def turn(self, tx: Transaction, now: datetime, *, thorough: bool = False) -> Turn:
        """Let the detectors hear what came. `thorough`: also what could wait."""
        if not await store.alone(tx):
            return Turn()
        thorough = thorough or self._thorough_at is None or not 0 <= (
            (now - self._thorough_at) / THOROUGH_EVERY
        ) < 1  # fmt: skip
        last = await store.last_id(tx)
        wanted = await store.wanting(tx, now, STATIONS_MAX, thorough=thorough)
        more = len(wanted) >= STATIONS_MAX
        if thorough and not more:
            self._thorough_at = now
        if not wanted:
            return Turn()
        observed = await self._taken(tx, wanted, last)
        told = await self._heard(tx, wanted, observed, now)
        await findings.keep(tx, told, now, self._abouts)
        about = frozenset(one.station_id for one in told)
        return Turn(len(wanted), sum(map(len, observed.values())), len(told), about, self._is_grave(told), more)

    def _is_grave(self, told: Sequence[Told]) -> bool:
        return any(
            one.signal.turn is Turned.RAISED
            and (one.signal.severity if one.signal.severity is not None else self._abouts[one.signal.detector].severity)
            is Severity.SAFETY
            for one in told
        )

    async def _taken(
        self, tx: Transaction, wanted: Sequence[StationId], last: int
    ) -> dict[StationId, list[Observation]]:
        pairs: list[tuple[StationId, Observation]] = []
        for station_id, body in await store.taken(tx, wanted, last):
            try:
                pairs.append((station_id, _decode.decode(body)))
            except msgspec.MsgspecError as error:  # written by another release: it cannot be heard by this one
                log.warning("diagnostics.observation_unreadable", station=str(station_id), error=repr(error))
        observed: dict[StationId, list[Observation]] = {}
        for station_id, seen in await resolving.resolved(tx, pairs, self._pepper):
            observed.setdefault(station_id, []).append(seen)
        for heard in observed.values():
            heard.sort(key=_when)  # links come by way of the outbox: one that closed and opened may come turned around
        await looking.look(tx, observed)
        return observed

    async def _heard(
        self,
        tx: Transaction,
        wanted: Sequence[StationId],
        observed: dict[StationId, list[Observation]],
        now: datetime,
    ) -> list[Told]:
        scenes = await self._scenery.of(tx, wanted, now)
        watches = await store.watches(tx, wanted)
        told: list[Told] = []
        kept: list[store.Kept] = []
        said: list[counting.Heard] = []
        for number, station_id in enumerate(wanted):
            if number % BREATH_EACH == 0:
                await asyncio.sleep(0)  # the sockets of chargers are served by the same thread
            scene = scenes.get(station_id)
            if scene is None:
                continue  # retired, or gone: nobody wants to know
            said.append(counting.Heard(station_id, scene.vendor, scene.model, observed.get(station_id, ())))
            row, signals = self._station(scene, watches.get(station_id), observed.get(station_id, ()), now)
            kept.append(row)
            told += [Told(station_id, signal) for signal in signals]
        await store.keep(tx, kept, now)
        await counting.note(tx, said)
        return told

    def _station(
        self, scene: Scene, watch: store.Watch | None, observed: Sequence[Observation], now: datetime
    ) -> tuple[store.Kept, Sequence[Signal]]:
        heard = Heard(self._kinds, watch.memory if watch else None, scene)
        for seen in observed:
            heard.hear(seen, now)
        heard.pass_time(now)
        observable = _times(watch.observable) if watch else {}
        changed = observability.noted(observable, observed, EVSES_MAX)
        row = store.Kept(
            station_id=scene.station_id,
            memory=heard.memory.packed(),
            due_at=_after(heard.memory.due_at(), now),
            observable=observable if changed or watch is None else None,
        )
        return row, heard.signals


def _when(seen: Observation) -> datetime:
    return seen.received_at


def _times(kept: object) -> observability.Observable:
    return msgspec.convert(kept, observability.Observable)


def _after(due_at: datetime | None, now: datetime) -> datetime | None:
    """Return when to look again: a detector that does not move on is asked once a minute, not for ever."""
    return due_at if due_at is None or due_at > now else now + THOROUGH_EVERY
