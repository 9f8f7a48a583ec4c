"""The records of Autogiro: one Struct for each kind of line, with its columns.

Names follow what a record says; the comment gives the transaction code (TK) and where it is found. Bankgiro numbers,
payer numbers and accounts are digits with their leading zeros; amounts are in öre.
"""

from __future__ import annotations

from datetime import date

from laddverk.payments.providers.bankgirot.fields import (
    AT_ONCE,
    Day,
    Digits,
    Field,
    Record,
    Text,
    Whole,
    blank,
    fixed,
    laid_out,
)

NO_DATE = "00000000"
CLEARING = fixed("9900")
_DATE = Field("on", Day())
_BANKGIRO = Field("bankgiro", Digits(10))
_CUSTOMER = Field("customer", Digits(6))
_PAYER = Field("payer_number", Digits(16))
_TK = Field("code", Digits(2))
_AMOUNT = Field("amount_minor", Whole(12))
_REFERENCE = Field("reference", Text(16))
_ORDER = (_TK, Field("day", Day(AT_ONCE)), Field("period", Digits(1)), Field("repeats", Digits(3, empty=True)))
_REPORTED = (_TK, _DATE, Field("period", Digits(1)), Field("repeats", Digits(3, empty=True)), blank(1), _PAYER, _AMOUNT)


class OrderHead(Record, frozen=True, kw_only=True):
    """TK01 of a file to Bankgirot: when it was written, and whose it is."""

    on: date
    customer: str
    bankgiro: str
    layout = laid_out(fixed("01"), _DATE, fixed("AUTOGIRO", 52), _CUSTOMER, _BANKGIRO)


class MandateDeletion(Record, frozen=True, kw_only=True):
    """TK03 to Bankgirot: this payer's mandate ends."""

    bankgiro: str
    payer_number: str
    layout = laid_out(fixed("03"), _BANKGIRO, _PAYER)


class MandateRequest(Record, frozen=True, kw_only=True):
    """TK04 to Bankgirot: a new mandate; without an account, yes to one from an internet bank; `AV` says no to it."""

    bankgiro: str
    payer_number: str
    account: str = ""
    """Clearing number and account, 4 + 12 digits."""
    person: str = ""
    """Personal number with its century, or `00` and an organisation number."""
    answer: str = ""
    layout = laid_out(
        fixed("04"),
        _BANKGIRO,
        _PAYER,
        Field("account", Digits(16, empty=True)),
        Field("person", Digits(12, empty=True)),
        blank(20),
        Field("answer", Text(2)),
    )


class PayerNumberChange(Record, frozen=True, kw_only=True):
    """TK05 to Bankgirot: a payer gets another number."""

    bankgiro: str
    payer_number: str
    new_bankgiro: str
    new_payer_number: str
    layout = laid_out(
        fixed("05"),
        _BANKGIRO,
        _PAYER,
        Field("new_bankgiro", Digits(10)),
        Field("new_payer_number", Digits(16)),
    )


class PaymentOrder(Record, frozen=True, kw_only=True):
    """TK82 (collect) and TK32 (pay out) to Bankgirot. No day means the next bank day."""

    code: str
    day: date | None
    period: str = "0"
    repeats: str = ""
    payer_number: str
    amount_minor: int
    bankgiro: str
    reference: str = ""
    layout = laid_out(*_ORDER, blank(1), _PAYER, _AMOUNT, _BANKGIRO, _REFERENCE)


class ChangeOrder(Record, frozen=True, kw_only=True):
    """TK23 to TK25 (cancel) and TK26 to TK29 (another day) to Bankgirot: of a payer, a day, or one payment."""

    code: str
    bankgiro: str
    payer_number: str = ""
    day: date | None = None
    amount_minor: int | None = None
    kind: str = ""
    new_day: date | None = None
    reference: str = ""
    layout = laid_out(
        _TK,
        _BANKGIRO,
        Field("payer_number", Digits(16, empty=True)),
        Field("day", Day("")),
        Field("amount_minor", Whole(12, empty=True)),
        Field("kind", Digits(2, empty=True)),
        Field("new_day", Day("")),
        _REFERENCE,
    )


