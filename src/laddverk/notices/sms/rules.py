"""What a text message may hold, and whom it may reach. Pure."""

from __future__ import annotations

import re
from typing import Final

from laddverk.kernel.problems import Invalid
from laddverk.notices.sms.model import BODY_MAX

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
SPACES: Final = re.compile(r"[\u00a0\u2009\u202f]")  # spaces that do not break: a single one makes a text UCS-2
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The alphabet of GSM 03.38; with any other sign a text goes as UCS-2, at 70 signs a message."""
GSM_TWICE: Final = frozenset("\f^{}\\[~]|€")  # these take the place of two
ONE_MAX, ONE_MAX_UCS2 = 160, 70
UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all control characters but tab and line feed


def checked_phone(text: str) -> str:
    """Return a number in E.164. Raises `Invalid` (field phone)."""
    phone = re.sub(r"[\s()-]", "", text)
    if PHONE.fullmatch(phone) is None:
        raise Invalid("Write the number with its country: +46701234567.", field="phone")
    return phone


def checked_body(text: str) -> str:
    """Return what is to be said, short enough and without characters that no phone shows. Raises `Invalid`.

    Spaces that do not break become plain ones: amounts and powers hold them, and texts would take twice the messages.
    """
    body = UNSEEN.sub("", SPACES.sub(" ", text)).strip()[:BODY_MAX]
    if not body:
        raise Invalid("Write something.", field="text")
    return body


def fits_one(text: str) -> bool:
    """Return whether a text goes as one message, as `checked_body` leaves it."""
    body = SPACES.sub(" ", text)
    if all(sign in GSM or sign in GSM_TWICE for sign in body):
        return sum(2 if sign in GSM_TWICE else 1 for sign in body) <= ONE_MAX
    return len(body.encode("utf-16-be")) <= 2 * ONE_MAX_UCS2
