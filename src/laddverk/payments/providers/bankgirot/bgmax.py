"""BgMax: payments that came in to a bankgiro by themselves, by OCR or with a message. Read and written, not booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from laddverk.payments.providers.bankgirot.fields import (
    SHORT,
    BadFile,
    Day,
    Digits,
    Field,
    Record,
    Text,
    Whole,
    fixed,
    laid_out,
    named,
    read_record,
    write_record,
)
from laddverk.payments.providers.bankgirot.lines import NEWLINE, joined, split
from laddverk.payments.providers.bankgirot.totals import MISMATCH
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

_CODE = Field("code", Digits(2))


class Start(Record, frozen=True, kw_only=True):
    """TK01: version, the moment it was written (to the microsecond), P for real and T for a test."""

    version: str
    written_at: str
    mode: str
    layout = laid_out(
        fixed("01"),
        fixed("BGMAX", 20),
        Field("version", Digits(2)),
        Field("written_at", Digits(20)),
        Field("mode", Text(1)),
    )


class Account(Record, frozen=True, kw_only=True):
    """TK05: the bankgiro that the payments after it came to."""

    bankgiro: str
    plusgiro: str
    currency: str
    layout = laid_out(
        fixed("05"),
        Field("bankgiro", Digits(10)),
        Field("plusgiro", Digits(10, empty=True)),
        Field("currency", Text(3)),
    )


class Payment(Record, frozen=True, kw_only=True):
    """TK20 (payment), TK21 (deduction), TK22 and TK23 (more references of the payment before)."""

    code: str
    sender: str
    reference: str
    amount_minor: int | None
    reference_code: str
    channel: str
    serial: str
    image: str
    deduction: str = ""
    layout = laid_out(
        _CODE,
        Field("sender", Digits(10, empty=True)),
        Field("reference", Text(25)),
        Field("amount_minor", Whole(18, empty=True)),
        Field("reference_code", Digits(1, empty=True)),
        Field("channel", Digits(1, empty=True)),
        Field("serial", Text(12)),
        Field("image", Digits(1, empty=True)),
        Field("deduction", Text(1)),
    )


class Information(Record, frozen=True, kw_only=True):
    """TK25: what the payer wrote."""

    text: str
    layout = laid_out(fixed("25"), Field("text", Text(50)))


class Payer(Record, frozen=True, kw_only=True):
    """TK26 (names), TK27 (street and postal code) and TK28 (place and country)."""

    code: str
    first: str
    second: str
    layout = laid_out(_CODE, Field("first", Text(35)), Field("second", Text(43)))


class Organisation(Record, frozen=True, kw_only=True):
    """TK29: the payer's organisation number."""

    number: str
    layout = laid_out(fixed("29"), Field("number", Digits(12)))


class Deposit(Record, frozen=True, kw_only=True):
    """TK15: the sum of the payments before it, on one account."""

    account: str
    on: date
    serial: str
    amount_minor: int
    currency: str
    payments: int
    kind: str
    layout = laid_out(
        fixed("15"),
        Field("account", Digits(35)),
        Field("on", Day()),
        Field("serial", Digits(5)),
        Field("amount_minor", Whole(18)),
        Field("currency", Text(3)),
        Field("payments", Whole(8)),
        Field("kind", Text(1)),
    )


class End(Record, frozen=True, kw_only=True):
    """TK70: how many records of each kind there were."""

    payments: int
    deductions: int
    more_references: int
    deposits: int
    layout = laid_out(
        fixed("70"),
        Field("payments", Whole(8)),
        Field("deductions", Whole(8)),
        Field("more_references", Whole(8)),
        Field("deposits", Whole(8)),
    )


RECORDS: Final[Mapping[str, type[Record]]] = {
    "01": Start,
    "05": Account,
    **dict.fromkeys(("20", "21", "22", "23"), Payment),
    "25": Information,
    **dict.fromkeys(("26", "27", "28"), Payer),
    "29": Organisation,
    "15": Deposit,
    "70": End,
}


class File(Struct, frozen=True):
    """A whole BgMax file."""

    records: tuple[Record, ...]
    newline: str = NEWLINE
    tail: str = NEWLINE


def read(content: bytes) -> File:
    """Return the file in `content`, its counts and sums checked. Raises `BadFile` with line, column and remedy."""
    lines, newline, tail = split(content)
    if not lines[0].startswith("01BGMAX"):
        raise BadFile(N_("Line %(line)s does not open a BgMax file."), 1, 1)
    records = tuple(
        read_record(named(RECORDS, line[:2], number, list(RECORDS)), line, number)
        for number, line in enumerate(lines, start=1)
    )
    if not isinstance(records[-1], End):
        raise BadFile(N_("The file breaks off after line %(line)s: its end is missing."), len(lines), remedy=SHORT)
    _check(records)
    return File(records, newline, tail)


def written(file: File) -> bytes:
    """Return the bytes of `file`."""
    return joined(
        [write_record(each, line) for line, each in enumerate(file.records, start=1)], file.newline, file.tail
    )


def _check(records: tuple[Record, ...]) -> None:
    counts = dict.fromkeys(("20", "21", "22", "23", "15"), 0)
    since, total = 0, 0
    for line, record in enumerate(records, start=1):
        if isinstance(record, Payment):
            counts[record.code] += 1
            if record.code in ("20", "21"):
                since += 1
                total += (record.amount_minor or 0) * (1 if record.code == "20" else -1)
        elif isinstance(record, Deposit):
            counts["15"] += 1
            _same(line, (record.payments, record.amount_minor), (since, total))
            since, total = 0, 0
        elif isinstance(record, End):
            stated = (record.payments, record.deductions, record.more_references, record.deposits)
            _same(line, stated, (counts["20"], counts["21"], counts["22"] + counts["23"], counts["15"]))


def _same(line: int, stated: tuple[int, ...], found: tuple[int, ...]) -> None:
    if stated != found:
        shown = {"stated": " / ".join(map(str, stated)), "found": " / ".join(map(str, found))}
        raise BadFile(MISMATCH, line, remedy=SHORT, params=shown)
