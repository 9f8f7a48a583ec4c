"""Bankgirot's own sample files: read to Structs and written back to the same bytes, and every way of damaging them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from laddverk.payments.providers.bankgirot import bgmax, files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import BadFile
from laddverk.payments.providers.bankgirot.files import Content

HERE = Path(__file__).parent
AUTOGIRO = sorted(path.name for path in HERE.glob("autogiro_*.txt"))
FROM_BANK = ("autogiro_betalningsspecifikation.txt", "autogiro_medgivandeavisering.txt")


def sample(name: str) -> bytes:
    return (HERE / name).read_bytes()


@pytest.mark.parametrize("name", AUTOGIRO)
def test_an_autogiro_sample_comes_back_byte_for_byte(name: str) -> None:
    assert files.written(files.read(sample(name))) == sample(name)


def test_the_bgmax_sample_comes_back_byte_for_byte() -> None:
    content = sample("bgmax_sample.txt")
    assert bgmax.written(bgmax.read(content)) == content


def test_a_payment_specification_says_what_became_of_each_payment() -> None:
    (section,) = files.read(sample("autogiro_betalningsspecifikation.txt")).sections
    assert section.content == Content.PAYMENTS
    incoming = [each for each in section.records if isinstance(each, r.PaymentReport) and each.code == "82"]
    assert [each.status for each in incoming] == ["0", "0", "0", "0", "0", "1", "2", "9"]
    assert incoming[1].reference == "0000000FAKTNR156"
    assert incoming[0].amount_minor == 300_000
    refunds = [each for each in section.records if isinstance(each, r.RefundReport)]
    assert [(each.payer_number, each.refunded_on, each.reason) for each in refunds] == [
        ("0000000000000114", date(2009, 11, 10), "02"),
        ("0000000000000115", date(2009, 11, 10), "01"),
    ]
    head = section.records[0]
    assert isinstance(head, r.ReportHead)
    assert (head.on, head.time, head.customer, head.bankgiro) == (
        date(2009, 11, 10), "193055123456", "471117", "0009912346",
    )  # fmt: skip


def test_mandate_advice_says_which_mandates_stand() -> None:
    (section,) = files.read(sample("autogiro_medgivandeavisering.txt")).sections
    advice = {each.payer_number: each for each in section.records if isinstance(each, r.MandateAdvice)}
    assert advice["0000000000000103"].status == "33"
    assert advice["0000000000000101"].status == "32"
    assert advice["0000000000000101"].person == "191212121212"
    assert advice["0000000003331022"].status == "29"


def test_a_request_without_an_account_accepts_a_mandate_from_an_internet_bank_and_av_refuses_it() -> None:
    (section,) = files.read(sample("autogiro_medgivandeunderlag.txt")).sections
    requests = [each for each in section.records if isinstance(each, r.MandateRequest)]
    assert [each.answer for each in requests] == ["", "", "", "", "", "", "AV", "AV"]
    assert [each.payer_number for each in requests if not each.account] == [
        "0000000002222101", "0000000003331022", "0000000007771014",
    ]  # fmt: skip


def test_an_order_for_the_next_bank_day_has_no_date() -> None:
    (section,) = files.read(sample("autogiro_betalningsunderlag.txt")).sections
    days = [each.day for each in section.records if isinstance(each, r.PaymentOrder)]
    assert days[:5] == [date(2008, 6, 12), date(2008, 6, 12), date(2008, 6, 30), date(2008, 6, 30), None]


def test_swedish_letters_survive() -> None:
    (section,) = files.read(sample("autogiro_betalningsunderlag.txt")).sections
    assert section.records[1].reference == "ÅRSKORT-2008"  # type: ignore[attr-defined] # a payment order, see above


@pytest.mark.parametrize("name", FROM_BANK)
def test_half_a_file_is_refused_wherever_it_was_cut(name: str) -> None:
    lines = sample(name).splitlines(keepends=True)
    for kept in range(1, len(lines)):
        with pytest.raises(BadFile):
            files.read(b"".join(lines[:kept]))


@pytest.mark.parametrize("name", FROM_BANK)
def test_a_record_that_is_missing_or_doubled_is_noticed(name: str) -> None:
    lines = sample(name).splitlines(keepends=True)
    for number, line in enumerate(lines[1:-1], start=1):
        unpaid = line.startswith((b"82", b"32")) and not line.rstrip().endswith(b"0")
        if unpaid:  # stands in no sum: nothing in the layout tells that it is missing
            continue
        with pytest.raises(BadFile):
            files.read(b"".join([*lines[:number], *lines[number + 1 :]]))
        with pytest.raises(BadFile):
            files.read(b"".join([*lines[:number], line, *lines[number:]]))


def test_an_error_names_line_column_and_remedy() -> None:
    damaged = sample("autogiro_betalningsspecifikation.txt").replace(b"000000300000", b"00000030O000", 1)
    with pytest.raises(BadFile) as caught:
        files.read(damaged)
    assert (caught.value.line, caught.value.column) == (3, 32)
    assert "Line 3, column 32" in str(caught.value)
    assert caught.value.remedy


def test_an_amount_that_was_changed_does_not_add_up() -> None:
    damaged = sample("autogiro_betalningsspecifikation.txt").replace(b"000000300000", b"000000300001", 1)
    with pytest.raises(BadFile, match="1500000"):
        files.read(damaged)


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"hello", b"\x00" * 200, b"01AUTOGIRO", b"%PDF-1.7", b"\xff\xfe0\x001"]
)
def test_garbage_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        files.read(content)
    assert caught.value.line == 1
