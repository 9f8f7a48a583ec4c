"""Sending text messages: as errands, tried again until a carrier takes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.notices.sms import links, provider_of, store
from laddverk.notices.sms.port import Refused
from laddverk.notices.sms.service import DELIVER
from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, delay_after, enqueue

ATTEMPTS_MAX: Final = 8  # some ten minutes: what a driver waits for at a charger is worth nothing later
NO_CARRIER: Final = "no SMS provider is set"

log = structlog.get_logger()


class Delivery:
    """The errand of text messages."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Call | Later | None]:
        """Return a call for each text that no carrier has taken."""
        ids = [UUID(payload["text_id"]) for payload in payloads]
        waiting = await store.to_send(tx, ids)
        return [
            partial(self._hand_over, waiting[each].phone, waiting[each].body) if each in waiting else None
            for each in ids
        ]  # fmt: skip

    async def _hand_over(self, phone: str, body: str) -> str:
        carrier = provider_of(self._house.settings, reports_to=links.address(self._house, links.DELIVERED))
        if carrier is None:
            raise Refused(NO_CARRIER)
        return await carrier.send(phone, body)

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what came of each; what may pass is tried again, slower each time."""
        now = self._house.clock()
        for payload, outcome in came:
            text_id, attempts = UUID(payload["text_id"]), int(payload["attempts"])
            if isinstance(outcome, str):
                await store.mark_sent(tx, text_id, now, outcome)
                continue
            log.warning("sms.not_taken", text=str(text_id), attempts=attempts + 1, error=str(outcome))
            await store.mark_failed(tx, text_id, str(outcome) or type(outcome).__name__)
            if not isinstance(outcome, Refused) and attempts + 1 < ATTEMPTS_MAX:
                again = {"text_id": str(text_id), "attempts": attempts + 1}
                await enqueue(tx, [NewJob(DELIVER, again, run_at=now + delay_after(attempts))])
