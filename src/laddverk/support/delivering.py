"""The way on which an answer reaches a driver: the chat that is open, else mail, else a text message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.problems import Conflict
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.support import telling
from laddverk.support.attachments import Sent
from laddverk.support.chat import speaking
from laddverk.support.model import Case, Channel

CARRY_FILES = (Channel.CHAT, Channel.EMAIL)
WAYS = (Channel.CHAT, Channel.EMAIL, Channel.SMS)


class Delivered(Struct, frozen=True):
    """How an answer went, and what carried it."""

    channel: Channel
    mail_id: UUID | None = None
    text_id: UUID | None = None
    reference: str = ""


def ways_of(case: Case, *, has_chat: bool) -> list[Channel]:
    """Return the ways on which a driver can be answered, the one that is taken first. `has_chat`: one is open. Pure."""
    known = (has_chat, Channel.CHAT), (case.contact_email, Channel.EMAIL), (case.contact_phone, Channel.SMS)
    return [way for is_there, way in known if is_there]


async def deliver(
    tx: Transaction, house: House, case: Case, text: str, by_name: str, channel: Channel | None, now: datetime,
    files: Sequence[Sent] = (),
) -> Delivered:  # fmt: skip
    """Let an answer go to the driver by `channel`, or the first way there is. Raises `Conflict` where there is none, or
    none that carries files.
    """
    ways = ways_of(case, has_chat=await speaking.can_speak(tx, case.id))
    if not ways:
        raise Conflict("No e-mail address or phone number is known.", remedy="Call, and write down what was said.")
    fitting = [way for way in ways if way in CARRY_FILES] if files else ways
    if not fitting or (files and channel not in (None, *CARRY_FILES)):
        raise Conflict(
            "A text message carries no files.", field="files", remedy="Send them by mail, or in the chat."
        )  # fmt: skip
    chosen = fitting[0] if channel is None else channel
    if chosen not in ways:
        raise Conflict("The driver cannot be reached this way.", field="channel", remedy="Choose another.")
    if chosen is Channel.CHAT:
        line = await speaking.say(tx, house, case, text, by_name, now, files)
        return Delivered(chosen, reference=f"chat:{line}" if line else "")
    if chosen is Channel.EMAIL:
        return Delivered(chosen, await telling.reply(tx, house, case, text, now, files))
    text_id = await sms.send(tx, recipient=case.contact_phone, text=text, now=now, case_id=case.id)
    return Delivered(chosen, text_id=text_id, reference=f"sms:{text_id}" if text_id else "")
