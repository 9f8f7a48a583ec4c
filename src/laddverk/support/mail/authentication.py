"""What our own mail server says of a sender: DMARC in Authentication-Results (RFC 8601). Pure."""

from __future__ import annotations

import re
from typing import Final

from laddverk.support.mail.model import Dmarc, Letter

COMMENT: Final = re.compile(r"\([^()]*\)")
RESULT: Final = re.compile(r"^dmarc\s*=\s*([a-z]{1,20})\b(.*)$", re.DOTALL)
HEADER_FROM: Final = re.compile(r"\bheader\.from\s*=\s*\"?([^\s;\"]{1,190})")
VALUE_MAX: Final = 4_000


def dmarc_of(letter: Letter, our_name: str) -> Dmarc:
    """Return whether `our_name`, the mail server that we trust, vouches for the sender of a mail.

    Anybody can write such a header: only the topmost with our server's name counts (it removes forged ones of that
    name, RFC 8601 5), only for the domain in From, and only where there is one From with one address.
    """
    if not our_name or not letter.is_one_sender:
        return Dmarc.UNKNOWN
    for value in letter.authentication:
        name, _, results = _without_comments(value).partition(";")
        if name.split()[:1] != [our_name.lower()]:
            continue
        for each in results.split(";"):
            found = RESULT.match(each.strip())
            if found is None:
                continue
            domain = HEADER_FROM.search(found[2])
            is_same = domain is None or domain[1].rstrip(".") == letter.sender.rpartition("@")[2]
            return Dmarc.PASS if found[1] == "pass" and is_same else Dmarc.FAIL
    return Dmarc.UNKNOWN


def _without_comments(value: str) -> str:
    text = " ".join(value[:VALUE_MAX].lower().split())
    for _depth in range(3):
        text = COMMENT.sub(" ", text)
    return text
