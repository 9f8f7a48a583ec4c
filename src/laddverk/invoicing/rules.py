"""How sessions become an invoice: VAT once per rate, net by largest remainder, numbers and payment references. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from laddverk.invoicing.model import Due, DueSession, Fee, LineAmount, NewInvoice
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.money import VatTotal, shared_by, vat_total
from laddverk.kernel.problems import Invalid

OCR_MAX: Final = 25  # Bankgirot: a reference has 2 to 25 digits
OCR_KIND: Final = {"invoice": "1", "credit_note": "2"}


def composed(id: InvoiceId, number: int, reference: str, sessions: Sequence[Due]) -> NewInvoice:  # noqa: A002 - the field's name
    """Return the invoice over sessions and fees (one or more) of one payer in one currency, lines as they are given.

    The VAT of each rate is counted once, from all that is sold at it (BR-CO-17); the net of it is shared by those lines
    by largest remainder, so that they sum to it. A session with prices at several rates takes part in each of them.
    """
    totals: list[VatTotal] = []
    money: dict[UUID, list[VatTotal]] = {session.id: [] for session in sessions}
    parts = [(percent, session.id, gross) for session in sessions for percent, gross in session.rates]
    by_rate = sorted(parts, key=lambda part: part[0], reverse=True)
    for percent, group in groupby(by_rate, key=lambda part: part[0]):
        sold = [(due_id, gross) for _, due_id, gross in group]
        total = vat_total(sum(gross for _, gross in sold), percent)
        totals.append(total)
        nets = shared_by(total.net_minor, [gross for _, gross in sold])
        for (due_id, gross), net in zip(sold, nets, strict=True):
            money[due_id].append(VatTotal(percent, net, gross - net, gross))
    return NewInvoice(
        id=id,
        number=number,
        reference=reference,
        driver_id=sessions[0].driver_id,
        currency=sessions[0].currency,
        vat=tuple(totals),
        lines=tuple(_line(place, each, money[each.id]) for place, each in enumerate(sessions, start=1)),
    )


def _line(place: int, due: Due, parts: Sequence[VatTotal]) -> LineAmount:
    return LineAmount(
        number=place,
        session_id=due.id if isinstance(due, DueSession) else None,
        gross_minor=due.gross_minor,
        net_minor=sum(part.net_minor for part in parts),
        vat_minor=sum(part.vat_minor for part in parts),
        vat_percent=due.vat_percent,
        fee=due.due if isinstance(due, Fee) else None,
        vat=tuple(parts) if len(parts) > 1 else None,
    )


def luhn_digit(digits: str) -> str:
    """Return the check digit of `digits` by the 10-modulus that Bankgirot uses."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        doubled = int(character) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def ocr(base: str) -> str:
    """Return the OCR reference of `base`: with length digit and check digit, as Bankgirot's hardest level wants it.

    Raises `Invalid` when `base` is not digits or the whole would exceed 25.
    """
    if not base.isdecimal() or not base.isascii() or len(base) + 2 > OCR_MAX:
        raise Invalid("A payment reference has 2 to 25 digits.", field="reference")
    with_length = base + str((len(base) + 2) % 10)
    return with_length + luhn_digit(with_length)


def reference_of(kind: str, year: int, number: int) -> str:
    """Return the payment reference of a document: its kind, its year and its number make it unique."""
    return ocr(f"{OCR_KIND[kind]}{year % 100:02d}{number:06d}")


def year_of_issue(now: datetime, timezone: str) -> int:
    """Return the local year in which a document is issued: it chooses the number series."""
    return now.astimezone(ZoneInfo(timezone)).year


def first_of_month(month: date) -> date:
    """Return the first day of the month that `month` lies in."""
    return month.replace(day=1)


def first_of_next_month(month: date) -> date:
    """Return the day on which the month after `month` begins."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def groups_of(sessions: Iterable[Due]) -> list[list[Due]]:
    """Return sessions and fees in one list per payer and currency, each in the order they came in."""
    found: dict[tuple[UUID, str], list[Due]] = {}
    for session in sessions:
        found.setdefault((session.driver_id, session.currency), []).append(session)
    return list(found.values())
