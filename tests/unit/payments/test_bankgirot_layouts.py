"""The layouts that Bankgirot publishes no sample of here, each as a file written by hand after the technical manual."""

from __future__ import annotations

from datetime import date

import pytest

from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import BadFile, write_record
from laddverk.payments.providers.bankgirot.files import Content

NEW = "01AUTOGIRO              20261130            {:<20}7654320001234567"
OLD = "0120261130AUTOGIRO9900{:<20}                    7654320001234567"
SUMS = "09202611309900              {}0000{}000000000000"

REJECTED = (
    NEW.format("AVVISADE BET UPPDR"),
    "82202611301   0000000000000042000000012345F2026-00042-1   02",
    "32202611300   0000000000000043000000000100F2026-00043-U1  09",
    "09202611309900000001000000000100000001000000012345",
)
CHANGED = (
    NEW.format("MAKULERING/ÄNDRING"),
    "2520261130000000000000004282000000012345REFERENS00000000F2026-00042-1   12",
    "03202611300000000000000043820000000005000000000000000000000000000000000021",
    "28202611300000000000000044820000000007000000000020261201000000000000000014",
    "2100000000                000000000000000000000000000000000000000000000012",
    SUMS.format("000000000000000000000003", "000000013545"),
)
INTERNET = (
    "512026113099000001234567AG-EMEDGIV",
    "52000123456700000000000000425000001234567890199001012384     0",
    "53JAG VILL BETALA MÅNADSVIS",
    "54KARIN ÅKESSON                       C/O ÖBERG",
    "55STORGATAN 1",
    "5612345ÖREBRO",
    "592026113099000000005",
)
OLD_ADVICE = (
    "012026113099000001234567AG-MEDAVI",
    "73000123456700000000000000425000001234567890199001012384000000432202611300" + "00000",
    "7300012345670000000000000043                                 033320261130000000",
    "73000123456700000000000000440000000000000000005566778812000000410",
    "092026113099000000003",
)
OLD_SPECIFICATION = (
    OLD.format(""),
    "82202611300    00000000000000420000000123450001234567F2026-00042-1",
    "82202611300    00000000000000430000000005000001234567F2026-00043-1             1",
    SUMS.format("000000000000000000000002", "000000012845"),
)
REGISTER = (
    OLD.format("BEVAKNINGSREG"),
    "82202611300    0000000000000042000000012345          F2026-00042-1",
    "32202612011006 0000000000000043000000000500          ÅTERBET",
    SUMS.format("000000000500000001000001", "000000012345"),
)
ALL = {
    Content.REJECTIONS: REJECTED,
    Content.CHANGES: CHANGED,
    Content.BANK_MANDATES: INTERNET,
    Content.OLD_MANDATES: OLD_ADVICE,
    Content.OLD_PAYMENTS: OLD_SPECIFICATION,
    Content.REGISTER: REGISTER,
}


def bytes_of(lines: tuple[str, ...], newline: str = "\r\n") -> bytes:
    return (newline.join(lines) + newline).encode("iso-8859-1")


@pytest.mark.parametrize("content", ALL)
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_each_layout_is_recognised_and_comes_back_byte_for_byte(content: Content, newline: str) -> None:
    given = bytes_of(ALL[content], newline)
    found = files.read(given)
    assert [section.content for section in found.sections] == [content]
    assert files.written(found) == given


def test_several_files_in_one_are_read_part_by_part() -> None:
    given = b"".join(map(bytes_of, ALL.values()))
    found = files.read(given)
    assert [section.content for section in found.sections] == list(ALL)
    assert files.written(found) == given
    assert [section.line for section in found.sections][:2] == [1, len(REJECTED) + 1]


def test_old_headings_of_rejections_and_changes_are_understood() -> None:
    for lines, heading in ((REJECTED, "FELLISTA REG.KONTRL"), (CHANGED, "MAK/ÄNDRINGSLISTA")):
        given = bytes_of((OLD.format(heading), *lines[1:]))
        assert files.written(files.read(given)) == given


def test_a_rejection_says_why() -> None:
    rejection = files.read(bytes_of(REJECTED)).sections[0].records[1]
    assert isinstance(rejection, r.Rejection)
    assert (rejection.reference, rejection.reason, rejection.amount_minor) == ("F2026-00042-1", "02", 12_345)


def test_a_mandate_from_an_internet_bank_comes_with_name_and_address() -> None:
    found = files.read(bytes_of(INTERNET)).sections[0].records
    assert [type(each) for each in found[1:6]] == [
        r.BankMandate, r.BankMandateText, r.BankMandateAddress, r.BankMandateAddress, r.BankMandatePlace,
    ]  # fmt: skip
    assert isinstance(found[3], r.BankMandateAddress)
    assert (found[3].first, found[3].second) == ("KARIN ÅKESSON", "C/O ÖBERG")


def test_a_change_names_the_payment_and_its_new_day() -> None:
    cancelled, _, moved = files.read(bytes_of(CHANGED)).sections[0].records[1:4]
    assert isinstance(cancelled, r.Change)
    assert isinstance(moved, r.Change)
    assert (cancelled.word, cancelled.reference, cancelled.comment) == ("REFERENS", "F2026-00042-1", "12")
    assert (moved.day, moved.new_day, moved.comment) == (date(2026, 11, 30), date(2026, 12, 1), "14")


def test_changes_to_the_bank_name_a_payer_a_day_or_one_payment() -> None:
    every = r.ChangeOrder(code="23", bankgiro="0001234567", payer_number="42".zfill(16))
    assert write_record(every).rstrip() == "2300012345670000000000000042"
    one = r.ChangeOrder(
        code="25", bankgiro="0001234567", payer_number="42".zfill(16), day=date(2026, 11, 30), amount_minor=12_345,
        kind="82", reference="F2026-00042-1",
    )  # fmt: skip
    assert write_record(one).rstrip() == "250001234567000000000000004220261130000000012345" + "82        F2026-00042-1"


def test_a_value_that_does_not_fit_its_columns_is_refused_before_anything_is_written() -> None:
    order = r.PaymentOrder(code="82", day=None, payer_number="42", amount_minor=10**12, bankgiro="1", reference="")
    with pytest.raises(BadFile, match="12 digits"):
        write_record(order)
    order = r.PaymentOrder(code="82", day=None, payer_number="42", amount_minor=1, bankgiro="1", reference="€")
    with pytest.raises(BadFile, match="characters that the bank does not take"):
        write_record(order)


def test_a_record_of_another_kind_of_file_is_refused_by_name() -> None:
    with pytest.raises(BadFile, match="begins with “82”"):
        files.read(bytes_of((INTERNET[0], OLD_SPECIFICATION[1], INTERNET[-1])))
