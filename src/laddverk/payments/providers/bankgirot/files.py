"""Whole Autogiro files: which records each kind holds, and whether counts and sums are as its end says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import SHORT, BadFile, Record, named, read_record, write_record
from laddverk.payments.providers.bankgirot.lines import NEWLINE, joined, split
from laddverk.payments.providers.bankgirot.totals import check
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

OPENING: Final = "01"
OPENING_INTERNET: Final = "51"


class Content(StrEnum):
    """What a part of a file is about."""

    ORDERS = "orders"
    """To Bankgirot: mandates, payments and changes."""
    PAYMENTS = "payments"
    OLD_PAYMENTS = "old_payments"
    MANDATES = "mandates"
    OLD_MANDATES = "old_mandates"
    REJECTIONS = "rejections"
    CHANGES = "changes"
    BANK_MANDATES = "bank_mandates"
    REGISTER = "register"
    """Payments that wait at Bankgirot, on request."""


class Section(Struct, frozen=True):
    """One opening record with all that belongs to it. `line` is that of the opening, from 1."""

    content: Content
    records: tuple[Record, ...]
    line: int = 1


class File(Struct, frozen=True):
    """A whole file; `newline` and `tail` are kept so that it can be written back byte for byte."""

    sections: tuple[Section, ...]
    newline: str = NEWLINE
    tail: str = NEWLINE


BY_CONTENT: Final[Mapping[Content, Mapping[str, type[Record]]]] = {
    Content.ORDERS: {
        "03": r.MandateDeletion,
        "04": r.MandateRequest,
        "05": r.PayerNumberChange,
        "82": r.PaymentOrder,
        "32": r.PaymentOrder,
        **dict.fromkeys(("23", "24", "25", "26", "27", "28", "29"), r.ChangeOrder),
    },
    Content.PAYMENTS: {
        **dict.fromkeys(("15", "16", "17"), r.Deposit),
        **dict.fromkeys(("82", "32"), r.PaymentReport),
        "77": r.RefundReport,
        "09": r.ReportEnd,
    },
    Content.OLD_PAYMENTS: {**dict.fromkeys(("82", "32"), r.PaymentReport), "09": r.SumsEnd},
    Content.REGISTER: {**dict.fromkeys(("82", "32"), r.PaymentReport), "09": r.SumsEnd},
    Content.MANDATES: {"73": r.MandateAdvice, "09": r.CountEnd},
    Content.OLD_MANDATES: {"73": r.MandateAdvice, "09": r.CountEnd},
    Content.REJECTIONS: {**dict.fromkeys(("82", "32"), r.Rejection), "09": r.RejectionEnd},
    Content.CHANGES: {
        **dict.fromkeys(("03", "11", "21", "22", "23", "24", "25", "26", "27", "28", "29"), r.Change),
        "09": r.SumsEnd,
    },
    Content.BANK_MANDATES: {
        "52": r.BankMandate,
        "53": r.BankMandateText,
        **dict.fromkeys(("54", "55"), r.BankMandateAddress),
        "56": r.BankMandatePlace,
        "59": r.BankMandateEnd,
    },
}
"""The records of each content by their transaction code, without the opening."""

NEW_CONTENT: Final = {
    "BET. SPEC & STOPP TK": Content.PAYMENTS,
    "AG-MEDAVI": Content.MANDATES,
    "AVVISADE BET UPPDR": Content.REJECTIONS,
    "MAKULERING/ÄNDRING": Content.CHANGES,
}
OLD_CONTENT: Final = {
    "": Content.OLD_PAYMENTS,
    "FELLISTA REG.KONTRL": Content.REJECTIONS,
    "MAK/ÄNDRINGSLISTA": Content.CHANGES,
    "BEVAKNINGSREG": Content.REGISTER,
}
ENDS: Final = (r.ReportEnd, r.SumsEnd, r.CountEnd, r.RejectionEnd, r.BankMandateEnd)

UNKNOWN: Final = N_("Line %(line)s does not open an Autogiro file.")
UNKNOWN_REMEDY: Final = N_("Choose a file from Bankgirot for Autogiro: its first line has the word AUTOGIRO or AG-….")


def read(content: bytes) -> File:
    """Return the file in `content`, with its counts and sums checked.

    Raises `BadFile` with line, column and remedy: nothing of a file is taken in when any of it is wrong. A file that
    was cut off in the middle lacks its end record, which is such an error.
    """
    lines, newline, tail = split(content)
    sections = _sections(lines)
    for section in sections:
        check(section.records, section.line)
    return File(tuple(sections), newline, tail)


def written(file: File) -> bytes:
    """Return the bytes of `file`. Raises `BadFile` when a value does not fit its columns."""
    numbered = enumerate((record for section in file.sections for record in section.records), start=1)
    lines = [write_record(record, line) for line, record in numbered]
    return joined(lines, file.newline, file.tail)


def orders(head: r.OrderHead, records: Sequence[Record]) -> Section:
    """Return the part of a file to Bankgirot that `records` make."""
    return Section(Content.ORDERS, (head, *records))


def _sections(lines: Sequence[str]) -> list[Section]:
    sections: list[Section] = []
    begun: list[Record] = []
    content, opened = Content.ORDERS, 1
    for number, line in enumerate(lines, start=1):
        code = line[:2]
        if begun and not _ended(begun, content) and code not in (OPENING, OPENING_INTERNET):
            known = BY_CONTENT[content]
            begun.append(read_record(named(known, code, number, list(known)), line, number))
            continue
        if begun:
            sections.append(_closed(content, begun, opened, number - 1))
        content, head = _head(line, number)
        begun, opened = [head], number
    sections.append(_closed(content, begun, opened, len(lines)))
    return sections


def _ended(begun: Sequence[Record], content: Content) -> bool:
    return content != Content.ORDERS and isinstance(begun[-1], ENDS)


def _closed(content: Content, begun: Sequence[Record], opened: int, last: int) -> Section:
    if content != Content.ORDERS and not _ended(begun, content):
        raise BadFile(N_("The file breaks off after line %(line)s: its end is missing."), last, remedy=SHORT)
    return Section(content, tuple(begun), opened)


def _head(line: str, number: int) -> tuple[Content, Record]:
    """Return what a line opens. The layouts differ in where the word AUTOGIRO and the content stand."""
    if line.startswith("51") and line[24:34] == "AG-EMEDGIV":
        return Content.BANK_MANDATES, read_record(r.BankMandateHead, line, number)
    if line[24:33] == "AG-MEDAVI":
        return Content.OLD_MANDATES, read_record(r.OldMandateHead, line, number)
    if line.startswith("01AUTOGIRO"):
        head = read_record(r.ReportHead, line, number)
        if head.content in NEW_CONTENT:
            return NEW_CONTENT[head.content], head
    elif line.startswith("01") and line[10:22] == "AUTOGIRO9900":
        old = read_record(r.OldReportHead, line, number)
        if old.content in OLD_CONTENT:
            return OLD_CONTENT[old.content], old
    elif line.startswith("01") and line[10:18] == "AUTOGIRO":
        return Content.ORDERS, read_record(r.OrderHead, line, number)
    raise BadFile(UNKNOWN, number, 1, remedy=UNKNOWN_REMEDY)
