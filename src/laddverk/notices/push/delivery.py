"""Sending notifications: as errands, tried again until they are taken, and devices that are gone taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.notices.push import sending, store
from laddverk.notices.push.service import DELIVER
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, delay_after, enqueue

ATTEMPTS_MAX: Final = 6  # some five minutes: what comes later than that was told by other ways

log = structlog.get_logger()


class Delivery:
    """The errand of notifications."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Call | Later | None]:
        """Return a call for each message that did not go out."""
        ids = [UUID(payload["message_id"]) for payload in payloads]
        waiting = await store.to_send(tx, ids)
        devices = await store.devices(tx, {one.device_id for one in waiting.values()})
        steps: list[Call | Later | None] = []
        for each in ids:
            message = waiting.get(each)
            device = devices.get(message.device_id) if message else None
            steps.append(
                partial(sending.send, self._house.settings, self._house.secrets, device.subscription, message.words)
                if message and device
                else None
            )
        return steps

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what came of each; what may pass is tried again, as late as the service asks for."""
        now = self._house.clock()
        for payload, outcome in came:
            await _recorded(tx, UUID(payload["message_id"]), int(payload["attempts"]), outcome, now)


async def _recorded(tx: Transaction, message_id: UUID, attempts: int, outcome: Any, now: datetime) -> None:
    message = (await store.to_send(tx, [message_id])).get(message_id)
    if message is None:
        return  # its device was removed meanwhile
    if not isinstance(outcome, BaseException):
        await store.mark_sent(tx, message_id, now)
        await store.mark_taken(tx, [message.device_id], now)
        return
    log.info("push.not_taken", message=str(message_id), attempts=attempts + 1, error=str(outcome))
    if isinstance(outcome, sending.Gone):
        await store.bury(tx, [message.device_id])
        return
    error = str(outcome) or type(outcome).__name__
    await store.mark_failed(tx, message_id, error)
    await store.mark_refused(tx, message.device_id, error)
    if not isinstance(outcome, sending.Refused) and attempts + 1 < ATTEMPTS_MAX:
        rest = max(delay_after(attempts), timedelta(seconds=getattr(outcome, "after_s", 0.0)))
        again = {"message_id": str(message_id), "attempts": attempts + 1}
        await enqueue(tx, [NewJob(DELIVER, again, run_at=now + rest)])
