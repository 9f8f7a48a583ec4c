"""What an Autogiro file from Bankgirot says, in the vocabulary that all banks share. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from laddverk.payments.direct_debit.model import (
    CollectionKind,
    DepositSaid,
    MandateOffered,
    MandateSaid,
    MandateVerdict,
    PaymentSaid,
    Said,
    Verdict,
)
from laddverk.payments.providers.bankgirot import codes
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import BadFile, Record
from laddverk.payments.providers.bankgirot.files import Content, File, Section
from laddverk.platform.languages import marked as N_  # noqa: N812 - the name that translators look for

STATUS: Final = {
    codes.PAID: Verdict.PAID,
    codes.NO_FUNDS: Verdict.NO_FUNDS,
    codes.ACCOUNT_CLOSED: Verdict.ACCOUNT_CLOSED,
    codes.TRIED_AGAIN: Verdict.RETRYING,
}
KIND: Final = {"82": CollectionKind.COLLECT, "32": CollectionKind.PAYOUT}
OTHER: Final = N_("The bank gave the code %(code)s, which its manual does not explain")
CHANGE_CANCELLED: Final = N_("The payment was cancelled")
CHANGE_MOVED: Final = N_("The payment has another day")
CHANGE_NOT: Final = N_("The payment could not be changed")
DELETIONS: Final = frozenset({"03", "11", "21", "22", "23", "24", "25"})


def said(file: File, bankgiro: str) -> list[Said]:
    """Return what a file says, line by line. Raises `BadFile` when it is for another bankgiro, or goes to the bank."""
    found: list[Said] = []
    for section in file.sections:
        head = section.records[0]
        if section.content == Content.ORDERS:
            raise BadFile(N_("Line %(line)s opens a file to the bank, not one from it."), section.line)
        owner = getattr(head, "bankgiro", "")
        if bankgiro and owner.lstrip("0") != bankgiro.lstrip("0"):
            message = N_("Line %(line)s is for the bankgiro %(owner)s, not for ours.")
            raise BadFile(message, section.line, params={"owner": owner.lstrip("0")})
        found.extend(_section(section))
    return found


def _section(section: Section) -> Iterator[Said]:
    if section.content == Content.REGISTER:  # what waits at the bank: nothing happened to it
        return
    if section.content == Content.BANK_MANDATES:
        yield from _offers(section)
        return
    for line, record in enumerate(section.records, start=section.line):
        one = _one(record, line)
        if one is not None:
            yield one


def _one(record: Record, line: int) -> Said | None:
    match record:
        case r.PaymentReport():
            return _report(record, line)
        case r.RefundReport():
            return PaymentSaid(
                line=line,
                kind=CollectionKind.COLLECT,
                verdict=Verdict.RETURNED,
                reference=plain(record.reference),
                payer_number=record.payer_number,
                amount_minor=record.amount_minor,
                code=record.reason,
                said=codes.REFUND_REASON.get(record.reason, OTHER),
                on=record.refunded_on,
            )
        case r.Rejection():
            return PaymentSaid(
                line=line,
                kind=_kind(record.code, line),
                verdict=Verdict.REJECTED,
                reference=plain(record.reference),
                payer_number=record.payer_number,
                amount_minor=record.amount_minor,
                code=record.reason,
                said=codes.REJECTION_REASON.get(record.reason, OTHER),
            )
        case r.Change() if record.kind in KIND:
            return _change(record, line)
        case r.MandateAdvice():
            return _advice(record, line)
        case r.Deposit():
            sign = 1 if record.code == "15" else -1
            return DepositSaid(
                line=line, amount_minor=sign * record.amount_minor, payments=record.payments, on=record.on
            )
    return None


def _report(record: r.PaymentReport, line: int) -> PaymentSaid:
    status = record.status or codes.PAID  # the old layout leaves it blank
    return PaymentSaid(
        line=line,
        kind=_kind(record.code, line),
        verdict=STATUS.get(status, Verdict.NOTED),
        reference=plain(record.reference),
        payer_number=record.payer_number,
        amount_minor=record.amount_minor,
        code=status,
        said=codes.PAYMENT_STATUS.get(status, OTHER),
        on=record.on,
    )


def _change(record: r.Change, line: int) -> PaymentSaid:
    gone = record.code in DELETIONS and record.comment == codes.CANCELLED
    moved = record.comment == codes.MOVED
    return PaymentSaid(
        line=line,
        kind=_kind(record.kind, line),
        verdict=Verdict.CANCELLED if gone else Verdict.NOTED,
        reference=plain(record.reference),
        payer_number=record.payer_number,
        amount_minor=record.amount_minor,
        code=record.code,
        said=CHANGE_CANCELLED if gone else CHANGE_MOVED if moved else CHANGE_NOT,
        on=record.day,
    )


def _advice(record: r.MandateAdvice, line: int) -> MandateSaid:
    if record.status in codes.STANDS:
        verdict = MandateVerdict.STANDS
    elif record.status in codes.ENDED:
        verdict = MandateVerdict.ENDED
    elif record.info == "05":  # a number that was changed: the mandate goes on
        verdict = MandateVerdict.NOTED
    else:
        verdict = MandateVerdict.REFUSED
    return MandateSaid(
        line=line,
        verdict=verdict,
        payer_number=record.payer_number,
        code=record.status,
        said=codes.MANDATE_STATUS.get(record.status, OTHER),
    )


def _offers(section: Section) -> Iterator[MandateOffered]:
    begun: r.BankMandate | None = None
    begun_line, holder, message = 0, "", ""
    for line, record in enumerate(section.records, start=section.line):
        if begun is not None and isinstance(record, r.BankMandate | r.BankMandateEnd):
            yield MandateOffered(
                line=begun_line,
                payer_number=begun.payer_number,
                account=begun.account,
                person=begun.person,
                holder=holder,
                message=message,
            )
            begun = None
        if isinstance(record, r.BankMandate):
            begun, begun_line, holder, message = record, line, "", ""
        elif isinstance(record, r.BankMandateText):
            message = f"{message} {record.text}".strip()
        elif isinstance(record, r.BankMandateAddress) and record.code == "54":
            holder = record.first


def _kind(code: str, line: int) -> CollectionKind:
    if code not in KIND:
        raise BadFile(N_("Line %(line)s is neither a payment in nor one out."), line)
    return KIND[code]


def plain(reference: str) -> str:
    """Return a reference as we wrote it: reports may bring it with zeros or blanks before it."""
    return reference.strip(" ").lstrip("0").strip(" ")
