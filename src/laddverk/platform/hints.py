"""Hints: "something about this changed", to whoever is looking at it now. They may be lost; nothing depends on them.

A topic is a word and usually an id: `station:…`, `session:…`, `command:…`, `now`. One process today; with several
processes the same two calls go over a bus.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

QUEUE_MAX: Final = 256  # a viewer this far behind re-reads its page; more would only be memory


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
    def listening(self, topics: Iterable[str]) -> Iterator[AsyncIterator[str]]:
        """Yield an endless iterator over the hints on `topics`, from now until the block is left."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        wanted = set(topics)
        for topic in wanted:
            self._listeners[topic].add(queue)
        try:
            yield _drained(queue)
        finally:
            for topic in wanted:
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]


async def _drained(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()
