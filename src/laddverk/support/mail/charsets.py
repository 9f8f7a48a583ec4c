"""Bytes of mails as text. Senders lie about their charset, and some names of charsets are traps. Pure."""

from __future__ import annotations

import codecs
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

TRUSTED: Final = frozenset(
    {"ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp437", "cp850", "cp932", "cp949", "koi8-r", "koi8-u",
     "mac-roman", "gb2312", "gbk", "gb18030", "big5", "euc_jp", "iso2022_jp", "shift_jis", "euc_kr"}
    | {f"iso8859-{part}" for part in range(1, 17)}
    | {f"cp125{page}" for page in range(9)}
)  # fmt: skip
"""Codecs by Python's names. Others unpack, or take quadratic time (punycode, idna): none of them is a mail's text."""
UNWANTED: Final = dict.fromkeys([*range(9), *range(11, 32), 127])  # controls, but for tab and line feed
UNSEEN: Final = ("Cc", "Cf", "Zl", "Zp", "Cs")
HEADER_MAX: Final = 2_000  # characters of a header that anybody reads


def decoded(content: bytes, charset: str) -> str:
    """Return `content` as text: by its charset, else UTF-8, else Windows' western one. Never raises."""
    for name in (charset, "utf-8"):
        codec = _trusted(name)
        if codec:
            try:
                return plain(content.decode(codec))
            except (UnicodeError, ValueError):
                continue
    return plain(content.decode("cp1252", "replace"))


def plain(text: str) -> str:
    """Return `text` as it can be kept: no control characters, no halves of characters, one kind of line end."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return whole.translate(UNWANTED)


def header(value: object) -> str:
    """Return a header as people read it: decoded (RFC 2047), on one line, without control characters. Never raises."""
    given = str(value)
    if any("\udc80" <= each <= "\udcff" for each in given):  # bytes beyond ASCII, as the parser keeps them
        given = decoded(given.encode("utf-8", "surrogateescape"), "utf-8")
    raw = " ".join(given.split())[:HEADER_MAX]
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError, UnicodeError):
        return visible(raw)
    words = [piece if isinstance(piece, str) else decoded(piece, charset or "utf-8") for piece, charset in pieces]
    return visible("".join(words))


def visible(text: str) -> str:
    """Return `text` on one line, without what is not seen or turns the line around."""
    kept = "".join(
        " " if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp", "Cs") else each for each in plain(text)
    )
    return " ".join(kept.split())


def _trusted(name: str) -> str:
    try:
        found = codecs.lookup(name.strip().strip("\"'")[:40]).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return found if found in TRUSTED else ""
