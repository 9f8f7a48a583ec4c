"""Text messages that come: they join the open case of their number, or open one."""

from __future__ import annotations

from datetime import datetime

from laddverk.kernel.actors import Actor
from laddverk.kernel.problems import Conflict, Problem
from laddverk.notices.sms import service as sms
from laddverk.notices.sms.model import Text
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import contacts, service
from laddverk.support.contacts import Contact
from laddverk.support.model import Case, Channel, Links, NewCase, Verified
from laddverk.support.phone import store
from laddverk.support.phone.desk import SAME_CASE
from laddverk.support.rules import PHONE
from laddverk.support.situations import who as whos


async def take_in(
    tx: Transaction, house: House, *, sender: str, text: str, reference: str, now: datetime
) -> Case | None:  # fmt: skip
    """Take in a text. None for one that came before, comes from a name instead of a number, or is one too many."""
    kept = await sms.receive(tx, sender=sender, text=text, reference=reference, now=now)
    if kept is None or PHONE.fullmatch(kept.phone) is None:
        return None
    try:
        async with tx.savepoint():
            case = await _joined(tx, house, kept, now)
    except Problem:  # too many of one number: the text is kept, and seen in the list of texts
        return None
    await sms.join_case(tx, kept.id, case.id)
    await contacts.begin(
        tx, Contact(key=f"case:{case.id}", channel="sms", driver_id=case.driver_id, case_id=case.id), now
    )  # fmt: skip
    return case


async def _joined(tx: Transaction, house: House, kept: Text, now: datetime) -> Case:
    driver_id = await whos.driver_by_phone(tx, kept.phone)
    known = await store.recent_case(tx, driver_id, kept.phone, now - SAME_CASE)
    if known is not None:
        try:
            return await service.write_by_driver(
                tx, known, kept.body, now, house.hints, channel=Channel.SMS, reference=kept.reference
            )  # fmt: skip
        except Conflict:  # closed long ago: it is another matter
            pass
    new = NewCase(
        text=kept.body, channel=Channel.SMS, contact_phone=kept.phone, links=Links(driver_id=driver_id)
    )  # fmt: skip
    verified = Verified.NUMBER if driver_id is not None else Verified.NOT
    return await service.open_by_driver(
        tx, house, Actor("anonymous"), new, now, verified=verified, reference=kept.reference
    )  # fmt: skip
