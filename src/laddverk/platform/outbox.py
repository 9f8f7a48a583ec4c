"""The outbox: events leave in the same commit as the data they speak of, one job for each listener.

Who listens is decided once, in `wiring`, by `subscribe`; a room that publishes does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from laddverk.kernel.events import Event
from laddverk.platform import jobs
from laddverk.platform.database import Transaction

_listeners: dict[type[Event], list[str]] = {}


def subscribe(event: type[Event], job_kind: str) -> None:
    """From now on, each published `event` becomes a job of `job_kind`."""
    kinds = _listeners.setdefault(event, [])
    if job_kind not in kinds:
        kinds.append(job_kind)


async def publish(tx: Transaction, events: Sequence[Event]) -> None:
    """Hand `events` to their listeners once `tx` commits. An event without listeners costs nothing."""
    wanted: list[jobs.NewJob] = [
        jobs.NewJob(kind, msgspec.to_builtins(event)) for event in events for kind in _listeners.get(type(event), ())
    ]
    await jobs.enqueue(tx, wanted)


def decoded(shape: type[Any], payload: dict[str, Any]) -> Any:
    """Return the event that `publish` made into `payload`."""
    return msgspec.convert(payload, shape)
