"""Bytes of a mail as a `Letter`. Whatever is in them, this returns in time and never raises. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.support.attachments import FILES_MAX
from laddverk.support.attachments import SIZE_MAX as FILE_MAX
from laddverk.support.mail import bodies, charsets, reports
from laddverk.support.mail.model import Attached, Letter

LINES_MAX: Final = 600_000  # 25 MB in lines as mail servers break them; what has more is meant to cost time
BOUNDARIES_MAX: Final = 60  # multiparts and mails within mails: real ones nest to five or so
CONTENT_HEADER_MAX: Final = 4_000  # bytes; parameters are read in quadratic time
HEADERS_MAX: Final = 128 * 1024  # bytes of the headers of the whole mail
PARTS_MAX: Final = 100
DEPTH_MAX: Final = 20
TEXT_MAX: Final = 200_000  # characters of the text, and of the HTML, that are read
ANSWERS_MAX: Final = 30  # ids that a mail may answer: long threads name dozens
ID_MAX: Final = 250
ID: Final = re.compile(r"<\s*([^<>\s]{3,400})\s*>")
ADDRESS: Final = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,64}@[^\s<>@,;:\"()\[\]\\]{1,190}")
CONTENT_HEADER: Final = re.compile(rb"(?im)^content-[a-z-]{2,40}:[^\n]*(?:\n[ \t][^\n]*)*")
NESTING: Final = re.compile(rb"(?i)boundary|message/")
RECIPIENT_HEADERS: Final = (
    "Delivered-To", "X-Original-To", "X-Gm-Original-To", "Envelope-To", "Resent-To", "To", "Cc"
)  # fmt: skip
MARKS: Final = (
    "Auto-Submitted", "Precedence", "List-Id", "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Failed-Recipients",
    "Return-Path", "X-Loop", "Feedback-ID",
)  # fmt: skip
FAULTS: Final = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard library's reader of mails is known to raise for crooked ones."""


class _Body(Struct):
    texts: list[str]
    htmls: list[str]
    files: list[Attached]
    left_out: int = 0


def read(raw: bytes) -> Letter:
    """Return what a mail says. Never raises; of one that is made to hurt, only the headers are read."""
    message = _parsed(raw) if _is_harmless(raw) else None
    headers = message if message is not None else _headers_of(raw)
    body = _body_of(message) if message is not None else _Body([], [], [])
    found = "\n".join(body.texts)[:TEXT_MAX]
    html = "\n".join(body.htmls)[:TEXT_MAX]
    name, sender, is_one = _sender_of(headers)
    message_id = _id_of(headers)
    return Letter(
        message_id=message_id or f"sha256:{_digest_of(raw, headers)}",
        fingerprint=_fingerprint(sender, _first(headers, "Date")),
        answers=_answers_of(headers),
        sender=sender,
        sender_name=name,
        is_one_sender=is_one,
        recipients=tuple(_addresses(headers, RECIPIENT_HEADERS)),
        subject=charsets.header(_first(headers, "Subject"))[:500],
        sent_at=_sent_at(headers),
        text=found if found.strip() else bodies.text_of_html(html),
        html=html,
        attached=tuple(body.files),
        left_out=body.left_out if message is not None else 1,
        is_readable=message is not None,
        marks={name.lower(): charsets.header(_first(headers, name)).lower()[:200] for name in MARKS if name in headers},
        authentication=tuple(str(value)[:HEADERS_MAX] for value in _all(headers, "Authentication-Results")[:10]),
        bounce=_bounce_of(message),
    )


def addresses_in(text: str) -> list[str]:
    """Return the mail addresses in a text, in lower case."""
    return [found.lower() for found in ADDRESS.findall(text[:HEADERS_MAX])]


def _is_harmless(raw: bytes) -> bool:
    """Return whether a mail can be read in little time: not too many lines or layers, no header without end."""
    if raw.count(b"\n") + raw.count(b"\r") > 2 * LINES_MAX or len(NESTING.findall(raw)) > BOUNDARIES_MAX:
        return False
    head = raw[: HEADERS_MAX + 4]
    if not any(end in head for end in (b"\n\n", b"\r\n\r\n", b"\r\r")) and len(raw) > HEADERS_MAX:
        return False
    return all(len(found.group()) <= CONTENT_HEADER_MAX for found in CONTENT_HEADER.finditer(raw))


def _parsed(raw: bytes) -> Message | None:
    try:
        return BytesParser().parsebytes(raw)
    except FAULTS:
        return None


def _headers_of(raw: bytes) -> Message:
    try:
        return BytesHeaderParser().parsebytes(raw[:HEADERS_MAX])
    except FAULTS:
        return Message()


def _all(message: Message, name: str) -> list[Any]:
    """Return all headers of a name as they came: bytes beyond ASCII are still in them."""
    wanted = name.lower()
    return [value for given, value in message.raw_items() if given.lower() == wanted]


