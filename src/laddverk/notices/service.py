"""Telling a person something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import structs

from laddverk.kernel.ids import MailId, new_id
from laddverk.notices import rules, store
from laddverk.notices.model import MailFile, Template, Thread
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue

DELIVER: Final = "notices.deliver"
"""The job that hands one mail to the SMTP server: payload `{mail_id, attempts}`."""


async def send(
    tx: Transaction,
    *,
    recipient: str,
    language: str,
    template: str,
    params: Mapping[str, Any],
    now: datetime,
    unique_key: str | None = None,
    thread: Thread | None = None,
    subject: str = "",
    files: Sequence[MailFile] = (),
) -> MailId | None:
    """Write a notice to `recipient`; it leaves after the commit. Return None when `unique_key` was used before.

    `thread` keeps a conversation together; `subject` stands for the template's own, which `%(subject)s` in it is.
    `files` leave with it.
    `model.Template` says what each template needs in `params`. Raises `Invalid` (field `email`) for an address that is
    plainly none.
    """
    address = rules.checked_recipient(recipient)
    chosen = Template(template)
    mail_id = MailId(new_id())
    words = rules.written(chosen, language, params)
    if subject:
        words = structs.replace(words, subject=rules.one_line(subject.replace("%(subject)s", words.subject)))
    if not await store.insert(tx, mail_id, address, language, chosen, words, now, unique_key, thread or Thread()):
        return None
    await store.add_files(tx, mail_id, files)
    await enqueue(tx, [NewJob(DELIVER, {"mail_id": str(mail_id), "attempts": 0})])
    return mail_id


async def last_written(tx: Transaction, template: Template) -> datetime | None:
    """Return when the newest notice from a template was written; None when there was none."""
    return await store.last_written(tx, template)
