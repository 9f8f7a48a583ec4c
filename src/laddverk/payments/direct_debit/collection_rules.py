"""When an owed amount is collected, tried again, or left to people; and what a collection is called. Pure."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.kernel.ids import DriverId, InvoiceId, MandateId
from laddverk.payments.direct_debit import bank_days
from laddverk.payments.direct_debit.bank_days import ATTEMPTS_MAX, RETRY_BANK_DAYS
from laddverk.payments.direct_debit.model import CollectionState, PaymentSaid, Scheme, Verdict

REFERENCE_MAX: Final = 16  # Autogiro; SEPA has room for 35
TRIED_AGAIN: Final = frozenset({"1", "AM04"})
"""Codes after which a later try may do: there was no money (Autogiro, SEPA)."""
MANDATE_IS_DEAD: Final = frozenset(
    {
        (Verdict.ACCOUNT_CLOSED, "2"), (Verdict.REJECTED, "01"), (Verdict.REJECTED, "02"), (Verdict.REJECTED, "03"),
        (Verdict.RETURNED, "01"), (Verdict.RETURNED, "02"), (Verdict.REJECTED, "MD01"), (Verdict.RETURNED, "MD01"),
        (Verdict.REJECTED, "AC04"), (Verdict.REJECTED, "MD07"), (Verdict.RETURNED, "AC04"), (Verdict.REJECTED, "AC01"),
    }
)  # fmt: skip
"""Answers that say there is nothing to collect from any more."""


class Due(Struct, frozen=True, kw_only=True):
    """An invoice that could be collected, with how the last try went."""

    invoice_id: InvoiceId
    driver_id: DriverId
    series: str
    number: int
    due_on: date
    issued_at: datetime
    mandate_id: MandateId
    remaining_minor: int
    attempt: int
    last_mandate_id: MandateId | None
    last_state: CollectionState | None
    last_code: str | None
    last_due_on: date | None
    last_returned_minor: int


def day_to_collect(due: Due, now: datetime, zone: str, scheme: Scheme) -> date | None:
    """Return the day on which to collect, or None when nothing more is done by itself.

    The first try is on the day the invoice is due; after "no money" two more follow a week apart. What the payer's bank
    took back, or what people cancelled, is for people. A new mandate begins anew.
    """
    first = bank_days.earliest(now, zone, scheme)
    if due.last_state is None or due.last_due_on is None:
        return bank_days.collect_on(due.due_on, due.issued_at.astimezone(ZoneInfo(zone)).date(), first, scheme)
    if due.last_returned_minor and due.last_code not in TRIED_AGAIN:
        return None
    if due.last_mandate_id != due.mandate_id:
        return first
    no_money = due.last_code in TRIED_AGAIN and due.last_state in (CollectionState.REFUSED, CollectionState.PAID)
    in_part = due.last_state == CollectionState.PAID and not due.last_returned_minor
    if (no_money and due.attempt < ATTEMPTS_MAX) or in_part:
        return max(first, bank_days.after(due.last_due_on, RETRY_BANK_DAYS, scheme))
    return None


def reference_of(series: str, number: int, attempt: int, identity: UUID) -> str:
    """Return what a collection is called on the payer's statement: the invoice and the try. Never the same twice."""
    text = f"{series}-{number:05d}-{attempt}"
    return text if len(text) <= REFERENCE_MAX else _from_id(identity)


def payout_reference(collected: str, number: int, identity: UUID) -> str:
    """Return what a repayment is called: the collection it gives back, and its number."""
    text = f"{collected}R{number}"
    return text if len(text) <= REFERENCE_MAX else _from_id(identity)


def _from_id(identity: UUID) -> str:
    return "L" + base64.b32encode(identity.bytes).decode().rstrip("=")[-(REFERENCE_MAX - 1) :]


def kills_mandate(said: PaymentSaid) -> bool:
    """Return whether an answer means that nothing can be collected from this account any more."""
    return (said.verdict, said.code) in MANDATE_IS_DEAD