class ReportHead(Record, frozen=True, kw_only=True):
    """TK01 of a file from Bankgirot in the new layout."""

    on: date
    time: str = ""
    content: str
    customer: str
    bankgiro: str
    layout = laid_out(
        fixed("01"),
        fixed("AUTOGIRO", 22),
        _DATE,
        Field("time", Digits(12, empty=True)),
        Field("content", Text(20)),
        _CUSTOMER,
        _BANKGIRO,
    )


class OldReportHead(Record, frozen=True, kw_only=True):
    """TK01 of a file from Bankgirot in the old layout; without content it is a payment specification."""

    on: date
    content: str
    customer: str
    bankgiro: str
    layout = laid_out(
        fixed("01"),
        _DATE,
        fixed("AUTOGIRO9900"),
        Field("content", Text(20)),
        blank(20),
        _CUSTOMER,
        _BANKGIRO,
    )


class OldMandateHead(Record, frozen=True, kw_only=True):
    """TK01 of mandate advice in the old layout."""

    on: date
    bankgiro: str
    layout = laid_out(fixed("01"), _DATE, CLEARING, _BANKGIRO, fixed("AG-MEDAVI"))


class Deposit(Record, frozen=True, kw_only=True):
    """TK15 (in), TK16 (out) and TK17 (refunds): one sum on one account, before the payments that make it up."""

    code: str
    account: str
    on: date
    serial: str
    amount_minor: int
    currency: str = ""
    payments: int
    layout = laid_out(
        _TK,
        Field("account", Digits(35)),
        _DATE,
        Field("serial", Digits(5)),
        Field("amount_minor", Whole(18)),
        Field("currency", Text(3)),
        Field("payments", Whole(8)),
    )


class PaymentReport(Record, frozen=True, kw_only=True):
    """TK82 and TK32 from Bankgirot: what became of a payment. A blank status is paid, in the old layout."""

    code: str
    on: date
    period: str
    repeats: str
    payer_number: str
    amount_minor: int
    bankgiro: str = ""
    reference: str
    status: str
    layout = laid_out(
        *_REPORTED,
        Field("bankgiro", Digits(10, empty=True)),
        _REFERENCE,
        blank(10),
        Field("status", Digits(1, empty=True)),
    )


class RefundReport(Record, frozen=True, kw_only=True):
    """TK77 from Bankgirot: the payer's bank took a payment back."""

    on: date
    period: str
    repeats: str
    payer_number: str
    amount_minor: int
    bankgiro: str
    reference: str
    refunded_on: date
    reason: str
    code: str = "77"
    layout = laid_out(*_REPORTED, _BANKGIRO, _REFERENCE, Field("refunded_on", Day()), Field("reason", Digits(2)))


class ReportEnd(Record, frozen=True, kw_only=True):
    """TK09 of a payment specification: sections and payments, in, out and refunded."""

    on: date
    sections_in: int
    payments_in: int
    sections_out: int
    payments_out: int
    sections_refunded: int
    payments_refunded: int
    layout = laid_out(
        fixed("09"),
        _DATE,
        CLEARING,
        Field("sections_in", Whole(6)),
        Field("payments_in", Whole(12)),
        Field("sections_out", Whole(6)),
        Field("payments_out", Whole(12)),
        Field("sections_refunded", Whole(6)),
        Field("payments_refunded", Whole(12)),
    )


class SumsEnd(Record, frozen=True, kw_only=True):
    """TK09 of an old payment specification, of changes and of the register: sums and counts, out and in."""

    on: date
    amount_out_minor: int
    payments_out: int
    payments_in: int
    amount_in_minor: int
    filler: str = "0" * 12
    layout = laid_out(
        fixed("09"),
        _DATE,
        CLEARING,
        blank(14),
        Field("amount_out_minor", Whole(12)),
        Field("payments_out", Whole(6)),
        Field("payments_in", Whole(6)),
        fixed("0000"),
        Field("amount_in_minor", Whole(12)),
        Field("filler", Digits(12, empty=True)),
    )


