"""The lines of a file: bytes apart and together again, whatever ends a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from laddverk.payments.providers.bankgirot.fields import BadFile
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

ENCODING: Final = "iso-8859-1"  # Bankgirot, technical manual, 6.1.4
NEWLINE: Final = "\r\n"
BYTES_MAX: Final = 16_000_000  # 195,000 payments; a bank sends one file a day
TAIL: Final = "\r\n \x1a"  # what may stand after the last record: some senders add blank lines or the end mark of DOS


def split(content: bytes) -> tuple[list[str], str, str]:
    """Return the lines of a file, what parts them, and what stands after the last. Raises `BadFile` when too large."""
    if len(content) > BYTES_MAX:
        raise BadFile(N_("This file is larger than %(megabytes)s MB."), 1, params={"megabytes": BYTES_MAX // 1_000_000})
    text = content.decode(ENCODING)
    body = text.rstrip(TAIL)
    blanks = len(text) - len(body) - len(text[len(body) :].lstrip(" "))
    body = text[: len(body) + blanks]  # blanks at the end of the last record belong to it
    return re.split(r"\r\n|\n|\r", body), NEWLINE if NEWLINE in text else "\n", text[len(body) :]


def joined(lines: Sequence[str], newline: str = NEWLINE, tail: str = NEWLINE) -> bytes:
    """Return the bytes of a file."""
    return (newline.join(lines) + tail).encode(ENCODING)
