"""What notices do in the background: hand mails to the SMTP server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.kernel.ids import MailId
from laddverk.notices import store
from laddverk.notices.service import DELIVER
from laddverk.notices.smtp import Outcome, hand_over
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import ATTEMPTS_MAX, Every, Handler, NewJob, delay_after, enqueue

EVERY: Final[tuple[Every, ...]] = ()

log = structlog.get_logger()


def handlers(house: House) -> dict[str, Handler]:
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

    return {DELIVER: deliver}


async def _failed(tx: Transaction, outcome: Outcome, attempts: int, now: datetime) -> None:
    log.warning("notices.not_sent", mail=str(outcome.mail_id), attempts=attempts + 1, error=outcome.error)
    await store.mark_failed(tx, outcome.mail_id, outcome.error)
    if not outcome.for_good and attempts + 1 < ATTEMPTS_MAX:
        again = {"mail_id": str(outcome.mail_id), "attempts": attempts + 1}
        await enqueue(tx, [NewJob(DELIVER, again, now + delay_after(attempts))])
