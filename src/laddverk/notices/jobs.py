"""What notices do in the background: hand mails to the SMTP server, and notifications to push services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.kernel.ids import MailId
from laddverk.notices import store
from laddverk.notices.push import delivery as push_delivery
from laddverk.notices.push import service as push
from laddverk.notices.push import store as push_store
from laddverk.notices.service import DELIVER
from laddverk.notices.smtp import Outcome, hand_over
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import ATTEMPTS_MAX, Every, NewJob, Work, delay_after, enqueue

FORGET_PUSHES: Final = "notices.forget_pushes"
PUSHES_KEPT: Final = timedelta(days=30)  # they say where somebody charged; mails and pages say it for good

EVERY: Final = (Every(FORGET_PUSHES, timedelta(days=1)),)

log = structlog.get_logger()


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of this room."""

    async def deliver(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Send mails. One that fails gets a job of its own for later: the others must not be sent twice with it."""
        if house.settings.smtp_url is None:
            return
        attempts = {MailId(UUID(payload["mail_id"])): int(payload["attempts"]) for payload in payloads}
        mails = await store.unsent(tx, list(attempts))
        outcomes = await hand_over(mails, house.settings) if mails else []
        await store.mark_sent(tx, [outcome.mail_id for outcome in outcomes if not outcome.error], house.clock())
        for outcome in outcomes:
            if outcome.error:
                await _failed(tx, outcome, attempts[outcome.mail_id], house.clock())

    async def forget_pushes(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await push_store.forget(tx, house.clock() - PUSHES_KEPT)

    return {DELIVER: deliver, push.DELIVER: push_delivery.Delivery(house), FORGET_PUSHES: forget_pushes}


async def _failed(tx: Transaction, outcome: Outcome, attempts: int, now: datetime) -> None:
    log.warning("notices.not_sent", mail=str(outcome.mail_id), attempts=attempts + 1, error=outcome.error)
    await store.mark_failed(tx, outcome.mail_id, outcome.error)
    if not outcome.for_good and attempts + 1 < ATTEMPTS_MAX:
        again = {"mail_id": str(outcome.mail_id), "attempts": attempts + 1}
        await enqueue(tx, [NewJob(DELIVER, again, now + delay_after(attempts))])
