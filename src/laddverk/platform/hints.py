"""Hints: "something about this changed", to whoever is looking at it now. They may be lost; nothing depends on them.

A topic is a word and usually an id: `station:…`, `session:…`, `command:…`, `now`. One process today; with several
processes the same two calls go over a bus.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

QUEUE_MAX: Final = 256  # a viewer this far behind re-reads its page; more would only be memory


class Heard:
    """What one listener hears: an endless iterator. Waiting for the next topic may be given up and begun again."""

    def __init__(self, queue: asyncio.Queue[str]) -> None:
        self._queue = queue

    def __aiter__(self) -> Heard:
        return self

    async def __anext__(self) -> str:
        return await self._queue.get()

    def waiting(self) -> set[str]:
        """Return the topics that were told meanwhile, without waiting for more."""
        topics: set[str] = set()
        while not self._queue.empty():
            topics.add(self._queue.get_nowait())
        return topics


class Hints:
    """In-process publish and subscribe of topics."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    def publish(self, topics: Iterable[str]) -> None:
        """Tell everyone who listens to one of `topics`. Never blocks; a full listener misses the hint."""
        for topic in set(topics):
            for queue in self._listeners.get(topic, ()):
                if not queue.full():
                    queue.put_nowait(topic)

    @contextmanager
    def listening(self, topics: Iterable[str]) -> Iterator[Heard]:
        """Yield an endless iterator over the hints on `topics`, from now until the block is left."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        wanted = set(topics)
        for topic in wanted:
            self._listeners[topic].add(queue)
        try:
            yield Heard(queue)
        finally:
            for topic in wanted:
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]
