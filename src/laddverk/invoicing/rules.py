"""How sessions become an invoice: VAT once per rate, net by largest remainder, numbers and payment references. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from laddverk.invoicing.model import Due, DueSession, LineAmount, NewInvoice, VatTotal
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.money import vat_within
from laddverk.kernel.problems import Invalid

OCR_MAX: Final = 25  # Bankgirot: a reference has 2 to 25 digits
OCR_KIND: Final = {"invoice": "1", "credit_note": "2"}


def split_net(gross_minor: Sequence[int], net_total_minor: int) -> list[int]:
    """Return the net of each gross amount so that they sum exactly to `net_total_minor`.

    Each gets its exact share rounded down, and the minor units left over go to those that lost most by it
    (largest remainder; the earlier one when equal). Amounts must be zero or more.
    """
    gross_total = sum(gross_minor)
    if gross_total == 0:
        return [0] * len(gross_minor)
    shares = [divmod(gross * net_total_minor, gross_total) for gross in gross_minor]
    nets = [floor for floor, _ in shares]
    losers = sorted(range(len(shares)), key=lambda index: -shares[index][1])
    for index in losers[: net_total_minor - sum(nets)]:
        nets[index] += 1
    return nets


def vat_total(gross_minor: int, percent: Decimal) -> VatTotal:
    """Return the VAT in all that was sold at one rate, rounded once per invoice (BR-CO-17 of EN 16931, from gross)."""
    vat_minor = vat_within(gross_minor, percent)
    return VatTotal(percent, gross_minor - vat_minor, vat_minor, gross_minor)


def composed(id: InvoiceId, number: int, reference: str, sessions: Sequence[Due]) -> NewInvoice:  # noqa: A002 - the field's name
    """Return the invoice over sessions and fees (one or more) of one payer in one currency, lines as they are given."""
    totals: list[VatTotal] = []
    money: dict[UUID, tuple[int, int]] = {}
    by_rate = sorted(sessions, key=lambda session: session.vat_percent, reverse=True)
    for percent, group in groupby(by_rate, key=lambda session: session.vat_percent):
        sold = list(group)
        total = vat_total(sum(session.gross_minor for session in sold), percent)
        totals.append(total)
        nets = split_net([session.gross_minor for session in sold], total.net_minor)
        money |= {session.id: (net, session.gross_minor - net) for session, net in zip(sold, nets, strict=True)}
    lines = tuple(_line(place, session, *money[session.id]) for place, session in enumerate(sessions, start=1))
    return NewInvoice(
        id=id,
        number=number,
        reference=reference,
        driver_id=sessions[0].driver_id,
        currency=sessions[0].currency,
        vat=tuple(totals),
        lines=lines,
    )


def _line(place: int, due: Due, net_minor: int, vat_minor: int) -> LineAmount:
    if isinstance(due, DueSession):
        return LineAmount(place, due.id, due.gross_minor, net_minor, vat_minor, due.vat_percent)
    return LineAmount(place, None, due.gross_minor, net_minor, vat_minor, due.vat_percent, due.due)


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
