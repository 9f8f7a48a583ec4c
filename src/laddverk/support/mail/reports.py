"""What a mail server's report says of a mail that did not arrive (RFC 3464). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Final

from laddverk.support.mail import charsets
from laddverk.support.mail.model import Bounce

PARTS_MAX: Final = 10
HEADERS_MAX: Final = 20_000  # bytes of the headers that come back
REASON_MAX: Final = 300
ADDRESS: Final = re.compile(r"[^\s<>;@]{1,64}@[^\s<>;@]{1,190}")
STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
OUR_ID: Final = re.compile(r"(?im)^message-id:\s*<([^<>\s]{3,250})>")


def bounce_in(message: Message) -> Bounce | None:
    """Return what a delivery report says of its first recipient; None for a mail that is no such report.

    A delay (4.x.x, `Action: delayed`) is no bounce for good. May raise what broken parts make the library raise.
    """
    if message.get_content_type() != "multipart/report":
        return None
    if str(message.get_param("report-type", "")).lower() not in ("delivery-status", ""):
        return None
    parts = inner(message)[:PARTS_MAX]
    fields = next((_fields(part) for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if fields is None:
        return None
    recipient = ADDRESS.search(fields.get("final-recipient", "") or fields.get("original-recipient", ""))
    if recipient is None:
        return None
    status = STATUS.search(fields.get("status", ""))
    action = fields.get("action", "").lower()
    return Bounce(
        recipient=recipient[0].lower(),
        status=status[0] if status else "",
        is_for_good=action == "failed" and (status is None or status[0].startswith("5")),
        reason=charsets.visible(fields.get("diagnostic-code", "").partition(";")[2])[:REASON_MAX],
        message_id=next(_ids(parts), ""),
    )


def inner(part: Message) -> list[Message]:
    """Return what a part is made of; nothing for one that is not.

    A leaf is never asked for its text: the library would decode it by whatever its charset claims to be.
    """
    found = part.get_payload() if part.is_multipart() else []
    return [each for each in found if isinstance(each, Message)] if isinstance(found, list) else []


def _fields(part: Message) -> dict[str, str]:
    """Return all fields of a status part, those of the first recipient after those of the mail."""
    found: dict[str, str] = {}
    for block in inner(part)[:3]:
        for name, value in list(block.raw_items())[:30]:
            found.setdefault(name.lower(), charsets.header(value))
    return found


def _ids(parts: list[Message]) -> Iterator[str]:
    """Yield the ids of the mails that come back, whole or as headers alone."""
    for part in parts:
        if part.get_content_type() == "message/rfc822" and inner(part):
            value = next((str(value) for name, value in inner(part)[0].raw_items() if name.lower() == "message-id"), "")
            yield from OUR_ID.findall(f"Message-ID: {value.strip()}")
        elif part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            yield from OUR_ID.findall(
                content[:HEADERS_MAX].decode("ascii", "replace") if isinstance(content, bytes) else ""
            )
