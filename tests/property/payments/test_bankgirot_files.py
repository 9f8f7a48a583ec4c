"""What holds for every record and file of Bankgirot: Structs to bytes and back, and no input that breaks the reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from inspect import getmembers, isclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.payments.providers.bankgirot import bgmax, files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import (
    WIDTH,
    BadFile,
    Day,
    Digits,
    Kind,
    Record,
    Text,
    Whole,
    printable,
    read_record,
    write_record,
)
from laddverk.payments.providers.bankgirot.files import Content, File, Section

KINDS = sorted(
    {kind for module in (r, bgmax) for _, kind in getmembers(module, isclass) if issubclass(kind, Record)} - {Record},
    key=lambda kind: (kind.__module__, kind.__name__),
)
LETTERS = [chr(code) for code in range(256) if printable(chr(code))]
DATES = st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31))


def values(kind: Kind) -> st.SearchStrategy[Any]:
    if isinstance(kind, Text):
        return st.text(LETTERS, max_size=kind.width).map(lambda text: text.rstrip(" "))
    if isinstance(kind, Digits):
        digits = st.text("0123456789", min_size=kind.width, max_size=kind.width)
        return digits | st.just("") if kind.empty else digits
    if isinstance(kind, Whole):
        numbers = st.integers(0, 10**kind.width - 1)
        return numbers | st.none() if kind.empty else numbers
    assert isinstance(kind, Day)
    return DATES | st.none() if kind.none is not None else DATES


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    return st.builds(kind, **{each.name: values(each.kind) for each in kind.layout if each.name}, width=st.just(WIDTH))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25)
def test_a_record_is_80_columns_and_comes_back_as_it_was(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(kind))
    line = write_record(record)
    assert len(line) == WIDTH
    assert read_record(kind, line, 1) == record


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=10)
def test_a_line_whose_blanks_were_cut_comes_back_as_it_was(kind: type[Record], data: st.DataObject) -> None:
    line = write_record(data.draw(records(kind))).rstrip(" ")
    assert write_record(read_record(kind, line, 1)) == line


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    for reader in (files.read, bgmax.read):
        refused = refusal_of(reader, content)
        assert refused is None or (refused.line >= 1 and refused.remedy)


def refusal_of(reader: Callable[[bytes], object], content: bytes) -> BadFile | None:
    try:
        reader(content)
    except BadFile as error:
        return error
    return None


@given(st.lists(st.sampled_from(["0", "1", "2", "9"]), max_size=30), st.data())
def test_a_specification_that_adds_up_is_read_whatever_is_in_it(statuses: list[str], data: st.DataObject) -> None:
    paid = [replace(data.draw(records(r.PaymentReport)), code="82", status=status) for status in statuses]
    content = files.written(File((specification(paid),)))
    assert files.written(files.read(content)) == content


@given(st.integers(0, 19), st.integers(0, 79), st.characters(codec="iso-8859-1"))
def test_one_wrong_character_is_refused_or_changes_nothing_that_is_counted(line: int, column: int, letter: str) -> None:
    report = replace(PAID, amount_minor=12_345)
    content = files.written(File((specification([report] * 17),)))
    lines = content.decode("iso-8859-1").split("\r\n")
    text = lines[line % 20]
    lines[line % 20] = text[:column] + letter + text[column + 1 :]
    try:
        found = files.read("\r\n".join(lines).encode("iso-8859-1"))
    except BadFile:
        return
    reports = [each for section in found.sections for each in section.records if isinstance(each, r.PaymentReport)]
    assert sum(each.amount_minor for each in reports if each.status == "0" and each.code == "82") == 17 * 12_345


PAID = r.PaymentReport(
    code="82", on=date(2026, 11, 30), period="0", repeats="", payer_number="7".zfill(16),
    amount_minor=0, bankgiro="0009912346", reference="F2026-00042-1", status="0",
)  # fmt: skip


def specification(reports: list[r.PaymentReport]) -> Section:
    """Return a payment specification that adds up."""
    paid = [each for each in reports if each.status == "0"]
    total = sum(each.amount_minor for each in paid)
    head = r.ReportHead(on=date(2026, 11, 30), content="BET. SPEC & STOPP TK", customer="471117", bankgiro="0009912346")
    deposit = r.Deposit(
        code="15", account="1" * 35, on=date(2026, 11, 30), serial="00001", amount_minor=total, payments=len(paid)
    )
    end = r.ReportEnd(
        on=date(2026, 11, 30), sections_in=1, payments_in=len(paid), sections_out=0, payments_out=0,
        sections_refunded=0, payments_refunded=0,
    )  # fmt: skip
    return Section(Content.PAYMENTS, (head, deposit, *reports, end))
