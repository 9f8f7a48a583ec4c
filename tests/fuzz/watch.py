"""What must not happen while inputs rain down: errors in the log, growing memory, a neighbour who waits."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

KEPT_MAX = 20  # errors that are shown whole; the rest are counted
BAD_LEVELS = {"error", "critical", "exception"}
BAD_EVENTS = {"window.failed"}
"""Warnings that mean an error all the same: a fact that could not be recorded with the others."""


@dataclass
class Watch:
    """What was logged, by event, and whatever was an error."""

    events: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    error_count: int = 0

    def add(self, text: str) -> None:
        """Keep an error."""
        self.error_count += 1
        if len(self.errors) < KEPT_MAX:
            self.errors.append(text)

    def processor(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> Any:
        """Take what is logged; nothing is printed."""
        name = str(event.get("event"))
        self.events[name] += 1
        if level in BAD_LEVELS or name in BAD_EVENTS:
            formatted = structlog.processors.format_exc_info(_logger, level, event)
            self.add("\n".join(f"{key}: {value}" for key, value in formatted.items()))
        raise structlog.DropEvent


class _Handler(logging.Handler):
    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.ERROR)
        self._watch = watch
        self._formatter = logging.Formatter("%(name)s: %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.events[f"logging:{record.name}"] += 1
        self._watch.add(self._formatter.format(record))


@contextmanager
def watching() -> Iterator[Watch]:
    """Yield what is seen of the logs and of exceptions that nobody caught, until the end of the block."""
    watch = Watch()
    before = structlog.get_config()
    structlog.configure(processors=[watch.processor])
    handler = _Handler(watch)
    logging.getLogger().addHandler(handler)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: watch.add(f"not caught: {context}"))
    try:
        yield watch
    finally:
        loop.set_exception_handler(None)
        logging.getLogger().removeHandler(handler)
        structlog.configure(**before)


def rss_mib() -> float:
    """Return the memory that this process has now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
