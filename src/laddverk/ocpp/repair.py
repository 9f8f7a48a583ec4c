"""Repairs of JSON that chargers are known to break, where what they meant is beyond doubt.

Each repair is told in words. Nothing is guessed: a text that ends within a word or a number stays broken.
"""

from __future__ import annotations

import re
from typing import Final

# Each match is a whole string (or its rest, where it never ends, so that the search stays linear) or a fault outside.
TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*(?:"|\Z))'
    r"|(?P<leading>[\[{]\s*,)"
    r"|(?P<trailing>,(?=\s*[\]}]))"
    r"|(?P<number>(?<![\w.])[-+]?(?:nan|inf|infinity)(?![\w.]))",
    re.DOTALL | re.IGNORECASE,
)
STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)', re.DOTALL)
CONTROL: Final = re.compile(r"[\x00-\x1f]")
ESCAPE: Final = re.compile(
    r'\\(?:(?P<good>["\\/bfnrt]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})'
    r"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|(?P<unit>u[0-9a-fA-F]{4})|(?P<odd>.?))",
    re.DOTALL,
)
REPLACEMENT: Final = r"\ufffd"  # stands for half of a surrogate pair, which no text may hold
CLOSERS: Final = {"[": "]", "{": "}"}
OPENERS_MAX: Final = 32  # what is missing at the end of a truncated frame: never more than the depth allowed


def repaired(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` with its known faults mended, and which they were. It may still not be JSON."""
    flags: dict[str, None] = {}

    def mend(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if kind == "string":
            mended = _string(match[0])
            if mended != match[0]:
                flags["control characters or bad escapes in a string"] = None
            return mended
        flags["NaN or Infinity read as nothing" if kind == "number" else "stray comma"] = None
        return {"leading": match[0][:1], "number": "null"}.get(kind or "", "")

    mended = TOKEN.sub(mend, text)
    closed = _closed(mended)
    if closed != mended:
        flags["closing brackets were missing"] = None
    return closed, tuple(flags)


def _string(literal: str) -> str:
    """Return a string literal with raw control characters escaped (quirk 52) and odd escapes read as a backslash."""
    literal = ESCAPE.sub(_escape, literal)
    return CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", literal)


def _escape(match: re.Match[str]) -> str:
    if match["lone"]:
        return REPLACEMENT
    return match[0] if match["odd"] is None else "\\\\" + match["odd"]


def _closed(text: str) -> str:
    """Return `text` with the brackets that are missing at its end (quirk 18), if it ends with a whole value."""
    text = text.rstrip()
    if not text.endswith(("}", "]", '"')):
        return text  # cut within a number or a word: what was meant cannot be known
    expected: list[str] = []
    for character in STRING.sub("", text):
        if character in CLOSERS:
            expected.append(CLOSERS[character])
        elif character in "]}" and (not expected or expected.pop() != character):
            return text
    return text + "".join(reversed(expected)) if len(expected) <= OPENERS_MAX else text
