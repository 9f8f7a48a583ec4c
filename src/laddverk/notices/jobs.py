"""What notices do in the background: hand mails, notifications and text messages to who carries them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog

from laddverk.kernel.ids import MailId
from laddverk.notices import store
from laddverk.notices.push import delivery as push_delivery
from laddverk.notices.push import service as push
from laddverk.notices.push import store as push_store
from laddverk.notices.service import DELIVER
from laddverk.notices.sms import delivery as sms_delivery
from laddverk.notices.sms import service as sms
from laddverk.notices.sms import store as sms_store
from laddverk.notices.smtp import Outcome, hand_over
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import ATTEMPTS_MAX, Every, NewJob, Work, delay_after, enqueue

FORGET_FILES: Final = "notices.forget_files"
FILES_KEPT: Final = timedelta(days=7)  # a mail is tried for a day; so long it may be seen why it broke its job

FORGET_PUSHES: Final = "notices.forget_pushes"
PUSHES_KEPT: Final = timedelta(days=30)  # they say where somebody charged; mails and pages say it for good

FORGET_TEXTS: Final = "notices.forget_texts"
TEXTS_KEPT: Final = timedelta(days=365)  # what was said in a case stands on its timeline for as long as the case does

EVERY: Final = tuple(Every(kind, timedelta(days=1)) for kind in (FORGET_FILES, FORGET_PUSHES, FORGET_TEXTS))

log = structlog.get_logger()


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of this room."""

    async def deliver(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Send mails. One that fails gets a job of its own for later: the others must not be sent twice with it."""
        attempts = {MailId(UUID(payload["mail_id"])): int(payload["attempts"]) for payload in payloads}
        if house.settings.smtp_url is None:
            await store.drop_files(tx, list(attempts))  # they would wait for ever: with the case they stay
            return
        mails = await store.unsent(tx, list(attempts))
        outcomes = await hand_over(mails, house.settings, partial(store.with_files, tx)) if mails else []
        left = [outcome.mail_id for outcome in outcomes if not outcome.error]
        await store.mark_sent(tx, left, house.clock())
        await store.drop_files(tx, left)
        await enqueue(tx, [_job(mail.id, attempts[mail.id]) for mail in mails[len(outcomes) :]])
        for outcome in outcomes:
            if outcome.error:
                await _failed(tx, outcome, attempts[outcome.mail_id], house.clock())

    async def forget_files(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.forget_files(tx, house.clock() - FILES_KEPT)

    async def forget_pushes(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await push_store.forget(tx, house.clock() - PUSHES_KEPT)

    async def forget_texts(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await sms_store.forget(tx, house.clock() - TEXTS_KEPT)

    return {
        DELIVER: deliver,
        push.DELIVER: push_delivery.Delivery(house),
        sms.DELIVER: sms_delivery.Delivery(house),
        FORGET_FILES: forget_files,
        FORGET_PUSHES: forget_pushes,
        FORGET_TEXTS: forget_texts,
    }


async def _failed(tx: Transaction, outcome: Outcome, attempts: int, now: datetime) -> None:
    log.warning("notices.not_sent", mail=str(outcome.mail_id), attempts=attempts + 1, error=outcome.error)
    await store.mark_failed(tx, outcome.mail_id, outcome.error)
    if outcome.for_good or attempts + 1 >= ATTEMPTS_MAX:
        await store.drop_files(tx, [outcome.mail_id])
        return
    await enqueue(tx, [_job(outcome.mail_id, attempts + 1, now + delay_after(attempts))])


def _job(mail_id: MailId, attempts: int, run_at: datetime | None = None) -> NewJob:
    return NewJob(DELIVER, {"mail_id": str(mail_id), "attempts": attempts}, run_at)
