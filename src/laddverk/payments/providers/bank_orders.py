"""What a bank is to be told, and Bankgirot's file that tells it. Pure: the same orders make the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from laddverk.kernel.ids import MandateId
from laddverk.payments.direct_debit.model import BankAccount, Collection, Mandate, MandateState, Scheme
from laddverk.payments.providers.bankgirot import ordering
from laddverk.platform.settings import Settings


class Payer(Struct, frozen=True):
    """A mandate with its account, opened."""

    mandate: Mandate
    account: BankAccount | None


class Orders(Struct, frozen=True, kw_only=True):
    """All that goes into one file."""

    scheme: Scheme
    number: int
    at: datetime
    """Local time."""
    mandates: Sequence[Payer] = ()
    refusals: Sequence[str] = ()
    collections: Sequence[Collection] = ()
    cancelled: Sequence[Collection] = ()
    payers: Mapping[MandateId, Payer]


def autogiro_file(settings: Settings, orders: Orders) -> tuple[str, bytes]:
    """Return the name and the bytes of a file to Bankgirot. Raises `BadFile` when something has no place in it."""
    bankgiro = digits_of(settings.autogiro_bankgiro).zfill(10)
    asked = [
        ordering.request_of(each.mandate, each.account, bankgiro)
        if each.mandate.state == MandateState.REQUESTED
        else ordering.deletion_of(each.mandate, bankgiro)
        for each in orders.mandates
    ]
    refused = [ordering.refusal_of(number, bankgiro) for number in orders.refusals]

    def number_of(collection: Collection) -> str:
        return orders.payers[collection.mandate_id].mandate.payer_number

    paid = [ordering.order_of(each, number_of(each), bankgiro) for each in orders.collections]
    cancelled = [ordering.cancellation_of(each, number_of(each), bankgiro) for each in orders.cancelled]
    customer = digits_of(settings.autogiro_customer)
    content = ordering.file_of([[*asked, *refused], paid, cancelled], orders.at.date(), customer, bankgiro)
    return f"AG-{orders.at:%Y%m%d}-{orders.number:05d}.txt", content


def digits_of(text: str) -> str:
    """Return the digits of a number as people write it: 123-4567."""
    return "".join(letter for letter in text if letter in "0123456789")