def _first(message: Message, name: str) -> str:
    values = _all(message, name)
    return str(values[0]) if values else ""


def _id_of(message: Message) -> str:
    """Return the Message-ID without brackets; '' for none, or one that names nothing.

    Two @, missing brackets and blanks around are seen in the field: what stands there is taken as it is.
    """
    value = charsets.visible(_first(message, "Message-ID"))
    found = ID.search(value)
    text = found[1] if found else value
    is_usable = "@" in text and " " not in text and len(text) <= ID_MAX and not text.startswith("sha256:")
    return text if is_usable else ""


def _answers_of(message: Message) -> tuple[str, ...]:
    nearest = [found for value in _all(message, "In-Reply-To") for found in ID.findall(charsets.plain(str(value)))]
    before = [found for value in _all(message, "References") for found in ID.findall(charsets.plain(str(value)))]
    known = [each for each in dict.fromkeys([*nearest[:5], *reversed(before)]) if len(each) <= ID_MAX]
    return tuple(known[:ANSWERS_MAX])


def _sender_of(message: Message) -> tuple[str, str, bool]:
    """Return name and address of who wrote, and whether there is exactly one. '' for an address that is none."""
    values = _all(message, "From")
    if not values:
        return "", "", False
    text = charsets.header(values[0])
    try:
        name, address = parseaddr(str(values[0])[: charsets.HEADER_MAX])
    except FAULTS:
        name, address = "", ""
    if ADDRESS.fullmatch(address) is None:
        found = ADDRESS.findall(text)
        name, address = text.partition("<")[0], found[-1] if found else ""
    is_one = len(values) == 1 and len(ADDRESS.findall(text)) == 1
    return charsets.header(name).strip(' "')[:100], charsets.visible(address).lower(), is_one


def _addresses(message: Message, names: tuple[str, ...]) -> Iterator[str]:
    yield from dict.fromkeys(
        each for name in names for value in _all(message, name)[:10] for each in addresses_in(str(value))
    )  # fmt: skip


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_first(message, "Date")[:100])
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (*FAULTS, OverflowError):
        return None


def _fingerprint(sender: str, date: str) -> str:
    return hashlib.sha256(f"{sender}\n{' '.join(date.split())}".encode("utf-8", "replace")).hexdigest()[:32]


def _digest_of(raw: bytes, headers: Message) -> str:
    """Return what tells a mail without an id from others, and is the same by whatever way it came."""
    head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    body = rest or head
    kept = [_first(headers, name) for name in ("From", "Date", "Subject", "To")]
    return hashlib.sha256("\n".join(kept).encode("utf-8", "replace") + b"\n\n" + body.strip()).hexdigest()


def _body_of(message: Message) -> _Body:
    """Return texts and files of all parts: from the outside in, and no more than one wants to see."""
    body = _Body([], [], [])
    waiting: list[tuple[Message, int]] = [(message, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > PARTS_MAX or depth > DEPTH_MAX:
            body.left_out += 1
            continue
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend((each, depth + 1) for each in reversed(reports.inner(part)))
            continue
        try:
            _take(body, part)
        except FAULTS:
            body.left_out += 1
    return body


def _take(body: _Body, part: Message) -> None:
    """Put a leaf where it belongs. May raise what is in `FAULTS`."""
    kind, name = part.get_content_type(), charsets.visible(str(part.get_filename("") or ""))
    is_file = part.get_content_disposition() == "attachment" or bool(name)
    content = _content_of(part)
    if part.get_content_maintype() == "multipart":  # one that says where its parts end, and is none
        kind = "text/plain"
    if not is_file and kind in ("text/plain", "text/html") and len(content) <= 4 * FILE_MAX:
        text = charsets.decoded(content[: 4 * TEXT_MAX], part.get_content_charset("utf-8") or "utf-8")
        (body.texts if kind == "text/plain" else body.htmls).append(text[:TEXT_MAX])
    elif not content or kind in ("application/pgp-signature", "application/pkcs7-signature"):
        return
    elif len(body.files) >= FILES_MAX or len(content) > FILE_MAX:
        body.left_out += 1
    else:
        body.files.append(Attached(charsets.header(name)[:120] or _name_for(kind), content))


def _content_of(part: Message) -> bytes:
    if part.is_multipart():  # a mail within the mail
        return b"\n".join(each.as_bytes() for each in reports.inner(part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _name_for(kind: str) -> str:
    endings = {"message/rfc822": "mail.eml", "text/calendar": "invitation.ics", "image/jpeg": "picture.jpg",
               "image/png": "picture.png", "message/delivery-status": "delivery.txt"}  # fmt: skip
    return endings.get(kind, "file")


def _bounce_of(message: Message | None) -> Any:
    if message is None:
        return None
    try:
        return reports.bounce_in(message)
    except FAULTS:
        return None
