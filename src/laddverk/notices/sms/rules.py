"""What a text message may hold, and whom it may reach. Pure."""

from __future__ import annotations

import re
from typing import Final

from laddverk.kernel.problems import Invalid
from laddverk.notices.sms.model import BODY_MAX

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all control characters but tab and line feed


def checked_phone(text: str) -> str:
    """Return a number in E.164. Raises `Invalid` (field phone)."""
    phone = re.sub(r"[\s()-]", "", text)
    if PHONE.fullmatch(phone) is None:
        raise Invalid("Write the number with its country: +46701234567.", field="phone")
    return phone


def checked_body(text: str) -> str:
    """Return what is to be said, short enough and without characters that no phone shows. Raises `Invalid`."""
    body = UNSEEN.sub("", text).strip()[:BODY_MAX]
    if not body:
        raise Invalid("Write something.", field="text")
    return body
