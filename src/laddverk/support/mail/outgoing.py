"""What our mails of a case carry, so that answers come back to it and programs show them together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from laddverk.notices.model import Thread
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support.mail import addresses, store
from laddverk.support.mail.words import said_of
from laddverk.support.model import Case

REFERENCES_MAX: Final = 12  # the first and the newest; lines have an end
RECEIPTS_MAX: Final = 3  # automatic answers to one address in the window: more is another machine's doing
WINDOW: Final = timedelta(hours=1)
ANSWER: Final = "Re: "


async def thread_of(tx: Transaction, house: House, case: Case, *, is_personal: bool) -> tuple[Thread, str]:
    """Return the headers of a mail of ours in a case, and its subject (see `notices.send`).

    Only what a person of ours writes repeats the driver's subject: an automatic answer to an address that somebody
    forged must carry no words of theirs.
    """
    settings = house.settings
    came = await store.conversation(tx, case.id)
    ids = [each.message_id for each in came if not each.message_id.startswith("sha256:")]
    reply_to = (
        addresses.signed_address(house.secrets, settings.support_address, case.number)
        if settings.support_address
        else ""
    )
    thread = Thread(
        reply_to=reply_to,
        in_reply_to=ids[-1] if ids else "",
        references=tuple(dict.fromkeys([*ids[:1], *ids[1:][-REFERENCES_MAX + 1 :]])),
        is_personal=is_personal,
        is_answer=not is_personal and bool(came),
    )
    if not reply_to:
        return thread, ""
    words = (
        f"{ANSWER}{said_of(came[0].subject)}" if is_personal and came and said_of(came[0].subject) else "%(subject)s"
    )
    return thread, addresses.tagged(words, case.number)


async def may_answer_by_itself(tx: Transaction, address: str, now: datetime) -> bool:
    """Return whether a machine of ours may write to an address: it is not dead, and got few such mails lately."""
    if await store.is_dead(tx, address):
        return False
    return await store.count_receipts(tx, address.lower(), now - WINDOW) < RECEIPTS_MAX