class MandateAdvice(Record, frozen=True, kw_only=True):
    """TK73: what became of a mandate, or what the payer's bank did to it."""

    bankgiro: str
    payer_number: str
    account: str
    person: str
    filler: str
    info: str
    status: str
    on: date | None
    valid_from: str = ""
    """YYMMDD, in the old layout only; zeros for none."""
    layout = laid_out(
        fixed("73"),
        _BANKGIRO,
        _PAYER,
        Field("account", Digits(16, empty=True)),
        Field("person", Digits(12, empty=True)),
        Field("filler", Digits(5, empty=True)),
        Field("info", Digits(2)),
        Field("status", Digits(2)),
        Field("on", Day("")),
        Field("valid_from", Digits(6, empty=True)),
    )


class CountEnd(Record, frozen=True, kw_only=True):
    """TK09 of mandate advice: how many records there were."""

    on: date
    records: int
    layout = laid_out(fixed("09"), _DATE, CLEARING, Field("records", Whole(7)))


class Rejection(Record, frozen=True, kw_only=True):
    """TK82 and TK32 of payments that were never taken in. The day is as we wrote it, right or wrong."""

    code: str
    day: str
    period: str
    repeats: str
    payer_number: str
    amount_minor: int
    reference: str
    reason: str
    layout = laid_out(
        _TK,
        Field("day", Text(8)),
        Field("period", Digits(1, empty=True)),
        Field("repeats", Text(3)),
        _PAYER,
        _AMOUNT,
        _REFERENCE,
        Field("reason", Digits(2)),
    )


class RejectionEnd(Record, frozen=True, kw_only=True):
    """TK09 of rejections: counts and sums, out and in."""

    on: date
    payments_out: int
    amount_out_minor: int
    payments_in: int
    amount_in_minor: int
    layout = laid_out(
        fixed("09"),
        _DATE,
        CLEARING,
        Field("payments_out", Whole(6)),
        Field("amount_out_minor", Whole(12)),
        Field("payments_in", Whole(6)),
        Field("amount_in_minor", Whole(12)),
    )


class Change(Record, frozen=True, kw_only=True):
    """TK03, TK11 and TK21 to TK29 from Bankgirot: payments that were cancelled or moved, and by whom."""

    code: str
    day: date | None
    payer_number: str
    kind: str
    amount_minor: int
    word: str
    """`REFERENS` when the reference counts; else zeros."""
    new_day: date | None
    reference: str
    comment: str
    layout = laid_out(
        _TK,
        Field("day", Day(NO_DATE)),
        Field("payer_number", Digits(16, empty=True)),
        Field("kind", Digits(2)),
        _AMOUNT,
        Field("word", Text(8)),
        Field("new_day", Day(NO_DATE)),
        _REFERENCE,
        Field("comment", Digits(2)),
    )


class BankMandateHead(Record, frozen=True, kw_only=True):
    """TK51: mandates that payers gave in their internet banks."""

    on: date
    bankgiro: str
    layout = laid_out(fixed("51"), _DATE, CLEARING, _BANKGIRO, fixed("AG-EMEDGIV"))


class BankMandate(Record, frozen=True, kw_only=True):
    """TK52: who gave it. It must be answered with a TK04."""

    bankgiro: str
    payer_number: str
    account: str
    person: str
    message: str
    """0 the first time, 1 and 2 for reminders."""
    layout = laid_out(
        fixed("52"),
        _BANKGIRO,
        _PAYER,
        Field("account", Digits(16)),
        Field("person", Digits(12)),
        blank(5),
        Field("message", Digits(1)),
    )


class BankMandateText(Record, frozen=True, kw_only=True):
    """TK53: what the payer wrote to us."""

    text: str
    layout = laid_out(fixed("53"), Field("text", Text(36)))


class BankMandateAddress(Record, frozen=True, kw_only=True):
    """TK54 and TK55: name and street, two lines of text each."""

    code: str
    first: str
    second: str
    layout = laid_out(_TK, Field("first", Text(36)), Field("second", Text(36)))


class BankMandatePlace(Record, frozen=True, kw_only=True):
    """TK56: postal code and place; 00000 before a foreign country."""

    postal_code: str
    place: str
    layout = laid_out(fixed("56"), Field("postal_code", Digits(5)), Field("place", Text(31)))


class BankMandateEnd(Record, frozen=True, kw_only=True):
    """TK59: how many records there were."""

    on: date
    records: int
    layout = laid_out(fixed("59"), _DATE, CLEARING, Field("records", Whole(7)))
