"""What somebody wrote themselves, apart from what their mail program quoted below it. Pure.

Programs in Swedish, English, Norwegian and Danish are known. What is folded away is kept, and where it is not plain
which is which, nothing is folded: an answer that nobody sees is worse than a quotation that everybody sees.
"""

from __future__ import annotations

import re
from typing import Final

from mailparser_reply import EmailReplyParser  # type: ignore[import-untyped]  # it carries no types
from msgspec import Struct

LINE_MAX: Final = 400  # characters that are looked at: patterns must not run long over one line
LINES_MAX: Final = 2_000
LIBRARY_MAX: Final = 6_000  # characters that the library's patterns see: they go back and forth over them
LIBRARY_LINE_MAX: Final = 200
SENT_LINES_MIN: Final = 2  # beside From: when, to whom or about what
LANGUAGES: Final = ("sv", "en", "no", "da")

BLANKS: Final = re.compile(r"\n{4,}")  # the library takes seconds over a thousand of them

WROTE: Final = re.compile(
    r"^\s*(?:Den|On|På|Am)\b.{5,200}\b(?:skrev|wrote|skrev følgende|schrieb)\b.{0,150}:\s*$"
    r"|^\s*.{3,200}<[^<>\s]+@[^<>\s]+>.{0,40}\b(?:skrev|wrote)\b.{0,40}:\s*$"
    r"|^\s*(?:\w{2,9}\.?,?\s+)?\d{1,2}\.?\s+\w{3,9}.{0,40}\d[:.]\d\d.{0,150}\bskrev\b.{0,150}:\s*$"
    r"|^\s*\d{4}-\d{2}-\d{2}.{3,200}\b(?:skrev|wrote)\b.{0,100}:\s*$",
    re.IGNORECASE,
)  # fmt: skip
WROTE_BEGINS: Final = re.compile(r"^\s*(?:Den|On|På)\b.{5,200}\d.{0,200}$", re.IGNORECASE)
FROM_LINE: Final = re.compile(r"^\s*\*?(?:Från|From|Fra|Avsändare)\*?\s*:\*?\s*\S", re.IGNORECASE)
SENT_LINE: Final = re.compile(
    r"^\s*\*?(?:Skickat|Sent|Sendt|Datum|Date|Dato|Till|To|Til|Ämne|Subject|Emne)\*?\s*:", re.IGNORECASE
)
SEPARATOR: Final = re.compile(
    r"^\s*-{2,}\s*(?:Ursprungligt (?:meddelande|brev)|Original Message|Opprinnelig melding|Oprindelig meddelelse"
    r"|Vidarebefordrat (?:meddelande|brev)|Forwarded message|Videresendt (?:melding|meddelelse))\s*-{2,}\s*$",
    re.IGNORECASE,
)
SENT_FROM: Final = re.compile(
    r"^\s*(?:Skicka[td] från (?:min|mitt|Outlook|Yahoo|Mail|iPhone|Gmail|Samsung)|Sendt fra (?:min|Outlook)"
    r"|Sent from (?:my|Outlook|Mail|Yahoo|Gmail)|(?:Hämta|Skaffa) Outlook för|(?:Get|Få) Outlook for)\b.{0,120}$",
    re.IGNORECASE,
)


class Folded(Struct, frozen=True):
    """A mail's text in two."""

    fresh: str
    quoted: str = ""


def folded(text: str) -> Folded:
    """Return what was written, and what was quoted. All of the text is in one of the two; never raises."""
    text = BLANKS.sub("\n\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
    lines = text.split("\n")
    cut = _cut(lines[:LINES_MAX])
    if cut is None:
        return _by_library(text.strip()) if len(text) <= LIBRARY_MAX else _unsigned(text.strip(), "")
    if _is_interleaved(lines[cut:]):
        return Folded(text.strip())
    return _unsigned("\n".join(lines[:cut]).strip(), "\n".join(lines[cut:]).strip(), whole=text.strip())


def _cut(lines: list[str]) -> int | None:
    """Return at which line the quotation begins."""
    for index, full in enumerate(lines):
        line = full[:LINE_MAX]
        if WROTE.match(line) or SEPARATOR.match(line):
            return index
        if WROTE_BEGINS.match(line) and index + 1 < len(lines) and WROTE.match(f"{line} {lines[index + 1][:LINE_MAX]}"):
            return index
        if FROM_LINE.match(line) and _sent_lines(lines[index + 1 : index + 5]) >= SENT_LINES_MIN:
            return _above(lines, index)
    return _last_quote(lines)


def _sent_lines(lines: list[str]) -> int:
    return sum(1 for line in lines if SENT_LINE.match(line[:LINE_MAX]))


def _above(lines: list[str], index: int) -> int:
    """Return the first of the blank lines and rules that stand right above a line."""
    while index and (not lines[index - 1].strip() or set(lines[index - 1].strip()) <= {"_", "-"}):
        index -= 1
    return index


def _last_quote(lines: list[str]) -> int | None:
    """Return where a last block of `>` begins, when nothing of weight stands after it."""
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    first = last
    while first and (lines[first - 1].startswith(">") or not lines[first - 1].strip()):
        first -= 1
    return first if any(line.startswith(">") for line in lines[first:last]) else None


def _is_interleaved(lines: list[str]) -> bool:
    """Return whether somebody answered between the quoted lines."""
    marked = [index for index, line in enumerate(lines) if line.startswith(">")]
    if not marked:
        return False
    return any(
        line.strip() and not line.startswith(">") and not SENT_FROM.match(line[:LINE_MAX]) and line.strip() != "--"
        for line in lines[marked[0] : ]
    )  # fmt: skip


def _unsigned(fresh: str, quoted: str, whole: str = "") -> Folded:
    """Return the two without the line in which a telephone speaks of itself; a mail that only quotes is shown whole."""
    kept = fresh.split("\n")
    while kept and (not kept[-1].strip() or SENT_FROM.match(kept[-1][:LINE_MAX])):
        kept.pop()
    said = "\n".join(kept).strip()
    signature = fresh[len("\n".join(kept)) :].strip()
    if not said and not signature:
        return Folded(whole or fresh)
    return Folded(said or fresh, "\n\n".join(part for part in (signature if said else "", quoted) if part))


def _by_library(text: str) -> Folded:
    """Return what the library makes of programs that are not known here."""
    if any(len(line) > LIBRARY_LINE_MAX for line in text.split("\n")):
        return _unsigned(text, "")
    try:
        reply = (EmailReplyParser(languages=list(LANGUAGES)).parse_reply(text) or "").strip()
    except Exception:  # noqa: BLE001 - a library's patterns over foreign text: without it, the text is shown whole
        reply = ""
    if reply and text.startswith(reply):
        return _unsigned(reply, text[len(reply) :].strip())
    return _unsigned(text, "")
