"""What makes an entry postable. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from laddverk.kernel.money import VatTotal, vat_negated, vat_summed
from laddverk.kernel.problems import Invalid
from laddverk.ledger.model import SALES_AND_VAT, Entry, Line, sales_and_vat


def balanced(entry: Entry) -> Entry:
    """Return `entry` without lines of zero. Raises `Invalid` when its lines do not sum to zero in each currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in entry.lines:
        sums[line.currency] += line.amount_minor
    if any(sums.values()):
        raise Invalid(
            "The entry %(key)s does not sum to zero.",
            field="lines",
            remedy="Debit and credit must be equal in each currency.",
            key=entry.idempotency_key,
        )
    return replace(entry, lines=tuple(line for line in entry.lines if line.amount_minor))


def sale(gross_minor: int, vat_minor: int, rate_percent: Decimal, currency: str) -> tuple[Line, Line]:
    """Return the credit side of a sale: net and VAT. A negative gross makes the debit side of a credit or refund."""
    sales, vat = sales_and_vat(rate_percent)
    return Line(sales, vat_minor - gross_minor, currency), Line(vat, -vat_minor, currency)


def sales(parts: Iterable[VatTotal], currency: str) -> tuple[Line, ...]:
    """Return the credit side of a sale at several rates; with negative parts the debit side of a credit or refund."""
    return tuple(line for part in parts for line in sale(part.gross_minor, part.vat_minor, part.percent, currency))


def sales_changed(before: Iterable[VatTotal], after: Iterable[VatTotal], currency: str) -> tuple[Line, ...]:
    """Return what makes a sale of `before`, as it is booked, one of `after`."""
    return sales(vat_summed((*after, *vat_negated(before))), currency)


def sold_in(sums: Mapping[str, int]) -> tuple[VatTotal, ...]:
    """Return what is sold at each rate when the accounts of sales and VAT stand at `sums` (debit positive)."""
    found = []
    for percent, (account, vat_account) in SALES_AND_VAT.items():
        net_minor, vat_minor = -sums.get(account, 0), -sums.get(vat_account, 0) if percent else 0
        if net_minor or vat_minor:
            found.append(VatTotal(percent, net_minor, vat_minor, net_minor + vat_minor))
    return tuple(found)


def reversed_lines(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return `lines` with debit and credit exchanged."""
    return tuple(Line(line.account, -line.amount_minor, line.currency, line.owner) for line in lines)
