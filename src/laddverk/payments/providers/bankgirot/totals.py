"""Counts and sums that the end of a file states: they must be those of its records, or a part is missing or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.codes import PAID
from laddverk.payments.providers.bankgirot.fields import SHORT, BadFile, Record
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

MISMATCH: Final = N_("Line %(line)s says %(stated)s, but the records before it make %(found)s.")


def check(records: Sequence[Record], opened: int) -> None:
    """Raise `BadFile` unless counts and sums are as stated. `opened` is the line of the first record."""
    end = records[-1]
    line = opened + len(records) - 1
    if isinstance(end, r.ReportEnd):
        _deposits(records, opened)
        _same(line, _stated(end), _specified(records))
    elif isinstance(end, r.CountEnd | r.BankMandateEnd):
        _same(line, (end.records,), (len(records) - 2,))
    elif isinstance(end, r.RejectionEnd):
        stated = (end.payments_out, end.amount_out_minor, end.payments_in, end.amount_in_minor)
        _same(line, stated, _out_and_in([each for each in records if isinstance(each, r.Rejection)]))
    elif isinstance(end, r.SumsEnd) and any(isinstance(each, r.PaymentReport) for each in records):
        stated = (end.payments_out, end.amount_out_minor, end.payments_in, end.amount_in_minor)
        _same(line, stated, _out_and_in([each for each in records if isinstance(each, r.PaymentReport)]))


def _deposits(records: Sequence[Record], opened: int) -> None:
    """Each sum on an account is made up of the paid records that follow it."""
    deposit: r.Deposit | None = None
    line, count, total = opened, 0, 0
    for number, record in enumerate(records, start=opened):
        if isinstance(record, r.Deposit | r.ReportEnd):
            if deposit is not None:
                _same(line, (deposit.payments, deposit.amount_minor), (count, total))
            deposit, line, count, total = (record if isinstance(record, r.Deposit) else None), number, 0, 0
        elif isinstance(record, r.RefundReport) or (isinstance(record, r.PaymentReport) and record.status == PAID):
            count, total = count + 1, total + record.amount_minor


def _stated(end: r.ReportEnd) -> tuple[int, ...]:
    return (
        end.sections_in,
        end.payments_in,
        end.sections_out,
        end.payments_out,
        end.sections_refunded,
        end.payments_refunded,
    )


def _specified(records: Sequence[Record]) -> tuple[int, ...]:
    heads = [each.code for each in records if isinstance(each, r.Deposit)]
    paid = [each.code for each in records if isinstance(each, r.PaymentReport) and each.status == PAID]
    refunds = sum(isinstance(each, r.RefundReport) for each in records)
    return heads.count("15"), paid.count("82"), heads.count("16"), paid.count("32"), heads.count("17"), refunds


def _out_and_in(payments: Sequence[r.Rejection | r.PaymentReport]) -> tuple[int, ...]:
    out = [each.amount_minor for each in payments if each.code == "32"]
    into = [each.amount_minor for each in payments if each.code == "82"]
    return len(out), sum(out), len(into), sum(into)


def _same(line: int, stated: tuple[int, ...], found: tuple[int, ...]) -> None:
    if stated != found:
        shown = {"stated": " / ".join(map(str, stated)), "found": " / ".join(map(str, found))}
        raise BadFile(MISMATCH, line, remedy=SHORT, params=shown)
