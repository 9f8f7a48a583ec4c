"""Money: whole minor units (öre, cents) once it is owed; exact decimals while it is still being priced.

`rounded_minor` (and `rounded_exact`, for fractions) is the one place where a price becomes an amount: half up, and the
same for a credit (law 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Invalid

MINOR_DIGITS: Final = {"SEK": 2, "EUR": 2, "NOK": 2, "DKK": 2}
"""Currencies the house can charge in, with the number of decimals of their minor unit (ISO 4217)."""

VAT_PERCENTS: Final = frozenset(Decimal(percent) for percent in (25, 12, 6, 0))
"""Rates at which something can be sold: those of Sweden, for which the books have accounts."""


class Money(Struct, frozen=True, order=True):
    """An amount in the minor unit of one currency. Adding two currencies is a mistake and raises `ValueError`."""

    amount_minor: int
    currency: str = "SEK"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other).amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other


def by_currency(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return sums of (currency, minor units), each currency by itself: they are never added to one another (F42)."""
    found: dict[str, int] = {}
    for currency, minor in amounts:
        found[currency] = found.get(currency, 0) + minor
    return found


def checked_currency(currency: str) -> str:
    """Return `currency` if the house can charge in it, else raise `Invalid`."""
    if currency not in MINOR_DIGITS:
        raise Invalid(
            "The currency %(currency)s is not supported.",
            field="currency",
            remedy="Choose one of %(known)s.",
            currency=currency,
            known=", ".join(MINOR_DIGITS),
        )
    return currency


def rounded_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` (major units, exact) as whole minor units: half up, sign-symmetric (-0.005 becomes -1)."""
    return int(amount.scaleb(MINOR_DIGITS[currency]).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def rounded_exact(amount: Fraction, currency: str) -> int:
    """Return an exact fraction (major units) as whole minor units, rounded as `rounded_minor` does."""
    units = int(abs(amount) * 10 ** MINOR_DIGITS[currency] + Fraction(1, 2))
    return units if amount >= 0 else -units


def major(amount_minor: int, currency: str) -> Decimal:
    """Return `amount_minor` in major units, exactly."""
    return Decimal(amount_minor).scaleb(-MINOR_DIGITS[currency])


def vat_within(gross_minor: int, rate_percent: Decimal) -> int:
    """Return the VAT contained in a gross amount, rounded half up once: gross x rate / (100 + rate)."""
    vat = Decimal(gross_minor) * rate_percent / (100 + rate_percent)
    return int(vat.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class VatTotal(Struct, frozen=True):
    """What is sold at one VAT rate, in minor units: `net_minor` + `vat_minor` = `gross_minor`."""

    percent: Decimal
    net_minor: int
    vat_minor: int
    gross_minor: int


def vat_total(gross_minor: int, percent: Decimal) -> VatTotal:
    """Return the VAT in all that was sold at one rate, rounded once (BR-CO-17 of EN 16931, from gross)."""
    vat_minor = vat_within(gross_minor, percent)
    return VatTotal(percent, gross_minor - vat_minor, vat_minor, gross_minor)


def vat_of(vat: Sequence[VatTotal] | None, gross_minor: int, vat_minor: int, percent: Decimal) -> tuple[VatTotal, ...]:
    """Return what a sale holds at each rate. `vat` is kept only where there are several; else all is at `percent`."""
    return tuple(vat) if vat else (VatTotal(percent, gross_minor - vat_minor, vat_minor, gross_minor),)


def vat_summed(parts: Iterable[VatTotal]) -> tuple[VatTotal, ...]:
    """Return `parts` with those of one rate added up, the highest rate first."""
    found: dict[Decimal, VatTotal] = {}
    for part in parts:
        before = found.get(part.percent, VatTotal(part.percent, 0, 0, 0))
        found[part.percent] = VatTotal(
            part.percent,
            before.net_minor + part.net_minor,
            before.vat_minor + part.vat_minor,
            before.gross_minor + part.gross_minor,
        )
    return tuple(found[percent] for percent in sorted(found, reverse=True))


def vat_negated(parts: Iterable[VatTotal]) -> tuple[VatTotal, ...]:
    """Return the mirror of `parts`, as of a credit note."""
    return tuple(VatTotal(each.percent, -each.net_minor, -each.vat_minor, -each.gross_minor) for each in parts)


def vat_portion(parts: Sequence[VatTotal], gross_minor: int) -> tuple[VatTotal, ...]:
    """Return `gross_minor` of a sale of `parts`, each rate by its share of it; the whole is exactly the sale.

    What is given back of a sale, or lost of it, is so of every rate in it alike. More than was sold is, beyond that,
    at the first rate; nothing is at no rate. Amounts are zero or more.
    """
    sold_minor = sum(part.gross_minor for part in parts)
    if gross_minor == sold_minor:
        return tuple(parts)
    if not parts:
        return ()
    if sold_minor <= 0 or gross_minor > sold_minor:
        beyond = vat_total(gross_minor - sold_minor, parts[0].percent)
        return vat_summed((*parts, beyond))
    shares = shared_by(gross_minor, [part.gross_minor for part in parts])
    return tuple(
        part if share == part.gross_minor else vat_total(share, part.percent)
        for part, share in zip(parts, shares, strict=True)
    )


def shared_by(total: int, weights: Sequence[int]) -> list[int]:
    """Return whole shares of `total` by weight that sum to it exactly; all zero where nothing has weight.

    Each gets its exact share rounded down, and the units left over go to those that lost most by it (largest remainder;
    the earlier one when equal). Total and weights must be zero or more.
    """
    weight = sum(weights)
    if weight == 0:
        return [0] * len(weights)
    parts = [divmod(each * total, weight) for each in weights]
    shares = [floor for floor, _ in parts]
    losers = sorted(range(len(parts)), key=lambda index: -parts[index][1])
    for index in losers[: total - sum(shares)]:
        shares[index] += 1
    return shares
