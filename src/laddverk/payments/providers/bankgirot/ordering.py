"""Our mandates and collections as one file to Bankgirot. Pure: the same orders make the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from laddverk.payments.direct_debit.model import BankAccount, Collection, CollectionKind, Mandate
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.fields import Record
from laddverk.payments.providers.bankgirot.files import File, Section, orders, written

COLLECT: Final = "82"
PAY_OUT: Final = "32"
CANCEL_ONE: Final = "25"
REFUSE: Final = "AV"
CODE: Final = {CollectionKind.COLLECT: COLLECT, CollectionKind.PAYOUT: PAY_OUT}


def request_of(mandate: Mandate, account: BankAccount | None, bankgiro: str) -> r.MandateRequest:
    """Return what asks for a mandate; one that was given in an internet bank is accepted by its number alone."""
    given = account if mandate.channel != "internet_bank" else None
    return r.MandateRequest(
        bankgiro=bankgiro,
        payer_number=mandate.payer_number,
        account=given.account if given else "",
        person=given.person if given else "",
    )


def refusal_of(payer_number: str, bankgiro: str) -> r.MandateRequest:
    """Return what says no to a mandate from an internet bank."""
    return r.MandateRequest(bankgiro=bankgiro, payer_number=payer_number, answer=REFUSE)


def deletion_of(mandate: Mandate, bankgiro: str) -> r.MandateDeletion:
    """Return what ends a mandate."""
    return r.MandateDeletion(bankgiro=bankgiro, payer_number=mandate.payer_number)


def order_of(collection: Collection, payer_number: str, bankgiro: str) -> r.PaymentOrder:
    """Return what collects, or pays out, once on its day."""
    return r.PaymentOrder(
        code=CODE[collection.kind],
        day=collection.due_on,
        payer_number=payer_number,
        amount_minor=collection.amount_minor,
        bankgiro=bankgiro,
        reference=collection.reference,
    )


def cancellation_of(collection: Collection, payer_number: str, bankgiro: str) -> r.ChangeOrder:
    """Return what takes one collection back before its day."""
    return r.ChangeOrder(
        code=CANCEL_ONE,
        bankgiro=bankgiro,
        payer_number=payer_number,
        day=collection.due_on,
        amount_minor=collection.amount_minor,
        kind=CODE[collection.kind],
        reference=collection.reference,
    )


def file_of(parts: Sequence[Sequence[Record]], today: date, customer: str, bankgiro: str) -> bytes:
    """Return the file: each part behind an opening of its own; empty parts fall out."""
    head = r.OrderHead(on=today, customer=customer.zfill(6), bankgiro=bankgiro.zfill(10))
    sections: tuple[Section, ...] = tuple(orders(head, part) for part in parts if part)
    return written(File(sections))
