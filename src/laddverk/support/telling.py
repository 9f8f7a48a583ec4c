"""What drivers are told of their cases: by mail in their language, and in their browsers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from laddverk.kernel.problems import Invalid, TooMany
from laddverk.notices import service as notices
from laddverk.notices.model import MailFile, Template
from laddverk.notices.push import service as push
from laddverk.notices.push.model import Owner, OwnerKind, Words
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for
from laddverk.support import links, store, words
from laddverk.support.attachments import Sent
from laddverk.support.mail import explaining, outgoing
from laddverk.support.model import Case, Channel, Entry, EntryKind

ANSWERED = N_("Support has answered in case %(number)s")
MENDED_TEXT = N_("%(operator)s: the charger that you told us of works again. Case %(number)s: %(link)s")
CLOSED_TEXT = N_("%(operator)s: case %(number)s is closed. Were we of help? Tell us by one tap: %(rate)s")
MENDED = N_("It works again: case %(number)s")


async def receipt(tx: Transaction, house: House, case: Case, now: datetime) -> None:
    """Say that a case is open and under which number; without what was written: the address may be a stranger's.

    Who wrote a mail reads what we make out of it too, as far as `identity` allows.
    """
    if not case.contact_email or not await outgoing.may_answer_by_itself(tx, case.contact_email, now):
        return
    says = await explaining.explained(tx, case, now, house.settings.timezone) if case.channel is Channel.EMAIL else ""
    mail_id = await _mail(tx, house, case, Template.CASE_OPENED, {"says": says}, now, f"case-opened:{case.id}")
    if mail_id is not None:
        await _note(tx, case, words.RECEIPT, mail_id, now)


async def reply(
    tx: Transaction, house: House, case: Case, text: str, now: datetime, files: Sequence[Sent] = ()
) -> UUID | None:
    """Send what somebody of ours writes, with their files; return the mail."""
    mail_id = await _mail(tx, house, case, Template.CASE_REPLY, {"text": text}, now, files=files)
    await _push(tx, house, case, ANSWERED, now)
    return mail_id


async def closed(
    tx: Transaction, house: House, case: Case, rate_path: str, now: datetime, *, by_text: bool
) -> None:  # fmt: skip
    """Say that a case is closed, and ask what the driver thought of it; once for each time it is closed.

    By mail, or with `by_text` by text message to who has left no address.
    """
    if case.closed_at is None:
        return
    unique_key = f"case-closed:{case.id}:{case.closed_at.isoformat()}"
    rate = house.settings.web_url + rate_path
    if not case.contact_email:
        if by_text and case.contact_phone:
            await _text(tx, house, case, CLOSED_TEXT, words.CLOSED_TOLD, now, unique_key, rate=rate)
        return
    mail_id = await _mail(tx, house, case, Template.CASE_CLOSED, {"rate": rate}, now, unique_key)
    if mail_id is not None:
        await _note(tx, case, words.CLOSED_TOLD, mail_id, now)


async def mended(tx: Transaction, house: House, case: Case, now: datetime) -> None:
    """Say that what the driver asked about works again, where they asked to be told."""
    if case.contact_email:
        mail_id = await _mail(tx, house, case, Template.CASE_MENDED, {}, now)
        if mail_id is not None:
            await _note(tx, case, words.DRIVER_TOLD, mail_id, now)
    elif case.contact_phone:
        await _text(tx, house, case, MENDED_TEXT, words.DRIVER_TOLD, now)
    await _push(tx, house, case, MENDED, now)


async def _mail(
    tx: Transaction, house: House, case: Case, template: Template, more: dict[str, Any], now: datetime,
    unique_key: str | None = None, files: Sequence[Sent] = (),
) -> UUID | None:  # fmt: skip
    settings = house.settings
    params = {
        "link": settings.web_url + links.path_of(house.secrets, case.id), "number": case.number,
        "operator": settings.operator_name, "phone": settings.operator_phone, **more,
    }  # fmt: skip
    thread, subject = await outgoing.thread_of(tx, house, case, is_personal=template is Template.CASE_REPLY)
    try:
        return await notices.send(
            tx, recipient=case.contact_email, language=case.language, template=template, params=params, now=now,
            unique_key=unique_key, thread=thread, subject=subject,
            files=[MailFile(one.name, one.media_type, one.content) for one in files],
        )  # fmt: skip
    except Invalid:  # an address that was entered elsewhere, and is none
        return None


async def _text(
    tx: Transaction, house: House, case: Case, text: str, note: str, now: datetime, unique_key: str | None = None,
    **more: str,
) -> None:  # fmt: skip
    settings = house.settings
    said = gettext_for(case.language)(text) % {
        "operator": settings.operator_name, "number": case.number,
        "link": settings.web_url + links.path_of(house.secrets, case.id), **more,
    }  # fmt: skip
    try:
        sent = await sms.send(
            tx, recipient=case.contact_phone, text=said, now=now, case_id=case.id, unique_key=unique_key
        )
    except (Invalid, TooMany):  # no number, or one that has had enough
        return
    if sent is not None:
        entry = Entry(
            case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=note,
            params={"email": case.contact_phone},
        )  # fmt: skip
        await store.add(tx, [entry])


async def _push(tx: Transaction, house: House, case: Case, text: str, now: datetime) -> None:
    if case.driver_id is None:
        return
    path = links.path_of(house.secrets, case.id)

    def said(language: str) -> Words:
        title = gettext_for(language)(text) % {"number": case.number}
        return Words(title=title, path=path, tag=f"case-{case.number}")

    await push.tell(tx, Owner(OwnerKind.DRIVER, case.driver_id), said, now)


async def _note(tx: Transaction, case: Case, text: str, mail_id: UUID, now: datetime) -> None:
    entry = Entry(
        case_id=case.id, at=now, kind=EntryKind.MACHINE, by_kind="rule", text=text,
        params={"email": case.contact_email}, mail_id=mail_id,
    )  # fmt: skip
    await store.add(tx, [entry])
